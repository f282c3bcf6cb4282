"""Inventories as their owners see them: configurations, policies, and reports read back."""

import csv
import gzip
import hashlib
import io
import json
import subprocess
from dataclasses import dataclass

from federation import ALICE, policy, tern_binary

FIELDS = [
    "Size", "LastModifiedDate", "ETag", "StorageClass", "IsMultipartUploaded", "ReplicationStatus", "EncryptionStatus",
    "ObjectLockRetainUntilDate", "ObjectLockMode", "ObjectLockLegalHoldStatus", "IntelligentTieringAccessTier",
    "BucketKeyStatus", "ChecksumAlgorithm", "ObjectAccessControlList", "ObjectOwner", "LifecycleExpirationDate",
]  # fmt: skip


def configuration(identifier, destination, *, versions="All", fields=(), prefix=None, enabled=True, **more):
    value = {
        "Id": identifier,
        "IsEnabled": enabled,
        "IncludedObjectVersions": versions,
        "Schedule": {"Frequency": more.pop("frequency", "Daily")},
        "Destination": {
            "S3BucketDestination": {"Bucket": f"arn:aws:s3:::{destination}", "Format": more.pop("format", "CSV"), **more}
        },
    }
    if fields:
        value["OptionalFields"] = list(fields)
    if prefix is not None:
        value["Filter"] = {"Prefix": prefix}
    return value


def configure(s3, bucket, identifier, destination, **options):
    s3.put_bucket_inventory_configuration(
        Bucket=bucket, Id=identifier, InventoryConfiguration=configuration(identifier, destination, **options)
    )


def allow(s3, destination, source, account=ALICE):
    """The policy that S3 documents for the destination of an inventory."""
    s3.put_bucket_policy(
        Bucket=destination,
        Policy=policy(
            {
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{destination}/*",
                "Condition": {
                    "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{source}"},
                    "StringEquals": {
                        "aws:SourceAccount": account.id, "s3:x-amz-acl": "bucket-owner-full-control",
                    },
                },
            }
        ),
    )  # fmt: skip


def tern_inventory(federation, command, bucket, *options):
    return subprocess.run(
        [tern_binary(), "inventory", command, "--dir", str(federation.directory), "--bucket", bucket, *options],
        capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def run(federation, bucket, identifier):
    """Delivers a report; the bucket and key of its manifest."""
    done = tern_inventory(federation, "run", bucket, "--id", identifier)
    assert done.returncode == 0, done.stderr
    address = done.stdout.split()[-1]
    assert address.startswith("s3://")
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return bucket, key


def stand(federation, bucket, identifier):
    """How an inventory stands."""
    done = tern_inventory(federation, "list", bucket, "--json")
    assert done.returncode == 0, done.stderr
    return next(each for each in json.loads(done.stdout)["inventories"] if each["id"] == identifier)


@dataclass
class Report:
    manifest: dict
    rows: list
    objects: list


def read(s3, bucket, manifest_key):
    """A report, all parts of which agree with each other."""
    body = s3.get_object(Bucket=bucket, Key=manifest_key)["Body"].read()
    folder, _, name = manifest_key.rpartition("/")
    assert name == "manifest.json"
    checksum = s3.get_object(Bucket=bucket, Key=f"{folder}/manifest.checksum")["Body"].read()
    assert checksum.decode() == hashlib.md5(body).hexdigest()
    manifest = json.loads(body)
    base, _, moment = folder.rpartition("/")
    day, _, time = moment.removesuffix("Z").partition("T")
    links = s3.get_object(Bucket=bucket, Key=f"{base}/hive/dt={day}-{time}/symlink.txt")["Body"].read().decode()
    assert links.splitlines() == [f"s3://{bucket}/{file['key']}" for file in manifest["files"]]
    columns = manifest["fileSchema"].split(", ")
    rows, objects = [], []
    for file in manifest["files"]:
        answer = s3.get_object(Bucket=bucket, Key=file["key"])
        data = answer["Body"].read()
        objects.append(answer)
        assert len(data) == file["size"] and hashlib.md5(data).hexdigest() == file["MD5checksum"]
        text = gzip.decompress(data).decode()
        for line in csv.reader(io.StringIO(text)):
            assert len(line) == len(columns)
            rows.append(dict(zip(columns, line, strict=True)))
    return Report(manifest, rows, objects)
