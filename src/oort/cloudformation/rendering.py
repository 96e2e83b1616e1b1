"""Templates as bytes.

Nothing is sorted here: the constructs fix the order, so a template has the same
bytes on every machine.
"""

import msgspec

from oort.cloudformation.resources import (
    Document,
    Output,
    Parameter,
    RemovalPolicy,
    Resource,
    Template,
)
from oort.model.problems import Json

_encoder = msgspec.json.Encoder()


def rendered(template: Template) -> bytes:
    """Return the template as indented JSON, for readers of a difference, with a newline at its
    end.
    """
    return msgspec.json.format(compact(document(template)), indent=2) + b"\n"


def compact(value: Json) -> bytes:
    """Return a value as JSON without white space."""
    return _encoder.encode(value)


def document(template: Template) -> Document:
    """Return the template in CloudFormation's form."""
    sections: dict[str, Json] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": template.description,
    }
    if template.parameters:
        sections["Parameters"] = {
            parameter.id: _parameter(parameter) for parameter in template.parameters
        }
    sections["Resources"] = {resource.id: _resource(resource) for resource in template.resources}
    if template.outputs:
        sections["Outputs"] = {output.id: _output(output) for output in template.outputs}
    return sections


def _parameter(parameter: Parameter) -> Json:
    return {
        "Type": "AWS::SSM::Parameter::Value<String>",
        "Default": parameter.name,
        "Description": parameter.description,
    }


def _resource(resource: Resource) -> Json:
    members: dict[str, Json] = {"Type": resource.type}
    if resource.after:
        members["DependsOn"] = resource.after
    if (
        resource.on_delete is not RemovalPolicy.DELETE
        or resource.on_replace is not RemovalPolicy.DELETE
    ):
        members |= {
            "DeletionPolicy": resource.on_delete.value,
            "UpdateReplacePolicy": resource.on_replace.value,
        }
    return {**members, "Properties": resource.properties}


def _output(output: Output) -> Json:
    return {"Description": output.description, "Value": output.value}
