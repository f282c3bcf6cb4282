"""Places, priorities and cancellation of jobs that run (batch-replication §4)."""

import batch
import pytest
from control import control_client
from federation import ALICE
from replication import configure, rule, wait_for_replica
from waiting import eventually


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
