"""STS (identity-and-control §4, STS-*, ACC-6, ACC-7)."""

import datetime

import botocore.config
import clients
import pytest
from federation import ALICE, BOB
from s3 import fails


def service(region, name, account=ALICE, *, scope=None, token=None):
    keys = account if isinstance(account, tuple) else (account.access_key, account.secret_key)
    return clients.client(
        name,
        endpoint_url=region.endpoint,
        region_name=scope or region.name,
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        aws_session_token=token,
        config=botocore.config.Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def session(region, credentials, name="s3"):
    keys = (credentials["AccessKeyId"], credentials["SecretAccessKey"])
    return service(region, name, keys, token=credentials["SessionToken"])


@pytest.mark.parametrize("scope", [None, "us-east-1"])
def test_ACC_7_the_root_is_told_who_it_is(federation, scope):
    for region in (federation["us-east-1"], federation["eu-west-1"]):
        for account in (ALICE, BOB):
            who = service(region, "sts", account, scope=scope).get_caller_identity()
            assert who["Arn"] == f"arn:aws:iam::{account.id}:root"
            assert who["UserId"] == who["Account"] == account.id


def test_STS_4_a_session_works_in_every_region_and_says_when_it_ends(federation, home, bucket):
    answer = service(home, "sts").get_session_token(DurationSeconds=900)
    credentials = answer["Credentials"]
    left = credentials["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(seconds=840) < left <= datetime.timedelta(seconds=901)
    assert len(credentials["SessionToken"]) <= 4096
    client = session(home, credentials)
    client.put_object(Bucket=bucket, Key="key", Body=b"data")
    assert client.get_object(Bucket=bucket, Key="key")["Body"].read() == b"data"
    abroad = federation["eu-west-1"]
    assert session(abroad, credentials, "sts").get_caller_identity()["Account"] == ALICE.id
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "key"})
    import urllib.request

    assert urllib.request.urlopen(url).read() == b"data"


def test_GetSessionToken_is_not_for_sessions(home):
    credentials = service(home, "sts").get_session_token()["Credentials"]
    with fails(403, "AccessDenied", "Cannot call GetSessionToken with session credentials"):
        session(home, credentials, "sts").get_session_token()


def test_STS_6_wrong_tokens(home, bucket):
    credentials = service(home, "sts").get_session_token()["Credentials"]
    other = service(home, "sts").get_session_token()["Credentials"]
    token = credentials["SessionToken"]
    flipped = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]
    for wrong in (flipped, other["SessionToken"], "x", token[:-4]):
        with fails(400, "InvalidToken"):
            session(home, {**credentials, "SessionToken": wrong}).list_objects_v2(Bucket=bucket)
        with fails(403, "InvalidClientTokenId"):
            session(home, {**credentials, "SessionToken": wrong}, "sts").get_caller_identity()
    with fails(403, "InvalidAccessKeyId"):
        keys = (credentials["AccessKeyId"], credentials["SecretAccessKey"])
        service(home, "s3", keys).list_objects_v2(Bucket=bucket)
    with fails(400, "InvalidToken"):
        service(home, "s3", ALICE, token=token).list_objects_v2(Bucket=bucket)
    with fails(403, "SignatureDoesNotMatch"):
        session(home, {**credentials, "SecretAccessKey": "x" * 40}).list_objects_v2(Bucket=bucket)


ROLE = "arn:aws:iam::111111111111:role/none"


@pytest.mark.parametrize(
    "parameters, code, status, message",
    [
        ({}, "AccessDenied", 403, "Roles may not be assumed by root accounts."),
        ({"RoleArn": "arn:aws:iam::x:role/none-at-all"}, "ValidationError", 400, "arn:aws:iam::x:role/none-at-all is invalid"),
        (
            {"RoleSessionName": "Session1:2"},
            "ValidationError",
            400,
            "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [\\w+=,.@-]*",
        ),
        ({"Policy": "{"}, "MalformedPolicyDocument", 400, None),
    ],
)
def test_STS_3_bad_requests(home, parameters, code, status, message):
    with fails(status, code, message):
        service(home, "sts").assume_role(**{"RoleArn": ROLE, "RoleSessionName": "session", **parameters})


def test_IAM_6_unknown_actions_and_bad_signatures(home):
    with fails(403, "InvalidClientTokenId", "The security token included in the request is invalid."):
        service(home, "sts", ("AKIANOBODYNOBODYNOBO", "x")).get_caller_identity()
    with fails(403, "SignatureDoesNotMatch"):
        service(home, "sts", (ALICE.access_key, "x")).get_caller_identity()
    with fails(400, "InvalidAction", "Could not find operation AssumeRoot for version 2011-06-15"):
        service(home, "sts").assume_root(
            TargetPrincipal=ALICE.id, TaskPolicyArn={"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"}
        )
