"""Requests made by hand: own signing code and own HTTP client, so that nothing normalises what a test sends.

Written from the specification (SIG-1 ff.), independent of the server's code and of botocore's.
"""

import base64
import contextlib
import datetime
import hashlib
import hmac
import re
import socket
import urllib.parse
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


@dataclass(frozen=True)
class Credentials:
    access_key: str
    secret_key: str


def encode(text, safe=""):
    return urllib.parse.quote(text, safe="-._~" + safe)


def hmac_sha256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signing_key(secret, date, region, service="s3"):
    key = hmac_sha256(("AWS4" + secret).encode(), date)
    for part in (region, service, "aws4_request"):
        key = hmac_sha256(key, part)
    return key


def canonical_query(query):
    """The canonical form of a raw query string."""
    pairs = []
    for part in query.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        pairs.append(tuple(encode(urllib.parse.unquote_to_bytes(text)) for text in (name, value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def canonical_request(method, path, query, headers, signed, payload_hash):
    values = {name.lower(): re.sub(" +", " ", value.strip()) for name, value in headers.items()}
    canonical_path = encode(urllib.parse.unquote_to_bytes(path), safe="/") or "/"
    lines = [method, canonical_path, canonical_query(query)]
    lines += [f"{name}:{values.get(name, '')}" for name in signed]
    lines += ["", ";".join(signed), payload_hash]
    return "\n".join(lines)


def timestamp(moment=None):
    return (moment or datetime.datetime.now(datetime.UTC)).strftime("%Y%m%dT%H%M%SZ")


@dataclass
class Signature:
    """What a signature was made of: chunk signatures build on it."""

    amz_date: str
    scope: str
    key: bytes
    seed: str
    header: str = ""


def sign(
    credentials,
    region,
    method,
    path,
    query,
    headers,
    payload_hash,
    *,
    amz_date=None,
    service="s3",
    scope=None,
    signed=None,
    algorithm="AWS4-HMAC-SHA256",
):
    """The Authorization header of a request. `headers` must have everything that is to be signed, `host` included."""
    amz_date = amz_date or timestamp()
    scope = scope or f"{amz_date[:8]}/{region}/{service}/aws4_request"
    signed = (
        signed
        if signed is not None
        else sorted(
            name.lower() for name in headers if name.lower() not in ("connection", "expect", "transfer-encoding")
        )
    )
    request = canonical_request(method, path, query, headers, signed, payload_hash)
    text = "\n".join([algorithm, amz_date, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = signing_key(credentials.secret_key, *scope.split("/")[:3])
    seed = hmac_sha256(key, text).hex()
    header = (
        f"{algorithm} Credential={credentials.access_key}/{scope}, SignedHeaders={';'.join(signed)}, Signature={seed}"
    )
    return Signature(amz_date, scope, key, seed, header)


def presign(
    credentials,
    region,
    method,
    path,
    host,
    *,
    query="",
    headers=None,
    expires=300,
    amz_date=None,
    changes=None,
    payload_hash="UNSIGNED-PAYLOAD",
):
    """The target (path and query) of a SigV4 presigned request. `changes` replaces or (None) drops parameters before
    signing."""
    amz_date = amz_date or timestamp()
    headers = {"host": host, **(headers or {})}
    signed = sorted(name.lower() for name in headers)
    parameters = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{credentials.access_key}/{amz_date[:8]}/{region}/s3/aws4_request",
        "X-Amz-Date": amz_date,
        "X-Amz-Expires": str(expires),
        "X-Amz-SignedHeaders": ";".join(signed),
    }
    parameters.update(changes or {})
    joined = "&".join(f"{name}={encode(value)}" for name, value in parameters.items() if value is not None)
    query = f"{query}&{joined}" if query else joined
    request = canonical_request(method, path, query, headers, signed, payload_hash)
    scope = f"{amz_date[:8]}/{region}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", amz_date, scope, hashlib.sha256(request.encode()).hexdigest()])
    signature = hmac_sha256(signing_key(credentials.secret_key, amz_date[:8], region), text).hex()
    return f"{path}?{query}&X-Amz-Signature={signature}"


def presign_v2(credentials, method, path, *, expires_at, query="", headers=None):
    """The target of a SigV2 presigned request; `query` is a raw string of signed sub-resources."""
    headers = {name.lower(): value for name, value in (headers or {}).items()}
    amz = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()) if name.startswith("x-amz-"))
    resource = path
    if query:
        parts = sorted(query.split("&"))
        resource += "?" + "&".join(urllib.parse.unquote(part) for part in parts)
    text = "\n".join(
        [method, headers.get("content-md5", ""), headers.get("content-type", ""), str(expires_at), amz + resource]
    )
    digest = hmac.new(credentials.secret_key.encode(), text.encode(), hashlib.sha1).digest()
    parameters = urllib.parse.urlencode(
        {
            "AWSAccessKeyId": credentials.access_key,
            "Expires": expires_at,
            "Signature": base64.b64encode(digest).decode(),
        }
    )
    return f"{path}?{query + '&' if query else ''}{parameters}"


class Chunks:
    """Encodes a body as aws-chunked; every step can be spoilt by the test that uses it."""

    def __init__(self, signature, *, signed=True):
        self.signature = signature
        self.signed = signed
        self.previous = signature.seed if signature else ""

    def chunk(self, data, *, spoil=False):
        if not self.signed:
            return b"%x\r\n" % len(data) + data + b"\r\n"
        text = "\n".join(
            [
                "AWS4-HMAC-SHA256-PAYLOAD",
                self.signature.amz_date,
                self.signature.scope,
                self.previous,
                EMPTY_SHA256,
                hashlib.sha256(data).hexdigest(),
            ]
        )
        self.previous = hmac_sha256(self.signature.key, text).hex()
        sent = self.previous if not spoil else self.previous[:-1] + ("0" if self.previous[-1] != "0" else "1")
        return b"%x;chunk-signature=%s\r\n" % (len(data), sent.encode()) + data + b"\r\n"

    def end(self, trailers=None, *, spoil=False, trailer_signature=True):
        """The last chunk, and the trailers if there are any."""
        last = self.chunk(b"")
        if trailers is None:
            return last
        body = last[:-2]
        for name, value in trailers.items():
            body += f"{name}:{value}\r\n".encode()
        if self.signed and trailer_signature:
            canonical = "".join(f"{name.lower()}:{value}\n" for name, value in sorted(trailers.items()))
            text = "\n".join(
                [
                    "AWS4-HMAC-SHA256-TRAILER",
                    self.signature.amz_date,
                    self.signature.scope,
                    self.previous,
                    hashlib.sha256(canonical.encode()).hexdigest(),
                ]
            )
            value = hmac_sha256(self.signature.key, text).hex()
            if spoil:
                value = value[:-1] + ("0" if value[-1] != "0" else "1")
            body += f"x-amz-trailer-signature:{value}\r\n".encode()
        return body + b"\r\n"


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes
    closed: bool = False
    raw_headers: list = field(default_factory=list)

    @property
    def error(self):
        return parse_error(self.body)

    @property
    def code(self):
        return self.error["Code"] if self.body else None

    def __str__(self):
        return f"{self.status} {self.body[:600]!r}"


def parse_error(body):
    """The elements of an error document, in order; fails when it is not one (ERR-1)."""
    assert body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<Error>'), f"not an error document: {body[:300]!r}"
    # Characters that XML 1.0 cannot carry come as references (ERR-13), which no parser here takes.
    root = ElementTree.fromstring(re.sub(rb"&#x(?:[0-8bBcCeEfF]|1[0-9a-fA-F]);", b"\xef\xbf\xbd", body))
    elements = {}
    for child in root:
        assert child.tag not in elements, f"{child.tag} twice in {body!r}"
        elements[child.tag] = child.text or ""
    names = list(elements)
    assert names[:2] == ["Code", "Message"], names
    assert names[-2:] == ["RequestId", "HostId"], names
    return elements


class Connection:
    """One HTTP/1.1 connection whose bytes the test decides."""

    def __init__(self, host, port, timeout=30):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def send_head(self, method, target, headers):
        lines = [f"{method} {target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in (headers.items() if isinstance(headers, dict) else headers)]
        self.send("\r\n".join(lines).encode("utf-8") + b"\r\n\r\n")

    def _fill(self):
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError(f"the server closed the connection after {bytes(self.buffer[:200])!r}")
        self.buffer += data

    def _line(self):
        while b"\r\n" not in self.buffer:
            self._fill()
        return self._take(self.buffer.index(b"\r\n") + 2)[:-2]

    def _take(self, count):
        while len(self.buffer) < count:
            self._fill()
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def receive(self, method="GET", *, skip_continue=True):
        """The next answer; a 100 Continue before it is skipped unless the test wants to see it."""
        status_line = self._line()
        match = re.fullmatch(rb"HTTP/1\.1 (\d{3}) ?.*", status_line)
        assert match, f"not a status line: {status_line!r}"
        status = int(match[1])
        raw = []
        while line := self._line():
            name, _, value = line.partition(b":")
            raw.append((name.decode().lower(), value.strip().decode("utf-8", "replace")))
        headers = dict(raw)
        if status == 100:
            if skip_continue:
                return self.receive(method)
            return Answer(status, headers, b"", raw_headers=raw)
        body = b""
        if method == "HEAD" or status in (204, 304):
            pass
        elif headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int(self._line().split(b";")[0], 16):
                body += self._take(size)
                assert self._take(2) == b"\r\n"
            while self._line():
                pass
        elif "content-length" in headers:
            body = self._take(int(headers["content-length"]))
        else:
            while True:
                try:
                    self._fill()
                except ConnectionError:
                    break
            body = self._take(len(self.buffer))
        return Answer(status, headers, body, headers.get("connection", "").lower() == "close", raw)

    def is_closed(self):
        """Whether the server has closed its side (waits up to the socket's timeout)."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


@dataclass
class Requester:
    """Signs and sends single requests to one region."""

    host: str
    port: int
    region: str
    credentials: Credentials

    @property
    def host_header(self):
        return f"{self.host}:{self.port}"

    def connect(self, timeout=30):
        return Connection(self.host, self.port, timeout)

    def prepare(self, method, target, *, headers=None, body=b"", payload_hash=None, content_length=True, **signing):
        """Headers and signature of a request, not yet sent."""
        path, _, query = target.partition("?")
        amz_date = signing.pop("amz_date", None) or timestamp()
        send = {
            "host": self.host_header,
            "x-amz-date": amz_date,
            "x-amz-content-sha256": payload_hash or hashlib.sha256(body).hexdigest(),
        }
        if content_length and (body or method in ("PUT", "POST")):
            send["content-length"] = str(len(body))
        for name, value in (headers or {}).items():
            if value is None:
                send.pop(name.lower(), None)
            else:
                send[name.lower()] = value
        signature = sign(
            signing.pop("credentials", self.credentials),
            signing.pop("region", self.region),
            method,
            path,
            query,
            send,
            send.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
            amz_date=amz_date,
            **signing,
        )
        return send, signature

    def request(self, method, target, *, headers=None, body=b"", authorization=None, unsigned_headers=None, **signing):
        """Sends one signed request on a connection of its own.

        `authorization` replaces the signature; `unsigned_headers` are added behind it.
        """
        send, signature = self.prepare(method, target, headers=headers, body=body, **signing)
        send["authorization"] = signature.header if authorization is None else authorization
        send.update(unsigned_headers or {})
        send = {name: value for name, value in send.items() if value is not None}
        with self.connect() as connection:
            connection.send_head(method, target, send)
            if body:
                # The answer may come before the body was read; it is still to be had.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    connection.send(body)
            return connection.receive(method)

    def anonymous(self, method, target, *, headers=None, body=b""):
        """Sends a request without any signature."""
        send = {"host": self.host_header}
        if body or method in ("PUT", "POST"):
            send["content-length"] = str(len(body))
        send.update(headers or {})
        with self.connect() as connection:
            connection.send_head(method, target, send)
            connection.send(body)
            return connection.receive(method)
