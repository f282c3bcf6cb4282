"""Jobs of S3 Batch Operations: how they are made, waited for, and what their reports say."""

import csv
import hashlib
import io
import json
import urllib.parse
import uuid

from federation import ALICE, fresh_name, policy
from waiting import eventually

FINAL = {"Complete", "Failed", "Cancelled"}
TRUST = {"Effect": "Allow", "Principal": {"Service": "batchoperations.s3.amazonaws.com"}, "Action": "sts:AssumeRole"}


def job_role(home, *, actions=("s3:*",), account=ALICE, regions=()):
    """The ARN of a role that jobs may assume, and its name."""
    iam = home.service("iam", account)
    name = fresh_name("job")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(TRUST))
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    iam.put_role_policy(RoleName=name, PolicyName="does", PolicyDocument=policy(statement))
    for region in regions:
        region.wait_for_role_policy(account, name, "does")
    return f"arn:aws:iam::{account.id}:role/{name}"


def report_to(bucket, *, scope="AllTasks", prefix="reports"):
    return {
        "Bucket": f"arn:aws:s3:::{bucket}", "Format": "Report_CSV_20180820", "Enabled": True, "Prefix": prefix,
        "ReportScope": scope,
    }  # fmt: skip


def generator(bucket, *, output=None, **filters):
    made = {"SourceBucket": f"arn:aws:s3:::{bucket}", "EnableManifestOutput": output is not None}
    if filters:
        made["Filter"] = filters
    if output:
        made["ManifestOutputLocation"] = {
            "Bucket": f"arn:aws:s3:::{output}", "ManifestPrefix": "gen", "ManifestFormat": "S3InventoryReport_CSV_20211130",
        }  # fmt: skip
    return {"S3JobManifestGenerator": made}


def csv_manifest(s3, bucket, rows, *, key="manifest.csv", fields=("Bucket", "Key", "VersionId"), text=None):
    """Puts a CSV manifest, and returns what CreateJob says of it."""
    body = text if text is not None else "".join(",".join(row) + "\n" for row in rows)
    etag = s3.put_object(Bucket=bucket, Key=key, Body=body.encode())["ETag"]
    return {
        "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": list(fields)},
        "Location": {"ObjectArn": f"arn:aws:s3:::{bucket}/{key}", "ETag": etag},
    }


def encoded(key):
    return urllib.parse.quote(key, safe="/")


def create(control, role, *, operation=None, report=None, priority=10, confirm=False, account=ALICE, **source):
    """Creates a job that runs without confirmation, unless it is asked for."""
    return control.create_job(
        AccountId=account.id,
        ConfirmationRequired=confirm,
        Operation=operation or {"S3ReplicateObject": {}},
        Report=report or {"Enabled": False},
        ClientRequestToken=str(uuid.uuid4()),
        Priority=priority,
        RoleArn=role,
        **source,
    )["JobId"]


def describe(control, job, account=ALICE):
    return control.describe_job(AccountId=account.id, JobId=job)["Job"]


def wait(control, job, *, status=None, within=60, account=ALICE):
    """The job, once it has the status, or has ended."""
    seen = {}

    def reached():
        seen.update(describe(control, job, account))
        if status is None:
            return seen["Status"] in FINAL
        assert seen["Status"] == status or seen["Status"] not in FINAL, seen
        return seen["Status"] == status

    eventually(reached, lambda: f"job {job} is {status or 'done'}; it is {seen}", within=within)
    return seen


def counts(job):
    """Total, succeeded and failed tasks."""
    progress = job["ProgressSummary"]
    return tuple(
        progress[name] for name in ("TotalNumberOfTasks", "NumberOfTasksSucceeded", "NumberOfTasksFailed")
    )


def completed(control, job, **options):
    """The job, which must have completed."""
    found = wait(control, job, **options)
    assert found["Status"] == "Complete", found
    total, succeeded, failed = counts(found)
    assert succeeded + failed == total
    return found


def failure_of(control, job, **options):
    """The code and reason of a job that must have failed."""
    found = wait(control, job, **options)
    assert found["Status"] == "Failed", found
    [reason] = found["FailureReasons"]
    return reason["FailureCode"], reason["FailureReason"]


def rows_of_report(s3, bucket, job, *, prefix="reports"):
    """The rows of a completion report, whose checksums must be right."""
    folder = f"{prefix}/job-{job}"
    manifest = s3.get_object(Bucket=bucket, Key=f"{folder}/manifest.json")["Body"].read()
    checksum = s3.get_object(Bucket=bucket, Key=f"{folder}/manifest.json.md5")["Body"].read().decode()
    assert checksum == hashlib.md5(manifest).hexdigest()
    document = json.loads(manifest)
    assert document["Format"] == "Report_CSV_20180820"
    assert document["ReportSchema"] == "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"
    rows = []
    for result in document["Results"]:
        assert result["Bucket"] == bucket
        answer = s3.get_object(Bucket=bucket, Key=result["Key"])
        assert answer["ServerSideEncryption"] == "AES256"
        body = answer["Body"].read()
        assert hashlib.md5(body).hexdigest() == result["MD5Checksum"]
        found = list(csv.reader(io.StringIO(body.decode())))
        assert {row[3] for row in found} == {result["TaskExecutionStatus"]}
        rows += found
    return rows
