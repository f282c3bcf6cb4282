"""Virtual-hosted and path style (s3-api §1.1, ADR-1 to ADR-4)."""

import socket
import time

import botocore.config
import clients
import pytest
from federation import ALICE, fresh_name
from s3 import body_of, error_of
from signing import encode, presign, presign_v2

HOSTS = [
    "{b}.localhost", "{b}.s3.localhost", "{b}.s3.us-east-1.localhost", "{b}.LOCALHOST", "{b}.s3.US-EAST-1.localhost",
]  # fmt: skip


def request(home, host, method, path, body=b"", port=True):
    """A signed request whose Host header the test decides."""
    requester = home.raw()
    return requester.request(method, path, headers={"host": host + (f":{home.port}" if port else "")}, body=body)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("port", [True, False], ids=["port", "no-port"])
def test_adr_2_bucket_in_the_host(home, s3, bucket, host, port):
    host = host.replace("{b}", bucket)
    key = f"/dir/{encode('ä b')}"
    assert request(home, host, "PUT", key, b"hello", port).status == 200
    assert body_of(s3.get_object(Bucket=bucket, Key="dir/ä b")) == b"hello"
    assert request(home, host, "GET", key, port=port).body == b"hello"
    listing = request(home, host, "GET", "/?list-type=2", port=port)
    assert f"<Name>{bucket}</Name>".encode() in listing.body
    assert request(home, host, "HEAD", "/", port=port).headers["x-amz-bucket-region"] == "us-east-1"
    assert request(home, host, "DELETE", key, port=port).status == 204


def test_adr_2_a_bucket_with_dots(home, s3):
    name = f"{fresh_name()}.dot.ted"
    home.bucket(name=name)
    for base in ("localhost", "s3.localhost", "s3.us-east-1.localhost"):
        assert request(home, f"{name}.{base}", "PUT", "/k", base.encode()).status == 200
        assert body_of(s3.get_object(Bucket=name, Key="k")) == base.encode()


@pytest.mark.parametrize(
    "host", ["localhost", "s3.localhost", "s3.us-east-1.localhost", "127.0.0.1", "[::1]", "some-host", "example.com"]
)
def test_adr_1_path_style_on_every_host(home, bucket, host):
    assert request(home, host, "PUT", f"/{bucket}/k", b"hello").status == 200
    assert request(home, host, "GET", f"/{bucket}/k").body == b"hello"


def test_adr_10_list_buckets_on_a_service_host(home, bucket):
    for host in ("localhost", "s3.localhost", "s3.us-east-1.localhost", "127.0.0.1"):
        assert f"<Name>{bucket}</Name>".encode() in request(home, host, "GET", "/").body


def test_adr_2_slashes_in_a_virtual_host_path(home, s3, bucket):
    host = f"{bucket}.localhost"
    for path, key in [
        ("//a", "/a"),
        ("/a//b", "a//b"),
        ("/a/", "a/"),
        ("/../x", "../x"),
        (f"/{bucket}/k", f"{bucket}/k"),
    ]:
        assert request(home, host, "PUT", path, key.encode()).status == 200
        assert body_of(s3.get_object(Bucket=bucket, Key=key)) == key.encode()


def test_adr_2_missing_bucket(home, bucket):
    error_of(request(home, f"{bucket}x.localhost", "GET", "/k"), 404, "NoSuchBucket", BucketName=f"{bucket}x")


def test_adr_2_create_and_delete_through_the_host(home):
    name = fresh_name()
    assert request(home, f"{name}.s3.localhost", "PUT", "/").status == 200
    assert request(home, f"{name}.s3.localhost", "GET", "/?location").status == 200
    assert request(home, f"{name}.s3.localhost", "DELETE", "/").status == 204


def test_adr_4_a_host_that_is_a_bucket_name(home, s3):
    """CNAME style (SHOULD): if the host is a bucket's name, it is that bucket; otherwise path style."""
    name = f"files.{fresh_name()}.example"
    home.bucket(name=name)
    answer = request(home, name, "PUT", "/k", b"cname")
    assert answer.status == 200, str(answer)
    assert body_of(s3.get_object(Bucket=name, Key="k")) == b"cname"


def test_adr_2_presigned_for_a_virtual_host(home, raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"hello")
    host = f"{bucket}.s3.us-east-1.localhost:{home.port}"
    target = presign(ALICE.credentials, "us-east-1", "GET", "/k", host)
    assert raw.anonymous("GET", target, headers={"host": host}).body == b"hello"


def test_sig_60_sigv2_for_a_virtual_host(home, raw, bucket):
    """The canonical resource has the bucket in front, whichever style the request has."""
    raw.request("PUT", f"/{bucket}/k", body=b"hello")
    signed = presign_v2(ALICE.credentials, "GET", f"/{bucket}/k", expires_at=int(time.time()) + 60)
    target = signed.removeprefix(f"/{bucket}")
    answer = raw.anonymous("GET", target, headers={"host": f"{bucket}.localhost:{home.port}"})
    assert answer.body == b"hello", str(answer)


def test_adr_2_boto3_with_virtual_addressing(home, bucket, monkeypatch):
    resolve = socket.getaddrinfo

    def resolve_here(host, *arguments, **options):
        # The C library of Debian 12 does not know `*.localhost`, unlike browsers and resolved.
        return resolve("127.0.0.1" if str(host).endswith("localhost") else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_here)
    client = clients.client(
        "s3", endpoint_url=f"http://localhost:{home.port}", region_name="us-east-1", aws_access_key_id=ALICE.access_key,
        aws_secret_access_key=ALICE.secret_key,
        config=botocore.config.Config(s3={"addressing_style": "virtual"}, retries={"total_max_attempts": 1}),
    )  # fmt: skip
    client.put_object(Bucket=bucket, Key="dir/k ä", Body=b"hello")
    assert body_of(client.get_object(Bucket=bucket, Key="dir/k ä")) == b"hello"
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
