"""Intrinsic functions of CloudFormation: references to resources, attributes and parameters.

A text with `${…}` becomes the shortest intrinsic function with the same value.
"""

import re

from oort.model.problems import Json

_REFERENCE = re.compile(r"\$\{([A-Za-z0-9:]+)(?:\.([A-Za-z0-9.]+))?\}")


def ref(identity: str) -> Json:
    """Return the reference to a resource, a parameter or a pseudo parameter."""
    return {"Ref": identity}


def attribute(identity: str, name: str) -> Json:
    """Return the reference to an attribute of a resource."""
    return {"Fn::GetAtt": [identity, name]}


def text(value: str) -> Json:
    """Return the text, with each `${…}` to be filled in by CloudFormation.

    >>> text("plain"), text("${Key}"), text("${Outbox.StreamArn}")
    ('plain', {'Ref': 'Key'}, {'Fn::GetAtt': ['Outbox', 'StreamArn']})
    >>> text("${AWS::Region}.example")
    {'Fn::Sub': '${AWS::Region}.example'}
    """
    if match := _REFERENCE.fullmatch(value):
        return attribute(match[1], match[2]) if match[2] else ref(match[1])
    return {"Fn::Sub": value} if "${" in value else value
