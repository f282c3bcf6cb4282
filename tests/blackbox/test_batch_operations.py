"""Jobs of the operations beside replication: each task is one S3 request as the job's role (batch-replication §2.2)."""

import base64
import datetime
import hashlib
import json

import batch
import pytest
from federation import ALICE
from s3control import client as control_client
from waiting import eventually

DONE = ("succeeded", "200", "", "Successful")


class Shelf:
    """A bucket of objects, and jobs over them."""

    def __init__(self, home, **parameters):
        self.home, self.s3 = home, home.client()
        self.bucket = home.bucket(**parameters)
        self.reports = home.bucket(versioned=False)
        self.control = control_client(home)
        self.role = batch.job_role(home, actions=["s3:*", "kms:*"])

    def put(self, key, body=b"data", **parameters):
        return self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, **parameters).get("VersionId")

    def run(self, operation, *rows, **options):
        """The rows of the report of a job that has completed, by key."""
        made = [(self.bucket, *(row if isinstance(row, tuple) else (row,))) for row in rows]
        fields = ("Bucket", "Key", "VersionId")[: len(made[0])]
        report = {**batch.report_to(self.reports), "ExpectedBucketOwner": ALICE.id}
        job = batch.create(
            self.control, self.role, operation=operation, report=report,
            Manifest=batch.csv_manifest(self.s3, self.reports, made, fields=fields), **options,
        )  # fmt: skip
        batch.completed(self.control, job)
        return {row[1]: (row[3], row[4], row[5], row[6]) for row in batch.rows_of_report(self.s3, self.reports, job)}


@pytest.fixture
def shelf(home):
    return Shelf(home)


def tags_of(shelf, key, bucket=None):
    answer = shelf.s3.get_object_tagging(Bucket=bucket or shelf.bucket, Key=key)
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def test_tags_are_replaced_and_removed(shelf):
    shelf.put("a", Tagging="old=1")
    shelf.put("b")
    tagging = {"S3PutObjectTagging": {"TagSet": [{"Key": "new", "Value": "2"}]}}
    missing = ("failed", "404", "NoSuchKey", "The specified key does not exist.")
    assert shelf.run(tagging, "a", "b", "missing") == {"a": DONE, "b": DONE, "missing": missing}
    assert tags_of(shelf, "a") == tags_of(shelf, "b") == {"new": "2"}
    assert shelf.run({"S3DeleteObjectTagging": {}}, "a") == {"a": DONE}
    assert tags_of(shelf, "a") == {}


def test_a_row_with_a_version_acts_on_that_version(shelf):
    old = shelf.put("a", Tagging="t=old")
    shelf.put("a", Tagging="t=new")
    assert shelf.run({"S3DeleteObjectTagging": {}}, ("a", old)) == {"a": DONE}
    assert tags_of(shelf, "a") == {"t": "new"}
    assert shelf.s3.get_object_tagging(Bucket=shelf.bucket, Key="a", VersionId=old)["TagSet"] == []


def test_br_mf_7_a_row_without_its_version(shelf):
    version = shelf.put("a")
    rows = shelf.run({"S3DeleteObjectTagging": {}}, ("a", version), ("b", ""))
    assert rows["b"] == ("failed", "400", "InvalidRequest", "Task failed due to missing VersionId")


def test_copy_to_another_bucket(shelf):
    target = shelf.home.bucket()
    shelf.put("dir/a b", b"body", Metadata={"m": "1"}, Tagging="t=1", ContentType="text/plain")
    copy = {"TargetResource": f"arn:aws:s3:::{target}", "TargetKeyPrefix": "copies", "StorageClass": "STANDARD_IA"}
    assert shelf.run({"S3PutObjectCopy": copy}, "dir/a%20b") == {"dir/a%20b": DONE}
    found = shelf.s3.get_object(Bucket=target, Key="copies/dir/a b")
    assert found["Body"].read() == b"body"
    assert (found["Metadata"], found["ContentType"], found["StorageClass"]) == ({"m": "1"}, "text/plain", "STANDARD_IA")
    assert tags_of(shelf, "copies/dir/a b", target) == {"t": "1"}


def test_copy_with_new_metadata_and_tags(shelf):
    shelf.put("a", Metadata={"m": "1"}, Tagging="t=1")
    copy = {
        "TargetResource": f"arn:aws:s3:::{shelf.bucket}", "MetadataDirective": "REPLACE", "NewObjectTagging": [],
        "NewObjectMetadata": {
            "ContentType": "image/png", "CacheControl": "no-store", "UserMetadata": {"n": "2"}, "SSEAlgorithm": "AES256",
        },
    }  # fmt: skip
    assert shelf.run({"S3PutObjectCopy": copy}, "a") == {"a": DONE}
    found = shelf.s3.head_object(Bucket=shelf.bucket, Key="a")
    assert (found["Metadata"], found["ContentType"], found["CacheControl"]) == ({"n": "2"}, "image/png", "no-store")
    assert tags_of(shelf, "a") == {}


def test_acl(shelf):
    shelf.s3.put_bucket_ownership_controls(
        Bucket=shelf.bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    shelf.put("a")
    owner = shelf.s3.get_object_acl(Bucket=shelf.bucket, Key="a")["Owner"]["ID"]
    grants = [
        {"Grantee": {"TypeIdentifier": "id", "Identifier": owner}, "Permission": "FULL_CONTROL"},
        {
            "Grantee": {"TypeIdentifier": "uri", "Identifier": "http://acs.amazonaws.com/groups/s3/LogDelivery"},
            "Permission": "READ",
        },
    ]
    policy = {"AccessControlPolicy": {"AccessControlList": {"Owner": {"ID": owner}, "Grants": grants}}}
    assert shelf.run({"S3PutObjectAcl": policy}, "a") == {"a": DONE}
    found = shelf.s3.get_object_acl(Bucket=shelf.bucket, Key="a")["Grants"]
    assert sorted(grant["Permission"] for grant in found) == ["FULL_CONTROL", "READ"]
    canned = {"AccessControlPolicy": {"CannedAccessControlList": "private"}}
    assert shelf.run({"S3PutObjectAcl": canned}, "a") == {"a": DONE}
    assert len(shelf.s3.get_object_acl(Bucket=shelf.bucket, Key="a")["Grants"]) == 1


def test_locks(home):
    shelf = Shelf(home, ObjectLockEnabledForBucket=True)
    version = shelf.put("a")
    until = datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(days=1)
    retention = {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": until}}
    assert shelf.run({"S3PutObjectRetention": retention}, ("a", version)) == {"a": DONE}
    found = shelf.s3.get_object_retention(Bucket=shelf.bucket, Key="a")["Retention"]
    assert found == {"Mode": "GOVERNANCE", "RetainUntilDate": until}
    assert shelf.run({"S3PutObjectRetention": {"Retention": {}}}, "a")["a"][:3] == ("failed", "403", "AccessDenied")
    lifted = {"Retention": {}, "BypassGovernanceRetention": True}
    assert shelf.run({"S3PutObjectRetention": lifted}, "a") == {"a": DONE}
    assert shelf.run({"S3PutObjectLegalHold": {"LegalHold": {"Status": "ON"}}}, "a") == {"a": DONE}
    assert shelf.s3.get_object_legal_hold(Bucket=shelf.bucket, Key="a")["LegalHold"] == {"Status": "ON"}
    assert shelf.run({"S3PutObjectLegalHold": {"LegalHold": {"Status": "OFF"}}}, "a") == {"a": DONE}


def test_locks_need_a_bucket_with_object_lock(shelf):
    shelf.put("a")
    job = batch.create(
        shelf.control, shelf.role, operation={"S3PutObjectLegalHold": {"LegalHold": {"Status": "ON"}}},
        Manifest=batch.csv_manifest(shelf.s3, shelf.reports, [(shelf.bucket, "a")], fields=("Bucket", "Key")),
    )  # fmt: skip
    found = batch.wait(shelf.control, job)
    assert (found["Status"], batch.counts(found)) == ("Failed", (0, 0, 0))


def test_restore(shelf):
    shelf.put("a", StorageClass="GLACIER")
    shelf.put("b")
    restore = {"S3InitiateRestoreObject": {"ExpirationInDays": 1, "GlacierJobTier": "STANDARD"}}
    rows = shelf.run(restore, "a", "b")
    assert rows["a"] == DONE
    assert rows["b"][:3] == ("failed", "403", "InvalidObjectState")
    eventually(
        lambda: 'ongoing-request="false"' in shelf.s3.head_object(Bucket=shelf.bucket, Key="a").get("Restore", ""),
        "the copy is there",
    )


# Of b"0123456789" * 1000, by the reference implementation.
XXHASHES = {
    "XXHASH64": "4313472cd025fc68", "XXHASH3": "2da683cfe7106d98", "XXHASH128": "26b9e8677f17f17f2da683cfe7106d98",
}  # fmt: skip


@pytest.mark.parametrize("algorithm", ["MD5", "SHA256", "SHA512", "CRC64NVME", *XXHASHES])
def test_checksums(shelf, algorithm):
    shelf.put("a", b"0123456789" * 1000)
    operation = {"S3ComputeObjectChecksum": {"ChecksumAlgorithm": algorithm, "ChecksumType": "FULL_OBJECT"}}
    status, code, _, message = shelf.run(operation, "a")["a"]
    assert (status, code) == ("succeeded", "200")
    found = json.loads(message)
    assert found["checksumAlgorithm"] == algorithm
    if algorithm in XXHASHES:
        assert found["checksum_hex"] == XXHASHES[algorithm]
        assert base64.b64decode(found["checksum_base64"]).hex() == XXHASHES[algorithm]
    elif algorithm != "CRC64NVME":
        expected = hashlib.new(algorithm.lower(), b"0123456789" * 1000).digest()
        assert base64.b64decode(found["checksum_base64"]) == expected
        assert found["checksum_hex"] == expected.hex()
    else:
        answer = shelf.s3.head_object(Bucket=shelf.bucket, Key="a", ChecksumMode="ENABLED")
        if "ChecksumCRC64NVME" in answer:
            assert answer["ChecksumCRC64NVME"] == found["checksum_base64"]


def test_checksums_of_what_is_not_there(shelf):
    operation = {"S3ComputeObjectChecksum": {"ChecksumAlgorithm": "XXHASH64"}}
    version = shelf.put("a")
    shelf.s3.delete_object(Bucket=shelf.bucket, Key="a", VersionId=version)
    missing = "The specified key does not exist."
    assert shelf.run(operation, "missing")["missing"] == ("failed", "404", "NoSuchKey", missing)
    assert shelf.run(operation, ("a", version))["a"][:3] == ("failed", "404", "NoSuchVersion")


def test_checksums_are_told_only_to_an_owner_who_is_named(shelf):
    shelf.put("a")
    job = batch.create(
        shelf.control, shelf.role, operation={"S3ComputeObjectChecksum": {"ChecksumAlgorithm": "MD5"}},
        report=batch.report_to(shelf.reports),
        Manifest=batch.csv_manifest(shelf.s3, shelf.reports, [(shelf.bucket, "a")], fields=("Bucket", "Key")),
    )  # fmt: skip
    assert batch.failure_of(shelf.control, job)[0] == "ExpectedBucketOwnerMissing"


def test_a_generated_list_for_a_restore_has_archived_objects(shelf):
    """BR-MG-2 leaves them out of what is to be replicated."""
    cold = shelf.put("cold", StorageClass="GLACIER")
    shelf.put("warm")
    job = batch.create(
        shelf.control, shelf.role, report=batch.report_to(shelf.reports),
        operation={"S3InitiateRestoreObject": {"ExpirationInDays": 1, "GlacierJobTier": "BULK"}},
        ManifestGenerator=batch.generator(shelf.bucket, MatchAnyStorageClass=["GLACIER", "DEEP_ARCHIVE"]),
    )  # fmt: skip
    batch.completed(shelf.control, job)
    rows = batch.rows_of_report(shelf.s3, shelf.reports, job)
    assert [tuple(row[1:4]) for row in rows] == [("cold", cold, "succeeded")]


def test_encryption_is_changed_in_place(shelf):
    key = shelf.home.service("kms").create_key()["KeyMetadata"]["Arn"]
    version = shelf.put("a", ServerSideEncryption="AES256")
    operation = {"S3UpdateObjectEncryption": {"ObjectEncryption": {"SSEKMS": {"KMSKeyArn": key}}}}
    assert shelf.run(operation, "a") == {"a": DONE}
    found = shelf.s3.head_object(Bucket=shelf.bucket, Key="a")
    assert (found["ServerSideEncryption"], found["SSEKMSKeyId"], found["VersionId"]) == ("aws:kms", key, version)


def test_the_role_decides_what_its_tasks_may(shelf):
    shelf.put("a", Tagging="t=1")
    shelf.role = batch.job_role(shelf.home, actions=["s3:GetObject*", "s3:PutObject"])
    status, code, error, _ = shelf.run({"S3DeleteObjectTagging": {}}, "a")["a"]
    assert (status, code, error) == ("failed", "403", "AccessDenied")
    assert tags_of(shelf, "a") == {"t": "1"}


def test_functions_need_a_runner(shelf):
    operation = {"LambdaInvoke": {"FunctionArn": f"arn:aws:lambda:us-east-1:{ALICE.id}:function:f"}}
    with pytest.raises(shelf.control.exceptions.ClientError) as caught:
        batch.create(
            shelf.control, shelf.role, operation=operation,
            Manifest=batch.csv_manifest(shelf.s3, shelf.reports, [(shelf.bucket, "a")], fields=("Bucket", "Key")),
        )  # fmt: skip
    assert caught.value.response["Error"]["Code"] == "BadRequestException"
