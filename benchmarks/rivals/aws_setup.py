"""Makes what the claims api and cloud-calls need in an emulator: `aws_setup.py ENDPOINT [--function]`, run in .tools/emulators.

It prints the path of the route and the address of the queue as JSON.
"""

import io
import json
import sys
import zipfile
from typing import Any

import boto3

# It writes a log line, as Oort does. ministack waits 50 ms for a handler that writes none, and 5 ms for one that does.
_CODE = """
import json
import sys

def handler(event, context):
    print("answered", file=sys.stderr, flush=True)
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps({"answer": 42})}
"""
_ROLE = "arn:aws:iam::123456789012:role/bench"


def client(service: str, endpoint: str) -> Any:
    """A client of the emulator."""
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="bench",
        aws_secret_access_key="bench",  # noqa: S106  an emulator knows no secret
    )  # fmt: skip


def route(endpoint: str) -> str:
    """A Lambda function behind a route of an HTTP API; the path under which the emulator answers it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", _CODE)
    function = client("lambda", endpoint).create_function(
        FunctionName="constant", Runtime="python3.11", Role=_ROLE, Handler="index.handler",
        Code={"ZipFile": packed.getvalue()}, MemorySize=1024, Timeout=10,
    )  # fmt: skip
    gateway = client("apigatewayv2", endpoint)
    api = gateway.create_api(Name="bench", ProtocolType="HTTP")["ApiId"]
    integration = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function["FunctionArn"],
        PayloadFormatVersion="2.0",
    )["IntegrationId"]  # fmt: skip
    gateway.create_route(ApiId=api, RouteKey="POST /constant", Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    return f"/_aws/execute-api/{api}/$default/constant"


def queue_and_table(endpoint: str) -> str:
    """A queue and a table; the address of the queue."""
    client("dynamodb", endpoint).create_table(
        TableName="notes", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "shelf", "AttributeType": "S"},
            {"AttributeName": "id", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "shelf", "KeyType": "HASH"},
            {"AttributeName": "id", "KeyType": "RANGE"},
        ],
    )  # fmt: skip
    return str(client("sqs", endpoint).create_queue(QueueName="jobs")["QueueUrl"])


if __name__ == "__main__":
    endpoint, *options = sys.argv[1:]
    made = {"queue": queue_and_table(endpoint)}
    if "--function" in options:
        made["route"] = route(endpoint)
    print(json.dumps(made))
