"""Limits that both targets share, each with its source. The engine applies the limits of AWS."""

from datetime import timedelta

from oort.model.functions import Rate

KIB = 1024
MIB = 1024 * KIB

# DynamoDB: 400 KB an item, names and values in UTF-8.
ITEM_BYTES = 400 * KIB
# DynamoDB: attributes nest 32 levels deep.
ITEM_DEPTH = 32
# DynamoDB TransactWriteItems: 100 actions, 4 MB together.
TRANSACTION_ACTIONS = 100
TRANSACTION_BYTES = 4 * MIB
# DynamoDB: partition key 2048 bytes, sort key 1024 bytes, neither may be empty.
PARTITION_KEY_BYTES = 2048
SORT_KEY_BYTES = 1024
# DynamoDB numbers: 38 significant digits, 1E-130 to 9.9...E+125.
NUMBER_DIGITS = 38
NUMBER_EXPONENT_LOWEST = -130
NUMBER_EXPONENT_HIGHEST = 125
# DynamoDB: 20 global secondary indexes a table (default quota).
INDEXES_PER_TABLE = 20
# DynamoDB BatchGetItem: 100 items.
BATCH_GET = 100
# A page: DynamoDB returns at most 1 MB; we bound the number of items.
PAGE_ITEMS = 1000
# SNS: 256 KiB a message unless raised, the envelope included. An outbox row is also bound by the
# size of an item.
MESSAGE_BYTES = 256 * KIB
MESSAGE_DIGITS = 4300  # the most characters of an integer that JSON readers of Python take
# SQS: DelaySeconds at most 15 minutes.
MESSAGE_DELAY = timedelta(minutes=15)
# SQS event source mapping: 10 messages a batch without a batching window.
BATCH = 10
# SQS: maxReceiveCount at most 1000; Lambda's documentation asks for at least 5 where the mapping
# may throttle.
ATTEMPTS = 1000
# Our own: the number of engine stops during the delivery of a message that count as no attempt.
INTERRUPTIONS = 10
# Our own: the number of engine stops after which a message is delivered alone.
SUSPECT = 2
# Our own: the messages that wait on a queue of the engine, and its free disk space, below which it
# accepts no further messages. SQS has no such limit, and its disk is never full. 1,000,000 messages
# of 1 KB take about 1.2 GB, and counting them 0.3 s. The disk space is for deliveries, which make
# room.
QUEUE_MESSAGES = 1_000_000
DISK_RESERVE_BYTES = 64 * MIB
# SQS: messages are kept 14 days at most.
RETENTION = timedelta(days=14)
# SQS: visibility time-out at most 12 hours. Lambda's documentation asks for 6 x the function's
# time-out.
VISIBILITY = timedelta(hours=12)
VISIBILITY_PER_TIMEOUT = 6
# Our own: what an invocation has beyond the time-outs of its messages, for its start and its end.
INVOCATION_RESERVE = timedelta(seconds=10)
# Lambda behind API Gateway: request and response body 6 MB.
REQUEST_BYTES = 6 * MIB
RESPONSE_BYTES = 6 * MIB
# HTTP: replies with these statuses have no body.
BODILESS = frozenset({204, 205, 304})
# API Gateway: total size of request headers 10,240 bytes.
HEADER_BYTES = 10_240
# Our own, per route and client. API Gateway allows 10,000 a second and bursts of 5,000 for all
# clients of an account and region together; no single client should use them up. A public route
# knows its clients only by address, which an office may share; an authenticated caller may do more.
PUBLIC_RATE = Rate(per_second=500, burst=1_000)
PRIVATE_RATE = Rate(per_second=1_000, burst=2_000)
HIGHEST_RATE = Rate(per_second=10_000, burst=5_000)
# Our own: the longest pause of a client before its headers or the next part of its body, and the
# longest time for a complete body or for reading the reply. API Gateway documents neither.
CLIENT_PAUSE = timedelta(seconds=10)
CLIENT_TIME = timedelta(seconds=60)
# Our own: open connections, and concurrent requests that are read or run. Lambda: 1,000 for an
# account.
CONNECTIONS = 512
REQUESTS = 256
# Our own: worker processes of a platform, and the memory in bytes above which a worker ends after
# its invocation; at twice as much, an allocation fails. Lambda: 128 MB to 10 GB for an environment.
WORKERS = 256
WORKER_MEMORY = 512 * MIB
# API Gateway REST: integration time-out 29 s by default. Lambda: 15 minutes at most.
REQUEST_TIMEOUT = timedelta(seconds=29)
FUNCTION_TIMEOUT = timedelta(minutes=15)
# Our own: an inbox mark outlives the longest retention of a message by a day.
MARK_RETENTION = RETENTION + timedelta(days=1)
# Our own: the number of latest events that the engine keeps, for inspection and replay.
HISTORY_EVENTS = 10_000
# Our own: the largest stored result of an external effect. An item of DynamoDB has 400 KB, and each
# KB costs.
EFFECT_RESULT_BYTES = 64 * KIB
# API Gateway: our model validators parse JSON bodies to this depth; deeper input is an attack.
JSON_DEPTH = 64
# Our own: the most violations in a reply, so that a large invalid body cannot cause a larger reply.
VIOLATIONS = 100
# API Gateway keeps these paths at the root for its own health checks.
RESERVED_PATHS = frozenset({"ping", "sping"})
# CloudFormation: 500 resources a template, and 1 MB when it is read from S3.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
STACK_RESOURCES = 500
TEMPLATE_BYTES = MIB
LOGICAL_ID_CHARACTERS = 255
# Lambda: all environment variables of a function together, as JSON.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
ENVIRONMENT_BYTES = 4 * KIB
# IAM: the inline policies of a role together, white space not counted.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
ROLE_POLICY_CHARACTERS = 10_240
# EventBridge Scheduler: an expression.
# https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
SCHEDULE_CHARACTERS = 256
# DynamoDB: the name of an index.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
INDEX_NAME_SHORTEST = 3
# Lambda: a package and its layers 250 MB unzipped. The 50 MB zipped hold for direct uploads only;
# we upload through S3.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
PACKAGE_BYTES = 250 * MIB
# CloudFormation: a template that is sent along; a larger one is read from S3.
TEMPLATE_INLINE_BYTES = 51_200
