"""Check a class with `@service.secret` and record its model as `__oort__` on the class."""

from oort.app.declaring.declarations import ResourceDeclared
from oort.app.declaring.signatures import unreadable
from oort.app.handles.secrets import Secret, SecretDeclaration, is_text, title
from oort.model.errors import Mistake
from oort.model.resources import SecretModel


def declare(declared: ResourceDeclared) -> tuple[SecretModel | None, list[Mistake]]:
    """Return the model of the class and its mistakes; no model if the class is not a Secret."""
    arguments = declared.arguments(Secret)
    if arguments is None:
        return None, [declared.wrong_base("Secret[str, Can]")]
    mistakes, kind = declared.naming(), arguments[0]
    model = SecretModel(
        name=f"{declared.service}.{declared.name}",
        service=declared.service,
        type=title(kind),
        source=declared.source,
    )
    declared.cls.__oort__ = SecretDeclaration(model, kind)  # type: ignore[attr-defined]
    return model, mistakes


def check(declared: ResourceDeclared, model: SecretModel) -> tuple[SecretModel, list[Mistake]]:
    """Check the type of the value. Lambda does without: the deployment has checked it."""
    arguments = declared.checked_arguments(Secret)
    kind = arguments[0]
    if is_text(kind) or not (problem := unreadable(kind)):
        return model, []
    what = f"{declared.cls.__name__} holds {title(kind)}: {problem}."
    instead = "Use str, or Structs and what msgspec can decode."
    return model, [declared.mistake("secret.type", what, instead)]
