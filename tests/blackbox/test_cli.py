"""The tern command: dev, env, serve, status, explain; ports, signals, errors, full and damaged disks."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import botocore.exceptions
import pytest
import requests
from federation import ALICE, BOB, Federation, Region, free_ports, is_running, tern_binary
from replication import configure, rule, status_of, wait_for_status
from s3 import Failure, body_of, pattern
from signing import encode
from waiting import always, eventually

MIB = 1 << 20


def tern(*arguments, timeout=60, **options):
    return subprocess.run(
        [tern_binary(), *map(str, arguments)], capture_output=True, text=True, timeout=timeout, check=False,
        stdin=subprocess.DEVNULL, **options,
    )  # fmt: skip


# Help


def test_help_names_every_command():
    done = tern("--help")
    assert done.returncode == 0
    commands = "dev serve env status explain replication join region account bench api-coverage"
    for command in commands.split():
        assert command in done.stdout


@pytest.mark.parametrize("command", ["dev", "serve", "env", "status", "explain", "replication", "account", "bench"])
def test_help_of_a_command(command):
    done = tern(command, "--help")
    assert done.returncode == 0
    assert "USAGE" in done.stdout.upper()


@pytest.mark.parametrize("arguments", [["nonsense"], ["dev"], ["serve"], ["explain"], ["dev", "x", "--colour"]])
def test_wrong_arguments(arguments, scratch):
    done = tern(*arguments, cwd=scratch)
    assert done.returncode not in (0, None)
    assert done.stderr.strip()
    assert "Fatal" not in done.stderr


# tern dev


def test_dev_in_one_process_with_port_0(scratch):
    """Every region listens on a free port, and says where; everything comes back after a restart."""
    federation = Federation(scratch / "f")
    federation.directory.mkdir()
    arguments = [
        "dev",
        federation.directory,
        "--region",
        "us-east-1:0",
        "--region",
        "tern-1:0",
        "--account",
        ALICE.flag,
    ]
    process = federation.spawn("dev", list(map(str, arguments)))
    try:
        ready = federation.wait_for_ready(process, "dev")
        assert set(ready) == {"us-east-1", "tern-1"}
        for name, url in ready.items():
            assert requests.get(url + "/_tern/v1/health", timeout=5).json()["region"] == name
        region = Region(federation, "tern-1", int(ready["tern-1"].rpartition(":")[2]))
        bucket = region.bucket()
        region.client().put_object(Bucket=bucket, Key="k", Body=b"hello")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    lines = process.stdout_path.read_text().splitlines()
    kinds = [re.match(r"ready |console (us-east-1|tern-1) http://127.0.0.1:\d+/#token=\w+$", line) for line in lines]
    assert all(kinds) and len(lines) == 3, "stdout has the ready line, where the consoles are, and nothing else"
    process = federation.spawn("dev", list(map(str, arguments)))
    try:
        ready = federation.wait_for_ready(process, "dev")
        region = Region(federation, "tern-1", int(ready["tern-1"].rpartition(":")[2]))
        assert body_of(region.client().get_object(Bucket=bucket, Key="k")) == b"hello"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_dev_with_defaults_makes_an_account(scratch):
    """Without --account there is one, with keys of its own; it is the same after a restart."""
    federation = Federation(scratch / "f")
    seen = []
    for _ in range(2):
        port, other = free_ports(2)
        arguments = [
            "dev",
            str(federation.directory),
            "--region",
            f"us-east-1:{port}",
            "--region",
            f"eu-west-1:{other}",
        ]
        federation.directory.mkdir(exist_ok=True)
        process = federation.spawn("dev", arguments)
        try:
            federation.wait_for_ready(process, "dev")
            [account] = json.loads((federation.directory / "accounts.json").read_text())
            seen.append(account)
            done = subprocess.run(
                [sys.executable, "-m", "awscli", "s3api", "list-buckets", "--profile", "us-east-1"], env=federation.environment,
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
    assert seen[0] == seen[1]
    assert set(seen[0]) >= {"id", "canonicalId", "displayName", "email", "accessKey", "secretKey"}
    assert re.fullmatch(r"\d{12}", seen[0]["id"]) and re.fullmatch(r"[0-9a-f]{64}", seen[0]["canonicalId"])
    assert len(seen[0]["secretKey"]) >= 32


def test_dev_writes_files_for_aws_tools(federation):
    config = (federation.directory / "aws" / "config").read_text()
    credentials = (federation.directory / "aws" / "credentials").read_text()
    for region in federation.regions:
        for profile in (region.name, f"{region.name}-{ALICE.id}", f"{region.name}-{BOB.id}"):
            assert f"[profile {profile}]" in config
            assert f"[{profile}]" in credentials
        assert f"endpoint_url = {region.endpoint}" in config or f"endpoint_url={region.endpoint}" in config
    assert ALICE.secret_key in credentials and BOB.secret_key in credentials
    for name in ("aws/credentials", "accounts.json"):
        mode = (federation.directory / name).stat().st_mode & 0o077
        assert mode == 0, f"{name} can be read by others"


def test_env_prints_exports(federation):
    done = tern("env", federation.directory)
    assert done.returncode == 0, done.stderr
    shell = subprocess.run(
        ["bash", "-c", 'eval "$1"; echo "$AWS_CONFIG_FILE:$AWS_SHARED_CREDENTIALS_FILE"', "x", done.stdout],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    config, _, credentials = shell.stdout.strip().partition(":")
    assert pathlib.Path(config).samefile(federation.directory / "aws" / "config")
    assert pathlib.Path(credentials).samefile(federation.directory / "aws" / "credentials")


def test_env_of_a_directory_without_federation(scratch):
    done = tern("env", scratch / "none")
    assert done.returncode != 0
    assert "none" in done.stderr


@pytest.mark.parametrize(
    "flags",
    [
        ["--region", "us-east-1:x"], ["--region", "us-east-1:70000"], ["--region", ":9000"], ["--region", "Bad_Name:0"],
        ["--region", "a1:0", "--region", "a1:0"], ["--account", "1:k:s"], ["--account", "111111111111"], ["--account", "111111111111:k"],
        ["--account", "111111111111:a:s", "--account", "222222222222:a:t"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_dev_refuses_bad_flags(scratch, flags):
    done = tern("dev", scratch / "f", "--region", "zz-test-9:0", *flags, timeout=20)
    assert done.returncode != 0
    assert done.stderr.strip()
    assert "ready" not in done.stdout


def test_dev_says_which_port_is_taken(scratch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = tern("dev", scratch / "f", "--region", f"us-east-1:{port}", timeout=30)
    assert done.returncode != 0
    assert str(port) in done.stderr
    assert "ready" not in done.stdout


# tern serve


@pytest.mark.parametrize(
    "text", ["", "rubbish", "{", "- a\n- b\n", "\t\tx: y: z\n", "region: [1, 2\n", "colour: red\n"], ids=repr
)
def test_serve_refuses_a_bad_config(scratch, text):
    path = scratch / "tern.yaml"
    path.write_text(text)
    done = tern("serve", "--config", path, timeout=20)
    assert done.returncode != 0
    assert "tern.yaml" in done.stderr, done.stderr
    assert "Fatal" not in done.stderr


@pytest.mark.parametrize("name", ["cn-north-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1"])
def test_acc_3_names_of_other_partitions_are_refused(federation, scratch, name):
    path = scratch / "tern.yaml"
    path.write_text((federation.directory / "us-east-1.yaml").read_text().replace("us-east-1", name))
    done = tern("serve", "--config", path, "--check", timeout=20)
    assert done.returncode != 0
    assert "partition" in done.stderr
    done = tern("dev", scratch / "f", "--region", f"{name}:0", timeout=30)
    assert done.returncode != 0
    assert "partition" in done.stderr
    done = tern("region", "invite", name, "--dir", federation.directory)
    assert done.returncode != 0
    assert "partition" in done.stderr


def test_serve_without_config_file(scratch):
    done = tern("serve", "--config", scratch / "missing.yaml", timeout=20)
    assert done.returncode != 0
    assert "missing.yaml" in done.stderr


def test_serve_refuses_an_unknown_key(federation, scratch):
    """A misspelt setting must not be ignored."""
    path = scratch / "tern.yaml"
    path.write_text(federation["us-east-1"].config_path.read_text() + "\ncolour: red\n")
    done = tern("serve", "--config", path, timeout=20)
    assert done.returncode != 0
    assert "colour" in done.stderr


def test_a_second_process_on_the_same_directory(federation, home, bucket):
    """It ends at once and says why; the first one is not disturbed."""
    home.client().put_object(Bucket=bucket, Key="k", Body=b"v")
    done = tern("serve", "--config", home.config_path, timeout=30)
    assert done.returncode != 0
    assert done.stderr.strip()
    assert body_of(home.client().get_object(Bucket=bucket, Key="k")) == b"v"
    home.client().put_object(Bucket=bucket, Key="k", Body=b"w")


def test_lck_16_a_clock_that_was_set_back(make_federation):
    """The last write lies in the future: the region does not start, unless it is told that the clock is right now."""
    federation = make_federation(names=("us-east-1",), accounts=(ALICE,))
    [region] = federation.regions
    bucket = region.bucket()
    os.kill(region.pid, signal.SIGKILL)
    eventually(lambda: not is_running(region.pid), "the region is gone")
    written = region.data_directory / "metadata" / "CURRENT"
    # Small steps back are usual.
    os.utime(written, (time.time() + 20, time.time() + 20))
    region.start()
    region.client().put_object(Bucket=bucket, Key="k", Body=b"v")
    os.kill(region.pid, signal.SIGKILL)
    eventually(lambda: not is_running(region.pid), "the region is gone")
    os.utime(written, (time.time() + 7200, time.time() + 7200))
    done = tern("serve", "--config", region.config_path, timeout=30)
    assert done.returncode != 0
    assert "behind the last write" in done.stderr and "--allow-clock-set-back" in done.stderr, done.stderr
    region.config_path.write_text(region.config_path.read_text() + "allow_clock_set_back: true\n")
    region.start()
    assert body_of(region.client().get_object(Bucket=bucket, Key="k")) == b"v"


def test_a_directory_that_cannot_be_written(scratch):
    if os.geteuid() == 0:
        # Root may write everywhere: a file in the place of the directory serves.
        (scratch / "f").write_text("in the way")
    else:
        (scratch / "f").mkdir(mode=0o500)
    done = tern("dev", scratch / "f", "--region", "us-east-1:0", timeout=30)
    assert done.returncode != 0
    assert str(scratch / "f") in done.stderr


# Signals


def test_sigterm_lets_a_request_finish(make_federation):
    federation = make_federation(names=("us-east-1",), accounts=(ALICE,))
    [region] = federation.regions
    bucket, requester = region.bucket(), region.raw()
    body = pattern(2 * MIB)
    send, signature = requester.prepare("PUT", f"/{bucket}/k", body=body)
    with requester.connect() as connection:
        head = {**send, "authorization": signature.header, "expect": "100-continue"}
        connection.send_head("PUT", f"/{bucket}/k", head)
        # Only a request that has begun is waited for.
        assert connection.receive("PUT", skip_continue=False).status == 100
        connection.send(body[:MIB])
        os.kill(region.pid, signal.SIGTERM)
        # New connections are refused or answered while the old one is drained; what was begun is finished.
        connection.send(body[MIB:])
        assert connection.receive("PUT").status == 200
    pid = region.pid
    eventually(lambda: not is_running(pid), "the process ends")
    region.pid = None
    region.close_connections()
    region.start()
    assert body_of(region.client().get_object(Bucket=bucket, Key="k")) == body


def test_sigterm_does_not_wait_for_ever(make_federation):
    """Idle and half-open connections do not hold the process up."""
    federation = make_federation(names=("us-east-1",), accounts=(ALICE,))
    [region] = federation.regions
    requester = region.raw()
    with requester.connect() as idle, requester.connect() as half:
        half.send(b"PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc")
        assert region.is_healthy()
        region.terminate(within=20)
        assert idle.is_closed()
    region.start()


def test_dev_stops_its_regions(scratch):
    federation = Federation(scratch / "f").start()
    pids = [region.pid for region in federation.regions]
    federation.parent.send_signal(signal.SIGTERM)
    assert federation.parent.wait(timeout=20) == 0
    assert not [pid for pid in pids if is_running(pid)]


def test_a_dead_child_stays_down_until_it_is_started(make_federation):
    federation = make_federation(accounts=(ALICE,))
    home, abroad = federation.regions
    home.kill()
    always(lambda: not home.is_healthy(), "nobody restarts it", during=1)
    assert abroad.is_healthy()
    home.start()
    assert home.is_healthy()


# tern status


@pytest.fixture
def replicated(home, abroad):
    bucket, other = home.bucket(), abroad.bucket()
    configure(home.client(), bucket, rule(other, identifier="the-rule"))
    home.client().put_object(Bucket=bucket, Key="k ä", Body=b"v" * 1000)
    wait_for_status(home.client(), bucket, "k ä")
    return bucket, other


# `oldestPendingMs` may be absent or null while nothing is pending.
RULE_FIELDS = {
    "sourceBucket", "destinationBucket", "destinationRegion", "ruleId", "pendingOperations", "pendingBytes",
    "completedOperations", "completedBytes", "failedOperations", "operationsPerSecond", "bytesPerSecond", "lag",
}  # fmt: skip


def status(federation, bucket):
    """The row of one source bucket."""
    done = tern("status", "--dir", federation.directory, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    rules = [entry for region in report["regions"] for entry in region["rules"] if entry["sourceBucket"] == bucket]
    return report, rules


def test_status_json(federation, replicated):
    bucket, other = replicated
    report, rules = status(federation, bucket)
    assert [(region["name"], region["endpoint"], region["healthy"]) for region in report["regions"]] == [
        (region.name, region.endpoint, True) for region in federation.regions
    ]
    [row] = rules
    assert set(row) >= RULE_FIELDS
    assert (row["destinationBucket"], row["destinationRegion"], row["ruleId"]) == (other, "eu-west-1", "the-rule")
    assert (row["pendingOperations"], row["pendingBytes"], row["failedOperations"]) == (0, 0, 0)
    assert (row["completedOperations"], row["completedBytes"]) == (1, 1000)
    lag = row["lag"]
    assert 0 <= lag["p50Ms"] <= lag["p90Ms"] <= lag["p99Ms"] <= lag["maxMs"] < 60_000


def test_status_counts_what_is_pending_and_failed(federation, home, abroad, replicated):
    bucket, other = replicated
    with abroad.paused():
        for number in range(5):
            home.client().put_object(Bucket=bucket, Key=f"p{number}", Body=b"v" * 100)
        done = tern("status", "--dir", federation.directory, "--endpoint", home.endpoint, "--json", timeout=60)
        assert done.returncode == 0, done.stderr
        [row] = [
            entry
            for region in json.loads(done.stdout)["regions"]
            for entry in region["rules"]
            if entry["sourceBucket"] == bucket
        ]
        assert (row["pendingOperations"], row["pendingBytes"]) == (5, 500)
        assert row["oldestPendingMs"] >= 0
    eventually(lambda: status(federation, bucket)[1][0]["pendingOperations"] == 0, "nothing is pending", within=30)
    assert status(federation, bucket)[1][0]["completedOperations"] == 6
    abroad.client().put_bucket_versioning(Bucket=other, VersioningConfiguration={"Status": "Suspended"})
    home.client().put_object(Bucket=bucket, Key="f", Body=b"")
    wait_for_status(home.client(), bucket, "f", expected="FAILED")
    assert status(federation, bucket)[1][0]["failedOperations"] == 1


def test_status_for_people(federation, replicated):
    done = tern("status", "--dir", federation.directory)
    assert done.returncode == 0, done.stderr
    for word in ("us-east-1", "eu-west-1", replicated[0], replicated[1]):
        assert word in done.stdout


def test_status_with_a_region_down(make_federation):
    federation = make_federation(accounts=(ALICE,))
    federation["eu-west-1"].kill()
    done = tern("status", "--dir", federation.directory, "--json")
    healthy = {region["name"]: region["healthy"] for region in json.loads(done.stdout)["regions"]}
    assert healthy == {"us-east-1": True, "eu-west-1": False}


# tern explain


def explain(federation, location, *flags):
    done = tern("explain", "--dir", federation.directory, "--region", "us-east-1", location, "--json", *flags)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stdout


def test_explain_says_why_and_why_not(federation, home, abroad):
    bucket, other, third = home.bucket(), abroad.bucket(), abroad.bucket()
    configure(
        home.client(), bucket, rule(other, prefix="a/", identifier="by-prefix", priority=1),
        rule(third, tags={"t": "1"}, identifier="by-tag", priority=2), rule(other, prefix="a/", identifier="off", priority=3, status="Disabled"),
    )  # fmt: skip
    version = home.client().put_object(Bucket=bucket, Key="a/k ä", Body=b"")["VersionId"]
    wait_for_status(home.client(), bucket, "a/k ä", version)
    _, text = explain(federation, f"s3://{bucket}/a/k ä")
    for word in ("by-prefix", "by-tag", "off", other, "COMPLETED"):
        assert word in text, (word, text)
    _, by_version = explain(federation, f"s3://{bucket}/a/k ä?versionId={version}")
    assert version in by_version
    home.client().put_object(Bucket=bucket, Key="b/k", Body=b"")
    _, text = explain(federation, f"s3://{bucket}/b/k")
    assert "by-prefix" in text and "COMPLETED" not in text


def test_explain_for_people_and_for_nothing(federation, replicated):
    bucket, _ = replicated
    done = tern("explain", "--dir", federation.directory, "--region", "us-east-1", f"s3://{bucket}/k ä")
    assert done.returncode == 0, done.stderr
    assert "the-rule" in done.stdout
    for location in (f"s3://{bucket}/missing", "s3://no-such-bucket-12345/k", "rubbish", f"s3://{bucket}"):
        done = tern("explain", "--dir", federation.directory, "--region", "us-east-1", location)
        assert done.returncode != 0, location
        assert done.stderr.strip()


# A full disk


@pytest.fixture
def small_disk(scratch):
    """A region whose directory is a small file system, and that file system's path as seen from here.

    512 MiB, of which a ballast takes 200: tern keeps a reserve of 256 MiB by default, so that 56 MiB are left to write.
    """
    directory = scratch / "small"
    directory.mkdir()
    federation = Federation(directory, names=("us-east-1",), accounts=(ALICE,))
    federation.directory = scratch / "around"
    federation.directory.mkdir()
    [port] = free_ports(1)
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    script = f"mount -t tmpfs -o size=512m none '{directory}' && head -c 200M /dev/zero > '{directory}/ballast' && exec \"$@\""
    process = federation.spawn(
        "small", ["dev", str(directory / "data"), "--region", f"us-east-1:{port}", "--account", ALICE.flag],
        prefix=[*namespace, "sh", "-c", script, "sh"],
    )  # fmt: skip
    federation.wait_for_ready(process, "dev")
    region = Region(federation, "us-east-1", port)
    region.pid = process.pid
    yield region, pathlib.Path(f"/proc/{process.pid}/root{directory}"), federation
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=20)


def fill(path):
    """Takes every byte that is left on a file system."""
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(MIB)):
            pass


def test_a_full_disk_stops_writes_clearly_and_not_reads(small_disk):
    region, disk, federation = small_disk
    bucket, client = region.bucket(), region.client()
    bodies = {f"small{number}": pattern(20_000, number) for number in range(20)}
    for key, body in bodies.items():
        client.put_object(Bucket=bucket, Key=key, Body=body)

    def refuses(body):
        """The failure of one write; reads and the process are well."""
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            client.put_object(Bucket=bucket, Key="refused", Body=body)
        assert Failure(caught.value).status in (500, 503, 507), caught.value.response
        assert Failure(caught.value).code and Failure(caught.value).message
        for key, body in bodies.items():
            assert body_of(client.get_object(Bucket=bucket, Key=key)) == body
        assert region.is_running()
        assert requests.get(region.endpoint + "/_tern/v1/health", timeout=5).status_code in (200, 503)

    # Large bodies are refused first: the reserve is for metadata.
    for number in range(200):
        try:
            client.put_object(Bucket=bucket, Key=f"large{number}", Body=pattern(MIB, number))
        except botocore.exceptions.ClientError as error:
            assert number > 10, error
            break
        bodies[f"large{number}"] = pattern(MIB, number)
    else:
        pytest.fail("the reserve was not kept")
    refuses(b"x" * 16 * MIB)
    # Somebody else takes the rest, so that the device itself has no byte left.
    fill(disk / "others")
    # The write-ahead log has space of its own for a while.
    for number in range(10_000):
        try:
            client.put_object(Bucket=bucket, Key="last", Body=pattern(30_000, number))
        except botocore.exceptions.ClientError:
            break
    refuses(b"x" * 30_000)
    refuses(b"x" * MIB)
    logs = federation.logs().lower()
    assert "space" in logs or "disk" in logs or "full" in logs, "the log does not say why"
    # Space comes back: so do writes, without a restart.
    (disk / "others").unlink()
    (disk / "ballast").unlink()
    for size in (30_000, MIB):

        def writes_again(size=size):
            client.put_object(Bucket=bucket, Key="after", Body=b"x" * size)
            return True

        eventually(writes_again, "writes work again", within=30, every=0.5, swallow=(botocore.exceptions.ClientError,))
        assert body_of(client.get_object(Bucket=bucket, Key="after")) == b"x" * size
    for key, body in bodies.items():
        assert body_of(client.get_object(Bucket=bucket, Key=key)) == body


# Damage


def blobs(region):
    """The files of the bodies."""
    return set(region.data_directory.glob("blobs/*/*/*"))


def new_blob(region, before):
    """The one file that was written since then. What is in it is encrypted."""
    [path] = blobs(region) - before
    return path


def flip(path, place):
    with open(path, "r+b") as file:
        file.seek(place)
        octet = file.read(1)[0]
        file.seek(place)
        file.write(bytes([octet ^ 4]))


def read_or_fail(client, **parameters):
    """The body, or None where the server refused or broke off."""
    with contextlib.suppress(
        botocore.exceptions.ClientError, botocore.exceptions.IncompleteReadError, botocore.exceptions.ResponseStreamingError,
        botocore.exceptions.ConnectionClosedError,
    ):  # fmt: skip
        return body_of(client.get_object(**parameters))
    return None


@pytest.mark.parametrize("offset", [0, 70_000, 999_999])
def test_a_flipped_bit_is_an_error_and_never_wrong_bytes(make_federation, offset):
    federation = make_federation(names=("us-east-1",), accounts=(ALICE,))
    [region] = federation.regions
    bucket, client = region.bucket(), region.client()
    body = pattern(MIB, 42)
    before = blobs(region)
    client.put_object(Bucket=bucket, Key="damaged", Body=body)
    path = new_blob(region, before)
    client.put_object(Bucket=bucket, Key="sound", Body=pattern(MIB, 43))
    flip(path, offset)
    logged = len(federation.logs())
    for _ in range(2):
        got = read_or_fail(client, Bucket=bucket, Key="damaged")
        assert got is None, "damaged bytes were served" if got != body else "the damage was not noticed"
    eventually(
        lambda: re.search("damag|corrupt|checksum", federation.logs()[logged:], re.IGNORECASE),
        "the log names the damage",
    )
    assert body_of(client.get_object(Bucket=bucket, Key="sound")) == pattern(MIB, 43)
    # A range that does not touch the damaged block can still be read.
    far = 0 if offset > 500_000 else 900_000
    got = client.get_object(Bucket=bucket, Key="damaged", Range=f"bytes={far}-{far + 99}")
    assert body_of(got) == body[far : far + 100]
    assert region.is_healthy()


def test_a_damaged_source_is_not_replicated(make_federation):
    federation = make_federation(accounts=(ALICE,))
    home, abroad = federation.regions
    client, bucket, other = home.client(), home.bucket(), abroad.bucket()
    configure(client, bucket, rule(other))
    abroad.kill()
    body = pattern(MIB, 42)
    before = blobs(home)
    version = client.put_object(Bucket=bucket, Key="damaged", Body=body)["VersionId"]
    path = new_blob(home, before)
    sound = client.put_object(Bucket=bucket, Key="sound", Body=b"x" * 100_000)["VersionId"]
    flip(path, 500_000)
    abroad.start()
    wait_for_status(client, bucket, "sound", sound)
    always(lambda: read_or_fail(abroad.client(), Bucket=other, Key="damaged") is None, "no damaged replica", during=1)
    assert status_of(client, bucket, "damaged", version) in ("PENDING", "FAILED")


def test_a_body_file_that_is_gone(make_federation):
    federation = make_federation(names=("us-east-1",), accounts=(ALICE,))
    [region] = federation.regions
    bucket, client = region.bucket(), region.client()
    body = pattern(MIB, 42)
    before = blobs(region)
    client.put_object(Bucket=bucket, Key="k", Body=body)
    new_blob(region, before).unlink()
    region.kill()
    region.start()
    assert read_or_fail(client, Bucket=bucket, Key="k") is None
    assert region.is_healthy()


# Logs


def test_logs_have_no_secrets(federation, home, raw):
    raw.request("GET", "/")
    text = federation.logs()
    for account in (ALICE, BOB):
        assert account.secret_key not in text
        assert encode(account.secret_key) not in text


def test_two_starts_of_one_region_at_the_same_time(make_federation):
    """Of two processes that are started at once one serves, the other ends."""
    federation = make_federation(names=("us-east-1",), accounts=(ALICE,))
    [region] = federation.regions
    region.kill()
    results = []

    def start():
        process = federation.spawn("race", ["serve", "--config", str(region.config_path)])
        results.append(process)

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        eventually(region.is_healthy, "one serves")
        eventually(lambda: [process.poll() for process in results].count(None) == 1, "the other ends")
    finally:
        for process in results:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=20)
    region.pid = None
