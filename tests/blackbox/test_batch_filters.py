"""Lists that jobs generate, by each criterion of their filter (batch-replication §3.4)."""

import csv
import datetime
import gzip
import io
import json
import urllib.parse

import batch
import pytest
from federation import ALICE
from s3 import all_versions
from s3control import client as control_client

CUSTOMER_KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
SECOND = datetime.timedelta(seconds=1)
MILLISECOND = datetime.timedelta(milliseconds=1)


class Collection:
    """A bucket with a version of each kind, and the lists of it that jobs make and wait to be confirmed with."""

    def __init__(self, home):
        self.s3, self.control = home.client(), control_client(home)
        self.bucket, self.output = home.bucket(), home.bucket(versioned=False)
        self.role = batch.job_role(home, actions=["s3:*", "kms:*"])
        kms = home.service("kms")
        self.keys = [kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2)]
        self.versions = {}
        self.put("a/one.txt", 10)
        self.put("a/one.txt", 20)
        self.put("a/two.jpg", 100, StorageClass="STANDARD_IA")
        self.put("b/three.jpg", 1000, StorageClass="GLACIER_IR")
        self.put("b/a+b c~ü.txt", 0)
        self.put("kms/plain", 5, ServerSideEncryption="aws:kms", SSEKMSKeyId=self.keys[0])
        self.put("kms/bucket-key", 5, ServerSideEncryption="aws:kms", SSEKMSKeyId=self.keys[1], BucketKeyEnabled=True)
        self.put("kms/double", 5, ServerSideEncryption="aws:kms:dsse", SSEKMSKeyId=self.keys[0])
        self.put("customer", 5, **CUSTOMER_KEY)
        self.put("cold/frozen", 5, StorageClass="GLACIER")
        self.put("cold/deep", 5, StorageClass="DEEP_ARCHIVE")
        self.s3.delete_object(Bucket=self.bucket, Key="gone")

    def put(self, key, size, **parameters):
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"x" * size, **parameters)

    def times(self):
        return {entry["Key"]: entry["LastModified"] for entry in all_versions(self.s3, self.bucket)}

    def list(self, **filters):
        """The keys of a list, each as often as it has versions in it; `None` where the job failed for an empty one."""
        job = batch.create(
            self.control, self.role, confirm=True,
            ManifestGenerator=batch.generator(self.bucket, output=self.output, **filters),
        )  # fmt: skip
        found = batch.describe(self.control, job)
        while found["Status"] not in ("Suspended", "Failed"):
            found = batch.describe(self.control, job)
        if found["Status"] == "Failed":
            [reason] = found["FailureReasons"]
            assert reason["FailureReason"] == "Manifest generation found no keys matching the filter criteria.", reason
            return None
        location = found["GeneratedManifestDescriptor"]["Location"]["ObjectArn"].removeprefix("arn:aws:s3:::")
        rows = self.rows(*location.split("/", 1))
        assert found["ProgressSummary"]["TotalNumberOfTasks"] == len(rows)
        self.control.update_job_status(AccountId=ALICE.id, JobId=job, RequestedJobStatus="Cancelled")
        known = {(entry["Key"], entry["VersionId"]) for entry in all_versions(self.s3, self.bucket)}
        keys = [urllib.parse.unquote_plus(key) for _, key, _ in rows]
        assert {(key, version) for key, (_, _, version) in zip(keys, rows, strict=True)} <= known
        return sorted(keys)

    def rows(self, bucket, key):
        manifest = json.loads(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        rows = []
        for file in manifest["files"]:
            body = self.s3.get_object(Bucket=bucket, Key=file["key"])["Body"].read()
            rows += csv.reader(io.StringIO(gzip.decompress(body).decode()))
        return rows


@pytest.fixture(scope="module")
def collection(federation):
    return Collection(federation["us-east-1"])


NOT_ARCHIVED = sorted([
    "a/one.txt", "a/one.txt", "a/two.jpg", "b/three.jpg", "b/a+b c~ü.txt", "kms/plain", "kms/bucket-key", "kms/double",
    "customer", "gone",
])  # fmt: skip


def test_br_mg_1_without_a_filter_every_version_and_marker_is_listed(collection):
    assert collection.list() == NOT_ARCHIVED


@pytest.mark.parametrize(("constraint", "keys"), [
    ({"MatchAnyPrefix": ["a/"]}, ["a/one.txt", "a/one.txt", "a/two.jpg"]),
    ({"MatchAnySuffix": [".jpg"]}, ["a/two.jpg", "b/three.jpg"]),
    ({"MatchAnySubstring": ["/t"]}, ["a/two.jpg", "b/three.jpg"]),
    ({"MatchAnySubstring": ["+b c~ü"]}, ["b/a+b c~ü.txt"]),
    ({"MatchAnyPrefix": ["b/"], "MatchAnySuffix": [".jpg"]}, ["b/three.jpg"]),
    ({"MatchAnyPrefix": ["a/"], "MatchAnySuffix": [".txt"], "MatchAnySubstring": ["two"]}, None),
    # The whole key is each of them.
    ({"MatchAnyPrefix": ["gone"], "MatchAnySuffix": ["gone"], "MatchAnySubstring": ["gone"]}, ["gone"]),
    ({"MatchAnySuffix": ["much longer than any key"]}, None),
    # Neither encoding nor patterns mean anything.
    ({"MatchAnyPrefix": ["a%2F"]}, None),
    ({"MatchAnyPrefix": ["a*"]}, None),
])  # fmt: skip
def test_names(collection, constraint, keys):
    assert collection.list(KeyNameConstraint=constraint) == keys


@pytest.mark.parametrize(("sizes", "keys"), [
    ({"ObjectSizeGreaterThanBytes": 20}, ["a/two.jpg", "b/three.jpg"]),
    ({"ObjectSizeGreaterThanBytes": 19, "ObjectSizeLessThanBytes": 100}, ["a/one.txt"]),
    ({"ObjectSizeGreaterThanBytes": 9, "ObjectSizeLessThanBytes": 1000}, ["a/one.txt", "a/one.txt", "a/two.jpg"]),
    # A delete marker has no size, and is neither larger nor smaller.
    ({"ObjectSizeLessThanBytes": 5}, ["b/a+b c~ü.txt"]),
    ({"ObjectSizeLessThanBytes": 0}, None),
    ({"ObjectSizeGreaterThanBytes": 2**63 - 1}, None),
])  # fmt: skip
def test_sizes(collection, sizes, keys):
    assert collection.list(**sizes) == keys


@pytest.mark.parametrize(("classes", "keys"), [
    (["STANDARD_IA"], ["a/two.jpg"]),
    (["STANDARD_IA", "GLACIER_IR"], ["a/two.jpg", "b/three.jpg"]),
    (["ONEZONE_IA", "INTELLIGENT_TIERING"], None),
    # BR-MG-2: asked for by name, they are still what cannot be replicated.
    (["GLACIER", "DEEP_ARCHIVE"], None),
])  # fmt: skip
def test_br_mg_2_storage_classes(collection, classes, keys):
    assert collection.list(MatchAnyStorageClass=classes) == keys


def test_encryption(collection):
    def of(kind, **more):
        return collection.list(MatchAnyObjectEncryption=[{kind: more}])

    plain, double = collection.keys[0], collection.keys[0]
    assert of("SSEKMS") == ["kms/bucket-key", "kms/plain"]
    assert of("SSEKMS", KmsKeyArn=plain) == ["kms/plain"]
    assert of("SSEKMS", BucketKeyEnabled=True) == ["kms/bucket-key"]
    assert of("SSEKMS", BucketKeyEnabled=False) == ["kms/plain"]
    assert of("SSEKMS", KmsKeyArn=plain, BucketKeyEnabled=True) is None
    assert of("DSSEKMS") == of("DSSEKMS", KmsKeyArn=double) == ["kms/double"]
    assert of("DSSEKMS", KmsKeyArn=collection.keys[1]) is None
    assert of("SSEC") == ["customer"]
    assert of("SSES3") == [key for key in NOT_ARCHIVED if key[0] in "ab"]
    assert of("NOTSSE") is None


def test_times(collection):
    times = collection.times()
    first, last = min(times.values()), max(times.values())
    assert collection.list(CreatedAfter=first - SECOND, CreatedBefore=last + SECOND) == NOT_ARCHIVED
    assert collection.list(CreatedBefore=first - SECOND) is None
    assert collection.list(CreatedAfter=last + SECOND) is None
    # The time itself is neither before nor after.
    one = times["customer"]
    only = {"KeyNameConstraint": {"MatchAnyPrefix": ["customer"]}}
    assert collection.list(CreatedAfter=one, **only) is None
    assert collection.list(CreatedBefore=one, **only) is None
    assert collection.list(CreatedAfter=one - MILLISECOND, CreatedBefore=one + MILLISECOND, **only) == ["customer"]


def test_all_criteria_have_to_be_met(collection):
    criteria = {
        "ObjectReplicationStatuses": ["NONE"],
        "KeyNameConstraint": {"MatchAnyPrefix": ["a/"]},
        "ObjectSizeGreaterThanBytes": 15,
        "MatchAnyStorageClass": ["STANDARD", "STANDARD_IA"],
        "MatchAnyObjectEncryption": [{"SSES3": {}}],
    }
    assert collection.list(**criteria) == ["a/one.txt", "a/two.jpg"]
    for change in (
        {"ObjectReplicationStatuses": ["FAILED", "COMPLETED", "REPLICA"]},
        {"KeyNameConstraint": {"MatchAnyPrefix": ["z/"]}},
        {"ObjectSizeGreaterThanBytes": 1500},
        {"MatchAnyStorageClass": ["GLACIER_IR"]},
        {"MatchAnyObjectEncryption": [{"SSEC": {}}]},
    ):
        assert collection.list(**{**criteria, **change}) is None, change
