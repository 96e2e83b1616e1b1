"""Grants to carry out external effects: they are noted in the inbox of the service. The graph does not show them."""

from collections.abc import Iterator

from oort.model.functions import Grant
from oort.rules.cloud.cloud_names import INBOX, effect_row
from oort.rules.grants.statement import Grantee, Statement, only_rows
from oort.rules.grants.tables import UPDATE


def statements(grant: Grant, grantee: Grantee) -> Iterator[Statement]:
    """Claiming, finishing and releasing: updates that also show the row."""
    table = grantee.location.table_arn(f"{grantee.function.service}.{INBOX}")
    yield only_rows("Effects", UPDATE, table, [effect_row(grant.resource, "*", "*")])
