"""Object Lock (s3-api §8, LCK-*)."""

import datetime
import re

import pytest
from botocore.exceptions import ClientError
from s3 import all_versions, content_md5, error_of, fails, upload_multipart
from waiting import eventually

MISSING = "Bucket is missing Object Lock Configuration"
PROTECTED = "Access Denied because object protected by object lock."
NEVER_SET = "The specified object does not have a ObjectLock configuration"
BYPASS = "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets."


def later(**delta):
    """A whole second in the future."""
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(**delta)).replace(microsecond=0)


def enabled(rule=None):
    return {"ObjectLockEnabled": "Enabled", **({"Rule": {"DefaultRetention": rule}} if rule else {})}


def put(client, bucket, key="k", **parameters):
    return client.put_object(Bucket=bucket, Key=key, Body=b"v", **parameters)["VersionId"]


def retain(client, bucket, version=None, mode="GOVERNANCE", until=None, key="k", **parameters):
    retention = {"Mode": mode, "RetainUntilDate": until} if until else {}
    if version:
        parameters["VersionId"] = version
    client.put_object_retention(Bucket=bucket, Key=key, Retention=retention, **parameters)


def retention_of(client, bucket, version, key="k"):
    found = client.get_object_retention(Bucket=bucket, Key=key, VersionId=version)["Retention"]
    return found["Mode"], found["RetainUntilDate"]


def header_date(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def locked(home):
    """A fresh bucket with Object Lock."""
    return home.bucket(versioned=False, ObjectLockEnabledForBucket=True)


# The bucket: LCK-1 to LCK-4


def test_lck_1_at_creation(s3, locked):
    assert s3.get_bucket_versioning(Bucket=locked)["Status"] == "Enabled"
    assert s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"] == enabled()


def test_lck_1_later_needs_versioning(s3, bucket, plain_bucket):
    with fails(404, "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket"):
        s3.get_object_lock_configuration(Bucket=bucket)
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=enabled({"Mode": "GOVERNANCE", "Days": 3}))
    assert s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == enabled(
        {"Mode": "GOVERNANCE", "Days": 3}
    )
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=enabled())
    assert s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == enabled()
    message = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
    with fails(409, "InvalidBucketState", message):
        s3.put_object_lock_configuration(Bucket=plain_bucket, ObjectLockConfiguration=enabled())


def test_lck_2_versioning_stays(s3, locked):
    message = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
    with fails(409, "InvalidBucketState", message):
        s3.put_bucket_versioning(Bucket=locked, VersioningConfiguration={"Status": "Suspended"})
    s3.put_bucket_versioning(Bucket=locked, VersioningConfiguration={"Status": "Enabled"})


NOT_POSITIVE = "Default retention period must be a positive integer value."
TOO_LARGE = "Default retention period too large."


@pytest.mark.parametrize(
    ("inside", "code", "message"),
    [
        ("", "MalformedXML", None),
        ("<ObjectLockEnabled>Disabled</ObjectLockEnabled>", "MalformedXML", None),
        ("<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule/>", "MalformedXML", None),
        ("{}<DefaultRetention/>", "MalformedXML", None),
        ("{}<DefaultRetention><Mode>GOVERNANCE</Mode></DefaultRetention>", "MalformedXML", None),
        ("{}<DefaultRetention><Days>1</Days></DefaultRetention>", "MalformedXML", None),
        (
            "{}<DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years></DefaultRetention>",
            "MalformedXML",
            None,
        ),
        ("{}<DefaultRetention><Mode>governance</Mode><Days>1</Days></DefaultRetention>", "MalformedXML", None),
        ("{}<DefaultRetention><Mode>GOVERNANCE</Mode><Days>0</Days></DefaultRetention>", "InvalidArgument", NOT_POSITIVE),
        ("{}<DefaultRetention><Mode>GOVERNANCE</Mode><Years>-1</Years></DefaultRetention>", "InvalidArgument", NOT_POSITIVE),
        ("{}<DefaultRetention><Mode>COMPLIANCE</Mode><Days>36501</Days></DefaultRetention>", "InvalidArgument", TOO_LARGE),
        ("{}<DefaultRetention><Mode>COMPLIANCE</Mode><Years>101</Years></DefaultRetention>", "InvalidArgument", TOO_LARGE),
    ],
)  # fmt: skip
def test_lck_3_configuration(raw, locked, inside, code, message):
    if inside.startswith("{}"):
        inside = f"<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>{inside[2:]}</Rule>"
    body = f"<ObjectLockConfiguration>{inside}</ObjectLockConfiguration>".encode()
    answer = raw.request("PUT", f"/{locked}?object-lock", body=body, headers={"content-md5": content_md5(body)})
    error_of(answer, 400, code, message)


def test_chk_7_lock_calls_need_a_digest(raw, locked):
    for path in ("?object-lock", "/k?retention", "/k?legal-hold"):
        error_of(raw.request("PUT", f"/{locked}{path}", body=b"<a/>"), 400, "InvalidRequest")


# Headers of writes: LCK-5, LCK-6, LCK-11, LCK-15


def test_lck_5_put_object(s3, locked):
    until = later(days=1)
    version = put(
        s3, locked, ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until, ObjectLockLegalHoldStatus="ON"
    )
    for answer in (s3.head_object(Bucket=locked, Key="k"), s3.get_object(Bucket=locked, Key="k", VersionId=version)):
        assert (answer["ObjectLockMode"], answer["ObjectLockRetainUntilDate"]) == ("COMPLIANCE", until)
        assert answer["ObjectLockLegalHoldStatus"] == "ON"
    assert retention_of(s3, locked, version) == ("COMPLIANCE", until)
    assert s3.get_object_legal_hold(Bucket=locked, Key="k")["LegalHold"] == {"Status": "ON"}


MODE, DATE, HOLD = "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold"
BOTH = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied"


@pytest.mark.parametrize(
    ("headers", "message", "name", "value"),
    [
        ({MODE: "GOVERNANCE"}, BOTH, DATE, None),
        ({DATE: "2099-01-01T00:00:00Z"}, BOTH, MODE, None),
        ({MODE: "governance", DATE: "2099-01-01T00:00:00Z"}, "Unknown wormMode directive.", MODE, "governance"),
        ({HOLD: "on"}, "Legal Hold must be either of 'ON' or 'OFF'", HOLD, "on"),
        (
            {MODE: "GOVERNANCE", DATE: "2020-01-01T00:00:00Z"},
            "The retain until date must be in the future!",
            DATE,
            "2020-01-01T00:00:00Z",
        ),
        ({MODE: "GOVERNANCE", DATE: "tomorrow"}, "The retain until date must be provided in ISO 8601 format", DATE, "tomorrow"),
    ],
)  # fmt: skip
def test_lck_5_bad_headers(raw, locked, headers, message, name, value):
    for method, path in (("PUT", "k"), ("POST", "k?uploads")):
        answer = raw.request(method, f"/{locked}/{path}", headers=headers)
        error = error_of(answer, 400, "InvalidArgument", message, ArgumentName=name)
        assert error.get("ArgumentValue") == value


def test_lck_6_bucket_without_lock(s3, bucket, raw):
    version = put(s3, bucket)
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": later(days=1)}
    with fails(400, "InvalidRequest", MISSING):
        put(s3, bucket, **lock)
    with fails(400, "InvalidRequest", MISSING):
        put(s3, bucket, ObjectLockLegalHoldStatus="OFF")
    with fails(400, "InvalidRequest", MISSING):
        s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k", **lock)
    with fails(400, "InvalidRequest", MISSING):
        s3.create_multipart_upload(Bucket=bucket, Key="m", **lock)
    with fails(400, "InvalidRequest", MISSING):
        retain(s3, bucket, version, until=later(days=1))
    with fails(400, "InvalidRequest", MISSING):
        s3.get_object_retention(Bucket=bucket, Key="k")
    with fails(400, "InvalidRequest", MISSING):
        s3.put_object_legal_hold(Bucket=bucket, Key="k", LegalHold={"Status": "ON"})
    with fails(400, "InvalidRequest", MISSING):
        s3.get_object_legal_hold(Bucket=bucket, Key="k")


def test_lck_11_default_retention(s3, locked):
    before = put(s3, locked)
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=enabled({"Mode": "GOVERNANCE", "Days": 2}))
    with fails(404, "NoSuchObjectLockConfiguration", NEVER_SET):
        retention_of(s3, locked, before)
    version = put(s3, locked)
    head = s3.head_object(Bucket=locked, Key="k")
    mode, until = retention_of(s3, locked, version)
    assert mode == "GOVERNANCE"
    assert abs((until - head["LastModified"]) - datetime.timedelta(days=2)) < datetime.timedelta(seconds=1)
    s3.copy_object(Bucket=locked, Key="copy", CopySource=f"{locked}/k")
    assert s3.head_object(Bucket=locked, Key="copy")["ObjectLockMode"] == "GOVERNANCE"
    own = later(days=9)
    explicit = put(s3, locked, ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=own)
    assert retention_of(s3, locked, explicit) == ("COMPLIANCE", own)
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=enabled())
    assert "ObjectLockMode" not in s3.head_object(Bucket=locked, Key="k", VersionId=put(s3, locked))
    assert retention_of(s3, locked, version) == (mode, until)


def test_mpu_1_lock_is_frozen_at_initiation(s3, locked):
    until = later(days=1)
    done = upload_multipart(
        s3, locked, "m", [b"part"], ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until,
        ObjectLockLegalHoldStatus="ON",
    )  # fmt: skip
    head = s3.head_object(Bucket=locked, Key="m", VersionId=done["VersionId"])
    assert (head["ObjectLockMode"], head["ObjectLockRetainUntilDate"]) == ("GOVERNANCE", until)
    assert head["ObjectLockLegalHoldStatus"] == "ON"
    # A default that came meanwhile applies to what has no retention of its own.
    upload = s3.create_multipart_upload(Bucket=locked, Key="n")["UploadId"]
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=enabled({"Mode": "COMPLIANCE", "Years": 1}))
    part = s3.upload_part(Bucket=locked, Key="n", UploadId=upload, PartNumber=1, Body=b"x")
    s3.complete_multipart_upload(
        Bucket=locked, Key="n", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )
    assert s3.head_object(Bucket=locked, Key="n")["ObjectLockMode"] == "COMPLIANCE"


def test_cpy_5_lock_is_not_copied(s3, locked):
    put(s3, locked, ObjectLockLegalHoldStatus="ON", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later(days=1))
    s3.copy_object(Bucket=locked, Key="copy", CopySource=f"{locked}/k")
    head = s3.head_object(Bucket=locked, Key="copy")
    assert "ObjectLockMode" not in head and "ObjectLockLegalHoldStatus" not in head
    s3.copy_object(Bucket=locked, Key="held", CopySource=f"{locked}/k", ObjectLockLegalHoldStatus="ON")
    assert s3.head_object(Bucket=locked, Key="held")["ObjectLockLegalHoldStatus"] == "ON"


NO_DIGEST = "Content-MD5 OR x-amz-checksum- HTTP header is required for Put {} requests with Object Lock parameters"
CRC32_OF_V = {"x-amz-checksum-crc32": "a2Q7hA=="}


def put_raw(raw, bucket, path="k", **headers):
    return raw.request("PUT", f"/{bucket}/{path}", body=b"v", headers=headers)


def test_lck_15_digest(raw, locked):
    error_of(put_raw(raw, locked, **{HOLD: "ON"}), 400, "InvalidRequest", NO_DIGEST.format("Object"))
    for digest in ({"content-md5": content_md5(b"v")}, CRC32_OF_V):
        answer = put_raw(raw, locked, **{HOLD: "ON"}, **digest)
        assert answer.status == 200, str(answer)
    # A bucket that locks nothing by itself asks for none.
    assert put_raw(raw, locked).status == 200


def test_lck_15_digest_of_a_default_retention(s3, raw, locked):
    upload = s3.create_multipart_upload(Bucket=locked, Key="m")["UploadId"]
    part = f"m?partNumber=1&uploadId={upload}"
    assert put_raw(raw, locked, part).status == 200
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=enabled({"Mode": "GOVERNANCE", "Days": 1}))
    error_of(put_raw(raw, locked), 400, "InvalidRequest", NO_DIGEST.format("Object"))
    error_of(put_raw(raw, locked, part), 400, "InvalidRequest", NO_DIGEST.format("Part"))
    assert put_raw(raw, locked, **CRC32_OF_V).status == 200
    assert put_raw(raw, locked, part, **CRC32_OF_V).status == 200
    # What brings no bytes of its own needs none.
    assert s3.copy_object(Bucket=locked, Key="c", CopySource=f"{locked}/k")["VersionId"]
    assert s3.upload_part_copy(Bucket=locked, Key="m", UploadId=upload, PartNumber=2, CopySource=f"{locked}/k")


@pytest.mark.parametrize("lock", [{HOLD: "ON"}, {MODE: "GOVERNANCE", DATE: "2099-01-01T00:00:00Z"}])
def test_lck_15_digests_of_the_parts_of_a_locked_upload(s3, raw, locked, lock):
    answer = raw.request("POST", f"/{locked}/m?uploads", headers=lock)
    upload = re.search("<UploadId>(.*)</UploadId>", answer.body.decode()).group(1)
    part = f"m?partNumber=1&uploadId={upload}"
    error_of(put_raw(raw, locked, part), 400, "InvalidRequest", NO_DIGEST.format("Part"))
    assert "Parts" not in s3.list_parts(Bucket=locked, Key="m", UploadId=upload)
    for digest in ({"content-md5": content_md5(b"v")}, CRC32_OF_V):
        assert put_raw(raw, locked, part, **digest).status == 200
    parts = [{"PartNumber": 1, "ETag": s3.list_parts(Bucket=locked, Key="m", UploadId=upload)["Parts"][0]["ETag"]}]
    s3.complete_multipart_upload(Bucket=locked, Key="m", UploadId=upload, MultipartUpload={"Parts": parts})
    head = s3.head_object(Bucket=locked, Key="m")
    assert head.get("ObjectLockLegalHoldStatus") == lock.get(HOLD) and head.get("ObjectLockMode") == lock.get(MODE)


# Retention and legal hold: LCK-7, LCK-9, LCK-13


def test_lck_7_never_set_and_markers(s3, locked):
    put(s3, locked)
    for call in (s3.get_object_retention, s3.get_object_legal_hold):
        with fails(404, "NoSuchObjectLockConfiguration", NEVER_SET):
            call(Bucket=locked, Key="k")
        with fails(404, "NoSuchKey"):
            call(Bucket=locked, Key="other")
    marker = s3.delete_object(Bucket=locked, Key="k")["VersionId"]
    for more in ({}, {"VersionId": marker}):
        with fails(405, "MethodNotAllowed"):
            s3.get_object_retention(Bucket=locked, Key="k", **more)
        with fails(405, "MethodNotAllowed"):
            s3.put_object_legal_hold(Bucket=locked, Key="k", LegalHold={"Status": "ON"}, **more)
        with fails(405, "MethodNotAllowed"):
            s3.put_object_retention(
                Bucket=locked, Key="k", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": later(days=1)}, **more
            )


def test_lck_7_a_hold_once_set_reads_off(s3, locked):
    version = put(s3, locked)
    before = s3.head_object(Bucket=locked, Key="k")
    for status in ("ON", "OFF"):
        s3.put_object_legal_hold(Bucket=locked, Key="k", VersionId=version, LegalHold={"Status": status})
        assert s3.get_object_legal_hold(Bucket=locked, Key="k")["LegalHold"] == {"Status": status}
        after = s3.head_object(Bucket=locked, Key="k")
        assert after["ObjectLockLegalHoldStatus"] == status
        assert (after["ETag"], after["LastModified"]) == (before["ETag"], before["LastModified"])


@pytest.mark.parametrize(
    ("old", "new", "bypass", "is_allowed"),
    [
        (None, ("GOVERNANCE", 2), False, True),
        (("GOVERNANCE", 2), ("GOVERNANCE", 3), False, True),
        (("GOVERNANCE", 2), ("GOVERNANCE", 2), False, True),
        (("GOVERNANCE", 2), ("COMPLIANCE", 3), False, True),
        (("GOVERNANCE", 2), ("GOVERNANCE", 1), False, False),
        (("GOVERNANCE", 2), ("GOVERNANCE", 1), True, True),
        (("GOVERNANCE", 2), ("COMPLIANCE", 1), False, False),
        (("GOVERNANCE", 2), None, False, False),
        (("GOVERNANCE", 2), None, True, True),
        (("COMPLIANCE", 2), ("COMPLIANCE", 3), False, True),
        (("COMPLIANCE", 2), ("COMPLIANCE", 1), True, False),
        (("COMPLIANCE", 2), ("GOVERNANCE", 3), True, False),
        (("COMPLIANCE", 2), None, True, False),
    ],
)
def test_lck_9_changes(s3, locked, old, new, bypass, is_allowed):
    days = {number: later(days=number) for number in (1, 2, 3)}
    version = put(s3, locked)
    if old:
        retain(s3, locked, version, old[0], days[old[1]])
    parameters = {"BypassGovernanceRetention": True} if bypass else {}
    mode, until = (new[0], days[new[1]]) if new else (None, None)
    if not is_allowed:
        with fails(403, "AccessDenied", PROTECTED):
            retain(s3, locked, version, mode, until, **parameters)
        assert retention_of(s3, locked, version) == (old[0], days[old[1]])
        return
    retain(s3, locked, version, mode, until, **parameters)
    if new:
        assert retention_of(s3, locked, version) == (mode, until)
    else:
        with fails(404, "NoSuchObjectLockConfiguration", NEVER_SET):
            retention_of(s3, locked, version)
        assert "ObjectLockMode" not in s3.head_object(Bucket=locked, Key="k")


def test_lck_5_past_date_of_put_object_retention(s3, locked):
    version = put(s3, locked)
    with fails(
        400, "InvalidArgument", "The retain until date must be in the future!", ArgumentName="RetainUntilDate",
        ArgumentValue="Tue Dec 31 16:00:00 PST 2019",
    ):  # fmt: skip
        retain(s3, locked, version, until=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("retention", "<Retention><Mode>GOVERNANCE</Mode></Retention>"),
        ("retention", "<Retention><RetainUntilDate>2099-01-01T00:00:00Z</RetainUntilDate></Retention>"),
        ("retention", "<Retention><Mode>X</Mode><RetainUntilDate>2099-01-01T00:00:00Z</RetainUntilDate></Retention>"),
        ("retention", "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>soon</RetainUntilDate></Retention>"),
        ("legal-hold", "<LegalHold/>"),
        ("legal-hold", "<LegalHold><Status>on</Status></LegalHold>"),
    ],
)
def test_lck_13_bodies(s3, raw, locked, query, body):
    put(s3, locked)
    body = body.encode()
    answer = raw.request("PUT", f"/{locked}/k?{query}", body=body, headers={"content-md5": content_md5(body)})
    error_of(answer, 400, "MalformedXML")


# Deletes: LCK-8, LCK-9, LCK-10


def test_lck_8_deletes(s3, locked):
    held = put(s3, locked, ObjectLockLegalHoldStatus="ON")
    governed = put(s3, locked, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later(days=1))
    strict = put(s3, locked, ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=later(seconds=4))
    free = put(s3, locked)
    for version in (held, governed, strict):
        with fails(403, "AccessDenied", PROTECTED):
            s3.delete_object(Bucket=locked, Key="k", VersionId=version)
    marker = s3.delete_object(Bucket=locked, Key="k")["VersionId"]
    s3.delete_object(Bucket=locked, Key="k", VersionId=marker)
    s3.delete_object(Bucket=locked, Key="k", VersionId=free)
    objects = [{"Key": "k", "VersionId": version} for version in (held, governed, strict)]
    answer = s3.delete_objects(Bucket=locked, Delete={"Objects": objects})
    assert [(error["VersionId"], error["Code"], error["Message"]) for error in answer["Errors"]] == [
        (version, "AccessDenied", PROTECTED) for version in (held, governed, strict)
    ]
    # With the bypass, governance gives way; a hold and compliance do not.
    answer = s3.delete_objects(Bucket=locked, Delete={"Objects": objects}, BypassGovernanceRetention=True)
    assert [entry["VersionId"] for entry in answer["Deleted"]] == [governed]
    assert [error["VersionId"] for error in answer["Errors"]] == [held, strict]
    with fails(403, "AccessDenied", PROTECTED):
        s3.delete_object(Bucket=locked, Key="k", VersionId=held, BypassGovernanceRetention=True)
    with fails(409, "BucketNotEmpty"):
        s3.delete_bucket(Bucket=locked)
    s3.put_object_legal_hold(Bucket=locked, Key="k", VersionId=held, LegalHold={"Status": "OFF"})
    s3.delete_object(Bucket=locked, Key="k", VersionId=held)
    # What has run out protects nothing.
    eventually(
        lambda: s3.delete_object(Bucket=locked, Key="k", VersionId=strict), "the retention runs out",
        swallow=(ClientError,),
    )  # fmt: skip
    assert all_versions(s3, locked) == []
    s3.delete_bucket(Bucket=locked)


def test_lck_9_bypass_of_delete(s3, locked):
    version = put(s3, locked, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later(days=1))
    with fails(403, "AccessDenied", PROTECTED):
        s3.delete_object(Bucket=locked, Key="k", VersionId=version, BypassGovernanceRetention=False)
    s3.delete_object(Bucket=locked, Key="k", VersionId=version, BypassGovernanceRetention=True)
    assert all_versions(s3, locked) == []


@pytest.mark.parametrize("value", [True, False])
def test_lck_10_bypass_without_lock(s3, bucket, value):
    version = put(s3, bucket)
    details = {"ArgumentName": "x-amz-bypass-governance-retention"}
    with fails(400, "InvalidArgument", BYPASS, **details):
        s3.delete_object(Bucket=bucket, Key="k", VersionId=version, BypassGovernanceRetention=value)
    with fails(400, "InvalidArgument", BYPASS, **details):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]}, BypassGovernanceRetention=value)


def test_lock_survives_a_restart(make_federation):
    federation = make_federation()
    region = federation["us-east-1"]
    client, bucket = region.client(), region.bucket(versioned=False, ObjectLockEnabledForBucket=True)
    version = put(client, bucket, ObjectLockLegalHoldStatus="ON")
    region.kill()
    region.start()
    with fails(403, "AccessDenied", PROTECTED):
        client.delete_object(Bucket=bucket, Key="k", VersionId=version)
    assert client.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == enabled()
