"""CopyObject (s3-api §6.4, CPY-*, CND-7)."""

import datetime

import pytest
from federation import BOB
from s3 import body_of, error_of, etag_of, fails, pattern, upload_multipart
from signing import encode

MIB = 1 << 20
PAST = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
FUTURE = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
UNCHANGED = (
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
    "metadata, storage class, website redirect location or encryption attributes."
)


def tags_of(s3, bucket, key):
    return {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]}


@pytest.fixture(params=[b"small", pattern(300_000)], ids=["inline", "blob"])
def source(request, s3, bucket):
    """A key with everything that a copy takes along."""
    s3.put_object(
        Bucket=bucket, Key="s", Body=request.param, ContentType="text/x", CacheControl="no-store", Metadata={"a": "b"},
        Tagging="t=1", StorageClass="STANDARD_IA",
    )  # fmt: skip
    return request.param


def copy(s3, bucket, key="d", source_key="s", **parameters):
    return s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": source_key}, **parameters)


def test_cpy_5_6_copy_takes_metadata_and_tags(s3, bucket, source):
    original = s3.head_object(Bucket=bucket, Key="s")
    answer = copy(s3, bucket)
    assert answer["CopyObjectResult"]["ETag"] == etag_of(source)
    assert answer["CopySourceVersionId"] == original["VersionId"]
    assert answer["VersionId"] != original["VersionId"]
    got = s3.get_object(Bucket=bucket, Key="d")
    assert body_of(got) == source
    assert (got["ContentType"], got["CacheControl"], got["Metadata"]) == ("text/x", "no-store", {"a": "b"})
    assert tags_of(s3, bucket, "d") == {"t": "1"}
    assert "StorageClass" not in got  # CPY-5: from the request
    assert "ReplicationStatus" not in got


def test_cpy_5_replace_metadata(s3, bucket, source):
    copy(s3, bucket, MetadataDirective="REPLACE", Metadata={"n": "1"}, ContentType="text/y")
    head = s3.head_object(Bucket=bucket, Key="d")
    assert (head["ContentType"], head["Metadata"]) == ("text/y", {"n": "1"})
    assert "CacheControl" not in head
    assert tags_of(s3, bucket, "d") == {"t": "1"}


def test_cpy_5_copy_ignores_metadata_and_tags_of_the_request(s3, bucket, source):
    copy(s3, bucket, Metadata={"n": "1"}, ContentType="text/y", Tagging="x=2")
    head = s3.head_object(Bucket=bucket, Key="d")
    assert (head["ContentType"], head["Metadata"]) == ("text/x", {"a": "b"})
    assert tags_of(s3, bucket, "d") == {"t": "1"}


def test_cpy_5_replace_tags(s3, bucket, source):
    copy(s3, bucket, TaggingDirective="REPLACE", Tagging="x=2&y=")
    assert tags_of(s3, bucket, "d") == {"x": "2", "y": ""}
    copy(s3, bucket, "e", TaggingDirective="REPLACE")
    assert tags_of(s3, bucket, "e") == {}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("x-amz-metadata-directive", "Unknown metadata directive."),
        ("x-amz-tagging-directive", "Unknown tagging directive."),
    ],
)
def test_cpy_5_unknown_directive(raw, bucket, source, header, message):
    error_of(
        raw.request("PUT", f"/{bucket}/d", headers={"x-amz-copy-source": f"/{bucket}/s", header: "MERGE"}),
        400,
        "InvalidArgument",
        message,
    )


def test_cpy_storage_class_of_the_request(s3, bucket, source):
    copy(s3, bucket, StorageClass="ONEZONE_IA")
    assert s3.head_object(Bucket=bucket, Key="d")["StorageClass"] == "ONEZONE_IA"


@pytest.mark.parametrize("form", ["{bucket}/{key}", "/{bucket}/{key}", "%2F{bucket}%2F{key}"])
@pytest.mark.parametrize("key", ["s", "ä b+c%d/x", "a//b", "?x"])
def test_cpy_1_forms_of_the_source(raw, s3, bucket, form, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    header = form.format(bucket=bucket, key=encode(key, safe="/"))
    answer = raw.request("PUT", f"/{bucket}/d", headers={"x-amz-copy-source": header})
    assert answer.status == 200, str(answer)
    assert body_of(s3.get_object(Bucket=bucket, Key="d")) == key.encode()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{bucket}", "Invalid copy source object key"),
        ("/{bucket}/", "Invalid copy source object key"),
        ("B/k", "Invalid copy source bucket name"),
        ("{bucket}/%zz", "Invalid copy source encoding"),
    ],
)
def test_cpy_1_bad_sources(raw, bucket, value, message):
    error_of(
        raw.request("PUT", f"/{bucket}/d", headers={"x-amz-copy-source": value.format(bucket=bucket)}),
        400,
        "InvalidArgument",
        message,
        ArgumentName="x-amz-copy-source",
    )


def test_cpy_2_missing_sources(s3, bucket):
    with fails(404, "NoSuchKey"):
        copy(s3, bucket)
    with fails(404, "NoSuchBucket"):
        s3.copy_object(Bucket=bucket, Key="d", CopySource={"Bucket": bucket + "x", "Key": "s"})
    with fails(404, "NoSuchBucket"):
        s3.copy_object(Bucket=bucket + "x", Key="d", CopySource={"Bucket": bucket, "Key": "s"})


def test_cpy_2_markers_and_versions(s3, bucket):
    version = s3.put_object(Bucket=bucket, Key="s", Body=b"one")["VersionId"]
    s3.put_object(Bucket=bucket, Key="s", Body=b"two")
    marker = s3.delete_object(Bucket=bucket, Key="s")["VersionId"]
    with fails(404, "NoSuchKey"):
        copy(s3, bucket)
    with fails(
        400,
        "InvalidRequest",
        "The source of a copy request may not specifically refer to a delete marker by version id.",
    ):
        s3.copy_object(Bucket=bucket, Key="d", CopySource={"Bucket": bucket, "Key": "s", "VersionId": marker})
    answer = s3.copy_object(Bucket=bucket, Key="d", CopySource={"Bucket": bucket, "Key": "s", "VersionId": version})
    assert answer["CopySourceVersionId"] == version
    assert body_of(s3.get_object(Bucket=bucket, Key="d")) == b"one"


def test_cpy_2_permissions_on_both_sides(home, s3, bob, bucket):
    s3.put_object(Bucket=bucket, Key="s", Body=b"v")
    theirs = home.bucket(account=BOB)
    with fails(403, "AccessDenied"):
        bob.copy_object(Bucket=theirs, Key="d", CopySource={"Bucket": bucket, "Key": "s"})
    with fails(403, "AccessDenied"):
        s3.copy_object(Bucket=theirs, Key="d", CopySource={"Bucket": bucket, "Key": "s"})


def test_cpy_4_onto_itself_unchanged(s3, bucket, source):
    for parameters in ({}, {"TaggingDirective": "REPLACE", "Tagging": "a=b"}, {"ChecksumAlgorithm": "SHA256"}):
        with fails(400, "InvalidRequest", UNCHANGED):
            copy(s3, bucket, "s", **parameters)


@pytest.mark.parametrize(
    "change",
    [{"MetadataDirective": "REPLACE"}, {"StorageClass": "STANDARD_IA"}, {"WebsiteRedirectLocation": "/x"}],
    ids=lambda change: next(iter(change)),
)
def test_cpy_4_onto_itself_changed(s3, bucket, source, change):
    before = s3.head_object(Bucket=bucket, Key="s")["VersionId"]
    answer = copy(s3, bucket, "s", **change)
    assert answer["VersionId"] != before
    assert body_of(s3.get_object(Bucket=bucket, Key="s")) == source
    assert body_of(s3.get_object(Bucket=bucket, Key="s", VersionId=before)) == source


def test_cpy_4_an_older_version_onto_the_key(s3, bucket):
    old = s3.put_object(Bucket=bucket, Key="s", Body=b"old")["VersionId"]
    s3.put_object(Bucket=bucket, Key="s", Body=b"new")
    s3.copy_object(Bucket=bucket, Key="s", CopySource={"Bucket": bucket, "Key": "s", "VersionId": old})
    assert body_of(s3.get_object(Bucket=bucket, Key="s")) == b"old"


def test_cpy_4_onto_itself_without_versioning(s3, plain_bucket):
    s3.put_object(Bucket=plain_bucket, Key="s", Body=pattern(200_000), Metadata={"a": "1"})
    s3.copy_object(
        Bucket=plain_bucket, Key="s", CopySource={"Bucket": plain_bucket, "Key": "s"}, MetadataDirective="REPLACE",
        Metadata={"a": "2"},
    )  # fmt: skip
    got = s3.get_object(Bucket=plain_bucket, Key="s")
    assert (body_of(got), got["Metadata"]) == (pattern(200_000), {"a": "2"})


def test_cpy_6_a_multipart_source_becomes_one_part(s3, bucket):
    parts = [pattern(5 * MIB, 1), b"end"]
    upload_multipart(s3, bucket, "s", parts)
    answer = copy(s3, bucket)
    assert answer["CopyObjectResult"]["ETag"] == etag_of(b"".join(parts))
    assert body_of(s3.get_object(Bucket=bucket, Key="d")) == b"".join(parts)
    assert "ObjectParts" not in s3.get_object_attributes(Bucket=bucket, Key="d", ObjectAttributes=["ObjectParts"])


def test_cpy_7_checksum(s3, bucket):
    s3.put_object(Bucket=bucket, Key="s", Body=b"hello", ChecksumAlgorithm="SHA256")
    kept = copy(s3, bucket)["CopyObjectResult"]
    assert kept["ChecksumSHA256"] == "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
    assert kept["ChecksumType"] == "FULL_OBJECT"
    chosen = copy(s3, bucket, ChecksumAlgorithm="CRC32")["CopyObjectResult"]
    assert chosen["ChecksumCRC32"] == "NhCmhg=="
    upload_multipart(s3, bucket, "s", [b"hello"])
    assert copy(s3, bucket)["CopyObjectResult"]["ChecksumCRC64NVME"] == "M3eFcAZSQlc="


def test_cpy_10_a_copy_has_its_own_time_and_survives_the_source(s3, bucket, source):
    version = s3.head_object(Bucket=bucket, Key="s")["VersionId"]
    answer = copy(s3, bucket)
    assert s3.head_object(Bucket=bucket, Key="d")["LastModified"] == answer["CopyObjectResult"]["LastModified"]
    s3.delete_object(Bucket=bucket, Key="s", VersionId=version)
    assert body_of(s3.get_object(Bucket=bucket, Key="d")) == source


@pytest.mark.parametrize(
    ("conditions", "failing"),
    [
        ({"CopySourceIfMatch": "ETAG"}, None),
        ({"CopySourceIfMatch": '"no"'}, "x-amz-copy-source-If-Match"),
        ({"CopySourceIfNoneMatch": '"no"'}, None),
        ({"CopySourceIfNoneMatch": "ETAG"}, "x-amz-copy-source-If-None-Match"),
        ({"CopySourceIfModifiedSince": PAST}, None),
        ({"CopySourceIfModifiedSince": "NOW"}, "x-amz-copy-source-If-Modified-Since"),
        ({"CopySourceIfUnmodifiedSince": FUTURE}, None),
        ({"CopySourceIfUnmodifiedSince": PAST}, "x-amz-copy-source-If-Unmodified-Since"),
        ({"CopySourceIfMatch": "ETAG", "CopySourceIfUnmodifiedSince": PAST}, None),
        ({"CopySourceIfNoneMatch": '"no"', "CopySourceIfModifiedSince": "NOW"}, "x-amz-copy-source-If-Modified-Since"),
        (
            {"CopySourceIfNoneMatch": '"no"', "CopySourceIfUnmodifiedSince": PAST},
            "x-amz-copy-source-If-Unmodified-Since",
        ),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else None,
)
def test_cnd_7(s3, bucket, conditions, failing):
    etag = s3.put_object(Bucket=bucket, Key="s", Body=b"v")["ETag"]
    now = s3.head_object(Bucket=bucket, Key="s")["LastModified"]
    words = {"ETAG": etag, "NOW": now}
    conditions = {
        name: words.get(value, value) if isinstance(value, str) else value for name, value in conditions.items()
    }
    if failing is None:
        copy(s3, bucket, **conditions)
    else:
        with fails(412, "PreconditionFailed", Condition=failing):
            copy(s3, bucket, **conditions)


def test_copy_between_buckets(home, s3, bucket, source):
    other = home.bucket(versioned=False)
    answer = s3.copy_object(Bucket=other, Key="d", CopySource={"Bucket": bucket, "Key": "s"})
    assert "VersionId" not in answer
    assert answer["CopySourceVersionId"]
    assert body_of(s3.get_object(Bucket=other, Key="d")) == source
    back = s3.copy_object(Bucket=bucket, Key="d", CopySource={"Bucket": other, "Key": "d"})
    assert "CopySourceVersionId" not in back
