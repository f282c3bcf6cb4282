"""`tern replication verify`: damage of many kinds, made by clients and behind the regions' backs, is found and mended.

TERN_VERIFY_KEYS sets how many objects the test of the cost has.
"""

import json
import os
import shutil
import subprocess

from bulk import write_all
from federation import tern_binary
from replication import configure, is_absent, rule, wait_for_replica, wait_for_status, wait_until_equal
from verification import verify_bucket, verify_command
from waiting import eventually

KEYS = int(os.environ.get("TERN_VERIFY_KEYS", "5000"))


def replicated(home, abroad, count=30, **options):
    """A bucket whose objects have all arrived at another."""
    bucket, other = home.bucket(), abroad.bucket()
    client = home.client()
    configure(client, bucket, rule(other, identifier="all", markers="Enabled", **options))
    versions = {
        f"k{n}": client.put_object(Bucket=bucket, Key=f"k{n}", Body=b"v" * n)["VersionId"] for n in range(count)
    }
    for key, version in versions.items():
        wait_for_status(client, bucket, key, version)
    return bucket, other, versions


def test_equal_buckets_have_nothing_to_tell(federation, home, abroad):
    bucket, other, _ = replicated(home, abroad)
    marker = home.client().delete_object(Bucket=bucket, Key="k1")["VersionId"]
    eventually(lambda: not is_absent(abroad.client(), other, "k1", marker), "the marker arrives")
    eventually(lambda: not verify_bucket(federation, bucket).findings, "the marker's outcome is committed")
    result = verify_bucket(federation, bucket)
    result.assert_equal()
    assert result.ends[other]["versions"] == 31
    text = verify_command(federation, bucket)
    assert (text.returncode, text.stderr) == (0, "")
    assert f"{bucket} to {other}" in text.stdout
    assert "31 versions compared, no divergence" in text.stdout


def test_what_clients_do_at_the_destination(federation, home, abroad):
    """A replica that was deleted by its version ID is told apart from a loss, and not made anew by a repair."""
    bucket, other, versions = replicated(home, abroad)
    abroad.client().delete_object(Bucket=other, Key="k3", VersionId=versions["k3"])
    abroad.client().put_object_tagging(
        Bucket=other, Key="k4", VersionId=versions["k4"], Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
    )
    home.client().delete_object(Bucket=bucket, Key="k5", VersionId=versions["k5"])
    result = verify_bucket(federation, bucket, "--repair")
    assert result.exit_code == 0
    assert result.found("deletedAtDestination") == [("k3", versions["k3"])]
    assert result.found("changedAtDestination") == [("k4", versions["k4"])]
    assert result.found("extra") == [("k5", versions["k5"])]
    assert len(result.findings) == 3
    assert result.ends[other]["requeued"] == 0
    assert is_absent(abroad.client(), other, "k3", versions["k3"])
    assert "k3" not in verify_command(federation, bucket).stdout
    assert "deleted   k3?versionId=" in verify_command(federation, bucket, "--all").stdout


def test_refused_versions_are_told_with_their_reason(federation, home, abroad):
    bucket, other, _ = replicated(home, abroad, count=3)
    abroad.client().put_bucket_versioning(Bucket=other, VersioningConfiguration={"Status": "Suspended"})
    version = home.client().put_object(Bucket=bucket, Key="late", Body=b"v")["VersionId"]
    wait_for_status(home.client(), bucket, "late", version, expected="FAILED")
    result = verify_bucket(federation, bucket, "--repair")
    assert result.exit_code == 0
    [finding] = result.findings
    assert (finding["kind"], finding["key"], finding["reason"]) == ("failed", "late", "DstBucketUnversioned")
    assert finding["repair"] is None, "what was refused stays refused"


def test_a_change_of_the_rules(federation, home, abroad):
    """Only what is admitted is compared; --rule picks one rule."""
    bucket, other, _ = replicated(home, abroad, count=5, prefix="k")
    third = abroad.bucket()
    client = home.client()
    configure(
        client, bucket, rule(other, identifier="all", prefix="k", status="Disabled"),
        rule(third, identifier="new", prefix="n", priority=2),
    )  # fmt: skip
    client.put_object(Bucket=bucket, Key="k9", Body=b"not admitted")
    version = client.put_object(Bucket=bucket, Key="n1", Body=b"v")["VersionId"]
    wait_for_status(client, bucket, "n1", version)
    result = verify_bucket(federation, bucket)
    result.assert_equal()
    assert {name: end["versions"] for name, end in result.ends.items()} == {other: 5, third: 1}
    only = verify_bucket(federation, bucket, "--rule", "new")
    only.assert_equal()
    assert list(only.ends) == [third]
    for options in (["--rule", "unknown"], []):
        client.delete_bucket_replication(Bucket=bucket)
        done = verify_command(federation, bucket, *options)
        assert done.returncode == 1
        assert "no replication rule" in done.stderr
    done = verify_command(federation, "no-such-bucket-at-all")
    assert done.returncode == 1
    assert "there is no bucket" in done.stderr


def test_a_destination_that_was_set_back_to_an_old_copy(own_federation):
    """Versions and changes that the destination had acknowledged are gone: found, and brought again by --repair."""
    federation = own_federation
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    bucket, other, versions = replicated(home, abroad)
    client = home.client()
    abroad.terminate()
    copy = federation.directory / "copy"
    shutil.copytree(abroad.data_directory, copy, symlinks=True)
    abroad.start()
    lost = {
        f"late{n}": client.put_object(Bucket=bucket, Key=f"late{n}", Body=b"v" * n * 1000)["VersionId"]
        for n in range(50)
    }
    marker = client.delete_object(Bucket=bucket, Key="k2")["VersionId"]
    client.put_object_tagging(
        Bucket=bucket, Key="k7", VersionId=versions["k7"], Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
    )
    for key, version in {**lost, "k7": versions["k7"]}.items():
        wait_for_status(client, bucket, key, version)
    wait_until_equal(client, bucket, abroad.client(), other)
    eventually(lambda: not verify_bucket(federation, bucket).findings, "all is settled")
    abroad.terminate()
    shutil.rmtree(abroad.data_directory)
    shutil.move(copy, abroad.data_directory)
    abroad.start()

    result = verify_bucket(federation, bucket)
    assert result.exit_code == 2
    assert result.found("missing") == sorted([*lost.items(), ("k2", marker)])
    assert result.found("metadata") == [("k7", versions["k7"])]
    assert [line["attributes"] for line in result.findings if line["kind"] == "metadata"] == [["tags"]]
    [told] = [entry for region in status(federation) for entry in region["rules"] if entry["sourceBucket"] == bucket]
    assert told["divergentObjects"] == 52 and told["verifiedAt"]

    repaired = verify_bucket(federation, bucket, "--repair")
    assert repaired.exit_code == 2
    assert repaired.ends[other]["requeued"] == 52
    wait_until_equal(client, bucket, abroad.client(), other)
    for key, version in lost.items():
        wait_for_replica(abroad.client(), other, key, version)
    eventually(lambda: not verify_bucket(federation, bucket).findings, "all is settled")
    verify_bucket(federation, bucket).assert_equal()


def status(federation):
    done = subprocess.run(
        [tern_binary(), "status", "--json", "--dir", str(federation.directory)], capture_output=True, text=True,
        timeout=60, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return json.loads(done.stdout)["regions"]


def test_the_destination_is_away(own_federation):
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    bucket, _, _ = replicated(home, abroad, count=2)
    abroad.terminate()
    done = verify_command(own_federation, bucket)
    assert done.returncode == 1
    assert "broken off" in done.stdout
    abroad.start()
    verify_bucket(own_federation, bucket).assert_equal()


def test_the_background_finds_it_too(own_federation):
    """With a short interval, `tern status` shows what differs soon after it does, and keeps its count over a restart."""
    federation = own_federation
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    bucket, other, versions = replicated(home, abroad, count=10)
    abroad.terminate()
    copy = federation.directory / "copy-of-ten"
    shutil.copytree(abroad.data_directory, copy, symlinks=True)
    abroad.start()
    version = home.client().put_object(Bucket=bucket, Key="late", Body=b"v")["VersionId"]
    wait_for_status(home.client(), bucket, "late", version)
    abroad.terminate()
    shutil.rmtree(abroad.data_directory)
    shutil.move(copy, abroad.data_directory)
    abroad.start()

    text = home.config_path.read_text()
    head, rest = text.split("verification:\n", 1)
    home.config_path.write_text(
        head + "verification:\n" + rest.replace("interval_seconds: 3600", "interval_seconds: 1", 1)
    )

    def told():
        rules = [entry for region in status(federation) for entry in region["rules"] if entry["sourceBucket"] == bucket]
        return rules and rules[0].get("divergentObjects")

    home.terminate()
    home.start()
    eventually(lambda: told() == 1, "the difference is counted", within=60, every=0.3)
    home.config_path.write_text(text)
    home.terminate()
    home.start()
    eventually(lambda: told() == 1, "the count is known after a restart", within=30, every=0.3)
    verify_bucket(federation, bucket, "--repair")
    eventually(lambda: not verify_bucket(federation, bucket).findings, "all is settled")
    assert told() == 0


def test_the_cost_of_equal_buckets(own_federation):
    """Many objects that are alike cost a few kilobytes between the regions."""
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    bucket, other = home.bucket(), abroad.bucket()
    configure(home.client(), bucket, rule(other))
    write_all(home, bucket, [("PUT", f"dir{n % 100}/object-{n}") for n in range(KEYS)])
    eventually(
        lambda: not [r for region in status(own_federation) for r in region["rules"] if r["pendingOperations"]],
        "the outbox is empty", within=60 + KEYS / 100, every=0.5,
    )  # fmt: skip
    result = verify_bucket(own_federation, bucket)
    result.assert_equal()
    end = result.ends[other]
    print(f"{KEYS} objects: {end['wireBytes']} bytes in {end['requests']} requests")
    assert end["versions"] == KEYS
    assert end["wireBytes"] < 2000 + KEYS / 20
