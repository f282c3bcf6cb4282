"""Replication of retention, legal hold and ACLs (live-replication.md §2.3 to §2.5, §3, §5, §9)."""

import datetime

import pytest
from federation import ALICE
from replication import configure, rule, status_of, wait_for_replica, wait_for_status
from s3 import fails, pattern, upload_multipart
from waiting import always, eventually

ALL = "http://acs.amazonaws.com/groups/global/AllUsers"
PROTECTED = "Access Denied because object protected by object lock."


def later(**delta):
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(**delta)).replace(microsecond=0)


def put(client, bucket, key="k", body=b"v", **parameters):
    return client.put_object(Bucket=bucket, Key=key, Body=body, **parameters)["VersionId"]


def lock_of(client, bucket, version, key="k"):
    head = client.head_object(Bucket=bucket, Key=key, VersionId=version)
    return tuple(
        head.get(name) for name in ("ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus")
    )


def retain(client, bucket, version, mode, until, **parameters):
    retention = {"Mode": mode, "RetainUntilDate": until} if until else {}
    client.put_object_retention(Bucket=bucket, Key="k", VersionId=version, Retention=retention, **parameters)


def make(region, **parameters):
    """A bucket with versioning, and with Object Lock unless it is told otherwise."""
    parameters.setdefault("ObjectLockEnabledForBucket", True)
    return region.bucket(**parameters)


def default_retention(client, bucket, mode, days):
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": mode, "Days": days}}}
    client.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=configuration)


@pytest.fixture(params=["cross-region", "same-region"])
def regions(request, federation):
    home = federation["us-east-1"]
    return home, federation["eu-west-1"] if request.param == "cross-region" else home


@pytest.fixture
def locked(regions):
    """(source client, source bucket, destination client, destination bucket), both with Object Lock."""
    here, there = regions
    source, destination = make(here), make(there)
    configure(here.client(), source, rule(destination))
    return here.client(), source, there.client(), destination


@pytest.fixture
def open_pair(regions):
    """The same without Object Lock, and with ACLs in effect."""
    here, there = regions
    pair = []
    for region in (here, there):
        name = region.bucket(ObjectOwnership="ObjectWriter")
        region.client().delete_public_access_block(Bucket=name)
        pair += [region.client(), name]
    configure(pair[0], pair[1], rule(pair[3]))
    return tuple(pair)


def grants(client, bucket, version, key="k"):
    answer = client.get_object_acl(Bucket=bucket, Key=key, VersionId=version)
    return {(grant["Grantee"].get("URI", "owner"), grant["Permission"]) for grant in answer["Grants"]}


# Retention and legal hold


@pytest.mark.parametrize("size", [1, 300_000])
def test_l_20_p_16_created_with_a_lock(locked, size):
    source, bucket, destination, other = locked
    until = later(days=1)
    version = put(
        source, bucket, body=pattern(size), ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until,
        ObjectLockLegalHoldStatus="ON",
    )  # fmt: skip
    wait_for_status(source, bucket, "k", version)
    assert lock_of(destination, other, version) == ("COMPLIANCE", until, "ON")
    with fails(403, "AccessDenied", PROTECTED):
        destination.delete_object(Bucket=other, Key="k", VersionId=version)


def test_l_20_by_default_of_the_source_and_by_parts(locked):
    source, bucket, destination, other = locked
    default_retention(source, bucket, "GOVERNANCE", 3)
    version = put(source, bucket)
    parts = upload_multipart(source, bucket, "m", [pattern(5 << 20), b"end"])["VersionId"]
    for key, each in (("k", version), ("m", parts)):
        wait_for_status(source, bucket, key, each)
        assert lock_of(destination, other, each, key) == lock_of(source, bucket, each, key)
        assert lock_of(destination, other, each, key)[0] == "GOVERNANCE"


def test_p_16_i_29_u_28_default_of_the_destination(locked):
    source, bucket, destination, other = locked
    default_retention(destination, other, "COMPLIANCE", 1)
    plain = put(source, bucket)
    own = later(days=9)
    governed = put(source, bucket, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=own)
    for version in (plain, governed):
        wait_for_status(source, bucket, "k", version)
    mode, until, _ = lock_of(destination, other, plain)
    assert mode == "COMPLIANCE" and later(hours=23) < until <= later(days=1, seconds=1)
    assert lock_of(source, bucket, plain) == (None, None, None)
    assert lock_of(destination, other, governed)[:2] == ("GOVERNANCE", own)
    with fails(403, "AccessDenied"):
        destination.delete_object(Bucket=other, Key="k", VersionId=plain)
    source.delete_object(Bucket=bucket, Key="k", VersionId=plain)


def test_l_52_later_changes(locked):
    source, bucket, destination, other = locked
    version = put(source, bucket)
    wait_for_status(source, bucket, "k", version)
    assert lock_of(destination, other, version) == (None, None, None)
    for change in (
        lambda: retain(source, bucket, version, "GOVERNANCE", later(days=1)),
        lambda: source.put_object_legal_hold(Bucket=bucket, Key="k", VersionId=version, LegalHold={"Status": "ON"}),
        lambda: retain(source, bucket, version, "COMPLIANCE", later(days=2)),
        lambda: source.put_object_legal_hold(Bucket=bucket, Key="k", VersionId=version, LegalHold={"Status": "OFF"}),
    ):
        change()
        wait_for_status(source, bucket, "k", version)
        assert lock_of(destination, other, version) == lock_of(source, bucket, version)
    assert status_of(destination, other, "k", version) == "REPLICA"


def test_l_56_noncurrent_versions(locked):
    source, bucket, destination, other = locked
    version = put(source, bucket)
    newer = put(source, bucket)
    source.put_object_legal_hold(Bucket=bucket, Key="k", VersionId=version, LegalHold={"Status": "ON"})
    wait_for_status(source, bucket, "k", version)
    wait_for_status(source, bucket, "k", newer)
    assert lock_of(destination, other, version)[2] == "ON"
    assert lock_of(destination, other, newer)[2] is None


def test_l_53_never_admitted(regions):
    here, there = regions
    client, bucket, other = here.client(), make(here), make(there)
    version = put(client, bucket)
    configure(client, bucket, rule(other))
    retain(client, bucket, version, "GOVERNANCE", later(days=1))
    always(lambda: status_of(client, bucket, "k", version) is None, "no status", during=0.5)


@pytest.mark.parametrize("is_removed", [False, True])
def test_l_59_a_replica_is_never_protected_less(locked, is_removed):
    source, bucket, destination, other = locked
    until = later(days=5)
    version = put(source, bucket, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until)
    wait_for_status(source, bucket, "k", version)
    earlier = None if is_removed else later(days=1)
    retain(source, bucket, version, "GOVERNANCE", earlier, BypassGovernanceRetention=True)
    wait_for_status(source, bucket, "k", version, "FAILED")
    assert lock_of(destination, other, version)[:2] == ("GOVERNANCE", until)
    # Other attributes flow all the same, and an extension makes the two alike again.
    source.put_object_legal_hold(Bucket=bucket, Key="k", VersionId=version, LegalHold={"Status": "ON"})
    eventually(lambda: lock_of(destination, other, version)[2] == "ON", "the legal hold arrives")
    retain(source, bucket, version, "COMPLIANCE", later(days=7))
    wait_for_status(source, bucket, "k", version)
    assert lock_of(destination, other, version) == lock_of(source, bucket, version)


def test_f_04_i_05_w_08_u_29_destination_without_lock(regions):
    here, there = regions
    client, bucket, other = here.client(), make(here), there.bucket()
    configure(client, bucket, rule(other))
    plain = put(client, bucket)
    locked = put(client, bucket, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later(days=1))
    held = put(client, bucket, ObjectLockLegalHoldStatus="ON")
    wait_for_status(client, bucket, "k", plain)
    for version in (locked, held):
        wait_for_status(client, bucket, "k", version, "FAILED")
    client.put_object_legal_hold(Bucket=bucket, Key="k", VersionId=plain, LegalHold={"Status": "ON"})
    wait_for_status(client, bucket, "k", plain, "FAILED")
    assert lock_of(there.client(), other, plain) == (None, None, None)


def test_c_38_e_44_configuration_does_not_ask_for_locks(home, abroad):
    client, bucket, other = home.client(), make(home), abroad.bucket()
    configure(client, bucket, rule(other))
    assert client.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]["Rules"]


def both_ways(here, bucket, there, other):
    criteria = {"ReplicaModifications": {"Status": "Enabled"}}
    for client, name, target in ((here.client(), bucket, other), (there.client(), other, bucket)):
        configure(client, name, {**rule(target), "SourceSelectionCriteria": criteria})


def test_l_71_changes_of_replicas_flow_back(home, abroad):
    bucket, other = make(home), make(abroad)
    both_ways(home, bucket, abroad, other)
    source, destination = home.client(), abroad.client()
    version = put(source, bucket)
    wait_for_replica(destination, other, "k", version)
    wait_for_status(source, bucket, "k", version)
    until = later(days=1)
    retain(destination, other, version, "GOVERNANCE", until)
    eventually(lambda: lock_of(source, bucket, version)[:2] == ("GOVERNANCE", until), "the retention comes back")
    wait_for_status(destination, other, "k", version, "REPLICA")
    source.put_object_legal_hold(Bucket=bucket, Key="k", VersionId=version, LegalHold={"Status": "ON"})
    eventually(lambda: lock_of(destination, other, version)[2] == "ON", "the hold arrives")
    wait_for_status(source, bucket, "k", version)


def test_p_16_default_of_the_destination_does_not_flow_back(home, abroad):
    bucket, other = home.bucket(), make(abroad)
    default_retention(abroad.client(), other, "GOVERNANCE", 1)
    both_ways(home, bucket, abroad, other)
    source, destination = home.client(), abroad.client()
    version = put(source, bucket)
    wait_for_replica(destination, other, "k", version)
    tags = {"TagSet": [{"Key": "a", "Value": "1"}]}
    destination.put_object_tagging(Bucket=other, Key="k", VersionId=version, Tagging=tags)
    wait_for_status(destination, other, "k", version, "REPLICA")
    eventually(
        lambda: source.get_object_tagging(Bucket=bucket, Key="k", VersionId=version)["TagSet"] == tags["TagSet"],
        "the tags come back",
    )
    assert lock_of(source, bucket, version) == (None, None, None)


# ACLs


def test_p_15_l_51_acls(open_pair):
    source, bucket, destination, other = open_pair
    version = put(source, bucket, ACL="public-read")
    wait_for_status(source, bucket, "k", version)
    assert grants(destination, other, version) == {("owner", "FULL_CONTROL"), (ALL, "READ")}
    source.put_object_acl(Bucket=bucket, Key="k", VersionId=version, ACL="private")
    wait_for_status(source, bucket, "k", version)
    assert grants(destination, other, version) == {("owner", "FULL_CONTROL")}
    source.put_object_acl(Bucket=bucket, Key="k", VersionId=version, ACL="public-read-write")
    wait_for_status(source, bucket, "k", version)
    assert grants(destination, other, version) == grants(source, bucket, version)


def test_i_27_enforced_destination_has_no_acls(open_pair):
    source, bucket, destination, other = open_pair
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    destination.put_bucket_ownership_controls(Bucket=other, OwnershipControls=controls)
    version = put(source, bucket, ACL="public-read")
    wait_for_status(source, bucket, "k", version)
    assert grants(destination, other, version) == {("owner", "FULL_CONTROL")}
    source.put_object_acl(Bucket=bucket, Key="k", VersionId=version, ACL="public-read-write")
    wait_for_status(source, bucket, "k", version)
    # Nor was any kept, to come into effect later.
    destination.delete_bucket_ownership_controls(Bucket=other)
    assert grants(destination, other, version) == {("owner", "FULL_CONTROL")}


def test_l_60_owner_override_decides_for_good(open_pair):
    source, bucket, destination, other = open_pair
    before = put(source, bucket, ACL="public-read")
    wait_for_status(source, bucket, "k", before)
    override = {"Account": ALICE.id, "AccessControlTranslation": {"Owner": "Destination"}}
    configure(source, bucket, rule(other, **override))
    during = put(source, bucket, ACL="public-read")
    wait_for_status(source, bucket, "k", during)
    assert grants(destination, other, during) == {("owner", "FULL_CONTROL")}
    # Replicated before the override: its ACL flows on. Replicated under it: never.
    for version in (before, during):
        source.put_object_acl(Bucket=bucket, Key="k", VersionId=version, ACL="authenticated-read")
    wait_for_status(source, bucket, "k", before)
    assert grants(destination, other, before) == grants(source, bucket, before)
    assert status_of(source, bucket, "k", during) == "COMPLETED"
    configure(source, bucket, rule(other))
    source.put_object_acl(Bucket=bucket, Key="k", VersionId=during, ACL="public-read")
    tags = {"TagSet": [{"Key": "a", "Value": "1"}]}
    source.put_object_tagging(Bucket=bucket, Key="k", VersionId=during, Tagging=tags)
    wait_for_status(source, bucket, "k", during)
    assert destination.get_object_tagging(Bucket=other, Key="k", VersionId=during)["TagSet"] == tags["TagSet"]
    assert grants(destination, other, during) == {("owner", "FULL_CONTROL")}
