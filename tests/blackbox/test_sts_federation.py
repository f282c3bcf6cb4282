"""GetFederationToken (identity-and-control §4, ACC-6, ACC-7)."""

import pytest
import requests
from federation import ALICE, BOB, fresh_name, policy
from test_iam import fails
from test_sts import service, session


def allow(action, resource="*"):
    return {"Effect": "Allow", "Action": action, "Resource": resource}


@pytest.fixture
def user(home):
    """A user who may do all on S3 and make federated users: name and keys."""
    iam = service(home, "iam")
    name = fresh_name("user")
    iam.create_user(UserName=name)
    statements = policy(allow(["s3:*", "sts:GetFederationToken"]))
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=statements)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return name, (key["AccessKeyId"], key["SecretAccessKey"])


def test_ACC_6_ACC_7_a_federated_user_has_what_its_policy_leaves_of_its_makers_rights(home, user, bucket, s3):
    s3.put_object(Bucket=bucket, Key="key", Body=b"data")
    made = service(home, "sts", user[1]).get_federation_token(
        Name="bob", DurationSeconds=900, Policy=policy(allow(["s3:GetObject", "iam:*"]))
    )
    assert made["FederatedUser"] == {
        "FederatedUserId": f"{ALICE.id}:bob", "Arn": f"arn:aws:sts::{ALICE.id}:federated-user/bob"
    }  # fmt: skip
    assert made["PackedPolicySize"] >= 1
    client = session(home, made["Credentials"])
    assert client.get_object(Bucket=bucket, Key="key")["Body"].read() == b"data"
    with fails(403, "AccessDenied", "because no session policy allows the s3:PutObject action"):
        client.put_object(Bucket=bucket, Key="key", Body=b"")
    who = session(home, made["Credentials"], "sts").get_caller_identity()
    assert (who["Arn"], who["UserId"]) == (made["FederatedUser"]["Arn"], made["FederatedUser"]["FederatedUserId"])


def test_without_a_policy_a_federated_user_has_what_resources_give_it(home, abroad, user, bucket, s3):
    s3.put_object(Bucket=bucket, Key="key", Body=b"data")
    made = service(home, "sts", user[1]).get_federation_token(Name="carol")
    client = session(home, made["Credentials"])
    with fails(403, "AccessDenied"):
        client.get_object(Bucket=bucket, Key="key")
    statement = {
        **allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"),
        "Principal": {"AWS": made["FederatedUser"]["Arn"]},
        "Condition": {"StringEquals": {"aws:PrincipalType": "FederatedUser", "aws:userid": f"{ALICE.id}:carol"}},
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(statement))
    assert client.get_object(Bucket=bucket, Key="key")["Body"].read() == b"data"
    other = service(home, "sts", user[1]).get_federation_token(Name="dave")
    with fails(403, "AccessDenied"):
        session(home, other["Credentials"]).get_object(Bucket=bucket, Key="key")


def test_a_federated_user_of_the_root(home, bucket, s3):
    s3.put_object(Bucket=bucket, Key="key", Body=b"data")
    sts = service(home, "sts")
    made = sts.get_federation_token(Name="eve", DurationSeconds=129600, Policy=policy(allow("s3:GetObject")))
    client = session(home, made["Credentials"])
    assert client.get_object(Bucket=bucket, Key="key")["Body"].read() == b"data"
    for refused in (lambda: client.delete_object(Bucket=bucket, Key="key"), client.list_buckets):
        with fails(403, "AccessDenied"):
            refused()
    bare = session(home, sts.get_federation_token(Name="eve")["Credentials"])
    with fails(403, "AccessDenied"):
        bare.get_object(Bucket=bucket, Key="key")
    theirs = home.bucket(account=BOB)
    with fails(403, "AccessDenied"):
        client.list_objects_v2(Bucket=theirs)


def test_sessions_make_no_sessions_and_no_identities(home, user):
    made = service(home, "sts", user[1]).get_federation_token(Name="bob", Policy=policy(allow("*")))["Credentials"]
    role = f"arn:aws:iam::{ALICE.id}:role/replication"
    sts = session(home, made, "sts")
    with fails(403, "AccessDenied"):
        sts.assume_role(RoleArn=role, RoleSessionName="session")
    for refused in (lambda: sts.get_federation_token(Name="bob"), sts.get_session_token):
        with fails(403, "AccessDenied", "with session credentials"):
            refused()
    for credentials in (made, service(home, "sts", user[1]).get_session_token()["Credentials"]):
        with fails(403, "InvalidClientTokenId"):
            session(home, credentials, "iam").list_users()


def test_who_may_not_make_federated_users_and_how_they_are_not_called(home, user):
    iam = service(home, "iam")
    iam.put_user_policy(UserName=user[0], PolicyName="p", PolicyDocument=policy(allow("s3:*")))
    sts = service(home, "sts", user[1])
    with fails(403, "AccessDenied", "sts:GetFederationToken on resource: "):
        sts.get_federation_token(Name="bob")
    sts = service(home, "sts")
    for parameters, code in (
        ({"Name": "a:b"}, "ValidationError"),
        ({"Name": "a" * 33}, "ValidationError"),
        ({"Name": "bob", "Policy": "{"}, "MalformedPolicyDocument"),
    ):
        with fails(400, code):
            sts.get_federation_token(**parameters)


def test_requests_without_a_signature_are_told_to_bring_one(home):
    answer = requests.post(home.endpoint, data={"Action": "GetCallerIdentity", "Version": "2011-06-15"})
    assert answer.status_code == 403 and "<Code>MissingAuthenticationToken</Code>" in answer.text
