"""S3 Inventory (batch-replication §8): configured by clients, delivered by the server, read back."""

import base64
import json
import urllib.parse

import pytest
from federation import ALICE, BOB, policy
from inventories import FIELDS, allow, configure, read, run, stand, tern_inventory
from replication import configure as replicate
from replication import rule, wait_for_status
from s3 import all_versions, fails, upload_multipart
from test_kms import client_of as kms_client
from waiting import eventually


@pytest.fixture
def destination(home):
    return home.bucket(versioned=False)


def written(row):
    """What a row says, in the words of ListObjectVersions."""
    return {
        "Key": urllib.parse.unquote(row["Key"]),
        "VersionId": row["VersionId"] or "null",
        "IsLatest": row["IsLatest"] == "true",
        "IsMarker": row["IsDeleteMarker"] == "true",
        "ETag": row["ETag"],
        "Size": int(row["Size"]) if row["Size"] else None,
        "StorageClass": row["StorageClass"] or None,
        "LastModified": row["LastModifiedDate"][:19],
    }


def listed(s3, bucket, prefix=""):
    return [
        {
            "Key": entry["Key"],
            "VersionId": entry["VersionId"],
            "IsLatest": entry["IsLatest"],
            "IsMarker": entry["IsMarker"],
            "ETag": entry.get("ETag", "").strip('"'),
            "Size": entry.get("Size"),
            "StorageClass": entry.get("StorageClass"),
            "LastModified": entry["LastModified"].strftime("%Y-%m-%dT%H:%M:%S"),
        }
        for entry in all_versions(s3, bucket)
        if entry["Key"].startswith(prefix)
    ]


def by_version(entries):
    return sorted(entries, key=lambda entry: (entry["Key"], entry["VersionId"]))


@pytest.fixture
def filled(s3, plain_bucket):
    """A bucket with a null version, old versions, a delete marker, and keys of all kinds."""
    s3.put_object(Bucket=plain_bucket, Key="null/1", Body=b"before versions")
    s3.put_object(Bucket=plain_bucket, Key="null/2", Body=b"before versions, too")
    s3.put_bucket_versioning(Bucket=plain_bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=plain_bucket, Key="null/2", Body=b"after")
    for key in ["a b", "a+b", "~t/ü,\"q\"", "p/1", "p/2", "p/3", "line\nbreak", "%20"]:
        s3.put_object(Bucket=plain_bucket, Key=key, Body=key.encode())
    s3.put_object(Bucket=plain_bucket, Key="p/2", Body=b"newer", StorageClass="STANDARD_IA")
    s3.delete_object(Bucket=plain_bucket, Key="p/3")
    return plain_bucket


def test_all_versions_are_in_the_report_as_in_the_list(federation, s3, filled, destination):
    allow(s3, destination, filled)
    fields = ["Size", "LastModifiedDate", "ETag", "StorageClass"]
    configure(s3, filled, "all", destination, fields=fields, Prefix="inv")
    bucket, key = run(federation, filled, "all")
    assert bucket == destination and key.startswith(f"inv/{filled}/all/20")
    report = read(s3, bucket, key)
    assert by_version(map(written, report.rows)) == by_version(listed(s3, filled))
    assert report.manifest["sourceBucket"] == filled
    assert report.manifest["destinationBucket"] == f"arn:aws:s3:::{destination}"
    assert report.manifest["version"] == "2016-11-30" and report.manifest["fileFormat"] == "CSV"
    columns = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass"
    assert report.manifest["fileSchema"] == columns
    # TD-14
    assert {"a%20b", "a%2Bb", "%7Et/%C3%BC%2C%22q%22", "%2520"} <= {row["Key"] for row in report.rows}
    latest = max(s3.list_objects_v2(Bucket=destination)["Contents"], key=lambda entry: entry["LastModified"])
    assert latest["LastModified"] and any(
        entry["Key"].endswith("manifest.checksum") for entry in s3.list_objects_v2(Bucket=destination)["Contents"]
    )


def test_br_mf_12_null_versions_have_no_id_in_the_report(federation, s3, filled, destination):
    allow(s3, destination, filled)
    configure(s3, filled, "nulls", destination, prefix="null/")
    report = read(s3, *run(federation, filled, "nulls"))
    found = sorted((row["Key"], row["VersionId"] == "", row["IsLatest"]) for row in report.rows)
    assert found == [("null/1", True, "true"), ("null/2", False, "true"), ("null/2", True, "false")]


def test_current_versions_and_a_prefix(federation, s3, filled, destination):
    allow(s3, destination, filled)
    configure(s3, filled, "current", destination, versions="Current", prefix="p/", fields=["Size"])
    report = read(s3, *run(federation, filled, "current"))
    assert [(row["Key"], row["Size"]) for row in report.rows] == [("p/1", "3"), ("p/2", "5")]
    assert report.manifest["fileSchema"] == "Bucket, Key, Size"


def test_t_17_i_23_every_optional_field(federation, home, s3, bucket, destination):
    locked = home.bucket(ObjectLockEnabledForBucket=True)
    copies = home.bucket()
    replicate(s3, locked, rule(copies, prefix="r/"))
    s3.put_bucket_lifecycle_configuration(
        Bucket=locked,
        LifecycleConfiguration={
            "Rules": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": "e/"}, "Expiration": {"Days": 9}}]
        },
    )
    s3.put_object(
        Bucket=locked, Key="l/1", Body=b"x", ObjectLockMode="GOVERNANCE", ChecksumAlgorithm="SHA256",
        ObjectLockRetainUntilDate="2040-01-02T03:04:05Z", ObjectLockLegalHoldStatus="ON",
        StorageClass="INTELLIGENT_TIERING",
    )  # fmt: skip
    s3.put_object(Bucket=locked, Key="e/1", Body=b"x")
    s3.put_object(Bucket=locked, Key="r/1", Body=b"x")
    upload_multipart(s3, locked, "m/1", [b"x" * (5 << 20), b"y"])
    wait_for_status(s3, locked, "r/1")
    s3.put_object(Bucket=locked, Key="d/1", Body=b"x")
    s3.delete_object(Bucket=locked, Key="d/1")
    allow(s3, destination, locked)
    configure(s3, locked, "fields", destination, fields=FIELDS)
    report = read(s3, *run(federation, locked, "fields"))
    assert report.manifest["fileSchema"].split(", ")[5:] == FIELDS
    rows = {(row["Key"], row["IsDeleteMarker"]): row for row in report.rows}
    lock = rows["l/1", "false"]
    assert lock["ObjectLockMode"] == "GOVERNANCE" and lock["ObjectLockLegalHoldStatus"] == "On"
    assert lock["ObjectLockRetainUntilDate"] == "2040-01-02T03:04:05.000Z"
    assert lock["IntelligentTieringAccessTier"] == "FREQUENT" and lock["ChecksumAlgorithm"] == "SHA256"
    assert rows["r/1", "false"]["ReplicationStatus"] == "COMPLETED"
    assert rows["l/1", "false"]["ReplicationStatus"] == ""
    assert rows["m/1", "false"]["IsMultipartUploaded"] == "true"
    assert rows["l/1", "false"]["IsMultipartUploaded"] == "false"
    expiry = s3.head_object(Bucket=locked, Key="e/1")["Expiration"].split('"')[1]
    date = rows["e/1", "false"]["LifecycleExpirationDate"]
    assert date[:10].split("-")[2] == expiry.split()[1] and date.endswith("T00:00:00.000Z")
    assert rows["l/1", "false"]["LifecycleExpirationDate"] == ""
    sse = s3.head_object(Bucket=locked, Key="e/1").get("ServerSideEncryption")
    assert rows["e/1", "false"]["EncryptionStatus"] == ("SSE-S3" if sse else "NOT-SSE")
    assert rows["e/1", "false"]["BucketKeyStatus"] == "DISABLED"
    owner = s3.get_bucket_acl(Bucket=locked)["Owner"]["ID"]
    for row in report.rows:
        assert row["ObjectOwner"] == owner
    acl = json.loads(base64.b64decode(rows["e/1", "false"]["ObjectAccessControlList"]))
    assert acl == {
        "version": "2022-11-10",
        "status": "AVAILABLE",
        "grants": [{"canonicalId": owner, "type": "CanonicalUser", "permission": "FULL_CONTROL"}],
    }
    marker = rows["d/1", "true"]
    assert [marker[name] for name in ("Size", "ETag", "StorageClass", "EncryptionStatus")] == [""] * 4
    copied = home.bucket(versioned=False)
    allow(s3, copied, copies)
    configure(s3, copies, "replicas", copied, fields=["ReplicationStatus"])
    replicas = read(s3, *run(federation, copies, "replicas"))
    assert [(row["Key"], row["ReplicationStatus"]) for row in replicas.rows] == [("r/1", "REPLICA")]


def test_without_a_policy_nothing_is_delivered_and_the_command_says_why(federation, s3, bucket, destination):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    configure(s3, bucket, "i", destination)
    done = tern_inventory(federation, "run", bucket, "--id", "i")
    assert done.returncode == 1
    assert "nothing was delivered" in done.stderr and "AccessDenied" in done.stderr
    assert "s3.amazonaws.com" in done.stderr
    assert "Contents" not in s3.list_objects_v2(Bucket=destination)
    assert "AccessDenied" in stand(federation, bucket, "i")["problem"]
    # The policy is of another bucket's inventory, or of another account's.
    for source, account in (("another", ALICE), (bucket, BOB)):
        allow(s3, destination, source, account)
        assert tern_inventory(federation, "run", bucket, "--id", "i").returncode == 1
    allow(s3, destination, bucket)
    run(federation, bucket, "i")
    assert stand(federation, bucket, "i").get("problem") is None


def test_the_destination_of_another_account(federation, home, s3, bob, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    foreign = home.bucket(account=BOB, versioned=False)
    bob.put_bucket_ownership_controls(
        Bucket=foreign, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    allow(bob, foreign, bucket)
    configure(s3, bucket, "i", foreign, AccountId=BOB.id)
    place = run(federation, bucket, "i")
    assert [row["Key"] for row in read(bob, *place).rows] == ["k"]
    with fails(403, "AccessDenied"):
        s3.get_object(Bucket=place[0], Key=place[1])
    configure(s3, bucket, "i", foreign, AccountId=ALICE.id)
    done = tern_inventory(federation, "run", bucket, "--id", "i")
    assert done.returncode == 1 and f"does not belong to the account {ALICE.id}" in done.stderr


def test_a_bucket_may_have_its_own_inventory(federation, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    allow(s3, bucket, bucket)
    configure(s3, bucket, "i", bucket, Prefix="inv")
    report = read(s3, *run(federation, bucket, "i"))
    assert "k" in [row["Key"] for row in report.rows]
    assert not any(row["Key"] == file["key"] for row in report.rows for file in report.manifest["files"])


def test_reports_are_encrypted_as_asked(federation, home, s3, bucket, destination):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    allow(s3, destination, bucket)
    configure(s3, bucket, "s3", destination, Encryption={"SSES3": {}})
    report = read(s3, *run(federation, bucket, "s3"))
    assert report.objects[0]["ServerSideEncryption"] == "AES256"
    kms = kms_client(home)
    key = kms.create_key()["KeyMetadata"]["Arn"]
    configure(s3, bucket, "kms", destination, Encryption={"SSEKMS": {"KeyId": key}})
    done = tern_inventory(federation, "run", bucket, "--id", "kms")
    assert done.returncode == 1 and "AccessDenied" in done.stderr
    document = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    document["Statement"].append(
        {
            "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:GenerateDataKey",
            "Resource": "*",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": ALICE.id},
                "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"},
            },
        }
    )  # fmt: skip
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(document))
    report = read(s3, *run(federation, bucket, "kms"))
    assert report.objects[0]["ServerSideEncryption"] == "aws:kms" and report.objects[0]["SSEKMSKeyId"] == key


@pytest.mark.parametrize("format", ["ORC", "Parquet"])
def test_td_13_other_formats_are_stored_and_refused_by_the_command(federation, s3, bucket, destination, format):
    allow(s3, destination, bucket)
    configure(s3, bucket, "i", destination, format=format)
    done = tern_inventory(federation, "run", bucket, "--id", "i")
    assert done.returncode == 1 and f"the format {format} are not written" in done.stderr
    assert stand(federation, bucket, "i").get("nextReport") is None


def test_what_the_command_says_of_what_is_not_there(federation, bucket):
    done = tern_inventory(federation, "run", bucket, "--id", "none")
    assert done.returncode == 1 and f"the bucket {bucket} has no inventory configuration none" in done.stderr
    done = tern_inventory(federation, "list", "nowhere-at-all")
    assert done.returncode == 1 and "there is no bucket nowhere-at-all" in done.stderr


def test_the_policy_limits_the_fields_that_may_be_asked_for(home, s3, bob, bucket, destination):
    """s3:InventoryAccessibleOptionalFields (§8.2)."""
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=policy(
            {
                "Effect": "Allow", "Principal": {"AWS": BOB.id}, "Action": "s3:PutInventoryConfiguration",
                "Resource": f"arn:aws:s3:::{bucket}",
                "Condition": {"ForAllValues:StringEquals": {"s3:InventoryAccessibleOptionalFields": ["Size", "ETag"]}},
            }
        ),
    )  # fmt: skip
    configure(bob, bucket, "i", destination, fields=["Size", "ETag"])
    configure(bob, bucket, "i", destination)
    with fails(403, "AccessDenied"):
        configure(bob, bucket, "i", destination, fields=["Size", "ObjectOwner"])
    configure(s3, bucket, "i", destination, fields=["ObjectOwner"])


def test_a_restart_delivers_the_first_report_and_keeps_the_schedule(own_federation):
    home = own_federation["us-east-1"]
    s3 = home.client(ALICE)
    bucket, destination = home.bucket(), home.bucket(versioned=False)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    allow(s3, destination, bucket)
    configure(s3, bucket, "daily", destination)
    home.terminate()
    home.start()
    first = eventually(
        lambda: stand(own_federation, bucket, "daily").get("lastReport") and stand(own_federation, bucket, "daily"),
        "the first report is there",
        within=90,
    )
    configure(s3, bucket, "fresh", destination)
    home.terminate()
    home.start()
    # The next look at what is due has passed when a new configuration has its report.
    eventually(lambda: stand(own_federation, bucket, "fresh").get("lastReport"), "the new one's report", within=90)
    again = stand(own_federation, bucket, "daily")
    assert again == first and again["lastReport"][10:] != ""
    assert again["nextReport"][10:] == again["lastReport"][10:] and again["nextReport"] > again["lastReport"]
    s3.delete_bucket_inventory_configuration(Bucket=bucket, Id="daily")
    configure(s3, bucket, "daily", destination, enabled=False)
    assert stand(own_federation, bucket, "daily").get("lastReport") is None
