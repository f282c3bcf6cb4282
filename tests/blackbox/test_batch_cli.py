"""`tern batch`, as people type it."""

import re
import subprocess

import batch
import pytest
from federation import ALICE, fresh_name, policy, tern_binary
from replication import configure, rule, wait_for_replica, wait_for_status
from s3control import client as control_client


class Terminal:
    """A source with a rule whose role jobs may assume too, as the console of S3 makes it, and commands about it."""

    def __init__(self, federation):
        self.directory = federation.directory
        self.home, self.abroad = federation["us-east-1"], federation["eu-west-1"]
        self.s3, self.there = self.home.client(), self.abroad.client()
        self.control = control_client(self.home)
        self.source, self.destination = self.home.bucket(), self.abroad.bucket()
        iam, name = self.home.service("iam"), fresh_name("both")
        trust = {**batch.TRUST, "Principal": {"Service": ["s3.amazonaws.com", "batchoperations.s3.amazonaws.com"]}}
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))
        iam.put_role_policy(
            RoleName=name, PolicyName="does", PolicyDocument=policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
        )
        self.abroad.wait_for_role_policy(ALICE, name, "does")
        self.role = f"arn:aws:iam::{ALICE.id}:role/{name}"

    def put(self, key, **parameters):
        return self.s3.put_object(Bucket=self.source, Key=key, Body=b"data", **parameters)["VersionId"]

    def replicate(self, **options):
        configure(self.s3, self.source, rule(self.destination, identifier="all", **options), role=self.role)

    def run(self, *words, expected=0):
        done = subprocess.run(
            [tern_binary(), "batch", *words, "--dir", str(self.directory)],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == expected, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout if expected in (0, 2) else done.stderr

    def hold_destination(self, status):
        self.there.put_bucket_versioning(Bucket=self.destination, VersioningConfiguration={"Status": status})


@pytest.fixture
def terminal(federation):
    return Terminal(federation)


def job_of(output):
    return re.search(r"^job +([0-9a-f-]{36})$", output, re.MULTILINE)[1]


def test_the_shortest_command_takes_the_role_of_the_rules_and_tells_why_tasks_fail(terminal):
    old = terminal.put("old")
    terminal.replicate()
    terminal.hold_destination("Suspended")
    output = terminal.run("replicate", "--bucket", terminal.source, "--wait", expected=2)
    assert "tasks      1: 0 succeeded, 1 failed" in output
    assert output.rstrip().endswith("1\tDstBucketUnversioned"), output
    job = job_of(output)
    assert "1\tDstBucketUnversioned" in terminal.run("report", job)
    assert terminal.run("report", job, "--rows", expected=1).strip() == "Error: The job was made without a report."
    wait_for_status(terminal.s3, terminal.source, "old", old, expected="FAILED")
    terminal.hold_destination("Enabled")
    output = terminal.run("replicate", "--bucket", terminal.source, "--status", "none,FAILED", "--wait")
    assert "tasks      1: 1 succeeded, 0 failed" in output
    wait_for_replica(terminal.there, terminal.destination, "old", old)


def test_a_report_says_more(terminal):
    terminal.put("key")
    terminal.replicate()
    terminal.hold_destination("Suspended")
    reports = terminal.home.bucket(versioned=False)
    output = terminal.run(
        "replicate", "--bucket", terminal.source, "--report-bucket", reports, "--report-prefix", "dir/", "--wait", expected=2
    )
    job = job_of(output)
    assert f"report     s3://{reports}/dir/job-{job}/manifest.json" in output
    assert "1\tDstBucketUnversioned  The destination bucket does not have versioning enabled" in output
    assert terminal.run("report", job, "--rows").split("\t")[3:6] == ["failed", "500", "DstBucketUnversioned"]


def test_what_has_no_report(terminal):
    terminal.put("key")
    terminal.replicate()
    reports = terminal.home.bucket(versioned=False)
    job = batch.create(
        terminal.control, terminal.role, confirm=True, report=batch.report_to(reports),
        ManifestGenerator=batch.generator(terminal.source),
    )  # fmt: skip
    batch.wait(terminal.control, job, status="Suspended")
    assert "The report is written when the job ends; it is Suspended." in terminal.run("report", job)
    terminal.run("cancel", job)
    assert "No task was begun, so there is no report." in terminal.run("report", job)
    may_not_write = batch.job_role(terminal.home, actions=["s3:Get*", "s3:PutInventoryConfiguration", "s3:InitiateReplication"])
    output = terminal.run(
        "replicate", "--bucket", terminal.source, "--role", may_not_write, "--report-bucket", reports, "--wait", "--json",
        expected=1,
    )  # fmt: skip
    assert output == "", output
    [job] = [each["JobId"] for each in terminal.control.list_jobs(AccountId=ALICE.id, MaxResults=1)["Jobs"]]
    assert "failure    ReportWriteFailed" in terminal.run("show", job)
    assert "report     " not in terminal.run("show", job)


def test_what_cannot_be_asked_for(terminal):
    error = terminal.run("replicate", "--bucket", terminal.source, "--status", "PENDING", expected=64)
    assert "PENDING is none of COMPLETED, FAILED, REPLICA, NONE." in error
    error = terminal.run("replicate", "--bucket", terminal.source, expected=1)
    assert "ReplicationConfigurationNotFoundError" in error
    terminal.replicate()
    error = terminal.run("replicate", "--bucket", terminal.source, "--priority", "2147483648", expected=1)
    assert "Priority must be a number from 0 to 2147483647." in error
    assert "NoSuchJobException: No such job" in terminal.run("show", "no-such-job", expected=1)
    assert "is no status of a job" in terminal.run("list", "--status", "Sleeping", expected=1)


def test_a_role_that_does_not_trust_jobs_is_named(terminal):
    terminal.put("key")
    configure(terminal.s3, terminal.source, rule(terminal.destination))
    done = subprocess.run(
        [tern_binary(), "batch", "replicate", "--bucket", terminal.source, "--wait", "--dir", str(terminal.directory)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "AssumeRoleNotPermitted" in done.stdout and "by batchoperations.s3.amazonaws.com" in done.stdout, done.stdout
