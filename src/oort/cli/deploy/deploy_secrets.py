"""Say after a deployment which secrets have no value yet."""

from collections.abc import Callable, Sequence

from oort.model.errors import OortError
from oort.model.platform import PlatformModel
from oort.model.resources import SecretModel
from oort.ports.secrets import KeptSecrets
from oort.rules import secrets as rules


def tell(
    platform: PlatformModel,
    secrets: KeptSecrets,
    stage: str,
    chosen: Sequence[str],
    *,
    say: Callable[[str], None],
) -> None:
    """Say a line with the command for each secret without a value, of the chosen services or of all."""
    owners = {secret.name: secret.service for secret in platform.of(SecretModel)}
    if not owners:
        return
    try:
        states = secrets.states()
    except OortError as error:  # the deployment has succeeded; the caller may not look at secrets
        say(f"Which secrets have a value is not known: {error}")
        return
    for state in states:
        if state.changed is None and (not chosen or owners[state.name] in chosen):
            say(f"{state.name:<28} has no value: {rules.command(state.name, stage=stage)}")
