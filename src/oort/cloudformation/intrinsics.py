"""References inside a template. Texts with `${…}` become the intrinsic function that says the same in the fewest words."""

import re

from oort.model.problems import Json

_REFERENCE = re.compile(r"\$\{([A-Za-z0-9:]+)(?:\.([A-Za-z0-9.]+))?\}")


def ref(identity: str) -> Json:
    """The reference to a resource, a parameter or a pseudo parameter."""
    return {"Ref": identity}


def attribute(identity: str, name: str) -> Json:
    """An attribute of a resource."""
    return {"Fn::GetAtt": [identity, name]}


def text(value: str) -> Json:
    """The text, with what stands in `${…}` filled in by CloudFormation.

    >>> text("plain"), text("${Key}"), text("${Outbox.StreamArn}"), text("${AWS::Region}.example")
    ('plain', {'Ref': 'Key'}, {'Fn::GetAtt': ['Outbox', 'StreamArn']}, {'Fn::Sub': '${AWS::Region}.example'})
    """
    if found := _REFERENCE.fullmatch(value):
        return attribute(found[1], found[2]) if found[2] else ref(found[1])
    return {"Fn::Sub": value} if "${" in value else value
