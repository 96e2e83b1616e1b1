"""A grant on a secret is one action on one ARN."""

from oort import Can, Read, Secret, Service
from oort.app.loading.loader import load
from oort.model.platform import PlatformModel
from oort.model.resources import Kind
from oort.rules.cloud.cloud_names import Location
from oort.rules.grants import selection
from oort.rules.grants.edges import EdgeKind
from oort.rules.grants.statement import Grantee

billing = Service("billing")


@billing.secret("stripe-key")
class StripeKey(Secret[str, Can]): ...


@billing.get("/")
def show(key: StripeKey[Read]) -> str:
    return key.value()


def test_reading_is_the_only_action_and_nothing_goes_to_the_outbox() -> None:
    model: PlatformModel = load([billing]).model
    (function,) = model.functions
    (grant,) = function.grants
    location = Location("shop", "prod", "aws", "eu-north-1", "1")
    (statement,) = selection.statements(grant, Grantee(function, model, location))
    assert statement.name == "SecretBillingStripeKey"
    assert statement.actions == ("secretsmanager:GetSecretValue",)
    assert statement.resources == (
        "arn:aws:secretsmanager:eu-north-1:1:secret:shop/prod/billing/stripe-key-??????",
    )
    assert statement.conditions == ()
    assert selection.outbox_rows(grant) is None
    assert selection.edge(Kind.SECRET, "read") is EdgeKind.READS
