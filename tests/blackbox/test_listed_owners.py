"""Whose objects lists name (s3-api ACL-1, ACL-4, LST-6 to LST-8)."""

import pytest
from federation import BOB, policy
from s3 import fails


def let_bob_in(client, bucket):
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    statement = {"Effect": "Allow", "Principal": {"AWS": BOB.id}, "Action": "s3:*", "Resource": resources}
    client.put_bucket_policy(Bucket=bucket, Policy=policy(statement))


@pytest.fixture
def shared(home, s3, bob):
    """A bucket of the first account where the second one has written a version, a marker, and part of an upload."""
    bucket = home.bucket(ObjectOwnership="ObjectWriter")
    let_bob_in(s3, bucket)
    s3.put_object(Bucket=bucket, Key="alices", Body=b"data")
    bob.put_object(Bucket=bucket, Key="bobs", Body=b"data")
    bob.put_object(Bucket=bucket, Key="given", Body=b"data", ACL="bucket-owner-full-control")
    bob.delete_object(Bucket=bucket, Key="gone")
    return bucket


def owners(client, bucket):
    listed = {entry["Key"]: entry["Owner"]["ID"] for entry in client.list_objects(Bucket=bucket)["Contents"]}
    second = client.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"]
    assert {entry["Key"]: entry["Owner"]["ID"] for entry in second} == listed
    versions = client.list_object_versions(Bucket=bucket)
    assert {entry["Key"]: entry["Owner"]["ID"] for entry in versions["Versions"]} == listed
    return listed, {entry["Key"]: entry["Owner"]["ID"] for entry in versions["DeleteMarkers"]}


def own_id(client):
    return client.list_buckets()["Owner"]["ID"]


def test_ACL_4_lists_name_the_writer_where_writers_own(s3, bob, shared):
    alice_id, bob_id = own_id(s3), own_id(bob)
    assert alice_id != bob_id
    listed, markers = owners(s3, shared)
    assert listed == {"alices": alice_id, "bobs": bob_id, "given": bob_id}
    assert markers == {"gone": bob_id}


def test_ACL_4_what_was_given_to_the_owner_of_the_bucket_is_listed_as_theirs(home, s3, bob):
    bucket = home.bucket(ObjectOwnership="BucketOwnerPreferred")
    let_bob_in(s3, bucket)
    bob.put_object(Bucket=bucket, Key="kept", Body=b"data")
    bob.put_object(Bucket=bucket, Key="given", Body=b"data", ACL="bucket-owner-full-control")
    bob.delete_object(Bucket=bucket, Key="gone")
    listed, _ = owners(s3, bucket)
    assert listed == {"kept": own_id(bob), "given": own_id(s3)}


def test_ACL_2_lists_name_the_owner_of_the_bucket_where_ACLs_are_off(s3, shared):
    s3.put_bucket_ownership_controls(
        Bucket=shared, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    listed, markers = owners(s3, shared)
    assert set(listed.values()) | set(markers.values()) == {own_id(s3)}


def test_LST_8_uploads_and_their_parts_name_who_will_own_the_object(s3, bob, shared):
    upload = bob.create_multipart_upload(Bucket=shared, Key="parts")["UploadId"]
    listed = s3.list_multipart_uploads(Bucket=shared)["Uploads"]
    assert [(entry["Owner"]["ID"], entry["Initiator"]["ID"]) for entry in listed] == [(own_id(bob), own_id(bob))]
    assert bob.list_parts(Bucket=shared, Key="parts", UploadId=upload)["Owner"]["ID"] == own_id(bob)
    s3.put_bucket_ownership_controls(
        Bucket=shared, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    listed = s3.list_multipart_uploads(Bucket=shared)["Uploads"]
    assert [(entry["Owner"]["ID"], entry["Initiator"]["ID"]) for entry in listed] == [(own_id(s3), own_id(bob))]


def test_ACL_4_who_made_a_delete_marker_has_no_say_over_it(s3, bob, shared):
    with fails(404, "NoSuchKey"):
        s3.get_object(Bucket=shared, Key="gone")
    s3.put_object(Bucket=shared, Key="alices", Body=b"data")
    bob.delete_objects(Bucket=shared, Delete={"Objects": [{"Key": "alices"}]})
    markers = s3.list_object_versions(Bucket=shared, Prefix="alices")["DeleteMarkers"]
    assert [marker["Owner"]["ID"] for marker in markers] == [own_id(bob)]
    with fails(404, "NoSuchKey"):
        s3.get_object(Bucket=shared, Key="alices")
    with fails(405, "MethodNotAllowed"):
        s3.get_object(Bucket=shared, Key="alices", VersionId=markers[0]["VersionId"])
    s3.delete_object(Bucket=shared, Key="alices", VersionId=markers[0]["VersionId"])
    assert s3.get_object(Bucket=shared, Key="alices")["Body"].read() == b"data"
