"""What people run Batch Replication for, each from its beginning to its end: the scenarios of the user guide."""

import batch
import pytest
from bulk import write_all
from federation import ALICE, Federation
from inventories import allow
from inventories import configure as configure_inventory
from inventories import run as run_inventory
from replication import configure, rule, status_of, wait_for_replica, wait_for_status
from s3 import all_versions
from s3control import client as control_client
from waiting import eventually

SUCCESS = ("succeeded", "200", "", "success")


@pytest.fixture(scope="module")
def scenery(workspace):
    """Two regions with room for one job of Batch Replication at the source, and lifecycle's days of two seconds."""
    federation = Federation(workspace / "scenarios", extra=("--day-length", "2"))
    try:
        yield federation.start()
    finally:
        federation.stop()


class Scenario:
    def __init__(self, federation):
        self.federation = federation
        self.home, self.abroad = federation["us-east-1"], federation["eu-west-1"]
        self.s3, self.there = self.home.client(), self.abroad.client()
        self.source, self.destination = self.home.bucket(), self.abroad.bucket()
        self.reports = self.home.bucket(versioned=False)
        self.control = control_client(self.home)
        self.role = batch.job_role(self.home)

    def put(self, key, bucket=None, **parameters):
        return self.s3.put_object(Bucket=bucket or self.source, Key=key, Body=b"data", **parameters)["VersionId"]

    def replicate(self, *more, **options):
        configure(self.s3, self.source, rule(self.destination, identifier="all", **options), *more)

    def job(self, *statuses, bucket=None, priority=10):
        filters = {"EligibleForReplication": True}
        if statuses:
            filters["ObjectReplicationStatuses"] = list(statuses)
        return batch.create(
            self.control, self.role, report=batch.report_to(self.reports), priority=priority,
            ManifestGenerator=batch.generator(bucket or self.source, **filters),
        )  # fmt: skip

    def report(self, job):
        """What became of each key and version of a job that has completed."""
        batch.completed(self.control, job)
        rows = batch.rows_of_report(self.s3, self.reports, job)
        return {(row[1], row[2]): tuple(row[3:]) for row in rows}

    def status(self, key):
        return status_of(self.s3, self.source, key)

    def with_each_status(self):
        """One version that was never replicated, one whose replication failed, and one that is replicated."""
        never = self.put("never")
        self.replicate()
        self.there.put_bucket_versioning(Bucket=self.destination, VersioningConfiguration={"Status": "Suspended"})
        failed = self.put("failed")
        wait_for_status(self.s3, self.source, "failed", failed, expected="FAILED")
        self.there.put_bucket_versioning(Bucket=self.destination, VersioningConfiguration={"Status": "Enabled"})
        completed = self.put("completed")
        wait_for_status(self.s3, self.source, "completed", completed)
        return never, failed, completed


@pytest.fixture
def scenario(scenery):
    return Scenario(scenery)


def test_scenario_1_only_what_was_never_replicated_status_none(scenario):
    never, _, _ = scenario.with_each_status()
    assert scenario.report(scenario.job("NONE")) == {("never", never): SUCCESS}
    assert (scenario.status("never"), scenario.status("failed")) == ("COMPLETED", "FAILED")


def test_scenario_2_only_what_failed_status_failed(scenario):
    _, failed, _ = scenario.with_each_status()
    assert scenario.report(scenario.job("FAILED")) == {("failed", failed): SUCCESS}
    assert (scenario.status("never"), scenario.status("failed")) == (None, "COMPLETED")


def test_scenario_3_what_was_never_replicated_and_what_failed(scenario):
    never, failed, _ = scenario.with_each_status()
    assert scenario.report(scenario.job("NONE", "FAILED")) == {("never", never): SUCCESS, ("failed", failed): SUCCESS}
    assert {scenario.status(key) for key in ("never", "failed", "completed")} == {"COMPLETED"}


def test_scenario_4_a_new_destination_gets_what_is_completed_elsewhere(scenario):
    _, _, completed = scenario.with_each_status()
    second = scenario.abroad.bucket()
    scenario.replicate(rule(second, identifier="second", priority=2))
    assert scenario.report(scenario.job("COMPLETED")) == {("completed", completed): SUCCESS}
    wait_for_replica(scenario.there, second, "completed", completed)
    assert [entry["Key"] for entry in all_versions(scenario.there, second)] == ["completed"]


def test_scenario_5_replicas_go_on_to_a_third_bucket(scenario):
    third = scenario.home.bucket()
    scenario.replicate()
    version = scenario.put("key")
    wait_for_status(scenario.s3, scenario.source, "key", version)
    # From now on the destination is a source, and its replicas alone are what the job takes.
    scenario.there.put_object(Bucket=scenario.destination, Key="own", Body=b"not a replica")
    configure(scenario.there, scenario.destination, rule(third, identifier="on"))
    scenario.abroad.wait_for_role_policy(ALICE, scenario.role.rpartition("/")[2], "does")
    control, reports = control_client(scenario.abroad), scenario.abroad.bucket(versioned=False)
    job = batch.create(
        control, scenario.role, report=batch.report_to(reports),
        ManifestGenerator=batch.generator(
            scenario.destination, EligibleForReplication=True, ObjectReplicationStatuses=["REPLICA"]
        ),
    )  # fmt: skip
    batch.completed(control, job)
    assert [row[1:4] for row in batch.rows_of_report(scenario.there, reports, job)] == [["key", version, "succeeded"]]
    wait_for_replica(scenario.s3, third, "key", version)
    assert [entry["Key"] for entry in all_versions(scenario.s3, third)] == ["key"]


def test_scenario_6_a_csv_of_the_users_own_with_version_ids(scenario):
    versions = [scenario.put("a b") for _ in range(3)]
    scenario.put("not in the list")
    scenario.replicate()
    rows = [(scenario.source, "a%20b", version) for version in versions[:2]]
    job = batch.create(
        scenario.control, scenario.role, report=batch.report_to(scenario.reports),
        Manifest=batch.csv_manifest(scenario.s3, scenario.reports, rows),
    )  # fmt: skip
    assert scenario.report(job) == {("a%20b", version): SUCCESS for version in versions[:2]}
    found = {(entry["Key"], entry["VersionId"]) for entry in all_versions(scenario.there, scenario.destination)}
    assert found == {("a b", version) for version in versions[:2]}


def test_scenario_7_br_mf_10_br_mf_12_the_manifest_of_an_s3_inventory(scenario):
    s3, source = scenario.s3, scenario.source
    s3.put_bucket_versioning(Bucket=source, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=source, Key="null", Body=b"from before versions")
    s3.put_bucket_versioning(Bucket=source, VersioningConfiguration={"Status": "Enabled"})
    versions = {("dir/a%20b", scenario.put("dir/a b")), ("dir/%7Eplus%2B", scenario.put("dir/~plus+"))}
    versions |= {("stack", scenario.put("stack")) for _ in range(2)}
    marker = ("stack", s3.delete_object(Bucket=source, Key="stack")["VersionId"])
    # The inventory is as S3 delivers it: all versions, with columns that the job has no use for.
    delivered = scenario.home.bucket(versioned=False)
    allow(s3, delivered, source)
    fields = ["Size", "LastModifiedDate", "ETag", "StorageClass", "ReplicationStatus", "EncryptionStatus"]
    configure_inventory(s3, source, "all", delivered, fields=fields, Prefix="inv")
    bucket, key = run_inventory(scenario.federation, source, "all")
    assert key.endswith("/manifest.json")
    scenario.replicate(markers="Enabled")
    job = batch.create(
        scenario.control, scenario.role, report=batch.report_to(scenario.reports),
        Manifest={
            "Spec": {"Format": "S3InventoryReport_CSV_20161130"},
            "Location": {
                "ObjectArn": f"arn:aws:s3:::{bucket}/{key}", "ETag": s3.head_object(Bucket=bucket, Key=key)["ETag"],
            },
        },
    )  # fmt: skip
    expected = {row: SUCCESS for row in versions | {marker}}
    # Inventories leave the ID of null versions out; the user has to write `null` there.
    expected["null", ""] = ("failed", "500", "SrcObjectNotFound", "Object versionID is invalid")
    assert scenario.report(job) == expected
    found = {entry["VersionId"] for entry in all_versions(scenario.there, scenario.destination)}
    assert found == {version for _, version in versions | {marker}}


def lifecycle(s3, bucket, *rules):
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": list(rules)})


def test_scenario_8_lifecycle_is_disabled_during_the_job(scenario):
    """The guide's advice: otherwise a delete marker that arrives before its versions may be expired at the destination,
    and what is to be replicated may be expired at the source."""
    s3, there, source, destination = scenario.s3, scenario.there, scenario.source, scenario.destination
    expire = {"ID": "expire", "Filter": {"Prefix": "old/"}, "Expiration": {"Days": 1}, "Status": "Disabled"}
    clean = {
        "ID": "clean", "Filter": {"Prefix": ""}, "Expiration": {"ExpiredObjectDeleteMarker": True}, "Status": "Disabled",
    }  # fmt: skip
    lifecycle(s3, source, expire)
    lifecycle(there, destination, clean)
    versions = {("old/kept", scenario.put("old/kept")), ("gone", scenario.put("gone"))}
    marker = ("gone", s3.delete_object(Bucket=source, Key="gone")["VersionId"])
    scenario.replicate(markers="Enabled")
    assert scenario.report(scenario.job("NONE")) == {row: SUCCESS for row in versions | {marker}}
    # The job is over, and both rules are enabled again.
    lifecycle(s3, source, {**expire, "Status": "Enabled"})
    lifecycle(there, destination, {**clean, "Status": "Enabled"})

    def expired():
        return any(entry["IsMarker"] and entry["Key"] == "old/kept" for entry in all_versions(s3, source))

    eventually(expired, "the source's object is expired, now that it is replicated", within=60)
    found = {(entry["Key"], entry["VersionId"]) for entry in all_versions(there, destination)}
    # Expiry at the source is not replicated, and the marker has its version under it: nothing is lost.
    assert found == versions | {marker}


def test_scenario_9_two_jobs_on_one_bucket_at_once(scenario):
    versions = {(key, scenario.put(key)) for key in ("a", "b", "c")}
    scenario.replicate()
    with scenario.abroad.paused():
        jobs = [scenario.job(), scenario.job()]
        for job in jobs:
            batch.wait(scenario.control, job, status="Active")
        assert {batch.describe(scenario.control, job)["Status"] for job in jobs} == {"Active"}
    for job in jobs:
        assert scenario.report(job) == {row: SUCCESS for row in versions}
    found = [(entry["Key"], entry["VersionId"]) for entry in all_versions(scenario.there, scenario.destination)]
    assert sorted(found) == sorted(versions)


LARGE = 1500


def test_scenario_10_br_sc_2_br_sc_4_jobs_of_different_priority_on_two_buckets(make_federation):
    """With one place, the more urgent job goes first, and the other goes on where it was."""
    federation = make_federation()
    home = federation["us-east-1"]
    text = home.config_path.read_text()
    assert "  replication_jobs: 6\n" in text
    home.config_path.write_text(text.replace("  replication_jobs: 6\n", "  replication_jobs: 1\n"))
    home.terminate()
    home.start()
    scenario = Scenario(federation)
    keys = [f"key/{number:05}" for number in range(LARGE)]
    write_all(home, scenario.source, [("PUT", key) for key in keys])
    scenario.replicate()
    other = home.bucket()
    version = scenario.put("urgent", other)
    configure(scenario.s3, other, rule(scenario.abroad.bucket()))
    with scenario.abroad.paused():
        low = scenario.job(priority=1)
        batch.wait(scenario.control, low, status="Active")
        high = scenario.job(bucket=other, priority=2)
        eventually(
            lambda: batch.describe(scenario.control, low)["Status"] == "Pausing",
            lambda: f"the less urgent one makes room: {batch.describe(scenario.control, low)}",
        )
    # It pauses with what it had begun, which is a part of its tasks.
    seen = {}

    def pauses():
        found = batch.describe(scenario.control, low)
        seen[found["Status"]] = batch.counts(found)
        return found["Status"] in {"Paused", "Complete"}

    eventually(pauses, lambda: f"it pauses: {seen}", every=0.01)
    if "Paused" in seen:
        assert seen["Paused"][1] < LARGE, seen
    assert scenario.report(high) == {("urgent", version): SUCCESS}
    found = batch.completed(scenario.control, low)
    assert batch.counts(found) == (LARGE, LARGE, 0)
    assert sorted(row[1] for row in batch.rows_of_report(scenario.s3, scenario.reports, low)) == keys
    assert batch.describe(scenario.control, high)["TerminationDate"] < found["TerminationDate"]
