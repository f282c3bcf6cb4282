"""Many writers of one key with conditions (CND-1 to CND-6): exactly one wins each round, whatever it writes with.

TERN_RACE_ROUNDS is the number of rounds for each kind.
"""

import os
import random

import botocore.exceptions
import pytest
from s3 import all_at_once, all_versions, body_of, part_result

ROUNDS = int(os.environ.get("TERN_RACE_ROUNDS", "5"))
WRITERS = 12
LOSER = {"PreconditionFailed": 412, "ConditionalRequestConflict": 409, "NoSuchKey": 404}


class Writers:
    """Ways to write the key `k`, each with a body of its own."""

    def __init__(self, s3, bucket):
        self.s3, self.bucket = s3, bucket

    def prepare(self, kind, number):
        """What has to be done before the race; returns the write itself, which takes conditions."""
        body = f"{kind} {number}".encode()
        target = {"Bucket": self.bucket, "Key": "k"}
        if kind == "put":
            return body, lambda **conditions: self.s3.put_object(**target, Body=body, **conditions)
        if kind == "blob":
            body = body * 5000
            return body, lambda **conditions: self.s3.put_object(**target, Body=body, **conditions)
        if kind == "copy":
            source = {"Bucket": self.bucket, "Key": f"source {number}"}
            self.s3.put_object(**source, Body=body)
            return body, lambda **conditions: self.s3.copy_object(**target, CopySource=source, **conditions)
        upload = self.s3.create_multipart_upload(**target)["UploadId"]
        part = part_result(self.s3.upload_part(**target, UploadId=upload, PartNumber=1, Body=body))
        parts = {"Parts": [{"PartNumber": 1, **part}]}
        return body, lambda **conditions: self.s3.complete_multipart_upload(
            **target, UploadId=upload, MultipartUpload=parts, **conditions
        )


def race(writes, **conditions):
    """Runs all at once; returns the index of the one winner, after a look at what the others were told."""
    answers = all_at_once([lambda write=write: write(**conditions) for write in writes])
    winners = [number for number, answer in enumerate(answers) if isinstance(answer, dict)]
    for answer in answers:
        if isinstance(answer, dict):
            continue
        assert isinstance(answer, botocore.exceptions.ClientError), answer
        status = answer.response["ResponseMetadata"]["HTTPStatusCode"]
        assert LOSER.get(answer.response["Error"]["Code"]) == status, answer.response
    return winners


def kinds_of(kind, count=WRITERS):
    return [kind] * count if kind != "mixed" else [("put", "blob", "copy", "complete")[n % 4] for n in range(count)]


def versions_of(s3, bucket):
    return [entry for entry in all_versions(s3, bucket) if entry["Key"] == "k"]


@pytest.fixture(params=["Enabled", "Suspended", "never"])
def contested(request, s3, plain_bucket):
    """A bucket in each of the three states of versioning, and the state."""
    if request.param != "never":
        s3.put_bucket_versioning(Bucket=plain_bucket, VersioningConfiguration={"Status": request.param})
    return plain_bucket, request.param


@pytest.mark.parametrize("kind", ["put", "blob", "copy", "complete", "mixed"])
def test_if_none_match_has_one_winner(s3, contested, kind):
    bucket, versioning = contested
    writers = Writers(s3, bucket)
    for _ in range(ROUNDS):
        s3.delete_object(Bucket=bucket, Key="k")
        before = len(versions_of(s3, bucket))
        prepared = [writers.prepare(kind, number) for number, kind in enumerate(kinds_of(kind))]
        winners = race([write for _, write in prepared], IfNoneMatch="*")
        assert len(winners) == 1, winners
        assert body_of(s3.get_object(Bucket=bucket, Key="k")) == prepared[winners[0]][0]
        # Where a null version takes the place of the marker, their number stays.
        assert len(versions_of(s3, bucket)) == before + (versioning != "Suspended")


@pytest.mark.parametrize("kind", ["put", "blob", "copy", "complete", "mixed"])
def test_if_match_has_one_winner(s3, contested, kind):
    bucket, versioning = contested
    writers = Writers(s3, bucket)
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"first")["ETag"]
    for _ in range(ROUNDS):
        before = len(versions_of(s3, bucket))
        prepared = [writers.prepare(kind, number) for number, kind in enumerate(kinds_of(kind))]
        winners = race([write for _, write in prepared], IfMatch=etag)
        assert len(winners) == 1, winners
        got = s3.get_object(Bucket=bucket, Key="k")
        assert body_of(got) == prepared[winners[0]][0]
        assert len(versions_of(s3, bucket)) == before + (versioning == "Enabled")
        # Every round begins with other bytes, so that a writer of the last round cannot match again.
        etag = s3.put_object(Bucket=bucket, Key="k", Body=random.randbytes(9), IfMatch=got["ETag"])["ETag"]


def test_a_conditional_delete_and_writers_do_not_both_win(s3, contested):
    """Of writers and deleters that all name the same ETag one wins, and the key is as the winner left it."""
    bucket, _ = contested
    writers = Writers(s3, bucket)
    for _ in range(ROUNDS):
        etag = s3.put_object(Bucket=bucket, Key="k", Body=random.randbytes(9))["ETag"]
        prepared = [writers.prepare(kind, number) for number, kind in enumerate(kinds_of("mixed", 8))]
        writes = [write for _, write in prepared]
        deletes = [lambda **conditions: s3.delete_object(Bucket=bucket, Key="k", **conditions)] * 4
        winners = race(writes + deletes, IfMatch=etag)
        won = [number for number in winners if number < len(writes)]
        # A delete that comes when nothing is left has nothing to do, and succeeds (CND-6).
        assert len(won) <= 1, winners
        if won:
            assert winners == won, "a delete of an ETag that was replaced succeeded"
            assert body_of(s3.get_object(Bucket=bucket, Key="k")) == prepared[won[0]][0]
        else:
            assert winners
            with pytest.raises(s3.exceptions.ClientError, match="404"):
                s3.head_object(Bucket=bucket, Key="k")


def test_deletes_with_a_condition_write_one_marker(s3, bucket):
    for number in range(ROUNDS):
        etag = s3.put_object(Bucket=bucket, Key="k", Body=b"%d" % number)["ETag"]
        before = len(versions_of(s3, bucket))
        deletes = [lambda **conditions: s3.delete_object(Bucket=bucket, Key="k", **conditions)] * WRITERS
        assert race(deletes, IfMatch=etag)
        assert len(versions_of(s3, bucket)) == before + 1


def test_unconditional_writers_all_succeed(s3, bucket):
    writers = Writers(s3, bucket)
    prepared = [writers.prepare(kind, number) for number, kind in enumerate(kinds_of("mixed", 16))]
    assert len(race([write for _, write in prepared])) == 16
    versions = versions_of(s3, bucket)
    assert len(versions) == 16
    bodies = {body_of(s3.get_object(Bucket=bucket, Key="k", VersionId=entry["VersionId"])) for entry in versions}
    assert bodies == {body for body, _ in prepared}
    latest = [entry for entry in versions if entry["IsLatest"]]
    assert len(latest) == 1
    assert s3.head_object(Bucket=bucket, Key="k")["VersionId"] == latest[0]["VersionId"]
