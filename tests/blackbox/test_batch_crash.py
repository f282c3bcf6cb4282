"""A job survives kill -9 of any process at any moment, with each row once in its report (design invariant 10, BR-RS-1).

TERN_JOB_VERSIONS sets how many versions the job has, TERN_JOB_KILLS how often it is killed.
"""

import gzip
import json
import os
import random
import threading

import batch
from botocore.exceptions import BotoCoreError, ClientError
from bulk import write_all
from replication import configure, rule, status_of
from s3 import all_versions
from s3control import client as control_client
from waiting import eventually

VERSIONS = int(os.environ.get("TERN_JOB_VERSIONS", "6000"))
KILLS = int(os.environ.get("TERN_JOB_KILLS", "4"))


def test_br_rs_1_br_th_2_kill_9_of_source_and_destination_while_a_job_runs(own_federation):
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    s3 = home.client()
    source, destination, reports = home.bucket(), abroad.bucket(), home.bucket(versioned=False)
    keys = [f"dir/{number:07}" for number in range(VERSIONS)]
    write_all(home, source, [("PUT", key) for key in keys])
    configure(s3, source, rule(destination))
    control = control_client(home)
    role = batch.job_role(home)
    job = batch.create(
        control, role, report=batch.report_to(reports),
        ManifestGenerator=batch.generator(source, EligibleForReplication=True, ObjectReplicationStatuses=["NONE"]),
    )  # fmt: skip
    chance = random.Random(VERSIONS)
    done = 0
    for number in range(KILLS):
        target = VERSIONS * number // KILLS

        def advanced(target=target):
            nonlocal done
            found = batch.describe(control, job)
            _, succeeded, failed = batch.counts(found)
            assert succeeded + failed >= done, "progress never goes back"
            done = succeeded + failed
            return done > target or found["Status"] in batch.FINAL

        eventually(advanced, lambda target=target: f"the job has done more than {target}; it has done {done}", within=300)
        victim = chance.choice([home, abroad])
        victim.kill()
        victim.start()
    found = batch.completed(control, job, within=900)
    assert batch.counts(found) == (VERSIONS, VERSIONS, 0), found
    rows = batch.rows_of_report(s3, reports, job)
    assert sorted(row[1] for row in rows) == keys
    # What was started while the destination was away arrives all the same.
    eventually(lambda: status_of(s3, source, keys[-1]) == "COMPLETED", "the last version is replicated", within=120)


class Writer(threading.Thread):
    """Does one thing after the other, each until it is acknowledged, so that the bucket has one state after each."""

    def __init__(self, home, bucket, deletions):
        super().__init__()
        self.s3 = home.client()
        self.bucket = bucket
        self.todo = iter(deletions)
        self.done = []
        self.ends = threading.Event()
        self.problem = None

    def run(self):
        try:
            for number, (key, version) in enumerate(self.todo):
                self.acknowledged(self.s3.delete_object, Key=key, VersionId=version)
                self.done.append(("delete", key))
                # Before, between and behind the others.
                new = f"dir/{key[4:]}-{number}"
                self.acknowledged(self.s3.put_object, Key=new)
                self.done.append(("put", new))
                if self.ends.is_set():
                    return
        except AssertionError as error:
            self.problem = error

    def acknowledged(self, call, **parameters):
        def succeeds():
            call(Bucket=self.bucket, **parameters)
            return True

        eventually(succeeds, f"{parameters} is done", within=60, swallow=(BotoCoreError, ClientError))

    def stop(self):
        self.ends.set()
        self.join(90)
        assert not self.is_alive()
        assert self.problem is None, self.problem


def rows_of_manifest(s3, job):
    """The keys of the list that a job has made, which has each once."""
    bucket, _, key = job["GeneratedManifestDescriptor"]["Location"]["ObjectArn"].split(":::", 1)[1].partition("/")
    manifest = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    keys = []
    for file in manifest["files"]:
        text = gzip.decompress(s3.get_object(Bucket=bucket, Key=file["key"])["Body"].read())
        keys += [line.split(",")[1].strip('"') for line in text.decode().splitlines()]
    return keys


def test_br_mg_5_br_rs_1_the_list_is_one_state_of_a_bucket_that_changes_also_after_kill_9(own_federation):
    home = own_federation["us-east-1"]
    s3 = home.client()
    source, lists = home.bucket(), home.bucket(versioned=False)
    write_all(home, source, [("PUT", f"dir/{number:07}") for number in range(VERSIONS)])
    versions = [(entry["Key"], entry["VersionId"]) for entry in all_versions(s3, source)]
    assert len(versions) == VERSIONS
    control = control_client(home)
    role = batch.job_role(home)
    chance = random.Random(VERSIONS)
    before = {key for key, _ in versions}
    chance.shuffle(versions)
    writer = Writer(home, source, versions)
    writer.start()
    try:
        jobs = []
        for kills in (False, True):
            job = batch.create(
                control, role, operation={"S3DeleteObjectTagging": {}}, confirm=True,
                ManifestGenerator=batch.generator(source, output=lists),
            )  # fmt: skip
            if kills:
                begun = ("Preparing", "Suspended")
                eventually(
                    lambda job=job: batch.describe(control, job)["Status"] in begun, "the list is begun", every=0.005
                )
                home.kill()
                home.start()
            jobs.append(batch.wait(control, job, status="Suspended", within=120))
    finally:
        writer.stop()
    for job in jobs:
        rows = rows_of_manifest(s3, job)
        assert batch.counts(job)[0] == len(rows)
        # A PUT of which the crash left open whether it was done is done again, and is there twice.
        assert len(rows) - len(set(rows)) <= 1
        wanted, state, steps = set(rows), set(before), 0
        while state != wanted and steps < len(writer.done):
            kind, key = writer.done[steps]
            (state.add if kind == "put" else state.discard)(key)
            steps += 1
        assert state == wanted, "the list is no state that the bucket ever had"
