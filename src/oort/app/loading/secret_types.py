"""The types of a program's secrets. `oort secrets set` checks a value before it is stored."""

from collections.abc import Iterator

from oort.app.declaring.parameters import HandleParameter, Parameter
from oort.app.handles.secrets import SecretDeclaration
from oort.app.programs import Program


def declaration(program: Program, secret: str) -> SecretDeclaration | None:
    """The declaration of the secret; None if no handler and no provider reads it."""
    for parameter in _parameters(program):
        if isinstance(parameter, HandleParameter) and parameter.model.name == secret:
            declared = getattr(parameter.resource, "__oort__", None)
            if isinstance(declared, SecretDeclaration):
                return declared
    return None


def _parameters(program: Program) -> Iterator[Parameter]:
    for function in program.functions.values():
        yield from function.signature.parameters
        for provider in function.providers.values():
            yield from provider.signature.parameters
