"""Versions, delete markers and the null version (s3-api §4.1 to §4.3, VER-*)."""

import re

import pytest
from s3 import all_at_once, all_versions, body_of, content_md5, error_of, fails, in_parallel, keys_of

MARKER_405 = "The specified method is not allowed against this resource."


def set_versioning(s3, bucket, status):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


def put(s3, bucket, key="k", body=b"v"):
    return s3.put_object(Bucket=bucket, Key=key, Body=body).get("VersionId")


def ids(s3, bucket):
    """(version id, is latest, is marker), newest first."""
    entries = all_versions(s3, bucket)
    entries.sort(key=lambda entry: entry["IsLatest"], reverse=True)
    return [(entry["VersionId"], entry["IsLatest"], entry["IsMarker"]) for entry in entries]


def test_ver_1_states(s3, raw, plain_bucket):
    answer = raw.request("GET", f"/{plain_bucket}?versioning")
    assert re.search(rb"<VersioningConfiguration [^>]*(/>|></VersioningConfiguration>)$", answer.body.strip()), (
        answer.body
    )
    for status in ("Enabled", "Suspended", "Enabled"):
        set_versioning(s3, plain_bucket, status)
        assert s3.get_bucket_versioning(Bucket=plain_bucket)["Status"] == status


def test_ver_1_suspended_straight_from_never(s3, plain_bucket):
    set_versioning(s3, plain_bucket, "Suspended")
    assert s3.get_bucket_versioning(Bucket=plain_bucket)["Status"] == "Suspended"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("<VersioningConfiguration/>", "IllegalVersioningConfigurationException"),
        ("<VersioningConfiguration><Status>enabled</Status></VersioningConfiguration>", "MalformedXML"),
        ("<VersioningConfiguration><Status>Disabled</Status></VersioningConfiguration>", "MalformedXML"),
        ("<VersioningConfiguration><Status></Status></VersioningConfiguration>", "MalformedXML"),
        ("<VersioningConfiguration><Status>Enabled</Status>", "MalformedXML"),
        ("rubbish", "MalformedXML"),
    ],
)
def test_ver_1_bad_documents(raw, s3, plain_bucket, document, code):
    body = document.encode()
    answer = raw.request("PUT", f"/{plain_bucket}?versioning", body=body, headers={"content-md5": content_md5(body)})
    error_of(answer, 400, code)
    assert "Status" not in s3.get_bucket_versioning(Bucket=plain_bucket)


def test_ver_2_the_null_version_outlives_enabling(s3, plain_bucket):
    s3.put_object(Bucket=plain_bucket, Key="k", Body=b"null")
    set_versioning(s3, plain_bucket, "Enabled")
    version = put(s3, plain_bucket, body=b"one")
    assert version and version != "null"
    assert ids(s3, plain_bucket) == [(version, True, False), ("null", False, False)]
    assert body_of(s3.get_object(Bucket=plain_bucket, Key="k", VersionId="null")) == b"null"
    s3.delete_object(Bucket=plain_bucket, Key="k", VersionId=version)
    assert body_of(s3.get_object(Bucket=plain_bucket, Key="k")) == b"null"


def test_ver_3_version_ids(s3, bucket):
    seen = {put(s3, bucket) for _ in range(50)}
    assert len(seen) == 50
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]{32}", version) for version in seen), seen


def test_ver_3_versions_stack_newest_first(s3, bucket):
    written = [put(s3, bucket, body=b"%d" % number) for number in range(20)]
    listed = [entry["VersionId"] for entry in s3.list_object_versions(Bucket=bucket)["Versions"]]
    assert listed == written[::-1]
    for number, version in enumerate(written):
        got = s3.get_object(Bucket=bucket, Key="k", VersionId=version)
        assert (body_of(got), got["VersionId"]) == (b"%d" % number, version)


def test_s4_2_suspended_replaces_the_null_version(s3, bucket):
    first = put(s3, bucket, body=b"1")
    set_versioning(s3, bucket, "Suspended")
    assert put(s3, bucket, body=b"2") is None
    assert put(s3, bucket, body=b"3") is None
    assert ids(s3, bucket) == [("null", True, False), (first, False, False)]
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (body_of(got), got["VersionId"]) == (b"3", "null")
    set_versioning(s3, bucket, "Enabled")
    last = put(s3, bucket, body=b"4")
    assert ids(s3, bucket) == [(last, True, False), ("null", False, False), (first, False, False)]
    assert body_of(s3.get_object(Bucket=bucket, Key="k", VersionId="null")) == b"3"


def test_s4_2_the_null_version_stands_at_its_own_time(s3, plain_bucket):
    """A null version that is overwritten while suspended moves to the top; numbered ones keep their places."""
    s3.put_object(Bucket=plain_bucket, Key="k", Body=b"old null")
    set_versioning(s3, plain_bucket, "Enabled")
    one, two = put(s3, plain_bucket, body=b"1"), put(s3, plain_bucket, body=b"2")
    order = [entry["VersionId"] for entry in s3.list_object_versions(Bucket=plain_bucket)["Versions"]]
    assert order == [two, one, "null"]
    set_versioning(s3, plain_bucket, "Suspended")
    put(s3, plain_bucket, body=b"new null")
    order = [entry["VersionId"] for entry in s3.list_object_versions(Bucket=plain_bucket)["Versions"]]
    assert order == ["null", two, one]


def test_ver_10_get_under_a_marker(s3, raw, bucket):
    version = put(s3, bucket)
    deleted = s3.delete_object(Bucket=bucket, Key="k")
    assert deleted["DeleteMarker"] is True
    marker = deleted["VersionId"]
    for method in ("GET", "HEAD"):
        answer = raw.request(method, f"/{bucket}/k")
        assert answer.status == 404
        assert answer.headers["x-amz-delete-marker"] == "true"
        assert answer.headers["x-amz-version-id"] == marker
    error_of(raw.request("GET", f"/{bucket}/k"), 404, "NoSuchKey", "The specified key does not exist.", Key="k")
    assert body_of(s3.get_object(Bucket=bucket, Key="k", VersionId=version)) == b"v"


def test_ver_11_version_id_header_and_null(s3, raw, plain_bucket):
    s3.put_object(Bucket=plain_bucket, Key="k", Body=b"v")
    for method in ("GET", "HEAD"):
        assert raw.request(method, f"/{plain_bucket}/k?versionId=null").status == 200
        assert "x-amz-version-id" not in raw.request(method, f"/{plain_bucket}/k").headers


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_ver_12_err_5_marker_by_id(s3, raw, bucket, method):
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    answer = raw.request(method, f"/{bucket}/k?versionId={marker}")
    assert answer.status == 405
    assert answer.headers["x-amz-delete-marker"] == "true"
    assert answer.headers["allow"] == "DELETE"
    assert answer.headers["x-amz-version-id"] == marker
    assert answer.headers["last-modified"]
    assert "x-amz-replication-status" not in answer.headers  # T-16
    if method == "GET":
        error_of(answer, 405, "MethodNotAllowed", MARKER_405, Method="GET", ResourceType="DeleteMarker")


def test_ver_12_tagging_and_attributes_of_a_marker(s3, bucket):
    put(s3, bucket)
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    for parameters in ({}, {"VersionId": marker}):
        with fails(405, "MethodNotAllowed"):
            s3.get_object_tagging(Bucket=bucket, Key="k", **parameters)
        with fails(405, "MethodNotAllowed"):
            s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": []}, **parameters)
        with fails(405, "MethodNotAllowed"):
            s3.delete_object_tagging(Bucket=bucket, Key="k", **parameters)
    with fails(404, "NoSuchKey"):
        s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ETag"])
    with fails(405, "MethodNotAllowed"):
        s3.get_object_attributes(Bucket=bucket, Key="k", VersionId=marker, ObjectAttributes=["ETag"])


@pytest.mark.parametrize("version", ["x", "0" * 32, "a" * 32, "Null", "_" * 1000, "%00", "%F0%9F%98%80"])
def test_ver_13_forged_ids(s3, raw, bucket, version):
    put(s3, bucket)
    for method in ("GET", "DELETE"):
        error_of(
            raw.request(method, f"/{bucket}/k?versionId={version}"),
            400,
            "InvalidArgument",
            "Invalid version id specified",
            ArgumentName="versionId",
        )
    assert raw.request("HEAD", f"/{bucket}/k?versionId={version}").status == 400


def test_ver_13_a_changed_character_is_noticed(s3, raw, bucket):
    version = put(s3, bucket)
    for place in (0, 7, 15, 23, 31):
        letter = "a" if version[place] != "a" else "b"
        forged = version[:place] + letter + version[place + 1 :]
        assert raw.request("GET", f"/{bucket}/k?versionId={forged}").status in (400, 404), forged


def test_ver_13_well_formed_but_absent(s3, raw, bucket, home):
    version = put(s3, bucket)
    with fails(404, "NoSuchVersion", "The specified version does not exist.", Key="other", VersionId=version):
        s3.get_object(Bucket=bucket, Key="other", VersionId=version)
    with fails(404, "NoSuchVersion"):
        s3.get_object(Bucket=bucket, Key="k", VersionId="null")
    answer = raw.request("DELETE", f"/{bucket}/other?versionId={version}")
    assert answer.status == 204
    assert answer.headers["x-amz-version-id"] == version


def test_ver_13_empty_version_id(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    error_of(
        raw.request("GET", f"/{bucket}/k?versionId="), 400, "InvalidArgument", "Version id cannot be the empty string"
    )


def test_ver_13_any_id_in_a_never_versioned_bucket(s3, home, plain_bucket, bucket):
    version = put(s3, bucket)
    s3.put_object(Bucket=plain_bucket, Key="k", Body=b"v")
    with fails(400, "InvalidArgument", "Invalid version id specified"):
        s3.get_object(Bucket=plain_bucket, Key="k", VersionId=version)


def test_ver_14_delete_in_a_versioned_bucket(s3, bucket):
    first = s3.delete_object(Bucket=bucket, Key="never-existed")
    second = s3.delete_object(Bucket=bucket, Key="never-existed")
    assert first["DeleteMarker"] and second["DeleteMarker"]
    assert first["VersionId"] != second["VersionId"]
    markers = s3.list_object_versions(Bucket=bucket)["DeleteMarkers"]
    assert [(m["VersionId"], m["IsLatest"]) for m in markers] == [
        (second["VersionId"], True),
        (first["VersionId"], False),
    ]


def test_ver_14_delete_while_suspended(s3, bucket):
    version = put(s3, bucket, body=b"1")
    set_versioning(s3, bucket, "Suspended")
    put(s3, bucket, body=b"null")
    deleted = s3.delete_object(Bucket=bucket, Key="k")
    assert (deleted["VersionId"], deleted["DeleteMarker"]) == ("null", True)
    assert ids(s3, bucket) == [("null", True, True), (version, False, False)]
    # A further delete replaces the null marker; a write replaces it too.
    s3.delete_object(Bucket=bucket, Key="k")
    assert ids(s3, bucket) == [("null", True, True), (version, False, False)]
    put(s3, bucket, body=b"again")
    assert ids(s3, bucket) == [("null", True, False), (version, False, False)]


def test_ver_15_delete_by_id_uncovers_what_is_below(s3, bucket):
    one, two = put(s3, bucket, body=b"1"), put(s3, bucket, body=b"2")
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []
    removed = s3.delete_object(Bucket=bucket, Key="k", VersionId=marker)
    assert (removed["VersionId"], removed["DeleteMarker"]) == (marker, True)
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == b"2"
    removed = s3.delete_object(Bucket=bucket, Key="k", VersionId=two)
    assert removed["VersionId"] == two
    assert "DeleteMarker" not in removed
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == b"1"
    s3.delete_object(Bucket=bucket, Key="k", VersionId=one)
    with fails(404, "NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")
    assert all_versions(s3, bucket) == []


def test_ver_15_delete_of_a_noncurrent_version(s3, bucket):
    one, two, three = (put(s3, bucket, body=body) for body in (b"1", b"2", b"3"))
    s3.delete_object(Bucket=bucket, Key="k", VersionId=two)
    assert ids(s3, bucket) == [(three, True, False), (one, False, False)]
    with fails(404, "NoSuchVersion"):
        s3.get_object(Bucket=bucket, Key="k", VersionId=two)


def test_ver_17_a_marker_in_the_list(s3, bucket):
    s3.delete_object(Bucket=bucket, Key="k")
    [marker] = s3.list_object_versions(Bucket=bucket)["DeleteMarkers"]
    assert set(marker) == {"Key", "VersionId", "IsLatest", "LastModified", "Owner"}


def test_s4_2_concurrent_writes_of_one_key_all_become_versions(s3, bucket):
    versions = in_parallel(lambda number: put(s3, bucket, body=b"%d" % number), range(64), workers=16)
    assert len(set(versions)) == 64
    listed = [entry["VersionId"] for entry in s3.list_object_versions(Bucket=bucket)["Versions"]]
    assert sorted(listed) == sorted(versions)
    latest = s3.head_object(Bucket=bucket, Key="k")["VersionId"]
    assert latest == listed[0]


def test_s4_2_concurrent_overwrites_without_versioning_leave_one_whole_body(s3, plain_bucket):
    bodies = [bytes([number]) * 100_000 for number in range(16)]
    answers = all_at_once([lambda body=body: s3.put_object(Bucket=plain_bucket, Key="k", Body=body) for body in bodies])
    assert all(isinstance(answer, dict) for answer in answers), answers
    assert body_of(s3.get_object(Bucket=plain_bucket, Key="k")) in bodies
    assert len(s3.list_object_versions(Bucket=plain_bucket)["Versions"]) == 1


def test_ver_4_mfa_delete(raw, s3, plain_bucket):
    def send(mfa):
        body = f"<VersioningConfiguration><MfaDelete>{mfa}</MfaDelete><Status>Enabled</Status></VersioningConfiguration>".encode()
        return raw.request("PUT", f"/{plain_bucket}?versioning", body=body, headers={"content-md5": content_md5(body)})

    answer = send("Enabled")
    assert answer.status in (403, 501), str(answer)
    assert send("Disabled").status == 200
    assert s3.get_bucket_versioning(Bucket=plain_bucket)["Status"] == "Enabled"
