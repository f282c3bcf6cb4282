"""Multi-object delete (s3-api VER-16, §3.2c, CHK-7)."""

import pytest
from s3 import all_versions, content_md5, error_of, fails, in_parallel, keys_of

MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema"


def post(raw, bucket, document):
    body = document.encode()
    return raw.request("POST", f"/{bucket}?delete", body=body, headers={"content-md5": content_md5(body)})


def delete(s3, bucket, *objects, quiet=False):
    entries = [
        {"Key": entry} if isinstance(entry, str) else {"Key": entry[0], "VersionId": entry[1]} for entry in objects
    ]
    return s3.delete_objects(Bucket=bucket, Delete={"Objects": entries, "Quiet": quiet})


def test_ver_16_without_versioning(s3, plain_bucket):
    for key in ("a", "b ä+%/", "c"):
        s3.put_object(Bucket=plain_bucket, Key=key, Body=b"")
    answer = delete(s3, plain_bucket, "a", "b ä+%/", "missing")
    assert answer["Deleted"] == [{"Key": "a"}, {"Key": "b ä+%/"}, {"Key": "missing"}]
    assert "Errors" not in answer
    assert keys_of(s3.list_objects_v2(Bucket=plain_bucket)) == ["c"]


def test_ver_16_markers_are_made(s3, bucket):
    version = s3.put_object(Bucket=bucket, Key="a", Body=b"")["VersionId"]
    [first, second] = delete(s3, bucket, "a", "never")["Deleted"]
    assert (first["Key"], first["DeleteMarker"]) == ("a", True)
    assert "VersionId" not in first
    assert second["DeleteMarker"] is True
    markers = {entry["VersionId"] for entry in s3.list_object_versions(Bucket=bucket)["DeleteMarkers"]}
    assert markers == {first["DeleteMarkerVersionId"], second["DeleteMarkerVersionId"]}
    s3.head_object(Bucket=bucket, Key="a", VersionId=version)


def test_ver_16_by_version(s3, bucket):
    version = s3.put_object(Bucket=bucket, Key="a", Body=b"")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="a")["VersionId"]
    [removed_marker, removed_version] = delete(s3, bucket, ("a", marker), ("a", version))["Deleted"]
    assert removed_marker == {
        "Key": "a", "VersionId": marker, "DeleteMarker": True, "DeleteMarkerVersionId": marker
    }  # fmt: skip
    assert removed_version == {"Key": "a", "VersionId": version}
    assert all_versions(s3, bucket) == []


def test_ver_16_quiet(raw, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"")
    answer = post(raw, bucket, "<Delete><Quiet>true</Quiet><Object><Key>a</Key></Object></Delete>")
    assert answer.status == 200
    assert b"<Deleted>" not in answer.body
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []
    answer = post(
        raw, bucket, "<Delete><Quiet>true</Quiet><Object><Key>a</Key><VersionId>rubbish</VersionId></Object></Delete>"
    )
    assert b"<Error>" in answer.body


def test_ver_16_bad_version_id(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"")
    answer = delete(s3, bucket, ("a", "rubbish"), "a")
    assert answer["Errors"] == [
        {
            "Key": "a",
            "VersionId": "rubbish",
            "Code": "NoSuchVersion",
            "Message": "The specified version does not exist.",
        }
    ]
    assert answer["Deleted"][0]["Key"] == "a"


def test_ver_16_keys_are_literal(raw, s3, plain_bucket):
    for key in ("a%20b", "a b", "a+b", "<&>", " x ", "日本"):
        s3.put_object(Bucket=plain_bucket, Key=key, Body=b"")
    answer = post(
        raw, plain_bucket,
        "<Delete><Object><Key>a%20b</Key></Object><Object><Key>&lt;&amp;&gt;</Key></Object>"
        "<Object><Key> x </Key></Object><Object><Key>&#26085;&#x672C;</Key></Object></Delete>",
    )  # fmt: skip
    assert answer.status == 200, str(answer)
    assert keys_of(s3.list_objects_v2(Bucket=plain_bucket)) == ["a b", "a+b"]


def test_ver_16_a_thousand_keys(s3, plain_bucket):
    keys = [f"k{number:04}" for number in range(1000)]
    in_parallel(lambda key: s3.put_object(Bucket=plain_bucket, Key=key, Body=b""), keys, workers=16)
    answer = delete(s3, plain_bucket, *keys)
    assert [entry["Key"] for entry in answer["Deleted"]] == keys
    assert keys_of(s3.list_objects_v2(Bucket=plain_bucket)) == []


def test_ver_16_the_same_key_twice(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"")
    answer = delete(s3, bucket, "a", "a")
    assert [entry["Key"] for entry in answer["Deleted"]] == ["a", "a"]


@pytest.mark.parametrize(
    "document",
    [
        "<Delete>" + "<Object><Key>k</Key></Object>" * 1001 + "</Delete>",
        "<Delete/>",
        "<Delete><Quiet>true</Quiet></Delete>",
        "<Delete><Object></Object></Delete>",
        "<Delete><Object><Key></Key></Object></Delete>",
        "<Delete><Object><Key>k</Key></Object>",
        "rubbish",
    ],
    ids=["1001", "empty", "no-objects", "no-key", "empty-key", "cut", "rubbish"],
)
def test_ver_16_malformed(raw, bucket, document):
    error_of(post(raw, bucket, document), 400, "MalformedXML", MALFORMED)


def test_err_10_empty_body(raw, bucket):
    error_of(
        raw.request("POST", f"/{bucket}?delete", headers={"content-md5": content_md5(b"")}),
        400,
        "MissingRequestBodyError",
        "Request Body is empty",
    )


@pytest.mark.parametrize("element", ["LastModifiedTime", "Size"])
def test_ver_16_directory_bucket_conditions(raw, bucket, element):
    value = "1" if element == "Size" else "2020-01-01T00:00:00Z"
    answer = post(raw, bucket, f"<Delete><Object><Key>k</Key><{element}>{value}</{element}></Object></Delete>")
    assert answer.status == 200
    assert b"<Code>NotImplemented</Code>" in answer.body


def test_delete_objects_of_another_account(bob, bucket):
    # Each key by itself (EVL-1).
    errors = delete(bob, bucket, "k")["Errors"]
    assert [(error["Key"], error["Code"]) for error in errors] == [("k", "AccessDenied")]


def test_err_11_a_pretty_printed_document_with_namespace(raw, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"")
    answer = post(
        raw, bucket,
        '<?xml version="1.0" encoding="UTF-8"?>\n<x:Delete xmlns:x="http://s3.amazonaws.com/doc/2006-03-01/">\n'
        "  <x:Object>\n    <x:Key>a</x:Key>\n  </x:Object>\n  <!-- one -->\n</x:Delete>\n",
    )  # fmt: skip
    assert answer.status == 200, str(answer)
    assert b"<Key>a</Key>" in answer.body
