"""Turns classes under `@service.secret` into models, and checks them.

It writes `__oort__` on the class.
"""

from oort.app.declaring.declarations import ResourceDeclared
from oort.app.declaring.signatures import unreadable
from oort.app.handles.secrets import Secret, SecretDeclaration, is_text, title
from oort.model.resources import SecretModel
from oort.model.sources import Mistake


def declare(declared: ResourceDeclared) -> tuple[SecretModel | None, list[Mistake]]:
    """The model of a declared class, and its mistakes. None if the class is no Secret."""
    arguments = declared.arguments(Secret)
    if arguments is None:
        name = declared.cls.__name__
        instead = f"Write class {name}(Secret[str, Can])."
        return None, [declared.mistake("resource.base", f"{name} is not a Secret.", instead)]
    mistakes, kind = declared.naming(), arguments[0]
    if not is_text(kind) and (problem := unreadable(kind)):
        what = f"{declared.cls.__name__} holds {title(kind)}: {problem}."
        instead = "Use str, or Structs and what msgspec can decode."
        mistakes.append(declared.mistake("secret.type", what, instead))
    model = SecretModel(
        name=f"{declared.service}.{declared.name}",
        service=declared.service,
        type=title(kind),
        source=declared.source,
    )
    declared.cls.__oort__ = SecretDeclaration(model, kind)  # type: ignore[attr-defined]
    return model, mistakes
