"""Encryption at rest (spec s3-api §10): what lies on the disk, what answers say, and which keys open what."""

import base64
import hashlib
import json
import re
import socket
import sys

import botocore.exceptions
import pytest
import requests
from federation import ALICE, BOB, policy
from replication import ROLE, configure, rule, wait_for_replica, wait_for_status
from s3 import MIB, body_of, etag_of, fails, multipart_etag, pattern, upload_multipart
from signing import Requester
from test_clients import Tool
from test_dev_tls import SecureDevFederation, exported
from test_kms import client_of as kms_client
from test_post_object import post_signed
from test_replication_permissions import failed_with, trusted_role
from waiting import eventually

KEY = bytes(range(32))
OTHER_KEY = bytes(range(32, 64))
OWN = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": KEY}
SOURCE = {"CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": KEY}
CUSTOMER = "x-amz-server-side-encryption-customer"
MARKER = b"a body that can be recognised wherever it lies: "


def key_headers(key=KEY, prefix=CUSTOMER):
    return {
        f"{prefix}-algorithm": "AES256",
        f"{prefix}-key": base64.b64encode(key).decode(),
        f"{prefix}-key-MD5": base64.b64encode(hashlib.md5(key).digest()).decode(),
    }


def recognisable(size):
    return (MARKER * (size // len(MARKER) + 1))[:size]


def files_with(directory, text):
    """The files below a directory in which a text stands."""
    return [path for path in directory.rglob("*") if path.is_file() and text in path.read_bytes()]


# SSE-S3, by default


@pytest.mark.parametrize("size", [0, 1, 4096, 32_768, 32_769, 300_000, 5 * MIB])
def test_every_new_object_is_under_sse_s3(s3, bucket, size):
    body = pattern(size)
    put = s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert put["ServerSideEncryption"] == "AES256"
    assert put["ETag"] == etag_of(body)
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert body_of(got) == body
    assert got["ServerSideEncryption"] == "AES256" and got["ETag"] == etag_of(body) and got["ContentLength"] == size
    assert s3.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "AES256"
    explicit = s3.put_object(Bucket=bucket, Key="k", Body=body, ServerSideEncryption="AES256")
    assert explicit["ServerSideEncryption"] == "AES256"


@pytest.mark.parametrize("mode", [{}, OWN], ids=["SSE-S3", "SSE-C"])
def test_ranges_over_the_borders_of_chunks(s3, bucket, mode):
    body = pattern(200_000)
    s3.put_object(Bucket=bucket, Key="k", Body=body, **mode)
    edges = [0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, 199_998, 199_999]
    for first in edges:
        for last in edges:
            if first > last:
                continue
            got = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={first}-{last}", **mode)
            assert body_of(got) == body[first : last + 1], (first, last)
    assert body_of(s3.get_object(Bucket=bucket, Key="k", Range="bytes=-5", **mode)) == body[-5:]


@pytest.mark.parametrize("mode", [{}, OWN], ids=["SSE-S3", "SSE-C"])
def test_uploads_in_parts(s3, bucket, mode):
    parts = [pattern(5 * MIB, seed) for seed in range(2)] + [pattern(70_001, 9)]
    whole = b"".join(parts)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", **mode)
    listed = []
    for number, part in enumerate(parts, 1):
        answer = s3.upload_part(
            Bucket=bucket, Key="k", UploadId=upload["UploadId"], PartNumber=number, Body=part, **mode
        )
        assert (answer["ETag"] == etag_of(part)) == (not mode)
        assert answer.get("ServerSideEncryption") == (None if mode else "AES256")
        listed.append({"PartNumber": number, "ETag": answer["ETag"]})
    done = s3.complete_multipart_upload(
        Bucket=bucket, Key="k", UploadId=upload["UploadId"], MultipartUpload={"Parts": listed}
    )
    assert (done["ETag"] == multipart_etag(parts)) == (not mode)
    assert done.get("ServerSideEncryption") == (None if mode else "AES256")
    got = s3.get_object(Bucket=bucket, Key="k", **mode)
    assert body_of(got) == whole
    for first, last in [(5 * MIB - 3, 5 * MIB + 3), (10 * MIB - 1, 10 * MIB + 70_000), (0, 10 * MIB)]:
        got = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={first}-{last}", **mode)
        assert body_of(got) == whole[first : last + 1]
    assert body_of(s3.get_object(Bucket=bucket, Key="k", PartNumber=3, **mode)) == parts[2]


def test_presigned_urls_and_forms(s3, raw, bucket):
    url = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k"})
    put = requests.put(url, data=b"v", timeout=10)
    assert put.status_code == 200 and put.headers["x-amz-server-side-encryption"] == "AES256"
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"})
    got = requests.get(url, timeout=10)
    assert got.content == b"v" and got.headers["x-amz-server-side-encryption"] == "AES256"

    answer = post_signed(raw, bucket, [("key", "form"), ("x-amz-server-side-encryption", "AES256")])
    assert answer.status == 204 and answer.headers["x-amz-server-side-encryption"] == "AES256", str(answer)
    answer = post_signed(raw, bucket, [("key", "own"), *key_headers().items()])
    assert answer.status == 204, str(answer)
    assert answer.headers[f"{CUSTOMER}-algorithm"] == "AES256"
    assert answer.headers[f"{CUSTOMER}-key-md5"] == key_headers()[f"{CUSTOMER}-key-MD5"]
    assert body_of(s3.get_object(Bucket=bucket, Key="own", **OWN)) == b"bytes"

    own = {"Bucket": bucket, "Key": "own", "SSECustomerAlgorithm": "AES256", "SSECustomerKey": KEY}
    url = s3.generate_presigned_url("get_object", own)
    got = requests.get(url, headers=key_headers(), timeout=10)
    assert got.status_code == 200 and got.content == b"bytes", got.text


# SSE-C


def test_keys_of_customers(s3, bucket):
    body = pattern(100_000)
    put = s3.put_object(Bucket=bucket, Key="k", Body=body, **OWN)
    md5 = base64.b64encode(hashlib.md5(KEY).digest()).decode()
    assert put["SSECustomerAlgorithm"] == "AES256" and put["SSECustomerKeyMD5"] == md5
    assert "ServerSideEncryption" not in put
    assert put["ETag"] != etag_of(body) and re.fullmatch(r'"[0-9a-f]{32}"', put["ETag"])
    for read in (s3.get_object, s3.head_object):
        got = read(Bucket=bucket, Key="k", **OWN)
        assert got["SSECustomerAlgorithm"] == "AES256" and got["SSECustomerKeyMD5"] == md5
        assert got["ETag"] == put["ETag"] and got["ContentLength"] == len(body)
    assert body_of(s3.get_object(Bucket=bucket, Key="k", **OWN)) == body
    # botocore encodes the key for the other operations alone.
    encoded = {**OWN, "SSECustomerKey": base64.b64encode(KEY).decode(), "SSECustomerKeyMD5": md5}
    attributes = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"], **encoded)
    assert attributes["ObjectSize"] == len(body)


MISSING = (
    "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to "
    "retrieve the object."
)
WRONG = "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key."
NOT_APPLICABLE = "The encryption parameters are not applicable to this object."


def test_wrong_and_missing_keys(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"v", **OWN)
    s3.put_object(Bucket=bucket, Key="plain", Body=b"v")
    with fails(400, "InvalidRequest", MISSING):
        s3.get_object(Bucket=bucket, Key="k")
    with fails(400):
        s3.head_object(Bucket=bucket, Key="k")
    with fails(400, "InvalidRequest", MISSING):
        s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ETag"])
    other = {**OWN, "SSECustomerKey": OTHER_KEY}
    with fails(403, "AccessDenied", WRONG):
        s3.get_object(Bucket=bucket, Key="k", **other)
    with fails(403):
        s3.head_object(Bucket=bucket, Key="k", **other)
    with fails(400, "InvalidRequest", NOT_APPLICABLE):
        s3.get_object(Bucket=bucket, Key="plain", **OWN)
    with fails(400, "InvalidRequest", MISSING):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    with fails(403, "AccessDenied", WRONG):
        s3.copy_object(
            Bucket=bucket, Key="copy", CopySource=f"{bucket}/k", **{**SOURCE, "CopySourceSSECustomerKey": OTHER_KEY}
        )


ALGORITHM = "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm."
SECRET = "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key."
INVALID = "The secret key was invalid for the specified algorithm."
INCOMPATIBLE = "Server Side Encryption with Customer provided key is incompatible with the encryption method specified"


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({f"{CUSTOMER}-algorithm": None}, "InvalidArgument", ALGORITHM),
        (
            {f"{CUSTOMER}-algorithm": "AES128"}, "InvalidEncryptionAlgorithmError",
            "The Encryption request you specified is not valid. Supported value: AES256.",
        ),
        ({f"{CUSTOMER}-key": None}, "InvalidArgument", SECRET),
        ({f"{CUSTOMER}-key-MD5": None}, "InvalidArgument", INVALID),
        ({f"{CUSTOMER}-key": base64.b64encode(b"short").decode()}, "InvalidArgument", INVALID),
        ({f"{CUSTOMER}-key": "not base64"}, "InvalidArgument", INVALID),
        (
            {f"{CUSTOMER}-key-MD5": base64.b64encode(bytes(16)).decode()}, "InvalidArgument",
            "The calculated MD5 hash of the key did not match the hash that was provided.",
        ),
        ({"x-amz-server-side-encryption": "AES256"}, "InvalidArgument", INCOMPATIBLE),
    ],
)  # fmt: skip
def test_faults_of_customer_keys(raw, bucket, change, code, message):
    headers = {name: value for name, value in {**key_headers(), **change}.items() if value is not None}
    answer = raw.request("PUT", f"/{bucket}/k", headers=headers, body=b"v")
    assert (answer.status, answer.error["Code"], answer.error["Message"]) == (400, code, message), str(answer)
    assert answer.error["ArgumentName"] == "x-amz-server-side-encryption"


def test_parts_need_the_key_of_their_upload(s3, bucket):
    own = s3.create_multipart_upload(Bucket=bucket, Key="own", **OWN)["UploadId"]
    plain = s3.create_multipart_upload(Bucket=bucket, Key="plain")["UploadId"]
    missing = (
        "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate "
        "encryption parameters."
    )
    with fails(400, "InvalidRequest", missing):
        s3.upload_part(Bucket=bucket, Key="own", UploadId=own, PartNumber=1, Body=b"v")
    with fails(400, "InvalidRequest", missing):
        s3.upload_part(Bucket=bucket, Key="plain", UploadId=plain, PartNumber=1, Body=b"v", **OWN)
    with fails(400, "InvalidRequest", "The provided encryption parameters did not match the ones used originally."):
        s3.upload_part(
            Bucket=bucket, Key="own", UploadId=own, PartNumber=1, Body=b"v", **{**OWN, "SSECustomerKey": OTHER_KEY}
        )


# Which encryption is asked for


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"x-amz-server-side-encryption": "rot13"}, "The encryption method specified is not supported"),
        (
            {"x-amz-server-side-encryption-aws-kms-key-id": "k"},
            "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
        ),
        (
            {"x-amz-server-side-encryption": "AES256", "x-amz-server-side-encryption-aws-kms-key-id": "k"},
            "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
        ),
    ],
)
def test_sse_4_faults_of_methods(raw, bucket, headers, message):
    answer = raw.request("PUT", f"/{bucket}/k", headers=headers, body=b"v")
    assert (answer.status, answer.error["Code"], answer.error["Message"]) == (400, "InvalidArgument", message)
    assert answer.error["ArgumentName"] == "x-amz-server-side-encryption"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reads_choose_no_encryption(s3, raw, bucket, method):
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    answer = raw.request(method, f"/{bucket}/k", headers={"x-amz-server-side-encryption": "AES256"})
    assert answer.status == 400
    if method == "GET":
        assert answer.error["Code"] == "InvalidArgument"
        assert answer.error["Message"] == "x-amz-server-side-encryption header is not supported for this operation."


def test_blocked_types_are_refused(s3, bucket):
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
        }
    ]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
    with fails(403, "AccessDenied"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"v", **OWN)
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"v")["ServerSideEncryption"] == "AES256"


# Copies


def test_copies_between_keys(s3, bucket):
    body = pattern(100_000)
    s3.put_object(Bucket=bucket, Key="plain", Body=body)
    s3.put_object(Bucket=bucket, Key="own", Body=body, **OWN)
    s3.copy_object(Bucket=bucket, Key="a", CopySource=f"{bucket}/plain", **OWN)
    assert body_of(s3.get_object(Bucket=bucket, Key="a", **OWN)) == body
    back = s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/own", **SOURCE)
    assert back["ServerSideEncryption"] == "AES256" and back["CopyObjectResult"]["ETag"] == etag_of(body)
    assert body_of(s3.get_object(Bucket=bucket, Key="b")) == body
    other = {**OWN, "SSECustomerKey": OTHER_KEY}
    s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/own", **SOURCE, **other)
    assert body_of(s3.get_object(Bucket=bucket, Key="c", **other)) == body
    with fails(403, "AccessDenied"):
        s3.get_object(Bucket=bucket, Key="c", **OWN)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="d", **other)["UploadId"]
    part = s3.upload_part_copy(
        Bucket=bucket, Key="d", UploadId=upload, PartNumber=1, CopySource=f"{bucket}/own",
        CopySourceRange="bytes=65530-65545", **SOURCE, **other,
    )["CopyPartResult"]  # fmt: skip
    s3.complete_multipart_upload(
        Bucket=bucket, Key="d", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )
    assert body_of(s3.get_object(Bucket=bucket, Key="d", **other)) == body[65530:65546]


def test_cpy_4_an_encryption_is_a_change(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    with fails(400, "InvalidRequest"):
        s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/k")
    s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/k", ServerSideEncryption="AES256")
    default = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=default)
    s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/k")


def test_copies_from_another_region(home, abroad, s3):
    body = pattern(100_000)
    source, bucket = abroad.bucket(), home.bucket()
    abroad.client().put_object(Bucket=source, Key="k", Body=body)
    abroad.client().put_object(Bucket=source, Key="own", Body=body, **OWN)
    copied = s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{source}/k")
    assert copied["ServerSideEncryption"] == "AES256"
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == body
    with fails(501, "NotImplemented"):
        s3.copy_object(Bucket=bucket, Key="own", CopySource=f"{source}/own", **SOURCE)


# Replication


@pytest.mark.parametrize("size", [100, 100_000, 3 * MIB])
@pytest.mark.parametrize("mode", [{}, OWN], ids=["SSE-S3", "SSE-C"])
def test_replicas_are_encrypted_as_their_source(home, abroad, mode, size):
    body = recognisable(size)
    source = home.bucket()
    targets = [(abroad, abroad.bucket()), (home, home.bucket())]
    configure(home.client(), source, *(rule(name, identifier=name, priority=n) for n, (_, name) in enumerate(targets)))
    put = home.client().put_object(Bucket=source, Key="k", Body=body, **mode)
    for region, target in targets:
        asked = {"Bucket": target, "Key": "k", "VersionId": put["VersionId"], **mode}
        eventually(
            lambda client=region.client(), asked=asked: client.head_object(**asked),
            f"{target}/k arrives", swallow=botocore.exceptions.ClientError,
        )  # fmt: skip
        got = region.client().get_object(**asked)
        assert body_of(got) == body and got["ETag"] == put["ETag"]
        assert got.get("ServerSideEncryption") == (None if mode else "AES256")
        if mode:
            with fails(400, "InvalidRequest", MISSING):
                region.client().get_object(Bucket=target, Key="k")


# What lies on the disk


def test_no_body_lies_in_clear_and_all_come_back_after_a_restart(make_federation):
    federation = make_federation(names=("us-east-1",))
    home = federation["us-east-1"]
    s3, bucket = home.client(), home.bucket()
    bodies = {f"k{size}": recognisable(size) for size in (100, 4096, 100_000, 2 * MIB)}
    for key, body in bodies.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        s3.put_object(Bucket=bucket, Key=f"own-{key}", Body=body, **OWN)
        s3.copy_object(Bucket=bucket, Key=f"copy-{key}", CopySource=f"{bucket}/{key}")
    upload_multipart(s3, bucket, "parts", [recognisable(5 * MIB), recognisable(1000)])
    open_upload = s3.create_multipart_upload(Bucket=bucket, Key="open")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="open", UploadId=open_upload, PartNumber=1, Body=recognisable(100))
    home.terminate()
    for secret in (MARKER, KEY, base64.b64encode(KEY), hashlib.md5(KEY).digest()):
        assert files_with(home.data_directory, secret) == []
    assert files_with(federation.directory / "logs", base64.b64encode(KEY)) == []
    home.start()
    for key, body in bodies.items():
        assert body_of(s3.get_object(Bucket=bucket, Key=key)) == body
        assert body_of(s3.get_object(Bucket=bucket, Key=f"own-{key}", **OWN)) == body
        assert body_of(s3.get_object(Bucket=bucket, Key=f"copy-{key}")) == body
    assert body_of(s3.get_object(Bucket=bucket, Key="parts")) == recognisable(5 * MIB) + recognisable(1000)
    done = s3.list_parts(Bucket=bucket, Key="open", UploadId=open_upload)["Parts"][0]
    parts = [{"PartNumber": 1, "ETag": done["ETag"]}]
    s3.complete_multipart_upload(Bucket=bucket, Key="open", UploadId=open_upload, MultipartUpload={"Parts": parts})
    assert body_of(s3.get_object(Bucket=bucket, Key="open")) == recognisable(100)


def test_a_flipped_bit_is_an_error_and_never_data(make_federation):
    federation = make_federation(names=("us-east-1",))
    home = federation["us-east-1"]
    s3, bucket = home.client(), home.bucket()
    body = recognisable(200_000)
    before = set(home.data_directory.glob("blobs/*/*/*"))
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    (blob,) = set(home.data_directory.glob("blobs/*/*/*")) - before
    stored = blob.read_bytes()
    for position in (0, 70_000, 199_999, 200_050):
        damaged = bytearray(stored)
        damaged[position] ^= 4
        blob.write_bytes(damaged)
        try:
            got = body_of(home.client(strictly=False).get_object(Bucket=bucket, Key="k"))
        except Exception as error:  # noqa: BLE001 - an error before the answer, or a connection that breaks off
            assert "InternalError" in str(error) or "IncompleteRead" in repr(error) or "Connection" in repr(error), error
        else:
            pytest.fail(f"{len(got)} bytes of a damaged blob were served")
    blob.write_bytes(stored)
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == body


def without_root_key(region):
    """Takes the root key from a region's configuration."""
    lines = region.config_path.read_text().splitlines()
    kept = [line for line in lines if "root_key_file" not in line]
    assert len(kept) < len(lines)
    region.config_path.write_text("\n".join(kept) + "\n")


def test_a_region_without_a_root_key_stores_as_before(make_federation):
    federation = make_federation(names=("us-east-1",))
    home = federation["us-east-1"]
    s3, bucket = home.client(), home.bucket()
    s3.put_object(Bucket=bucket, Key="encrypted", Body=b"v")
    configuration = home.config_path.read_text()
    home.terminate()
    without_root_key(home)
    home.start()
    assert "ServerSideEncryption" not in s3.put_object(Bucket=bucket, Key="k", Body=recognisable(5000))
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == recognisable(5000)
    for asked in ("AES256", "aws:kms", "aws:kms:dsse"):
        with fails(501, "NotImplemented"):
            s3.put_object(Bucket=bucket, Key="k", Body=b"v", ServerSideEncryption=asked)
    with fails(404, "ServerSideEncryptionConfigurationNotFoundError"):
        s3.get_bucket_encryption(Bucket=bucket)
    with fails(500, "InternalError"):
        s3.get_object(Bucket=bucket, Key="encrypted")
    s3.put_object(Bucket=bucket, Key="own", Body=b"v", **OWN)
    assert body_of(s3.get_object(Bucket=bucket, Key="own", **OWN)) == b"v"

    home.terminate()
    home.config_path.write_text(configuration)
    home.start()
    assert body_of(s3.get_object(Bucket=bucket, Key="encrypted")) == b"v"
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == recognisable(5000)
    copied = s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/k", ServerSideEncryption="AES256")
    assert copied["ServerSideEncryption"] == "AES256"
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == recognisable(5000)


# Over HTTPS, and not


@pytest.fixture(scope="module")
def secure(workspace):
    federation = SecureDevFederation(workspace / "secure sse", names=("us-east-1",), extra=("--tls",))
    try:
        yield federation.start()
    finally:
        federation.stop()


def test_customer_keys_over_https(secure, scratch):
    home = secure["us-east-1"]
    bucket = home.bucket()
    body = pattern(9 * MIB)
    (scratch / "large").write_bytes(body)
    (scratch / "key").write_bytes(KEY)
    aws = Tool([sys.executable, "-m", "awscli"], {**exported(secure.directory), "LC_ALL": "C.UTF-8"})
    own = ["--sse-c", "AES256", "--sse-c-key", f"fileb://{scratch / 'key'}"]
    aws("s3", "cp", "--no-progress", *own, scratch / "large", f"s3://{bucket}/large")
    aws("s3", "cp", "--no-progress", *own, f"s3://{bucket}/large", scratch / "back")
    assert (scratch / "back").read_bytes() == body
    source = ["--sse-c-copy-source", "AES256", "--sse-c-copy-source-key", f"fileb://{scratch / 'key'}"]
    aws("s3", "cp", "--no-progress", *source, f"s3://{bucket}/large", f"s3://{bucket}/plain", "--sse", "AES256")
    aws("s3", "cp", "--no-progress", f"s3://{bucket}/plain", scratch / "plain")
    assert (scratch / "plain").read_bytes() == body
    with fails(400, "InvalidRequest", MISSING):
        home.client().get_object(Bucket=bucket, Key="large")


def address_of_this_machine():
    """An address of this machine that is not the loopback; `None` where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith("127.") else address


def test_customer_keys_over_plain_http_are_refused(make_federation):
    address = address_of_this_machine()
    if address is None:
        pytest.skip("this machine has no address but the loopback")
    federation = make_federation(names=("us-east-1",))
    home = federation["us-east-1"]
    s3, bucket = home.client(), home.bucket()
    s3.put_object(Bucket=bucket, Key="k", Body=b"v", **OWN)
    home.terminate()
    text = home.config_path.read_text()
    home.config_path.write_text(text.replace("127.0.0.1:", "0.0.0.0:", 1))
    home.start()
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k", **OWN})
    assert requests.get(url, headers=key_headers(), timeout=10).content == b"v"

    def far():
        return Requester(address, home.port, home.name, ALICE.credentials)

    refused = far().request("GET", f"/{bucket}/k", headers=key_headers())
    assert (refused.status, refused.error["Code"]) == (400, "InvalidArgument"), str(refused)
    assert refused.error["Message"] == (
        "Requests specifying Server Side Encryption with Customer provided keys must be made over a secure connection."
    )
    home.terminate()
    home.config_path.write_text(home.config_path.read_text() + "sse_c:\n  require_tls: false\n")
    home.start()
    assert far().request("GET", f"/{bucket}/k", headers=key_headers()).body == b"v"


# SSE-KMS and DSSE-KMS


@pytest.fixture
def kms(home):
    return kms_client(home)


@pytest.fixture
def key(kms):
    """The ARN of a fresh key."""
    return kms.create_key()["KeyMetadata"]["Arn"]


@pytest.mark.parametrize("method", ["aws:kms", "aws:kms:dsse"])
@pytest.mark.parametrize("size", [0, 4096, 200_000])
def test_objects_under_kms_keys(s3, bucket, key, method, size):
    body = pattern(size)
    asked = {"ServerSideEncryption": method, "SSEKMSKeyId": key.rpartition("/")[2]}
    put = s3.put_object(Bucket=bucket, Key="k", Body=body, **asked)
    assert put["ServerSideEncryption"] == method and put["SSEKMSKeyId"] == key
    assert put["ETag"] != etag_of(body)
    for read in (s3.get_object, s3.head_object):
        got = read(Bucket=bucket, Key="k")
        assert got["ServerSideEncryption"] == method and got["SSEKMSKeyId"] == key and got["ETag"] == put["ETag"]
        assert "BucketKeyEnabled" not in got
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == body
    if size:
        assert body_of(s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={size // 2}-")) == body[size // 2 :]


def test_uploads_under_kms_keys(s3, bucket, key):
    parts = [pattern(5 * MIB), pattern(1000)]
    asked = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key, "BucketKeyEnabled": True}
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", **asked)
    assert {name: upload[name] for name in asked} == asked
    listed = []
    for number, part in enumerate(parts, 1):
        answer = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload["UploadId"], PartNumber=number, Body=part)
        assert {name: answer[name] for name in asked} == asked
        listed.append({"PartNumber": number, "ETag": answer["ETag"]})
    done = s3.complete_multipart_upload(
        Bucket=bucket, Key="k", UploadId=upload["UploadId"], MultipartUpload={"Parts": listed}
    )
    assert {name: done[name] for name in asked} == asked and done["ETag"] != multipart_etag(parts)
    got = s3.get_object(Bucket=bucket, Key="k")
    assert body_of(got) == b"".join(parts) and got["BucketKeyEnabled"]


def test_sse_5_the_key_of_the_account(s3, bucket, kms):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"v", ServerSideEncryption="aws:kms")
    made = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert put["SSEKMSKeyId"] == made["Arn"] and made["KeyManager"] == "AWS"
    assert made["Description"] == "Default key that protects my S3 objects when no other key is defined"
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == b"v"


def test_aliases_and_contexts(s3, raw, bucket, kms, key):
    alias = f"alias/{bucket}"
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    context = base64.b64encode(b'{"team":"blue"}').decode()
    put = s3.put_object(
        Bucket=bucket, Key="k", Body=b"v", ServerSideEncryption="aws:kms", SSEKMSKeyId=alias, SSEKMSEncryptionContext=context
    )
    assert put["SSEKMSKeyId"] == key and put["SSEKMSEncryptionContext"] == context
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == b"v"
    for wrong in ("no base64", base64.b64encode(b"[]").decode(), base64.b64encode(b'{"a":1}').decode()):
        headers = {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-context": wrong}
        answer = raw.request("PUT", f"/{bucket}/k", headers=headers, body=b"v")
        assert (answer.status, answer.error["Code"]) == (400, "InvalidArgument"), str(answer)


def test_sse_2_errors_of_keys(s3, bucket, kms, key):
    asked = {"Bucket": bucket, "Key": "k", "ServerSideEncryption": "aws:kms"}
    s3.put_object(**asked, Body=b"v", SSEKMSKeyId=key)
    with fails(400, "KMS.NotFoundException", "Invalid keyId 'fake-key-id'"):
        s3.put_object(**asked, Body=b"v", SSEKMSKeyId="fake-key-id")
    absent = key.rpartition("/")[0] + "/11111111-2222-4333-8444-555555555555"
    with fails(400, "KMS.NotFoundException", f"Key '{absent}' does not exist"):
        s3.create_multipart_upload(**asked, SSEKMSKeyId=absent)
    with fails(400, "KMS.NotFoundException", "Invalid arn us-east-2"):
        s3.put_object(**asked, Body=b"v", SSEKMSKeyId=key.replace("us-east-1", "us-east-2"))
    kms.disable_key(KeyId=key)
    for call in (
        lambda: s3.put_object(**asked, Body=b"v", SSEKMSKeyId=key),
        lambda: s3.get_object(Bucket=bucket, Key="k"),
        lambda: s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k"),
    ):
        with fails(400, "KMS.DisabledException", f"{key} is disabled."):
            call()
    s3.head_object(Bucket=bucket, Key="k")
    kms.enable_key(KeyId=key)
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == b"v"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with fails(400, "KMS.KMSInvalidStateException", f"{key} is pending deletion."):
        s3.get_object(Bucket=bucket, Key="k")


def test_sse_3_key_policies_decide_who_reads_and_writes(s3, bucket, kms, key):
    s3.put_object(Bucket=bucket, Key="k", Body=b"v", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    arn = f"arn:aws:s3:::{bucket}/secret"
    policy["Statement"].append(
        {
            "Effect": "Deny", "Principal": "*", "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*",
            "Condition": {"StringNotEquals": {"kms:EncryptionContext:aws:s3:arn": arn}},
        }
    )  # fmt: skip
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    with fails(403, "AccessDenied") as found:
        s3.get_object(Bucket=bucket, Key="k")
    assert "kms:Decrypt" in found[0].message and key in found[0].message
    with fails(403, "AccessDenied") as found:
        s3.put_object(Bucket=bucket, Key="k", Body=b"v", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assert "kms:GenerateDataKey" in found[0].message
    s3.put_object(Bucket=bucket, Key="secret", Body=b"v", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assert body_of(s3.get_object(Bucket=bucket, Key="secret")) == b"v"


def test_kms_by_default(s3, raw, bucket, key):
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
            "BucketKeyEnabled": True,
        }
    ]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    assert (put["ServerSideEncryption"], put["SSEKMSKeyId"], put["BucketKeyEnabled"]) == ("aws:kms", key, True)
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"v", BucketKeyEnabled=False)
    assert put["SSEKMSKeyId"] == key and "BucketKeyEnabled" not in put
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"v", ServerSideEncryption="AES256")["ETag"] == etag_of(b"v")
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    assert copied["SSEKMSKeyId"] == key and body_of(s3.get_object(Bucket=bucket, Key="copy")) == b"v"
    answer = post_signed(raw, bucket, [("key", "form")])
    assert answer.headers["x-amz-server-side-encryption-aws-kms-key-id"] == key, str(answer)


@pytest.mark.parametrize("method", ["AES256", "aws:kms", "aws:kms:dsse", "own"])
def test_copies_between_kinds(s3, bucket, key, method):
    body = pattern(100_000)
    kinds = {
        "AES256": {"ServerSideEncryption": "AES256"},
        "aws:kms": {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key},
        "aws:kms:dsse": {"ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": key},
        "own": OWN,
    }
    s3.put_object(Bucket=bucket, Key="k", Body=body, **kinds[method])
    opened = SOURCE if method == "own" else {}
    for name, asked in kinds.items():
        copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k", **opened, **asked)
        assert copied.get("ServerSideEncryption", "own") == name
        assert (copied["CopyObjectResult"]["ETag"] == etag_of(body)) == (name == "AES256")
        assert body_of(s3.get_object(Bucket=bucket, Key="copy", **(OWN if name == "own" else {}))) == body


def test_anonymous_and_old_signatures_cannot_use_kms(home, s3, bucket, key):
    s3.put_object(Bucket=bucket, Key="k", Body=b"v", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    old = home.client(signature_version="s3")
    answer = requests.get(old.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"}), timeout=10)
    assert answer.status_code == 400 and "require AWS Signature Version 4" in answer.text


def test_copies_from_another_region_use_its_keys(home, abroad, s3):
    body = pattern(100_000)
    source, bucket = abroad.bucket(), home.bucket()
    foreign = kms_client(abroad)
    key = foreign.create_key()["KeyMetadata"]["Arn"]
    abroad.client().put_object(Bucket=source, Key="k", Body=body, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    copied = s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{source}/k")
    assert copied["ServerSideEncryption"] == "AES256" and copied["CopyObjectResult"]["ETag"] == etag_of(body)
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == body
    foreign.disable_key(KeyId=key)
    with fails(400, "KMS.DisabledException", f"{key} is disabled."):
        s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{source}/k")


def test_update_object_encryption(s3, bucket, kms, key):
    body = pattern(100_000)
    version = s3.put_object(Bucket=bucket, Key="k", Body=body, Metadata={"a": "b"})["VersionId"]
    before = s3.head_object(Bucket=bucket, Key="k")
    asked = {"SSEKMS": {"KMSKeyArn": key, "BucketKeyEnabled": True}}
    s3.update_object_encryption(Bucket=bucket, Key="k", VersionId=version, ObjectEncryption=asked)
    after = s3.get_object(Bucket=bucket, Key="k")
    assert (after["ServerSideEncryption"], after["SSEKMSKeyId"], after["BucketKeyEnabled"]) == ("aws:kms", key, True)
    assert body_of(after) == body
    for name in ("ETag", "LastModified", "VersionId", "Metadata"):
        assert after[name] == before[name]
    other = kms.create_key()["KeyMetadata"]["Arn"]
    s3.update_object_encryption(Bucket=bucket, Key="k", ObjectEncryption={"SSEKMS": {"KMSKeyArn": other}})
    kms.disable_key(KeyId=key)
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == body

    with fails(404, "NoSuchKey"):
        s3.update_object_encryption(Bucket=bucket, Key="absent", ObjectEncryption=asked)
    with fails(400, "KMS.DisabledException"):
        s3.update_object_encryption(Bucket=bucket, Key="k", ObjectEncryption={"SSEKMS": {"KMSKeyArn": key}})
    s3.put_object(Bucket=bucket, Key="own", Body=b"v", **OWN)
    with fails(400, "InvalidRequest") as found:
        s3.update_object_encryption(Bucket=bucket, Key="own", ObjectEncryption={"SSEKMS": {"KMSKeyArn": other}})
    assert "DSSE-KMS or SSE-C" in found[0].message
    for arn, code in [
        ("alias/of-a-key-of-some-name", "InvalidRequest"),
        (other.replace(ALICE.id, "999999999999"), "AccessDenied"),
    ]:
        with pytest.raises(botocore.exceptions.ClientError) as failure:
            s3.update_object_encryption(Bucket=bucket, Key="k", ObjectEncryption={"SSEKMS": {"KMSKeyArn": arn}})
        assert failure.value.response["Error"]["Code"] == code


def test_keys_and_objects_outlive_a_restart(make_federation):
    federation = make_federation(names=("us-east-1",))
    home = federation["us-east-1"]
    s3, bucket = home.client(), home.bucket()
    key = kms_client(home).create_key()["KeyMetadata"]["Arn"]
    for method in ("aws:kms", "aws:kms:dsse"):
        for size in (100, 100_000):
            s3.put_object(
                Bucket=bucket, Key=f"{method}{size}", Body=recognisable(size), ServerSideEncryption=method, SSEKMSKeyId=key
            )
    home.kill()
    assert files_with(home.data_directory, MARKER) == []
    home.start()
    for method in ("aws:kms", "aws:kms:dsse"):
        for size in (100, 100_000):
            assert body_of(s3.get_object(Bucket=bucket, Key=f"{method}{size}")) == recognisable(size)


# Replication of SSE-KMS


def kms_rule(bucket, key, **more):
    made = rule(bucket, EncryptionConfiguration={"ReplicaKmsKeyID": key}, **more)
    made["SourceSelectionCriteria"] = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    return made


@pytest.mark.parametrize("size", [100, 100_000, 3 * MIB])
@pytest.mark.parametrize("method", ["aws:kms", "aws:kms:dsse"])
@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_p_12_kms_24_replicas_are_under_the_rules_key(home, abroad, method, size, where):
    region = home if where == "here" else abroad
    body = recognisable(size)
    source, target = home.bucket(), region.bucket()
    key = kms_client(home).create_key()["KeyMetadata"]["Arn"]
    replicas = kms_client(region).create_key()["KeyMetadata"]["Arn"]
    configure(home.client(), source, kms_rule(target, replicas))
    put = home.client().put_object(
        Bucket=source, Key="k", Body=body, ServerSideEncryption=method, SSEKMSKeyId=key
    )
    wait_for_replica(region.client(), target, "k", put["VersionId"])
    wait_for_status(home.client(), source, "k", put["VersionId"])
    got = region.client().get_object(Bucket=target, Key="k")
    assert body_of(got) == body and got["ETag"] == put["ETag"]
    assert (got["ServerSideEncryption"], got["SSEKMSKeyId"]) == (method, replicas)
    # What the other's key is worth to the replica: nothing.
    kms_client(home).disable_key(KeyId=key)
    assert body_of(region.client().get_object(Bucket=target, Key="k")) == body
    with fails(400, "KMS.DisabledException"):
        home.client().get_object(Bucket=source, Key="k")


def test_l_06_u_07_without_opt_in_nothing_under_kms_replicates(home, abroad, s3):
    source, target = home.bucket(), abroad.bucket()
    configure(s3, source, rule(target))
    put = s3.put_object(Bucket=source, Key="k", Body=b"v", ServerSideEncryption="aws:kms")
    assert "ReplicationStatus" not in s3.head_object(Bucket=source, Key="k", VersionId=put["VersionId"])
    plain = s3.put_object(Bucket=source, Key="plain", Body=b"v")
    wait_for_replica(abroad.client(), target, "plain", plain["VersionId"])
    with fails(404):
        abroad.client().head_object(Bucket=target, Key="k")


@pytest.mark.parametrize("fault", ["source refuses the role", "replica disabled", "replica absent"])
def test_f_07_f_08_f_25_keys_that_cannot_be_used(home, abroad, s3, fault):
    source, target = home.bucket(), abroad.bucket()
    key = kms_client(home).create_key()["KeyMetadata"]["Arn"]
    replicas = kms_client(abroad).create_key()["KeyMetadata"]["Arn"]
    if fault == "replica absent":
        replicas = replicas.rpartition("/")[0] + "/11111111-2222-4333-8444-555555555555"
    if fault == "replica disabled":
        kms_client(abroad).disable_key(KeyId=replicas)
    configure(s3, source, kms_rule(target, replicas))
    if fault == "source refuses the role":
        statement = {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*", "Principal": {"AWS": ROLE}}
        policy = json.loads(kms_client(home).get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        policy["Statement"].append(statement)
        kms_client(home).put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    put = s3.put_object(Bucket=source, Key="k", Body=b"v", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    wait_for_status(s3, source, "k", put["VersionId"], "FAILED")
    with fails(404):
        abroad.client().head_object(Bucket=target, Key="k")


@pytest.mark.parametrize(
    ("denied", "bucket_key", "status"),
    [
        (["kms:GenerateDataKey*"], False, "COMPLETED"),
        (["kms:GenerateDataKey*", "kms:Encrypt"], False, "FAILED"),
        (["kms:Decrypt"], False, "COMPLETED"),
        (["kms:Decrypt"], True, "FAILED"),
    ],
)
def test_a_30_a_32_a_33_f_15_what_the_role_needs_of_the_replicas_key(home, abroad, s3, denied, bucket_key, status):
    source, target = home.bucket(), abroad.bucket()
    replicas = kms_client(abroad).create_key()["KeyMetadata"]["Arn"]
    policy = json.loads(kms_client(abroad).get_key_policy(KeyId=replicas, PolicyName="default")["Policy"])
    policy["Statement"].append({"Effect": "Deny", "Action": denied, "Resource": "*", "Principal": {"AWS": ROLE}})
    kms_client(abroad).put_key_policy(KeyId=replicas, PolicyName="default", Policy=json.dumps(policy))
    configure(s3, source, kms_rule(target, replicas))
    put = s3.put_object(
        Bucket=source, Key="k", Body=b"v", ServerSideEncryption="aws:kms", BucketKeyEnabled=bucket_key
    )
    wait_for_status(s3, source, "k", put["VersionId"], status)
    if status == "COMPLETED":
        assert body_of(abroad.client().get_object(Bucket=target, Key="k")) == b"v"


def test_l_22_a_change_of_the_encryption_does_not_replicate(home, abroad, s3):
    source, target = home.bucket(), abroad.bucket()
    key = kms_client(home).create_key()["KeyMetadata"]["Arn"]
    replicas = kms_client(abroad).create_key()["KeyMetadata"]["Arn"]
    configure(s3, source, kms_rule(target, replicas))
    version = s3.put_object(Bucket=source, Key="k", Body=b"v", ServerSideEncryption="AES256")["VersionId"]
    wait_for_status(s3, source, "k", version)
    s3.update_object_encryption(
        Bucket=source, Key="k", VersionId=version, ObjectEncryption={"SSEKMS": {"KMSKeyArn": key}}
    )
    assert s3.head_object(Bucket=source, Key="k")["SSEKMSKeyId"] == key
    assert s3.head_object(Bucket=source, Key="k")["ReplicationStatus"] == "COMPLETED"
    assert abroad.client().head_object(Bucket=target, Key="k")["ServerSideEncryption"] == "AES256"


def allow_key(region, key, account, *statements):
    """Adds statements to a key's policy."""
    kms = kms_client(region, account)
    document = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    document["Statement"] += statements
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(document))


USE = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"]


@pytest.fixture
def bobs(home, abroad, s3):
    """(source, destination, key): Alice's bucket at home, Bob's bucket and key abroad; the bucket lets her role in."""
    source, target = home.bucket(), abroad.bucket(account=BOB)
    statement = {"Effect": "Allow", "Action": "s3:Replicate*", "Resource": f"arn:aws:s3:::{target}/*"}
    abroad.client(BOB).put_bucket_policy(Bucket=target, Policy=policy({**statement, "Principal": {"AWS": ROLE}}))
    return source, target, kms_client(abroad, BOB).create_key()["KeyMetadata"]["Arn"]


def replicate_under(s3, source, target, key, *, role=ROLE):
    """Replicates an object under KMS to a bucket and key of Bob's; its version."""
    configure(s3, source, kms_rule(target, key, Account=BOB.id), role=role)
    return s3.put_object(Bucket=source, Key="k", Body=b"v", ServerSideEncryption="aws:kms")["VersionId"]


@pytest.mark.parametrize("allows", ["the role", "its account", "nobody"])
def test_a_35_a_key_of_another_account_needs_its_policy(federation, abroad, s3, bobs, allows):
    source, target, key = bobs
    named = {"the role": ROLE, "its account": f"arn:aws:iam::{ALICE.id}:root"}.get(allows)
    if named:
        statement = {"Effect": "Allow", "Action": USE, "Resource": "*", "Principal": {"AWS": named}}
        allow_key(abroad, key, BOB, statement)
    version = replicate_under(s3, source, target, key)
    if not named:
        failed_with(federation, s3, source, version, "DstPutObjectNotPermitted", key="k")
        return
    wait_for_status(s3, source, "k", version)
    assert abroad.client(BOB).head_object(Bucket=target, Key="k", VersionId=version)["SSEKMSKeyId"] == key


def test_a_35_a_key_of_another_account_needs_the_roles_policy_too(federation, home, abroad, s3, bobs):
    source, target, key = bobs
    statements = [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]
    statements.append({"Effect": "Allow", "Action": "kms:*", "Resource": f"arn:aws:kms:*:{ALICE.id}:key/*"})
    role = trusted_role(home, *statements)
    name = role.rpartition("/")[2]
    abroad.wait_for_role_policy(ALICE, name, "p")
    allow_key(abroad, key, BOB, {"Effect": "Allow", "Action": USE, "Resource": "*", "Principal": {"AWS": role}})
    document = json.loads(abroad.client(BOB).get_bucket_policy(Bucket=target)["Policy"])
    document["Statement"][0]["Principal"]["AWS"] = role
    abroad.client(BOB).put_bucket_policy(Bucket=target, Policy=json.dumps(document))
    version = replicate_under(s3, source, target, key, role=role)
    failed_with(federation, s3, source, version, "DstPutObjectNotPermitted", key="k")


def test_a_35_u_23_the_managed_key_of_another_account_cannot_be_used(federation, abroad, s3, bobs):
    source, target, _ = bobs
    # The key is made on first use.
    abroad.client(BOB).put_object(Bucket=target, Key="own", Body=b"v", ServerSideEncryption="aws:kms")
    key = f"arn:aws:kms:{abroad.name}:{BOB.id}:alias/aws/s3"
    version = replicate_under(s3, source, target, key)
    failed_with(federation, s3, source, version, "DstPutObjectNotPermitted", key="k")


@pytest.mark.parametrize("side", ["source", "destination"])
def test_a_36_keys_for_some_addresses_alone_refuse_replication(federation, home, abroad, s3, side):
    source, target = home.bucket(), abroad.bucket()
    keys = [kms_client(region).create_key()["KeyMetadata"]["Arn"] for region in (home, abroad)]
    # Replication has no address.
    outside = {"NotIpAddress": {"aws:SourceIp": ["127.0.0.0/8", "::1/128"]}}
    deny = {"Effect": "Deny", "Action": USE, "Resource": "*", "Principal": "*", "Condition": outside}
    region, key = (home, keys[0]) if side == "source" else (abroad, keys[1])
    allow_key(region, key, ALICE, deny)
    configure(s3, source, kms_rule(target, keys[1]))
    put = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": keys[0]}
    version = s3.put_object(Bucket=source, Key="k", Body=b"v", **put)["VersionId"]
    reason = "SrcGetObjectNotPermitted" if side == "source" else "DstPutObjectNotPermitted"
    failed_with(federation, s3, source, version, reason, key="k")
    assert body_of(s3.get_object(Bucket=source, Key="k")) == b"v"


def test_a_37_keys_of_several_regions_are_keys_of_one(federation, home, abroad, s3):
    source, target = home.bucket(), abroad.bucket()
    primary = kms_client(home).create_key(MultiRegion=True)["KeyMetadata"]["Arn"]
    replica = kms_client(home).replicate_key(KeyId=primary, ReplicaRegion=abroad.name)["ReplicaKeyMetadata"]["Arn"]
    assert primary.rpartition("/")[2] == replica.rpartition("/")[2]
    put = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": primary}
    configure(s3, source, kms_rule(target, replica))
    version = s3.put_object(Bucket=source, Key="k", Body=b"v", **put)["VersionId"]
    wait_for_status(s3, source, "k", version)
    assert abroad.client().head_object(Bucket=target, Key="k")["SSEKMSKeyId"] == replica
    # The replica is sealed anew, by the key of its own region.
    kms_client(home).disable_key(KeyId=primary)
    assert body_of(abroad.client().get_object(Bucket=target, Key="k")) == b"v"
    kms_client(home).enable_key(KeyId=primary)
    # The primary is no key of the destination's region, whatever they share.
    configure(s3, source, kms_rule(target, primary))
    version = s3.put_object(Bucket=source, Key="k", Body=b"v", **put)["VersionId"]
    failed_with(federation, s3, source, version, "DstKmsKeyNotFound", key="k")
