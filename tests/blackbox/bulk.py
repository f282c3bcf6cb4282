"""Very many small writes, fast: signs and sends by hand what would take boto3 an hour.

Several processes, each with several connections, each connection one request at a time: so that the server commits many
writes together.
"""

import datetime
import hashlib
import hmac
import multiprocessing
import socket
from concurrent.futures import ProcessPoolExecutor
from urllib.parse import quote

from federation import ALICE

PROCESSES = 2


class Signer:
    """Signature version 4 for requests without query and body; the key is derived once."""

    def __init__(self, host, region, access_key, secret_key):
        self.host = host
        day = datetime.datetime.now(datetime.UTC)
        self.amz_date = day.strftime("%Y%m%dT%H%M%SZ")
        self.scope = f"{day:%Y%m%d}/{region}/s3/aws4_request"
        self.access_key = access_key
        key = ("AWS4" + secret_key).encode()
        for part in (f"{day:%Y%m%d}", region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        self.key = key

    def request(self, method, path):
        canonical = (
            f"{method}\n{path}\n\nhost:{self.host}\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n"
            f"x-amz-date:{self.amz_date}\n\nhost;x-amz-content-sha256;x-amz-date\nUNSIGNED-PAYLOAD"
        )
        text = f"AWS4-HMAC-SHA256\n{self.amz_date}\n{self.scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self.key, text.encode(), "sha256").hex()
        return (
            f"{method} {path} HTTP/1.1\r\nhost: {self.host}\r\nx-amz-content-sha256: UNSIGNED-PAYLOAD\r\n"
            f"x-amz-date: {self.amz_date}\r\ncontent-length: 0\r\n"
            f"authorization: AWS4-HMAC-SHA256 Credential={self.access_key}/{self.scope}, "
            f"SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}\r\n\r\n"
        ).encode()


def _send(port, region, credentials, bucket, requests, connections):
    """Sends (method, key) in turn over the connections of one process."""
    host = f"127.0.0.1:{port}"
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    for connection in sockets:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        for start in range(0, len(requests), connections):
            # A new signer now and then: a signature is good for 15 minutes.
            if start % (connections * 1000) == 0:
                signer = Signer(host, region, *credentials)
            turn = requests[start : start + connections]
            for connection, (method, key) in zip(sockets, turn, strict=False):
                connection.sendall(signer.request(method, f"/{bucket}/{quote(key)}"))
            for connection, (method, key) in zip(sockets, turn, strict=False):
                answer = b""
                while b"\r\n\r\n" not in answer:
                    received = connection.recv(65536)
                    assert received, f"{method} {key}: the connection was closed"
                    answer += received
                # Neither answer has a body, so that what came is the whole answer.
                assert answer.split(b" ", 2)[1] in (b"200", b"204"), answer
    finally:
        for connection in sockets:
            connection.close()


def write_all(region, bucket, requests, connections=24, account=ALICE):
    """Performs (method, key) pairs in no particular order."""
    credentials = (account.access_key, account.secret_key)
    half = -(-len(requests) // PROCESSES)
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        futures = [
            pool.submit(_send, region.port, region.name, credentials, bucket, requests[start : start + half],
                connections)
            for start in range(0, len(requests), half)
        ]
        for future in futures:
            future.result()
