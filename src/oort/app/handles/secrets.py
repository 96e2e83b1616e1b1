"""Secrets: values that an operator sets and handlers read."""

from dataclasses import dataclass
from typing import Annotated, Generic, cast, get_args, get_origin

import msgspec

from oort.app.handles.actions import Action, Can, T
from oort.app.handles.handle import AskingHandle, Declaration, ask, check_action
from oort.model.errors import InvalidUse, Unreadable
from oort.model.operations import ReadSecret, Result, Revealed
from oort.model.resources import SecretModel
from oort.rules.types import models


class Read(Action):
    """Read the value of a secret: `secretsmanager:GetSecretValue`."""


@dataclass(frozen=True, slots=True)
class SecretDeclaration(Declaration):
    """The record of `@service.secret` on the class. `type` is the type of the value."""

    model: SecretModel
    type: object

    def decode(self, text: str) -> object:
        """Return the value as its type. Unreadable, without the value, if it does not fit."""
        if (value := self._decoded(text)) is not _MISFIT:
            return value
        from oort.rules import secrets as rules  # for mistakes only

        # Not raised inside `except`: the decoder's error quotes the value and would be attached.
        raise Unreadable(
            f"The value of the secret {self.model.name} does not fit {title(self.type)}.",
            f"Set a {'text' if is_text(self.type) else 'JSON value'} of this type: "
            f"{rules.command(self.model.name)}",
        )

    def encode(self, value: object) -> str:
        """Return the text that `decode` turns into the value. InvalidUse if the value does not fit."""
        if isinstance(value, str) and is_text(self.type):
            return value
        text = msgspec.json.encode(value, enc_hook=models.dump).decode()
        if is_text(self.type) or self._decoded(text) is _MISFIT:
            what = f"{self.model.name} holds {title(self.type)}, not {type(value).__name__}."
            raise InvalidUse(what, f"Give it a {title(self.type)}.")
        return text

    def _decoded(self, text: str) -> object:
        try:
            if is_text(self.type):
                return msgspec.convert(text, self.type)
            return msgspec.json.decode(text, type=self.type, dec_hook=models.load)
        except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
            return _MISFIT


class Secret(AskingHandle, Generic[T, Can]):
    """A value that an operator sets and handlers read.

    Declare it with `@service.secret(name)`, take it as `StripeKey[Read]`.

        @billing.secret("stripe-key")
        class StripeKey(Secret[str, Can]): ...

        @billing.provide
        def stripe(key: StripeKey[Read]) -> Stripe:
            return Stripe(key.value())

    `Secret[str, Can]` is text as it was set. Any other type is read from JSON. An operator sets the
    value with `oort secrets set`.

    >>> from oort import Service
    >>> from oort.testing import fake
    >>> billing = Service("billing")
    >>> @billing.secret("stripe-key")
    ... class StripeKey(Secret[str, Can]): ...
    >>> fake(StripeKey[Read], "sk_test").value()
    'sk_test'
    """

    __oort__: SecretDeclaration
    _ACTIONS = (Read,)

    def value(self: "Secret[T, Read]") -> T:
        """The value as it was at most 60 s ago.

        Raises SecretMissing if nobody has set it, Unreadable if it does not fit.
        """
        check_action(self, Read)
        result = ask(self._link, ReadSecret(self.__oort__.model.name))
        assert isinstance(result, Revealed)  # the answer to a read
        return cast(T, self.__oort__.decode(result.value))

    @classmethod
    def _answer(cls, item: object) -> Result:
        return Revealed(cls.__oort__.encode(item))


def is_text(kind: object) -> bool:
    """True if values of the type are kept as they are."""
    return (get_args(kind)[0] if get_origin(kind) is Annotated else kind) is str


def title(kind: object) -> str:
    """Return the name of the type, for people."""
    plain = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    return getattr(plain, "__name__", str(plain))


_MISFIT = object()
