"""The commands of docs/batch-operations.md, run as they stand by a shell with the AWS CLI."""

import os
import re
import subprocess
import sys

import batch
import pytest
from federation import ALICE, REPOSITORY, fresh_name, tern_binary
from replication import configure, rule, status_of, wait_for_replica, wait_for_status
from s3 import all_versions
from s3control import client as control_client
from waiting import eventually

PAGE = REPOSITORY / "docs" / "batch-operations.md"


def commands(heading):
    """The commands under a heading, each with its continuations."""
    text = PAGE.read_text()
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", section, re.MULTILINE | re.DOTALL):
        for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            found.append(command.rstrip("\n"))
    return found


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """Where the commands run: what they write there, and `tern`."""
    directory = tmp_path_factory.mktemp("tutorial")
    (directory / "tern").symlink_to(tern_binary())
    return directory


@pytest.fixture
def shell(federation, directory):
    """Runs commands with the environment of `tern env` and buckets of the test's own, and returns their output."""
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment["PATH"] = f"{directory}:{os.path.dirname(sys.executable)}:{environment['PATH']}"
    environment |= {
        "ACCOUNT": ALICE.id,
        "SOURCE": home.bucket(),
        "DESTINATION": abroad.bucket(),
        "REPORTS": home.bucket(versioned=False),
        "SECOND": abroad.bucket(),
        "REBUILT": fresh_name(),
    }

    def run(command, **more):
        script = f'eval "$(tern env {federation.directory})"\nset -euo pipefail\n{command}\n'
        answer = subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, cwd=directory, env={**environment, **more},
            timeout=120, check=False,
        )  # fmt: skip
        assert answer.returncode == 0, (command, answer.stdout, answer.stderr)
        return answer.stdout

    run.environment = environment
    run.home, run.abroad = home, abroad
    iam = home.service("iam")
    for command in commands("Before the first job"):
        # The role is there from the first test on; its policy is about the buckets of each.
        if "create-role" not in command or not has_role(iam, "batch"):
            run(command)
    return run


def has_role(iam, name):
    try:
        return bool(iam.get_role(RoleName=name))
    except iam.exceptions.NoSuchEntityException:
        return False


def job_of(output):
    return re.search(r'"JobId": "([0-9a-f-]{36})"', output)[1]


def test_an_existing_bucket_is_filled_in(shell):
    environment = shell.environment
    s3, there = shell.home.client(), shell.abroad.client()
    version = s3.put_object(Bucket=environment["SOURCE"], Key="old", Body=b"data")["VersionId"]
    configure(s3, environment["SOURCE"], rule(environment["DESTINATION"]))
    create, describe, listing, whole = commands("Back-fill an existing bucket")
    job = job_of(shell(create))
    control = control_client(shell.home)
    assert batch.counts(batch.completed(control, job)) == (1, 1, 0)
    assert '"Status": "Complete"' in shell(describe, JOB=job)
    assert job in shell(listing)
    wait_for_replica(there, environment["DESTINATION"], "old", version)
    rows = batch.rows_of_report(s3, environment["REPORTS"], job, prefix="backfill")
    assert rows == [[environment["SOURCE"], "old", version, "succeeded", "200", "", "success"]]
    # The same in one command: whatever came meanwhile.
    s3.delete_bucket_replication(Bucket=environment["SOURCE"])
    s3.put_object(Bucket=environment["SOURCE"], Key="older", Body=b"data")
    configure(s3, environment["SOURCE"], rule(environment["DESTINATION"]))
    assert "1 succeeded, 0 failed" in shell(whole)
    assert status_of(s3, environment["SOURCE"], "older") == "COMPLETED"


def test_failures_are_tried_again(shell):
    environment = shell.environment
    source, destination = environment["SOURCE"], environment["DESTINATION"]
    s3, there = shell.home.client(), shell.abroad.client()
    configure(s3, source, rule(destination))
    there.put_bucket_versioning(Bucket=destination, VersioningConfiguration={"Status": "Suspended"})
    version = s3.put_object(Bucket=source, Key="failed", Body=b"data")["VersionId"]
    wait_for_status(s3, source, "failed", version, expected="FAILED")
    mend, create = commands("Retry failures")
    shell(mend)
    job = job_of(shell(create))
    assert batch.counts(batch.completed(control_client(shell.home), job)) == (1, 1, 0)
    wait_for_replica(there, destination, "failed", version)
    assert batch.rows_of_report(s3, environment["REPORTS"], job, prefix="retry") == []


def test_a_new_destination_is_filled_in(shell):
    environment = shell.environment
    source, second = environment["SOURCE"], environment["SECOND"]
    s3, there = shell.home.client(), shell.abroad.client()
    configure(s3, source, rule(environment["DESTINATION"]))
    version = s3.put_object(Bucket=source, Key="first", Body=b"data")["VersionId"]
    wait_for_status(s3, source, "first", version)
    *prepare, create = commands("Back-fill a new destination")
    for command in prepare:
        shell(command)
    found = batch.completed(control_client(shell.home), job_of(shell(create)))
    total, succeeded, _ = batch.counts(found)
    assert total == succeeded >= 1
    wait_for_replica(there, second, "first", version)
    replicated = {entry["VersionId"] for entry in all_versions(there, environment["DESTINATION"])}
    assert {entry["VersionId"] for entry in all_versions(there, second)} == replicated


def test_a_lost_source_is_rebuilt_from_its_replica(shell):
    environment = shell.environment
    source, destination, rebuilt = (environment[name] for name in ("SOURCE", "DESTINATION", "REBUILT"))
    s3, there = shell.home.client(), shell.abroad.client()
    configure(s3, source, rule(destination, markers="Enabled"))
    for body in (b"one", b"two"):
        version = s3.put_object(Bucket=source, Key="lost", Body=body, Metadata={"m": "1"})["VersionId"]
    marker = s3.delete_object(Bucket=source, Key="lost")["VersionId"]
    eventually(
        lambda: {entry["VersionId"] for entry in all_versions(there, destination)} >= {version, marker},
        "the versions are replicated",
    )
    before = {(entry["Key"], entry["VersionId"], entry["IsMarker"]) for entry in all_versions(there, destination)}
    # The source is lost.
    for entry in all_versions(s3, source):
        s3.delete_object(Bucket=source, Key=entry["Key"], VersionId=entry["VersionId"])
    *prepare, create = commands("Rebuild a lost source from its replica")
    for command in prepare:
        shell(command)
    shell.abroad.wait_for_role_policy(ALICE, "batch", "replica")
    try:
        found = batch.completed(control_client(shell.abroad), job_of(shell(create)))
        assert batch.counts(found)[2] == 0
        after = {(entry["Key"], entry["VersionId"], entry["IsMarker"]) for entry in all_versions(s3, rebuilt)}
        assert after == before
        assert s3.get_object(Bucket=rebuilt, Key="lost", VersionId=version)["Body"].read() == b"two"
    finally:
        there.delete_bucket_replication(Bucket=destination)


def test_a_copy_in_place_cures_what_was_deleted_at_the_destination(shell):
    environment = shell.environment
    s3, there = shell.home.client(), shell.abroad.client()
    configure(s3, environment["SOURCE"], rule(environment["DESTINATION"]))
    version = s3.put_object(Bucket=environment["SOURCE"], Key="cure", Body=b"data")["VersionId"]
    wait_for_status(s3, environment["SOURCE"], "cure", version)
    there.delete_object(Bucket=environment["DESTINATION"], Key="cure", VersionId=version)
    etag = s3.put_object(
        Bucket=environment["REPORTS"], Key="list.csv", Body=f"{environment['SOURCE']},cure\n".encode()
    )["ETag"].strip('"')
    [create] = commands("What was deleted at the destination")
    # To copy, the role needs more than to start replication.
    extra = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"arn:aws:s3:::%s/*",'
        '"Action":["s3:GetObject*","s3:PutObject*"]}]}' % environment["SOURCE"]
    )
    shell.home.service("iam").put_role_policy(RoleName="batch", PolicyName="copy", PolicyDocument=extra)
    job = job_of(shell(create, ETAG=etag))
    assert batch.counts(batch.completed(control_client(shell.home), job)) == (1, 1, 0)
    new = s3.head_object(Bucket=environment["SOURCE"], Key="cure")["VersionId"]
    wait_for_replica(there, environment["DESTINATION"], "cure", new)
    eventually(lambda: status_of(s3, environment["SOURCE"], "cure") == "COMPLETED", "the copy is replicated")
