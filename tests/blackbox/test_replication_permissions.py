"""Replication is as good as its role (live-replication §4, F-01, A-*; invariant 9)."""

import json
import subprocess

import pytest
from federation import ALICE, BOB, fresh_name, policy, tern_binary
from replication import configure, rule, wait_for_status
from waiting import eventually

SOURCE_ACTIONS = {
    "s3:GetReplicationConfiguration": "SrcGetObjectNotPermitted",
    "s3:GetObjectVersionForReplication": "SrcGetObjectNotPermitted",
    "s3:GetObjectVersionAcl": "SrcGetAclNotPermitted",
    "s3:GetObjectVersionTagging": None,
}
DESTINATION_ACTIONS = {
    "s3:ReplicateObject": "DstPutObjectNotPermitted",
    "s3:ObjectOwnerOverrideToBucketOwner": "DstPutObjectNotPermitted",
}
TRUST = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}


def allow(actions, *resources, effect="Allow"):
    return {"Effect": effect, "Action": sorted(actions), "Resource": list(resources)}


def both(bucket):
    return [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]


class CrossAccount:
    """Alice's bucket replicates to Bob's in another region, in the way of the user guide's walkthrough."""

    def __init__(self, federation):
        self.federation = federation
        self.here, self.there = federation["us-east-1"], federation["eu-west-1"]
        self.source = self.here.bucket()
        self.destination = self.there.bucket(account=BOB)
        self.role_name = fresh_name("role")
        self.role = f"arn:aws:iam::{ALICE.id}:role/{self.role_name}"
        self.iam = self.here.service("iam", ALICE)
        self.iam.create_role(RoleName=self.role_name, AssumeRolePolicyDocument=policy(TRUST))
        self.s3 = self.here.client(ALICE)
        self.bobs = self.there.client(BOB)

    def grant(self, *, source=SOURCE_ACTIONS, destination=DESTINATION_ACTIONS, bucket=DESTINATION_ACTIONS, extra=()):
        """Gives the role and the bucket these rights, and waits until both regions know."""
        statements = [allow(source, *both(self.source))] if source else []
        statements += [allow(destination, *both(self.destination))] if destination else []
        name = fresh_name("p")
        self.iam.put_role_policy(
            RoleName=self.role_name, PolicyName=name, PolicyDocument=policy(*statements, *extra)
        )
        self.there.wait_for_role_policy(ALICE, self.role_name, name)
        if bucket:
            statement = {**allow(bucket, *both(self.destination)), "Principal": {"AWS": self.role}}
            self.bobs.put_bucket_policy(Bucket=self.destination, Policy=policy(statement))

    def replicate(self, **destination):
        override = {"Account": BOB.id, "AccessControlTranslation": {"Owner": "Destination"}}
        configure(self.s3, self.source, rule(self.destination, markers="Enabled", **override, **destination), role=self.role)

    def put(self, **parameters):
        return self.s3.put_object(Bucket=self.source, Key="key", Body=b"data", **parameters)["VersionId"]

    def failure(self, version):
        wait_for_status(self.s3, self.source, "key", version, expected="FAILED")
        return reason_of(self.federation, self.source, "key", version)


def reason_of(federation, bucket, key, version):
    answer = subprocess.run(
        [tern_binary(), "explain", f"s3://{bucket}/{key}?versionId={version}", "--dir", str(federation.directory), "--json"],
        capture_output=True, check=True, timeout=30,
    )  # fmt: skip
    found = []

    def walk(value):
        if isinstance(value, dict):
            if value.get("failureReason"):
                found.append(value["failureReason"])
            for member in value.values():
                walk(member)
        elif isinstance(value, list):
            for member in value:
                walk(member)

    walk(json.loads(answer.stdout))
    return found[0] if found else None


@pytest.fixture
def pair(federation):
    return CrossAccount(federation)


def test_with_all_permissions_it_replicates_to_another_account(pair):
    pair.grant()
    pair.replicate()
    version = pair.put(Tagging="a=b")
    wait_for_status(pair.s3, pair.source, "key", version)
    replica = pair.bobs.get_object(Bucket=pair.destination, Key="key", VersionId=version)
    assert replica["Body"].read() == b"data" and replica["TagCount"] == 1


@pytest.mark.parametrize("action", [action for action, reason in SOURCE_ACTIONS.items() if reason])
def test_each_permission_at_the_source(pair, action):
    pair.grant(source=set(SOURCE_ACTIONS) - {action})
    pair.replicate()
    assert pair.failure(pair.put()) == SOURCE_ACTIONS[action]


def test_T_15_without_the_right_to_read_tags_it_arrives_without_them(pair):
    pair.grant(source=set(SOURCE_ACTIONS) - {"s3:GetObjectVersionTagging"})
    pair.replicate()
    version = pair.put(Tagging="a=b")
    assert pair.failure(version) == "SrcGetTaggingNotPermitted"
    assert "TagCount" not in pair.bobs.head_object(Bucket=pair.destination, Key="key", VersionId=version)


@pytest.mark.parametrize("side", ["destination", "bucket"])
@pytest.mark.parametrize("action", list(DESTINATION_ACTIONS))
def test_each_permission_at_the_destination_by_role_and_by_bucket(pair, side, action):
    pair.grant(**{side: set(DESTINATION_ACTIONS) - {action}})
    pair.replicate()
    assert pair.failure(pair.put()) == DESTINATION_ACTIONS[action]


def test_without_a_bucket_policy_nothing_gets_into_another_account(pair):
    pair.grant(bucket=None)
    pair.replicate()
    assert pair.failure(pair.put()) == "DstPutObjectNotPermitted"
    assert not pair.bobs.list_object_versions(Bucket=pair.destination).get("Versions")


def test_A_13_the_right_to_read_versions_will_do_for_unencrypted_ones(pair):
    pair.grant(source=(set(SOURCE_ACTIONS) - {"s3:GetObjectVersionForReplication"}) | {"s3:GetObjectVersion"})
    pair.replicate()
    wait_for_status(pair.s3, pair.source, "key", pair.put())


@pytest.mark.parametrize(
    "trust",
    [
        {**TRUST, "Principal": {"Service": "ec2.amazonaws.com"}},
        {**TRUST, "Principal": {"AWS": ALICE.id}},
        {**TRUST, "Condition": {"StringEquals": {"aws:SourceAccount": BOB.id}}},
        {**TRUST, "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::another-bucket"}}},
        {**TRUST, "Effect": "Deny"},
    ],
    ids=["other service", "account", "other source account", "other bucket", "deny"],
)
def test_F_01_a_role_that_does_not_trust_s3_for_this_bucket(pair, trust):
    pair.iam.update_assume_role_policy(RoleName=pair.role_name, PolicyDocument=policy(trust))
    pair.grant()
    pair.replicate()
    assert pair.failure(pair.put()) == "AssumeRoleNotPermitted"


def test_F_01_a_role_that_is_gone(federation, home, abroad, s3):
    source, destination = home.bucket(), abroad.bucket()
    configure(s3, source, rule(destination), role=f"arn:aws:iam::{ALICE.id}:role/never-made")
    version = s3.put_object(Bucket=source, Key="key", Body=b"")["VersionId"]
    wait_for_status(s3, source, "key", version, expected="FAILED")
    assert reason_of(federation, source, "key", version) == "AssumeRoleNotPermitted"


def test_the_keys_of_the_confused_deputy_are_there(pair):
    condition = {"StringEquals": {"aws:SourceAccount": ALICE.id}, "ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{pair.source}"}}
    pair.iam.update_assume_role_policy(RoleName=pair.role_name, PolicyDocument=policy({**TRUST, "Condition": condition}))
    pair.grant()
    pair.replicate()
    wait_for_status(pair.s3, pair.source, "key", pair.put())


def test_A_03_a_boundary_cuts_what_the_role_may(pair):
    name = fresh_name("boundary")
    allowed = set(SOURCE_ACTIONS) | set(DESTINATION_ACTIONS) - {"s3:ReplicateObject"}
    arn = pair.iam.create_policy(PolicyName=name, PolicyDocument=policy(allow(allowed, "*")))["Policy"]["Arn"]
    pair.iam.put_role_permissions_boundary(RoleName=pair.role_name, PermissionsBoundary=arn)
    pair.grant()
    pair.replicate()
    assert pair.failure(pair.put()) == "DstPutObjectNotPermitted"


def test_A_42_a_deny_in_the_destination_bucket_blocks_in_the_same_account(federation, home, abroad, s3):
    source, destination = home.bucket(), abroad.bucket()
    deny = {**allow(["s3:ReplicateObject"], *both(destination), effect="Deny"), "Principal": "*"}
    abroad.client(ALICE).put_bucket_policy(Bucket=destination, Policy=policy(deny))
    configure(s3, source, rule(destination))
    version = s3.put_object(Bucket=source, Key="key", Body=b"")["VersionId"]
    wait_for_status(s3, source, "key", version, expected="FAILED")
    assert reason_of(federation, source, "key", version) == "DstPutObjectNotPermitted"


def test_A_22_a_deny_of_ReplicateTags_leaves_the_tags_behind(federation, home, abroad, s3):
    source, destination = home.bucket(), abroad.bucket()
    deny = {**allow(["s3:ReplicateTags"], *both(destination), effect="Deny"), "Principal": "*"}
    abroad.client(ALICE).put_bucket_policy(Bucket=destination, Policy=policy(deny))
    configure(s3, source, rule(destination))
    version = s3.put_object(Bucket=source, Key="key", Body=b"", Tagging="a=b")["VersionId"]
    wait_for_status(s3, source, "key", version, expected="FAILED")
    assert reason_of(federation, source, "key", version) == "DstPutTaggingNotPermitted"
    assert "TagCount" not in abroad.client(ALICE).head_object(Bucket=destination, Key="key", VersionId=version)


def test_A_21_delete_markers_need_ReplicateDelete_and_ListBucket(pair):
    pair.grant()
    pair.replicate()
    wait_for_status(pair.s3, pair.source, "key", pair.put())
    marker = pair.s3.delete_object(Bucket=pair.source, Key="key")["VersionId"]
    eventually(
        lambda: reason_of(pair.federation, pair.source, "key", marker) == "SrcGetObjectNotPermitted", "the marker fails"
    )
    pair.grant(source=set(SOURCE_ACTIONS) | {"s3:ListBucket"})
    second = pair.s3.delete_object(Bucket=pair.source, Key="key")["VersionId"]
    eventually(
        lambda: reason_of(pair.federation, pair.source, "key", second) == "DstDelObjNotPermitted", "the marker fails"
    )
    wanted = set(DESTINATION_ACTIONS) | {"s3:ReplicateDelete"}
    pair.grant(source=set(SOURCE_ACTIONS) | {"s3:ListBucket"}, destination=wanted, bucket=wanted)
    third = pair.s3.delete_object(Bucket=pair.source, Key="key")["VersionId"]
    eventually(
        lambda: any(
            entry["VersionId"] == third
            for entry in pair.bobs.list_object_versions(Bucket=pair.destination).get("DeleteMarkers", [])
        ),
        "the marker arrives",
    )


def test_PSR_3_who_sets_a_rule_must_be_allowed_to_pass_its_role(home, abroad):
    source, destination = home.bucket(), abroad.bucket()
    iam = home.service("iam", ALICE)
    user = fresh_name("user")
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    iam.put_user_policy(
        UserName=user, PolicyName="s3", PolicyDocument=policy(allow(["s3:*"], "*"))
    )
    client = home.service("s3", (key["AccessKeyId"], key["SecretAccessKey"]))
    role = f"arn:aws:iam::{ALICE.id}:role/replication"
    with pytest.raises(client.exceptions.ClientError) as refused:
        configure(client, source, rule(destination), role=role)
    error = refused.value.response["Error"]
    assert error["Code"] == "AccessDenied"
    assert error["Message"] == (
        f"User: arn:aws:iam::{ALICE.id}:user/{user} is not authorized to perform: iam:PassRole on resource: {role} "
        "because no identity-based policy allows the iam:PassRole action"
    )
    passing = {
        **allow(["iam:PassRole"], role),
        "Condition": {"StringEquals": {"iam:PassedToService": "s3.amazonaws.com"}},
    }
    iam.put_user_policy(UserName=user, PolicyName="pass", PolicyDocument=policy(passing))
    configure(client, source, rule(destination), role=role)


def test_ACC_9_a_role_made_a_moment_ago_in_the_home_region_is_not_taken_for_a_missing_one(federation):
    """The source's region follows the home region: what it has not heard of yet refuses nothing."""
    home, other = federation["us-east-1"], federation["eu-west-1"]
    iam, s3 = home.service("iam", ALICE), other.client(ALICE)
    source, destination = other.bucket(), home.bucket()
    for _ in range(8):
        name = fresh_name("role")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(TRUST))
        configure(s3, source, rule(destination), role=f"arn:aws:iam::{ALICE.id}:role/{name}")
        statements = [allow(SOURCE_ACTIONS, *both(source)), allow(DESTINATION_ACTIONS, *both(destination))]
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(*statements))
        version = s3.put_object(Bucket=source, Key="key", Body=b"data")["VersionId"]
        wait_for_status(s3, source, "key", version)
