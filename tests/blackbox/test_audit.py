"""The audit (identity-and-control §11): every decision as a line of JSON in the form of CloudTrail's records."""

import json
import re

import botocore.exceptions
import pytest
import requests
from federation import ALICE, fresh_name, policy
from replication import configure, rule, wait_for_status
from test_iam import fails
from test_sts import service, session
from waiting import eventually

TRUST = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture(scope="module")
def region(own_federation, tmp_path_factory):
    region = own_federation["us-east-1"]
    region.terminate()
    region.audit = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    region.config_path.write_text(region.config_path.read_text() + f'audit:\n  file: "{region.audit}"\n')
    region.start()
    return region


def records(region, **wanted):
    """The records with these members."""
    found = [json.loads(line) for line in region.audit.read_text().splitlines()]
    return [record for record in found if all(record.get(name) == value for name, value in wanted.items())]


@pytest.fixture
def user(region):
    iam = service(region, "iam")
    name = fresh_name("user")
    iam.create_user(UserName=name)
    statement = {"Sid": "Reading", "Effect": "Allow", "Action": ["s3:Get*", "sts:*"], "Resource": "*"}
    iam.put_user_policy(UserName=name, PolicyName="reading", PolicyDocument=policy(statement))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return name, (key["AccessKeyId"], key["SecretAccessKey"])


def test_the_root_in_its_own_bucket(region):
    bucket = region.bucket()
    answer = region.client().put_object(Bucket=bucket, Key="a/key \u00e9", Body=b"")
    [record] = records(region, eventName="PutObject", requestParameters={"bucketName": bucket, "key": "a/key \u00e9"})
    assert record["eventVersion"] == "1.11" and record["eventSource"] == "s3.amazonaws.com"
    assert record["eventType"] == "AwsApiCall" and record["awsRegion"] == "us-east-1"
    assert record["userIdentity"] == {
        "type": "Root", "principalId": ALICE.id, "arn": f"arn:aws:iam::{ALICE.id}:root", "accountId": ALICE.id
    }  # fmt: skip
    assert record["requestID"] == answer["ResponseMetadata"]["RequestId"]
    assert record["sourceIPAddress"] == "127.0.0.1" and "Boto3" in record["userAgent"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record["eventTime"])
    assert record["resources"] == [{"ARN": f"arn:aws:s3:::{bucket}/a/key \u00e9", "accountId": ALICE.id}]
    assert record["additionalEventData"] == {"decision": "allowed", "decidedBy": "root"}
    assert "errorCode" not in record


def test_a_user_with_the_statement_that_decided(region, user):
    bucket = region.bucket()
    region.client().put_object(Bucket=bucket, Key="key", Body=b"")
    client = service(region, "s3", user[1])
    client.get_object(Bucket=bucket, Key="key")
    [record] = records(region, eventName="GetObject", requestParameters={"bucketName": bucket, "key": "key"})
    assert record["userIdentity"]["type"] == "IAMUser" and record["userIdentity"]["userName"] == user[0]
    assert record["additionalEventData"] == {
        "decision": "allowed", "decidedBy": "identity", "policy": "reading", "statement": "Reading"
    }  # fmt: skip
    with fails(403, "AccessDenied"):
        client.delete_object(Bucket=bucket, Key="key")
    [record] = records(region, eventName="DeleteObject", requestParameters={"bucketName": bucket, "key": "key"})
    assert record["errorCode"] == "AccessDenied" and "s3:DeleteObject" in record["errorMessage"]
    assert record["additionalEventData"] == {"decision": "implicitDeny", "decidedBy": "identity"}
    with fails(403, "AccessDenied"):
        service(region, "iam", user[1]).create_user(UserName="nobody")
    [record] = records(region, eventName="CreateUser", eventSource="iam.amazonaws.com", errorCode="AccessDenied")
    assert record["userIdentity"]["userName"] == user[0] and record["requestID"]


def test_anonymous_callers_and_sessions(region, user):
    bucket = region.bucket()
    region.client().put_object(Bucket=bucket, Key="key", Body=b"")
    assert requests.get(f"{region.endpoint}/{bucket}/key").status_code == 403
    made = service(region, "sts", user[1]).get_federation_token(
        Name="bob", Policy=policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    )
    session(region, made["Credentials"]).get_object(Bucket=bucket, Key="key")
    anonymous, federated = records(region, eventName="GetObject", requestParameters={"bucketName": bucket, "key": "key"})
    assert anonymous["userIdentity"] == {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}
    assert anonymous["errorCode"] == "AccessDenied"
    assert federated["userIdentity"]["type"] == "FederatedUser"
    assert federated["userIdentity"]["arn"] == made["FederatedUser"]["Arn"]
    assert federated["userIdentity"]["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"


def test_STS_7_replication_acts_as_its_role_by_the_service(region):
    iam, name = service(region, "iam"), fresh_name("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(TRUST))
    iam.put_role_policy(
        RoleName=name, PolicyName="p", PolicyDocument=policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    )
    source, destination = region.bucket(), region.bucket()
    arn = f"arn:aws:iam::{ALICE.id}:role/{name}"
    configure(region.client(), source, rule(destination), role=arn)
    version = region.client().put_object(Bucket=source, Key="key", Body=b"data")["VersionId"]
    wait_for_status(region.client(), source, "key", version)
    [record, *_] = eventually(
        lambda: records(region, eventName="ReplicateObject", requestParameters={"bucketName": destination, "key": "key"}),
        "the replica is in the audit",
    )
    identity = record["userIdentity"]
    assert identity["type"] == "AssumedRole" and identity["invokedBy"] == "s3.amazonaws.com"
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == arn
    assert record["sourceIPAddress"] == "s3.amazonaws.com" and "requestID" not in record
    [assumed, *_] = records(region, eventName="AssumeRole", resources=[{"ARN": arn, "accountId": ALICE.id}])
    assert assumed["userIdentity"] == {"type": "AWSService", "invokedBy": "s3.amazonaws.com"}


def request_id(answer):
    return answer["ResponseMetadata"]["RequestId"]


def test_lines_of_every_service_have_the_request_that_they_belong_to(region, user):
    kms, bucket = service(region, "kms"), region.bucket()
    made = kms.create_key()
    key = made["KeyMetadata"]["Arn"]
    [record] = records(region, eventName="CreateKey", requestID=request_id(made))
    assert record["eventSource"] == "kms.amazonaws.com"
    described = kms.describe_key(KeyId=key)
    assert records(region, eventName="DescribeKey", requestID=request_id(described))

    # KMS on behalf of a caller of S3 has the request that the caller made.
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    put = region.client().put_object(Bucket=bucket, Key="k", Body=b"data", **encryption)
    assert records(region, eventName="GenerateDataKey", requestID=request_id(put))
    got = region.client().get_object(Bucket=bucket, Key="k")
    assert records(region, eventName="Decrypt", requestID=request_id(got))

    sts = service(region, "sts", user[1])
    federated = sts.get_federation_token(Name="bob", Policy=policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}))
    assert records(region, eventName="GetFederationToken", requestID=request_id(federated))
    role = f"arn:aws:iam::{ALICE.id}:role/replication"
    with fails(403, "AccessDenied") as refused:
        sts.assume_role(RoleArn=role, RoleSessionName="session")
    [record] = records(region, eventName="AssumeRole", requestID=request_id(refused[0].response))
    assert record["errorCode"] == "AccessDenied"

    metrics = service(region, "cloudwatch").list_metrics()
    assert records(region, eventName="ListMetrics", requestID=request_id(metrics))


def test_lines_of_S3_Control_have_the_request_that_they_belong_to(region):
    headers = {"x-amz-account-id": ALICE.id}
    answer = region.raw().request("GET", "/v20180820/configuration/publicAccessBlock", headers=headers)
    assert answer.status == 404
    identifier = answer.headers["x-amz-request-id"]
    assert records(region, eventName="GetAccountPublicAccessBlock", requestID=identifier)


def refused_line(region, error, code):
    """The line of a request that was refused before anything was decided."""
    [record] = records(region, requestID=request_id(error))
    assert record["errorCode"] == code and record["errorMessage"]
    assert record["additionalEventData"] == {"decision": "refused", "decidedBy": "authentication"}
    assert record["userIdentity"].pop("type") == "Unknown"
    assert record["sourceIPAddress"] == "127.0.0.1" and record["resources"] == []
    return record


def test_failed_authentications_of_S3_are_written_down(region):
    bucket = region.bucket()
    client = service(region, "s3", (ALICE.access_key, "x" * 40))
    with fails(403, "SignatureDoesNotMatch") as error:
        client.put_object(Bucket=bucket, Key="k", Body=b"")
    record = refused_line(region, error[0].response, "SignatureDoesNotMatch")
    assert (record["eventSource"], record["eventName"]) == ("s3.amazonaws.com", "PutObject")
    assert record["userIdentity"] == {"accessKeyId": ALICE.access_key}
    with fails(403, "InvalidAccessKeyId") as error:
        service(region, "s3", ("AKIANOBODY0000000000", "x" * 40)).list_objects_v2(Bucket=bucket)
    record = refused_line(region, error[0].response, "InvalidAccessKeyId")
    assert record["userIdentity"] == {"accessKeyId": "AKIANOBODY0000000000"}
    # A form of a browser.
    fields = {
        "key": "k", "policy": "e30=", "x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-signature": "0" * 64,
        "x-amz-credential": f"{ALICE.access_key}/20260101/us-east-1/s3/aws4_request", "x-amz-date": "20260101T000000Z",
    }  # fmt: skip
    answer = requests.post(f"{region.endpoint}/{bucket}", data=fields, files={"file": b"data"}, timeout=10)
    assert answer.status_code == 403, answer.text
    [record] = records(region, requestID=answer.headers["x-amz-request-id"])
    assert record["eventName"] == "PostObject" and record["userIdentity"]["accessKeyId"] == ALICE.access_key


@pytest.mark.parametrize(
    ("name", "call", "code", "event"),
    [
        ("iam", "list_users", "SignatureDoesNotMatch", "ListUsers"),
        ("sts", "get_caller_identity", "SignatureDoesNotMatch", "GetCallerIdentity"),
        ("kms", "list_keys", "SignatureDoesNotMatch", "ListKeys"),
        ("cloudwatch", "list_metrics", "SignatureDoesNotMatch", "ListMetrics"),
    ],
)
def test_failed_authentications_of_other_services_are_written_down(region, name, call, code, event):
    client = service(region, name, (ALICE.access_key, "x" * 40))
    with pytest.raises(botocore.exceptions.ClientError) as error:
        getattr(client, call)()
    record = refused_line(region, error.value.response, code)
    assert record["eventName"] == event and record["userIdentity"] == {"accessKeyId": ALICE.access_key}


def test_the_file_is_its_owners_alone_and_goes_on_after_a_restart(region):
    assert region.audit.stat().st_mode & 0o777 == 0o600
    before = len(records(region))
    region.terminate()
    region.start()
    region.bucket()
    assert len(records(region)) > before
