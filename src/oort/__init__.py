"""Oort: cloud-native services as plain typed Python. This is the front door; everything public is named here."""

from oort.app.actions import Action, Check, Delete, Get, Put, Query, Scan, Send, Update
from oort.app.caching import cached
from oort.app.calls import Call, CallFailed, CallTimedOut, call
from oort.app.events import Event, Publish, event
from oort.app.fields import Change, Condition, Field, field, fields
from oort.app.http import Header, Reply
from oort.app.later import Bucket, Changed, Secret, Upload
from oort.app.once import Once
from oort.app.policies import Finding, policy
from oort.app.queues import Queue
from oort.app.services import Service
from oort.app.tables import Index, Page, Table
from oort.app.transactions import Transaction, atomic
from oort.app.variables import Can
from oort.app.versions import downcast, upcast
from oort.model.invocations import Context, Principal
from oort.model.opens import Open, OpenEnum, Unknown
from oort.model.platform import PlatformModel
from oort.model.problems import BadRequest, Conflict, Forbidden, Json, NotFound, Problem, Unauthorized

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
