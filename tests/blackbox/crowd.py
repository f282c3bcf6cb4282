"""Fills regions with what others might have: more than a page of everything, for both accounts, in both regions.

Tests share regions, and which tests were there before differs from run to run. With `TERN_TEST_CROWD=1` the shared
regions are full from the beginning, so that a test that takes the first page for all, or the whole for its own, fails
each time.

What has a quota is filled to a part of it: the tests need the rest.
"""

import concurrent.futures
import datetime
import os
import threading
import time

import batch
from federation import ALICE, BOB, fresh_name, policy
from replication import configure, rule, status_of
from s3control import client as control_client
from waiting import eventually

WANTED = os.environ.get("TERN_TEST_CROWD", "") not in ("", "0")

# More than IAM's pages of 100, which are the same for all lists; KMS has 100 keys and 50 aliases.
MANY = 130
# Lists of jobs in the console have 50, those of failures 100.
BUCKETS = 150
FAILURES = 150
JOBS = 130
METRICS = 650
# IAM has a quota of 100.
PROVIDERS = 40
# S3 has a quota of 100.
ACCESS_POINTS = 20
THREADS = 8

TRUST = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
NOTHING = policy({"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"})


class Crowd:
    """What fills one federation."""

    def __init__(self, federation):
        self.federation = federation
        # Before and after the names that tests make, in the order of lists.
        self.prefixes = (fresh_name("0crowd")[:16], fresh_name("zcrowd")[:16])
        self.clients = {}
        self.lock = threading.Lock()

    def name(self, number):
        return f"{self.prefixes[number % 2]}-{number:04}"

    def client(self, region, service, account):
        """One client of each kind: they may be used by several threads, making them may not."""
        with self.lock:
            key = region.name, service, account.id
            if key not in self.clients:
                made = control_client(region, account) if service == "s3control" else region.service(service, account)
                self.clients[key] = made
            return self.clients[key]

    def fill(self):
        with concurrent.futures.ThreadPoolExecutor(THREADS) as threads:
            for done in concurrent.futures.as_completed([threads.submit(*step) for step in self.steps()]):
                done.result()
        self.wait()

    def steps(self):
        """Independent of each other; those that take long, or that others wait for, come first."""
        home = self.federation.regions[0]
        for account in (ALICE, BOB):
            for region, other in zip(self.federation.regions, self.federation.regions[::-1], strict=True):
                yield self.failures, region, other, account
                yield self.jobs, region, home, account
                yield self.waiting, region, other, account
                yield self.metrics, region, account
                for first in range(0, BUCKETS, 30):
                    yield self.buckets, region, other, account, range(first, first + 30)
                for first in range(0, MANY, 26):
                    yield self.keys, region, account, range(first, first + 26)
            for first in range(0, MANY, 13):
                yield self.identities, home, account, range(first, first + 13)
            yield self.providers, home, account
            yield self.access_points, home, account

    def identities(self, region, account, numbers):
        iam = self.client(region, "iam", account)
        for number in numbers:
            name = self.name(number)
            iam.create_user(UserName=name)
            iam.create_access_key(UserName=name)
            iam.create_group(GroupName=name)
            iam.add_user_to_group(GroupName=name, UserName=name)
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(TRUST))
            made = iam.create_policy(PolicyName=name, PolicyDocument=NOTHING)["Policy"]["Arn"]
            iam.attach_role_policy(RoleName=name, PolicyArn=made)
            iam.create_instance_profile(InstanceProfileName=name)
            iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)

    def providers(self, region, account):
        iam = self.client(region, "iam", account)
        for number in range(PROVIDERS):
            iam.create_open_id_connect_provider(Url=f"https://{self.name(number)}.tern.example", ClientIDList=["crowd"])

    def keys(self, region, account, numbers):
        kms = self.client(region, "kms", account)
        for number in numbers:
            key = kms.create_key()["KeyMetadata"]["KeyId"]
            kms.create_alias(AliasName=f"alias/{self.name(number)}", TargetKeyId=key)

    def bucket(self, region, account, name):
        """Names of buckets are the federation's, so that they have the account's and the region's in them."""
        s3 = self.client(region, "s3", account)
        where = {"CreateBucketConfiguration": {"LocationConstraint": region.name}} if region.name != "us-east-1" else {}
        name = f"{name}-{account.name}-{region.name}"
        s3.create_bucket(Bucket=name, **where)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return s3, name

    def role(self, account, name="replication"):
        return f"arn:aws:iam::{account.id}:role/{name}"

    def buckets(self, region, other, account, numbers):
        _, target = self.bucket(other, account, f"{self.prefixes[0]}-target-{numbers[0]}")
        for number in numbers:
            s3, name = self.bucket(region, account, self.name(number))
            configure(s3, name, rule(target, identifier="crowd", Metrics={"Status": "Enabled"}), role=self.role(account))
            s3.put_object(Bucket=name, Key="key", Body=b"crowd")

    def failures(self, region, other, account):
        """In two buckets, which come before and after those of tests."""
        for prefix in self.prefixes:
            _, target = self.bucket(other, account, f"{prefix}-fails-target")
            s3, source = self.bucket(region, account, f"{prefix}-fails")
            configure(s3, source, rule(target, identifier="crowd"), role=self.role(account, "never-made"))
            for number in range(FAILURES // 2):
                s3.put_object(Bucket=source, Key=f"key-{number:04}", Body=b"")
            eventually(
                lambda s3=s3, source=source: status_of(s3, source, f"key-{FAILURES // 2 - 1:04}") == "FAILED",
                f"{source} has failures",
                within=300,
            )

    def waiting(self, region, other, account):
        """What waits for a rule that is paused."""
        s3, source = self.bucket(region, account, f"{self.prefixes[0]}-waits")
        _, target = self.bucket(other, account, f"{self.prefixes[0]}-waits-target")
        configure(s3, source, rule(target, identifier="crowd"), role=self.role(account))
        self.federation.run("replication", "pause", "--bucket", source, "--rule", "crowd")
        for number in range(20):
            s3.put_object(Bucket=source, Key=f"key-{number:04}", Body=b"crowd")

    def jobs(self, region, home, account):
        """Half of them are done, the others wait for somebody to confirm them."""
        control, s3 = self.client(region, "s3control", account), self.client(region, "s3", account)
        role = batch.job_role(home, account=account, regions=[region])
        _, bucket = self.bucket(region, account, f"{self.prefixes[0]}-jobs")
        manifest = batch.csv_manifest(s3, bucket, [(bucket, "manifest.csv")], fields=("Bucket", "Key"))
        made = [
            batch.create(
                control, role, operation={"S3DeleteObjectTagging": {}}, priority=1, confirm=number % 2 == 0,
                account=account, Manifest=manifest,
            )
            for number in range(JOBS)
        ]
        for job in made[1::2]:
            batch.wait(control, job, account=account, within=300)

    def metrics(self, region, account):
        client, now = self.client(region, "cloudwatch", account), datetime.datetime.now(datetime.timezone.utc)
        for number in range(0, METRICS, 130):
            client.put_metric_data(
                Namespace=self.name(number),
                MetricData=[{"MetricName": f"m{each:04}", "Value": each, "Timestamp": now} for each in range(number, number + 130)],
            )

    def access_points(self, region, account):
        control = self.client(region, "s3control", account)
        _, bucket = self.bucket(region, account, f"{self.prefixes[0]}-points")
        for number in range(ACCESS_POINTS):
            control.create_multi_region_access_point(
                AccountId=account.id, Details={"Name": self.name(number), "Regions": [{"Bucket": bucket}]}
            )

    def wait(self):
        """Until the other regions have it too."""
        for region in self.federation.regions[1:]:
            for account in (ALICE, BOB):
                region.wait_for_role(account, self.name(MANY - 1))


def fill(federation):
    """Fills a federation, and says how long it took."""
    begin = time.monotonic()
    Crowd(federation).fill()
    federation.crowd_seconds = time.monotonic() - begin
    return federation
