"""A file that is there is never written again, and the bucket must be ours. Whose credentials it is, is asked first."""

import io

import pytest
from botocore.exceptions import EndpointConnectionError

from oort.aws.deployment.accounts import Account, account
from oort.aws.deployment.assets import S3Assets
from oort.model.errors import CloudRefused, NoCredentials, Unavailable
from tests.unit.aws.scripted import clients, refused


def test_a_file_is_put_once() -> None:
    made, client = clients(head_object=[refused("404"), {}], put_object=[{}])
    assets = S3Assets(made, bucket="b", account="1")
    assert assets.put("k", lambda: b"data") is True
    assert assets.put("k", lambda: pytest.fail("it is not made again")) is False
    expected = {"Bucket": "b", "Key": "k", "ExpectedBucketOwner": "1", "Body": b"data"}
    assert dict(client.asked)["put_object"] == expected
    assert assets.url("k") == "https://s3.example/b/k"


def test_a_file_with_a_name_of_its_own_is_replaced_and_read() -> None:
    made, client = clients(
        get_object=[refused("NoSuchKey"), {"Body": io.BytesIO(b"data")}], put_object=[{}]
    )
    assets = S3Assets(made, bucket="b", account="1")
    assert assets.get("k") is None
    assets.replace("k", b"data")
    assert assets.get("k") == b"data"
    assert dict(client.asked)["put_object"]["Body"] == b"data"


def test_a_bucket_of_somebody_else_is_refused() -> None:
    made, _ = clients(head_object=[refused("403", "Forbidden")])
    with pytest.raises(CloudRefused, match="k in the bucket b"):
        S3Assets(made, bucket="b", account="1").holds("k")


def test_the_account_is_that_of_the_credentials() -> None:
    made, _ = clients(get_caller_identity=[{"Account": "1", "Arn": "arn:aws-cn:iam::1:user/ada"}])
    assert account(made) == Account("1", "arn:aws-cn:iam::1:user/ada", "aws-cn")


def test_expired_credentials_say_what_to_do() -> None:
    made, _ = clients(
        get_caller_identity=[refused("ExpiredToken", "The security token is expired")]
    )
    with pytest.raises(NoCredentials) as raised:
        account(made)
    assert "eu-north-1" in raised.value.what
    assert "aws sso login" in raised.value.instead


def test_a_region_that_does_not_answer_is_asked_for() -> None:
    nowhere = EndpointConnectionError(endpoint_url="https://sts.eu-nowhere-1.amazonaws.com")
    made, _ = clients(get_caller_identity=[nowhere])
    with pytest.raises(Unavailable) as raised:
        account(made)
    assert "Check that eu-north-1 is the region" in raised.value.instead
