"""Jobs that wait for confirmation, and what they are told then (batch-replication §1.6, §4.1, §4.2, §7.3)."""

import datetime

import pytest
from federation import ALICE
from jobs import Jobs
from s3 import fails
from test_jobs_api import Caller, denied
from waiting import eventually


@pytest.fixture(scope="module")
def jobs(federation):
    return Jobs(federation["us-east-1"])


@pytest.fixture
def suspended(jobs):
    job = jobs.create(Manifest=jobs.manifest(keys=("a", "b", "c")))
    jobs.wait(job, "Suspended")
    return job


def test_br_st_2_a_job_waits_for_its_confirmation_and_says_so(jobs, suspended):
    found = jobs.describe(suspended)
    assert found["SuspendedCause"] == "AWAITING_CONFIRMATION"
    now = datetime.datetime.now(datetime.timezone.utc)
    assert abs((now - found["SuspendedDate"]).total_seconds()) < 60
    progress = found["ProgressSummary"]
    assert progress["TotalNumberOfTasks"] == 3
    assert progress["NumberOfTasksSucceeded"] == progress["NumberOfTasksFailed"] == 0
    assert found["FailureReasons"] == [] and "TerminationDate" not in found
    assert suspended in {job["JobId"] for job in jobs.list(JobStatuses=["Suspended"])}
    answer = jobs.confirm(suspended, StatusUpdateReason="looks right")
    assert answer["Status"] == "Ready" and answer["StatusUpdateReason"] == "looks right"
    found = jobs.wait(suspended, "Complete")
    assert not {"SuspendedCause", "SuspendedDate"} & set(found)
    assert found["StatusUpdateReason"] == "looks right"
    progress = found["ProgressSummary"]
    assert progress["NumberOfTasksSucceeded"] + progress["NumberOfTasksFailed"] == progress["TotalNumberOfTasks"] == 3
    assert found["TerminationDate"] >= found["CreationTime"]
    with fails(400, "JobStatusException"):
        jobs.confirm(suspended)
    with fails(400, "JobStatusException"):
        jobs.cancel(suspended)


def test_br_us_1_a_job_that_waits_is_cancelled_at_once(jobs, suspended):
    answer = jobs.cancel(suspended, StatusUpdateReason="no")
    assert (answer["Status"], answer["StatusUpdateReason"]) == ("Cancelled", "no")
    found = jobs.describe(suspended)
    assert found["Status"] == "Cancelled" and "TerminationDate" in found and "SuspendedDate" not in found
    assert found["ProgressSummary"]["TotalNumberOfTasks"] == 3
    for call in (jobs.confirm, jobs.cancel):
        with fails(400, "JobStatusException"):
            call(suspended)


def test_br_us_2_the_priority_of_a_job_that_has_ended_stays(jobs, suspended):
    jobs.control.update_job_priority(AccountId=ALICE.id, JobId=suspended, Priority=3)
    jobs.cancel(suspended)
    with fails(400, "BadRequestException"):
        jobs.control.update_job_priority(AccountId=ALICE.id, JobId=suspended, Priority=4)
    assert jobs.describe(suspended)["Priority"] == 3


def test_7_3_conditions_on_why_a_job_waits(jobs, suspended):
    caller = Caller(jobs)
    name = {"AccountId": ALICE.id, "JobId": suspended, "RequestedJobStatus": "Ready"}
    for cause in ("OTHER", "AWAITING_CONFIRMATION"):
        condition = {"StringEquals": {"s3:JobSuspendedCause": cause}}
        caller.may({"Action": "s3:UpdateJobStatus", "Condition": condition})
        if cause == "OTHER":
            denied("s3:UpdateJobStatus", lambda: caller.control.update_job_status(**name))
    assert caller.control.update_job_status(**name)["Status"] == "Ready"
    # It does not wait for confirmation any more.
    jobs.wait(suspended, "Complete")
    denied("s3:UpdateJobStatus", lambda: caller.control.update_job_status(**name))


def test_9_each_transition_is_told_once_and_in_its_order(events_federation, event_targets):
    event_targets.reset()
    jobs = Jobs(events_federation["us-east-1"])
    job = jobs.create(ConfirmationRequired=False)
    jobs.wait(job, "Complete")

    def statuses():
        found = [message["detail"].get("serviceEventDetails", {}) for message in event_targets.bridge.messages()]
        return [details["status"] for details in found if details.get("jobId") == job]

    expected = ["New", "Preparing", "Ready", "Active", "Completing", "Complete"]
    eventually(lambda: statuses() == expected, lambda: f"{statuses()} is {expected}")
    event_targets.reset()


def test_9_a_failure_is_told_with_its_code(events_federation, event_targets):
    """Rules of the bridge match on the status, and find the reason beside it."""
    event_targets.reset()
    jobs = Jobs(events_federation["us-east-1"])
    manifest = jobs.manifest()
    manifest["Location"]["ETag"] = "0" * 32
    job = jobs.create(ConfirmationRequired=False, Manifest=manifest)
    jobs.wait(job, "Failed")

    def told():
        found = [message["detail"].get("serviceEventDetails", {}) for message in event_targets.bridge.messages()]
        return [(each["status"], each["failureCodes"]) for each in found if each.get("jobId") == job]

    codes = ["ManifestETagMismatch"]
    expected = [("New", []), ("Preparing", []), ("Failing", codes), ("Failed", codes)]
    eventually(lambda: told() == expected, lambda: f"{told()} is {expected}")
    event_targets.reset()
