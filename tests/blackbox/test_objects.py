"""Objects: bodies, keys, ranges, conditions, headers (s3-api §5, §14, ADR-6, MET-*, RNG-*)."""

import datetime
import http.client
import urllib.parse

import pytest
from federation import BOB
from s3 import body_of, error_of, etag_of, fails, keys_of, pattern, upload_multipart
from signing import encode

MIB = 1 << 20

# Bodies on both sides of every limit that an implementation may have inside: inline bodies, blocks, chunks.
SIZES = [0, 1, 4095, 4096, 32767, 32768, 32769, 65535, 65536, 65537, MIB - 1, MIB, MIB + 1, 5 * MIB + 3]


@pytest.mark.parametrize("size", SIZES)
def test_put_get_head_round_trip(s3, bucket, size):
    body = pattern(size)
    put = s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert put["ETag"] == etag_of(body)
    got = s3.get_object(Bucket=bucket, Key="k")
    assert body_of(got) == body
    assert got["ETag"] == etag_of(body)
    assert got["ContentLength"] == size
    assert got["AcceptRanges"] == "bytes"
    assert got["ContentType"] == "binary/octet-stream"
    assert got["VersionId"] == put["VersionId"]
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ETag"], head["ContentLength"], head["LastModified"]) == (got["ETag"], size, got["LastModified"])
    assert "StorageClass" not in head  # §5.4: not for STANDARD
    age = datetime.datetime.now(datetime.UTC) - head["LastModified"]
    assert -datetime.timedelta(seconds=2) < age < datetime.timedelta(seconds=60)


# ADR-6: keys are bytes; nothing is normalised.

KEYS = [
    "a", "a/b/c", "a//b", "//a", "a/", "/", "//", "./x", "../x", "a/./b", "a/../b", "..", ".", "a/..", " ", "a b",
    "test key//", " leading", "trailing ", "a+b", "a%b", "a%2Fb", "a%20b", "test%percent", "file%2Fname", "test@key/",
    "a/%F0%9F%98%80/", "ä", "日本語/キー", "😀/😁", "e\u0301", "é", "\u200b", "\ufeffbom", "a?b=c", "a#b", "a&b", "a=b",
    "a;b", "a:b", "a,b", "a$b", "a!b", "a*b", "a'b", 'a"b', "a(b)", "a[b]", "a{b}", "a|b", "a\\b", "a^b", "a`b", "a~b",
    "a<b>", "\x01", "a\tb", "a\nb", "a\rb", "\x1f", "\x7f", "\ud7ff", "\ue000", "\ufffd", "\U0010ffff", "acl", "?acl",
    "a?versionId=x", "soap", "_tern", "null", "k" * 1024, "ü" * 512, "😀" * 256, "/".join("ab" for _ in range(300)),
]  # fmt: skip


def key_id(key):
    return encode(key)[:40]


@pytest.mark.parametrize("key", KEYS, ids=key_id)
def test_adr_6_key_round_trip(raw, s3, bucket, key):
    body = key.encode()
    target = f"/{bucket}/{encode(key, safe='/')}"
    put = raw.request("PUT", target, body=body)
    assert put.status == 200, str(put)
    assert raw.request("GET", target).body == body
    # Every octet may come percent-encoded, the slashes too.
    fully = f"/{bucket}/" + "".join(f"%{octet:02X}" for octet in body)
    if len(fully) < 4000:
        assert raw.request("GET", fully).body == body
    assert raw.request("HEAD", target).headers["content-length"] == str(len(body))
    # boto3 asks for encoding-type=url and decodes (LST-3).
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == [key]
    assert keys_of(s3.list_objects(Bucket=bucket)) == [key]
    assert [v["Key"] for v in s3.list_object_versions(Bucket=bucket)["Versions"]] == [key]
    assert raw.request("DELETE", target).status == 204
    assert raw.request("GET", target).status == 404


def test_adr_6_keys_that_look_alike_are_different(raw, bucket):
    keys = ["a/b", "a//b", "a/b/", "a/./b", "a/../a/b", "/a/b", "A/b", "a%2Fb", "a+b", "a b", "e\u0301", "\u00e9"]
    for number, key in enumerate(keys):
        assert raw.request("PUT", f"/{bucket}/{encode(key, safe='/')}", body=b"%d" % number).status == 200
    for number, key in enumerate(keys):
        assert raw.request("GET", f"/{bucket}/{encode(key, safe='/')}").body == b"%d" % number, key


def test_adr_6_plus_in_a_path_is_a_plus(raw, bucket):
    assert raw.request("PUT", f"/{bucket}/a+b", body=b"1").status == 200
    assert raw.request("GET", f"/{bucket}/a%2Bb").body == b"1"
    assert raw.request("GET", f"/{bucket}/a%20b").status == 404


@pytest.mark.parametrize("path", ["%", "a%2", "a%zz", "%FF", "a%C3", "%C0%AF", "%ED%A0%80", "%F4%90%80%80"])
def test_adr_7_broken_escapes_and_utf_8(raw, bucket, path):
    answer = raw.request("GET", f"/{bucket}/{path}")
    error = error_of(answer, 400, "InvalidURI", "Couldn't parse the specified URI.")
    assert "URI" in error


@pytest.mark.parametrize("key", ["k" * 1025, "ü" * 513], ids=["ascii", "two-byte"])
def test_s14_key_too_long(raw, bucket, key):
    answer = raw.request("PUT", f"/{bucket}/{encode(key)}", body=b"x")
    error_of(answer, 400, "KeyTooLongError", "Your key is too long", Size=str(len(key.encode())), MaxSizeAllowed="1024")


def test_err_4_missing_key_and_bucket(s3, bucket):
    with fails(404, "NoSuchKey", "The specified key does not exist.", Key="no"):
        s3.get_object(Bucket=bucket, Key="no")
    with fails(404, "NoSuchBucket", "The specified bucket does not exist", BucketName=bucket + "x"):
        s3.get_object(Bucket=bucket + "x", Key="no")
    with fails(404, "NoSuchBucket"):
        s3.put_object(Bucket=bucket + "x", Key="no", Body=b"")
    with fails(404, "404"):
        s3.head_object(Bucket=bucket, Key="no")


def test_another_account_is_refused(s3, bob, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    for call in (
        lambda: bob.get_object(Bucket=bucket, Key="k"),
        lambda: bob.get_object(Bucket=bucket, Key="missing"),
        lambda: bob.put_object(Bucket=bucket, Key="k", Body=b"w"),
        lambda: bob.delete_object(Bucket=bucket, Key="k"),
        lambda: bob.list_objects_v2(Bucket=bucket),
        lambda: bob.list_object_versions(Bucket=bucket),
        lambda: bob.create_multipart_upload(Bucket=bucket, Key="k"),
        lambda: bob.get_object_tagging(Bucket=bucket, Key="k"),
    ):
        with fails(403, "AccessDenied"):
            call()
    with fails(403):
        bob.head_object(Bucket=bucket, Key="k")


def test_anonymous_is_refused(raw, bucket):
    assert raw.request("PUT", f"/{bucket}/k", body=b"v").status == 200
    for method, target in [
        ("GET", f"/{bucket}/k"),
        ("GET", f"/{bucket}"),
        ("PUT", f"/{bucket}/k"),
        ("DELETE", f"/{bucket}/k"),
    ]:
        error_of(raw.anonymous(method, target), 403, "AccessDenied")
    assert raw.anonymous("HEAD", f"/{bucket}/k").status == 403


# Ranges (RNG-1 … RNG-3)

CONTENT = pattern(1000)


@pytest.fixture(params=[1000, 200_000], ids=["inline", "blob"])
def ranged(request, s3, bucket):
    content = pattern(request.param)
    s3.put_object(Bucket=bucket, Key="k", Body=content)
    return bucket, content


@pytest.mark.parametrize(
    "value", ["bytes=0-0", "bytes=0-99", "bytes=10-", "bytes=-10", "bytes=5-999999", "bytes=-999999", "bytes=999-999"]
)
def test_rng_1(raw, ranged, value):
    bucket, content = ranged
    first, _, last = value.removeprefix("bytes=").partition("-")
    if first == "":
        start, end = max(0, len(content) - int(last)), len(content) - 1
    else:
        start, end = int(first), min(int(last or len(content)), len(content) - 1)
    answer = raw.request("GET", f"/{bucket}/k", headers={"range": value})
    assert answer.status == 206, str(answer)
    assert answer.body == content[start : end + 1]
    assert answer.headers["content-range"] == f"bytes {start}-{end}/{len(content)}"
    head = raw.request("HEAD", f"/{bucket}/k", headers={"range": value})
    assert head.status == 206
    assert head.headers["content-length"] == str(end + 1 - start)


@pytest.mark.parametrize(
    "value",
    [
        "bytes=0-1,3-4",
        "bytes=1-0",
        "bytes=-1-",
        "bytes=0--1",
        "bytes=-",
        "0-5",
        "bytes 0-5",
        "items=0-5",
        "bytes=a-b",
        "",
    ],
)
def test_rng_2_ignored(raw, ranged, value):
    bucket, content = ranged
    answer = raw.request("GET", f"/{bucket}/k", headers={"range": value})
    assert answer.status == 200, str(answer)
    assert answer.body == content
    assert "content-range" not in answer.headers


@pytest.mark.parametrize("value", ["bytes={size}-", "bytes={size}-{size}", "bytes=99999999-", "bytes=-0"])
def test_rng_3_not_satisfiable(raw, ranged, value):
    bucket, content = ranged
    value = value.format(size=len(content))
    answer = raw.request("GET", f"/{bucket}/k", headers={"range": value})
    error_of(
        answer,
        416,
        "InvalidRange",
        "The requested range is not satisfiable",
        ActualObjectSize=str(len(content)),
        RangeRequested=value,
    )


def test_rng_3_range_of_an_empty_object(raw, bucket):
    raw.request("PUT", f"/{bucket}/k")
    error_of(
        raw.request("GET", f"/{bucket}/k", headers={"range": "bytes=0-"}), 416, "InvalidRange", ActualObjectSize="0"
    )


def test_rng_1_a_range_over_block_and_part_borders(s3, bucket):
    parts = [pattern(5 * MIB + 7, 1), pattern(5 * MIB, 2), pattern(99, 3)]
    upload_multipart(s3, bucket, "m", parts)
    whole = b"".join(parts)
    for start, end in [
        (0, 0), (65535, 65536), (5 * MIB, 5 * MIB + 20), (5 * MIB + 6, 5 * MIB + 7), (10 * MIB, len(whole) - 1),
        (10 * MIB + 6, 10 * MIB + 8), (0, len(whole) - 1), (len(whole) - 1, len(whole) - 1), (1, 10 * MIB + 50),
    ]:  # fmt: skip
        got = s3.get_object(Bucket=bucket, Key="m", Range=f"bytes={start}-{end}")
        assert body_of(got) == whole[start : end + 1], (start, end)


# Parts (RNG-4)


def test_rng_4_part_number_of_a_multipart_object(s3, bucket):
    parts = [pattern(5 * MIB, 1), pattern(5 * MIB, 2), pattern(10, 3)]
    upload_multipart(s3, bucket, "m", parts)
    whole = sum(map(len, parts))
    offset = 0
    for number, part in enumerate(parts, 1):
        got = s3.get_object(Bucket=bucket, Key="m", PartNumber=number)
        assert body_of(got) == part
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert got["ContentRange"] == f"bytes {offset}-{offset + len(part) - 1}/{whole}"
        assert got["PartsCount"] == 3
        head = s3.head_object(Bucket=bucket, Key="m", PartNumber=number)
        assert (head["ContentLength"], head["PartsCount"]) == (len(part), 3)
        offset += len(part)
    with fails(
        416,
        "InvalidPartNumber",
        "The requested partnumber is not satisfiable",
        ActualPartCount="3",
        PartNumberRequested="4",
    ):
        s3.get_object(Bucket=bucket, Key="m", PartNumber=4)
    assert "PartsCount" not in s3.head_object(Bucket=bucket, Key="m")


def test_rng_4_part_number_of_a_plain_object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="p", Body=b"hello")
    got = s3.get_object(Bucket=bucket, Key="p", PartNumber=1)
    assert (body_of(got), got["ResponseMetadata"]["HTTPStatusCode"]) == (b"hello", 206)
    assert got["ContentRange"] == "bytes 0-4/5"
    assert "PartsCount" not in got
    with fails(416, "InvalidPartNumber"):
        s3.get_object(Bucket=bucket, Key="p", PartNumber=2)


@pytest.mark.parametrize("number", ["0", "10001", "-1", "x"])
def test_rng_4_mpu_3_bad_part_number(raw, bucket, number):
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    error_of(
        raw.request("GET", f"/{bucket}/k?partNumber={number}"),
        400,
        "InvalidArgument",
        "Part number must be an integer between 1 and 10000, inclusive",
        ArgumentName="partNumber",
        ArgumentValue=number,
    )


def test_rng_4_range_and_part_number(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    error_of(
        raw.request("GET", f"/{bucket}/k?partNumber=1", headers={"range": "bytes=0-0"}),
        400,
        "InvalidRequest",
        "Cannot specify both Range header and partNumber query parameter",
    )


# Conditions on reads (§5.1)

PAST = "Sat, 01 Jan 2000 00:00:00 GMT"
FUTURE = "Fri, 01 Jan 2100 00:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "status", "condition"),
    [
        ({"if-match": "ETAG"}, 200, None),
        ({"if-match": "BARE"}, 200, None),
        ({"if-match": "*"}, 200, None),
        ({"if-match": '"no", ETAG'}, 200, None),
        ({"if-match": '"no"'}, 412, "If-Match"),
        ({"if-none-match": '"no"'}, 200, None),
        ({"if-none-match": "ETAG"}, 304, None),
        ({"if-none-match": "BARE"}, 304, None),
        ({"if-none-match": "*"}, 304, None),
        ({"if-modified-since": PAST}, 200, None),
        ({"if-modified-since": "NOW"}, 304, None),
        ({"if-modified-since": FUTURE}, 200, None),
        ({"if-modified-since": "rubbish"}, 200, None),
        ({"if-unmodified-since": PAST}, 412, "If-Unmodified-Since"),
        ({"if-unmodified-since": FUTURE}, 200, None),
        ({"if-unmodified-since": "rubbish"}, 200, None),
        ({"if-match": "ETAG", "if-unmodified-since": PAST}, 200, None),
        ({"if-match": '"no"', "if-unmodified-since": FUTURE}, 412, "If-Match"),
        ({"if-none-match": "ETAG", "if-modified-since": PAST}, 304, None),
        ({"if-none-match": '"no"', "if-modified-since": "NOW"}, 200, None),
        ({"if-match": "ETAG", "if-none-match": "ETAG"}, 304, None),
    ],
    ids=lambda value: "+".join(f"{k}:{v}" for k, v in value.items()) if isinstance(value, dict) else None,
)
def test_s5_1_read_conditions(raw, s3, bucket, headers, status, condition):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"v")["ETag"]
    modified = raw.request("HEAD", f"/{bucket}/k").headers["last-modified"]
    words = {"ETAG": etag, "BARE": etag.strip('"')}
    send = {
        name: modified
        if value == "NOW"
        else value.replace("ETAG", etag)
        if "ETAG" in value
        else words.get(value, value)
        for name, value in headers.items()
    }
    answer = raw.request("GET", f"/{bucket}/k", headers=send)
    assert answer.status == status, str(answer)
    if status == 412:
        error_of(
            answer,
            412,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
            Condition=condition,
        )
    if status == 304:
        assert answer.body == b""
        assert answer.headers["etag"] == etag
        assert answer.headers["last-modified"] == modified
        assert answer.headers["x-amz-version-id"]
    assert raw.request("HEAD", f"/{bucket}/k", headers=send).status == status


def test_rng_6_conditions_come_before_the_range(raw, s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"v")["ETag"]
    assert raw.request("GET", f"/{bucket}/k", headers={"range": "bytes=9-", "if-none-match": etag}).status == 304
    assert raw.request("GET", f"/{bucket}/k", headers={"range": "bytes=9-", "if-match": '"no"'}).status == 412


# response-* (RNG-7)


def test_rng_7_overrides(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"v", ContentType="text/plain", CacheControl="no-cache")
    got = s3.get_object(
        Bucket=bucket,
        Key="k",
        ResponseContentType="text/html; charset=utf-8",
        ResponseContentLanguage="de",
        ResponseExpires=datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC),
        ResponseCacheControl="max-age=1",
        ResponseContentDisposition='attachment; filename="a b.txt"',
        ResponseContentEncoding="gzip",
    )["ResponseMetadata"]["HTTPHeaders"]
    assert got["content-type"] == "text/html; charset=utf-8"
    assert got["content-language"] == "de"
    assert got["cache-control"] == "max-age=1"
    assert got["content-disposition"] == 'attachment; filename="a b.txt"'
    assert got["content-encoding"] == "gzip"
    assert "2030" in got["expires"]
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ContentType"], head["CacheControl"]) == ("text/plain", "no-cache")


def test_rng_7_not_latin_1(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    value = urllib.parse.quote("attachment; filename=日本.txt", safe="")
    error_of(
        raw.request("GET", f"/{bucket}/k?response-content-disposition={value}"),
        400,
        "InvalidArgument",
        "Header value cannot be represented using ISO-8859-1.",
    )


def test_sig_62_anonymous_overrides(raw, bucket):
    answer = raw.anonymous("GET", f"/{bucket}/k?response-content-type=text/html")
    message = "Request specific response headers cannot be used for anonymous GET requests."
    error_of(answer, 400, "InvalidRequest", message)


# Metadata (MET-*)


def test_met_3_system_headers(s3, raw, bucket):
    send = {
        "cache-control": "max-age=60, public",
        "content-disposition": 'attachment; filename="x.txt"',
        "content-encoding": "gzip",
        "content-language": "de-DE",
        "content-type": "text/plain; charset=utf-8",
        "expires": "Thu, 01 Dec 2033 16:00:00 GMT",
    }
    raw.request("PUT", f"/{bucket}/k", body=b"v", headers=send)
    for method in ("GET", "HEAD"):
        headers = raw.request(method, f"/{bucket}/k").headers
        assert {name: headers.get(name) for name in send} == send


def test_met_3_expires_is_text(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"expires": "next week"})
    assert raw.request("GET", f"/{bucket}/k").headers["expires"] == "next week"


@pytest.mark.parametrize(
    ("sent", "stored"), [("aws-chunked", None), ("aws-chunked,gzip", "gzip"), ("gzip, aws-chunked", "gzip")]
)
def test_sig_47_aws_chunked_is_not_stored(raw, bucket, sent, stored):
    raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"content-encoding": sent})
    assert raw.request("HEAD", f"/{bucket}/k").headers.get("content-encoding") == stored


def test_met_1_user_metadata(raw, s3, bucket):
    raw.request(
        "PUT",
        f"/{bucket}/k",
        body=b"v",
        headers={"X-Amz-Meta-Mixed-Case": "Value", "x-amz-meta-empty": "", "x-amz-meta-n.u_m-1": "  padded  "},
    )
    got = s3.head_object(Bucket=bucket, Key="k")["Metadata"]
    assert got == {"mixed-case": "Value", "empty": "", "n.u_m-1": "padded"}


def test_met_1_too_large(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata={"abcd": "v" * 2044})
    with fails(
        400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size", MaxSizeAllowed="2048"
    ):
        s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata={"abcd": "v" * 2045})


def test_met_2_non_ascii(raw, bucket):
    encoded = "=?UTF-8?B?w6TDtsO8?="
    raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"x-amz-meta-a": encoded, "x-amz-meta-b": "äöü"})
    headers = raw.request("HEAD", f"/{bucket}/k").headers
    for name in ("x-amz-meta-a", "x-amz-meta-b"):
        from email.header import decode_header

        [(value, charset)] = decode_header(headers[name])
        assert value.decode(charset) == "äöü"


def test_met_2_repeated_header(home, bucket):
    requester = home.raw()
    send, _ = requester.prepare("PUT", f"/{bucket}/k", body=b"v", headers={"x-amz-meta-a": "1,2"})
    signature = requester.prepare(
        "PUT", f"/{bucket}/k", body=b"v", headers={"x-amz-meta-a": "1,2"}, amz_date=send["x-amz-date"]
    )[1]
    lines = [(name, value) for name, value in send.items() if name != "x-amz-meta-a"]
    lines += [("x-amz-meta-a", "1"), ("x-amz-meta-a", "2"), ("authorization", signature.header)]
    with requester.connect() as connection:
        connection.send_head("PUT", f"/{bucket}/k", lines)
        connection.send(b"v")
        assert connection.receive("PUT").status == 200
    assert requester.request("HEAD", f"/{bucket}/k").headers["x-amz-meta-a"] == "1,2"


def test_met_4_website_redirect(s3, bucket):
    for location in ("/other", "http://example.com/", "https://example.com/x"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"", WebsiteRedirectLocation=location)
        assert s3.head_object(Bucket=bucket, Key="k")["WebsiteRedirectLocation"] == location
    with fails(
        400,
        "InvalidRedirectLocation",
        "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
    ):
        s3.put_object(Bucket=bucket, Key="k", Body=b"", WebsiteRedirectLocation="ftp://x")


def test_met_5_response_headers_in_a_request_are_ignored(raw, bucket):
    answer = raw.request(
        "PUT",
        f"/{bucket}/k",
        body=b"v",
        headers={
            "x-amz-request-id": "ABC", "x-amz-id-2": "x", "access-control-allow-origin": "*", "server": "x",
            "x-amz-replication-status": "COMPLETED", "x-amz-version-id": "x", "last-modified": PAST, "etag": '"x"',
        },
    )  # fmt: skip
    assert answer.status == 200, str(answer)
    headers = raw.request("HEAD", f"/{bucket}/k").headers
    assert headers["x-amz-request-id"] != "ABC"
    assert "access-control-allow-origin" not in headers
    assert "x-amz-replication-status" not in headers  # T-21
    assert headers["last-modified"] != PAST


@pytest.mark.parametrize(
    "storage_class",
    ["STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"],
)
def test_s11_1_storage_class(s3, bucket, storage_class):
    s3.put_object(Bucket=bucket, Key="k", Body=b"v", StorageClass=storage_class)
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head.get("StorageClass", "STANDARD") == storage_class
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == storage_class
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == b"v"


@pytest.mark.parametrize("storage_class", ["OUTPOSTS", "SNOW", "EXPRESS_ONEZONE", "standard", "X"])
def test_s11_1_unknown_storage_class(raw, bucket, storage_class):
    error_of(
        raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"x-amz-storage-class": storage_class}),
        400,
        "InvalidStorageClass",
        "The storage class you specified is not valid",
        StorageClassRequested=storage_class,
    )


def test_overwrite_and_delete_without_versioning(s3, plain_bucket):
    for body in (b"one", b"two" * 50_000, b""):
        answer = s3.put_object(Bucket=plain_bucket, Key="k", Body=body)
        assert "VersionId" not in answer
        assert body_of(s3.get_object(Bucket=plain_bucket, Key="k")) == body
    deleted = s3.delete_object(Bucket=plain_bucket, Key="k")
    assert "VersionId" not in deleted and "DeleteMarker" not in deleted
    with fails(404, "NoSuchKey"):
        s3.get_object(Bucket=plain_bucket, Key="k")
    s3.delete_object(Bucket=plain_bucket, Key="k")  # VER-14: also for a missing key


def test_a_get_that_started_survives_an_overwrite(home, plain_bucket):
    """The body of one answer is one version, whatever happens meanwhile."""
    client = home.client()
    old, new = pattern(8 * MIB, 1), pattern(8 * MIB, 2)
    client.put_object(Bucket=plain_bucket, Key="k", Body=old)
    body = client.get_object(Bucket=plain_bucket, Key="k")["Body"]
    start = body.read(100_000)
    client.put_object(Bucket=plain_bucket, Key="k", Body=new)
    assert start + body.read() == old
    assert body_of(client.get_object(Bucket=plain_bucket, Key="k")) == new


def test_many_requests_on_one_connection(home, bucket):
    connection = http.client.HTTPConnection("127.0.0.1", home.port, timeout=10)
    requester = home.raw()
    for number in range(50):
        body = b"%d" % number * number
        send, signature = requester.prepare("PUT", f"/{bucket}/k{number}", body=body)
        connection.request(
            "PUT", f"/{bucket}/k{number}", body=body, headers={**send, "authorization": signature.header}
        )
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
        send, signature = requester.prepare("GET", f"/{bucket}/k{number}")
        connection.request("GET", f"/{bucket}/k{number}", headers={**send, "authorization": signature.header})
        assert connection.getresponse().read() == body
    connection.close()


def test_pipelined_requests_are_answered_in_order(home, bucket):
    requester = home.raw()
    for name in "abc":
        requester.request("PUT", f"/{bucket}/{name}", body=name.encode() * 70_000)
    with requester.connect() as connection:
        for name in "abcab":
            send, signature = requester.prepare("GET", f"/{bucket}/{name}")
            connection.send_head("GET", f"/{bucket}/{name}", {**send, "authorization": signature.header})
        for name in "abcab":
            assert connection.receive().body == name.encode() * 70_000


def test_expect_100_continue(home, bucket):
    """§1.3: the headers decide first; the body of a refused request is never asked for."""
    requester = home.raw()
    with requester.connect() as connection:
        send, signature = requester.prepare("PUT", f"/{bucket}/k", body=b"hello")
        connection.send_head(
            "PUT", f"/{bucket}/k", {**send, "authorization": signature.header, "expect": "100-continue"}
        )
        assert connection.receive("PUT", skip_continue=False).status == 100
        connection.send(b"hello")
        assert connection.receive("PUT").status == 200
    with requester.connect() as connection:
        send, signature = requester.prepare("PUT", f"/{bucket}x/k", body=b"hello")
        connection.send_head(
            "PUT", f"/{bucket}x/k", {**send, "authorization": signature.header, "expect": "100-continue"}
        )
        assert connection.receive("PUT", skip_continue=False).status == 404
    with requester.connect() as connection:
        send, signature = requester.prepare("PUT", f"/{bucket}/k", body=b"hello")
        wrong = signature.header[:-1] + ("0" if signature.header[-1] != "0" else "1")
        connection.send_head("PUT", f"/{bucket}/k", {**send, "authorization": wrong, "expect": "100-continue"})
        assert connection.receive("PUT", skip_continue=False).status == 403


def test_expect_100_continue_with_boto3_on_one_connection(home, bucket):
    """botocore does not stand a final answer in the place of `100 Continue` on a connection that stays open: it takes
    the next answer for a part of that one. So 100 comes before every answer, or the connection is closed."""
    client = home.client(max_pool_connections=1, read_timeout=5)
    for number in range(4):
        client.put_object(Bucket=bucket, Key="empty", Body=b"")
        client.put_object(Bucket=bucket, Key="small", Body=b"%d" % number)
        with fails(404, "NoSuchBucket"):
            client.put_object(Bucket=bucket + "x", Key="k", Body=b"body")
        with fails(412, "PreconditionFailed"):
            client.put_object(Bucket=bucket, Key="small", Body=b"body", IfNoneMatch="*")
        with fails(400, "InvalidStorageClass"):
            client.put_object(Bucket=bucket, Key="small", Body=b"body", StorageClass="WARM")
        assert body_of(client.get_object(Bucket=bucket, Key="small")) == b"%d" % number


def test_a_body_with_transfer_encoding_chunked(home, bucket):
    """HTTP chunks, of no relation to aws-chunked, need a decoded length only where that is used (§2.8: 411)."""
    requester = home.raw()
    body = pattern(200_000)
    send, signature = requester.prepare(
        "PUT", f"/{bucket}/k", body=body, content_length=False, payload_hash="UNSIGNED-PAYLOAD"
    )
    with requester.connect() as connection:
        connection.send_head(
            "PUT", f"/{bucket}/k", {**send, "authorization": signature.header, "transfer-encoding": "chunked"}
        )
        for start in range(0, len(body), 33_333):
            piece = body[start : start + 33_333]
            connection.send(b"%x\r\n" % len(piece) + piece + b"\r\n")
        connection.send(b"0\r\n\r\n")
        answer = connection.receive("PUT")
    assert answer.status in (200, 411), str(answer)
    if answer.status == 200:
        assert requester.request("GET", f"/{bucket}/k").body == body
    else:
        assert answer.code == "MissingContentLength"


def test_other_accounts_buckets_do_not_leak_their_keys(home, bucket):
    """ERR-3: without s3:ListBucket a missing key answers 403, not 404."""
    assert home.raw(BOB).request("GET", f"/{bucket}/missing").status == 403
