"""Oort: cloud-native services as plain typed Python. This is the front door; everything public is named here."""

from oort.app.declaring.declarations import cached
from oort.app.declaring.policies import Finding, policy
from oort.app.declaring.services import Service
from oort.app.declaring.versions import downcast, upcast
from oort.app.handles.actions import Action, Can, Check, Delete, Get, Put, Query, Scan, Send, Update
from oort.app.handles.calls import Call, CallFailed, CallTimedOut, call
from oort.app.handles.events import Event, Publish, event
from oort.app.handles.fields import Change, Condition, Field, field, fields
from oort.app.handles.http import Header, Reply
from oort.app.handles.later import Bucket, Changed, Upload
from oort.app.handles.once import Once
from oort.app.handles.queues import Queue
from oort.app.handles.secrets import Read, Secret
from oort.app.handles.tables import Index, Page, Table
from oort.app.handles.transactions import Transaction, atomic
from oort.model.context import Context, Principal
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
