"""Bounded memory and disk: backlogs, large objects, clones (design invariants 6 and 8).

TERN_BACKLOG is the number of objects written while the destination is down; TERN_BIG_GIB the size of the large object.
"""

import hashlib
import os
import time

from replication import configure, rule, status_of, wait_for_replica, wait_for_status
from s3 import all_versions, in_parallel
from waiting import eventually

MIB = 1 << 20
GIB = 1 << 30
BACKLOG = int(os.environ.get("TERN_BACKLOG", "5000"))
BIG_BYTES = int(float(os.environ.get("TERN_BIG_GIB", "1")) * GIB)
PART_BYTES = 64 * MIB


def test_a_backlog_arrives_with_bounded_memory(own_federation):
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    client, bucket, other = home.client(), home.bucket(), abroad.bucket()
    configure(client, bucket, rule(other))
    in_parallel(lambda n: client.put_object(Bucket=bucket, Key=f"warm/{n}", Body=b"v" * 1000), range(500), workers=16)
    wait_for_status(client, bucket, "warm/499", within=60)
    abroad.terminate()
    home.reset_peak()
    before = home.resident_mib()
    in_parallel(
        lambda n: client.put_object(Bucket=bucket, Key=f"k/{n:06}", Body=b"v" * (n % 3000)), range(BACKLOG), workers=16
    )
    assert status_of(client, bucket, "k/000000") == "PENDING"
    abroad.start()
    seconds = 60 + BACKLOG / 200
    listed = {}

    def arrived():
        paginator = abroad.client().get_paginator("list_object_versions")
        listed["there"] = sum(len(page.get("Versions", [])) for page in paginator.paginate(Bucket=other, Prefix="k/"))
        return listed["there"] == BACKLOG

    eventually(arrived, lambda: f"{BACKLOG} replicas; {listed} so far", within=seconds, every=1)
    sample = range(0, BACKLOG, max(1, BACKLOG // 500))
    for number in sample:
        wait_for_status(client, bucket, f"k/{number:06}", within=60)
    growth = home.peak_resident_mib() - before
    assert growth < 100, f"the source grew by {growth:.0f} MiB with a backlog of {BACKLOG}"
    here, there = (
        {(entry["Key"], entry["VersionId"], entry["ETag"], entry["LastModified"]) for entry in all_versions(c, b)}
        for c, b in ((client, bucket), (abroad.client(), other))
    )
    assert here == there


class Numbers:
    """A reproducible body of any size that is never in memory whole."""

    block = hashlib.shake_256(b"tern").digest(MIB)

    @classmethod
    def part(cls, number, size):
        stamp = number.to_bytes(8, "big")
        return b"".join(
            stamp + index.to_bytes(8, "big") + cls.block[16 : min(MIB, size - index * MIB)]
            for index in range((size + MIB - 1) // MIB)
        )


def upload_big(client, bucket, key, total, **parameters):
    upload = client.create_multipart_upload(Bucket=bucket, Key=key, **parameters)["UploadId"]
    parts = []
    for number in range(1, (total + PART_BYTES - 1) // PART_BYTES + 1):
        size = min(PART_BYTES, total - (number - 1) * PART_BYTES)
        answer = client.upload_part(
            Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=Numbers.part(number, size)
        )
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    return client.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts})


def check_big(client, bucket, key, total):
    body = client.get_object(Bucket=bucket, Key=key)["Body"]
    for number in range(1, (total + PART_BYTES - 1) // PART_BYTES + 1):
        size = min(PART_BYTES, total - (number - 1) * PART_BYTES)
        received = body.read(size)
        assert received == Numbers.part(number, size), f"part {number} differs"
    assert body.read(1) == b""


def test_a_large_object_streams_through_bounded_memory(own_federation):
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    client, bucket, other = home.client(), home.bucket(), abroad.bucket()
    configure(client, bucket, rule(other))
    for region in (home, abroad):
        region.reset_peak()
    done = upload_big(client, bucket, "big", BIG_BYTES)
    wait_for_status(client, bucket, "big", done["VersionId"], within=120 + BIG_BYTES / (20 * MIB))
    check_big(client, bucket, "big", BIG_BYTES)
    check_big(abroad.client(), other, "big", BIG_BYTES)
    assert abroad.client().head_object(Bucket=other, Key="big")["ETag"] == done["ETag"]
    for region in (home, abroad):
        assert region.peak_resident_mib() < 200, f"{region.name} took {region.peak_resident_mib():.0f} MiB"
    client.delete_object(Bucket=bucket, Key="big", VersionId=done["VersionId"])
    abroad.client().delete_object(Bucket=other, Key="big", VersionId=done["VersionId"])


def test_one_large_put_streams(own_federation):
    home = own_federation["us-east-1"]
    bucket, requester = home.bucket(), home.raw()
    size = min(BIG_BYTES, 5 * GIB) // 4
    home.reset_peak()
    before = home.resident_mib()
    send, signature = requester.prepare(
        "PUT",
        f"/{bucket}/k",
        headers={"content-length": str(size)},
        payload_hash="UNSIGNED-PAYLOAD",
        content_length=False,
    )
    digest = hashlib.md5()
    with requester.connect(timeout=120) as connection:
        connection.send_head("PUT", f"/{bucket}/k", {**send, "authorization": signature.header})
        sent = 0
        while sent < size:
            piece = Numbers.block[: min(MIB, size - sent)]
            connection.send(piece)
            digest.update(piece)
            sent += len(piece)
        answer = connection.receive("PUT")
    assert (answer.status, answer.headers["etag"]) == (200, f'"{digest.hexdigest()}"'), str(answer)
    assert home.peak_resident_mib() - before < 100


def test_replicas_within_a_region_take_no_time_and_no_disk(own_federation):
    """Same-region replication links the bytes: no time beside that of writing them, and nothing more on disk."""
    home = own_federation["us-east-1"]
    client, bucket, other = home.client(), home.bucket(), home.bucket()
    configure(client, bucket, rule(other))
    before = home.disk_bytes()
    size = 512 * MIB
    started = time.monotonic()
    done = upload_big(client, bucket, "big", size)
    uploaded = time.monotonic()
    wait_for_replica(client, other, "big", done["VersionId"])
    # On a machine that is busy with something else, both take longer.
    assert time.monotonic() - uploaded < max(1, (uploaded - started) / 4)
    wait_for_status(client, bucket, "big", done["VersionId"])
    assert home.disk_bytes() - before < size + 64 * MIB
    check_big(client, other, "big", size)
    # Either may go: the bytes stay as long as one name leads to them.
    client.delete_object(Bucket=bucket, Key="big", VersionId=done["VersionId"])
    check_big(client, other, "big", size)
    client.delete_object(Bucket=other, Key="big", VersionId=done["VersionId"])
    eventually(lambda: home.disk_bytes() - before < 64 * MIB, "the bytes are given back", within=60, every=0.5)


def test_a_long_listing_takes_bounded_memory(own_federation):
    home = own_federation["us-east-1"]
    client, bucket = home.client(), home.bucket(versioned=False)
    count = min(BACKLOG, 20_000)
    in_parallel(
        lambda n: client.put_object(Bucket=bucket, Key=f"{n:06}" + "k" * 200, Body=b""), range(count), workers=16
    )
    home.reset_peak()
    before = home.resident_mib()
    for _ in range(3):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        assert sum(page["KeyCount"] for page in pages) == count
    assert home.peak_resident_mib() - before < 64
