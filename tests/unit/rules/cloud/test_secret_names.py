"""Names and ARNs of secrets on AWS."""

import fnmatch

from oort.rules.cloud import secret_names
from oort.rules.cloud.cloud_names import Location

PLACE = Location("shop", "prod", "aws", "eu-north-1", "1")
OWNER = "arn:aws:secretsmanager:eu-north-1:1:secret:"


def test_the_pattern_matches_this_secret_and_no_other() -> None:
    pattern = secret_names.arn_pattern(PLACE, "billing.key")
    assert pattern == f"{OWNER}shop/prod/billing/key-??????"
    assert fnmatch.fnmatchcase(f"{OWNER}shop/prod/billing/key-a1B2c3", pattern)
    for other in ("key-abcdef-a1B2c3", "key-old-a1B2c3", "keys-a1B2c3", "key"):
        assert not fnmatch.fnmatchcase(f"{OWNER}shop/prod/billing/{other}", pattern)
