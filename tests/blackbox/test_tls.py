"""HTTPS: clients, federation, certificates that change (docs/operations.md)."""

import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys

import botocore.exceptions
import pytest
import requests
from federation import ALICE, Federation, tern_binary
from replication import configure, rule, wait_for_replica, wait_for_status
from s3 import MIB, body_of, keys_of, pattern, upload_multipart
from test_clients import Tool
from tls import Authority, make_secure
from waiting import always, eventually


@pytest.fixture(scope="module")
def secure(workspace):
    """Two regions behind certificates of one authority."""
    federation = Federation(workspace / "secure").start()
    try:
        yield make_secure(federation)
    finally:
        federation.stop()


@pytest.fixture
def region(secure):
    """The home region, with a good certificate of its own."""
    region = secure["us-east-1"]
    if not region.is_running():
        region.start()
    return region


@pytest.fixture
def client(region):
    return region.secure_client()


@pytest.fixture
def secure_bucket(region):
    return region.bucket()


def test_boto3_streams_with_a_trailer(client, secure_bucket):
    """SIG-40: over HTTPS boto3 sends chunks of its own inside HTTP's, unsigned, with the checksum behind them."""
    sent = []
    client.meta.events.register("before-send.s3.PutObject", lambda request, **_: sent.append(dict(request.headers)))
    for size in (0, 1, 8191, 8192, 65536, MIB, MIB + 1, 5 * MIB + 7):
        body = pattern(size, size)
        answer = client.put_object(Bucket=secure_bucket, Key=f"k{size}", Body=body)
        assert answer["ChecksumCRC32"]
        got = client.get_object(Bucket=secure_bucket, Key=f"k{size}", ChecksumMode="ENABLED")
        assert body_of(got) == body
        assert got["ChecksumCRC32"] == answer["ChecksumCRC32"]
        assert "ContentEncoding" not in got
    headers = {name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in sent[-1].items()}
    assert headers["x-amz-content-sha256"] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    assert headers["transfer-encoding"] == "chunked"
    assert "content-length" not in headers


def test_boto3_parts_lists_and_deletes(client, secure_bucket):
    parts = [pattern(5 * MIB, 1), pattern(3, 2)]
    done = upload_multipart(client, secure_bucket, "odd ü+%//", parts)
    assert done["Location"].startswith("https://")
    assert body_of(client.get_object(Bucket=secure_bucket, Key="odd ü+%//")) == b"".join(parts)
    assert keys_of(client.list_objects_v2(Bucket=secure_bucket)) == ["odd ü+%//"]
    client.delete_objects(Bucket=secure_bucket, Delete={"Objects": [{"Key": "odd ü+%//"}]})
    assert keys_of(client.list_objects_v2(Bucket=secure_bucket)) == []
    url = client.generate_presigned_url("put_object", Params={"Bucket": secure_bucket, "Key": "signed"})
    assert url.startswith("https://")
    assert (
        requests.put(url, data=b"x" * MIB, timeout=30, verify=client._endpoint.http_session._verify).status_code == 200
    )


def test_aws_cli(region, secure, client, secure_bucket, scratch):
    environment = {**secure.environment, "LC_ALL": "C.UTF-8", "AWS_CA_BUNDLE": region.authority}
    aws = Tool(
        [sys.executable, "-m", "awscli", "--profile", region.name, "--endpoint-url", region.endpoint], environment
    )
    (scratch / "large").write_bytes(pattern(20 * MIB + 1))
    (scratch / "empty").write_bytes(b"")
    aws("s3", "sync", scratch, f"s3://{secure_bucket}/p ü/", "--no-progress")
    assert body_of(client.get_object(Bucket=secure_bucket, Key="p ü/large")) == pattern(20 * MIB + 1)
    aws("s3", "cp", f"s3://{secure_bucket}/p ü/large", scratch / "back", "--no-progress")
    assert (scratch / "back").read_bytes() == pattern(20 * MIB + 1)
    aws("s3", "rm", f"s3://{secure_bucket}/", "--recursive")
    assert keys_of(client.list_objects_v2(Bucket=secure_bucket)) == []


def test_regions_replicate_over_https(secure, client, secure_bucket):
    """Each follows the other's certificate by `federation.ca_file`."""
    abroad = secure["eu-west-1"]
    eventually(lambda: abroad.is_running(), "eu-west-1 runs")
    replica_bucket = abroad.bucket()
    configure(client, secure_bucket, rule(replica_bucket))
    client.put_object(Bucket=secure_bucket, Key="small", Body=b"hello")
    client.put_object(Bucket=secure_bucket, Key="large", Body=pattern(9 * MIB))
    for key, body in (("small", b"hello"), ("large", pattern(9 * MIB))):
        wait_for_replica(abroad.secure_client(), replica_bucket, key)
        assert body_of(abroad.secure_client().get_object(Bucket=replica_bucket, Key=key)) == body
        wait_for_status(client, secure_bucket, key)


def test_requests_for_other_regions_are_handed_on_over_https(secure, client):
    abroad = secure["eu-west-1"]
    foreign = abroad.bucket()
    body = pattern(3 * MIB + 1)

    def known():
        return client.head_bucket(Bucket=foreign)["BucketRegion"] == abroad.name

    eventually(known, "the home region knows the bucket", swallow=botocore.exceptions.ClientError)
    client.put_object(Bucket=foreign, Key="k", Body=body)
    assert body_of(client.get_object(Bucket=foreign, Key="k")) == body


def test_operators_ask_over_https(secure, region):
    status = subprocess.run(
        [tern_binary(), "status", "--config", str(region.config_path), "--json"], capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip
    assert status.returncode == 0, status.stderr
    assert "us-east-1" in json.dumps(json.loads(status.stdout))
    assert "does not answer" not in status.stderr


# The protocol


@pytest.mark.parametrize("version", (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3), ids=("1.2", "1.3"))
def test_both_versions_are_spoken(region, version):
    with region.handshake(minimum_version=version, maximum_version=version) as connection:
        assert connection.version() == version.name.replace("_", ".")


def test_older_versions_are_refused(region):
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{region.port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "Cipher is (NONE)" in done.stdout + done.stderr


def test_http_1_1_is_chosen(region):
    context = region.context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    plain = socket.create_connection(("127.0.0.1", region.port), timeout=10)
    with context.wrap_socket(plain, server_hostname="localhost") as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"


def test_plain_http_is_not_answered(region):
    """Bytes that are no handshake end the connection; nothing of them is taken for a request."""
    with socket.create_connection(("127.0.0.1", region.port), timeout=10) as plain:
        plain.sendall(b"GET /_tern/v1/health HTTP/1.1\r\nHost: h\r\n\r\n")
        received = b""
        while block := _receive(plain):
            received += block
    assert b"HTTP/1.1" not in received
    assert region.is_healthy()


def _receive(plain):
    try:
        return plain.recv(4096)
    except ConnectionResetError:
        return b""


def test_connections_are_kept_and_end_properly(region):
    """Several requests on one connection; the last answer is followed by TLS's own end, so that nothing can be cut."""
    with region.handshake() as connection:
        connection.suppress_ragged_eofs = False
        for close in (False, False, True):
            head = "GET /_tern/v1/health HTTP/1.1\r\nHost: localhost\r\n"
            connection.sendall((head + ("Connection: close\r\n" if close else "") + "\r\n").encode())
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert answer.status == 200 and json.loads(answer.read())["healthy"]
        assert connection.recv(1) == b""


def test_a_client_that_vanishes_in_the_handshake_leaves_nothing_behind(region):
    for length in (0, 1, 5, 100):
        with socket.create_connection(("127.0.0.1", region.port), timeout=10) as plain:
            plain.sendall((b"\x16\x03\x01\x02\x00" + b"\x01" + b"\x00" * 200)[:length])
    assert region.is_healthy()


@pytest.fixture(scope="module")
def small_federation(workspace):
    """One region that takes three connections, has little patience with idle ones, and lets requests finish for long when it stops."""
    federation = Federation(workspace / "small", names=("us-east-1",)).start()
    try:
        region = make_secure(federation).regions[0]
        region.terminate()
        text = region.config_path.read_text()
        text = re.sub(r"^  connections: \d+$", "  connections: 3", text, flags=re.MULTILINE)
        text = re.sub(r"^  idle_timeout_seconds: \d+$", "  idle_timeout_seconds: 4", text, flags=re.MULTILINE)
        text = re.sub(r"^  shutdown_grace_seconds: \d+$", "  shutdown_grace_seconds: 25", text, flags=re.MULTILINE)
        region.config_path.write_text(text)
        yield federation
    finally:
        federation.stop()


@pytest.fixture
def small(small_federation):
    region = small_federation.regions[0]
    if not region.is_running():
        region.start()
    return region


def test_connections_beyond_the_limit_are_closed_before_their_handshake(small):
    """They hold nothing until a timeout: the limit is one on what a flood of connections can take."""
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            connection = stack.enter_context(eventually(small.handshake, "a connection is free", swallow=OSError))
            connection.sendall(b"GET /_tern/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
        with socket.create_connection(("127.0.0.1", small.port), timeout=10) as excess:
            assert _receive(excess) == b""
    eventually(small.is_healthy, "room again once the others are gone")


@pytest.mark.parametrize("hello", (b"", b"\x16\x03\x01\x02\x00\x01"), ids=("nothing", "a part"))
def test_a_handshake_that_does_not_go_on_is_ended(small, hello):
    with socket.create_connection(("127.0.0.1", small.port), timeout=20) as plain:
        plain.sendall(hello)
        assert _receive(plain) == b""
    assert small.is_healthy()


def test_a_stop_does_not_wait_for_handshakes(small):
    with socket.create_connection(("127.0.0.1", small.port), timeout=10):
        with small.handshake() as connection:
            # The region has accepted both.
            connection.sendall(b"GET /_tern/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
        small.terminate(within=15)


# Certificates that change


def test_a_new_certificate_is_taken_without_a_restart(secure, region):
    before, pid = region.serial(), region.pid
    with region.handshake() as old:
        secure.authority.issue(region.certificate, region.key, serial=before + 1)
        eventually(lambda: region.serial() == before + 1, "new connections are shown the new certificate")
        # A connection that was open goes on.
        old.sendall(b"GET /_tern/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert old.recv(100).startswith(b"HTTP/1.1 200")
    assert region.pid == pid and region.is_running()
    # Another kind of key.
    secure.authority.issue(region.certificate, region.key, serial=before + 2, kind=("rsa:2048",))
    eventually(lambda: region.serial() == before + 2, "an RSA certificate")
    assert region.is_healthy()


@pytest.mark.parametrize("fault", ("garbage", "empty", "missing", "key of another", "encrypted key"))
def test_a_bad_certificate_keeps_the_old_one(secure, region, scratch, fault):
    serial = region.serial()
    for path in (region.certificate, region.key):
        shutil.copy(path, scratch / path.name)
    errors = _count_errors(secure)
    if fault == "garbage":
        region.certificate.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    elif fault == "empty":
        region.certificate.write_text("")
    elif fault == "missing":
        region.key.unlink()
    elif fault == "key of another":
        Authority(scratch / "other").issue(scratch / "other.crt", region.key, serial=99)
    else:
        encrypted = subprocess.run(
            ["openssl", "pkey", "-in", str(region.key), "-aes256", "-passout", "pass:x"], capture_output=True, check=True
        )  # fmt: skip
        region.key.write_bytes(encrypted.stdout)
    eventually(lambda: _count_errors(secure) > errors, "the log tells that the new one cannot be used")
    always(lambda: region.serial() == serial, "the old certificate is shown", during=0.5)
    assert region.is_healthy()
    # The good files are taken again.
    for path in (region.certificate, region.key):
        shutil.copy(scratch / path.name, path)
    secure.authority.issue(region.certificate, region.key, serial=serial + 1)
    eventually(lambda: region.serial() == serial + 1, "a good one is taken again")


def _count_errors(federation, subject="TLS certificate"):
    return len(re.findall(rf" error .*the new {subject} cannot be used; the one before stays", federation.logs()))


# Authorities that change


def _forwards(client, bucket):
    """Whether a request through one region reaches the other; certificates that are not believed are a 503."""
    try:
        client.head_bucket(Bucket=bucket)
    except botocore.exceptions.ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 503, error
        return False
    return True


def test_new_authorities_are_taken_without_a_restart(secure, region, scratch):
    """`federation.ca_file` follows its file: what it leaves out is not believed any more, for whatever a region asks."""
    abroad = secure["eu-west-1"]
    near, far = region.bucket(), abroad.bucket()
    pids = region.pid, abroad.pid
    shutil.copy(secure.authority.certificate, scratch / "good")
    client = region.secure_client(authority=str(scratch / "good"))
    eventually(lambda: client.head_bucket(Bucket=far), "known", swallow=botocore.exceptions.ClientError)
    authorities = secure.authority.certificate
    other = Authority(scratch / "other", name="another authority")
    configure(client, near, rule(far))

    def replace(source):
        shutil.copy(source, scratch / "new")
        os.replace(scratch / "new", authorities)

    errors = _count_errors(secure, "federation.ca_file")
    try:
        replace(other.certificate)
        eventually(lambda: not _forwards(client, far), "the other region's certificate is not believed")
        client.put_object(Bucket=near, Key="waits", Body=b"v")
        always(lambda: not _forwards(client, far), "it stays so", during=0.5)
        # A file that cannot be used changes nothing.
        authorities.write_text("nonsense")
        eventually(lambda: _count_errors(secure, "federation.ca_file") > errors, "the log tells of it")
        always(lambda: not _forwards(client, far), "the authority before stays", during=0.5)
        # Two authorities in one file, as while one is exchanged for the other.
        (scratch / "both").write_text(other.certificate.read_text() + (scratch / "good").read_text())
        replace(scratch / "both")
        eventually(lambda: _forwards(client, far), "it is believed again")
    finally:
        replace(scratch / "good")
    wait_for_replica(abroad.secure_client(), far, "waits")
    assert (region.pid, abroad.pid) == pids and region.is_running() and abroad.is_running()


def test_a_bad_certificate_at_the_start_is_named(region, scratch):
    text = region.config_path.read_text().replace(str(region.key), str(scratch / "none.key"))
    text = text.replace(f"127.0.0.1:{region.port}", "127.0.0.1:0")
    text = re.sub(r"^pid_file: .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^data_directory: .*$", f"data_directory: {scratch}/data", text, flags=re.MULTILINE)
    config = scratch / "bad.yaml"
    config.write_text(text)
    for arguments in (["--check"], []):
        done = subprocess.run(
            [tern_binary(), "serve", "--config", str(config), *arguments], capture_output=True, text=True, timeout=60, check=False
        )  # fmt: skip
        assert done.returncode != 0
        assert "the TLS certificate cannot be used" in done.stderr and "none.key" in done.stderr


def test_the_account_is_still_checked(region):
    answer = requests.get(f"{region.endpoint}/", timeout=10, verify=region.authority)
    assert answer.status_code == 403
    assert ALICE.secret_key not in answer.text
