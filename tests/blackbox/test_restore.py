"""RestoreObject (s3-api §11.2, RST-*): a day of these regions has two seconds."""

import pytest
from federation import Federation
from s3 import body_of, error_of, fails
from waiting import eventually

ARCHIVES = ["GLACIER", "DEEP_ARCHIVE"]


@pytest.fixture(scope="module")
def days(workspace):
    federation = Federation(workspace / "restore", names=("us-east-1",), extra=("--day-length", "2"))
    try:
        yield federation.start()
    finally:
        federation.stop()


@pytest.fixture
def home(days):
    return days["us-east-1"]


def restore(s3, bucket, key="k", days=3, tier=None, **parameters):
    request = {"Days": days}
    if tier:
        request["GlacierJobParameters"] = {"Tier": tier}
    answer = s3.restore_object(Bucket=bucket, Key=key, RestoreRequest=request, **parameters)
    return answer["ResponseMetadata"]["HTTPStatusCode"]


def state(s3, bucket, key="k"):
    return s3.head_object(Bucket=bucket, Key=key).get("Restore")


def is_restored(s3, bucket):
    return (state(s3, bucket) or "").startswith('ongoing-request="false", expiry-date="')


@pytest.mark.parametrize("archive", ARCHIVES)
def test_rst_1_to_5_the_way_of_a_restore(s3, bucket, archive):
    s3.put_object(Bucket=bucket, Key="k", Body=b"frozen", StorageClass=archive)
    with fails(
        403,
        "InvalidObjectState",
        "The operation is not valid for the object's storage class",
        StorageClass=archive,
    ):
        s3.get_object(Bucket=bucket, Key="k")
    with fails(403, "InvalidObjectState"):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    assert state(s3, bucket) is None

    assert restore(s3, bucket, days=4) == 202
    assert state(s3, bucket) == 'ongoing-request="true"'
    with fails(403, "InvalidObjectState"):
        s3.get_object(Bucket=bucket, Key="k")
    with fails(409, "RestoreAlreadyInProgress", "Object restore is already in progress"):
        restore(s3, bucket)

    eventually(lambda: is_restored(s3, bucket), lambda: state(s3, bucket))
    answer = s3.get_object(Bucket=bucket, Key="k")
    assert body_of(answer) == b"frozen"
    assert answer["StorageClass"] == archive and answer["Restore"] == state(s3, bucket)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    assert body_of(s3.get_object(Bucket=bucket, Key="copy")) == b"frozen"
    before = state(s3, bucket)
    assert restore(s3, bucket, days=5) == 200
    assert state(s3, bucket) != before
    assert restore(s3, bucket, days=1) == 200

    eventually(lambda: state(s3, bucket) is None, "the copy expires")
    with fails(403, "InvalidObjectState"):
        s3.get_object(Bucket=bucket, Key="k")


def test_rst_2_a_faster_tier_speeds_it_up(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"v", StorageClass="GLACIER")
    assert restore(s3, bucket, tier="Bulk", days=20) == 202
    assert restore(s3, bucket, tier="Expedited", days=20) == 202
    with fails(409, "RestoreAlreadyInProgress"):
        restore(s3, bucket, tier="Standard", days=20)
    eventually(lambda: is_restored(s3, bucket), lambda: state(s3, bucket))


def test_rst_3_what_cannot_be_restored(s3, raw, bucket):
    s3.put_object(Bucket=bucket, Key="warm", Body=b"v")
    s3.put_object(Bucket=bucket, Key="cold", Body=b"v", StorageClass="DEEP_ARCHIVE")
    with fails(
        403,
        "InvalidObjectState",
        "Restore is not allowed for the object's current storage class",
        StorageClass="STANDARD",
    ):
        restore(s3, bucket, "warm")
    # Its archive tiers alone are restored without an end; this object is in none.
    s3.put_object(Bucket=bucket, Key="tiered", Body=b"v", StorageClass="INTELLIGENT_TIERING")
    for request in ({"Days": 1}, {"GlacierJobParameters": {"Tier": "Bulk"}}, {}):
        with fails(403, "InvalidObjectState", StorageClass="INTELLIGENT_TIERING"):
            s3.restore_object(Bucket=bucket, Key="tiered", RestoreRequest=request)
    with fails(400, "InvalidArgument", "Retrieval option is not supported by this storage class"):
        restore(s3, bucket, "cold", tier="Expedited")
    with fails(404, "NoSuchKey"):
        restore(s3, bucket, "absent")
    marker = s3.delete_object(Bucket=bucket, Key="warm")["VersionId"]
    with fails(405, "MethodNotAllowed"):
        restore(s3, bucket, "warm")
    with fails(405, "MethodNotAllowed"):
        restore(s3, bucket, "warm", VersionId=marker)
    for body, status, code in [
        (b"<RestoreRequest/>", 400, "MalformedXML"),
        (b"<RestoreRequest><Type>SELECT</Type></RestoreRequest>", 501, "NotImplemented"),
    ]:
        error_of(raw.request("POST", f"/{bucket}/cold?restore", body=body), status, code)


def test_rst_2_a_version_by_its_id(s3, bucket):
    old = s3.put_object(Bucket=bucket, Key="k", Body=b"old", StorageClass="GLACIER")["VersionId"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"new")
    assert restore(s3, bucket, VersionId=old, days=20) == 202

    def restored():
        return "false" in s3.head_object(Bucket=bucket, Key="k", VersionId=old)["Restore"]

    eventually(restored, "the old version is restored")
    assert body_of(s3.get_object(Bucket=bucket, Key="k", VersionId=old)) == b"old"


def test_rst_7_lists_tell_of_restores(s3, bucket):
    for key in ["a", "b"]:
        s3.put_object(Bucket=bucket, Key=key, Body=b"v", StorageClass="GLACIER")
    restore(s3, bucket, "a", days=20)
    wanted = {"Bucket": bucket, "OptionalObjectAttributes": ["RestoreStatus"]}
    lists = [
        lambda: s3.list_objects(**wanted)["Contents"],
        lambda: s3.list_objects_v2(**wanted)["Contents"],
        lambda: s3.list_object_versions(**wanted)["Versions"],
    ]
    eventually(lambda: 'request="false"' in state(s3, bucket, "a"), lambda: state(s3, bucket, "a"))
    for entries in lists:
        first, second = entries()
        assert first["RestoreStatus"]["IsRestoreInProgress"] is False
        assert first["RestoreStatus"]["RestoreExpiryDate"]
        assert "RestoreStatus" not in second
    assert all("RestoreStatus" not in entry for entry in s3.list_objects_v2(Bucket=bucket)["Contents"])
