"""kill -9 under load, of either side (design invariants 1, 2, 5, 11).

TERN_KILLS sets how often each test kills.
"""

import os
import random

import pytest
from load import Load, pending, verify
from replication import configure, rule, wait_until_equal
from s3 import all_versions
from waiting import eventually

KILLS = int(os.environ.get("TERN_KILLS", "6"))


def settle(source, bucket, destination, other):
    """Waits until both sides are equal and nothing is PENDING."""
    wait_until_equal(source, bucket, destination, other, within=120)
    state = []

    def settled():
        state[:] = pending(source, bucket)
        return not state

    eventually(settled, lambda: f"nothing is PENDING; {len(state)} are, for example {state[:3]}", within=60, every=0.3)


@pytest.mark.parametrize("victim", ["source", "destination", "either"])
def test_kill_9_under_load_loses_nothing_acknowledged(own_federation, victim):
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    source, destination = home.client(), abroad.client()
    bucket, other = home.bucket(), abroad.bucket()
    configure(source, bucket, rule(other, markers="Enabled"))
    chance = random.Random(victim)
    count = max(1, KILLS // 3) if victim == "either" else max(1, KILLS // 2)
    with Load(source, bucket, with_multipart=True) as load:
        for _ in range(count):
            load.wait_for(chance.randrange(20, 120))
            region = {"source": home, "destination": abroad}.get(victim) or chance.choice([home, abroad])
            region.kill()
            if region is abroad:
                # The source goes on while its destination is dead.
                load.wait_for(20)
            region.start()
        load.wait_for(30)
    assert load.acknowledged
    settle(source, bucket, destination, other)
    verify(source, bucket, load.acknowledged, status="COMPLETED")
    verify(destination, other, load.acknowledged, status="REPLICA")
    # A request that was cut off left a whole version or nothing: every listed version can be read.
    acknowledged = {(write.key, write.version) for write in load.acknowledged}
    for entry in all_versions(source, bucket):
        if not entry["IsMarker"] and (entry["Key"], entry["VersionId"]) not in acknowledged:
            got = source.get_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])
            assert len(got["Body"].read()) == entry["Size"]


def test_kill_9_of_both_sides_with_two_way_replication(own_federation):
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    bucket, other = home.bucket(), abroad.bucket()
    configure(home.client(), bucket, rule(other, markers="Enabled"))
    configure(abroad.client(), other, rule(bucket, markers="Enabled"))
    chance = random.Random(1)
    with Load(home.client(), bucket, threads=2) as here, Load(abroad.client(), other, threads=2) as there:
        for _ in range(max(1, KILLS // 3)):
            here.wait_for(chance.randrange(10, 50))
            there.wait_for(10)
            home.kill()
            abroad.kill()
            home.start()
            abroad.start()
    wait_until_equal(home.client(), bucket, abroad.client(), other, within=120)
    writes = here.acknowledged + there.acknowledged
    assert here.acknowledged and there.acknowledged
    verify(home.client(), bucket, writes)
    verify(abroad.client(), other, writes)
    for region, name in ((home, bucket), (abroad, other)):
        eventually(
            lambda region=region, name=name: not pending(region.client(), name),
            "nothing is PENDING",
            within=60,
            every=0.3,
        )


def test_kill_9_without_versioning(own_federation):
    """Overwrites of one key: after a crash the body is one of those that were sent, whole, and no older than acknowledged."""
    home = own_federation["us-east-1"]
    bucket, client = home.bucket(versioned=False), home.client()
    for round_number in range(max(1, KILLS // 3)):
        last_acknowledged = -1
        for number in range(30):
            client.put_object(Bucket=bucket, Key="k", Body=bytes([number]) * (number * 3000))
            last_acknowledged = number
        home.kill()
        home.start()
        body = client.get_object(Bucket=bucket, Key="k")["Body"].read()
        assert body == bytes([last_acknowledged]) * (last_acknowledged * 3000), round_number
        assert len(all_versions(client, bucket)) == 1


def test_kill_9_keeps_uploads(own_federation):
    """MPU-5: parts that were acknowledged can be completed after a crash."""
    home = own_federation["us-east-1"]
    bucket, client = home.bucket(), home.client()
    upload = client.create_multipart_upload(Bucket=bucket, Key="k", Metadata={"a": "1"})["UploadId"]
    parts, body = [], b""
    for number in range(1, 4):
        part = bytes([number]) * (5 << 20)
        answer = client.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, Body=part)
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        body += part
        home.kill()
        home.start()
    assert [part["PartNumber"] for part in client.list_parts(Bucket=bucket, Key="k", UploadId=upload)["Parts"]] == [
        1,
        2,
        3,
    ]
    client.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
    home.kill()
    home.start()
    got = client.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["Metadata"]) == (body, {"a": "1"})


def test_kill_9_keeps_configurations(own_federation):
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    bucket, other = home.bucket(), abroad.bucket()
    configure(home.client(), bucket, rule(other, prefix="a/"))
    for region in (home, abroad):
        region.kill()
    for region in (abroad, home):
        region.start()
    assert home.client().get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    [stored] = home.client().get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]["Rules"]
    assert stored["Filter"] == {"Prefix": "a/"}
    assert bucket in [entry["Name"] for entry in home.client().list_buckets()["Buckets"]]


def test_leftovers_of_crashes_are_collected(own_federation):
    """Bodies of requests that a crash cut off do not stay on disk for ever."""
    home = own_federation["us-east-1"]
    bucket, requester = home.bucket(), home.raw()
    before = home.disk_bytes()
    size = 8 << 20
    for _ in range(3):
        connections = []
        for number in range(4):
            send, signature = requester.prepare("PUT", f"/{bucket}/k{number}", body=b"x" * size)
            connection = requester.connect()
            connections.append(connection)
            connection.send_head("PUT", f"/{bucket}/k{number}", {**send, "authorization": signature.header})
            connection.send(b"x" * (size - 1))
        home.kill()
        for connection in connections:
            connection.close()
        home.start()
    eventually(lambda: home.disk_bytes() < before + 16 * (1 << 20), "leftovers are removed", within=60, every=0.5)
    assert all_versions(home.client(), bucket) == []
