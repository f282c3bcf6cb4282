"""Places, priorities and cancellation of jobs that run (batch-replication §4)."""

import json
import subprocess

import batch
import botocore.exceptions
import pytest
from bulk import write_all
from federation import ALICE, BOB, tern_binary
from replication import configure, rule, wait_for_replica
from s3control import client as control_client
from waiting import eventually


def change(region, *changes):
    """Restarts the region with other values in its configuration."""
    text = region.config_path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    region.config_path.write_text(text)
    region.terminate()
    region.start()


class Held:
    """Buckets whose destination does not answer, so that their jobs stay Active until they give up waiting."""

    def __init__(self, federation, count):
        self.home, self.abroad = federation["us-east-1"], federation["eu-west-1"]
        self.s3 = self.home.client()
        self.control = control_client(self.home)
        self.role = batch.job_role(self.home)
        self.sources = [self.home.bucket() for _ in range(count)]
        self.destinations = [self.abroad.bucket() for _ in range(count)]
        self.versions = []
        for source, destination in zip(self.sources, self.destinations, strict=True):
            self.versions.append(self.s3.put_object(Bucket=source, Key="key", Body=b"data")["VersionId"])
            configure(self.s3, source, rule(destination))

    def start(self, number, priority=10):
        return batch.create(
            self.control, self.role, priority=priority, ManifestGenerator=batch.generator(self.sources[number])
        )

    def status(self, job):
        return batch.describe(self.control, job)["Status"]

    def wait(self, job, *statuses, within=90):
        eventually(lambda: self.status(job) in statuses, lambda: f"{statuses}: {self.status(job)}", within=within)


@pytest.fixture
def held(own_federation):
    return lambda count: Held(own_federation, count)


def test_br_sc_1_br_sc_2_six_run_and_a_more_urgent_one_takes_a_place(held):
    held = held(7)
    with held.abroad.paused():
        first = [held.start(number, priority=10 + number) for number in range(6)]
        for job in first:
            held.wait(job, "Active")
        urgent = held.start(6, priority=99)
        # The least urgent one finishes what it has under way, and pauses.
        held.wait(first[0], "Pausing", "Paused")
        assert [held.status(job) for job in first[1:]] == ["Active"] * 5
        held.wait(urgent, "Active", "Completing", "Complete")
    for job in [*first, urgent]:
        batch.completed(held.control, job, within=120)
    for destination, version in zip(held.destinations, held.versions, strict=True):
        wait_for_replica(held.abroad.client(), destination, "key", version)


def test_br_sc_1_two_jobs_on_one_bucket_run_at_once(held):
    held = held(1)
    with held.abroad.paused():
        jobs = [held.start(0), held.start(0)]
        for job in jobs:
            held.wait(job, "Active")
    for job in jobs:
        assert batch.counts(batch.completed(held.control, job, within=120)) == (1, 1, 0)


def test_td_11_a_destination_that_does_not_answer_does_not_hold_a_job_for_ever(held):
    held = held(1)
    held.abroad.kill()
    job = held.start(0)
    assert batch.counts(batch.completed(held.control, job, within=120)) == (1, 1, 0)
    assert held.s3.head_object(Bucket=held.sources[0], Key="key")["ReplicationStatus"] == "PENDING"
    held.abroad.start()
    wait_for_replica(held.abroad.client(), held.destinations[0], "key", held.versions[0], within=60)


def test_br_st_6_a_job_that_is_cancelled_ends_with_what_was_under_way(held):
    held = held(1)
    with held.abroad.paused():
        job = held.start(0)
        held.wait(job, "Active")
        answer = held.control.update_job_status(AccountId=ALICE.id, JobId=job, RequestedJobStatus="Cancelled")
        assert answer["Status"] == "Cancelling"
    held.wait(job, "Cancelled")
    assert batch.counts(batch.describe(held.control, job)) == (1, 1, 0)


def test_br_us_1_a_suspended_job_is_cancelled_at_once(held):
    held = held(1)
    job = batch.create(
        held.control, held.role, confirm=True, ManifestGenerator=batch.generator(held.sources[0])
    )
    held.wait(job, "Suspended")
    answer = held.control.update_job_status(AccountId=ALICE.id, JobId=job, RequestedJobStatus="Cancelled")
    assert answer["Status"] == "Cancelled"
    with pytest.raises(held.control.exceptions.JobStatusException):
        held.control.update_job_status(AccountId=ALICE.id, JobId=job, RequestedJobStatus="Ready")


def test_br_rs_1_jobs_that_wait_stand_as_they_were_after_a_restart(held):
    held = held(1)
    job = batch.create(
        held.control, held.role, confirm=True, ManifestGenerator=batch.generator(held.sources[0])
    )
    held.wait(job, "Suspended")
    before = batch.describe(held.control, job)
    held.home.kill()
    held.home.start()
    assert batch.describe(held.control, job) == before
    held.control.update_job_status(AccountId=ALICE.id, JobId=job, RequestedJobStatus="Ready")
    batch.completed(held.control, job)


def test_the_command_watches_a_job_over_a_restart_of_its_region(held):
    """Without a terminal it writes a line for each status, and its JSON stands alone."""
    held = held(1)
    where = ["--dir", str(held.home.federation.directory), "--bucket", held.sources[0], "--role", held.role, "--wait"]
    with held.abroad.paused():
        watch = subprocess.Popen(
            [tern_binary(), "batch", "replicate", *where],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        try:
            # It is told at once, for who reads it from a pipe.
            job = watch.stdout.readline().removeprefix("job ").strip()
            held.wait(job, "Active")
            lines = []
            while not lines or not lines[-1].startswith("Active"):
                lines.append(watch.stderr.readline())
                assert lines[-1], lines
            assert lines[-1].startswith("Active  0 %  0 of 1"), lines
            held.home.kill()
            held.home.start()
        except BaseException:
            watch.kill()
            raise
    output, errors = watch.communicate(timeout=120)
    assert watch.returncode == 0, errors
    assert "tasks      1: 1 succeeded, 0 failed" in output
    lines += errors.splitlines()
    assert not any("\r" in line or "█" in line for line in lines)
    done = subprocess.run(
        [tern_binary(), "batch", "replicate", *where, "--json"], capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert (found["status"], found["succeeded"], done.stderr) == ("Complete", 1, "")


SWAPS = 8
SWAPPED = 3000


def test_br_sc_3_each_change_of_a_priority_is_acted_upon_at_once(make_federation):
    """Two jobs take the one place from each other, again and again; none of the changes is overlooked.

    Machines that are fast see fewer of them before the jobs are done.
    """
    federation = make_federation()
    home, abroad = federation.regions
    change(home, ("  replication_jobs: 6\n", "  replication_jobs: 1\n"))
    s3, control, role = home.client(), control_client(home), batch.job_role(home)
    reports = home.bucket(versioned=False)
    keys = [f"key/{number:05}" for number in range(SWAPPED)]
    jobs = []
    for _ in range(2):
        source = home.bucket()
        write_all(home, source, [("PUT", key) for key in keys])
        configure(s3, source, rule(abroad.bucket()))
        jobs.append(
            batch.create(
                control, role, report=batch.report_to(reports), ManifestGenerator=batch.generator(source), confirm=True
            )
        )
    for job in jobs:
        batch.wait(control, job, status="Suspended")
        control.update_job_status(AccountId=ALICE.id, JobId=job, RequestedJobStatus="Ready")
    for number in range(SWAPS):
        urgent = jobs[number % 2]
        if batch.describe(control, urgent)["Status"] not in {"Ready", "Paused"}:
            continue
        control.update_job_priority(AccountId=ALICE.id, JobId=urgent, Priority=100 + number)
        # A job that does not hear that it is to pause runs on until somebody looks again, 30 seconds later.
        eventually(
            lambda urgent=urgent: batch.describe(control, urgent)["Status"] not in {"Ready", "Paused"},
            lambda: f"change {number} is acted upon: {[batch.describe(control, job) for job in jobs]}",
            within=15,
        )
    for job in jobs:
        assert batch.counts(batch.completed(control, job, within=120)) == (SWAPPED, SWAPPED, 0)
        assert sorted(row[1] for row in batch.rows_of_report(s3, reports, job)) == keys


def test_br_st_6_a_cancelled_job_finishes_a_few_hundred_tasks_at_most(held):
    held = held(1)
    keys = [f"key/{number:05}" for number in range(4000)]
    write_all(held.home, held.sources[0], [("PUT", key) for key in keys])
    held.s3.delete_bucket_replication(Bucket=held.sources[0])
    configure(held.s3, held.sources[0], rule(held.destinations[0]))
    with held.abroad.paused():
        job = held.start(0)
        held.wait(job, "Active")
        held.control.update_job_status(AccountId=ALICE.id, JobId=job, RequestedJobStatus="Cancelled")
    held.wait(job, "Cancelled")
    total, succeeded, failed = batch.counts(batch.describe(held.control, job))
    assert total > 4000 and failed == 0 and succeeded <= 800


def test_td_2_an_account_that_asks_too_often_is_slowed_down(make_federation):
    federation = make_federation(names=("us-east-1",))
    [home] = federation.regions
    change(home, ("  requests_per_second: 100\n", "  requests_per_second: 1\n"))
    alice, bob = control_client(home), control_client(home, BOB)

    def refused():
        try:
            alice.list_jobs(AccountId=ALICE.id)
        except botocore.exceptions.ClientError as error:
            return error.response
        return None

    # Ten seconds' worth may come at once.
    assert [refused() for _ in range(10)] == [None] * 10
    answer = eventually(refused, "requests are refused", every=0)
    assert answer["Error"]["Code"] == "SlowDown"
    assert answer["Error"]["Message"] == "Please reduce your request rate"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
    bob.list_jobs(AccountId=BOB.id)
    eventually(lambda: refused() is None, "a second later there is room again", every=0.5)
