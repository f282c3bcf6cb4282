"""What request smuggling, slow and greedy clients meet (docs/security.md, HTTP)."""

import contextlib
import re
import socket
import time

import pytest
from s3 import MIB, body_of, pattern
from signing import Connection
from waiting import always, eventually

INNER = b"GET /_tern/v1/health HTTP/1.1\r\nHost: h\r\n\r\n"


def converse(port, data, *, ends=True, timeout=15):
    """Sends bytes, and reads until the server closes."""
    received = b""
    with Connection("127.0.0.1", port, timeout) as connection:
        with contextlib.suppress(OSError):
            connection.send(data)
            if ends:
                connection.socket.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            while block := connection.socket.recv(65536):
                received += block
    return received


def statuses(received):
    """Those of all answers; one may stand right behind the body of another."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", received)]


PUT = b"PUT /b/k HTTP/1.1\r\nHost: h\r\n"
LENGTH = str(len(INNER)).encode()

# Each is followed by a request that a front end could have taken for a part of the first: it must not be answered.
AMBIGUOUS = {
    "two lengths": PUT + b"Content-Length: 0\r\nContent-Length: " + LENGTH + b"\r\n\r\n" + INNER,
    "two lengths, longer first": PUT + b"Content-Length: " + LENGTH + b"\r\nContent-Length: 0\r\n\r\n" + INNER,
    "a list of lengths": PUT + b"Content-Length: 0, " + LENGTH + b"\r\n\r\n" + INNER,
    "a length with a sign": PUT + b"Content-Length: +0\r\n\r\n" + INNER,
    "a length in hexadecimal": PUT + b"Content-Length: 0x0\r\n\r\n" + INNER,
    "a length with a blank inside": PUT + b"Content-Length: 0 0\r\n\r\n" + INNER,
    "TE and CL": PUT + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + INNER,
    "CL and TE": PUT + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
    "TE twice": PUT + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + INNER,
    "TE of another coding": PUT + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + INNER,
    "TE in a list": PUT + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + INNER,
    "TE with a vertical tab": PUT + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + INNER,
    "TE with a blank before the colon": PUT + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + INNER,
    "TE of HTTP/1.0": b"PUT /b/k HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
    "a folded line": PUT + b"X: a\r\n Content-Length: 5\r\n\r\n" + INNER,
    "a folded TE": PUT + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + INNER,
    "bare line feeds": b"PUT /b/k HTTP/1.1\nHost: h\nContent-Length: 0\n\n" + INNER,
    "one bare line feed": PUT + b"X: a\nContent-Length: 5\r\n\r\n" + INNER,
    "a bare carriage return": PUT + b"X: a\rContent-Length: 5\r\n\r\n" + INNER,
    "NUL": PUT + b"X: a\x00b\r\n\r\n" + INNER,
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + INNER,
    "no host": b"GET / HTTP/1.1\r\n\r\n" + INNER,
    "a blank before the first field": b"GET / HTTP/1.1\r\n Host: h\r\n\r\n" + INNER,
    "a chunk size with a sign": PUT + b"Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n" + INNER,
    "a chunk size with 0x": PUT + b"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" + INNER,
    "a chunk size beyond 64 bits": PUT + b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n" + INNER,
    "a chunk line that ends in LF": PUT + b"Transfer-Encoding: chunked\r\n\r\n0\n\n" + INNER,
    "a chunk without its line end": PUT + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab0\r\n\r\n" + INNER,
    "LF in a chunk extension": PUT + b"Transfer-Encoding: chunked\r\n\r\n0;a\nb\r\n\r\n" + INNER,
    "a long chunk extension": PUT + b"Transfer-Encoding: chunked\r\n\r\n0;" + b"a" * 20_000 + b"\r\n\r\n" + INNER,
}  # fmt: skip


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_what_could_smuggle_a_request_ends_the_connection(home, name):
    received = converse(home.port, AMBIGUOUS[name], ends=False)
    found = statuses(received)
    assert len(found) == 1, received[:2000]
    # Where only the body is at fault, the answer may be one to the head.
    assert found[0] in (400, 403, 404, 501, 505), received[:500]
    assert b'"healthy":true' not in received
    assert b"connection: close" in received.lower()


# Bodies that hold a request, of requests that are refused without a look at their bodies.
UNREAD = {
    "a length": (b"Content-Length: " + LENGTH + b"\r\n\r\n" + INNER, True),
    "chunks": (b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(INNER) + INNER + b"\r\n0\r\n\r\n", True),
    # Whether the client still sends the body when it sees the refusal, only the client knows.
    "a length, not waited for": (b"Expect: 100-continue\r\nContent-Length: " + LENGTH + b"\r\n\r\n" + INNER, False),
    "chunks, not waited for": (b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n" + INNER, False),
    "no body, not waited for": (b"Expect: 100-continue\r\nContent-Length: 0\r\n\r\n", False),
    "more than is worth reading": (b"Content-Length: 100000000\r\n\r\n" + INNER * 1000, False),
}


@pytest.mark.parametrize("name", UNREAD)
def test_a_body_that_nobody_read_is_never_a_request(home, name):
    """What follows it is answered only where it is certain where the body ends."""
    body, is_certain = UNREAD[name]
    received = converse(home.port, PUT + body + INNER)
    assert statuses(received) == ([404, 200] if is_certain else [404]), received[:2000]
    assert (b"connection: close" in received.lower()) != is_certain
    assert received.count(b'"healthy":true') == (1 if is_certain else 0)


@pytest.mark.parametrize(
    "target", [b"http://h/_tern/v1/health", b"HTTP://other:1/_tern/v1/health", b"/_tern/v1/health"]
)
def test_targets_in_the_form_of_proxies(home, target):
    assert statuses(converse(home.port, b"GET " + target + b" HTTP/1.1\r\nHost: h\r\n\r\n" + INNER)) == [200, 200]


@pytest.mark.parametrize(
    "line",
    [
        b"CONNECT h:1 HTTP/1.1", b"GET h/x HTTP/1.1", b"GET  HTTP/1.1", b"GET ftp://h/ HTTP/1.1", b"GET http:///x HTTP/1.1",
        b"GET * HTTP/1.1", b"GET /a b HTTP/1.1", b"G(T / HTTP/1.1", b" GET / HTTP/1.1", b"GET / HTTP/1.1 ", b"GET / http/1.1",
        b"GET /\x00 HTTP/1.1", b"GET /\xff HTTP/1.1", b"PRI * HTTP/2.0", b"GET /", b"A" * 33 + b" / HTTP/1.1",
    ],
)  # fmt: skip
def test_request_lines_that_are_none(home, line):
    received = converse(home.port, line + b"\r\nHost: h\r\n\r\n" + INNER, ends=False)
    assert statuses(received) in ([400], [505]), received[:500]
    assert b"connection: close" in received.lower()


def test_a_client_that_sends_its_end_still_reads(home, raw, s3, bucket):
    """Half-closed behind a request: the answer comes whole. In the middle of one: nothing is made of the half."""
    body = pattern(3 * MIB)
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    headers, signature = raw.prepare("GET", f"/{bucket}/k")
    headers["authorization"] = signature.header
    head = f"GET /{bucket}/k HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    received = converse(home.port, head.encode())
    assert received.partition(b"\r\n\r\n")[2] == body
    headers, signature = raw.prepare("PUT", f"/{bucket}/half", body=body)
    headers["authorization"] = signature.header
    head = f"PUT /{bucket}/half HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers.items()) + "\r\n"
    for sent in (head[:50].encode(), head.encode(), head.encode() + body[:-1]):
        assert 200 not in statuses(converse(home.port, sent))
    with pytest.raises(s3.exceptions.ClientError):
        s3.head_object(Bucket=bucket, Key="half")


def test_a_client_that_reads_no_answers_is_not_answered_for_ever(home, raw, s3, bucket):
    """Requests that were sent at once wait until their turn has room; their answers do not pile up."""
    s3.put_object(Bucket=bucket, Key="k", Body=pattern(200_000))
    headers, signature = raw.prepare("GET", f"/{bucket}/k")
    headers["authorization"] = signature.header
    head = f"GET /{bucket}/k HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    home.reset_peak()
    before = home.resident_mib()
    with contextlib.ExitStack() as stack:
        for _ in range(10):
            connection = stack.enter_context(Connection("127.0.0.1", home.port, 10))
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.socket.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                for _ in range(1000):
                    connection.socket.send(head.encode())
        always(lambda: home.peak_resident_mib() - before < 60 and home.is_healthy(), "bounded memory", during=1)
    assert home.is_healthy()


def test_pipelined_requests_are_answered_in_order(home, raw, s3, bucket):
    bodies = {f"k{number}": pattern(size, number) for number, size in enumerate((0, 10, 100_000, 3, 40_000))}
    data = b""
    for key, body in bodies.items():
        headers, signature = raw.prepare("PUT", f"/{bucket}/{key}", body=body)
        headers["authorization"] = signature.header
        if key == "k4":
            headers["connection"] = "close"
        data += f"PUT /{bucket}/{key} HTTP/1.1\r\n".encode()
        data += "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n" + body
    received = converse(home.port, data, ends=False)
    assert statuses(received) == [200] * len(bodies), received[:500]
    for key, body in bodies.items():
        assert body_of(s3.get_object(Bucket=bucket, Key=key)) == body
    etags = re.findall(rb"(?im)^etag: (\S+)", received)
    assert etags == [s3.head_object(Bucket=bucket, Key=key)["ETag"].encode() for key in bodies]


def test_chunk_extensions_and_trailers_change_nothing(home, raw, s3, bucket):
    headers, signature = raw.prepare(
        "PUT", f"/{bucket}/k", payload_hash="UNSIGNED-PAYLOAD", content_length=False, headers={"transfer-encoding": "chunked"}
    )  # fmt: skip
    headers["authorization"] = signature.header
    head = f"PUT /{bucket}/k HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    body = b'5;name="a;b"\r\nhello\r\n00006 ; x\r\n world\r\n0;last\r\nContent-Length: 9\r\nx-amz-meta-a: b\r\n\r\n'
    assert statuses(converse(home.port, head.encode() + body + INNER)) in ([200, 200], [411, 200], [411])
    with contextlib.suppress(s3.exceptions.ClientError):
        assert body_of(s3.get_object(Bucket=bucket, Key="k")) == b"hello world"
        assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {}


def test_very_many_header_fields_are_bounded(home):
    """The section's size bounds their number; as many as fit are read, and quickly."""
    few = b"".join(b"a%d: b\r\n" % number for number in range(1000))
    assert statuses(converse(home.port, INNER[:-2] + few + b"\r\n")) == [200]
    many = b"".join(b"a%d: b\r\n" % number for number in range(100_000))
    received = converse(home.port, INNER[:-2] + many + b"\r\n")
    assert statuses(received) in ([400], [])  # the answer may be lost to a reset while the rest is still being sent
    if received:
        assert b"RequestHeaderSectionTooLarge" in received


@pytest.fixture
def strict_limits(make_federation):
    """A region with small limits, and nothing else."""
    federation = make_federation(names=("us-east-1",))
    region = federation.regions[0]
    federation.stop()
    text = region.config_path.read_text()
    for name, value in (
        ("connections", 20),
        ("header_timeout_seconds", 1),
        ("idle_timeout_seconds", 2),
        ("body_timeout_seconds", 1),
    ):
        text, count = re.subn(rf"^  {name}: \d+$", f"  {name}: {value}", text, flags=re.MULTILINE)
        assert count == 1, name
    region.config_path.write_text(text)
    region.pid = None
    region.start()
    return region


def test_slow_heads_and_bodies_are_ended(strict_limits):
    """A head that trickles in for ever, an idle connection and a silent body each end after their time."""
    region = strict_limits
    start = time.monotonic()
    with Connection("127.0.0.1", region.port, 20) as trickling:
        received = b""
        trickling.socket.settimeout(0.1)
        with contextlib.suppress(OSError):
            for octet in b"GET / HTTP/1.1\r\nX: " + b"a" * 10_000:
                trickling.socket.sendall(bytes([octet]))
                try:
                    block = trickling.socket.recv(65536)
                except TimeoutError:
                    continue
                received += block
                if not block:
                    break
    assert statuses(received) == [400] and b"RequestTimeout" in received
    assert converse(region.port, b"", ends=False) == b""
    raw = region.raw()
    bucket = region.bucket()
    headers, signature = raw.prepare("PUT", f"/{bucket}/k", body=b"0123456789")
    headers["authorization"] = signature.header
    head = f"PUT /{bucket}/k HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    received = converse(region.port, head.encode() + b"01234", ends=False)
    assert statuses(received)[-1] == 400 and b"RequestTimeout" in received
    assert time.monotonic() - start < 60


def test_connections_beyond_the_limit_are_told(strict_limits):
    region = strict_limits
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(Connection("127.0.0.1", region.port, 10)) for _ in range(20)]
        for connection in held:
            connection.send(INNER)
            assert connection.receive("GET").status == 200
        received = converse(region.port, b"", ends=False)
        assert statuses(received) == [503] and b"SlowDown" in received
    eventually(region.is_healthy, "room again once the others are gone")


def test_a_flood_of_small_chunks_is_not_kept_in_memory(home, raw, bucket):
    """64 MiB in chunks of one byte would be 400 MiB of framing."""
    headers, signature = raw.prepare(
        "PUT", f"/{bucket}/k", payload_hash="UNSIGNED-PAYLOAD", content_length=False, headers={"transfer-encoding": "chunked"}
    )  # fmt: skip
    headers["authorization"] = signature.header
    head = f"PUT /{bucket}/k HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    home.reset_peak()
    before = home.resident_mib()
    received = converse(home.port, head.encode() + b"1\r\na\r\n" * (2 * MIB) + b"0\r\n\r\n", timeout=120)
    assert statuses(received)[-1:] in ([200], [411], [])
    assert home.peak_resident_mib() - before < 64
