"""Replication is as good as its role (live-replication §4, F-01, A-*; invariant 9)."""

import json
import subprocess

import pytest
import requests
from federation import ALICE, BOB, fresh_name, policy, tern_binary
from replication import configure, rule, wait_for_status
from s3 import upload_multipart
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


def test_A_26_A_40_A_41_with_all_permissions_it_replicates_to_another_account(pair):
    pair.grant()
    pair.replicate()
    version = pair.put(Tagging="a=b")
    wait_for_status(pair.s3, pair.source, "key", version)
    replica = pair.bobs.get_object(Bucket=pair.destination, Key="key", VersionId=version)
    assert replica["Body"].read() == b"data" and replica["TagCount"] == 1


@pytest.mark.parametrize("action", [action for action, reason in SOURCE_ACTIONS.items() if reason])
def test_A_10_A_12_A_14_F_23_F_25_each_permission_at_the_source(pair, action):
    pair.grant(source=set(SOURCE_ACTIONS) - {action})
    pair.replicate()
    assert pair.failure(pair.put()) == SOURCE_ACTIONS[action]


def test_T_15_A_15_F_27_U_27_without_the_right_to_read_tags_it_arrives_without_them(pair):
    pair.grant(source=set(SOURCE_ACTIONS) - {"s3:GetObjectVersionTagging"})
    pair.replicate()
    version = pair.put(Tagging="a=b")
    assert pair.failure(version) == "SrcGetTaggingNotPermitted"
    assert "TagCount" not in pair.bobs.head_object(Bucket=pair.destination, Key="key", VersionId=version)


@pytest.mark.parametrize("side", ["destination", "bucket"])
@pytest.mark.parametrize("action", list(DESTINATION_ACTIONS))
def test_A_20_A_23_A_40_F_15_each_permission_at_the_destination_by_role_and_by_bucket(pair, side, action):
    pair.grant(**{side: set(DESTINATION_ACTIONS) - {action}})
    pair.replicate()
    assert pair.failure(pair.put()) == DESTINATION_ACTIONS[action]


def test_A_40_without_a_bucket_policy_nothing_gets_into_another_account(pair):
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
def test_F_01_A_01_STS_7_a_role_that_does_not_trust_s3_for_this_bucket(pair, trust):
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


def test_STS_7_the_keys_of_the_confused_deputy_are_there(pair):
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


def test_A_22_U_27_a_deny_of_ReplicateTags_leaves_the_tags_behind(federation, home, abroad, s3):
    source, destination = home.bucket(), abroad.bucket()
    deny = {**allow(["s3:ReplicateTags"], *both(destination), effect="Deny"), "Principal": "*"}
    abroad.client(ALICE).put_bucket_policy(Bucket=destination, Policy=policy(deny))
    configure(s3, source, rule(destination))
    version = s3.put_object(Bucket=source, Key="key", Body=b"", Tagging="a=b")["VersionId"]
    wait_for_status(s3, source, "key", version, expected="FAILED")
    assert reason_of(federation, source, "key", version) == "DstPutTaggingNotPermitted"
    assert "TagCount" not in abroad.client(ALICE).head_object(Bucket=destination, Key="key", VersionId=version)


def test_A_11_A_21_F_06_L_39_L_40_delete_markers_need_ReplicateDelete_and_ListBucket(pair):
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


def test_PSR_1_to_3_C_05_A_45_who_sets_a_rule_must_be_allowed_to_pass_its_role(home, abroad):
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

    def allow_passing(resource=role, **conditions):
        statement = {**allow(["iam:PassRole"], resource), "Condition": conditions}
        iam.put_user_policy(UserName=user, PolicyName="pass", PolicyDocument=policy(statement))

    def is_allowed():
        try:
            configure(client, source, rule(destination), role=role)
        except client.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDenied"
            return False
        return True

    to_s3 = {"iam:PassedToService": "s3.amazonaws.com"}
    for conditions, expected in [
        ({"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}, False),
        ({"ArnEquals": {"iam:AssociatedResourceArn": f"arn:aws:s3:::{destination}"}}, False),
        ({"StringEquals": to_s3, "ArnEquals": {"iam:AssociatedResourceArn": f"arn:aws:s3:::{source}"}}, True),
    ]:
        allow_passing(**conditions)
        assert is_allowed() == expected, conditions
    allow_passing(f"{role}-of-another-name")
    assert not is_allowed()
    # A boundary cuts it, and no other account's role is passed.
    allow_passing("*")
    assert is_allowed()
    boundary = iam.create_policy(PolicyName=fresh_name("b"), PolicyDocument=policy(allow(["s3:*"], "*")))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=boundary)
    assert not is_allowed()
    iam.delete_user_permissions_boundary(UserName=user)
    with pytest.raises(client.exceptions.ClientError) as refused:
        configure(client, source, rule(destination), role=f"arn:aws:iam::{BOB.id}:role/replication")
    assert refused.value.response["Error"]["Code"] == "AccessDenied"


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


@pytest.mark.parametrize("behind", ["source", "destination"])
def test_ACC_9_A_30_keys_permitted_a_moment_ago_in_the_home_region_are_not_taken_for_refused(federation, behind):
    """The region that follows the home region judges the role's use of a key that lies with it."""
    home, other = federation["us-east-1"], federation["eu-west-1"]
    iam = home.service("iam", ALICE)
    here, there = (other, home) if behind == "source" else (home, other)
    keys = [region.service("kms").create_key()["KeyMetadata"]["Arn"] for region in (here, there)]
    source, destination = here.bucket(), there.bucket()
    made = rule(destination, EncryptionConfiguration={"ReplicaKmsKeyID": keys[1]})
    made["SourceSelectionCriteria"] = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    for _ in range(6):
        # The home region's own change is there at once; what the other knows of it is older by the log's way.
        name = fresh_name("role")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(TRUST))
        rights = [allow(SOURCE_ACTIONS, *both(source)), allow(DESTINATION_ACTIONS, *both(destination))]
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(*rights))
        other.wait_for_role_policy(ALICE, name, "p")
        configure(here.client(), source, made, role=f"arn:aws:iam::{ALICE.id}:role/{name}")
        iam.put_role_policy(RoleName=name, PolicyName="keys", PolicyDocument=policy(allow(["kms:*"], "*")))
        version = here.client().put_object(
            Bucket=source, Key="key", Body=b"data", ServerSideEncryption="aws:kms", SSEKMSKeyId=keys[0]
        )["VersionId"]
        wait_for_status(here.client(), source, "key", version)


def trusted_role(region, *statements):
    """A role that S3 may assume, with these rights in its region."""
    iam = region.service("iam", ALICE)
    name = fresh_name("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(TRUST))
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(*statements))
    return f"arn:aws:iam::{ALICE.id}:role/{name}"


def failed_with(federation, client, bucket, version, reason, key="key"):
    wait_for_status(client, bucket, key, version, expected="FAILED")
    assert reason_of(federation, bucket, key, version) == reason


@pytest.mark.parametrize("acl", [None, "read", "full"])
def test_L_11_L_12_A_04_U_14_objects_of_other_owners(federation, home, abroad, s3, acl):
    """Bob writes into Alice's bucket, whose owner is then who writes."""
    source, destination = home.bucket(ObjectOwnership="ObjectWriter"), abroad.bucket()
    writers = {**allow(["s3:PutObject", "s3:PutObjectAcl"], *both(source)), "Principal": {"AWS": BOB.id}}
    s3.put_bucket_policy(Bucket=source, Policy=policy(writers))
    configure(s3, source, rule(destination))
    alice = s3.list_buckets()["Owner"]["ID"]
    grants = {None: {}, "read": {"GrantRead": f"id={alice}"}, "full": {"ACL": "bucket-owner-full-control"}}[acl]
    version = home.client(BOB).put_object(Bucket=source, Key="key", Body=b"bob's", **grants)["VersionId"]

    if acl == "full":
        wait_for_status(s3, source, "key", version)
        assert abroad.client(ALICE).get_object(Bucket=destination, Key="key")["Body"].read() == b"bob's"
        return
    reason = "SrcGetObjectNotPermitted" if acl is None else "SrcGetAclNotPermitted"
    eventually(lambda: reason_of(federation, source, "key", version) == reason, "it is refused for its owner's ACL")
    assert not abroad.client(ALICE).list_object_versions(Bucket=destination).get("Versions")


def test_U_15_the_owner_of_the_destination_reads_replicas_only_with_an_override(pair):
    # As buckets were before ownership was enforced.
    controls = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    pair.bobs.put_bucket_ownership_controls(Bucket=pair.destination, OwnershipControls=controls)
    pair.grant()
    alice, bob = (client.list_buckets()["Owner"]["ID"] for client in (pair.s3, pair.bobs))

    def owner(version):
        listed = pair.bobs.list_object_versions(Bucket=pair.destination)["Versions"]
        return next(entry["Owner"]["ID"] for entry in listed if entry["VersionId"] == version)

    configure(pair.s3, pair.source, rule(pair.destination, Account=BOB.id), role=pair.role)
    theirs = pair.put()
    wait_for_status(pair.s3, pair.source, "key", theirs)
    assert owner(theirs) == alice
    with pytest.raises(pair.bobs.exceptions.ClientError) as caught:
        pair.bobs.get_object(Bucket=pair.destination, Key="key", VersionId=theirs)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    pair.replicate()
    own = pair.put()
    wait_for_status(pair.s3, pair.source, "key", own)
    assert owner(own) == bob
    assert pair.bobs.get_object(Bucket=pair.destination, Key="key", VersionId=own)["ReplicationStatus"] == "REPLICA"


def test_E_50_I_06_requester_pays_of_another_account_takes_nothing(pair):
    pair.grant()
    pair.bobs.put_bucket_request_payment(
        Bucket=pair.destination, RequestPaymentConfiguration={"Payer": "Requester"}
    )
    pair.replicate()
    assert pair.failure(pair.put()) == "DstPutObjectNotPermitted"


def test_E_31_C_38_an_account_that_does_not_own_the_destination(federation, home, abroad, s3):
    source, destination = home.bucket(), abroad.bucket()
    configure(s3, source, rule(destination, Account=BOB.id))
    version = s3.put_object(Bucket=source, Key="key", Body=b"")["VersionId"]
    failed_with(federation, s3, source, version, "DstPutObjectNotPermitted")


def test_I_17_T_09_U_03_a_repaired_role_does_not_try_again(pair):
    pair.grant(source=set(SOURCE_ACTIONS) - {"s3:GetObjectVersionForReplication"})
    pair.replicate()
    version = pair.put()
    assert pair.failure(version) == "SrcGetObjectNotPermitted"
    pair.grant()
    wait_for_status(pair.s3, pair.source, "key", pair.put())
    wait_for_status(pair.s3, pair.source, "key", version, expected="FAILED")


@pytest.mark.parametrize("wanted", ["AES256", "aws:kms"])
def test_A_43_I_19_a_destination_may_insist_on_an_encryption(federation, home, abroad, s3, wanted):
    source, destination = home.bucket(), abroad.bucket()
    deny = {
        **allow(["s3:ReplicateObject"], *both(destination), effect="Deny"),
        "Principal": "*",
        "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": wanted}},
    }
    abroad.client(ALICE).put_bucket_policy(Bucket=destination, Policy=policy(deny))
    configure(s3, source, rule(destination))
    version = s3.put_object(Bucket=source, Key="key", Body=b"", ServerSideEncryption="AES256")["VersionId"]
    if wanted == "AES256":
        wait_for_status(s3, source, "key", version)
    else:
        failed_with(federation, s3, source, version, "DstPutObjectNotPermitted")


def test_A_44_replication_counts_as_encrypted_traffic(home, abroad, s3):
    source, destination = home.bucket(), abroad.bucket()
    deny = {
        **allow(["s3:*"], *both(destination), effect="Deny"),
        "Principal": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    abroad.client(ALICE).put_bucket_policy(Bucket=destination, Policy=policy(deny))
    configure(s3, source, rule(destination))
    wait_for_status(s3, source, "key", s3.put_object(Bucket=source, Key="key", Body=b"")["VersionId"])


LOCK_ACTIONS = {"s3:GetObjectRetention": "SrcGetRetentionNotPermitted", "s3:GetObjectLegalHold": "SrcGetLegalHoldNotPermitted"}


@pytest.mark.parametrize("missing", [*LOCK_ACTIONS, None])
def test_A_16_F_24_F_26_I_05_a_locked_source_needs_rights_to_read_its_locks(federation, home, abroad, s3, missing):
    source, destination = (region.bucket(ObjectLockEnabledForBucket=True) for region in (home, abroad))
    actions = (set(SOURCE_ACTIONS) | set(LOCK_ACTIONS)) - {missing}
    role = trusted_role(home, allow(actions, *both(source)), allow(DESTINATION_ACTIONS, *both(destination)))
    configure(s3, source, rule(destination), role=role)
    version = s3.put_object(Bucket=source, Key="key", Body=b"")["VersionId"]
    if missing:
        failed_with(federation, s3, source, version, LOCK_ACTIONS[missing])
    else:
        wait_for_status(s3, source, "key", version)


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ("s3:PutObjectRetention", "DstPutRetentionNotPermitted"),
        ("s3:PutObjectLegalHold", "DstPutLegalHoldNotPermitted"),
        ("s3:ReplicateObject", None),
    ],
)
def test_A_24_F_13_F_14_F_16_F_17_changes_that_the_destination_denies(federation, home, abroad, s3, action, reason):
    """Each change has the reason of its own; the version is there already."""
    source, destination = (
        region.bucket(ObjectLockEnabledForBucket=True, ObjectOwnership="ObjectWriter") for region in (home, abroad)
    )
    configure(s3, source, rule(destination))
    version = s3.put_object(Bucket=source, Key="key", Body=b"")["VersionId"]
    wait_for_status(s3, source, "key", version)
    deny = {**allow([action], *both(destination), effect="Deny"), "Principal": "*"}
    abroad.client(ALICE).put_bucket_policy(Bucket=destination, Policy=policy(deny))
    where = {"Bucket": source, "Key": "key", "VersionId": version}
    changes = {
        "DstPutRetentionNotPermitted": lambda: s3.put_object_retention(
            **where, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": "2040-01-01T00:00:00Z"}
        ),
        "DstPutLegalHoldNotPermitted": lambda: s3.put_object_legal_hold(**where, LegalHold={"Status": "ON"}),
        "DstPutTaggingNotPermitted": lambda: s3.put_object_tagging(
            **where, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]}
        ),
        "DstPutAclNotPermitted": lambda: s3.put_object_acl(**where, ACL="bucket-owner-full-control"),
    }
    expected = {reason} if reason else set(changes)
    for name in changes:
        if name in expected:
            changes[name]()
    eventually(
        lambda: reasons_of(federation, source, "key", version) == expected,
        lambda: f"each fails: {reasons_of(federation, source, 'key', version)}",
    )
    wait_for_status(s3, source, "key", version, expected="FAILED")


def reasons_of(federation, bucket, key, version):
    """The reasons of all components that FAILED."""
    answer = subprocess.run(
        [tern_binary(), "explain", f"s3://{bucket}/{key}?versionId={version}", "--dir", str(federation.directory), "--json"],
        capture_output=True, check=True, timeout=30,
    )  # fmt: skip
    return {
        failure["reason"]
        for delivery in json.loads(answer.stdout)["deliveries"]
        for failure in delivery.get("failures", [])
    }


def test_F_28_A_12_a_change_of_metadata_needs_the_right_to_read_the_object(federation, home, abroad, s3):
    source, destination = home.bucket(), abroad.bucket()
    iam = home.service("iam", ALICE)
    role = trusted_role(home, allow(SOURCE_ACTIONS, *both(source)), allow(DESTINATION_ACTIONS, *both(destination)))
    configure(s3, source, rule(destination), role=role)
    version = s3.put_object(Bucket=source, Key="key", Body=b"")["VersionId"]
    wait_for_status(s3, source, "key", version)
    name = role.rpartition("/")[2]
    rest = set(SOURCE_ACTIONS) - {"s3:GetObjectVersionForReplication"}
    iam.put_role_policy(
        RoleName=name, PolicyName="p",
        PolicyDocument=policy(allow(rest, *both(source)), allow(DESTINATION_ACTIONS, *both(destination))),
    )  # fmt: skip
    s3.put_object_tagging(Bucket=source, Key="key", VersionId=version, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    failed_with(federation, s3, source, version, "SrcHeadObjectNotPermitted")


def test_F_18_L_74_T_11_a_change_of_a_replica_whose_source_is_gone(federation, home, abroad, s3):
    """The replica is REPLICA, PENDING while its change is on the way, and FAILED where it cannot arrive."""
    source, destination = home.bucket(), abroad.bucket()
    far = abroad.client(ALICE)
    criteria = {"ReplicaModifications": {"Status": "Enabled"}}
    for client, bucket, target in ((s3, source, destination), (far, destination, source)):
        configure(client, bucket, {**rule(target), "SourceSelectionCriteria": criteria})
    version = s3.put_object(Bucket=source, Key="key", Body=b"")["VersionId"]
    wait_for_status(s3, source, "key", version)
    wait_for_status(far, destination, "key", version, expected="REPLICA")
    tags = {"TagSet": [{"Key": "a", "Value": "1"}]}
    with home.paused():
        far.put_object_tagging(Bucket=destination, Key="key", VersionId=version, Tagging=tags)
        wait_for_status(far, destination, "key", version, expected="PENDING")
    wait_for_status(far, destination, "key", version, expected="REPLICA")
    assert s3.get_object_tagging(Bucket=source, Key="key", VersionId=version)["TagSet"] == tags["TagSet"]
    s3.delete_object(Bucket=source, Key="key", VersionId=version)
    far.delete_object_tagging(Bucket=destination, Key="key", VersionId=version)
    wait_for_status(far, destination, "key", version, expected="FAILED")
    assert reason_of(federation, destination, "key", version) == "DstVersionNotFound"


def test_L_76_changes_of_replicas_are_carried_by_the_role_of_their_own_bucket(federation, home, abroad, s3):
    source, destination = home.bucket(), abroad.bucket()
    far = abroad.client(ALICE)
    criteria = {"ReplicaModifications": {"Status": "Enabled"}}
    configure(s3, source, {**rule(destination), "SourceSelectionCriteria": criteria})
    powerless = trusted_role(home, allow(["s3:ListBucket"], *both(destination)))
    configure(far, destination, {**rule(source), "SourceSelectionCriteria": criteria}, role=powerless)
    version = s3.put_object(Bucket=source, Key="key", Body=b"")["VersionId"]
    wait_for_status(s3, source, "key", version)
    far.put_object_tagging(
        Bucket=destination, Key="key", VersionId=version, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]}
    )
    failed_with(federation, far, destination, version, "SrcHeadObjectNotPermitted")
    wait_for_status(s3, source, "key", version)


def test_A_50_of_several_faults_the_first_in_order_is_the_reason(federation, home, abroad, s3):
    """The destination is not versioned and denies the role, which may not read the source either."""
    source, destination = home.bucket(), abroad.bucket()
    far = abroad.client(ALICE)
    weak = trusted_role(
        home, allow(set(SOURCE_ACTIONS) - {"s3:GetObjectVersionAcl"}, *both(source)), allow(["s3:ReplicateObject"], *both(destination))
    )  # fmt: skip
    configure(s3, source, rule(destination), role=weak)
    deny = {**allow(["s3:ReplicateObject"], *both(destination), effect="Deny"), "Principal": "*"}
    far.put_bucket_policy(Bucket=destination, Policy=policy(deny))
    far.put_bucket_versioning(Bucket=destination, VersioningConfiguration={"Status": "Suspended"})
    version = s3.put_object(Bucket=source, Key="a", Body=b"")["VersionId"]
    failed_with(federation, s3, source, version, "SrcGetAclNotPermitted", key="a")
    far.put_bucket_versioning(Bucket=destination, VersioningConfiguration={"Status": "Enabled"})
    configure(s3, source, rule(destination))
    far.put_bucket_versioning(Bucket=destination, VersioningConfiguration={"Status": "Suspended"})
    version = s3.put_object(Bucket=source, Key="b", Body=b"")["VersionId"]
    failed_with(federation, s3, source, version, "DstPutObjectNotPermitted", key="b")
    far.delete_bucket_policy(Bucket=destination)
    version = s3.put_object(Bucket=source, Key="c", Body=b"")["VersionId"]
    failed_with(federation, s3, source, version, "DstBucketUnversioned", key="c")


def test_U_24_T_08_a_failure_is_seen_in_status_explain_and_log(federation, home, abroad, s3):
    source, destination = home.bucket(), abroad.bucket()
    configure(s3, source, rule(destination))
    abroad.client(ALICE).delete_bucket(Bucket=destination)
    version = s3.put_object(Bucket=source, Key="key", Body=b"", Metadata={"password": "in-no-log"})["VersionId"]
    failed_with(federation, s3, source, version, "DstBucketNotFound")
    answer = subprocess.run(
        [tern_binary(), "status", "--dir", str(federation.directory), "--json"], capture_output=True, check=True, timeout=30
    )  # fmt: skip
    rules = [rule for region in json.loads(answer.stdout)["regions"] for rule in region["rules"]]
    assert [rule["failures"] for rule in rules if rule["sourceBucket"] == source] == [{"DstBucketNotFound": 1}]
    lines = [line for line in federation.logs().splitlines() if version in line and "replication failed" in line]
    assert len(lines) == 1
    for word in ("DstBucketNotFound", "OBJECT_PUT", source, destination):
        assert word in lines[0]
    assert "in-no-log" not in federation.logs()


def test_P_18_I_24_settings_of_buckets_do_not_replicate(home, abroad, s3):
    source, destination = home.bucket(), abroad.bucket()
    far = abroad.client(ALICE)
    configure(s3, source, rule(destination))
    s3.put_bucket_website(Bucket=source, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    s3.put_bucket_cors(
        Bucket=source, CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
    )
    s3.put_bucket_tagging(Bucket=source, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    wait_for_status(s3, source, "key", s3.put_object(Bucket=source, Key="key", Body=b"")["VersionId"])
    for call in (far.get_bucket_website, far.get_bucket_cors, far.get_bucket_tagging, far.get_bucket_replication):
        with pytest.raises(far.exceptions.ClientError):
            call(Bucket=destination)


def test_I_30_conditions_of_writes_have_no_effect_on_replication(home, abroad, s3):
    source, destination = home.bucket(), abroad.bucket()
    configure(s3, source, rule(destination))
    first = s3.put_object(Bucket=source, Key="key", Body=b"1", IfNoneMatch="*")
    second = s3.put_object(Bucket=source, Key="key", Body=b"2", IfMatch=first["ETag"])
    with pytest.raises(s3.exceptions.ClientError):
        s3.put_object(Bucket=source, Key="key", Body=b"3", IfNoneMatch="*")
    for answer in (first, second):
        wait_for_status(s3, source, "key", answer["VersionId"])
    versions = abroad.client(ALICE).list_object_versions(Bucket=destination)["Versions"]
    assert [entry["VersionId"] for entry in versions] == [second["VersionId"], first["VersionId"]]


def test_I_09_public_ACLs_of_replicas_have_no_effect_where_they_are_ignored(home, abroad, s3):
    source, destination = (region.bucket(ObjectOwnership="ObjectWriter") for region in (home, abroad))
    s3.delete_public_access_block(Bucket=source)
    configure(s3, source, rule(destination))
    version = s3.put_object(Bucket=source, Key="key", Body=b"public", ACL="public-read")["VersionId"]
    wait_for_status(s3, source, "key", version)
    assert requests.get(f"{home.endpoint}/{source}/key", timeout=10).status_code == 200
    assert requests.get(f"{abroad.endpoint}/{destination}/key", timeout=10).status_code == 403


def test_F_09_a_multipart_object_that_may_not_be_written(pair):
    pair.grant(destination=set(DESTINATION_ACTIONS) - {"s3:ReplicateObject"})
    pair.replicate()
    version = upload_multipart(pair.s3, pair.source, "key", [b"1" * (5 << 20), b"2"])["VersionId"]
    assert pair.failure(version) == "DstMultipartInitNotPermitted"
