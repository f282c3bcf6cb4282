"""Storage classes (s3-api §11.1)."""

import pytest
from s3 import fails, upload_multipart

CLASSES = [
    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE",
    "GLACIER_IR",
]  # fmt: skip


@pytest.mark.parametrize("storage_class", CLASSES)
def test_the_class_is_kept_and_shown(s3, bucket, storage_class):
    s3.put_object(Bucket=bucket, Key="a", Body=b"v", StorageClass=storage_class)
    upload_multipart(s3, bucket, "b", [b"part"], StorageClass=storage_class)
    s3.put_object(Bucket=bucket, Key="source", Body=b"v")
    s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/source", StorageClass=storage_class)
    s3.delete_object(Bucket=bucket, Key="source")
    for key in "abc":
        head = s3.head_object(Bucket=bucket, Key=key)
        # S3 does not name STANDARD in headers.
        assert head.get("StorageClass", "STANDARD") == storage_class
    assert {entry["StorageClass"] for entry in s3.list_objects(Bucket=bucket)["Contents"]} == {storage_class}
    assert {entry["StorageClass"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]} == {storage_class}
    versions = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert {entry["StorageClass"] for entry in versions if entry["Key"] != "source"} == {storage_class}


@pytest.mark.parametrize("storage_class", ["OUTPOSTS", "SNOW", "EXPRESS_ONEZONE", "standard", "COLD"])
def test_unknown_classes_are_refused(s3, bucket, storage_class):
    with fails(
        400,
        "InvalidStorageClass",
        "The storage class you specified is not valid",
        StorageClassRequested=storage_class,
    ):
        s3.put_object(Bucket=bucket, Key="k", Body=b"v", StorageClass=storage_class)


def test_a_copy_does_not_inherit_the_class(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"v", StorageClass="STANDARD_IA")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    assert "StorageClass" not in s3.head_object(Bucket=bucket, Key="copy")
