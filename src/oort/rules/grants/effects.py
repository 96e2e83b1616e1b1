"""Grants to carry out external effects, which are stored in the inbox of the service.

The graph does not show them.
"""

from collections.abc import Iterator

from oort.model.functions import Grant
from oort.rules.cloud.cloud_names import INBOX, effect_row
from oort.rules.grants.statement import Grantee, Statement, only_rows
from oort.rules.grants.tables import UPDATE


def statements(grant: Grant, grantee: Grantee) -> Iterator[Statement]:
    """Allow to claim, finish and release: updates that also return the row."""
    table = grantee.location.table_arn(f"{grantee.function.service}.{INBOX}")
    yield only_rows("Effects", UPDATE, table, [effect_row(grant.resource, "*", "*")])
