"""Oort: cloud-native services as typed Python.

Every public name of the framework is imported here.
"""

from oort.app.declaring.declarations import Finding, cached, downcast, policy, upcast
from oort.app.declaring.services import Service
from oort.app.handles.actions import (
    Action,
    Can,
    Check,
    Delete,
    Get,
    Header,
    Put,
    Query,
    Reply,
    Scan,
    Send,
    Update,
)
from oort.app.handles.calls import Call, CallFailed, CallTimedOut, call
from oort.app.handles.events import Event, Publish, event
from oort.app.handles.fields import Change, Condition, Field, field, fields
from oort.app.handles.later import Bucket, Changed, Upload
from oort.app.handles.once import Once
from oort.app.handles.queues import Queue
from oort.app.handles.secrets import Read, Secret
from oort.app.handles.tables import Index, Page, Table
from oort.app.handles.transactions import Transaction, atomic
from oort.model.invocations import Context, Principal
from oort.model.opens import Open, OpenEnum, Unknown
from oort.model.platform import PlatformModel
from oort.model.problems import (
    BadRequest,
    Conflict,
    Forbidden,
    Json,
    NotFound,
    Problem,
    Unauthorized,
)

__all__ = [
    "Action",
    "BadRequest",
    "Bucket",
    "Call",
    "CallFailed",
    "CallTimedOut",
    "Can",
    "Change",
    "Changed",
    "Check",
    "Condition",
    "Conflict",
    "Context",
    "Delete",
    "Event",
    "Field",
    "Finding",
    "Forbidden",
    "Get",
    "Header",
    "Index",
    "Json",
    "NotFound",
    "Once",
    "Open",
    "OpenEnum",
    "Page",
    "PlatformModel",
    "Principal",
    "Problem",
    "Publish",
    "Put",
    "Query",
    "Queue",
    "Read",
    "Reply",
    "Scan",
    "Secret",
    "Send",
    "Service",
    "Table",
    "Transaction",
    "Unauthorized",
    "Unknown",
    "Update",
    "Upload",
    "atomic",
    "cached",
    "call",
    "downcast",
    "event",
    "field",
    "fields",
    "policy",
    "upcast",
]
