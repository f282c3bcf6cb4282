"""Object tags (s3-api §9.1, TAG-*)."""

import pytest
from s3 import body_of, content_md5, error_of, fails

INVALID_HEADER = "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates."


def tag_set(*pairs):
    return {"TagSet": [{"Key": key, "Value": value} for key, value in pairs]}


def tags_of(s3, bucket, key="k", **parameters):
    return {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=bucket, Key=key, **parameters)["TagSet"]}


@pytest.fixture
def version(s3, bucket):
    return s3.put_object(Bucket=bucket, Key="k", Body=b"v")["VersionId"]


def test_tag_5_put_get_delete(s3, bucket, version):
    before = s3.head_object(Bucket=bucket, Key="k")
    assert tags_of(s3, bucket) == {}
    answer = s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(("a", "1"), ("b", "")))
    assert answer["VersionId"] == version
    got = s3.get_object_tagging(Bucket=bucket, Key="k")
    assert got["VersionId"] == version
    assert tags_of(s3, bucket) == {"a": "1", "b": ""}
    after = s3.head_object(Bucket=bucket, Key="k")
    assert (after["ETag"], after["LastModified"]) == (before["ETag"], before["LastModified"])
    assert after["TagCount"] == 2 and "TagCount" not in before
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(("c", "3")))
    assert tags_of(s3, bucket) == {"c": "3"}
    deleted = s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert (deleted["ResponseMetadata"]["HTTPStatusCode"], deleted["VersionId"]) == (204, version)
    assert tags_of(s3, bucket) == {}


def test_tag_5_tags_belong_to_a_version(s3, bucket, version):
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(("a", "1")))
    newer = s3.put_object(Bucket=bucket, Key="k", Body=b"w")["VersionId"]
    assert tags_of(s3, bucket) == {}
    assert tags_of(s3, bucket, VersionId=version) == {"a": "1"}
    s3.put_object_tagging(Bucket=bucket, Key="k", VersionId=version, Tagging=tag_set(("a", "2")))
    assert tags_of(s3, bucket, VersionId=version) == {"a": "2"}
    assert tags_of(s3, bucket, VersionId=newer) == {}
    s3.delete_object_tagging(Bucket=bucket, Key="k", VersionId=version)
    assert tags_of(s3, bucket, VersionId=version) == {}


def test_tag_5_without_versioning(s3, plain_bucket):
    s3.put_object(Bucket=plain_bucket, Key="k", Body=b"v", Tagging="a=1")
    assert "VersionId" not in s3.get_object_tagging(Bucket=plain_bucket, Key="k")
    s3.put_object(Bucket=plain_bucket, Key="k", Body=b"w")
    assert tags_of(s3, plain_bucket) == {}


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=", {"a": ""}),
        ("a", {"a": ""}),
        ("a+b=c+d", {"a b": "c d"}),
        ("a%20b=c%2Bd", {"a b": "c+d"}),
        ("k%C3%A4=%E6%97%A5", {"kä": "日"}),
        ("a=b%3Dc", {"a": "b=c"}),
        ("%2B-%3D._:/@=x", {"+-=._:/@": "x"}),
        ("&".join(f"k{n}=v" for n in range(10)), {f"k{n}": "v" for n in range(10)}),
        ("k" * 128 + "=" + "v" * 256, {"k" * 128: "v" * 256}),
        ("", {}),
    ],
)
def test_tag_4_header(raw, s3, bucket, header, tags):
    answer = raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"x-amz-tagging": header})
    assert answer.status == 200, str(answer)
    assert tags_of(s3, bucket) == tags


@pytest.mark.parametrize("header", ["a=1&a=2", "a=%zz", "a=%FF", "a&a"])
def test_tag_4_bad_header(raw, bucket, header):
    error_of(
        raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"x-amz-tagging": header}),
        400,
        "InvalidArgument",
        INVALID_HEADER,
        ArgumentName="x-amz-tagging",
        ArgumentValue=header,
    )


def test_tag_1_too_many(raw, s3, bucket, version):
    message = "Object tags cannot be greater than 10"
    with fails(400, "BadRequest", message):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(*((f"k{n}", "") for n in range(11))))
    header = "&".join(f"k{n}=" for n in range(11))
    error_of(
        raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"x-amz-tagging": header}), 400, "BadRequest", message
    )
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(*((f"k{n}", "") for n in range(10))))


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("", "v")], "The TagKey you have provided is invalid"),
        ([("k" * 129, "v")], "The TagKey you have provided is invalid"),
        ([("a|b", "v")], "The TagKey you have provided is invalid"),
        ([("a", "v" * 257)], "The TagValue you have provided is invalid"),
        ([("a", "b\\c")], "The TagValue you have provided is invalid"),
        ([("a", "1"), ("a", "2")], "Cannot provide multiple Tags with the same key"),
        ([("aws:a", "1")], "Your TagKey cannot be prefixed with aws:"),
    ],
    ids=["empty", "long-key", "bad-key", "long-value", "bad-value", "duplicate", "aws"],
)
def test_tag_3(raw, s3, bucket, version, pairs, message):
    entries = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in pairs)
    body = f"<Tagging><TagSet>{entries}</TagSet></Tagging>".encode()
    answer = raw.request("PUT", f"/{bucket}/k?tagging", body=body, headers={"content-md5": content_md5(body)})
    error_of(answer, 400, "InvalidTag", message)
    assert tags_of(s3, bucket) == {}


def test_tag_1_keys_are_case_sensitive_and_of_any_script(s3, bucket, version):
    pairs = {"a": "1", "A": "2", "日本": "語", "ключ": "значение", "é1": "+-=._:/@ "}
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(*pairs.items()))
    assert tags_of(s3, bucket) == pairs


@pytest.mark.parametrize(
    "document",
    [
        "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>",
        "<Tagging><TagSet><Tag><Value>a</Value></Tag></TagSet></Tagging>",
        "<Tagging></Tagging>",
        "<Tagging><TagSet>",
        "rubbish",
    ],
)
def test_tag_3_malformed(raw, bucket, version, document):
    body = document.encode()
    answer = raw.request("PUT", f"/{bucket}/k?tagging", body=body, headers={"content-md5": content_md5(body)})
    error_of(
        answer,
        400,
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )


def test_tag_6_missing_key(s3, bucket):
    for call in (
        lambda: s3.get_object_tagging(Bucket=bucket, Key="no"),
        lambda: s3.put_object_tagging(Bucket=bucket, Key="no", Tagging=tag_set(("a", "1"))),
        lambda: s3.delete_object_tagging(Bucket=bucket, Key="no"),
    ):
        with fails(404, "NoSuchKey", Key="no"):
            call()


def test_tag_5_tags_do_not_touch_the_body(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"v" * 200_000, Metadata={"m": "1"}, Tagging="a=1")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(("a", "2")))
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (body_of(got), got["Metadata"]) == (b"v" * 200_000, {"m": "1"})
