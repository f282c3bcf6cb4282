"""The operations of S3 Control about jobs (batch-replication §1, §7.3)."""

import datetime
import json
import re
import uuid
import xml.etree.ElementTree as ElementTree

import pytest
from botocore.exceptions import ClientError
from federation import ALICE, BOB, fresh_name, policy
from jobs import Jobs
from s3 import fails
from s3control import client as control_client
from waiting import eventually

NAMESPACE = "http://awss3control.amazonaws.com/doc/2018-08-20/"
UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


@pytest.fixture(scope="module")
def jobs(federation):
    return Jobs(federation["us-east-1"])


@pytest.fixture
def control(jobs):
    return jobs.control


class Raw:
    """Requests that SDKs would not make."""

    def __init__(self, region, account=ALICE):
        self.requester = region.raw(account)
        self.account = account

    def send(self, method, path, body=b"", headers=None, **options):
        headers = {"x-amz-account-id": self.account.id, **(headers or {})}
        return self.requester.request(method, f"/v20180820/{path}", headers=headers, body=body, **options)

    def refused(self, status, code, method, path, body=b"", headers=None):
        """The message of the wrapped error (§1.1)."""
        answer = self.send(method, path, body, headers)
        root = ElementTree.fromstring(answer.body)
        assert root.tag == f"{{{NAMESPACE}}}ErrorResponse", answer.body
        inner = root.find(f"{{{NAMESPACE}}}Error")
        assert root.find(f"{{{NAMESPACE}}}RequestId") is not None and root.find(f"{{{NAMESPACE}}}HostId") is not None
        found = (answer.status, inner.find(f"{{{NAMESPACE}}}Code").text)
        message = inner.find(f"{{{NAMESPACE}}}Message").text
        assert found == (status, code), message
        return message


@pytest.fixture
def raw(home):
    return Raw(home)


OPERATION = "<Operation><S3ReplicateObject/></Operation>"
REPORT = (
    "<Report><Bucket>arn:aws:s3:::ops</Bucket><Format>Report_CSV_20180820</Format><Enabled>true</Enabled>"
    "<ReportScope>AllTasks</ReportScope></Report>"
)
SPEC = (
    "<Spec><Format>S3BatchOperations_CSV_20180820</Format><Fields><member>Bucket</member><member>Key</member></Fields>"
    "</Spec>"
)
MANIFEST = f"<Manifest>{SPEC}<Location><ObjectArn>arn:aws:s3:::ops/m.csv</ObjectArn><ETag>e</ETag></Location></Manifest>"
GENERATOR = (
    "<ManifestGenerator><S3JobManifestGenerator><SourceBucket>arn:aws:s3:::photos</SourceBucket>"
    "<EnableManifestOutput>false</EnableManifestOutput></S3JobManifestGenerator></ManifestGenerator>"
)
TOKEN = "<ClientRequestToken>{token}</ClientRequestToken>"
PRIORITY = "<Priority>10</Priority>"
ROLE = f"<RoleArn>arn:aws:iam::{ALICE.id}:role/batch</RoleArn>"
PARTS = (OPERATION, REPORT, MANIFEST, TOKEN, PRIORITY, ROLE)
# Names no role that is taken, manifest or bucket: nothing of that is looked at before the job is prepared.
WHOLE = "".join(PARTS)


def document(parts, name="CreateJobRequest"):
    text = parts.replace("{token}", str(uuid.uuid4()))
    return f'<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="{NAMESPACE}">{text}</{name}>'.encode()


def tags(count):
    members = "".join(f"<member><Key>k{number}</Key><Value>v</Value></member>" for number in range(count))
    return f"<Tags>{members}</Tags>"


# Protocol


@pytest.mark.parametrize("host", [
    f"{ALICE.id}.s3-control.us-east-1.amazonaws.com", "s3-control.us-east-1.amazonaws.com", f"{ALICE.id}.example.com:9000",
    f"{ALICE.id}.localhost", "control.example.com", "127.0.0.1",
])  # fmt: skip
def test_br_api_1_br_api_2_br_api_3_any_host_is_taken_and_its_signature_is_over_it(raw, host):
    answer = raw.send("GET", "jobs", headers={"host": host})
    assert answer.status == 200, answer.body
    assert ElementTree.fromstring(answer.body).tag == f"{{{NAMESPACE}}}ListJobsResult"
    # The same signature for another host is none.
    assert raw.send("GET", "jobs", headers={"host": host}, unsigned_headers={"host": f"x{host}"}).status == 403


def test_br_api_1_without_the_accounts_header_the_path_is_that_of_an_object(raw):
    answer = raw.requester.request("GET", "/v20180820/jobs")
    assert answer.error["Code"] in {"NoSuchBucket", "AccessDenied"}, answer.body


def test_br_api_3_requests_have_to_be_signed(raw, home):
    answer = raw.requester.anonymous("GET", "/v20180820/jobs", headers={"x-amz-account-id": ALICE.id})
    assert answer.status == 403
    with fails(403, "SignatureDoesNotMatch"):
        control_client(home, (ALICE.access_key, "x" * 40)).list_jobs(AccountId=ALICE.id)


def test_br_api_4_the_account_of_the_host_the_header_and_the_caller_are_one(raw, home):
    raw.refused(400, "BadRequestException", "GET", "jobs", headers={"host": f"{BOB.id}.localhost:9000"})
    raw.refused(400, "InvalidRequest", "GET", "jobs", headers={"x-amz-account-id": "12345"})
    for call in (
        lambda control: control.list_jobs(AccountId=ALICE.id),
        lambda control: control.describe_job(AccountId=ALICE.id, JobId=str(uuid.uuid4())),
    ):
        with fails(403, "AccessDenied"):
            call(control_client(home, BOB))


def test_br_api_5_ids_are_uuids_and_others_are_not_found(jobs, control, raw):
    assert UUID.fullmatch(jobs.create())
    for job in (str(uuid.uuid4()), "x-y_Z"):
        for call in (
            lambda: control.describe_job(AccountId=ALICE.id, JobId=job),
            lambda: control.update_job_priority(AccountId=ALICE.id, JobId=job, Priority=1),
            lambda: jobs.cancel(job),
            lambda: control.get_job_tagging(AccountId=ALICE.id, JobId=job),
            lambda: control.put_job_tagging(AccountId=ALICE.id, JobId=job, Tags=[]),
            lambda: control.delete_job_tagging(AccountId=ALICE.id, JobId=job),
        ):
            with fails(404, "NoSuchJobException", "No such job"):
                call()
    for job in ("1234", "a" * 37, "a.b.c.d", "%20%20%20%20%20"):
        raw.refused(404, "NoSuchJobException", "GET", f"jobs/{job}")


def test_br_api_6_lists_have_members_of_any_name_and_are_given_back_as_members(raw, jobs):
    generator = GENERATOR.replace(
        "<EnableManifestOutput>",
        "<Filter><ObjectReplicationStatuses><any>NONE</any><ObjectReplicationStatus>FAILED</ObjectReplicationStatus>"
        "</ObjectReplicationStatuses><KeyNameConstraint><MatchAnyPrefix><x>2025/</x></MatchAnyPrefix></KeyNameConstraint>"
        "<MatchAnyObjectEncryption><member><SSE-S3/></member></MatchAnyObjectEncryption></Filter><EnableManifestOutput>",
    )
    body = document("".join(PARTS).replace(MANIFEST, generator) + "<Tags><S3Tag><Key>a</Key><Value>b</Value></S3Tag></Tags>")
    answer = raw.send("POST", "jobs", body)
    assert answer.status == 200, answer.body
    job = ElementTree.fromstring(answer.body).find(f"{{{NAMESPACE}}}JobId").text
    found = jobs.describe(job)["ManifestGenerator"]["S3JobManifestGenerator"]["Filter"]
    assert found == {
        "ObjectReplicationStatuses": ["NONE", "FAILED"],
        "KeyNameConstraint": {"MatchAnyPrefix": ["2025/"]},
        "MatchAnyObjectEncryption": [{"SSES3": {}}],
    }
    text = raw.send("GET", f"jobs/{job}").body.decode()
    assert "<ObjectReplicationStatuses><member>NONE</member><member>FAILED</member>" in text
    assert "<MatchAnyObjectEncryption><ObjectEncryption><SSE-S3" in text
    assert jobs.control.get_job_tagging(AccountId=ALICE.id, JobId=job)["Tags"] == [{"Key": "a", "Value": "b"}]


def test_other_methods_and_paths_of_jobs(raw):
    raw.refused(405, "MethodNotAllowed", "PUT", "jobs")
    raw.refused(405, "MethodNotAllowed", "DELETE", f"jobs/{uuid.uuid4()}")
    raw.refused(405, "MethodNotAllowed", "GET", f"jobs/{uuid.uuid4()}/nothing")


# CreateJob


def test_br_cj_1_a_job_waits_for_confirmation_unless_it_says_otherwise(jobs):
    assert jobs.describe(jobs.create())["ConfirmationRequired"] is True
    assert jobs.describe(jobs.create(ConfirmationRequired=True))["ConfirmationRequired"] is True
    assert jobs.describe(jobs.create(ConfirmationRequired=False))["ConfirmationRequired"] is False


REFUSED = [
    (WHOLE.replace(MANIFEST, ""), "One of Manifest and ManifestGenerator is required."),
    (WHOLE + GENERATOR, "Manifest and ManifestGenerator cannot be given together."),
    (WHOLE.replace(OPERATION, ""), "Operation is required."),
    (WHOLE.replace(OPERATION, "<Operation/>"), "exactly one operation"),
    (WHOLE.replace("<S3ReplicateObject/>", "<S3ReplicateObject/><S3DeleteObjectTagging/>"), "exactly one operation"),
    (WHOLE.replace("<S3ReplicateObject/>", "<S3Levitate/>"), "S3Levitate"),
    (WHOLE.replace(REPORT, ""), "Report is required."),
    (WHOLE.replace("<Enabled>true</Enabled>", ""), "Report.Enabled is required."),
    (WHOLE.replace("<Enabled>true", "<Enabled>maybe"), "Report.Enabled"),
    (WHOLE.replace("<Bucket>arn:aws:s3:::ops</Bucket>", ""), "Report.Bucket is required."),
    (WHOLE.replace("<Format>Report_CSV_20180820</Format>", ""), "Report.Format is required."),
    (WHOLE.replace("<ReportScope>AllTasks</ReportScope>", ""), "Report.ReportScope is required."),
    (WHOLE.replace("AllTasks", "SomeTasks"), "Report.ReportScope must be one of"),
    (WHOLE.replace(TOKEN, ""), "ClientRequestToken is required."),
    (WHOLE.replace("{token}", "t" * 65), "ClientRequestToken must have 1 to 64 characters."),
    (WHOLE.replace(PRIORITY, ""), "Priority is required."),
    (WHOLE.replace("<Priority>10", "<Priority>-1"), "Priority must be a number from 0 to 2147483647."),
    (WHOLE.replace("<Priority>10", "<Priority>2147483648"), "Priority must be a number from 0 to 2147483647."),
    (WHOLE.replace("<Priority>10", "<Priority>high"), "Priority must be a number from 0 to 2147483647."),
    (WHOLE.replace(ROLE, ""), "RoleArn is required."),
    (WHOLE.replace(":role/batch", ":user/batch"), "RoleArn must be the ARN of a role."),
    (WHOLE + "<Description/>", "Description must have 1 to 256 characters."),
    (WHOLE + f"<Description>{'d' * 257}</Description>", "Description must have 1 to 256 characters."),
    (WHOLE + tags(51), "more than 50 tags"),
    (WHOLE + tags(1).replace("</Tags>", "") + tags(1).replace("<Tags>", ""), "multiple Tags with the same key"),
    (WHOLE.replace("<Fields><member>Bucket</member><member>Key</member></Fields>", ""), "Manifest.Spec.Fields is required."),
    (WHOLE.replace("<member>Key</member>", ""), "Required fields are missing in the schema"),
    (WHOLE.replace("S3BatchOperations_CSV_20180820", "S3InventoryReport_CSV_20161130"), "Manifest.Spec.Fields"),
    (WHOLE.replace("S3BatchOperations_CSV_20180820", "S3InventoryReport_CSV_20211130"),
     "must be one of S3BatchOperations_CSV_20180820, S3InventoryReport_CSV_20161130."),
    (WHOLE.replace("<ETag>e</ETag>", ""), "Manifest.Location.ETag is required."),
    (WHOLE.replace("arn:aws:s3:::ops/m.csv", "ops/m.csv"), "Manifest.Location.ObjectArn must be the ARN of an object."),
    (WHOLE.replace(MANIFEST, GENERATOR.replace(">false<", ">true<")), "ManifestOutputLocation"),
    (WHOLE.replace(MANIFEST, GENERATOR.replace("<SourceBucket>arn:aws:s3:::photos</SourceBucket>", "")), "SourceBucket"),
    (WHOLE.replace(MANIFEST, GENERATOR.replace("<EnableManifestOutput>", "<Filter><KeyNameConstraint><MatchAnySuffix>"
     "<member>a</member><member>b</member></MatchAnySuffix></KeyNameConstraint></Filter><EnableManifestOutput>")),
     "MatchAnySuffix"),
    (WHOLE.replace("<S3ReplicateObject/>", "<S3PutObjectCopy/>"), "Operation.S3PutObjectCopy.TargetResource is required."),
    (WHOLE.replace("<S3ReplicateObject/>", "<LambdaInvoke><FunctionArn>arn:aws:lambda:us-east-1:111111111111:function:f"
     "</FunctionArn></LambdaInvoke>"), "LambdaInvoke"),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "message"), REFUSED, ids=[f"{n}-{message}" for n, (_, message) in enumerate(REFUSED)])
def test_br_cj_2_what_is_refused_at_once_and_by_which_name(raw, jobs, parts, message):
    before = {job["JobId"] for job in jobs.list()}
    assert message in raw.refused(400, "BadRequestException", "POST", "jobs", document(parts))
    assert {job["JobId"] for job in jobs.list()} == before


def test_br_cj_2_what_is_no_xml_or_another_document(raw):
    raw.refused(400, "MalformedXML", "POST", "jobs", b"<CreateJobRequest><Operation>")
    raw.refused(400, "MalformedXML", "POST", "jobs", document(WHOLE, name="DeleteJobRequest"))


def test_br_cj_3_what_is_outside_the_request_is_not_looked_at(raw):
    # Neither the role nor a bucket that it names exists.
    assert raw.send("POST", "jobs", document(WHOLE)).status == 200


def test_br_cj_5_the_same_token_makes_one_job(jobs, control):
    request = jobs.request(
        Priority=5, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}], Description="once"
    )
    job = control.create_job(**request)["JobId"]
    assert control.create_job(**request)["JobId"] == job
    assert control.create_job(**{**request, "Tags": request["Tags"][::-1]})["JobId"] == job
    for change in ({"Priority": 6}, {"Description": "twice"}, {"Tags": []}, {"ConfirmationRequired": False}):
        with fails(400, "IdempotencyException"):
            control.create_job(**{**request, **change})
    # A change of the job is no change of the request.
    control.update_job_priority(AccountId=ALICE.id, JobId=job, Priority=6)
    assert control.create_job(**request)["JobId"] == job
    assert [found["JobId"] for found in jobs.list() if found.get("Description") == "once"] == [job]
    other = {**request, "ClientRequestToken": str(uuid.uuid4())}
    assert control.create_job(**other)["JobId"] != job


def test_br_cj_5_members_that_nothing_follows_from_count_too(jobs, control):
    def generator(prefix):
        location = {
            "Bucket": f"arn:aws:s3:::{jobs.bucket}", "ManifestPrefix": prefix, "ManifestFormat": "S3InventoryReport_CSV_20211130"
        }  # fmt: skip
        filters = {"ObjectReplicationStatuses": ["NONE", "FAILED"]}
        return {
            "S3JobManifestGenerator": {
                "SourceBucket": f"arn:aws:s3:::{jobs.bucket}", "EnableManifestOutput": False,
                "ManifestOutputLocation": location, "Filter": filters,
            }
        }  # fmt: skip

    request = jobs.request(ManifestGenerator=generator("a"), Report={"Enabled": False, "Prefix": "x"}, Priority=5)
    job = control.create_job(**request)["JobId"]
    assert control.create_job(**request)["JobId"] == job
    turned = generator("a")
    turned["S3JobManifestGenerator"]["Filter"]["ObjectReplicationStatuses"].reverse()
    assert control.create_job(**{**request, "ManifestGenerator": turned})["JobId"] == job
    for change in (
        {"ManifestGenerator": generator("b")},
        {"Report": {"Enabled": False, "Prefix": "x", "Format": "Report_CSV_20180820"}},
        {"Report": {"Enabled": False, "Prefix": "y"}},
    ):
        with fails(400, "IdempotencyException"):
            control.create_job(**{**request, **change})


def test_br_cj_5_a_token_is_the_regions_own_as_the_job_is(jobs, federation, home, abroad):
    there = control_client(abroad)
    request = jobs.request()
    job = jobs.control.create_job(**request)["JobId"]
    with fails(404, "NoSuchJobException"):
        there.describe_job(AccountId=ALICE.id, JobId=job)
    other = there.create_job(**{**request, "Priority": 11})["JobId"]
    assert other != job
    found = there.describe_job(AccountId=ALICE.id, JobId=other)["Job"]
    assert found["JobArn"] == f"arn:aws:s3:eu-west-1:{ALICE.id}:job/{other}"
    assert other not in {listed["JobId"] for listed in jobs.list()}


# DescribeJob


def test_br_cj_6_br_dj_1_br_dj_2_a_job_is_described_as_it_was_asked_for(jobs):
    started = datetime.datetime.now(datetime.timezone.utc)
    generator = {
        "S3JobManifestGenerator": {
            "ExpectedBucketOwner": ALICE.id,
            "SourceBucket": f"arn:aws:s3:::{jobs.bucket}",
            "ManifestOutputLocation": {
                "ExpectedManifestBucketOwner": ALICE.id,
                "Bucket": f"arn:aws:s3:::{jobs.bucket}",
                "ManifestPrefix": "gen",
                "ManifestEncryption": {"SSES3": {}},
                "ManifestFormat": "S3InventoryReport_CSV_20211130",
            },
            "Filter": {
                "EligibleForReplication": False,
                "CreatedBefore": datetime.datetime(2036, 1, 1, tzinfo=datetime.timezone.utc),
                "ObjectReplicationStatuses": ["NONE", "FAILED"],
                "KeyNameConstraint": {"MatchAnyPrefix": ["<2025>/&"], "MatchAnySuffix": [".jpg"]},
                "ObjectSizeGreaterThanBytes": 1,
                "MatchAnyStorageClass": ["STANDARD", "STANDARD_IA"],
            },
            "EnableManifestOutput": True,
        }
    }
    report = {
        "Bucket": f"arn:aws:s3:::{jobs.bucket}",
        "Format": "Report_CSV_20180820",
        "Enabled": True,
        "Prefix": "reports",
        "ReportScope": "FailedTasksOnly",
        "ExpectedBucketOwner": ALICE.id,
    }
    wanted = jobs.request(
        Operation={
            "S3PutObjectCopy": {
                "TargetResource": f"arn:aws:s3:::{jobs.bucket}",
                "TargetKeyPrefix": "copies",
                "MetadataDirective": "REPLACE",
                "NewObjectMetadata": {"ContentType": "text/plain", "UserMetadata": {"a": "1", "b": "2"}},
                "NewObjectTagging": [{"Key": "k", "Value": "v"}],
                "StorageClass": "STANDARD_IA",
            }
        },
        ManifestGenerator=generator,
        Report=report,
        Priority=7,
        Description="every <member> & more",
        Tags=[{"Key": "a", "Value": "b"}],
    )
    job = jobs.control.create_job(**wanted)["JobId"]
    found = jobs.describe(job)
    for name in ("Operation", "ManifestGenerator", "Report", "RoleArn", "Description"):
        assert found[name] == wanted[name], name
    assert found["Priority"] == 7 and found["ConfirmationRequired"] is True
    assert found["JobId"] == job and found["JobArn"] == f"arn:aws:s3:us-east-1:{ALICE.id}:job/{job}"
    assert abs((found["CreationTime"] - started).total_seconds()) < 60
    assert not {"Manifest", "ClientRequestToken", "Tags", "TerminationDate"} & set(found) or found["Status"] == "Failed"
    assert found["FailureReasons"] == [] or found["Status"] in ("Failing", "Failed")
    progress = found["ProgressSummary"]
    assert (progress["NumberOfTasksSucceeded"], progress["NumberOfTasksFailed"]) == (0, 0)
    assert progress["Timers"]["ElapsedTimeInActiveSeconds"] == 0


def test_br_dj_3_a_supplied_manifest_is_given_back_and_no_generator(jobs):
    manifest = jobs.manifest(name="a b&c.csv")
    manifest["Location"]["ObjectVersionId"] = jobs.s3.head_object(Bucket=jobs.bucket, Key="a b&c.csv")["VersionId"]
    found = jobs.describe(jobs.create(Manifest=manifest))
    assert found["Manifest"] == manifest
    assert not {"ManifestGenerator", "GeneratedManifestDescriptor"} & set(found)


# ListJobs


def test_br_lj_1_jobs_are_listed_from_the_newest_in_pages(jobs):
    # They wait for their confirmation, so that the last one is still there to be cancelled.
    mine = [jobs.create(Description=f"job {number}", ConfirmationRequired=True) for number in range(7)]
    assert [job["JobId"] for job in jobs.list() if job["JobId"] in mine] == mine[::-1]
    seen, token = [], {}
    while True:
        page = jobs.control.list_jobs(AccountId=ALICE.id, MaxResults=3, **token)
        assert len(page["Jobs"]) <= 3
        seen += [job["JobId"] for job in page["Jobs"]]
        # What comes or ends between pages changes nothing of the rest.
        jobs.create()
        if not token:
            jobs.cancel(mine[-1])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert len(seen) == len(set(seen))
    assert [job for job in seen if job in mine] == mine[::-1]
    [found] = [job for job in jobs.list() if job["JobId"] == mine[0]]
    assert found["Operation"] == "S3DeleteObjectTagging" and found["Description"] == "job 0" and found["Priority"] == 10
    assert set(found["ProgressSummary"]) >= {"TotalNumberOfTasks", "NumberOfTasksSucceeded", "NumberOfTasksFailed"}


def test_br_lj_1_jobs_of_any_of_the_statuses(jobs):
    job, other = jobs.create(), jobs.create()
    jobs.cancel(job)
    cancelled = {found["JobId"] for found in jobs.list(JobStatuses=["Cancelling", "Cancelled"])}
    assert job in cancelled and other not in cancelled
    rest = {found["JobId"] for found in jobs.list(JobStatuses=["New", "Preparing", "Suspended", "Ready", "Active"])}
    assert other in rest and job not in rest
    assert not {job, other} & {found["JobId"] for found in jobs.list(JobStatuses=["Pausing"])}


def test_br_lj_1_what_cannot_be_listed(raw):
    raw.refused(400, "InvalidRequestException", "GET", "jobs?jobStatuses=Active&jobStatuses=Sleeping")
    for number in ("1001", "-1", "many", ""):
        raw.refused(400, "InvalidRequestException", "GET", f"jobs?maxResults={number}")
    for token in ("x", "", "1:", "AAEBAm5leHQ="):
        raw.refused(400, "InvalidNextTokenException", "GET", f"jobs?nextToken={token}")
    assert raw.send("GET", "jobs?maxResults=1000").status == 200
    assert raw.send("GET", "jobs?maxResults=0").status == 200


# UpdateJobPriority and UpdateJobStatus


def test_br_us_2_priorities(jobs, control, raw):
    job = jobs.create()
    answer = control.update_job_priority(AccountId=ALICE.id, JobId=job, Priority=98)
    assert (answer["JobId"], answer["Priority"]) == (job, 98)
    assert jobs.describe(job)["Priority"] == 98
    assert next(found for found in jobs.list() if found["JobId"] == job)["Priority"] == 98
    control.update_job_priority(AccountId=ALICE.id, JobId=job, Priority=0)
    for query in ("", "?priority=", "?priority=high", "?priority=-1", "?priority=2147483648", "?priority=1.5"):
        raw.refused(400, "BadRequestException", "POST", f"jobs/{job}/priority{query}")
    assert jobs.describe(job)["Priority"] == 0


def test_br_us_1_br_st_5_a_job_is_cancelled_with_a_reason(jobs, raw):
    job = jobs.create()
    answer = jobs.cancel(job, StatusUpdateReason="wrong bucket & more")
    assert answer["JobId"] == job and answer["Status"] in ("Cancelling", "Cancelled")
    assert answer["StatusUpdateReason"] == "wrong bucket & more"
    found = jobs.describe(job)
    assert found["Status"] in ("Cancelling", "Cancelled") and found["StatusUpdateReason"] == "wrong bucket & more"
    assert ("TerminationDate" in found) == (found["Status"] == "Cancelled")
    for query in ("", "?requestedJobStatus=Active", "?requestedJobStatus=ready",
                  f"?requestedJobStatus=Cancelled&statusUpdateReason={'r' * 257}",
                  "?requestedJobStatus=Cancelled&statusUpdateReason="):  # fmt: skip
        raw.refused(400, "BadRequestException", "POST", f"jobs/{job}/status{query}")
    raw.refused(400, "JobStatusException", "POST", f"jobs/{job}/status?requestedJobStatus=Ready")


# Tags


def test_job_tags_are_replaced_and_removed(jobs, control):
    job = jobs.create(Tags=[{"Key": "first", "Value": "1"}])
    name = {"AccountId": ALICE.id, "JobId": job}
    assert control.get_job_tagging(**name)["Tags"] == [{"Key": "first", "Value": "1"}]
    wanted = [{"Key": "stage", "Value": "Production"}, {"Key": "ü:/=+-@ ", "Value": ""}]
    assert control.put_job_tagging(**name, Tags=wanted)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert control.get_job_tagging(**name)["Tags"] == wanted
    control.put_job_tagging(**name, Tags=[])
    assert control.get_job_tagging(**name)["Tags"] == []
    control.put_job_tagging(**name, Tags=[{"Key": f"k{number}", "Value": "v"} for number in range(50)])
    assert len(control.get_job_tagging(**name)["Tags"]) == 50
    assert control.delete_job_tagging(**name)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert control.get_job_tagging(**name)["Tags"] == []
    jobs.cancel(job)
    control.put_job_tagging(**name, Tags=wanted)


def test_job_tags_that_are_refused(jobs, control):
    job = jobs.create(Tags=[{"Key": "kept", "Value": "1"}])
    name = {"AccountId": ALICE.id, "JobId": job}
    with fails(400, "TooManyTagsException"):
        control.put_job_tagging(**name, Tags=[{"Key": f"k{number}", "Value": "v"} for number in range(51)])
    for wrong in (
        [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}],
        [{"Key": "a*", "Value": "1"}],
        [{"Key": "k" * 129, "Value": "1"}],
        [{"Key": "a", "Value": "v" * 257}],
    ):
        with fails(400, "BadRequestException"):
            control.put_job_tagging(**name, Tags=wrong)
    assert control.get_job_tagging(**name)["Tags"] == [{"Key": "kept", "Value": "1"}]


# Permissions (§7.3)


class Caller:
    """A user of Alice's account, who may do what a test says."""

    def __init__(self, jobs):
        self.jobs = jobs
        self.user = fresh_name("user")
        jobs.iam.create_user(UserName=self.user)
        key = jobs.iam.create_access_key(UserName=self.user)["AccessKey"]
        self.control = control_client(jobs.region, (key["AccessKeyId"], key["SecretAccessKey"]))

    def may(self, *statements):
        document = policy(*[{"Effect": "Allow", "Resource": "*", **statement} for statement in statements])
        self.jobs.iam.put_user_policy(UserName=self.user, PolicyName="p", PolicyDocument=document)

    def create(self, **changes):
        return self.control.create_job(**self.jobs.request(**changes))["JobId"]


@pytest.fixture(scope="module")
def caller(jobs):
    return Caller(jobs)


def denied(action, call):
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert (error["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]) == ("AccessDenied", 403), error
    assert action in error["Message"], error


PASS = {"Action": "iam:PassRole"}


def test_br_cj_4_create_job_needs_itself_and_to_pass_the_role(caller, jobs):
    caller.may(PASS)
    denied("s3:CreateJob", caller.create)
    caller.may({"Action": "s3:CreateJob"})
    denied("iam:PassRole", caller.create)
    caller.may({"Action": "s3:CreateJob"}, {**PASS, "Resource": jobs.role + "x"})
    denied("iam:PassRole", caller.create)
    # To whom it is passed is not said.
    condition = {"StringEquals": {"iam:PassedToService": "batchoperations.s3.amazonaws.com"}}
    caller.may({"Action": "s3:CreateJob"}, {**PASS, "Condition": condition})
    denied("iam:PassRole", caller.create)
    caller.may({"Action": "s3:CreateJob"}, {**PASS, "Resource": jobs.role})
    caller.create()
    tagged = {"Tags": [{"Key": "team", "Value": "storage"}]}
    denied("s3:PutJobTagging", lambda: caller.create(**tagged))
    caller.may({"Action": ["s3:CreateJob", "s3:PutJobTagging"]}, PASS)
    caller.create(**tagged)


def test_br_cj_4_a_role_of_another_account_is_not_passed(caller, jobs):
    caller.may({"Action": "*"})
    for control in (caller.control, jobs.control):
        with fails(403, "AccessDenied", "Cross-account pass role is not allowed"):
            control.create_job(**jobs.request(RoleArn=f"arn:aws:iam::{BOB.id}:role/batch"))


def test_7_3_conditions_on_the_request(caller, jobs):
    create = {"Action": "s3:CreateJob"}
    caller.may({**create, "Condition": {"NumericLessThanEquals": {"s3:RequestJobPriority": "5"}}}, PASS)
    denied("s3:CreateJob", lambda: caller.create(Priority=6))
    caller.create(Priority=5)
    caller.may({**create, "Condition": {"StringEquals": {"s3:RequestJobOperation": "S3ReplicateObject"}}}, PASS)
    denied("s3:CreateJob", caller.create)
    caller.create(Operation={"S3ReplicateObject": {}})
    condition = {
        "StringEquals": {"aws:RequestTag/team": "storage"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
    }
    caller.may({"Action": ["s3:CreateJob", "s3:PutJobTagging"], "Condition": condition}, PASS)
    denied("s3:CreateJob", caller.create)
    denied("s3:CreateJob", lambda: caller.create(Tags=[{"Key": "team", "Value": "web"}]))
    denied(
        "s3:CreateJob",
        lambda: caller.create(Tags=[{"Key": "team", "Value": "storage"}, {"Key": "more", "Value": ""}]),
    )
    job = caller.create(Tags=[{"Key": "team", "Value": "storage"}])
    name = {"AccountId": ALICE.id, "JobId": job}
    denied("s3:PutJobTagging", lambda: caller.control.put_job_tagging(**name, Tags=[]))
    caller.control.put_job_tagging(**name, Tags=[{"Key": "team", "Value": "storage"}])


OPERATIONS = {
    "s3:DescribeJob": lambda control, name: control.describe_job(**name),
    "s3:UpdateJobPriority": lambda control, name: control.update_job_priority(**name, Priority=10),
    "s3:UpdateJobStatus": lambda control, name: control.update_job_status(**name, RequestedJobStatus="Cancelled"),
    "s3:GetJobTagging": lambda control, name: control.get_job_tagging(**name),
    "s3:PutJobTagging": lambda control, name: control.put_job_tagging(**name, Tags=[{"Key": "team", "Value": "a"}]),
    "s3:DeleteJobTagging": lambda control, name: control.delete_job_tagging(**name),
}


@pytest.mark.parametrize("action", sorted(OPERATIONS))
def test_7_3_each_operation_needs_its_action_on_the_job(caller, jobs, action):
    job = jobs.create(Tags=[{"Key": "team", "Value": "a"}])
    name = {"AccountId": ALICE.id, "JobId": job}

    def run(name=name):
        return OPERATIONS[action](caller.control, name)

    caller.may({"Action": "s3:*", "Resource": jobs.describe(job)["JobArn"] + "x"})
    denied(action, run)
    # Nor is anybody told whether there is such a job.
    denied(action, lambda: run({**name, "JobId": str(uuid.uuid4())}))
    caller.may({"Action": action, "Condition": {"StringEquals": {"aws:ResourceTag/team": "b"}}})
    denied(action, run)
    existing = action not in ("s3:DescribeJob", "s3:GetJobTagging")
    conditions = {"StringEquals": {"aws:ResourceTag/team": "a"}}
    if existing:
        for key, value in (("s3:ExistingJobOperation", "S3ReplicateObject"), ("s3:ExistingJobPriority", "11")):
            caller.may({"Action": action, "Condition": {"StringEquals": {key: value}}})
            denied(action, run)
        conditions["NumericEquals"] = {"s3:ExistingJobPriority": "10"}
        conditions["StringEquals"]["s3:ExistingJobOperation"] = "S3DeleteObjectTagging"
    if action == "s3:UpdateJobPriority":
        conditions["NumericLessThanEquals"] = {"s3:RequestJobPriority": "10"}
    if action == "s3:PutJobTagging":
        conditions["StringEquals"]["aws:RequestTag/team"] = "a"
    caller.may({"Action": action, "Resource": jobs.describe(job)["JobArn"], "Condition": conditions})
    run()
    if action == "s3:UpdateJobPriority":
        denied(action, lambda: caller.control.update_job_priority(**name, Priority=11))


def test_7_3_list_jobs_needs_its_action(caller):
    caller.may({"Action": "s3:DescribeJob"})
    denied("s3:ListJobs", lambda: caller.control.list_jobs(AccountId=ALICE.id))
    caller.may({"Action": "s3:ListJobs"})
    caller.control.list_jobs(AccountId=ALICE.id)


# Restart


def test_br_rs_1_jobs_survive_a_crash(make_federation):
    federation = make_federation(names=("us-east-1",))
    region = federation["us-east-1"]
    jobs = Jobs(region)
    request = jobs.request(Description="durable", Priority=3, Tags=[{"Key": "a", "Value": "b"}])
    job = jobs.control.create_job(**request)["JobId"]
    jobs.control.update_job_priority(AccountId=ALICE.id, JobId=job, Priority=4)
    cancelled = jobs.create()
    jobs.cancel(cancelled, StatusUpdateReason="because")
    before = jobs.describe(job)
    order = [found["JobId"] for found in jobs.list()]
    region.kill()
    region.start()
    after = jobs.describe(job)
    for name in ("JobId", "CreationTime", "Priority", "Description", "Operation", "Manifest", "Report", "RoleArn"):
        assert after[name] == before[name], name
    assert [found["JobId"] for found in jobs.list()] == order
    assert jobs.control.create_job(**request)["JobId"] == job
    assert jobs.control.get_job_tagging(AccountId=ALICE.id, JobId=job)["Tags"] == [{"Key": "a", "Value": "b"}]
    found = jobs.describe(cancelled)
    assert found["Status"] in ("Cancelling", "Cancelled") and found["StatusUpdateReason"] == "because"
    with fails(400, "IdempotencyException"):
        jobs.control.create_job(**{**request, "Priority": 4})


# Events (§9)


def test_9_jobs_are_told_of_to_the_eventbridge(events_federation, event_targets):
    region = events_federation["us-east-1"]
    event_targets.reset()
    jobs = Jobs(region)
    job = jobs.create()
    jobs.cancel(job, StatusUpdateReason="enough")

    def told():
        found = []
        for message in event_targets.bridge.messages():
            details = message["detail"].get("serviceEventDetails", {})
            if details.get("jobId") == job:
                found.append(message)
        return found

    messages = eventually(
        lambda: told() if any(m["detail"]["serviceEventDetails"]["status"].startswith("Cancel") for m in told()) else None,
        lambda: f"events of the job: {json.dumps(told())}",
    )
    created, *changed = messages
    assert created["detail-type"] == "AWS Service Event via CloudTrail" and created["source"] == "aws.s3"
    assert created["account"] == ALICE.id and created["region"] == "us-east-1" and created["resources"] == []
    detail = created["detail"]
    assert detail["eventName"] == "JobCreated" and detail["eventType"] == "AwsServiceEvent"
    assert detail["userIdentity"] == {"accountId": ALICE.id, "invokedBy": "s3.amazonaws.com"}
    details = detail["serviceEventDetails"]
    assert details["status"] == "New" and details["failureCodes"] == []
    assert details["jobArn"] == f"arn:aws:s3:us-east-1:{ALICE.id}:job/{job}"
    assert re.fullmatch("[0-9a-f]{32}", details["jobEventId"])
    assert all(message["detail"]["eventName"] == "JobStatusChanged" for message in changed)
    statuses = [message["detail"]["serviceEventDetails"]["status"] for message in changed]
    assert statuses[-1] in ("Cancelling", "Cancelled")
    assert changed[-1]["detail"]["serviceEventDetails"]["statusChangeReason"] == ["enough"]
    for name in ("id", "eventID", "jobEventId"):
        values = [m["id"] if name == "id" else m["detail"].get(name, m["detail"]["serviceEventDetails"].get(name)) for m in messages]
        assert len(set(values)) == len(values), name
    event_targets.reset()
