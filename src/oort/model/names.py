"""How things are named. The patterns are the intersection of what the AWS services accept, so one name serves everywhere."""

import re

# 34 characters for a service keep `platform-service-function` within the 64 of a Lambda function name.
SERVICE = re.compile(r"[a-z][a-z0-9-]{0,33}")
RESOURCE = re.compile(r"[a-z][a-z0-9-]{0,62}")
# What a platform and a stage may be called on AWS. Without a dash in the stage, stack names cannot be confused.
PLATFORM = re.compile(r"[a-z][a-z0-9-]{0,23}")
STAGE = re.compile(r"[a-z][a-z0-9]{0,15}")
EVENT = re.compile(r"[a-z][a-z0-9-]{0,33}\.[a-z][a-z0-9-]{0,62}")
# Without a slash, so that it can end a key that is made of parts.
EFFECT = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def owner(name: str) -> str:
    """The service in front of the dot: `accounts` of `accounts.signed-up`."""
    return name.partition(".")[0]


def dashed(name: str) -> str:
    """A Python name as a resource name: `first_workspace` becomes `first-workspace`."""
    return name.strip("_").replace("_", "-").lower()
