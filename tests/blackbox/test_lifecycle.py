"""Lifecycle (s3-api §11.3, LC-*): a day of these regions has one second."""

import re

import pytest
from federation import Federation
from replication import configure, rule
from s3 import all_versions, body_of, content_md5, error_of, fails, upload_multipart
from waiting import always, eventually

MINIMUM = "x-amz-transition-default-minimum-object-size"
LARGE = b"x" * 140_000


@pytest.fixture(scope="module")
def days(workspace):
    federation = Federation(workspace / "lifecycle", extra=("--day-length", "1"))
    try:
        yield federation.start()
    finally:
        federation.stop()


@pytest.fixture
def home(days):
    return days["us-east-1"]


def put(s3, bucket, *rules, **parameters):
    return s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": [{"Status": "Enabled", **each} for each in rules]}, **parameters
    )


def get(s3, bucket):
    return s3.get_bucket_lifecycle_configuration(Bucket=bucket)


def kinds(s3, bucket, key="k"):
    """`v` and `m` for each version and marker of a key, newest first."""
    entries = [entry for entry in all_versions(s3, bucket) if entry["Key"] == key]
    entries.sort(key=lambda entry: (entry["IsLatest"], entry["LastModified"]), reverse=True)
    return "".join("m" if entry["IsMarker"] else "v" for entry in entries)


# Configuration


def test_rules_come_back_as_stored(s3, bucket):
    with fails(404, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"):
        get(s3, bucket)
    rules = [
        {
            "ID": "a b/c",
            "Filter": {
                "And": {
                    "Prefix": "p",
                    "Tags": [{"Key": "k", "Value": "v"}],
                    "ObjectSizeGreaterThan": 1,
                    "ObjectSizeLessThan": 10,
                }
            },
            "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 60, "StorageClass": "GLACIER"}],
            "Expiration": {"Days": 90},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 9, "NewerNoncurrentVersions": 3},
            "NoncurrentVersionTransitions": [{"NoncurrentDays": 3, "StorageClass": "GLACIER_IR"}],
        },
        {"ID": "legacy", "Prefix": "", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
        {"ID": "all", "Filter": {}, "Expiration": {"ExpiredObjectDeleteMarker": True}},
        {"ID": "prefix", "Filter": {"Prefix": "x"}, "Expiration": {"Days": 1}},
        {"ID": "tag", "Filter": {"Tag": {"Key": "k", "Value": ""}}, "Expiration": {"Days": 1}},
    ]
    answer = put(s3, bucket, *rules)
    assert answer["ResponseMetadata"]["HTTPHeaders"][MINIMUM] == "all_storage_classes_128K"
    stored = get(s3, bucket)
    assert stored["Rules"] == [{"Status": "Enabled", **each} for each in rules]
    assert stored["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    put(s3, bucket, rules[2], TransitionDefaultMinimumObjectSize="varies_by_storage_class")
    assert get(s3, bucket)["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    for _ in range(2):
        answer = s3.delete_bucket_lifecycle(Bucket=bucket)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    with fails(404, "NoSuchLifecycleConfiguration"):
        get(s3, bucket)


def test_an_id_is_made_where_there_is_none(s3, bucket):
    put(s3, bucket, {"Filter": {}, "Expiration": {"Days": 1}}, {"Filter": {}, "Expiration": {"Days": 2}})
    ids = [each["ID"] for each in get(s3, bucket)["Rules"]]
    assert all(ids) and ids[0] != ids[1]


def test_lifecycle_goes_with_its_bucket(s3, home):
    name = home.bucket(versioned=False)
    put(s3, name, {"ID": "r", "Filter": {}, "Expiration": {"Days": 1}})
    s3.delete_bucket(Bucket=name)
    home.bucket(versioned=False, name=name)
    with fails(404, "NoSuchLifecycleConfiguration"):
        get(s3, name)


EXPIRE = "<Expiration><Days>1</Days></Expiration>"


@pytest.mark.parametrize(
    ("inner", "code", "message"),
    [
        (EXPIRE, "MalformedXML", None),
        ("<Filter/><Prefix/>" + EXPIRE, "MalformedXML", None),
        (
            "<Filter><Prefix>a</Prefix><ObjectSizeLessThan>5</ObjectSizeLessThan></Filter>" + EXPIRE,
            "MalformedXML",
            None,
        ),
        ("<Filter/><NoncurrentVersionExpiration/>", "MalformedXML", None),
        (
            "<Filter/><Expiration><Days>1</Days><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>",
            "MalformedXML",
            None,
        ),
        ("<Filter/><Transition><Days>1</Days><StorageClass>COLD</StorageClass></Transition>", "MalformedXML", None),
        (
            "<Filter/><Expiration><Date>2026-01-01T01:00:00Z</Date></Expiration>",
            "InvalidArgument",
            "'Date' must be at midnight GMT",
        ),
        (
            "<Filter><And><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>a</Key><Value>2</Value></Tag></And></Filter>"
            + EXPIRE,
            "InvalidRequest",
            "Duplicate Tag Keys are not allowed.",
        ),
        (
            "<Filter/><Expiration><Days>0</Days></Expiration>",
            "InvalidArgument",
            "'Days' for Expiration action must be a positive integer",
        ),
        (
            "<Filter/><Transition><Days>3</Days><StorageClass>STANDARD_IA</StorageClass></Transition>",
            "InvalidArgument",
            "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'",
        ),
        ("<Filter/>", "InvalidRequest", "At least one action needs to be specified in a rule"),
        (
            "<Filter><Tag><Key>a</Key><Value>1</Value></Tag></Filter><AbortIncompleteMultipartUpload>"
            "<DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>",
            "InvalidRequest",
            "AbortIncompleteMultipartUpload cannot be specified with Tags",
        ),
        (f"<ID>{'i' * 256}</ID><Filter/>" + EXPIRE, "InvalidArgument", "ID length should not exceed allowed limit of 255"),
    ],
)
def test_validation(raw, bucket, inner, code, message):
    body = f"<LifecycleConfiguration><Rule><Status>Enabled</Status>{inner}</Rule></LifecycleConfiguration>".encode()
    answer = raw.request("PUT", f"/{bucket}?lifecycle", body=body, headers={"Content-MD5": content_md5(body)})
    error_of(answer, 400, code, message)


def test_chk_7_a_digest_is_required(raw, bucket):
    body = b"<LifecycleConfiguration><Rule><Status>Enabled</Status><Prefix/>" + EXPIRE.encode()
    body += b"</Rule></LifecycleConfiguration>"
    error_of(raw.request("PUT", f"/{bucket}?lifecycle", body=body), 400, "InvalidRequest")
    headers = {"Content-MD5": content_md5(body), MINIMUM: "tiny"}
    answer = raw.request("PUT", f"/{bucket}?lifecycle", body=body, headers=headers)
    error_of(answer, 400, "InvalidRequest", "Invalid TransitionDefaultMinimumObjectSize found: tiny")


# Effects


def test_lc_5_versioned_objects_get_a_marker(s3, bucket):
    put(s3, bucket, {"ID": "r", "Filter": {"Prefix": "k"}, "Expiration": {"Days": 1}})
    s3.put_object(Bucket=bucket, Key="other", Body=b"v")
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"v")["VersionId"]
    eventually(lambda: kinds(s3, bucket) == "mv", lambda: kinds(s3, bucket))
    assert body_of(s3.get_object(Bucket=bucket, Key="k", VersionId=version)) == b"v"
    always(lambda: kinds(s3, bucket) == "mv" and kinds(s3, bucket, "other") == "v", "one marker", during=2.5, every=0.3)


def test_lc_5_plain_objects_go(s3, plain_bucket):
    put(
        s3,
        plain_bucket,
        {"ID": "r", "Filter": {"Tag": {"Key": "keep", "Value": "no"}}, "Expiration": {"Days": 1}},
    )
    s3.put_object(Bucket=plain_bucket, Key="gone", Body=LARGE, Tagging="keep=no&a=b")
    s3.put_object(Bucket=plain_bucket, Key="kept", Body=LARGE, Tagging="keep=yes")
    eventually(lambda: kinds(s3, plain_bucket, "gone") == "", "the object expires")
    assert kinds(s3, plain_bucket, "kept") == "v"


def test_lc_6_noncurrent_versions_and_expired_markers(s3, bucket):
    for number in range(5):
        s3.put_object(Bucket=bucket, Key="k", Body=b"%d" % number)
    s3.put_object(Bucket=bucket, Key="deleted", Body=b"v")
    s3.delete_object(Bucket=bucket, Key="deleted")
    put(
        s3,
        bucket,
        {
            "ID": "r",
            "Filter": {"Prefix": "k"},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 2},
        },
        {
            "ID": "s",
            "Filter": {"Prefix": "deleted"},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        },
    )
    eventually(lambda: kinds(s3, bucket) == "vvv", lambda: kinds(s3, bucket))
    eventually(lambda: kinds(s3, bucket, "deleted") == "", lambda: kinds(s3, bucket, "deleted"))
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == b"4"


def test_uploads_are_announced_and_aborted(s3, bucket):
    put(s3, bucket, {"ID": "a b", "Filter": {}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")
    assert upload["AbortRuleId"] == "a%20b" and upload["AbortDate"]
    s3.upload_part(Bucket=bucket, Key="k", UploadId=upload["UploadId"], PartNumber=1, Body=LARGE)
    listed = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload["UploadId"])
    assert (listed["AbortDate"], listed["AbortRuleId"]) == (upload["AbortDate"], upload["AbortRuleId"])
    eventually(lambda: not s3.list_multipart_uploads(Bucket=bucket).get("Uploads"), "the upload is aborted")


def test_lc_3_lc_10_transitions(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=LARGE)
    s3.put_object(Bucket=bucket, Key="small", Body=b"v")
    before = s3.head_object(Bucket=bucket, Key="k")

    def transitions(days):
        steps = [{"Days": 1, "StorageClass": "GLACIER_IR"}, {"Days": days, "StorageClass": "DEEP_ARCHIVE"}]
        put(s3, bucket, {"ID": "r", "Filter": {}, "Transitions": steps})

    def storage_class():
        return s3.head_object(Bucket=bucket, Key="k").get("StorageClass", "STANDARD")

    # The second comes as soon as the first was seen: how long a class lasts depends on how busy the machine is.
    transitions(3000)
    eventually(lambda: storage_class() == "GLACIER_IR", storage_class)
    transitions(2)
    eventually(lambda: storage_class() == "DEEP_ARCHIVE", storage_class)
    after = s3.head_object(Bucket=bucket, Key="k")
    for name in ["ETag", "LastModified", "VersionId", "ContentLength"]:
        assert after[name] == before[name]
    assert "StorageClass" not in s3.head_object(Bucket=bucket, Key="small")
    assert kinds(s3, bucket) == "v"
    with fails(403, "InvalidObjectState"):
        s3.get_object(Bucket=bucket, Key="k")


def test_lc_8_expiration_header(s3, bucket):
    put(s3, bucket, {"ID": "a b", "Filter": {"Prefix": "k"}, "Expiration": {"Days": 3000}})
    form = r'expiry-date="[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", rule-id="a%20b"'
    written = s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    assert re.fullmatch(form, written["Expiration"])
    for read in [s3.get_object, s3.head_object]:
        assert read(Bucket=bucket, Key="k")["Expiration"] == written["Expiration"]
        assert "Expiration" not in read(Bucket=bucket, Key="k", VersionId=written["VersionId"])
    assert re.fullmatch(form, s3.copy_object(Bucket=bucket, Key="k2", CopySource=f"{bucket}/k")["Expiration"])
    assert re.fullmatch(form, upload_multipart(s3, bucket, "k3", [b"part"])["Expiration"])
    assert "Expiration" not in s3.put_object(Bucket=bucket, Key="other", Body=b"v")


def test_a_changed_rule_counts_at_once(s3, bucket):
    put(s3, bucket, {"ID": "r", "Filter": {}, "Status": "Disabled", "Expiration": {"Days": 1}})
    assert "Expiration" not in s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    always(lambda: kinds(s3, bucket) == "v", "a disabled rule does nothing", during=3, every=0.3)
    put(s3, bucket, {"ID": "r", "Filter": {}, "Expiration": {"Days": 1}})
    eventually(lambda: kinds(s3, bucket) == "mv", lambda: kinds(s3, bucket))


def test_l_31_l_34_i_02_lifecycle_does_not_replicate(s3, days, bucket):
    abroad = days["eu-west-1"]
    other = abroad.bucket()
    far = abroad.client()
    configure(s3, bucket, rule(other, markers="Enabled"))
    put(
        s3,
        bucket,
        {
            "ID": "r",
            "Filter": {},
            "Expiration": {"Days": 2},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        },
    )
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    eventually(lambda: kinds(far, other) == "v", "the object is replicated")
    eventually(lambda: kinds(s3, bucket) == "m", lambda: kinds(s3, bucket))
    always(lambda: kinds(far, other) == "v", "the replica stays", during=1.5, every=0.3)


def test_t_18_pending_versions_wait(s3, days, bucket):
    abroad = days["eu-west-1"]
    other = abroad.bucket()
    configure(s3, bucket, rule(other))
    with abroad.paused():
        s3.put_object(Bucket=bucket, Key="k", Body=b"v")
        put(s3, bucket, {"ID": "r", "Filter": {}, "Expiration": {"Days": 1}})
        always(lambda: kinds(s3, bucket) == "v", "the version waits for its replica", during=4, every=0.3)
    eventually(lambda: kinds(s3, bucket) == "mv", lambda: kinds(s3, bucket))
    eventually(lambda: kinds(abroad.client(), other) == "v", "the replica arrived")
