"""Requests near those that clients send, one for each (seed, number); signed where that brings them further in."""

import hashlib
import pathlib
import random

from mutate import mutate
from signing import Chunks, sign, timestamp

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


# Requests with a document, and the corpus file that has theirs.
DOCUMENTS = (
    ("POST", "?delete=", "delete"), ("PUT", "?versioning=", "versioning"), ("PUT", "?tagging=", "tagging"), ("PUT", "/k?tagging=", "tagging"),
    ("PUT", "?replication=", "replication"), ("POST", "/k?uploadId=UPLOAD", "complete"), ("PUT", "?lifecycle=", "lifecycle"),
    ("POST", "/k?restore=", "restore"), ("PUT", "?cors=", None), ("PUT", "?acl=", "acl"), ("PUT", "/k?acl=", "acl"), ("PUT", "?object-lock=", None),
    ("PUT", "?policy=", "policy"), ("PUT", "?notification=", None), ("PUT", "?logging=", "logging"), ("PUT", "?intelligent-tiering=&id=i", "tiering"),
    ("POST", "/k?select=&select-type=2", None),
)  # fmt: skip


def read_corpus(kind):
    found = [path.read_bytes() for path in sorted((CORPUS / kind).iterdir())]
    assert found, f"no corpus in {CORPUS / kind}"
    return found


class Cases:
    """Makes the bytes that one connection sends."""

    def __init__(self, raw, bucket, upload):
        self.raw, self.bucket, self.upload = raw, bucket, upload
        self.corpus = {kind: read_corpus(kind) for kind in ("heads", "xml", "chunks", "forms", "queries")}
        self.kinds = (self.head, self.signature, self.document, self.chunked, self.form, self.query)

    def make(self, seed, number):
        chance = random.Random(f"{seed}.{number}")
        kind = chance.choice(self.kinds)
        return kind.__name__, kind(chance)

    def _seed(self, chance, kind):
        return self._filled(chance.choice(self.corpus[kind]))

    def _filled(self, text):
        for name, value in (("HOST", self.raw.host_header), ("BUCKET", self.bucket), ("UPLOAD", self.upload)):
            text = text.replace(b"{" + name.encode() + b"}", value.encode())
        return text

    def _mutated(self, chance, kind):
        """Now and then as it stands, so that what follows is reached."""
        text = self._seed(chance, kind)
        return text if chance.random() < 0.05 else mutate(chance, text, self.corpus[kind])

    def _signed(self, method, target, body, headers=None, **options):
        send, signature = self.raw.prepare(method, target, body=body, headers=headers, **options)
        return {**send, "authorization": signature.header}

    @staticmethod
    def _message(method, target, headers, body):
        head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return head.encode("utf-8", "surrogateescape") + b"\r\n" + body

    # Kinds

    def head(self, chance):
        """The bytes of a head, line ends and all; sometimes several requests behind each other."""
        return b"".join(self._mutated(chance, "heads") for _ in range(chance.choice((1, 1, 1, 2, 3))))

    def signature(self, chance):
        """A request whose signature would be right, but for one header."""
        method = chance.choice(("GET", "PUT", "DELETE"))
        body = b"x" if method == "PUT" else b""
        headers = self._signed(method, f"/{self.bucket}/signed", body)
        name = chance.choice(sorted(headers))
        if name in ("content-length", "host"):
            name = "authorization"
        value = mutate(
            chance, headers[name].encode(), [b"AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request"]
        )
        # A line end would only make another head of it.
        headers[name] = value.replace(b"\r", b"").replace(b"\n", b"").decode("utf-8", "surrogateescape")
        return self._message(method, f"/{self.bucket}/signed", headers, body)

    def document(self, chance):
        """A well-signed request with an XML document."""
        method, path, name = chance.choice(DOCUMENTS)
        path = path.replace("UPLOAD", self.upload)
        # Mostly of its own kind: any other is refused at its root element.
        fitting = [(CORPUS / "xml" / name).read_bytes()] if name and chance.random() < 0.7 else self.corpus["xml"]
        body = self._filled(chance.choice(fitting))
        if chance.random() >= 0.05:
            body = mutate(chance, body, self.corpus["xml"])
        return self._message(method, target := f"/{self.bucket}{path}", self._signed(method, target, body), body)

    def chunked(self, chance):
        """aws-chunked, unsigned or signed, sometimes within HTTP's chunks."""
        target = f"/{self.bucket}/chunked"
        signed = chance.random() < 0.4
        algorithm = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" if signed else "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        decoded = chance.choice((b"", b"hello", b"a" * 8192, b"b" * 20_000))
        headers = {
            "host": self.raw.host_header, "x-amz-date": timestamp(), "x-amz-content-sha256": algorithm, "content-encoding": "aws-chunked",
            "x-amz-decoded-content-length": str(len(decoded)), "x-amz-trailer": "x-amz-checksum-crc32",
        }  # fmt: skip
        signature = sign(
            self.raw.credentials, self.raw.region, "PUT", target, "", headers, algorithm, amz_date=headers["x-amz-date"]
        )
        headers["authorization"] = signature.header
        if chance.random() < 0.5:
            chunks = Chunks(signature, signed=signed)
            body = (chunks.chunk(decoded) if decoded else b"") + chunks.end({"x-amz-checksum-crc32": "AAAAAA=="})
        else:
            body = self._seed(chance, "chunks")
        body = mutate(chance, body, self.corpus["chunks"])
        if chance.random() < 0.5:
            headers["transfer-encoding"] = "chunked"
            framed = b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n" if body else b"0\r\n\r\n"
            body = framed if chance.random() < 0.5 else mutate(chance, framed, self.corpus["chunks"])
        else:
            headers["content-length"] = str(len(body))
        return self._message("PUT", target, headers, body)

    def form(self, chance):
        """A POST form; a browser's request is not signed but by its fields."""
        body = self._mutated(chance, "forms")
        headers = {
            "host": self.raw.host_header,
            "content-type": chance.choice(
                ("multipart/form-data; boundary=boundary", "multipart/form-data", "text/plain")
            ),
            "content-length": str(len(body)),
        }
        if chance.random() < 0.5:
            headers = self._signed("POST", f"/{self.bucket}", body, {"content-type": headers["content-type"]})
        return self._message("POST", f"/{self.bucket}", headers, body)

    def query(self, chance):
        """A well-signed request with a strange query, copy source, range or condition."""
        query = self._mutated(chance, "queries").decode("utf-8", "surrogateescape")
        query = "".join(letter for letter in query if "!" <= letter <= "~" and letter != "#")
        headers = {}
        if chance.random() < 0.5:
            name = chance.choice(
                ("range", "x-amz-copy-source", "if-match", "if-none-match", "if-modified-since", "x-amz-tagging", "content-md5",
                 "x-amz-checksum-crc32", "x-amz-storage-class", "x-amz-meta-a", "x-amz-copy-source-range", "content-type", "expect")
            )  # fmt: skip
            value = mutate(chance, f"{self.bucket}/k".encode(), [b"bytes=0-1,2-", b"a=b&c=d", b"=?UTF-8?B?w6Q=?="])
            headers[name] = "".join(letter for letter in value.decode("latin-1") if " " <= letter <= "~").strip()
        method = chance.choice(("GET", "PUT", "DELETE", "POST"))
        target = f"/{self.bucket}/k?{query}"
        try:
            send = self._signed(method, target, b"", headers)
        except (UnicodeError, ValueError):
            send = {
                "host": self.raw.host_header,
                "authorization": hashlib.sha256(target.encode("utf-8", "replace")).hexdigest(),
            }
        return self._message(method, target, send, b"")
