"""Who may do what to whose buckets (identity-and-control §6.3, §6.5, EVL-*; s3-api §9.2, §9.3)."""

import json

import botocore
import botocore.exceptions
import clients
import pytest
import s3control
from federation import ALICE, BOB, fresh_name, policy
from permission_table import ALL_OPEN, OPERATIONS, PATH_OF, World
from s3 import fails

DENIED = {"AccessDenied", "403"}


def is_denied(call):
    """Whether the call is refused for want of permission; other errors mean that permission was there."""
    try:
        call()
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"] in DENIED
    except PermissionError as error:
        return str(error) in DENIED
    return False


def statement(effect, principal, actions, bucket, **more):
    resources = [path.format(bucket) for path in PATH_OF.values()]
    # A policy may not name what does not apply to any of its resources, so both are always named.
    return {"Effect": effect, "Principal": principal, "Action": list(actions), "Resource": resources, **more}


def put_policy(client, bucket, *statements):
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def make_world(client, home):
    bucket = home.bucket(ObjectLockEnabledForBucket=True)
    version = client.put_object(Bucket=bucket, Key="key", Body=b"data")["VersionId"]
    upload = client.create_multipart_upload(Bucket=bucket, Key="upload")["UploadId"]
    return World(bucket, "key", version, upload, {"Bucket": bucket, "Key": "key"})


@pytest.fixture(scope="module")
def world(federation):
    home = federation["us-east-1"]
    return make_world(home.client(ALICE), home)


@pytest.fixture
def anonymous(home):
    return clients.client(
        "s3",
        endpoint_url=home.endpoint,
        region_name=home.name,
        config=botocore.config.Config(
            signature_version=botocore.UNSIGNED,
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
        ),
    )


BOBS = {"AWS": BOB.id}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_EVL_1_other_accounts_need_the_buckets_policy(operation, world, s3, bob, anonymous):
    def run(client):
        return lambda: operation.call(client, world)

    s3.delete_bucket_policy(Bucket=world.bucket)
    assert is_denied(run(bob)), "by default nobody gets in"
    assert is_denied(run(anonymous)), "by default nobody gets in"
    put_policy(s3, world.bucket, statement("Allow", BOBS, operation.actions, world.bucket))
    assert not is_denied(run(bob)), "the policy allows just what is needed"
    for action in operation.actions:
        put_policy(
            s3,
            world.bucket,
            statement("Allow", BOBS, ["s3:*"], world.bucket),
            statement("Deny", BOBS, [action], world.bucket),
        )
        assert is_denied(run(bob)), f"without {action}"
        assert is_denied(run(anonymous))
    put_policy(s3, world.bucket, statement("Deny", "*", ["s3:*"], world.bucket))
    assert is_denied(run(s3)), "an explicit deny holds for the owner's root too (ACC-4)"


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.name in ("GetObject", "ListObjectsV2", "PutObject")], ids=lambda o: o.name)
def test_public_policies_and_their_block(operation, home, s3, bob, anonymous):
    world = make_world(s3, home)
    public = statement("Allow", "*", operation.actions, world.bucket)
    with fails(403, "AccessDenied"):
        put_policy(s3, world.bucket, public)
    s3.put_public_access_block(Bucket=world.bucket, PublicAccessBlockConfiguration=ALL_OPEN)
    put_policy(s3, world.bucket, public)
    assert not is_denied(lambda: operation.call(anonymous, world))
    assert not is_denied(lambda: operation.call(bob, world))
    s3.put_public_access_block(
        Bucket=world.bucket, PublicAccessBlockConfiguration={**ALL_OPEN, "RestrictPublicBuckets": True}
    )
    assert is_denied(lambda: operation.call(anonymous, world))
    assert is_denied(lambda: operation.call(bob, world))
    assert not is_denied(lambda: operation.call(s3, world))


def test_EVL_5_a_missing_key_is_told_to_those_who_may_list(home, s3, bob):
    bucket = home.bucket()
    put_policy(s3, bucket, statement("Allow", BOBS, ["s3:GetObject"], bucket))
    with fails(403, "AccessDenied"):
        bob.get_object(Bucket=bucket, Key="none")
    put_policy(s3, bucket, statement("Allow", BOBS, ["s3:GetObject", "s3:ListBucket"], bucket))
    with fails(404, "NoSuchKey"):
        bob.get_object(Bucket=bucket, Key="none")
    with fails(404, "NoSuchBucket"):
        bob.get_object(Bucket="no-such-bucket-anywhere", Key="none")


def test_6_6_the_text_names_the_statement_kind_to_the_owner_only(home, s3, bob):
    bucket = home.bucket()
    s3.put_object(Bucket=bucket, Key="key", Body=b"")
    put_policy(s3, bucket, statement("Deny", "*", ["s3:GetObject"], bucket))
    text = (
        f"User: arn:aws:iam::{ALICE.id}:root is not authorized to perform: s3:GetObject on resource: "
        f'"arn:aws:s3:::{bucket}/key" with an explicit deny in a resource-based policy'
    )
    with fails(403, "AccessDenied", text):
        s3.get_object(Bucket=bucket, Key="key")
    with fails(403, "AccessDenied", "Access Denied"):
        bob.get_object(Bucket=bucket, Key="key")


def test_ACC_4_a_locked_out_root_mends_the_policy(home, s3):
    bucket = home.bucket()
    put_policy(s3, bucket, statement("Deny", "*", ["s3:*"], bucket))
    with fails(403, "AccessDenied"):
        s3.list_objects_v2(Bucket=bucket)
    assert "Deny" in s3.get_bucket_policy(Bucket=bucket)["Policy"]
    s3.delete_bucket_policy(Bucket=bucket)
    s3.list_objects_v2(Bucket=bucket)


CONDITIONS = [
    ({"StringEquals": {"s3:prefix": "a/"}}, lambda c, b: c.list_objects_v2(Bucket=b, Prefix="a/"), True),
    ({"StringEquals": {"s3:prefix": "a/"}}, lambda c, b: c.list_objects_v2(Bucket=b, Prefix="b/"), False),
    ({"StringEquals": {"s3:prefix": "a/"}}, lambda c, b: c.list_objects_v2(Bucket=b), False),
    ({"NumericLessThanEquals": {"s3:max-keys": "10"}}, lambda c, b: c.list_objects_v2(Bucket=b, MaxKeys=10), True),
    ({"NumericLessThanEquals": {"s3:max-keys": "10"}}, lambda c, b: c.list_objects_v2(Bucket=b, MaxKeys=11), False),
    ({"Bool": {"aws:SecureTransport": "true"}}, lambda c, b: c.list_objects_v2(Bucket=b), False),
    ({"Bool": {"aws:SecureTransport": "false"}}, lambda c, b: c.list_objects_v2(Bucket=b), True),
    ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, lambda c, b: c.list_objects_v2(Bucket=b), True),
    ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, lambda c, b: c.list_objects_v2(Bucket=b), False),
    ({"StringEquals": {"aws:PrincipalAccount": BOB.id}}, lambda c, b: c.list_objects_v2(Bucket=b), True),
    ({"StringEquals": {"s3:authType": "REST-HEADER"}}, lambda c, b: c.list_objects_v2(Bucket=b), True),
    ({"StringEquals": {"s3:signatureversion": "AWS"}}, lambda c, b: c.list_objects_v2(Bucket=b), False),
    (
        {"StringEquals": {"s3:x-amz-storage-class": "STANDARD_IA"}},
        lambda c, b: c.put_object(Bucket=b, Key="k", Body=b"", StorageClass="STANDARD_IA"),
        True,
    ),
    ({"StringEquals": {"s3:x-amz-storage-class": "STANDARD"}}, lambda c, b: c.put_object(Bucket=b, Key="k"), False),
    (
        {"StringEquals": {"s3:RequestObjectTag/team": "red"}},
        lambda c, b: c.put_object(Bucket=b, Key="k", Tagging="team=red"),
        True,
    ),
    (
        {"StringEquals": {"s3:RequestObjectTag/team": "red"}},
        lambda c, b: c.put_object(Bucket=b, Key="k", Tagging="team=blue"),
        False,
    ),
    (
        {"StringEquals": {"s3:RequestObjectTag/team": "red"}},
        lambda c, b: c.put_object_tagging(
            Bucket=b, Key="red", Tagging={"TagSet": [{"Key": "team", "Value": "blue"}]}
        ),
        False,
    ),
    ({"StringEquals": {"s3:ExistingObjectTag/team": "red"}}, lambda c, b: c.get_object(Bucket=b, Key="red"), True),
    ({"StringEquals": {"s3:ExistingObjectTag/team": "red"}}, lambda c, b: c.get_object(Bucket=b, Key="blue"), False),
    ({"Null": {"s3:ExistingObjectTag/team": "true"}}, lambda c, b: c.get_object(Bucket=b, Key="none"), True),
    ({"StringEquals": {"s3:if-none-match": "*"}}, lambda c, b: c.put_object(Bucket=b, Key="new", IfNoneMatch="*"), True),
    ({"StringEquals": {"s3:if-none-match": "*"}}, lambda c, b: c.put_object(Bucket=b, Key="new"), False),
]


@pytest.mark.parametrize("condition, call, allowed", CONDITIONS, ids=lambda value: json.dumps(value) if isinstance(value, dict) else "")
def test_6_2_condition_keys(condition, call, allowed, home, s3, bob):
    bucket = home.bucket()
    s3.put_object(Bucket=bucket, Key="red", Body=b"", Tagging="team=red")
    s3.put_object(Bucket=bucket, Key="blue", Body=b"", Tagging="team=blue")
    s3.put_object(Bucket=bucket, Key="none", Body=b"")
    put_policy(s3, bucket, statement("Allow", BOBS, ["s3:*"], bucket, Condition=condition))
    assert is_denied(lambda: call(bob, bucket)) != allowed


ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"


def test_ACL_10_lists_grant_to_accounts_and_groups(home, s3, bob, anonymous):
    bucket = home.bucket(ObjectOwnership="ObjectWriter")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=ALL_OPEN)
    s3.put_object(Bucket=bucket, Key="key", Body=b"data")
    bobs = bob.list_buckets()["Owner"]["ID"]
    read = lambda client: lambda: client.get_object(Bucket=bucket, Key="key")  # noqa: E731
    listing = lambda client: lambda: client.list_objects_v2(Bucket=bucket)  # noqa: E731
    write = lambda client: lambda: client.put_object(Bucket=bucket, Key="new", Body=b"")  # noqa: E731
    assert is_denied(read(bob)) and is_denied(listing(bob)) and is_denied(write(bob))
    s3.put_object_acl(Bucket=bucket, Key="key", GrantRead=f'id="{bobs}"')
    assert not is_denied(read(bob)) and is_denied(read(anonymous)) and is_denied(listing(bob))
    s3.put_object_acl(Bucket=bucket, Key="key", ACL="public-read")
    assert not is_denied(read(bob)) and not is_denied(read(anonymous))
    s3.put_object_acl(Bucket=bucket, Key="key", ACL="authenticated-read")
    assert not is_denied(read(bob)) and is_denied(read(anonymous))
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    assert not is_denied(listing(anonymous)) and not is_denied(write(bob))
    s3.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration={**ALL_OPEN, "IgnorePublicAcls": True}
    )
    assert is_denied(listing(anonymous)) and is_denied(write(bob)) and is_denied(read(bob))


def test_EVL_4_objects_of_others_are_a_matter_of_their_owners(home, s3, bob):
    bucket = home.bucket(ObjectOwnership="ObjectWriter")
    put_policy(s3, bucket, statement("Allow", BOBS, ["s3:PutObject", "s3:GetObjectAcl", "s3:PutObjectAcl"], bucket))
    bob.put_object(Bucket=bucket, Key="bobs", Body=b"data")
    with fails(403, "AccessDenied"):
        s3.get_object(Bucket=bucket, Key="bobs")
    assert bob.get_object(Bucket=bucket, Key="bobs")["Body"].read() == b"data"
    alices = s3.list_buckets()["Owner"]["ID"]
    bob.put_object_acl(Bucket=bucket, Key="bobs", GrantRead=f'id="{alices}"')
    assert s3.get_object(Bucket=bucket, Key="bobs")["Body"].read() == b"data"
    s3.delete_object(Bucket=bucket, Key="bobs")


def test_ACC_2_SIG_62_what_nobody_in_particular_writes_is_owned_by_a_canonical_id_of_its_own(home, s3, anonymous):
    bucket = home.bucket(ObjectOwnership="ObjectWriter")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=ALL_OPEN)
    put_policy(s3, bucket, statement("Allow", "*", ["s3:PutObject", "s3:PutObjectAcl"], bucket))
    anonymous.put_object(Bucket=bucket, Key="key", Body=b"data")
    anonymous.put_object(Bucket=bucket, Key="given", Body=b"data", ACL="bucket-owner-full-control")
    nobody = "65a011a29cdf8ec533ec3d1ccaae921c"
    listed = s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"]
    assert {entry["Key"]: entry["Owner"]["ID"] for entry in listed} == {"key": nobody, "given": nobody}
    # It is no more the bucket owner's than any other's object, who may delete it all the same.
    assert is_denied(lambda: s3.get_object(Bucket=bucket, Key="key"))
    assert s3.get_object(Bucket=bucket, Key="given")["Body"].read() == b"data"
    grants = s3.get_object_acl(Bucket=bucket, Key="given")
    assert grants["Owner"]["ID"] == nobody
    assert {grant["Grantee"]["ID"] for grant in grants["Grants"]} == {nobody, s3.list_buckets()["Owner"]["ID"]}
    s3.delete_object(Bucket=bucket, Key="key")
    # Where ACLs are off, the bucket's owner owns all.
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    anonymous.put_object(Bucket=bucket, Key="enforced", Body=b"data")
    assert s3.get_object(Bucket=bucket, Key="enforced")["Body"].read() == b"data"


def test_9_3_a_restricted_bucket_is_for_its_owners_account_whoever_owns_the_object(home, s3, bob):
    bucket = home.bucket(ObjectOwnership="ObjectWriter")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=ALL_OPEN)
    put_policy(s3, bucket, statement("Allow", "*", ["s3:PutObject", "s3:PutObjectAcl", "s3:GetObject"], bucket))
    bob.put_object(Bucket=bucket, Key="bobs", Body=b"data", ACL="bucket-owner-read")
    assert bob.get_object(Bucket=bucket, Key="bobs")["Body"].read() == b"data"
    s3.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration={**ALL_OPEN, "RestrictPublicBuckets": True}
    )
    assert s3.get_object(Bucket=bucket, Key="bobs")["Body"].read() == b"data"
    with fails(403, "AccessDenied"):
        bob.get_object(Bucket=bucket, Key="bobs")


def test_a_copy_is_judged_where_its_source_is(federation, s3, bob):
    abroad = federation["eu-west-1"]
    source = abroad.bucket()
    abroad.client(ALICE).put_object(Bucket=source, Key="key", Body=b"data", Tagging="a=b")
    target = federation["us-east-1"].bucket(account=BOB)
    copy = lambda: bob.copy_object(Bucket=target, Key="copy", CopySource={"Bucket": source, "Key": "key"})  # noqa: E731
    with fails(403, "AccessDenied"):
        copy()
    put_policy(abroad.client(ALICE), source, statement("Allow", BOBS, ["s3:GetObject"], source))
    with fails(403, "AccessDenied"):
        copy()
    put_policy(
        abroad.client(ALICE), source, statement("Allow", BOBS, ["s3:GetObject", "s3:GetObjectTagging"], source)
    )
    copy()


class Identities:
    """A user and a role of Alice's account, with a boundary that a test sets."""

    def __init__(self, home):
        self.home = home
        self.iam = home.service("iam", ALICE)
        self.user = fresh_name("user")
        self.role = fresh_name("role")
        self.iam.create_user(UserName=self.user)
        key = self.iam.create_access_key(UserName=self.user)["AccessKey"]
        self.keys = (key["AccessKeyId"], key["SecretAccessKey"])
        self.client = home.service("s3", self.keys)
        trust = {"Effect": "Allow", "Principal": {"AWS": ALICE.id}, "Action": "sts:AssumeRole"}
        self.iam.create_role(RoleName=self.role, AssumeRolePolicyDocument=policy(trust))
        self.role_arn = f"arn:aws:iam::{ALICE.id}:role/{self.role}"
        self.iam.put_role_policy(RoleName=self.role, PolicyName="all", PolicyDocument=self.allowing(["s3:*"]))
        self.assuming = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": self.role_arn}
        self.boundary = self.iam.create_policy(PolicyName=fresh_name("b"), PolicyDocument=self.allowing(["s3:*"]))
        self.boundary_arn = self.boundary["Policy"]["Arn"]

    @staticmethod
    def allowing(actions, denied=()):
        statements = [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]
        if denied:
            statements.append({"Effect": "Deny", "Action": list(denied), "Resource": "*"})
        return policy(*statements)

    def may(self, document):
        self.iam.put_user_policy(UserName=self.user, PolicyName="s3", PolicyDocument=document)

    def is_bound_by(self, document):
        if document is None:
            self.iam.delete_user_permissions_boundary(UserName=self.user)
            return
        for version in self.iam.list_policy_versions(PolicyArn=self.boundary_arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                self.iam.delete_policy_version(PolicyArn=self.boundary_arn, VersionId=version["VersionId"])
        self.iam.create_policy_version(PolicyArn=self.boundary_arn, PolicyDocument=document, SetAsDefault=True)
        self.iam.put_user_permissions_boundary(UserName=self.user, PermissionsBoundary=self.boundary_arn)

    def session(self, document):
        sts = self.home.service("sts", self.keys)
        made = sts.assume_role(RoleArn=self.role_arn, RoleSessionName="session", Policy=document)["Credentials"]
        return self.home.service(
            "s3", (made["AccessKeyId"], made["SecretAccessKey"]), token=made["SessionToken"]
        )


@pytest.fixture(scope="module")
def identities(federation):
    return Identities(federation["us-east-1"])


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_EVL_2_users_and_sessions_need_policies_that_boundaries_cut(operation, world, identities, s3):
    def run(client):
        return lambda: operation.call(client, world)

    s3.delete_bucket_policy(Bucket=world.bucket)
    identities.may(identities.allowing(["s3:ListAllMyBuckets"]))
    assert is_denied(run(identities.client)), "by default nobody gets in"
    identities.may(identities.allowing(operation.actions))
    assert not is_denied(run(identities.client)), "the identity policy allows just what is needed"
    for action in operation.actions:
        identities.may(identities.allowing(["s3:*"], denied=[action]))
        assert is_denied(run(identities.client)), f"{action} is denied"
        identities.may(identities.allowing(["s3:*"]))
        rest = {name for one in OPERATIONS for name in one.actions} - {action}
        identities.is_bound_by(identities.allowing(sorted(rest)))
        assert is_denied(run(identities.client)), f"the boundary lacks {action}"
        identities.is_bound_by(None)
        identities.may(policy(identities.assuming))
        session = identities.session(policy({"Effect": "Allow", "NotAction": [action], "Resource": "*"}))
        assert is_denied(run(session)), f"the session policy lacks {action}"
    identities.may(policy(identities.assuming))
    assert not is_denied(run(identities.session(identities.allowing(["s3:*"]))))


def test_9_2_what_lists_grant_to_an_account_is_not_granted_to_its_users(identities, home, s3):
    bucket = home.bucket(ObjectOwnership="ObjectWriter")
    s3.put_object(Bucket=bucket, Key="key", Body=b"data")
    identities.may(identities.allowing(["s3:ListAllMyBuckets"]))
    for call in (
        lambda: identities.client.get_object(Bucket=bucket, Key="key"),
        lambda: identities.client.list_objects_v2(Bucket=bucket),
        lambda: identities.client.put_object(Bucket=bucket, Key="new", Body=b""),
        lambda: identities.client.put_object_acl(Bucket=bucket, Key="key", ACL="private"),
    ):
        assert is_denied(call)
    identities.may(identities.allowing(["s3:GetObject"]))
    assert identities.client.get_object(Bucket=bucket, Key="key")["Body"].read() == b"data"


def test_6_6_texts_for_users(identities, home, s3):
    bucket = home.bucket()
    resource = f'arn:aws:s3:::{bucket}"'
    who = f"User: arn:aws:iam::{ALICE.id}:user/{identities.user} is not authorized to perform: s3:ListBucket on resource: "
    identities.may(identities.allowing(["s3:Get*"]))
    with fails(403, "AccessDenied", f'{who}"{resource} because no identity-based policy allows the s3:ListBucket action'):
        identities.client.list_objects_v2(Bucket=bucket)
    identities.may(identities.allowing(["s3:*"], denied=["s3:List*"]))
    with fails(403, "AccessDenied", f'{who}"{resource} with an explicit deny in an identity-based policy'):
        identities.client.list_objects_v2(Bucket=bucket)
    identities.may(identities.allowing(["s3:*"]))
    identities.is_bound_by(identities.allowing(["s3:Get*"]))
    with fails(403, "AccessDenied", f'{who}"{resource} because no permissions boundary allows the s3:ListBucket action'):
        identities.client.list_objects_v2(Bucket=bucket)
    identities.is_bound_by(None)


def test_9_2_an_account_blocks_public_access_in_all_its_buckets(home, s3, anonymous):
    control = s3control.client(home)
    bucket = home.bucket()
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=ALL_OPEN)
    s3.put_object(Bucket=bucket, Key="key", Body=b"")
    public = statement("Allow", "*", ["s3:GetObject"], bucket)
    put_policy(s3, bucket, public)
    read = lambda: anonymous.get_object(Bucket=bucket, Key="key")  # noqa: E731
    assert not is_denied(read)
    with fails(404, "NoSuchPublicAccessBlockConfiguration"):
        control.get_public_access_block(AccountId=ALICE.id)
    try:
        wanted = {**ALL_OPEN, "RestrictPublicBuckets": True, "BlockPublicPolicy": True}
        control.put_public_access_block(AccountId=ALICE.id, PublicAccessBlockConfiguration=wanted)
        assert control.get_public_access_block(AccountId=ALICE.id)["PublicAccessBlockConfiguration"] == wanted
        assert is_denied(read)
        with fails(403, "AccessDenied"):
            put_policy(s3, bucket, public)
        with fails(403, "AccessDenied"):
            s3control.client(home, BOB).get_public_access_block(AccountId=ALICE.id)
    finally:
        control.delete_public_access_block(AccountId=ALICE.id)
    assert not is_denied(read)
