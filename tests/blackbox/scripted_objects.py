"""Scripts of the operations on objects and their attributes."""

import datetime

from replication import configure, rule, wait_for_status
from s3 import error_of, etag_of
from scripted import (
    CHECKSUMS,
    NEVER_CHARGED,
    CUSTOMER_KEY,
    KMS_CONTEXT,
    KMS_KEY,
    NO_LATER_HEADERS,
    no_later_elements,
    script,
)
from test_kms import client_of as kms_client
from test_post_object import post_signed
from waiting import eventually
from wire_paths import received

ONLY_IN_ERRORS = "VER-10, ERR-5: comes with 404 and 405"
EXPIRING = {"Rules": [{"ID": "expire", "Status": "Enabled", "Filter": {"Prefix": "e/"}, "Expiration": {"Days": 30000}}]}


def expiring_bucket(stage, **parameters):
    """Below `e/` objects expire, far from now."""
    bucket = stage.bucket(**parameters)
    stage.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=EXPIRING)
    return bucket


def in_the_future(days=1):
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)


LOCKED = {"ObjectLockMode": "GOVERNANCE", "ObjectLockLegalHoldStatus": "ON"}
SYSTEM_HEADERS = {
    "CacheControl": "no-cache",
    "ContentDisposition": "attachment",
    "ContentEncoding": "gzip",
    "ContentLanguage": "en",
    "ContentType": "text/plain",
    "Expires": datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC),
    "WebsiteRedirectLocation": "/elsewhere",
}


@script(
    "PutObject",
    always={"etag", "x-amz-checksum-type"},
    unseen={
        **NEVER_CHARGED,
        **NO_LATER_HEADERS,
        "x-amz-object-size": "only appends to objects of directory buckets have it",
    },
)
def put_object(stage):
    bucket = expiring_bucket(stage)
    for algorithm in CHECKSUMS:
        stage.s3.put_object(Bucket=bucket, Key="e/k", Body=b"v", ChecksumAlgorithm=algorithm)
    stage.s3.put_object(Bucket=stage.bucket(versioned=False), Key="k", Body=b"")
    stage.s3.put_object(Bucket=bucket, Key="own", Body=b"v", **CUSTOMER_KEY)
    stage.s3.put_object(Bucket=bucket, Key="kms", Body=b"v", **KMS_CONTEXT)


def read_everything(stage, read):
    """The calls that GET and HEAD have in common; `read` is one of them."""
    bucket = expiring_bucket(stage, ObjectLockEnabledForBucket=True)
    configure(stage.s3, bucket, rule(stage.abroad.bucket(ObjectLockEnabledForBucket=True)))
    stage.s3.put_object(
        Bucket=bucket,
        Key="e/k",
        Body=b"v",
        Metadata={"colour": "red"},
        Tagging="a=b",
        StorageClass="STANDARD_IA",
        ObjectLockRetainUntilDate=in_the_future(),
        **LOCKED,
        **SYSTEM_HEADERS,
    )
    wait_for_status(stage.s3, bucket, "e/k")
    read(Bucket=bucket, Key="e/k")
    read(Bucket=bucket, Key="e/k", PartNumber=1)

    plain = stage.bucket(versioned=False)
    for algorithm in CHECKSUMS:
        stage.s3.put_object(Bucket=plain, Key="k", Body=b"some bytes", ChecksumAlgorithm=algorithm)
        read(Bucket=plain, Key="k", ChecksumMode="ENABLED")
    read(Bucket=plain, Key="k", Range="bytes=1-3")
    # MET-2: what a header cannot carry is left out, and counted.
    answer = stage.home.raw().request(
        "PUT", f"/{plain}/unprintable", body=b"v", headers={"x-amz-meta-bell": "=?UTF-8?B?Bw==?="}
    )
    assert answer.status == 200, str(answer)
    read(Bucket=plain, Key="unprintable")
    upload = stage.s3.create_multipart_upload(Bucket=plain, Key="parts")["UploadId"]
    part = stage.s3.upload_part(Bucket=plain, Key="parts", UploadId=upload, PartNumber=1, Body=b"part")
    stage.s3.complete_multipart_upload(
        Bucket=plain,
        Key="parts",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    read(Bucket=plain, Key="parts", PartNumber=1)

    stage.s3.put_object(Bucket=plain, Key="own", Body=b"v", **CUSTOMER_KEY)
    stage.s3.put_object(Bucket=plain, Key="kms", Body=b"v", **KMS_KEY)
    read(Bucket=plain, Key="kms")
    read(Bucket=plain, Key="own", **CUSTOMER_KEY)

    stage.s3.put_object(Bucket=plain, Key="frozen", Body=b"v", StorageClass="GLACIER")
    stage.s3.restore_object(Bucket=plain, Key="frozen", RestoreRequest={"Days": 30000})
    eventually(
        lambda: "expiry-date" in stage.s3.head_object(Bucket=plain, Key="frozen").get("Restore", ""), "it is restored"
    )
    read(Bucket=plain, Key="frozen")


READ_ALWAYS = {"etag", "last-modified", "content-length", "content-type", "accept-ranges"}
READ_UNSEEN = {**NEVER_CHARGED, **NO_LATER_HEADERS, "x-amz-delete-marker": ONLY_IN_ERRORS}


@script("GetObject", always=READ_ALWAYS, unseen=READ_UNSEEN)
def get_object(stage):
    def read(**parameters):
        stage.s3.get_object(**parameters)["Body"].read()

    read_everything(stage, read)


@script(
    "HeadObject",
    always=READ_ALWAYS,
    unseen={**READ_UNSEEN, "x-amz-archive-status": "objects of INTELLIGENT_TIERING have no archive tiers"},
)
def head_object(stage):
    read_everything(stage, stage.s3.head_object)


@script("DeleteObject", unseen=NEVER_CHARGED)
def delete_object(stage):
    bucket = stage.bucket()
    marker = stage.s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    stage.s3.delete_object(Bucket=bucket, Key="k", VersionId=marker)
    stage.s3.delete_object(Bucket=stage.bucket(versioned=False), Key="k")
    first, second, third = stage.successes("DeleteObject")
    for answer in (first, second):
        assert answer.headers["x-amz-delete-marker"] == "true" and answer.headers["x-amz-version-id"] == marker
    assert not {"x-amz-delete-marker", "x-amz-version-id"} & set(third.headers)


@script("DeleteObjects", unseen=NEVER_CHARGED)
def delete_objects(stage):
    bucket = stage.bucket(ObjectLockEnabledForBucket=True)
    locked = stage.s3.put_object(
        Bucket=bucket, Key="locked", Body=b"v", ObjectLockRetainUntilDate=in_the_future(), **LOCKED
    )["VersionId"]
    marker = stage.s3.delete_object(Bucket=bucket, Key="marked")["VersionId"]
    entries = [
        {"Key": "k"},
        {"Key": "marked", "VersionId": marker},
        {"Key": "locked", "VersionId": locked},
    ]
    stage.s3.delete_objects(Bucket=bucket, Delete={"Objects": entries})
    stage.s3.delete_objects(Bucket=bucket, Delete={"Objects": entries[:1], "Quiet": True})
    assert b"<Deleted>" not in stage.successes("DeleteObjects")[1].body


@script(
    "CopyObject",
    always={"LastModified", "ETag", "ChecksumType"},
    unseen={**NEVER_CHARGED, **no_later_elements("")},
)
def copy_object(stage):
    bucket = expiring_bucket(stage)
    stage.s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    for algorithm in CHECKSUMS:
        stage.s3.copy_object(Bucket=bucket, Key="e/copy", CopySource=f"{bucket}/k", ChecksumAlgorithm=algorithm)
    stage.s3.copy_object(Bucket=bucket, Key="own", CopySource=f"{bucket}/k", **CUSTOMER_KEY)
    stage.s3.copy_object(Bucket=bucket, Key="kms", CopySource=f"{bucket}/k", **KMS_CONTEXT)


@script(
    "GetObjectAttributes",
    always={"last-modified"},
    unseen={
        **NEVER_CHARGED,
        **no_later_elements("Checksum/"),
        **no_later_elements("ObjectParts/Part/"),
        "x-amz-delete-marker": ONLY_IN_ERRORS,
    },
)
def get_object_attributes(stage):
    bucket = stage.bucket()
    wanted = ["ObjectSize", "StorageClass", "ObjectParts", "Checksum", "ETag"]
    for algorithm in CHECKSUMS:
        stage.s3.put_object(Bucket=bucket, Key="k", Body=b"v", ChecksumAlgorithm=algorithm)
        stage.s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=wanted)
        upload = stage.s3.create_multipart_upload(Bucket=bucket, Key="parts", ChecksumAlgorithm=algorithm)["UploadId"]
        part = stage.s3.upload_part(
            Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"v", ChecksumAlgorithm=algorithm
        )
        listed = {name: part[name] for name in ("ETag", f"Checksum{algorithm}")}
        stage.s3.complete_multipart_upload(
            Bucket=bucket,
            Key="parts",
            UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": 1, **listed}]},
        )
        stage.s3.get_object_attributes(Bucket=bucket, Key="parts", ObjectAttributes=wanted)
    stage.s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ETag"])
    last = stage.successes("GetObjectAttributes")[-1]
    assert f"<ETag>{etag_of(b'v')[1:-1]}</ETag></GetObjectAttributesResponse>" in last.body.decode()


@script("RestoreObject", unseen={**NEVER_CHARGED, "x-amz-restore-output-path": "RST-3: only queries have it"})
def restore_object(stage):
    bucket = stage.bucket()
    stage.s3.put_object(Bucket=bucket, Key="k", Body=b"v", StorageClass="GLACIER")
    stage.s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 30000})
    eventually(
        lambda: "expiry-date" in stage.s3.head_object(Bucket=bucket, Key="k").get("Restore", ""), "it is restored"
    )
    stage.s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 40000})
    assert [answer.status for answer in stage.successes("RestoreObject")] == [202, 200]


# Tags


def tagged(stage):
    bucket = stage.bucket()
    stage.s3.put_object(Bucket=bucket, Key="k", Body=b"v", Tagging="a=b")
    return {"Bucket": bucket, "Key": "k"}


@script("GetObjectTagging", always={"x-amz-version-id"})
def get_object_tagging(stage):
    stage.s3.get_object_tagging(**tagged(stage))
    bucket = stage.bucket()
    stage.s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    stage.s3.get_object_tagging(Bucket=bucket, Key="k")
    assert received(stage.model.operation_model("GetObjectTagging"), {}, stage.successes("GetObjectTagging")[1].body) == {
        "TagSet"
    }


@script("PutObjectTagging", always={"x-amz-version-id"})
def put_object_tagging(stage):
    stage.s3.put_object_tagging(**tagged(stage), Tagging={"TagSet": [{"Key": "c", "Value": "d"}]})


@script("DeleteObjectTagging", always={"x-amz-version-id"})
def delete_object_tagging(stage):
    stage.s3.delete_object_tagging(**tagged(stage))


# Object Lock


def lockable(stage, **parameters):
    bucket = stage.bucket(ObjectLockEnabledForBucket=True)
    stage.s3.put_object(Bucket=bucket, Key="k", Body=b"v", **parameters)
    return {"Bucket": bucket, "Key": "k"}


@script("GetObjectRetention", always={"Mode", "RetainUntilDate"})
def get_object_retention(stage):
    for mode in ("GOVERNANCE", "COMPLIANCE"):
        stage.s3.get_object_retention(
            **lockable(stage, ObjectLockMode=mode, ObjectLockRetainUntilDate=in_the_future())
        )  # fmt: skip


@script("PutObjectRetention", unseen=NEVER_CHARGED)
def put_object_retention(stage):
    target = lockable(stage)
    stage.s3.put_object_retention(**target, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": in_the_future()})
    stage.s3.put_object_retention(**target, Retention={}, BypassGovernanceRetention=True)


@script("GetObjectLegalHold", always={"Status"})
def get_object_legal_hold(stage):
    target = lockable(stage)
    for status in ("ON", "OFF"):
        stage.s3.put_object_legal_hold(**target, LegalHold={"Status": status})
        stage.s3.get_object_legal_hold(**target)


@script("PutObjectLegalHold", unseen=NEVER_CHARGED)
def put_object_legal_hold(stage):
    stage.s3.put_object_legal_hold(**lockable(stage), LegalHold={"Status": "ON"})


@script("GetObjectLockConfiguration", always={"ObjectLockEnabled"})
def get_object_lock_configuration(stage):
    bucket = stage.bucket(ObjectLockEnabledForBucket=True)
    stage.s3.get_object_lock_configuration(Bucket=bucket)
    for period in ("Days", "Years"):
        stage.s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=default_retention(period))
        stage.s3.get_object_lock_configuration(Bucket=bucket)


def default_retention(period):
    return {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", period: 1}}}


@script("PutObjectLockConfiguration", unseen=NEVER_CHARGED)
def put_object_lock_configuration(stage):
    stage.s3.put_object_lock_configuration(Bucket=stage.bucket(), ObjectLockConfiguration=default_retention("Days"))


# Not in the model: SIG-74


@script("UpdateObjectEncryption", unseen=NEVER_CHARGED)
def update_object_encryption(stage):
    bucket = stage.bucket()
    stage.s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    key = kms_client(stage.home).create_key()["KeyMetadata"]["Arn"]
    stage.s3.update_object_encryption(Bucket=bucket, Key="k", ObjectEncryption={"SSEKMS": {"KMSKeyArn": key}})


@script("PostObject")
def post_object(stage):
    raw, bucket = stage.home.raw(), stage.bucket()
    for status in (200, 201, 204):
        answer = post_signed(raw, bucket, [("key", "k"), ("success_action_status", str(status))])
        assert answer.status == status, str(answer)
        assert answer.headers["etag"] == etag_of(b"bytes")
        assert answer.headers["location"].endswith(f"/{bucket}/k")
        assert answer.headers["x-amz-version-id"]
        allowed = {"x-amz-version-id", "x-amz-request-id", "x-amz-id-2", "x-amz-checksum-crc64nvme"}
        allowed |= {"x-amz-checksum-type", "x-amz-server-side-encryption"}
        unknown = {name for name in answer.headers if name.startswith("x-amz-")} - allowed
        assert not unknown, unknown
    error_of(post_signed(raw, bucket, [("key", "k"), ("x-amz-storage-class", "NONE")]), 400, "InvalidStorageClass")
