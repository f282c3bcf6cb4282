"""Mutated requests against a running region: whatever comes, it answers as S3 does, and lives (tests/fuzz).

TERN_FUZZ_SECONDS is how long it goes on, TERN_FUZZ_SEED where it begins; TERN_FUZZ_CASE runs one case alone.
"""

import os
import pathlib
import random
import re
import socket
import sys
import threading
import time

import pytest
from s3 import body_of
from signing import parse_error

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fuzz"))

from cases import Cases  # noqa: E402

SECONDS = float(os.environ.get("TERN_FUZZ_SECONDS", "20"))
SEED = int(os.environ.get("TERN_FUZZ_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
THREADS = 6
# Longer than every body that a case sends takes; shorter than the server's own timeouts.
ANSWER_SECONDS = 15
MEMORY_MIB = 200


def exchange(port, data):
    """Sends everything, says that nothing more comes, and reads until the server closes."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # It has answered and closed already.
        try:
            while block := connection.recv(65536):
                received += block
        except ConnectionResetError:
            pass
    return received


def check(received):
    """Every answer is HTTP, and an error is S3's document."""
    while received:
        head, separator, rest = received.partition(b"\r\n\r\n")
        assert separator, f"half a head: {received[:300]!r}"
        lines = head.split(b"\r\n")
        match = re.fullmatch(rb"HTTP/1\.[01] (\d{3}) [ -~]*", lines[0])
        assert match, f"no status line: {lines[0][:300]!r}"
        status = int(match[1])
        headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            assert colon and re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name), f"no header: {line[:300]!r}"
            headers[name.lower()] = value.strip()
        if status == 100:
            received = rest
            continue
        assert status < 500 or status in (501, 503, 505), f"{lines[0]!r} {rest[:500]!r}"
        if headers.get(b"transfer-encoding") == b"chunked":
            body, received = dechunk(rest)
        else:
            length = 0 if status in (204, 304) else int(headers.get(b"content-length", 0))
            assert len(rest) >= length, f"half a body: {received[:600]!r}"
            body, received = rest[:length], rest[length:]
        if status >= 400 and body and headers.get(b"content-type") == b"application/xml":
            error = parse_error(body)
            assert error["Code"] != "InternalError", error
            if status == 503:
                assert error["Code"] in ("SlowDown", "ServiceUnavailable"), error
        elif status >= 400 and body:
            # The pages between regions answer in a form of their own.
            assert headers.get(b"content-type", b"").startswith((b"application/json", b"text/plain")), (
                head,
                body[:300],
            )


def dechunk(rest):
    body = b""
    while True:
        line, _, rest = rest.partition(b"\r\n")
        size = int(line, 16)
        if size == 0:
            return body, rest.partition(b"\r\n")[2]
        body, rest = body + rest[:size], rest[size + 2 :]


@pytest.fixture
def cases(raw, s3, plain_bucket):
    s3.put_object(Bucket=plain_bucket, Key="k", Body=b"hello")
    upload = s3.create_multipart_upload(Bucket=plain_bucket, Key="k")["UploadId"]
    return Cases(raw, plain_bucket, upload)


def test_mutated_requests(home, s3, plain_bucket, cases):
    print(f"TERN_FUZZ_SEED={SEED}")
    only = os.environ.get("TERN_FUZZ_CASE")
    numbers = iter([int(only)]) if only else iter(range(1 << 62))
    lock, failures, counts, pid = threading.Lock(), [], {}, home.pid
    deadline = time.monotonic() + SECONDS

    def work():
        while time.monotonic() < deadline and not failures:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            kind, data = cases.make(SEED, number)
            try:
                check(exchange(home.port, data))
            except Exception as error:  # told with its number, whatever it is
                failures.append((number, kind, data[:2000], error))
            with lock:
                counts[kind] = counts.get(kind, 0) + 1

    home.reset_peak()
    before = home.resident_mib()
    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS + 4 * ANSWER_SECONDS)
    assert not any(thread.is_alive() for thread in threads), f"a connection hangs; TERN_FUZZ_SEED={SEED}"
    for number, kind, data, error in failures:
        print(f"TERN_FUZZ_SEED={SEED} TERN_FUZZ_CASE={number}: {kind} {data!r}: {error!r}")
    assert not failures, f"TERN_FUZZ_SEED={SEED} TERN_FUZZ_CASE={failures[0][0]}: {failures[0][3]!r}"
    assert home.is_running() and home.pid == pid
    assert home.peak_resident_mib() - before < MEMORY_MIB
    print(counts)
    if not only and SECONDS >= 5:
        assert len(counts) == len(cases.kinds), counts
    # What a good client does is done as before.
    s3.put_object(Bucket=plain_bucket, Key="afterwards", Body=b"good")
    assert body_of(s3.get_object(Bucket=plain_bucket, Key="afterwards")) == b"good"


def test_the_corpus_as_it_is(home, cases):
    for kind in ("heads", "xml", "chunks", "forms", "queries"):
        for text in cases.corpus[kind]:
            if kind == "heads":
                check(exchange(home.port, cases._filled(text)))


def test_a_case_is_the_same_again(cases):
    """But for dates and signatures, which are of the moment."""
    for number in range(50):
        kind, data = cases.make(1, number)
        again, more = cases.make(1, number)
        assert kind == again
        if kind == "head":
            assert data == more
