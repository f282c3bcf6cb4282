"""Regions that cannot reach each other: connections that hang, ports that are closed, and the way back."""

import pytest
from federation import ALICE
from load import Load, pending, verify
from replication import configure, rule, status_of, wait_for_replica, wait_for_status, wait_until_equal
from s3 import in_parallel
from waiting import always, eventually


@pytest.fixture
def pair(own_federation):
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    bucket, other = home.bucket(), abroad.bucket()
    configure(home.client(), bucket, rule(other, markers="Enabled"))
    return home, bucket, abroad, other


def nothing_pending(region, bucket):
    eventually(lambda: not pending(region.client(), bucket), "nothing is PENDING", within=60, every=0.3)


def test_a_destination_that_hangs_catches_up(pair):
    """SIGSTOP: connections are accepted by the kernel and nothing answers."""
    home, bucket, abroad, other = pair
    client = home.client()
    client.put_object(Bucket=bucket, Key="before", Body=b"v")
    wait_for_status(client, bucket, "before")
    with abroad.paused(), Load(client, bucket, with_multipart=True) as load:
        load.wait_for(150)
        always(lambda: home.is_healthy(), "the source is well", during=0.5)
    wait_until_equal(client, bucket, abroad.client(), other, within=90)
    nothing_pending(home, bucket)
    verify(abroad.client(), other, load.acknowledged, status="REPLICA")


def test_a_destination_that_is_down_catches_up(pair):
    """Connections are refused: PENDING while it is away, COMPLETED after its restart, without a retry limit (T-08)."""
    home, bucket, abroad, other = pair
    client = home.client()
    abroad.terminate()
    with Load(client, bucket) as load:
        load.wait_for(150)
    written = [write for write in load.acknowledged if not write.is_marker]
    assert {status_of(client, bucket, write.key, write.version) for write in written} == {"PENDING"}
    abroad.start()
    wait_until_equal(client, bucket, abroad.client(), other, within=90)
    nothing_pending(home, bucket)
    verify(abroad.client(), other, load.acknowledged, status="REPLICA")


def test_both_sides_write_while_parted_and_converge(own_federation):
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    bucket, other = home.bucket(), abroad.bucket()
    configure(home.client(), bucket, rule(other, markers="Enabled"))
    configure(abroad.client(), other, rule(bucket, markers="Enabled"))
    abroad.terminate()
    with Load(home.client(), bucket, threads=2) as here:
        here.wait_for(40)
    home.terminate()
    abroad.start()
    with Load(abroad.client(), other, threads=2) as there:
        there.wait_for(40)
    home.start()
    wait_until_equal(home.client(), bucket, abroad.client(), other, within=90)
    verify(home.client(), bucket, there.acknowledged, status="REPLICA")
    verify(abroad.client(), other, here.acknowledged, status="REPLICA")


def test_static_stability_without_the_home_region(own_federation):
    """Reads, writes and same-region replication of a region go on while the home region is away (design §7)."""
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    client, bucket, other = abroad.client(), abroad.bucket(), abroad.bucket()
    far = home.bucket()
    configure(client, bucket, rule(other, identifier="near"), rule(far, identifier="far", priority=2))
    client.put_object(Bucket=bucket, Key="before", Body=b"v")
    wait_for_status(client, bucket, "before")
    home.kill()
    abroad.kill()
    abroad.start()  # also a restart alone
    version = client.put_object(Bucket=bucket, Key="k", Body=b"v")["VersionId"]
    assert client.get_object(Bucket=bucket, Key="before")["Body"].read() == b"v"
    wait_for_replica(client, other, "k", version)
    assert status_of(client, bucket, "k", version) == "PENDING"
    assert bucket in [entry["Name"] for entry in client.list_buckets()["Buckets"]]
    home.start()
    wait_for_status(client, bucket, "k", version)


def test_a_paused_destination_changes_the_sources_speed_little(pair):
    """Invariant 6, roughly: writes with a hanging destination take no longer than twice the time without."""
    import time

    home, bucket, abroad, _ = pair
    client, plain = home.client(), home.bucket()

    def seconds(name):
        started = time.monotonic()
        in_parallel(lambda n: client.put_object(Bucket=name, Key=f"k{n}", Body=b"v" * 1000), range(300), workers=8)
        return time.monotonic() - started

    seconds(plain)
    without = min(seconds(plain) for _ in range(2))
    with abroad.paused():
        with_hanging = min(seconds(bucket) for _ in range(2))
    assert with_hanging < 2 * without + 1, (without, with_hanging)


def test_three_regions_of_which_one_is_dead(make_federation):
    federation = make_federation(names=("us-east-1", "eu-west-1", "ap-south-1"), accounts=(ALICE,))
    home, dead, alive = federation.regions
    client, bucket = home.client(), home.bucket()
    first, second = dead.bucket(), alive.bucket()
    configure(client, bucket, rule(first, identifier="a", priority=1), rule(second, identifier="b", priority=2))
    dead.kill()
    versions = in_parallel(
        lambda n: (f"k{n}", client.put_object(Bucket=bucket, Key=f"k{n}", Body=b"v" * n)["VersionId"]),
        range(200),
        workers=8,
    )
    for key, version in versions:
        wait_for_replica(alive.client(), second, key, version)
    assert status_of(client, bucket, "k0") == "PENDING"
    dead.start()
    wait_until_equal(client, bucket, dead.client(), first, within=60)
    for key, version in versions[::10]:
        wait_for_status(client, bucket, key, version)


def test_a_large_object_resumes_after_an_interruption(pair):
    home, bucket, abroad, other = pair
    client = home.client()
    upload = client.create_multipart_upload(Bucket=bucket, Key="large")["UploadId"]
    parts = []
    for number in range(1, 13):
        answer = client.upload_part(
            Bucket=bucket, Key="large", UploadId=upload, PartNumber=number, Body=bytes([number]) * (8 << 20)
        )
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    done = client.complete_multipart_upload(
        Bucket=bucket, Key="large", UploadId=upload, MultipartUpload={"Parts": parts}
    )
    for _ in range(3):
        abroad.kill()
        abroad.start()
    wait_for_status(client, bucket, "large", done["VersionId"], within=90)
    got = abroad.client().get_object(Bucket=other, Key="large")
    assert got["ETag"] == done["ETag"]
    for number in range(1, 13):
        assert got["Body"].read(8 << 20) == bytes([number]) * (8 << 20)
