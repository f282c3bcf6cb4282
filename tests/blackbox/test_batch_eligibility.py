"""What a task of Batch Replication takes, and the status that it leaves (batch-replication §6.3, §6.4)."""

import batch
import pytest
from replication import configure, rule, status_of, wait_for_replica, wait_for_status
from s3 import all_versions
from s3control import client as control_client
from test_batch_replication import SUCCESS, Scene
from waiting import eventually

INELIGIBLE = ("failed", "500", "SrcObjectNotEligible", "Object is not eligible for replication")


@pytest.fixture
def scene(home, abroad):
    return Scene(home, abroad)


def suspend(client, bucket):
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


def enable(client, bucket):
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def outcome(scene, *rows, **options):
    """What the report of a job over these rows says, by row."""
    job = scene.start(source=scene.csv(*rows, **options))
    batch.completed(scene.control, job)
    return scene.report(job)


# §6.3


def test_6_3_a_disabled_rule_selects_nothing_and_an_enabled_one_beside_it_does(scene):
    version = scene.put("in/key")
    disabled = rule(scene.destination, identifier="off", status="Disabled")
    configure(scene.s3, scene.source, disabled)
    assert outcome(scene, ("in/key", version)) == {("in/key", version): INELIGIBLE}
    assert scene.status("in/key") is None
    assert all_versions(scene.there, scene.destination) == []
    configure(scene.s3, scene.source, disabled, rule(scene.destination, prefix="in/", identifier="on", priority=2))
    assert outcome(scene, ("in/key", version)) == {("in/key", version): SUCCESS}
    assert scene.status("in/key") == "COMPLETED"


def test_6_3_tags_count_as_they_are_when_the_task_runs(scene):
    added, removed = scene.put("added"), scene.put("removed", Tagging="go=yes")
    scene.replicate(tags={"go": "yes"})
    scene.s3.put_object_tagging(Bucket=scene.source, Key="added", Tagging={"TagSet": [{"Key": "go", "Value": "yes"}]})
    scene.s3.put_object_tagging(Bucket=scene.source, Key="removed", Tagging={"TagSet": [{"Key": "go", "Value": "no"}]})
    # Live replication takes neither: both were there before.
    assert scene.status("added") is None and scene.status("removed") is None
    assert outcome(scene, ("added", added), ("removed", removed)) == {
        ("added", added): SUCCESS, ("removed", removed): INELIGIBLE
    }  # fmt: skip


def test_6_3_archives_are_not_taken_even_restored_and_instant_retrieval_is(scene):
    cold, instant = scene.put("cold", StorageClass="GLACIER"), scene.put("instant", StorageClass="GLACIER_IR")
    scene.s3.restore_object(Bucket=scene.source, Key="cold", RestoreRequest={"Days": 1})
    eventually(
        lambda: 'ongoing-request="false"' in scene.s3.head_object(Bucket=scene.source, Key="cold").get("Restore", ""),
        "the copy is there",
    )
    scene.replicate()
    assert outcome(scene, ("cold", cold), ("instant", instant)) == {
        ("cold", cold): INELIGIBLE, ("instant", instant): SUCCESS
    }  # fmt: skip
    assert wait_for_replica(scene.there, scene.destination, "instant")["StorageClass"] == "GLACIER_IR"


def test_6_3_objects_under_kms_keys_need_a_rule_that_selects_them(scene):
    version = scene.put("key", ServerSideEncryption="aws:kms")
    scene.replicate()
    assert outcome(scene, ("key", version)) == {("key", version): INELIGIBLE}
    assert scene.status("key") is None


@pytest.mark.parametrize("markers", ["Enabled", "Disabled"])
def test_6_3_td_4_a_list_without_versions_takes_what_is_current_also_a_marker(scene, markers):
    old, new = scene.put("key", b"old"), scene.put("key", b"new")
    scene.put("gone")
    marker = scene.s3.delete_object(Bucket=scene.source, Key="gone")["VersionId"]
    scene.replicate(markers=markers)
    found = outcome(scene, ("key",), ("gone",), fields=("Bucket", "Key"))
    assert found == {("key", ""): SUCCESS, ("gone", ""): SUCCESS if markers == "Enabled" else INELIGIBLE}
    assert old != new
    there = {(entry["Key"], entry["VersionId"]) for entry in all_versions(scene.there, scene.destination)}
    assert there == {("key", new)} | ({("gone", marker)} if markers == "Enabled" else set())


def test_6_3_every_enabled_rule_is_attempted_and_one_that_is_broken_fails_the_task(scene):
    version = scene.put("key")
    broken = scene.abroad.bucket()
    suspend_later = rule(broken, identifier="broken", priority=2)
    scene.replicate(suspend_later)
    suspend(scene.there, broken)
    [(status, _, code, _)] = outcome(scene, ("key", version)).values()
    assert (status, code) == ("failed", "DstBucketUnversioned")
    # The other destination has it all the same.
    assert wait_for_replica(scene.there, scene.destination, "key", version)["ReplicationStatus"] == "REPLICA"
    wait_for_status(scene.s3, scene.source, "key", version, expected="FAILED")


# §6.4


def test_6_4_what_is_completed_fails_with_a_new_destination_and_is_completed_with_it(scene):
    scene.replicate()
    version = scene.put("key")
    wait_for_status(scene.s3, scene.source, "key", version)
    second = scene.abroad.bucket()
    scene.replicate(rule(second, identifier="second", priority=2))
    suspend(scene.there, second)
    job = scene.start(EligibleForReplication=True, ObjectReplicationStatuses=["COMPLETED"])
    assert batch.counts(batch.completed(scene.control, job)) == (1, 0, 1)
    assert scene.status("key") == "FAILED"
    enable(scene.there, second)
    job = scene.start(EligibleForReplication=True, ObjectReplicationStatuses=["FAILED"])
    assert batch.counts(batch.completed(scene.control, job)) == (1, 1, 0)
    assert scene.status("key") == "COMPLETED"
    assert len(all_versions(scene.there, scene.destination)) == len(all_versions(scene.there, second)) == 1


def test_6_4_a_replica_that_fails_to_go_on_is_failed_and_a_replica_again_when_it_does(scene):
    third = scene.home.bucket()
    scene.replicate()
    version = scene.put("key")
    wait_for_replica(scene.there, scene.destination, "key", version)
    configure(scene.there, scene.destination, rule(third, identifier="on"))
    suspend(scene.s3, third)
    control = control_client(scene.abroad)
    scene.abroad.wait_for_role_policy(batch.ALICE, scene.role.rpartition("/")[2], "does")

    def run(status):
        job = batch.create(
            control, scene.role,
            ManifestGenerator=batch.generator(
                scene.destination, EligibleForReplication=True, ObjectReplicationStatuses=[status]
            ),
        )  # fmt: skip
        return batch.counts(batch.completed(control, job))

    assert run("REPLICA") == (1, 0, 1)
    assert status_of(scene.there, scene.destination, "key") == "FAILED"
    enable(scene.s3, third)
    assert run("FAILED") == (1, 1, 0)
    assert status_of(scene.there, scene.destination, "key") == "REPLICA"
    assert wait_for_replica(scene.s3, third, "key", version)["ReplicationStatus"] == "REPLICA"


def test_br_th_1_a_job_of_fewer_than_a_thousand_tasks_completes_though_all_fail(scene):
    version = scene.put("key")
    scene.replicate()
    job = scene.start(source=scene.csv(*[("gone", version)] * 999))
    assert batch.counts(batch.completed(scene.control, job)) == (999, 0, 999)
