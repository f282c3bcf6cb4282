"""Replication configurations, and waiting for what they bring about."""

from federation import ALICE
from s3 import all_versions, body_of
from waiting import eventually

ROLE = f"arn:aws:iam::{ALICE.id}:role/replication"


def rule(
    destination, *, prefix=None, tags=None, identifier=None, priority=1, markers="Disabled", status="Enabled", **more
):
    """A V2 rule to the bucket `destination`; `more` goes into its Destination."""
    tags = tags or {}
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    if len(pairs) + (prefix is not None) > 1:
        matches = {"And": {"Tags": pairs, **({"Prefix": prefix} if prefix is not None else {})}}
    elif pairs:
        matches = {"Tag": pairs[0]}
    else:
        matches = {"Prefix": prefix or ""}
    made = {
        "Status": status,
        "Priority": priority,
        "Filter": matches,
        "DeleteMarkerReplication": {"Status": markers},
        "Destination": {"Bucket": f"arn:aws:s3:::{destination}", **more},
    }
    if identifier:
        made["ID"] = identifier
    return made


def rule_v1(destination, prefix="", **more):
    return {"Status": "Enabled", "Prefix": prefix, "Destination": {"Bucket": f"arn:aws:s3:::{destination}", **more}}


def configure(client, bucket, *rules, role=ROLE):
    client.put_bucket_replication(Bucket=bucket, ReplicationConfiguration={"Role": role, "Rules": list(rules)})


def status_of(client, bucket, key, version=None):
    parameters = {"VersionId": version} if version else {}
    return client.head_object(Bucket=bucket, Key=key, **parameters).get("ReplicationStatus")


def wait_for_status(client, bucket, key, version=None, expected="COMPLETED", within=30):
    seen = []

    def reached():
        seen.append(status_of(client, bucket, key, version))
        return seen[-1] == expected

    eventually(reached, lambda: f"{bucket}/{key} is {expected}; it is {seen[-1]}", within=within)


def wait_for_replica(client, bucket, key, version=None, within=30):
    """HEAD of the replica, as soon as there is one."""
    parameters = {"VersionId": version} if version else {}
    return eventually(
        lambda: client.head_object(Bucket=bucket, Key=key, **parameters),
        f"{bucket}/{key} ({version}) arrives",
        within=within,
        swallow=(client.exceptions.ClientError,),
    )


def is_absent(client, bucket, key, version):
    """Whether the bucket has no such version, delete markers included."""
    return not [entry for entry in all_versions(client, bucket) if (entry["Key"], entry["VersionId"]) == (key, version)]


def assert_same_version(source, source_bucket, destination, destination_bucket, key, version, *, storage_class=None):
    """The replica is the version itself: P-01 to P-10."""
    parameters = {"Key": key, "VersionId": version, "ChecksumMode": "ENABLED"}
    here = source.get_object(Bucket=source_bucket, **parameters)
    there = destination.get_object(Bucket=destination_bucket, **parameters)
    assert body_of(here) == body_of(there)
    for name in (
        "ETag", "LastModified", "ContentLength", "ContentType", "CacheControl", "ContentDisposition", "ContentEncoding",
        "ContentLanguage", "ExpiresString", "WebsiteRedirectLocation", "Metadata", "VersionId", "ChecksumType", "ChecksumCRC32",
        "ChecksumCRC32C", "ChecksumCRC64NVME", "ChecksumSHA1", "ChecksumSHA256", "TagCount",
    ):  # fmt: skip
        assert here.get(name) == there.get(name), (name, here.get(name), there.get(name))
    expected_class = storage_class or here.get("StorageClass")
    assert there.get("StorageClass", "STANDARD") == (expected_class or "STANDARD")
    assert there["ReplicationStatus"] == "REPLICA"
    tags = [
        sorted(
            (tag["Key"], tag["Value"])
            for tag in client.get_object_tagging(Bucket=bucket, Key=key, VersionId=version)["TagSet"]
        )
        for client, bucket in ((source, source_bucket), (destination, destination_bucket))
    ]
    assert tags[0] == tags[1]


def listing(client, bucket):
    """What both sides must agree on, in list order: key, version, kind, ETag, size, time, whether latest."""
    return sorted(
        (
            entry["Key"], entry["VersionId"], entry["IsMarker"], entry.get("ETag"), entry.get("Size"), entry["LastModified"],
            entry["IsLatest"],
        )
        for entry in all_versions(client, bucket)
    )  # fmt: skip


def wait_until_equal(source, source_bucket, destination, destination_bucket, within=60):
    """Both buckets hold the same versions and delete markers."""
    state = {}

    def equal():
        state["here"] = listing(source, source_bucket)
        state["there"] = listing(destination, destination_bucket)
        return state["here"] == state["there"]

    def difference():
        here, there = set(state["here"]), set(state["there"])
        only_here, only_there = sorted(here - there)[:3], sorted(there - here)[:3]
        return f"equal lists; here {len(here)}, there {len(there)}, only here {only_here}, only there {only_there}"

    eventually(equal, difference, within=within, every=0.2)
    return state["here"]
