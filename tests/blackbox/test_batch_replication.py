"""S3 Batch Replication end to end: the scenarios of the user guide (batch-replication §3 to §6)."""

import json

import batch
import pytest
from replication import assert_same_version, configure, rule, status_of, wait_for_replica, wait_for_status
from s3 import all_versions
from s3control import client as control_client


class Scene:
    """A source in one region, a destination in another, and a role for jobs."""

    def __init__(self, home, abroad):
        self.home, self.abroad = home, abroad
        self.s3, self.there = home.client(), abroad.client()
        self.source, self.destination = home.bucket(), abroad.bucket()
        self.reports = home.bucket(versioned=False)
        self.control = control_client(home)
        self.role = batch.job_role(home)

    def put(self, key, body=b"data", **parameters):
        return self.s3.put_object(Bucket=self.source, Key=key, Body=body, **parameters)["VersionId"]

    def replicate(self, *more, **options):
        configure(self.s3, self.source, rule(self.destination, identifier="all", **options), *more)

    def status(self, key, version=None):
        return status_of(self.s3, self.source, key, version)

    def start(self, *, source=None, **filters):
        """A job over a generated manifest, unless another source is given."""
        source = source or {"ManifestGenerator": batch.generator(self.source, **filters)}
        return batch.create(self.control, self.role, report=batch.report_to(self.reports), **source)

    def csv(self, *rows, **options):
        made = [(self.source, *row) for row in rows]
        return {"Manifest": batch.csv_manifest(self.s3, self.reports, made, **options)}

    def report(self, job):
        return {
            (row[1], row[2]): (row[3], row[4], row[5], row[6]) for row in batch.rows_of_report(self.s3, self.reports, job)
        }


SUCCESS = ("succeeded", "200", "", "success")


@pytest.fixture
def scene(home, abroad):
    return Scene(home, abroad)


def test_br_mg_1_objects_from_before_the_configuration_are_brought(scene):
    old = scene.put("old", Metadata={"a": "b"}, Tagging="t=1")
    older = [scene.put("stack", f"{number}".encode()) for number in range(3)]
    marker = scene.s3.delete_object(Bucket=scene.source, Key="stack")["VersionId"]
    scene.replicate(markers="Enabled")
    live = scene.put("live")
    wait_for_status(scene.s3, scene.source, "live", live)
    job = scene.start(EligibleForReplication=True, ObjectReplicationStatuses=["NONE"])
    found = batch.completed(scene.control, job)
    assert batch.counts(found) == (5, 5, 0)
    expected = {("old", old): SUCCESS, ("stack", marker): SUCCESS}
    assert scene.report(job) == expected | {("stack", version): SUCCESS for version in older}
    assert_same_version(scene.s3, scene.source, scene.there, scene.destination, "old", old)
    assert scene.status("old", old) == "COMPLETED"
    versions = {(entry["Key"], entry["VersionId"]) for entry in all_versions(scene.there, scene.destination)}
    assert versions == {("old", old), ("live", live), ("stack", marker)} | {("stack", version) for version in older}


def test_br_rr_1_what_is_there_already_succeeds_and_is_not_sent_again(scene):
    scene.replicate()
    version = scene.put("key")
    wait_for_status(scene.s3, scene.source, "key", version)
    found = batch.completed(scene.control, scene.start(ObjectReplicationStatuses=["COMPLETED"]))
    assert batch.counts(found) == (1, 1, 0)
    assert scene.status("key") == "COMPLETED"
    assert len(all_versions(scene.there, scene.destination)) == 1


def test_br_rr_2_a_new_destination_gets_what_the_first_has(scene):
    scene.replicate()
    versions = {key: scene.put(key) for key in ("a", "b")}
    for key, version in versions.items():
        wait_for_status(scene.s3, scene.source, key, version)
    second = scene.abroad.bucket()
    scene.replicate(rule(second, identifier="second", priority=2))
    found = batch.completed(scene.control, scene.start(EligibleForReplication=True, ObjectReplicationStatuses=["COMPLETED"]))
    assert batch.counts(found) == (2, 2, 0)
    for key, version in versions.items():
        assert wait_for_replica(scene.there, second, key, version)["ReplicationStatus"] == "REPLICA"
        assert scene.status(key) == "COMPLETED"


def test_br_rr_3_f_12_a_replica_that_was_deleted_by_version_id_is_never_made_again(scene):
    scene.replicate()
    version = scene.put("key")
    wait_for_status(scene.s3, scene.source, "key", version)
    scene.there.delete_object(Bucket=scene.destination, Key="key", VersionId=version)
    job = scene.start()
    assert batch.counts(batch.completed(scene.control, job)) == (1, 0, 1)
    message = "The version was deleted from the destination by its version ID, so it cannot be replicated again"
    assert scene.report(job) == {("key", version): ("failed", "500", "DstObjectHardDeleted", message)}
    assert scene.status("key") == "FAILED"
    assert all_versions(scene.there, scene.destination) == []


def test_br_rr_4_a_destination_that_was_made_anew_does_not_get_them_again(scene):
    scene.replicate()
    version = scene.put("key")
    wait_for_status(scene.s3, scene.source, "key", version)
    scene.there.delete_object(Bucket=scene.destination, Key="key", VersionId=version)
    scene.there.delete_bucket(Bucket=scene.destination)
    scene.abroad.bucket(name=scene.destination)
    job = scene.start()
    batch.completed(scene.control, job)
    assert scene.report(job)["key", version][2] == "DstObjectHardDeleted"


def test_br_rr_6_a_copy_in_place_is_the_cure(scene):
    scene.replicate()
    version = scene.put("key", Metadata={"a": "b"})
    wait_for_status(scene.s3, scene.source, "key", version)
    scene.there.delete_object(Bucket=scene.destination, Key="key", VersionId=version)
    copy = {"S3PutObjectCopy": {"TargetResource": f"arn:aws:s3:::{scene.source}"}}
    job = batch.create(
        scene.control, scene.role, operation=copy, report=batch.report_to(scene.reports), **scene.csv(("key", version))
    )
    assert batch.counts(batch.completed(scene.control, job)) == (1, 1, 0)
    assert scene.report(job)["key", version] == ("succeeded", "200", "", "Successful")
    new = scene.s3.head_object(Bucket=scene.source, Key="key")["VersionId"]
    assert new != version
    assert wait_for_replica(scene.there, scene.destination, "key", new)["Metadata"] == {"a": "b"}


def test_br_rr_7_replicas_go_on_to_a_third_bucket_by_a_job_alone(scene):
    third = scene.home.bucket()
    scene.replicate()
    configure(scene.there, scene.destination, rule(third, identifier="on"))
    version = scene.put("key")
    wait_for_status(scene.s3, scene.source, "key", version)
    control = control_client(scene.abroad)
    scene.abroad.wait_for_role_policy(batch.ALICE, scene.role.rpartition("/")[2], "does")
    job = batch.create(
        control, scene.role,
        ManifestGenerator=batch.generator(scene.destination, EligibleForReplication=True, ObjectReplicationStatuses=["REPLICA"]),
    )  # fmt: skip
    assert batch.counts(batch.completed(control, job)) == (1, 1, 0)
    assert wait_for_replica(scene.s3, third, "key", version)["ReplicationStatus"] == "REPLICA"
    assert scene.there.head_object(Bucket=scene.destination, Key="key")["ReplicationStatus"] == "REPLICA"


def test_br_el_1_f_31_what_no_rule_selects_fails_and_is_left_as_it_is(scene):
    outside, tagged, archived = scene.put("outside"), scene.put("in/tagged"), scene.put("in/cold", StorageClass="GLACIER")
    scene.replicate(prefix="in/", tags={"go": "yes"})
    scene.s3.put_object_tagging(Bucket=scene.source, Key="in/tagged", Tagging={"TagSet": [{"Key": "go", "Value": "yes"}]})
    job = scene.start(source=scene.csv(("outside", outside), ("in/tagged", tagged), ("in/cold", archived)))
    batch.completed(scene.control, job)
    refused = ("failed", "500", "SrcObjectNotEligible", "Object is not eligible for replication")
    assert scene.report(job) == {
        ("outside", outside): refused, ("in/tagged", tagged): SUCCESS, ("in/cold", archived): refused
    }  # fmt: skip
    assert scene.status("outside") is None
    assert scene.status("in/tagged") == "COMPLETED"


def test_br_fl_1_f_22_without_a_configuration(scene):
    version = scene.put("key")
    job = scene.start(EligibleForReplication=True)
    assert batch.failure_of(scene.control, job)[0] == "SrcBucketReplicationConfigMissing"
    job = scene.start(source=scene.csv(("key", version)))
    batch.completed(scene.control, job)
    assert scene.report(job)["key", version][2] == "SrcBucketReplicationConfigMissing"


def test_br_mg_3_nothing_to_do_is_a_failure(scene):
    scene.put("key")
    scene.replicate()
    code, reason = batch.failure_of(scene.control, scene.start(ObjectReplicationStatuses=["FAILED"]))
    assert reason == "Manifest generation found no keys matching the filter criteria."


def test_t_19_failed_versions_are_tried_again(scene):
    scene.replicate()
    scene.there.put_bucket_versioning(Bucket=scene.destination, VersioningConfiguration={"Status": "Suspended"})
    version = scene.put("key")
    wait_for_status(scene.s3, scene.source, "key", version, expected="FAILED")
    scene.there.put_bucket_versioning(Bucket=scene.destination, VersioningConfiguration={"Status": "Enabled"})
    job = scene.start(EligibleForReplication=True, ObjectReplicationStatuses=["FAILED"])
    assert batch.counts(batch.completed(scene.control, job)) == (1, 1, 0)
    assert scene.status("key") == "COMPLETED"


def test_br_mf_7_versions_in_a_manifest(scene):
    scene.s3.put_bucket_versioning(Bucket=scene.source, VersioningConfiguration={"Status": "Suspended"})
    scene.s3.put_object(Bucket=scene.source, Key="null", Body=b"from before")
    scene.s3.put_bucket_versioning(Bucket=scene.source, VersioningConfiguration={"Status": "Enabled"})
    version = scene.put("key")
    scene.replicate()
    job = scene.start(source=scene.csv(("null", "null"), ("key", version), ("key", ""), ("gone", version)))
    batch.completed(scene.control, job)
    assert scene.report(job) == {
        ("null", "null"): SUCCESS,
        ("key", version): SUCCESS,
        ("key", ""): ("failed", "500", "SrcObjectNotFound", "Object versionID is invalid"),
        ("gone", version): ("failed", "500", "SrcObjectNotFound", "The specified object does not exist"),
    }
    replica = scene.there.get_object(Bucket=scene.destination, Key="null")
    assert replica["Body"].read() == b"from before"
    assert replica["ReplicationStatus"] == "REPLICA"


def test_br_mf_6_keys_come_back_as_the_manifest_has_them(scene):
    names = {"a%20b%2Bc": "a b+c", "x+y": "x y", "pct%2520": "pct%20", "%C3%A4%2C%22": 'ä,"', "nl%0A": "nl\n"}
    versions = {encoded: scene.put(key) for encoded, key in names.items()}
    scene.replicate()
    job = scene.start(source=scene.csv(*versions.items()))
    batch.completed(scene.control, job)
    assert scene.report(job) == {row: SUCCESS for row in versions.items()}


def test_br_mg_1_a_generated_manifest_is_used_again(scene):
    for number in range(5):
        scene.put(f"dir/key {number}")
    scene.replicate()
    job = batch.create(
        scene.control, scene.role, report=batch.report_to(scene.reports),
        ManifestGenerator=batch.generator(scene.source, output=scene.reports, EligibleForReplication=True),
    )  # fmt: skip
    found = batch.completed(scene.control, job)
    descriptor = found["GeneratedManifestDescriptor"]
    assert descriptor["Format"] == "S3InventoryReport_CSV_20211130"
    again = {"Spec": {"Format": "S3InventoryReport_CSV_20161130"}, "Location": descriptor["Location"]}
    second = scene.start(source={"Manifest": again})
    assert batch.counts(batch.completed(scene.control, second)) == (5, 5, 0)
    assert scene.report(second) == scene.report(job)


def test_br_mf_1_br_mf_2_manifests_that_cannot_be_read(scene):
    version = scene.put("key")
    scene.replicate()
    manifest = scene.csv(("key", version))
    manifest["Manifest"]["Location"]["ETag"] = "0" * 32
    assert batch.failure_of(scene.control, scene.start(source=manifest))[0] == "ManifestETagMismatch"
    manifest["Manifest"]["Location"]["ObjectArn"] += ".not"
    assert batch.failure_of(scene.control, scene.start(source=manifest))[0] == "ManifestNotFound"
    scene.role = batch.job_role(scene.home, actions=["s3:InitiateReplication"])
    job = scene.start(source=scene.csv(("key", version)))
    assert batch.failure_of(scene.control, job)[1] == "Reading the manifest is forbidden: AccessDenied"


def test_br_mf_4_a_manifest_in_any_bucket_of_the_region(scene):
    version = scene.put("key")
    scene.replicate()
    for bucket in (scene.home.bucket(), scene.home.bucket(versioned=False), scene.source):
        manifest = batch.csv_manifest(scene.s3, bucket, [(scene.source, "key", version)])
        job = scene.start(source={"Manifest": manifest})
        batch.completed(scene.control, job)
        assert scene.report(job) == {("key", version): SUCCESS}


def test_br_mf_8_a_ragged_manifest_fails_the_job(scene):
    version = scene.put("key")
    scene.replicate()
    job = scene.start(source=scene.csv(text=f"{scene.source},key,{version}\n{scene.source},key\n"))
    assert batch.failure_of(scene.control, job) == (
        "InvalidManifestContent", "Unexpected number of task fields (line 2)"
    )  # fmt: skip


def test_f_19_the_role_of_the_job_must_be_allowed_to_initiate(scene):
    version = scene.put("key")
    scene.replicate()
    scene.role = batch.job_role(scene.home, actions=["s3:GetObject*", "s3:PutObject"])
    job = scene.start(source=scene.csv(("key", version)))
    batch.completed(scene.control, job)
    assert scene.report(job)["key", version][2] == "InitiateReplicationNotPermitted"
    assert scene.status("key") is None


def test_batch_6_7_a_role_that_was_taken_away_after_the_preparation(scene):
    """The bucket is looked at first, then the role (§6.7); other operations fail with it too."""
    version = scene.put("key")
    scene.replicate()
    iam = scene.home.service("iam")
    role = batch.job_role(scene.home)
    iam_name = role.rpartition("/")[2]
    jobs = {
        operation: batch.create(
            scene.control, role, confirm=True, operation={operation: {}}, **scene.csv(("key", version))
        )
        for operation in ("S3ReplicateObject", "S3DeleteObjectTagging")
    }
    for job in jobs.values():
        batch.wait(scene.control, job, status="Suspended")
    nobody = {"Version": "2012-10-17", "Statement": [{**batch.TRUST, "Effect": "Deny"}]}
    iam.update_assume_role_policy(RoleName=iam_name, PolicyDocument=json.dumps(nobody))
    for job in jobs.values():
        scene.control.update_job_status(AccountId=batch.ALICE.id, JobId=job, RequestedJobStatus="Ready")
        assert batch.counts(batch.completed(scene.control, job)) == (1, 0, 1)
    assert scene.status("key") is None


def test_br_rp_3_a_report_that_cannot_be_written_fails_the_job(scene):
    version = scene.put("key")
    scene.replicate()
    scene.role = batch.job_role(scene.home, actions=["s3:GetObject*", "s3:InitiateReplication"])
    code, reason = batch.failure_of(scene.control, scene.start(source=scene.csv(("key", version))))
    assert reason == "The job report could not be written to your report bucket. Please check your permissions."
    wait_for_status(scene.s3, scene.source, "key", version)


def test_br_st_2_br_us_1_a_job_waits_for_its_confirmation(scene):
    version = scene.put("key")
    scene.replicate()
    job = batch.create(scene.control, scene.role, confirm=True, **scene.csv(("key", version)))
    found = batch.wait(scene.control, job, status="Suspended")
    assert found["SuspendedCause"] == "AWAITING_CONFIRMATION"
    assert batch.counts(found) == (1, 0, 0)
    answer = scene.control.update_job_status(
        AccountId=batch.ALICE.id, JobId=job, RequestedJobStatus="Ready", StatusUpdateReason="go"
    )
    assert answer["Status"] == "Ready"
    found = batch.completed(scene.control, job)
    assert found["StatusUpdateReason"] == "go"
    assert "SuspendedCause" not in found


@pytest.mark.parametrize("failing", [499, 500, 501])
def test_br_th_1_the_share_of_failures(scene, failing):
    version = scene.put("key")
    scene.replicate()
    rows = [("key", version)] * (1000 - failing) + [("gone", version)] * failing
    job = scene.start(source=scene.csv(*rows))
    found = batch.wait(scene.control, job)
    if failing > 500:
        assert found["Status"] == "Failed"
        assert found["FailureReasons"][0]["FailureCode"] == "TaskFailureThresholdExceeded"
        assert sum(batch.counts(found)[1:]) >= 1000
    else:
        assert found["Status"] == "Complete"
        assert batch.counts(found) == (1000, 1000 - failing, failing)


def test_br_mf_3_a_csv_manifest_under_a_kms_key_is_not_read(scene):
    version = scene.put("key")
    scene.replicate()
    manifest = scene.csv(("key", version))
    etag = scene.s3.copy_object(
        Bucket=scene.reports, Key="sealed.csv", CopySource={"Bucket": scene.reports, "Key": "manifest.csv"},
        ServerSideEncryption="aws:kms",
    )["CopyObjectResult"]["ETag"]  # fmt: skip
    manifest["Manifest"]["Location"] = {"ObjectArn": f"arn:aws:s3:::{scene.reports}/sealed.csv", "ETag": etag}
    scene.role = batch.job_role(scene.home, actions=["s3:*", "kms:*"])
    code, reason = batch.failure_of(scene.control, scene.start(source=manifest))
    assert reason == "A CSV manifest that is encrypted with a KMS key is not supported. Use SSE-S3."


def test_br_mg_2_archived_versions_are_not_listed(scene):
    kept = scene.put("kept")
    scene.put("cold", StorageClass="GLACIER")
    scene.put("colder", StorageClass="DEEP_ARCHIVE")
    scene.replicate()
    job = scene.start()
    batch.completed(scene.control, job)
    assert set(scene.report(job)) == {("kept", kept)}


def test_br_mg_4_a_list_that_cannot_be_written_fails_the_job(scene):
    scene.put("key")
    scene.replicate()
    role = batch.job_role(
        scene.home,
        actions=["s3:InitiateReplication", "s3:PutInventoryConfiguration", "s3:GetReplicationConfiguration"],
    )
    job = batch.create(
        scene.control, role,
        ManifestGenerator=batch.generator(scene.source, output=scene.reports, EligibleForReplication=True),
    )  # fmt: skip
    reason = "Error occurred when preparing manifest: Failed to write manifest"
    assert batch.failure_of(scene.control, job)[1] == reason


def test_br_mg_5_the_list_has_what_was_there_when_it_was_made(scene):
    version = scene.put("key")
    scene.replicate()
    job = batch.create(
        scene.control, scene.role, report=batch.report_to(scene.reports), confirm=True,
        ManifestGenerator=batch.generator(scene.source),
    )  # fmt: skip
    assert batch.counts(batch.wait(scene.control, job, status="Suspended")) == (1, 0, 0)
    scene.put("later")
    scene.put("key", b"newer")
    scene.control.update_job_status(AccountId=batch.ALICE.id, JobId=job, RequestedJobStatus="Ready")
    batch.completed(scene.control, job)
    assert set(scene.report(job)) == {("key", version)}


@pytest.mark.parametrize("missing", ["s3:PutInventoryConfiguration", "s3:GetReplicationConfiguration"])
def test_br_mg_6_what_the_role_needs_to_list(scene, missing):
    scene.put("key")
    scene.replicate()
    rights = {"s3:InitiateReplication", "s3:PutInventoryConfiguration", "s3:GetReplicationConfiguration"} - {missing}
    scene.role = batch.job_role(scene.home, actions=sorted(rights))
    code, reason = batch.failure_of(scene.control, scene.start(EligibleForReplication=True))
    assert missing in reason


def test_br_sc_5_two_jobs_over_one_version_both_succeed(scene):
    version = scene.put("key")
    scene.replicate()
    started = [scene.start(), scene.start()]
    for job in started:
        assert batch.counts(batch.completed(scene.control, job)) == (1, 1, 0)
    assert [entry["VersionId"] for entry in all_versions(scene.there, scene.destination)] == [version]


def test_br_rp_2_reports_are_under_sse_s3_whatever_the_default(scene):
    version = scene.put("key")
    scene.replicate()
    rule_of = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    scene.s3.put_bucket_encryption(
        Bucket=scene.reports, ServerSideEncryptionConfiguration={"Rules": [rule_of]}
    )
    scene.role = batch.job_role(scene.home, actions=["s3:*", "kms:*"])
    job = scene.start()
    batch.completed(scene.control, job)
    # Each file is looked at for its encryption there.
    assert scene.report(job) == {("key", version): SUCCESS}


def test_br_rp_5_a_report_in_the_source_bucket_is_replicated(scene):
    version = scene.put("key")
    scene.replicate()
    job = batch.create(
        scene.control, scene.role, report=batch.report_to(scene.source), **scene.csv(("key", version))
    )
    batch.completed(scene.control, job)
    assert batch.rows_of_report(scene.s3, scene.source, job)
    manifest = f"reports/job-{job}/manifest.json"
    wait_for_status(scene.s3, scene.source, manifest)
    wait_for_replica(scene.there, scene.destination, manifest)


def test_br_rp_4_a_report_bucket_of_another_owner(scene):
    version = scene.put("key")
    scene.replicate()
    report = {**batch.report_to(scene.reports), "ExpectedBucketOwner": "999999999999"}
    job = batch.create(scene.control, scene.role, report=report, **scene.csv(("key", version)))
    assert batch.failure_of(scene.control, job)[0] == "ExpectedBucketOwnerMismatch"
    assert scene.status("key") is None


def test_br_rr_5_a_delete_marker_at_the_destination_changes_nothing(scene):
    scene.replicate()
    version = scene.put("key")
    wait_for_status(scene.s3, scene.source, "key", version)
    scene.there.delete_object(Bucket=scene.destination, Key="key")
    assert batch.counts(batch.completed(scene.control, scene.start())) == (1, 1, 0)
    entries = all_versions(scene.there, scene.destination)
    assert sorted((entry["IsMarker"], entry["IsLatest"]) for entry in entries) == [(False, False), (True, True)]


def test_f_20_the_source_bucket_must_be_in_the_region_of_the_job(scene):
    version = scene.put("key")
    scene.replicate()
    control = control_client(scene.abroad)
    scene.abroad.wait_for_role_policy(batch.ALICE, scene.role.rpartition("/")[2], "does")
    there = scene.abroad.bucket(versioned=False)
    manifest = batch.csv_manifest(scene.there, there, [(scene.source, "key", version)])
    job = batch.create(control, scene.role, report=batch.report_to(there), Manifest=manifest)
    batch.completed(control, job)
    [row] = batch.rows_of_report(scene.there, there, job)
    assert row[5] == "SrcBucketInvalidRegion"
