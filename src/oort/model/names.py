"""Rules for names: the intersection of the rules of the AWS services.

A valid name fits every service.
"""

import re

# 34 characters for a service keep `platform-service-function` within the 64 characters of a Lambda
# function name.
SERVICE = re.compile(r"[a-z][a-z0-9-]{0,33}")
RESOURCE = re.compile(r"[a-z][a-z0-9-]{0,62}")
# Names of a platform and a stage on AWS. A stage has no dash, so that stack names are unambiguous.
PLATFORM = re.compile(r"[a-z][a-z0-9-]{0,23}")
STAGE = re.compile(r"[a-z][a-z0-9]{0,15}")
EVENT = re.compile(r"[a-z][a-z0-9-]{0,33}\.[a-z][a-z0-9-]{0,62}")
# Without a slash, so that it can end a key that is made of parts.
EFFECT = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def owner(name: str) -> str:
    """Return the service in front of the dot: `accounts` of `accounts.signed-up`."""
    return name.partition(".")[0]


def dashed(name: str) -> str:
    """Return a Python name as a resource name: `first_workspace` becomes `first-workspace`."""
    return name.strip("_").replace("_", "-").lower()
