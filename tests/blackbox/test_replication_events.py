"""Events of replication (specification live-replication §6): each has a real cause."""

import pytest
from events import ACCOUNT, HOOK, QUEUE, notify, records, wait_for
from replication import configure, rule, wait_for_replica, wait_for_status
from waiting import always

METRICS = {"Metrics": {"Status": "Enabled"}}


@pytest.fixture
def here(events_federation):
    return events_federation["us-east-1"]


@pytest.fixture
def there(events_federation):
    return events_federation["eu-west-1"]


@pytest.fixture
def clean(event_targets):
    event_targets.reset()
    yield event_targets
    event_targets.reset()


def pair(here, there, **destination):
    """A source bucket whose rule leads to a destination bucket."""
    source, target = here.bucket(), there.bucket()
    configure(here.client(), source, rule(target, identifier="the-rule", markers="Enabled", **destination))
    return source, target


def close(there, bucket):
    """Makes a destination that no replica can enter."""
    there.client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


def test_r_10_a_failed_operation_is_told_with_its_reason(here, there, clean):
    source, target = pair(here, there, **METRICS)
    notify(here.client(), source, HOOK, ["s3:Replication:OperationFailedReplication"])
    close(there, target)
    version = here.client().put_object(Bucket=source, Key="red flower.jpg", Body=b"data")["VersionId"]
    (record,) = wait_for(clean.hook, source, 1)
    assert record["eventVersion"] == "2.2"
    assert record["eventName"] == "Replication:OperationFailedReplication"
    assert record["awsRegion"] == here.name
    assert record["userIdentity"] == {"principalId": "s3.amazonaws.com"}
    assert record["requestParameters"] == {"sourceIPAddress": "s3.amazonaws.com"}
    found = record["s3"]["object"]
    assert found["key"] == "red+flower.jpg" and found["versionId"] == version and found["size"] == 4
    assert found["eTag"] and found["sequencer"]
    data = record["replicationEventData"]
    assert data.pop("requestTime") <= record["eventTime"]
    assert data == {
        "replicationRuleId": "the-rule",
        "destinationBucket": f"arn:aws:s3:::{target}",
        "s3Operation": "OBJECT_PUT",
        "failureReason": "DstBucketUnversioned",
    }


def test_f_41_each_failed_destination_has_its_own_event(here, there, clean):
    source = here.bucket()
    closed, gone, good = there.bucket(), here.bucket(), here.bucket()
    configure(
        here.client(), source, rule(closed, identifier="closed", priority=1, **METRICS),
        rule(gone, identifier="gone", priority=2, **METRICS), rule(good, identifier="good", priority=3, **METRICS),
    )  # fmt: skip
    notify(here.client(), source, HOOK, ["s3:Replication:*"])
    close(there, closed)
    here.client().delete_bucket(Bucket=gone)
    version = here.client().put_object(Bucket=source, Key="k", Body=b"data")["VersionId"]
    wait_for_replica(here.client(), good, "k", version)
    told = [record["replicationEventData"] for record in wait_for(clean.hook, source, 2)]
    assert sorted((data["replicationRuleId"], data["destinationBucket"], data["failureReason"]) for data in told) == [
        ("closed", f"arn:aws:s3:::{closed}", "DstBucketUnversioned"),
        ("gone", f"arn:aws:s3:::{gone}", "DstBucketNotFound"),
    ]
    always(lambda: len(records(clean.hook.messages(), source)) == 2, "one event for each failed destination")


def test_f_17_a_change_of_tags_that_fails_is_told(here, there, clean):
    source, target = pair(here, there, **METRICS)
    version = here.client().put_object(Bucket=source, Key="k", Body=b"data")["VersionId"]
    wait_for_status(here.client(), source, "k", version)
    notify(here.client(), source, HOOK, ["s3:Replication:*"])
    close(there, target)
    here.client().put_object_tagging(Bucket=source, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    (record,) = wait_for(clean.hook, source, 1)
    assert record["replicationEventData"]["s3Operation"] == "TAGGING_PUT"
    assert record["replicationEventData"]["failureReason"] == "DstBucketUnversioned"


def test_r_16_without_metrics_nothing_is_told(here, there, clean):
    source, target = pair(here, there)
    notify(here.client(), source, HOOK, ["s3:Replication:*"])
    close(there, target)
    version = here.client().put_object(Bucket=source, Key="k", Body=b"data")["VersionId"]
    wait_for_status(here.client(), source, "k", version, expected="FAILED")
    always(lambda: not records(clean.hook.messages(), source), "nothing is told")


def test_r_16_success_is_not_told(here, there, clean):
    source, target = pair(here, there, **METRICS)
    notify(here.client(), source, HOOK, ["s3:Replication:*"])
    version = here.client().put_object(Bucket=source, Key="k", Body=b"data")["VersionId"]
    wait_for_status(here.client(), source, "k", version)
    always(lambda: not records(clean.hook.messages(), source), "nothing is told")


def test_r_17_filters_hold_for_the_key(here, there, clean):
    source, target = pair(here, there, **METRICS)
    notify(here.client(), source, HOOK, ["s3:Replication:*"], rules=[("Prefix", "in/")])
    close(there, target)
    for key in ["out/k", "in/k"]:
        here.client().put_object(Bucket=source, Key=key, Body=b"data")
    for key in ["out/k", "in/k"]:
        wait_for_status(here.client(), source, key, expected="FAILED")
    wait_for(clean.hook, source, 1)
    always(lambda: [each["s3"]["object"]["key"] for each in records(clean.hook.messages(), source)] == ["in/k"], "one")


def test_r_13_a_version_that_is_deleted_while_it_waits_is_not_tracked_any_more(here, there, clean):
    source, target = pair(here, there, **METRICS)
    notify(here.client(), source, HOOK, ["s3:Replication:*"])
    with there.paused():
        version = here.client().put_object(Bucket=source, Key="k", Body=b"data")["VersionId"]
        here.client().delete_object(Bucket=source, Key="k", VersionId=version)
    (record,) = wait_for(clean.hook, source, 1, within=60)
    assert record["eventName"] == "Replication:OperationNotTracked"
    assert record["s3"]["object"]["versionId"] == version
    assert "failureReason" not in record["replicationEventData"]


def test_r_13_an_operation_whose_rule_is_gone_is_not_tracked_any_more(here, there, clean):
    source, target = pair(here, there, **METRICS)
    notify(here.client(), source, HOOK, ["s3:Replication:*"])
    with there.paused():
        here.client().put_object(Bucket=source, Key="k", Body=b"data")
        here.client().delete_bucket_replication(Bucket=source)
    (record,) = wait_for(clean.hook, source, 1, within=60)
    assert record["eventName"] == "Replication:OperationNotTracked"


def test_tgt_3_a_failure_is_told_after_kill(here, there, clean):
    source, target = pair(here, there, **METRICS)
    notify(here.client(), source, HOOK, ["s3:Replication:OperationFailedReplication"])
    close(there, target)
    clean.hook.stop()
    try:
        version = here.client().put_object(Bucket=source, Key="k", Body=b"data")["VersionId"]
        wait_for_status(here.client(), source, "k", version, expected="FAILED")
        here.kill()
    finally:
        clean.hook.start()
    here.start()
    (record,) = wait_for(clean.hook, source, 1)
    assert record["replicationEventData"]["failureReason"] == "DstBucketUnversioned"


def test_r_30_to_r_35_the_destination_tells_of_replicas_as_of_any_write(here, there, clean):
    source, target = pair(here, there)
    types = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*", "s3:ObjectAcl:Put"]
    notify(there.client(), target, HOOK, types)
    s3 = here.client()
    version = s3.put_object(Bucket=source, Key="k", Body=b"data")["VersionId"]
    wait_for_replica(there.client(), target, "k", version)
    s3.put_object_tagging(Bucket=source, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    wait_for(clean.hook, target, 2)
    marker = s3.delete_object(Bucket=source, Key="k")["VersionId"]
    created, tagged, removed = wait_for(clean.hook, target, 3)
    assert [record["eventName"] for record in (created, tagged, removed)] == [
        "ObjectCreated:Put", "ObjectTagging:Put", "ObjectRemoved:DeleteMarkerCreated",
    ]  # fmt: skip
    assert created["awsRegion"] == there.name
    assert created["s3"]["object"]["versionId"] == version
    assert removed["s3"]["object"]["versionId"] == marker
    role = here.service("iam").get_role(RoleName="replication")["Role"]["RoleId"]
    for record in (created, tagged, removed):
        #
        assert record["userIdentity"]["principalId"] == f"AWS:{role}:s3-replication"
        assert "replicationEventData" not in record


def test_r_30_a_replica_in_parts_is_told_once_as_a_put(here, there, clean):
    source, target = pair(here, there)
    notify(there.client(), target, HOOK, ["s3:ObjectCreated:*"])
    s3 = here.client()
    upload = s3.create_multipart_upload(Bucket=source, Key="big")["UploadId"]
    parts = []
    for number in (1, 2):
        answer = s3.upload_part(
            Bucket=source, Key="big", UploadId=upload, PartNumber=number, Body=b"x" * (5 << 20)
        )
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    s3.complete_multipart_upload(Bucket=source, Key="big", UploadId=upload, MultipartUpload={"Parts": parts})
    (record,) = wait_for(clean.hook, target, 1)
    assert record["eventName"] == "ObjectCreated:Put" and record["s3"]["object"]["size"] == 10 << 20
    always(lambda: len(records(clean.hook.messages(), target)) == 1, "once")


def test_r_17_notifications_of_the_source_say_nothing_of_the_destination(here, there, clean):
    source, target = pair(here, there)
    notify(here.client(), source, QUEUE)
    here.client().put_object(Bucket=source, Key="k", Body=b"data")
    (record,) = wait_for(clean.queue, source, 1)
    assert record["userIdentity"] == {"principalId": f"AWS:{ACCOUNT}"}
    wait_for_status(here.client(), source, "k")
    always(lambda: len(records(clean.queue.messages(), source)) == 1, "the replica is no write of the source")
