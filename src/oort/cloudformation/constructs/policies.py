"""Resource policies that deny requests without TLS, from every principal."""

from oort.cloudformation.resources import Document
from oort.model.problems import Json

VERSION = "2012-10-17"


def deny_plaintext(actions: str, *resources: Json) -> Document:
    """Return the statement that denies requests without TLS.

    Since a denial grants no right, `actions` should cover all actions of the AWS service.
    """
    return {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Resource": resources,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def tls_only(actions: str, resource: Json, *allowed: Json) -> Document:
    """Return the policy of a resource: the TLS statement, and the `allowed` statements."""
    return {"Version": VERSION, "Statement": [deny_plaintext(actions, resource), *allowed]}
