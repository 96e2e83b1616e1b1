"""Templates as bytes. The same template is the same bytes on every machine: nothing is sorted here, and nothing needs to be."""

import msgspec

from oort.cloudformation.resources import Document, Fate, Output, Parameter, Resource, Template
from oort.model.problems import Json

_encoder = msgspec.json.Encoder()


def rendered(template: Template) -> bytes:
    """The template as JSON, indented for people who read what changed, with a newline at its end."""
    return msgspec.json.format(compact(document(template)), indent=2) + b"\n"


def compact(value: Json) -> bytes:
    """A value as JSON without white space."""
    return _encoder.encode(value)


def document(template: Template) -> Document:
    """The template as CloudFormation has it."""
    sections: dict[str, Json] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": template.description,
    }
    if template.parameters:
        sections["Parameters"] = {one.id: _parameter(one) for one in template.parameters}
    sections["Resources"] = {one.id: _resource(one) for one in template.resources}
    if template.outputs:
        sections["Outputs"] = {one.id: _output(one) for one in template.outputs}
    return sections


def _parameter(parameter: Parameter) -> Json:
    return {
        "Type": "AWS::SSM::Parameter::Value<String>",
        "Default": parameter.name,
        "Description": parameter.description,
    }


def _resource(resource: Resource) -> Json:
    found: dict[str, Json] = {"Type": resource.type}
    if resource.after:
        found["DependsOn"] = resource.after
    if resource.on_delete is not Fate.DELETE or resource.on_replace is not Fate.DELETE:
        found |= {
            "DeletionPolicy": resource.on_delete.value,
            "UpdateReplacePolicy": resource.on_replace.value,
        }
    return {**found, "Properties": resource.properties}


def _output(output: Output) -> Json:
    return {"Description": output.description, "Value": output.value}
