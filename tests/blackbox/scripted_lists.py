"""Scripts of the lists."""

from scripted import NEVER_CHARGED, NO_DISPLAY_NAME, script
from waiting import eventually

NO_ENTRY_OWNER_NAME = {"Contents/Owner/DisplayName": NO_DISPLAY_NAME, **NEVER_CHARGED}


def filled(stage):
    """Keys in folders and beside them, several versions, delete markers, and an object that is restored."""
    bucket = stage.bucket()
    for key in ("a/1", "a/2", "b", "b", "c/1", "d e", "gone"):
        stage.s3.put_object(Bucket=bucket, Key=key, Body=b"v", ChecksumAlgorithm="CRC32C")
    stage.s3.delete_object(Bucket=bucket, Key="gone")
    stage.s3.put_object(Bucket=bucket, Key="z", Body=b"frozen", StorageClass="GLACIER")
    stage.s3.restore_object(Bucket=bucket, Key="z", RestoreRequest={"Days": 30000})
    eventually(
        lambda: "expiry-date" in stage.s3.head_object(Bucket=bucket, Key="z").get("Restore", ""), "z is restored"
    )
    return bucket


RESTORED = {"OptionalObjectAttributes": ["RestoreStatus"]}


@script(
    "ListObjects", always={"Name", "Prefix", "Marker", "MaxKeys", "IsTruncated"}, unseen=NO_ENTRY_OWNER_NAME
)  # fmt: skip
def list_objects(stage):
    bucket = filled(stage)
    list_once = stage.s3.list_objects
    list_once(Bucket=bucket)
    list_once(Bucket=bucket, **RESTORED)
    list_once(Bucket=bucket, Delimiter="/", MaxKeys=2, EncodingType="url")
    list_once(Bucket=bucket, Prefix="a/", Marker="a/1")
    list_once(Bucket=bucket, Prefix="none")
    list_once(Bucket=bucket, MaxKeys=0)
    list_once(Bucket=stage.bucket())
    for answer in stage.successes("ListObjects")[:2]:
        assert answer.body.count(b"<Owner>") == answer.body.count(b"<Contents>")


@script(
    "ListObjectsV2", always={"Name", "Prefix", "KeyCount", "MaxKeys", "IsTruncated"}, unseen=NO_ENTRY_OWNER_NAME
)  # fmt: skip
def list_objects_v2(stage):
    bucket = filled(stage)
    list_once = stage.s3.list_objects_v2
    list_once(Bucket=bucket)
    list_once(Bucket=bucket, FetchOwner=True, **RESTORED)
    first = list_once(Bucket=bucket, Delimiter="/", MaxKeys=2, EncodingType="url")
    list_once(
        Bucket=bucket,
        Delimiter="/",
        MaxKeys=2,
        EncodingType="url",
        StartAfter="x",
        ContinuationToken=first["NextContinuationToken"],
    )
    list_once(Bucket=bucket, Prefix="a/", StartAfter="a/1")
    list_once(Bucket=bucket, MaxKeys=0)
    list_once(Bucket=stage.bucket())
    answers = [each.body for each in stage.successes("ListObjectsV2")]
    # LST-4, LST-6: only if asked for; and a token wins over a start.
    assert b"<Owner>" not in answers[0] and b"<StartAfter>" not in answers[3]
    assert answers[1].count(b"<Owner>") == answers[1].count(b"<Contents>")
    assert b"RestoreStatus" not in answers[0] and b"<Delimiter>" not in answers[0]


@script(
    "ListObjectVersions",
    always={"Name", "Prefix", "KeyMarker", "VersionIdMarker", "MaxKeys", "IsTruncated"},
    unseen={
        "Version/Owner/DisplayName": NO_DISPLAY_NAME,
        "DeleteMarker/Owner/DisplayName": NO_DISPLAY_NAME,
        **NEVER_CHARGED,
    },
)
def list_object_versions(stage):
    bucket = filled(stage)
    list_once = stage.s3.list_object_versions
    list_once(Bucket=bucket)
    list_once(Bucket=bucket, **RESTORED)
    first = list_once(Bucket=bucket, MaxKeys=3)
    list_once(
        Bucket=bucket, MaxKeys=2, KeyMarker=first["NextKeyMarker"], VersionIdMarker=first["NextVersionIdMarker"]
    )  # fmt: skip
    list_once(Bucket=bucket, Delimiter="/", MaxKeys=1, EncodingType="url")
    list_once(Bucket=bucket, Prefix="none")
    list_once(Bucket=stage.bucket())


@script(
    "ListMultipartUploads",
    always={
        "Bucket",
        "KeyMarker",
        "UploadIdMarker",
        "NextKeyMarker",
        "NextUploadIdMarker",
        "MaxUploads",
        "IsTruncated",
    },
    unseen={"Upload/Owner/DisplayName": NO_DISPLAY_NAME, **NEVER_CHARGED},
)
def list_multipart_uploads(stage):
    bucket = stage.bucket()
    for key in ("a/1", "b", "b", "c d"):
        stage.s3.create_multipart_upload(Bucket=bucket, Key=key, ChecksumAlgorithm="SHA256")
    list_once = stage.s3.list_multipart_uploads
    first = list_once(Bucket=bucket, Prefix="", MaxUploads=2)
    list_once(
        Bucket=bucket, KeyMarker=first["NextKeyMarker"], UploadIdMarker=first["NextUploadIdMarker"], Prefix="b"
    )  # fmt: skip
    list_once(Bucket=bucket, Delimiter="/", MaxUploads=1, EncodingType="url")
    list_once(Bucket=stage.bucket())
