"""Buckets of another region behind this region's endpoint (RGN-5), and copies between regions (§6.4, §6.5)."""

import datetime
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import botocore.config
import clients
import pytest
import requests
from federation import ALICE, BOB, fresh_name
from s3 import MIB, all_versions, body_of, error_of, etag_of, fails, keys_of, multipart_etag, pattern, upload_multipart
from signing import presign_v2
from test_clients import Tool
from waiting import always, eventually

PAST = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
MARKER = "x-tern-forwarded-by"


def client_for(endpoint, region, account=ALICE, **config):
    """A client for one region's endpoint that signs for another."""
    return clients.client(
        "s3",
        endpoint_url=endpoint.endpoint,
        region_name=region,
        aws_access_key_id=account.access_key,
        aws_secret_access_key=account.secret_key,
        config=botocore.config.Config(
            s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, read_timeout=60, **config
        ),
    )


@pytest.fixture
def there(abroad):
    """A versioned bucket in eu-west-1."""
    return abroad.bucket()


@pytest.fixture(params=["us-east-1", "eu-west-1"], ids=["redirected", "direct"])
def through(request, home):
    """Clients of us-east-1's endpoint: one that must learn the bucket's region first, one that knows it."""
    return client_for(home, request.param)


# Requests handed on


def test_rgn_5_objects(through, there, abroad):
    body = pattern(300_000)
    put = through.put_object(Bucket=there, Key="a b/ä+c%d", Body=body, Metadata={"m": "1"}, Tagging="t=1")
    got = through.get_object(Bucket=there, Key="a b/ä+c%d")
    assert (body_of(got), got["Metadata"], got["ETag"]) == (body, {"m": "1"}, etag_of(body))
    head = through.head_object(Bucket=there, Key="a b/ä+c%d")
    assert (head["ContentLength"], head["VersionId"]) == (len(body), put["VersionId"])
    part = through.get_object(Bucket=there, Key="a b/ä+c%d", Range="bytes=1000-70000")
    assert (body_of(part), part["ContentRange"]) == (body[1000:70001], f"bytes 1000-70000/{len(body)}")
    through.put_object(Bucket=there, Key="empty", Body=b"")
    assert body_of(through.get_object(Bucket=there, Key="empty")) == b""
    assert keys_of(through.list_objects_v2(Bucket=there)) == ["a b/ä+c%d", "empty"]
    through.delete_object(Bucket=there, Key="empty")
    assert [entry["IsMarker"] for entry in all_versions(abroad.client(), there)] == [False, False, True]
    with fails(404, "NoSuchKey"):
        through.get_object(Bucket=there, Key="empty")
    with fails(404):
        through.head_object(Bucket=there, Key="empty")
    assert body_of(abroad.client().get_object(Bucket=there, Key="a b/ä+c%d")) == body


def test_rgn_5_bucket_operations(through, there, home):
    through.put_bucket_tagging(Bucket=there, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert through.get_bucket_tagging(Bucket=there)["TagSet"] == [{"Key": "a", "Value": "b"}]
    assert through.get_bucket_location(Bucket=there)["LocationConstraint"] == "eu-west-1"
    assert through.head_bucket(Bucket=there)["BucketRegion"] == "eu-west-1"
    through.put_object(Bucket=there, Key="k", Body=b"v")
    version = through.head_object(Bucket=there, Key="k")["VersionId"]
    deleted = through.delete_objects(Bucket=there, Delete={"Objects": [{"Key": "k", "VersionId": version}]})
    assert [entry["VersionId"] for entry in deleted["Deleted"]] == [version]
    through.delete_bucket(Bucket=there)
    with fails(404, "NoSuchBucket"):
        home.client().list_objects_v2(Bucket=there)


def test_rgn_5_multipart(through, there):
    parts = [pattern(5 * MIB, 1), pattern(5 * MIB, 2), b"end"]
    done = upload_multipart(through, there, "m", parts)
    assert done["ETag"] == multipart_etag(parts)
    assert body_of(through.get_object(Bucket=there, Key="m")) == b"".join(parts)
    upload = through.create_multipart_upload(Bucket=there, Key="n")["UploadId"]
    through.abort_multipart_upload(Bucket=there, Key="n", UploadId=upload)
    with fails(404, "NoSuchUpload"):
        through.list_parts(Bucket=there, Key="n", UploadId=upload)


def test_rgn_5_presigned_v4(home, there):
    client = client_for(home, "eu-west-1", signature_version="s3v4")
    url = client.generate_presigned_url("put_object", {"Bucket": there, "Key": "p"})
    assert requests.put(url, data=b"signed", timeout=30).status_code == 200
    url = client.generate_presigned_url("get_object", {"Bucket": there, "Key": "p"})
    answer = requests.get(url, timeout=30)
    assert (answer.status_code, answer.content) == (200, b"signed")
    assert requests.get(url + "0", timeout=30).status_code == 403


def test_rgn_5_presigned_v2(home, there, abroad):
    """Version 2 names no region, so what it signs is handed on at once."""
    abroad.client().put_object(Bucket=there, Key="p q", Body=b"signed")
    target = presign_v2(ALICE.credentials, "GET", f"/{there}/p%20q", expires_at=int(time.time()) + 300)
    answer = requests.get(home.endpoint + target, timeout=30)
    assert (answer.status_code, answer.content) == (200, b"signed")
    assert requests.get(home.endpoint + target + "x", timeout=30).status_code == 403


def test_rgn_5_answers_come_as_they_are(home, abroad, there):
    """One request ID, one Date, and the other region's error documents."""
    abroad.client().put_object(Bucket=there, Key="k", Body=b"v")
    for method, path in [("GET", f"/{there}/k"), ("HEAD", f"/{there}/k"), ("GET", f"/{there}/none")]:
        answer = home.raw().request(method, path, region="eu-west-1")
        direct = abroad.raw().request(method, path)
        assert answer.status == direct.status
        ignored = {"date", "x-amz-request-id", "x-amz-id-2"}
        assert {n: v for n, v in answer.headers.items() if n.lower() not in ignored} == {
            n: v for n, v in direct.headers.items() if n.lower() not in ignored
        }
    error_of(answer, 404, "NoSuchKey")
    assert answer.error["RequestId"] == answer.headers["x-amz-request-id"]


def test_rgn_5_wrong_signatures_and_other_accounts(home, there):
    with fails(403, "AccessDenied"):
        client_for(home, "eu-west-1", BOB).put_object(Bucket=there, Key="k", Body=b"v")
    with fails(403, "AccessDenied"):
        client_for(home, "eu-west-1", BOB).put_object(Bucket=there, Key="k", Body=pattern(3 * MIB))
    answer = home.raw().request("GET", f"/{there}/k", region="ap-south-1")
    error_of(answer, 400, "AuthorizationHeaderMalformed")


def test_rgn_1_what_is_not_handed_on(home, there):
    """Anonymous requests, and those signed for the wrong region, learn where the bucket is."""
    for answer in (home.raw().anonymous("GET", f"/{there}/k"), home.raw().request("GET", f"/{there}/k")):
        error_of(answer, 301, "PermanentRedirect", Bucket=there)
        assert answer.headers["x-amz-bucket-region"] == "eu-west-1"


def test_rgn_5_no_circles(home, there):
    """What says that it was forwarded already is not forwarded, whoever says so; `Connection` cannot hide the mark."""
    answer = home.raw().request("GET", f"/{there}/k", region="eu-west-1", headers={MARKER: "x"})
    error_of(answer, 301, "PermanentRedirect")
    answer = home.raw().request("GET", f"/{there}", region="eu-west-1", headers={"Connection": MARKER})
    assert answer.status == 200, str(answer)


def test_rgn_5_odd_targets(home, abroad, there):
    """What clients do not escape is signed as its octets, and arrives as the same key."""
    for path in ["/a//b", "/a/../b", "/x|y", '/"q"', "/[1]", "/s%2Ft", "/%F0%9F%98%80", "/p+q", "/~t"]:
        answer = home.raw().request("PUT", f"/{there}{path}", body=path.encode(), region="eu-west-1")
        assert answer.status == 200, (path, str(answer))
        direct = abroad.raw().request("GET", f"/{there}{path}")
        assert (direct.status, direct.body) == (200, path.encode()), path


def put_expecting(requester, path, body, region, headers=None):
    """PUT that sends its body only when it is asked to. Returns whether it was, and the final answer."""
    with requester.connect() as connection:
        send, signature = requester.prepare("PUT", path, headers=headers, body=body, region=region)
        connection.send_head("PUT", path, {**send, "authorization": signature.header, "expect": "100-continue"})
        answer = connection.receive("PUT", skip_continue=False)
        if answer.status != 100:
            return False, answer
        connection.send(body)
        return True, connection.receive("PUT")


@pytest.mark.parametrize("proxied", [True, False], ids=["proxied", "direct"])
def test_rgn_5_expect_100_continue(home, abroad, there, proxied):
    """The region of the bucket asks for the body, or refuses the request without it."""
    requester = (home if proxied else abroad).raw()
    for body in (b"hello", b"", pattern(3 * MIB)):
        was_asked, answer = put_expecting(requester, f"/{there}/k", body, "eu-west-1")
        assert answer.status == 200, str(answer)
        assert was_asked or not body
        got = requester.request("GET", f"/{there}/k", region="eu-west-1")
        assert (got.status, got.body) == (200, body)
    for path, headers, status, code in [
        (f"/{there}/k?uploadId=none&partNumber=1", {}, 404, "NoSuchUpload"),
        (f"/{there}/k?uploadId=none&partNumber=0", {}, 400, "InvalidArgument"),
        (f"/{there}/k", {"x-amz-expected-bucket-owner": BOB.id}, 403, "AccessDenied"),
        (f"/{there}/k", {"x-amz-storage-class": "NONE"}, 400, "InvalidStorageClass"),
    ]:
        was_asked, answer = put_expecting(requester, path, b"hello", "eu-west-1", headers)
        error_of(answer, status, code)
        assert not was_asked, (path, headers)


def test_rgn_5_expect_100_continue_in_boto3(home, there):
    client = client_for(home, "eu-west-1", max_pool_connections=1)
    for number in range(3):
        client.put_object(Bucket=there, Key="empty", Body=b"")
        client.put_object(Bucket=there, Key="small", Body=b"%d" % number)
        with fails(412, "PreconditionFailed"):
            client.put_object(Bucket=there, Key="small", Body=b"body", IfNoneMatch="*")
        assert body_of(client.get_object(Bucket=there, Key="small")) == b"%d" % number


@pytest.mark.parametrize("length", [None, "0"])
def test_rgn_5_fields_arrive_as_they_were_signed(home, abroad, there, length):
    """`Content-Length: 0` of a request that has no body, and whatever else the signature covers."""
    abroad.client().put_object(Bucket=there, Key="k", Body=b"v")
    headers = {"x-amz-meta-a": "1", "accept-encoding": "identity", "range": "bytes=0-0"}
    if length:
        headers["content-length"] = length
    for method, path, status in [
        ("GET", "/k", 206), ("HEAD", "/k", 206), ("DELETE", "/k", 204), ("POST", "/m?uploads", 200),
    ]:  # fmt: skip
        send = home.raw().request(method, f"/{there}{path}", headers=headers, region="eu-west-1")
        assert send.status == status, (method, str(send))


def test_rgn_5_a_body_in_http_chunks(home, there):
    requester = home.raw()
    body = pattern(200_000)
    send, signature = requester.prepare(
        "PUT", f"/{there}/k", body=body, content_length=False, payload_hash="UNSIGNED-PAYLOAD", region="eu-west-1"
    )
    send = {**send, "authorization": signature.header, "transfer-encoding": "chunked"}
    with requester.connect() as connection:
        connection.send_head("PUT", f"/{there}/k", send)
        connection.send(b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n")
        through = connection.receive("PUT")
    direct = home.raw().request("PUT", f"/{there}/k", body=body, region="eu-west-1")
    assert direct.status == 200
    error_of(through, 411, "MissingContentLength")  # as S3 answers it, from the bucket's region


def test_rgn_5_virtual_hosts(home, there):
    """The other region sees the host that the client signed."""
    host = f"{there}.localhost:{home.port}"
    put = home.raw().request("PUT", "/v", headers={"host": host}, body=b"hosted", region="eu-west-1")
    assert put.status == 200, str(put)
    got = home.raw().request("GET", "/v", headers={"host": host}, region="eu-west-1")
    assert (got.status, got.body) == (200, b"hosted")


def test_rgn_5_a_large_body_streams(home, abroad, there):
    body = pattern(64 * MIB)
    client = client_for(home, "eu-west-1")
    home.reset_peak()
    before = home.resident_mib()
    client.put_object(Bucket=there, Key="large", Body=body)
    assert body_of(client.get_object(Bucket=there, Key="large")) == body
    assert home.peak_resident_mib() - before < 40


# Copies between regions


@pytest.fixture(params=[b"small", pattern(300_000)], ids=["inline", "blob"])
def source(request, abroad, there):
    abroad.client().put_object(
        Bucket=there, Key="ä b+c/s", Body=request.param, ContentType="text/x", Metadata={"a": "b"}, Tagging="t=1"
    )
    return request.param


def copy(s3, bucket, there, key="ä b+c/s", **parameters):
    return s3.copy_object(Bucket=bucket, Key="d", CopySource={"Bucket": there, "Key": key}, **parameters)


def test_cpy_5_6_a_source_abroad(s3, abroad, bucket, there, source):
    version = abroad.client().head_object(Bucket=there, Key="ä b+c/s")["VersionId"]
    answer = copy(s3, bucket, there)
    assert answer["CopyObjectResult"]["ETag"] == etag_of(source)
    assert answer["CopySourceVersionId"] == version
    got = s3.get_object(Bucket=bucket, Key="d")
    assert (body_of(got), got["ContentType"], got["Metadata"]) == (source, "text/x", {"a": "b"})
    assert s3.get_object_tagging(Bucket=bucket, Key="d")["TagSet"] == [{"Key": "t", "Value": "1"}]
    copy(s3, bucket, there, MetadataDirective="REPLACE", Metadata={"n": "1"}, StorageClass="ONEZONE_IA")
    head = s3.head_object(Bucket=bucket, Key="d")
    assert (head["Metadata"], head["StorageClass"]) == ({"n": "1"}, "ONEZONE_IA")


def test_copies_back_home(home, abroad, bucket, there):
    """From a region that is not home, and onto an unversioned bucket's object."""
    home.client().put_object(Bucket=bucket, Key="s", Body=b"home")
    eventually(
        lambda: abroad.raw().request("HEAD", f"/{bucket}").status != 404, "the bucket is known abroad"
    )
    abroad.client().copy_object(Bucket=there, Key="d", CopySource={"Bucket": bucket, "Key": "s"})
    assert body_of(abroad.client().get_object(Bucket=there, Key="d")) == b"home"


def test_cpy_7_checksums_of_a_source_abroad(s3, abroad, bucket, there):
    far = abroad.client()
    far.put_object(Bucket=there, Key="s", Body=b"hello", ChecksumAlgorithm="SHA256")
    kept = copy(s3, bucket, there, "s")["CopyObjectResult"]
    assert kept["ChecksumSHA256"] == "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
    chosen = copy(s3, bucket, there, "s", ChecksumAlgorithm="CRC32")["CopyObjectResult"]
    assert chosen["ChecksumCRC32"] == "NhCmhg=="
    parts = [pattern(5 * MIB, 1), b"end"]
    upload_multipart(far, there, "m", parts)
    assert copy(s3, bucket, there, "m")["CopyObjectResult"]["ETag"] == etag_of(b"".join(parts))
    assert body_of(s3.get_object(Bucket=bucket, Key="d")) == b"".join(parts)


def test_cpy_2_errors_of_a_source_abroad(s3, bob, abroad, bucket, there, home):
    far = abroad.client()
    with fails(404, "NoSuchKey"):
        copy(s3, bucket, there, "none")
    version = far.put_object(Bucket=there, Key="s", Body=b"one")["VersionId"]
    marker = far.delete_object(Bucket=there, Key="s")["VersionId"]
    with fails(404, "NoSuchKey"):
        copy(s3, bucket, there, "s")
    with fails(400, "InvalidRequest"):
        s3.copy_object(Bucket=bucket, Key="d", CopySource={"Bucket": there, "Key": "s", "VersionId": marker})
    s3.copy_object(Bucket=bucket, Key="d", CopySource={"Bucket": there, "Key": "s", "VersionId": version})
    assert body_of(s3.get_object(Bucket=bucket, Key="d")) == b"one"
    with fails(404, "NoSuchVersion"):
        s3.copy_object(Bucket=bucket, Key="d", CopySource={"Bucket": there, "Key": "none", "VersionId": version})
    with fails(400, "InvalidArgument"):
        s3.copy_object(Bucket=bucket, Key="d", CopySource={"Bucket": there, "Key": "s", "VersionId": "x"})
    plain = abroad.bucket(versioned=False)
    far.put_object(Bucket=plain, Key="s", Body=b"p")
    assert "CopySourceVersionId" not in copy(s3, bucket, plain, "s")
    with fails(400, "InvalidArgument"):
        s3.copy_object(Bucket=bucket, Key="d", CopySource={"Bucket": plain, "Key": "s", "VersionId": version})
    theirs = home.bucket(account=BOB)
    with fails(403, "AccessDenied"):
        copy(bob, theirs, plain, "s")
    with fails(403, "AccessDenied"):
        copy(s3, bucket, plain, "s", ExpectedSourceBucketOwner=BOB.id)


def test_cnd_7_conditions_on_a_source_abroad(s3, bucket, there, source):
    for conditions, failing in [
        ({"CopySourceIfMatch": '"no"'}, "x-amz-copy-source-If-Match"),
        ({"CopySourceIfNoneMatch": etag_of(source)}, "x-amz-copy-source-If-None-Match"),
        ({"CopySourceIfUnmodifiedSince": PAST}, "x-amz-copy-source-If-Unmodified-Since"),
    ]:
        with fails(412, "PreconditionFailed", Condition=failing):
            copy(s3, bucket, there, **conditions)
    copy(s3, bucket, there, CopySourceIfMatch=etag_of(source))


def test_upc_parts_of_a_source_abroad(s3, abroad, bucket, there):
    body = pattern(11 * MIB)
    abroad.client().put_object(Bucket=there, Key="s", Body=body)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32")["UploadId"]
    where = {"Bucket": bucket, "Key": "k", "UploadId": upload, "CopySource": {"Bucket": there, "Key": "s"}}
    first = s3.upload_part_copy(**where, PartNumber=1)["CopyPartResult"]
    assert first["ETag"] == etag_of(body)
    second = s3.upload_part_copy(**where, PartNumber=2, CopySourceRange=f"bytes=100-{6 * MIB}")["CopyPartResult"]
    assert second["ETag"] == etag_of(body[100 : 6 * MIB + 1])
    assert second["ChecksumCRC32"]
    with fails(400, "InvalidArgument"):
        s3.upload_part_copy(**where, PartNumber=3, CopySourceRange=f"bytes=0-{11 * MIB}")
    with fails(400, "InvalidRequest"):
        s3.upload_part_copy(**where, PartNumber=3, CopySourceRange=f"bytes={11 * MIB}-{12 * MIB}")
    with fails(400, "InvalidArgument"):
        s3.upload_part_copy(**where, PartNumber=3, CopySourceRange="bytes=1-")
    parts = [
        {"PartNumber": n, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]}
        for n, part in enumerate((first, second), 1)
    ]
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == body + body[100 : 6 * MIB + 1]


def test_a_large_copy_streams(home, abroad, bucket, there):
    body = pattern(64 * MIB)
    abroad.client().put_object(Bucket=there, Key="s", Body=body)
    home.reset_peak()
    before = home.resident_mib()
    assert copy(home.client(), bucket, there, "s")["CopyObjectResult"]["ETag"] == etag_of(body)
    assert home.peak_resident_mib() - before < 40


def test_aws_cp_between_buckets_of_two_regions(federation, home, abroad, bucket, there, scratch):
    """The AWS CLI with one endpoint for both; a large object travels by UploadPartCopy."""
    aws = Tool([sys.executable, "-m", "awscli", "--profile", "us-east-1"], federation.environment)
    body = pattern(20 * MIB)
    (scratch / "f").write_bytes(body)
    aws("s3", "cp", "--no-progress", scratch / "f", f"s3://{there}/far", "--region", "eu-west-1")
    aws("s3", "cp", "--no-progress", f"s3://{there}/far", f"s3://{bucket}/near", "--source-region", "eu-west-1")
    assert body_of(home.client().get_object(Bucket=bucket, Key="near")) == body
    eventually(
        lambda: abroad.raw().request("HEAD", f"/{bucket}").status != 404, "the bucket is known abroad"
    )
    aws(
        "s3", "cp", "--no-progress", f"s3://{bucket}/near", f"s3://{there}/again", "--source-region", "us-east-1",
        "--region", "eu-west-1",
    )  # fmt: skip
    assert body_of(abroad.client().get_object(Bucket=there, Key="again")) == body
    aws("s3", "cp", "--no-progress", f"s3://{there}/again", scratch / "g", "--region", "eu-west-1")
    assert (scratch / "g").read_bytes() == body


# The other region is away; redirects


def test_a_region_that_is_down(own_federation):
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    near, there = home.bucket(), abroad.bucket()
    client = client_for(home, "eu-west-1")
    client.put_object(Bucket=there, Key="k", Body=b"v")
    abroad.terminate()
    with fails(503, "ServiceUnavailable"):
        client.get_object(Bucket=there, Key="k")
    with fails(503, "ServiceUnavailable"):
        client.put_object(Bucket=there, Key="k", Body=pattern(3 * MIB))
    with fails(503):
        client.head_object(Bucket=there, Key="k")
    with fails(503, "ServiceUnavailable"):
        copy(home.client(), near, there, "k")
    abroad.start()
    assert body_of(client.get_object(Bucket=there, Key="k")) == b"v"


def test_a_region_that_dies_under_a_download_cuts_it_off(own_federation):
    """A part is never taken for the whole."""
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    there = abroad.bucket(name=fresh_name())
    client = client_for(home, "eu-west-1")
    client.put_object(Bucket=there, Key="k", Body=pattern(64 * MIB))
    body = client.get_object(Bucket=there, Key="k")["Body"]
    body.read(MIB)
    abroad.kill()
    with pytest.raises(Exception, match="(?i)connection|incomplete|reset"):
        body.read()
    abroad.start()


def test_neither_side_runs_ahead_of_the_other(own_federation):
    """A body waits where it comes from: for a client that does not read, and for a region that does not take it."""
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    there = abroad.bucket()
    client = client_for(home, "eu-west-1")
    body = pattern(64 * MIB)
    client.put_object(Bucket=there, Key="k", Body=body)
    home.reset_peak()
    before = home.resident_mib()
    answer = client.get_object(Bucket=there, Key="k")["Body"]
    answer.read(MIB)
    always(lambda: home.peak_resident_mib() - before < 30, "bounded memory", during=2)
    assert len(answer.read()) == len(body) - MIB
    with ThreadPoolExecutor(1) as pool:
        with abroad.paused():
            put = pool.submit(client.put_object, Bucket=there, Key="slow", Body=body)
            always(lambda: home.peak_resident_mib() - before < 30 and not put.done(), "the body waits", during=2)
        put.result(timeout=60)
    assert body_of(client.get_object(Bucket=there, Key="slow")) == body


def test_redirect_mode(own_federation):
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    there = abroad.bucket()
    abroad.client().put_object(Bucket=there, Key="k", Body=b"v")
    written = home.config_path.read_text()
    home.terminate()
    home.config_path.write_text(written + "cross_region_access: redirect\n")
    home.start()
    try:
        for region in ("us-east-1", "eu-west-1"):
            answer = home.raw().request("GET", f"/{there}/k", region=region)
            error_of(answer, 301, "PermanentRedirect", Bucket=there)
            assert answer.headers["x-amz-bucket-region"] == "eu-west-1"
        target = presign_v2(ALICE.credentials, "GET", f"/{there}/k", expires_at=int(time.time()) + 300)
        assert requests.get(home.endpoint + target, timeout=30).status_code == 301
        near = home.bucket()
        copy(home.client(), near, there, "k")
        assert body_of(home.client().get_object(Bucket=near, Key="d")) == b"v"
    finally:
        home.terminate()
        home.config_path.write_text(written)
        home.start()
