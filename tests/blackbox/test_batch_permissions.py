"""The roles of jobs, and buckets of other accounts that they read from and write to (batch-replication §7)."""

import json

import batch
import pytest
from federation import ALICE, BOB, fresh_name, policy
from s3 import fails
from s3control import client as control_client


class Stage:
    """A bucket of one account with an object, and a bucket of another account."""

    def __init__(self, home):
        self.home = home
        self.s3, self.bob = home.client(), home.client(BOB)
        self.control, self.iam = control_client(home), home.service("iam")
        self.bucket, self.reports = home.bucket(), home.bucket(versioned=False)
        self.foreign = home.bucket(account=BOB, versioned=False)
        self.version = self.s3.put_object(Bucket=self.bucket, Key="key", Body=b"data", Tagging="a=1")["VersionId"]

    def role(self, trust=batch.TRUST, actions=("s3:*",)):
        name = fresh_name("job")
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))
        self.iam.put_role_policy(
            RoleName=name, PolicyName="does",
            PolicyDocument=policy({"Effect": "Allow", "Action": list(actions), "Resource": "*"}),
        )  # fmt: skip
        return f"arn:aws:iam::{ALICE.id}:role/{name}"

    def allow(self, role, *actions):
        statement = {
            "Effect": "Allow", "Principal": {"AWS": role}, "Action": list(actions),
            "Resource": f"arn:aws:s3:::{self.foreign}/*",
        }  # fmt: skip
        self.bob.put_bucket_policy(Bucket=self.foreign, Policy=policy(statement))

    def manifest(self, s3=None, bucket=None):
        rows = [(self.bucket, "key", self.version)]
        return {"Manifest": batch.csv_manifest(s3 or self.s3, bucket or self.reports, rows)}

    def start(self, role, source=None, **options):
        return batch.create(
            self.control, role, operation={"S3DeleteObjectTagging": {}}, **options, **(source or self.manifest())
        )

    def tags(self):
        return self.s3.get_object_tagging(Bucket=self.bucket, Key="key")["TagSet"]


@pytest.fixture
def stage(home):
    return Stage(home)


# §7.1


def test_7_1_a_job_fails_whose_role_does_not_trust_batch_operations(stage):
    others = {**batch.TRUST, "Principal": {"Service": "s3.amazonaws.com"}}
    conditions = [
        {"StringEquals": {"aws:SourceAccount": BOB.id}},
        {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:eu-west-1:{ALICE.id}:job/*"}},
    ]
    roles = [stage.role(others), *(stage.role({**batch.TRUST, "Condition": condition}) for condition in conditions)]
    missing = f"arn:aws:iam::{ALICE.id}:role/{fresh_name('missing')}"
    for role in [*roles, missing]:
        job = stage.start(role)
        code, reason = batch.failure_of(stage.control, job)
        assert code == "AssumeRoleNotPermitted" and role in reason, (role, code, reason)
        assert batch.counts(batch.describe(stage.control, job)) == (0, 0, 0)
    assert stage.tags()


def test_7_1_a_role_may_ask_for_which_jobs_it_is_assumed(stage):
    condition = {
        "StringEquals": {"aws:SourceAccount": ALICE.id},
        "ArnLike": {"aws:SourceArn": f"arn:aws:s3:us-east-1:{ALICE.id}:job/*"},
    }
    batch.completed(stage.control, stage.start(stage.role({**batch.TRUST, "Condition": condition})))
    assert stage.tags() == []


def test_7_2_what_the_caller_may_is_not_what_the_job_may(stage):
    """The caller may do everything; the role of the job may read the manifest, and nothing else."""
    role = stage.role(actions=["s3:GetObject", "s3:PutObject"])
    job = stage.start(role, report=batch.report_to(stage.reports))
    assert batch.counts(batch.completed(stage.control, job)) == (1, 0, 1)
    [row] = batch.rows_of_report(stage.s3, stage.reports, job)
    assert row[3:6] == ["failed", "403", "AccessDenied"]
    assert stage.tags()


# Other accounts


def test_7_2_br_mf_2_a_manifest_in_the_bucket_of_another_account(stage):
    role = stage.role()
    source = stage.manifest(stage.bob, stage.foreign)
    failure = batch.failure_of(stage.control, stage.start(role, source))
    assert failure[1] == "Reading the manifest is forbidden: AccessDenied"
    # The policy of the bucket alone is not enough: the role has to be allowed too.
    stage.allow(role, "s3:GetObject")
    may_not = stage.role(actions=["s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"])
    assert "forbidden" in batch.failure_of(stage.control, stage.start(may_not, source))[1]
    assert stage.tags()
    batch.completed(stage.control, stage.start(role, source))
    assert stage.tags() == []


def test_7_2_br_rp_3_br_rp_4_a_report_in_the_bucket_of_another_account(stage):
    role = stage.role()
    report = {**batch.report_to(stage.foreign), "ExpectedBucketOwner": BOB.id}
    code, reason = batch.failure_of(stage.control, stage.start(role, report=report))
    assert code == "ReportWriteFailed"
    assert reason == "The job report could not be written to your report bucket. Please check your permissions."
    stage.allow(role, "s3:PutObject")
    job = stage.start(role, report=report)
    batch.completed(stage.control, job)
    # The owner of the bucket reads it.
    assert [row[1:4] for row in batch.rows_of_report(stage.bob, stage.foreign, job)] == [["key", stage.version, "succeeded"]]
    mistaken = {**report, "ExpectedBucketOwner": ALICE.id}
    assert batch.failure_of(stage.control, stage.start(role, report=mistaken))[0] == "ExpectedBucketOwnerMismatch"


def generated(stage, owner=BOB):
    made = batch.generator(stage.bucket, output=stage.foreign)
    made["S3JobManifestGenerator"]["ManifestOutputLocation"]["ExpectedManifestBucketOwner"] = owner.id
    return {"ManifestGenerator": made}


def read_manifest(s3, job):
    location = job["GeneratedManifestDescriptor"]["Location"]["ObjectArn"].removeprefix("arn:aws:s3:::")
    bucket, key = location.split("/", 1)
    manifest = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    for file in manifest["files"]:
        s3.get_object(Bucket=bucket, Key=file["key"])
    return manifest


def test_7_2_br_mg_4_a_generated_list_in_the_bucket_of_another_account(stage):
    role = stage.role()
    failed = batch.failure_of(stage.control, stage.start(role, generated(stage)))
    assert failed[1] == "Error occurred when preparing manifest: Failed to write manifest"
    stage.allow(role, "s3:PutObject")
    job = stage.start(role, generated(stage))
    assert read_manifest(stage.bob, batch.completed(stage.control, job))["sourceBucket"] == stage.bucket
    failed = batch.failure_of(stage.control, stage.start(role, generated(stage, ALICE)))
    assert failed[0] == "ExpectedBucketOwnerMismatch"


@pytest.mark.parametrize("ownership", ["ObjectWriter", "BucketOwnerPreferred"])
def test_7_2_br_mg_4_where_acls_count_it_is_given_to_the_owner_of_the_bucket(stage, ownership):
    role = stage.role()
    stage.bob.put_bucket_ownership_controls(
        Bucket=stage.foreign, OwnershipControls={"Rules": [{"ObjectOwnership": ownership}]}
    )
    stage.allow(role, "s3:PutObject")
    failed = batch.failure_of(stage.control, stage.start(role, generated(stage)))
    assert failed[1] == "Error occurred when preparing manifest: Failed to write manifest"
    stage.allow(role, "s3:PutObject", "s3:PutObjectAcl")
    job = stage.start(role, generated(stage))
    found = batch.completed(stage.control, job)
    assert read_manifest(stage.bob, found)["sourceBucket"] == stage.bucket
    # In the account's own bucket there is nobody to give it to.
    own = stage.role(actions=["s3:PutInventoryConfiguration", "s3:PutObject", "s3:DeleteObject*Tagging"])
    output = {"ManifestGenerator": batch.generator(stage.bucket, output=stage.reports)}
    batch.completed(stage.control, stage.start(own, output))


def test_7_2_objects_of_another_account_are_worked_on_where_its_policy_allows_it(stage):
    role = stage.role()
    stage.bob.put_object(Bucket=stage.foreign, Key="key", Body=b"data", Tagging="b=1")
    source = {"Manifest": batch.csv_manifest(stage.s3, stage.reports, [(stage.foreign, "key")], fields=("Bucket", "Key"))}
    report = batch.report_to(stage.reports)
    job = stage.start(role, source, report=report)
    assert batch.counts(batch.completed(stage.control, job)) == (1, 0, 1)
    stage.allow(role, "s3:DeleteObjectTagging")
    job = stage.start(role, source, report=report)
    assert batch.counts(batch.completed(stage.control, job)) == (1, 1, 0)
    assert stage.bob.get_object_tagging(Bucket=stage.foreign, Key="key")["TagSet"] == []
    with fails(403, "AccessDenied"):
        stage.s3.get_object_tagging(Bucket=stage.foreign, Key="key")


def test_7_2_br_mg_6_a_list_of_the_bucket_of_another_account(stage):
    stage.bob.put_object(Bucket=stage.foreign, Key="key", Body=b"data", Tagging="b=1")
    role = stage.role()

    def run(owner):
        made = batch.generator(stage.foreign)
        made["S3JobManifestGenerator"]["ExpectedBucketOwner"] = owner.id
        return stage.start(role, {"ManifestGenerator": made})

    # TD-5: who is expected is the owner of the bucket that is listed.
    assert batch.failure_of(stage.control, run(ALICE))[0] == "ExpectedBucketOwnerMismatch"
    code, reason = batch.failure_of(stage.control, run(BOB))
    assert code == "ManifestGenerationFailed" and "s3:PutInventoryConfiguration" in reason
    statements = [
        {
            "Effect": "Allow", "Principal": {"AWS": role}, "Action": action, "Resource": f"arn:aws:s3:::{stage.foreign}{path}"
        }
        for action, path in (("s3:PutInventoryConfiguration", ""), ("s3:DeleteObject*Tagging", "/*"))
    ]  # fmt: skip
    stage.bob.put_bucket_policy(Bucket=stage.foreign, Policy=policy(*statements))
    assert batch.counts(batch.completed(stage.control, run(BOB))) == (1, 1, 0)
    assert stage.bob.get_object_tagging(Bucket=stage.foreign, Key="key")["TagSet"] == []
    # No inventory of it is to be seen.
    assert "InventoryConfigurationList" not in stage.bob.list_bucket_inventory_configurations(Bucket=stage.foreign)
