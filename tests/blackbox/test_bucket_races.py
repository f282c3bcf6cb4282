"""Requests about one bucket at the same moment (ERR-8): each is answered as if it came alone, or 409 OperationAborted.

TERN_RACE_ROUNDS is the number of rounds for each thread, divided by 5 requests.
"""

import os
import random

import pytest
from federation import ALICE, BOB, fresh_name
from s3 import all_at_once, body_of, content_md5, error_of

ROUNDS = int(os.environ.get("TERN_RACE_ROUNDS", "5")) * 5
THREADS = 8
ABORTED = "OperationAborted"
TEXT = "A conflicting conditional operation is currently in progress against this resource. Please try again."

TAGGING = b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
METRICS = b"<MetricsConfiguration><Id>m</Id></MetricsConfiguration>"
VERSIONING = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
OWNERSHIP = b"<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>"

GONE = {404: {"NoSuchBucket"}, 409: {ABORTED}}
#: Requests on the bucket, and the errors that others can bring about.
REQUESTS = [
    ("PUT", "", None, {409: {"BucketAlreadyOwnedByYou", ABORTED}}),
    ("DELETE", "", None, {404: {"NoSuchBucket"}, 409: {"BucketNotEmpty", ABORTED}}),
    ("PUT", "?tagging", TAGGING, GONE),
    ("GET", "?tagging", None, {404: {"NoSuchBucket", "NoSuchTagSet"}}),
    ("DELETE", "?tagging", None, GONE),
    ("PUT", "?versioning", VERSIONING, GONE),
    ("PUT", "?ownershipControls", OWNERSHIP, GONE),
    ("PUT", "?metrics&id=m", METRICS, GONE),
    ("DELETE", "?metrics&id=m", None, {404: {"NoSuchBucket", "NoSuchConfiguration"}, 409: {ABORTED}}),
    ("PUT", "/k", b"v", GONE),
    ("DELETE", "/k", None, GONE),
    ("POST", "/m?uploads", None, GONE),
    ("GET", "?versions", None, {404: {"NoSuchBucket"}}),
    ("HEAD", "", None, {404: {None}}),
]
UNVERSIONED = [request for request in REQUESTS if request[1] != "?versioning"]


def constraint(region):
    if region.name == "us-east-1":
        return b""
    return f"<CreateBucketConfiguration><LocationConstraint>{region.name}</LocationConstraint></CreateBucketConfiguration>".encode()


def send(region, bucket, method, path, body):
    if (method, path) == ("PUT", ""):
        body = constraint(region)
    headers = {"content-md5": content_md5(body)} if body else {}
    return region.raw().request(method, f"/{bucket}{path}", body=body or b"", headers=headers)


@pytest.mark.parametrize("requests", [REQUESTS, UNVERSIONED], ids=["versioned", "unversioned"])
@pytest.mark.parametrize("region_name", ["us-east-1", "eu-west-1"])
def test_err_8_everything_at_once(federation, region_name, requests):
    region = federation[region_name]
    bucket = fresh_name()

    def work(seed):
        choices = random.Random(seed)
        for _ in range(ROUNDS):
            # Half of all: the bucket comes and goes.
            method, path, body, errors = choices.choice(requests[:2] if choices.random() < 0.5 else requests)
            answer = send(region, bucket, method, path, body)
            if answer.status < 300:
                continue
            assert answer.code in errors.get(answer.status, ()), f"{method} {path}: {answer}"
            if answer.code == ABORTED:
                error_of(answer, 409, ABORTED, TEXT)

    outcomes = all_at_once([lambda seed=seed: work(seed) for seed in range(THREADS)])
    assert outcomes == [None] * THREADS, [str(outcome)[:400] for outcome in outcomes if outcome]
    # Whatever was the end of it, the name is in one state, and can be used.
    assert send(region, bucket, "PUT", "", None).status in (200, 409)
    client = region.client()
    client.put_object(Bucket=bucket, Key="after", Body=b"v")
    assert body_of(client.get_object(Bucket=bucket, Key="after")) == b"v"
    for entry in client.list_object_versions(Bucket=bucket).get("Versions", []):
        client.delete_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])
    for entry in client.list_object_versions(Bucket=bucket).get("DeleteMarkers", []):
        client.delete_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])
    client.delete_bucket(Bucket=bucket)
    assert send(region, bucket, "HEAD", "", None).status == 404


def test_err_8_a_name_that_many_want(home, abroad):
    """Two accounts in two regions: one account in one region gets it."""
    for _ in range(ROUNDS):
        bucket = fresh_name()
        wishes = [(region, account) for region in (home, abroad) for account in (ALICE, BOB)] * 2
        answers = all_at_once(
            [
                lambda region=region, account=account: region.raw(account).request(
                    "PUT", f"/{bucket}", body=constraint(region)
                )
                for region, account in wishes
            ]
        )
        winners = {wish for wish, answer in zip(wishes, answers, strict=True) if answer.status == 200}
        assert len(winners) == 1, [str(answer) for answer in answers]
        (winner,) = winners
        for (_, account), answer in zip(wishes, answers, strict=True):
            if answer.status == 200:
                continue
            code = "BucketAlreadyOwnedByYou" if account == winner[1] else "BucketAlreadyExists"
            assert (answer.status, answer.code) in {(409, code), (409, ABORTED)}, str(answer)


def test_err_8_configurations_at_once(home, bucket):
    """None is lost but what another one of its kind replaced."""
    writes = [request for request in REQUESTS if request[0] == "PUT" and request[1].startswith("?")]
    for _ in range(ROUNDS):
        answers = all_at_once(
            [lambda each=each: send(home, bucket, each[0], each[1], each[2]) for each in writes for _ in range(3)]
        )
        for answer in answers:
            assert answer.status in (200, 204), str(answer)
        s3 = home.client()
        assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "a", "Value": "b"}]
        assert s3.get_bucket_metrics_configuration(Bucket=bucket, Id="m")
        rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
        assert rules == [{"ObjectOwnership": "ObjectWriter"}]
        s3.delete_bucket_tagging(Bucket=bucket)
        s3.delete_bucket_metrics_configuration(Bucket=bucket, Id="m")
        s3.delete_bucket_ownership_controls(Bucket=bucket)


def test_s14_no_more_configurations_than_there_is_room_for(home, bucket):
    def put(name):
        body = METRICS.replace(b">m<", f">{name}<".encode())
        return send(home, bucket, "PUT", f"?metrics&id={name}", body)

    def put_many(first):
        return [put(f"m{number}").status for number in range(first, 996, THREADS)]

    all_at_once([lambda first=first: put_many(first) for first in range(THREADS)])
    answers = all_at_once([lambda number=number: put(f"n{number}") for number in range(32)])
    assert sorted(answer.status for answer in answers) == [204] * 4 + [400] * 28
    refused = next(answer for answer in answers if answer.status == 400)
    error_of(refused, 400, "TooManyConfigurations")
    assert put("m7").status == 204, "one that is there is replaced"
