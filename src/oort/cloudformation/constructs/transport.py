"""The policy that closes a resource to everything that does not come over TLS, for whoever it comes from."""

from oort.cloudformation.constructs.roles import VERSION
from oort.cloudformation.resources import Document
from oort.model.problems import Json


def plaintext_denied(actions: str, *resources: Json) -> Document:
    """The statement. It denies, so it may and should name all actions of the service."""
    return {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Resource": resources,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def encrypted_only(actions: str, resource: Json, *allowed: Json) -> Document:
    """A resource's policy: the statement, and what is allowed besides."""
    return {"Version": VERSION, "Statement": [plaintext_denied(actions, resource), *allowed]}
