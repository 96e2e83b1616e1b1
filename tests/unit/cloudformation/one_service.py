"""One service in a template of its own, for the tests of single constructs."""

from oort.cloudformation import templates
from oort.cloudformation.scope import Code
from oort.model.delivery.stages import Stage
from oort.model.functions import FunctionModel
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import QueueModel, TableModel
from tests.templates.reading import Found, read

STAGE = Stage("prod")
CODE = Code("f" * 64, ("shop.orders", "shop.more"))


def shop(
    *functions: FunctionModel,
    tables: tuple[TableModel, ...] = (),
    queues: tuple[QueueModel, ...] = (),
    cors: tuple[str, ...] = (),
) -> ServiceModel:
    """The service `shop`."""
    return ServiceModel(name="shop", resources=(*tables, *queues), functions=functions, cors=cors)


def template(
    service: ServiceModel, *others: ServiceModel, stage: Stage = STAGE, code: Code = CODE
) -> Found:
    """Its template, on a platform with the other services."""
    platform = PlatformModel("market", (service, *others))
    return read(templates.service_template(service, platform=platform, stage=stage, code=code))


def properties(document: Found, name: str) -> Found:
    """The properties of a resource."""
    found = document["Resources"][name]["Properties"]
    assert isinstance(found, dict)
    return found
