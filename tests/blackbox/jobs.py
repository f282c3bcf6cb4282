"""Jobs of S3 Batch Operations: what tests ask for, and how they wait for them."""

import json
import uuid

from federation import ALICE, fresh_name, policy
from s3control import client as control_client
from waiting import eventually

REPORT = {"Enabled": False}
TERMINAL = {"Complete", "Failed", "Cancelled"}


class Jobs:
    """What jobs of one account need in one region: a bucket, a manifest in it, and a role that may do everything."""

    def __init__(self, region, account=ALICE, home=None):
        self.region = region
        self.account = account
        self.control = control_client(region, account)
        self.s3 = region.client(account)
        self.bucket = region.bucket(account=account)
        self.iam = (home or region).service("iam", account)
        name = fresh_name("batch")
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "batchoperations.s3.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))
        self.iam.put_role_policy(
            RoleName=name,
            PolicyName="all",
            PolicyDocument=policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}),
        )
        self.role = f"arn:aws:iam::{account.id}:role/{name}"

    def manifest(self, keys=("a",), name="manifest.csv"):
        """Stores a manifest of these keys, whether they exist or not."""
        body = "".join(f"{self.bucket},{key}\n" for key in keys).encode()
        etag = self.s3.put_object(Bucket=self.bucket, Key=name, Body=body)["ETag"].strip('"')
        return {
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]},
            "Location": {"ObjectArn": f"arn:aws:s3:::{self.bucket}/{name}", "ETag": etag},
        }

    def request(self, **changes):
        """The parameters of CreateJob; `None` leaves one out."""
        wanted = {
            "AccountId": self.account.id,
            "Operation": {"S3DeleteObjectTagging": {}},
            "Report": REPORT,
            "ClientRequestToken": str(uuid.uuid4()),
            "Priority": 10,
            "RoleArn": self.role,
            **changes,
        }
        if "ManifestGenerator" not in wanted and "Manifest" not in wanted:
            wanted["Manifest"] = self.manifest()
        return {name: value for name, value in wanted.items() if value is not None}

    def create(self, **changes):
        return self.control.create_job(**self.request(**changes))["JobId"]

    def describe(self, job):
        return self.control.describe_job(AccountId=self.account.id, JobId=job)["Job"]

    def wait(self, job, *statuses, within=60):
        """Until the job has one of these statuses; fails where it ends otherwise."""

        def reached():
            found = self.describe(job)
            if found["Status"] in statuses:
                return found
            assert found["Status"] not in TERMINAL, json.dumps(found, default=str)
            return None

        return eventually(reached, lambda: f"job {job} is {statuses}: {self.describe(job)['Status']}", within=within)

    def cancel(self, job, **more):
        return self.control.update_job_status(
            AccountId=self.account.id, JobId=job, RequestedJobStatus="Cancelled", **more
        )

    def confirm(self, job, **more):
        return self.control.update_job_status(AccountId=self.account.id, JobId=job, RequestedJobStatus="Ready", **more)

    def list(self, **parameters):
        """All pages."""
        found = []
        while True:
            page = self.control.list_jobs(AccountId=self.account.id, **parameters)
            found += page["Jobs"]
            if "NextToken" not in page:
                return found
            parameters["NextToken"] = page["NextToken"]
