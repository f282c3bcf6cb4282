"""Authentication: SigV4 in header and query, SigV2 in the query, streaming bodies (s3-api §2)."""

import base64
import datetime
import hashlib
import socket
import subprocess
import sys
import time
import urllib.parse
import zlib

import botocore.config
import clients
import pytest
import requests
from federation import ALICE, BOB
from s3 import body_of, error_of, etag_of, pattern
from signing import (
    EMPTY_SHA256,
    Chunks,
    Credentials,
    Signature,
    encode,
    presign,
    presign_v2,
    sign,
    signing_key,
    timestamp,
)  # fmt: skip

KIB = 1 << 10
MIB = 1 << 20
MALFORMED = "The authorization header is malformed; "
EXPECTING = 'expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
WRONG_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)


def shifted(**delta):
    return timestamp(datetime.datetime.now(datetime.UTC) + datetime.timedelta(**delta))


@pytest.fixture
def stored(raw, bucket):
    """The target of an object with the body `hello`."""
    assert raw.request("PUT", f"/{bucket}/k", body=b"hello").status == 200
    return f"/{bucket}/k"


# The suite's own arithmetic (SIG-44)


def test_sig_44_vectors():
    credentials = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    headers = {
        "host": "s3.amazonaws.com", "x-amz-date": "20130524T000000Z", "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "content-encoding": "aws-chunked",
        "content-length": "66824", "x-amz-decoded-content-length": "66560",
    }  # fmt: skip
    made = sign(
        credentials, "us-east-1", "PUT", "/examplebucket/chunkObject.txt", "", headers, headers["x-amz-content-sha256"],
        amz_date="20130524T000000Z",
    )  # fmt: skip
    assert made.seed == "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    chunks = Chunks(made)
    seen = []
    for size in (65536, 1024, 0):
        chunks.chunk(b"a" * size)
        seen.append(chunks.previous)
    assert seen == [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ]
    scope = "20130524/us-east-1/s3/aws4_request"
    trailing = Chunks(
        Signature("20130524T000000Z", scope, signing_key(credentials.secret_key, "20130524", "us-east-1"),
                  "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992")
    )  # fmt: skip
    trailing.chunk = lambda data: b"0\r\n\r\n"
    assert b"d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435" in trailing.end(
        {"x-amz-checksum-crc32c": "sOO8/Q=="}
    )


# SigV4 in the header


@pytest.mark.parametrize("account", [ALICE, BOB], ids=lambda account: account.name)
def test_sig_1_both_accounts_sign(home, account):
    """The second account's secret has every character that is special somewhere."""
    assert home.raw(account).request("GET", "/").status == 200
    home.client(account).list_buckets()


def test_sig_1_commas_without_spaces(home, stored):
    requester = home.raw()
    send, signature = requester.prepare("GET", stored)
    tight = signature.header.replace(", ", ",")
    with requester.connect() as connection:
        connection.send_head("GET", stored, {**send, "authorization": tight})
        assert connection.receive().body == b"hello"


@pytest.mark.parametrize(
    "path",
    [
        "a b",
        "a+b",
        "a%2Fb",
        "a%25b",
        "ä",
        "a//b",
        "./x",
        "../x",
        "a~b",
        "a*b",
        "a(b)",
        "a=b&c",
        "a;b",
        "a:b",
        "a@b",
        "'",
        "%3F%23",
    ],
)
def test_sig_3_canonical_uri(raw, bucket, path):
    raw_path = urllib.parse.quote(path, safe="%/~*()=&;:@'+.-_")
    assert raw.request("PUT", f"/{bucket}/{raw_path}", body=b"v").status == 200
    encoded = encode(urllib.parse.unquote(raw_path), safe="/")
    assert raw.request("GET", f"/{bucket}/{encoded}").body == b"v"


@pytest.mark.parametrize(
    "query",
    [
        "list-type=2&prefix=a%20b",
        "prefix=a&list-type=2",
        "list-type=2&prefix=%C3%A4/%2B",
        "list-type=2&delimiter=/",
        "list-type=2&prefix=a=b",
        "list-type=2&b&a",
        "list-type=2&a=2&a=1",
        "list-type=2&prefix=~*'()",
        "list-type=2&&prefix=",
        "list-type=2&A=1&a=1&B=2",
        "list-type=2&prefix=%61",
    ],
)
def test_sig_4_canonical_query(raw, bucket, query):
    assert raw.request("GET", f"/{bucket}?{query}").status == 200


def test_sig_5_header_values_are_trimmed_and_folded(home, bucket):
    requester = home.raw()
    target = f"/{bucket}/k"
    headers = {"x-amz-meta-spaces": "a b  c"}
    send, signature = requester.prepare("PUT", target, body=b"v", headers=headers)
    send["x-amz-meta-spaces"] = "  a b  c  "
    with requester.connect() as connection:
        connection.send_head("PUT", target, {**send, "authorization": signature.header})
        connection.send(b"v")
        assert connection.receive("PUT").status == 200


def test_sig_5_header_names_of_any_case(home, stored):
    requester = home.raw()
    send, signature = requester.prepare("GET", stored)
    shouted = {name.upper(): value for name, value in send.items()}
    with requester.connect() as connection:
        connection.send_head("GET", stored, {**shouted, "AUTHORIZATION": signature.header})
        assert connection.receive().status == 200


def test_sig_7_an_unsigned_amz_header(raw, bucket):
    answer = raw.request(
        "PUT", f"/{bucket}/k", body=b"v", unsigned_headers={"x-amz-meta-a": "1", "x-amz-tagging": "a=1"}
    )
    error = error_of(answer, 403, "AccessDenied", "There were headers present in the request which were not signed")
    assert sorted(error["HeadersNotSigned"].split(", ")) == ["x-amz-meta-a", "x-amz-tagging"]


def test_sig_7_host_must_be_signed(raw, stored):
    answer = raw.request("GET", stored, signed=["x-amz-content-sha256", "x-amz-date"])
    error_of(answer, 403, "AccessDenied", "There were headers present in the request which were not signed")
    assert answer.error["HeadersNotSigned"] == "host"


def test_sig_7_other_headers_need_no_signature(raw, bucket):
    answer = raw.request(
        "PUT",
        f"/{bucket}/k",
        body=b"v",
        unsigned_headers={
            "content-type": "text/x",
            "user-agent": "x",
            "accept-encoding": "gzip",
            "amz-sdk-request": "attempt=1",
        },
    )
    assert answer.status == 200
    got = raw.request("GET", f"/{bucket}/k", unsigned_headers={"range": "bytes=0-0", "if-match": "*"})
    assert (got.status, got.headers["content-type"]) == (206, "text/x")


def test_sig_9_content_sha256_is_required(raw, stored):
    error_of(
        raw.request("GET", stored, headers={"x-amz-content-sha256": None}),
        400,
        "InvalidRequest",
        "Missing required header for this request: x-amz-content-sha256",
    )


def test_sig_9_content_sha256_values(raw, bucket):
    error_of(
        raw.request("PUT", f"/{bucket}/k", body=b"v", payload_hash="rubbish"), 400, "InvalidArgument",
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
        ArgumentName="x-amz-content-sha256", ArgumentValue="rubbish",
    )  # fmt: skip


def test_sig_11_unsigned_payload_over_http(raw, bucket):
    assert raw.request("PUT", f"/{bucket}/k", body=b"v", payload_hash="UNSIGNED-PAYLOAD").status == 200
    assert raw.request("GET", f"/{bucket}/k", payload_hash="UNSIGNED-PAYLOAD").body == b"v"


def test_sig_8_date_header_instead_of_x_amz_date(home, stored):
    requester = home.raw()
    now = datetime.datetime.now(datetime.UTC)
    date = now.strftime("%a, %d %b %Y %H:%M:%S GMT")
    send = {"host": requester.host_header, "date": date, "x-amz-content-sha256": EMPTY_SHA256}
    made = sign(ALICE.credentials, "us-east-1", "GET", stored, "", send, EMPTY_SHA256, amz_date=timestamp(now))
    with requester.connect() as connection:
        connection.send_head("GET", stored, {**send, "authorization": made.header})
        assert connection.receive().status == 200


# §2.3 the clock


@pytest.mark.parametrize("minutes", [-20, 20])
def test_sig_20_skew(raw, stored, minutes):
    sent = shifted(minutes=minutes)
    error_of(
        raw.request("GET", stored, amz_date=sent), 403, "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
        RequestTime=sent, MaxAllowedSkewMilliseconds="900000",
    )  # fmt: skip


@pytest.mark.parametrize("minutes", [-14, 14])
def test_sig_20_tolerated_skew(raw, stored, minutes):
    assert raw.request("GET", stored, amz_date=shifted(minutes=minutes)).status == 200


def test_sig_21_scope_date(raw, stored):
    yesterday = shifted(days=-1)[:8]
    error_of(
        raw.request("GET", stored, scope=f"{yesterday}/us-east-1/s3/aws4_request"),
        400,
        "AuthorizationHeaderMalformed",
        MALFORMED + "Invalid credential date. Date is not the same as X-Amz-Date.",
    )


# §2.8, one row a fault


def test_s2_8_unknown_key(raw, stored):
    unknown = Credentials("AKIDUNKNOWN000000000", "x")
    error_of(
        raw.request("GET", stored, credentials=unknown),
        403,
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
        AWSAccessKeyId=unknown.access_key,
    )


def test_s2_8_wrong_secret(raw, stored):
    wrong = Credentials(ALICE.access_key, "wrong")
    error = error_of(
        raw.request("GET", stored, credentials=wrong),
        403,
        "SignatureDoesNotMatch",
        WRONG_SIGNATURE,
        AWSAccessKeyId=ALICE.access_key,
    )
    assert error["StringToSign"].startswith("AWS4-HMAC-SHA256\n")
    assert bytes.fromhex(error["StringToSignBytes"]) == error["StringToSign"].encode()
    assert error["CanonicalRequest"].startswith(f"GET\n{stored}\n")
    assert bytes.fromhex(error["CanonicalRequestBytes"]) == error["CanonicalRequest"].encode()
    assert len(error["SignatureProvided"]) == 64
    assert "secret" not in str(error).lower()


@pytest.mark.parametrize("change", ["path", "query", "method", "header", "body-hash"])
def test_s2_8_what_was_signed_cannot_be_changed(home, bucket, stored, change):
    requester = home.raw()
    send, signature = requester.prepare("GET", stored, headers={"x-amz-expected-bucket-owner": ALICE.id})
    method, target = "GET", stored
    if change == "path":
        target += "2"
    elif change == "query":
        target += "?versionId=null"
    elif change == "method":
        method = "DELETE"
    elif change == "header":
        send["x-amz-expected-bucket-owner"] = BOB.id
    else:
        send["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"
    with requester.connect() as connection:
        connection.send_head(method, target, {**send, "authorization": signature.header})
        error_of(connection.receive(method), 403, "SignatureDoesNotMatch", WRONG_SIGNATURE)
    assert requester.request("GET", stored).body == b"hello"


@pytest.mark.parametrize(
    ("header", "code", "message"),
    [
        ("AWS4-HMAC-SHA256", "InvalidArgument", "Authorization header is invalid -- one and only one ' ' (space) required."),
        ("", "InvalidArgument", "Authorization header is invalid -- one and only one ' ' (space) required."),
        ("Bearer abc", "InvalidArgument", "Unsupported Authorization Type"),
        ("Basic dXNlcjpwYXNz", "InvalidArgument", "Unsupported Authorization Type"),
        (
            "AWS AKIAIOSFODNN7EXAMPLE:c2lnbmF0dXJl", "InvalidRequest",
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a", "AuthorizationHeaderMalformed",
            MALFORMED + "the authorization header requires three components: Credential, SignedHeaders, and Signature.",
        ),
        (
            "AWS4-HMAC-SHA256 Cred={c},SignedHeaders=host,Signature=00", "AuthorizationHeaderMalformed",
            MALFORMED + "missing Credential.",
        ),
        (
            "AWS4-HMAC-SHA256 Credential={c},Signed=host,Signature=00", "AuthorizationHeaderMalformed",
            MALFORMED + "missing SignedHeaders.",
        ),
        (
            "AWS4-HMAC-SHA256 Credential={c},SignedHeaders=host,Sig=00", "AuthorizationHeaderMalformed",
            MALFORMED + "missing Signature.",
        ),
        (
            "AWS4-HMAC-SHA256 Credential={c},SignedHeaders=host,rubbish", "AuthorizationHeaderMalformed",
            MALFORMED + 'the authorization component "rubbish" is malformed.',
        ),
        (
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE,SignedHeaders=host,Signature=00", "AuthorizationHeaderMalformed",
            MALFORMED + "the Credential is mal-formed; " + EXPECTING,
        ),
        (
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/2013-05-24/us-east-1/s3/aws4_request,SignedHeaders=host,Signature=00",
            "AuthorizationHeaderMalformed",
            MALFORMED + 'incorrect date format "2013-05-24". This date in the credential must be in the format "yyyyMMdd".',
        ),
    ],
    ids=[
        "scheme-only", "empty", "bearer", "basic", "sigv2", "one-component", "no-credential", "no-headers", "no-signature",
        "garbled", "credential-shape", "date-format",
    ],
)  # fmt: skip
def test_s2_8_authorization_header(raw, stored, header, code, message):
    credential = f"{ALICE.access_key}/{timestamp()[:8]}/us-east-1/s3/aws4_request"
    answer = raw.request("GET", stored, authorization=header.replace("{c}", credential))
    error = error_of(answer, 400, code, message)
    if code == "InvalidArgument" and "space" in message:
        assert (error["ArgumentName"], error["ArgumentValue"]) == ("Authorization", header)


@pytest.mark.parametrize(
    ("scope", "message"),
    [
        ("{d}/us-east-1/ec2/aws4_request", 'incorrect service "ec2". This endpoint belongs to "s3".'),
        ("{d}/us-east-1/s3/aws5_request", 'incorrect terminal "aws5_request". This endpoint uses "aws4_request".'),
        ("{d}/mars-north-1/s3/aws4_request", "the region 'mars-north-1' is wrong; expecting 'us-east-1'"),
    ],
    ids=["service", "terminal", "region"],
)
def test_s2_8_scope(raw, stored, scope, message):
    answer = raw.request("GET", stored, scope=scope.format(d=timestamp()[:8]))
    error_of(answer, 400, "AuthorizationHeaderMalformed", MALFORMED + message)


@pytest.mark.parametrize("date", [None, "rubbish", "20130524", "2013-05-24T00:00:00Z"])
def test_s2_8_no_or_bad_date(raw, stored, date):
    answer = raw.request("GET", stored, headers={"x-amz-date": date})
    error_of(answer, 403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header")


def test_s2_8_no_content_length(home, bucket):
    requester = home.raw()
    send, signature = requester.prepare("PUT", f"/{bucket}/k", content_length=False)
    with requester.connect() as connection:
        connection.send_head("PUT", f"/{bucket}/k", {**send, "authorization": signature.header})
        error_of(
            connection.receive("PUT"), 411, "MissingContentLength", "You must provide the Content-Length HTTP header."
        )


def test_s2_8_headers_too_large(raw, stored):
    answer = raw.request("GET", stored, headers={f"x-amz-meta-{number}": "v" * 900 for number in range(10)})
    error_of(
        answer,
        400,
        "RequestHeaderSectionTooLarge",
        "Your request header section exceeds the maximum allowed size.",
        MaxSizeAllowed="8192",
    )


def test_s2_8_anonymous(raw, stored):
    error_of(raw.anonymous("GET", stored), 403, "AccessDenied")


def test_err_3_a_bad_signature_comes_before_a_missing_bucket(raw, bucket):
    wrong = Credentials(ALICE.access_key, "wrong")
    error_of(raw.request("GET", f"/{bucket}x/k", credentials=wrong), 403, "SignatureDoesNotMatch")


def test_sig_37_two_mechanisms(home, stored):
    requester = home.raw()
    target = presign(ALICE.credentials, "us-east-1", "GET", stored, requester.host_header)
    answer = requester.request("GET", target)
    error_of(
        answer, 400, "InvalidArgument",
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the "
        "Authorization header should be specified",
        ArgumentName="Authorization",
    )  # fmt: skip


# Presigned SigV4 (§2.4)


@pytest.fixture
def signer(home):
    def make(method, path, **options):
        return presign(ALICE.credentials, "us-east-1", method, path, home.raw().host_header, **options)

    return make


def test_sig_30_presigned_get_put_head_delete(raw, bucket, signer):
    path = f"/{bucket}/{encode('dir/ä b+c', safe='/')}"
    put = raw.anonymous("PUT", signer("PUT", path), body=b"hello")
    assert put.status == 200, str(put)
    assert raw.anonymous("GET", signer("GET", path)).body == b"hello"
    assert raw.anonymous("HEAD", signer("HEAD", path)).headers["content-length"] == "5"
    assert raw.anonymous("DELETE", signer("DELETE", path)).status == 204
    assert raw.anonymous("GET", signer("GET", path)).status == 404


def test_sig_30_presigned_with_other_parameters(raw, stored, signer):
    target = signer("GET", stored, query="response-content-type=text%2Fplain&response-cache-control=a%20b")
    answer = raw.anonymous("GET", target)
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("text/plain", "a b")


@pytest.mark.parametrize(
    "name", ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders"]
)
def test_sig_30_a_parameter_missing(raw, stored, signer, name):
    answer = raw.anonymous("GET", signer("GET", stored, changes={name: None}))
    # Without X-Amz-Algorithm the request may pass for one without any authentication.
    if name == "X-Amz-Algorithm" and answer.status == 403:
        error_of(answer, 403, "AccessDenied")
        return
    error_of(
        answer, 400, "AuthorizationQueryParametersError",
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, "
        "X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X-Amz-Algorithm": "AWS4-HMAC-MD5"}, 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"'),
        (
            {"X-Amz-Credential": "{k}/{d}/us-east-1/sns/aws4_request"},
            'Error parsing the X-Amz-Credential parameter; incorrect service "sns". This endpoint belongs to "s3".',
        ),
        (
            {"X-Amz-Credential": "{k}/{d}/us-east-1/s3/aws5_request"},
            'Error parsing the X-Amz-Credential parameter; incorrect terminal "aws5_request". This endpoint uses "aws4_request".',
        ),
        (
            {"X-Amz-Credential": "{k}/{d}/mars-north-1/s3/aws4_request"},
            "Error parsing the X-Amz-Credential parameter; the region 'mars-north-1' is wrong; expecting 'us-east-1'",
        ),
        (
            {"X-Amz-Credential": "{k}/2013-05-24/us-east-1/s3/aws4_request"},
            'Error parsing the X-Amz-Credential parameter; incorrect date format "2013-05-24". This date in the credential must '
            'be in the format "yyyyMMdd".',
        ),
        ({"X-Amz-Credential": "{k}"}, f"Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; {EXPECTING}"),
        (
            {"X-Amz-Credential": "{k}%2F{d}%2Fus-east-1%2Fs3%2Faws4_request"},
            f"Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; {EXPECTING}",
        ),
        ({"X-Amz-Date": "yesterday"}, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""),
        ({"X-Amz-Expires": "soon"}, "X-Amz-Expires should be a number"),
        ({"X-Amz-Expires": "-1"}, "X-Amz-Expires must be non-negative"),
        (
            {"X-Amz-Expires": "604801"},
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
        ),
    ],
    ids=["algorithm", "service", "terminal", "region", "date", "shape", "double-encoded", "time", "word", "negative", "week"],
)  # fmt: skip
def test_sig_35_36_query_errors(raw, stored, signer, changes, message):
    filled = {name: value.format(k=ALICE.access_key, d=timestamp()[:8]) for name, value in changes.items()}
    error_of(
        raw.anonymous("GET", signer("GET", stored, changes=filled)), 400, "AuthorizationQueryParametersError", message
    )


def test_sig_22_expired(raw, stored, signer):
    error = error_of(
        raw.anonymous("GET", signer("GET", stored, amz_date=shifted(seconds=-100), expires=60)),
        403,
        "AccessDenied",
        "Request has expired",
    )
    assert error["X-Amz-Expires"] == "60"
    assert {"Expires", "ServerTime"} <= set(error)


def test_sig_22_not_yet_valid(raw, stored, signer):
    error_of(
        raw.anonymous("GET", signer("GET", stored, amz_date=shifted(minutes=20), expires=3600)),
        403,
        "AccessDenied",
        "Request is not valid yet",
    )


def test_sig_23_an_old_signature_that_is_still_valid(raw, stored, signer):
    assert raw.anonymous("GET", signer("GET", stored, amz_date=shifted(hours=-20), expires=86400)).body == b"hello"


def test_sig_34_parameters_added_after_signing(raw, stored, signer):
    error_of(
        raw.anonymous("GET", signer("GET", stored) + "&response-content-type=text/html"), 403, "SignatureDoesNotMatch"
    )
    error_of(raw.anonymous("DELETE", signer("GET", stored)), 403, "SignatureDoesNotMatch")


def test_sig_7_presigned_amz_header_that_was_not_signed(raw, bucket, signer):
    answer = raw.anonymous("PUT", signer("PUT", f"/{bucket}/k"), body=b"v", headers={"x-amz-meta-a": "1"})
    error_of(answer, 403, "AccessDenied", "There were headers present in the request which were not signed")
    target = signer("PUT", f"/{bucket}/k", headers={"x-amz-meta-a": "1"})
    assert raw.anonymous("PUT", target, body=b"v", headers={"x-amz-meta-a": "1"}).status == 200


def test_sig_32_hoisted_headers(raw, s3, bucket, signer):
    """JavaScript, Java and Go put x-amz-* request headers into the URL."""
    query = "x-amz-meta-foo=b%C3%A4r&x-amz-storage-class=STANDARD_IA&x-amz-tagging=a%3D1"
    assert raw.anonymous("PUT", signer("PUT", f"/{bucket}/k", query=query), body=b"123456").status == 200
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["StorageClass"], head["TagCount"]) == ("STANDARD_IA", 1)
    assert "foo" in head["Metadata"]


def test_sig_32_a_hoisted_checksum_is_signed_only(raw, bucket, signer):
    query = "x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32"
    answer = raw.anonymous("PUT", signer("PUT", f"/{bucket}/k", query=query), body=b"123456")
    assert answer.status == 200, str(answer)
    assert "x-amz-checksum-crc64nvme" in answer.headers


def test_sig_31_a_signed_payload_hash(raw, bucket, signer):
    digest = hashlib.sha256(b"hello").hexdigest()
    target = signer("PUT", f"/{bucket}/k", headers={"x-amz-content-sha256": digest}, payload_hash=digest)
    assert raw.anonymous("PUT", target, body=b"hello", headers={"x-amz-content-sha256": digest}).status == 200
    answer = raw.anonymous("PUT", target, body=b"other", headers={"x-amz-content-sha256": digest})
    error_of(answer, 400, "XAmzContentSHA256Mismatch")


# Presigned by boto3 and awscli; SigV2 (SIG-60, SIG-61)


def presigning_client(region, version):
    return clients.client(
        "s3", endpoint_url=region.endpoint, region_name=region.name, aws_access_key_id=ALICE.access_key,
        aws_secret_access_key=ALICE.secret_key,
        config=botocore.config.Config(signature_version=version, s3={"addressing_style": "path"}),
    )  # fmt: skip


@pytest.mark.parametrize("key", ["k", "dir/ä b+c%d", "a=b&c"])
@pytest.mark.parametrize("version", [None, "s3v4", "s3"], ids=["default", "v4", "v2"])
def test_sig_60_boto3_presigned_urls(home, s3, bucket, version, key):
    client = presigning_client(home, version)
    parameters = {"Bucket": bucket, "Key": key}
    put = requests.put(client.generate_presigned_url("put_object", parameters), data=b"hello", timeout=10)
    assert put.status_code == 200, put.text
    url = client.generate_presigned_url("get_object", parameters)
    if version is None:
        assert "AWSAccessKeyId" in url  # RGN-7: SigV2 is what unconfigured clients use here
    assert requests.get(url, timeout=10).content == b"hello"
    head = requests.head(client.generate_presigned_url("head_object", parameters), timeout=10)
    assert head.headers["content-length"] == "5"
    with_override = client.generate_presigned_url(
        "get_object", {**parameters, "ResponseContentType": "text/x; charset=y", "ResponseContentDisposition": "a b"}
    )
    assert requests.get(with_override, timeout=10).headers["content-type"] == "text/x; charset=y"
    version_id = s3.head_object(Bucket=bucket, Key=key)["VersionId"]
    by_version = client.generate_presigned_url("get_object", {**parameters, "VersionId": version_id})
    assert requests.get(by_version, timeout=10).content == b"hello"
    typed = client.generate_presigned_url("put_object", {**parameters, "ContentType": "text/x", "Metadata": {"a": "1"}})
    assert requests.put(
        typed, data=b"w", headers={"content-type": "text/x", "x-amz-meta-a": "1"}, timeout=10
    ).status_code == 200  # fmt: skip
    listing = client.generate_presigned_url("list_objects_v2", {"Bucket": bucket, "Prefix": key})
    assert requests.get(listing, timeout=10).status_code == 200
    delete = client.generate_presigned_url("delete_object", parameters)
    assert requests.delete(delete, timeout=10).status_code == 204


def test_sig_60_presigned_multipart(home, bucket):
    client = presigning_client(home, "s3")
    upload = home.client().create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    url = client.generate_presigned_url(
        "upload_part", {"Bucket": bucket, "Key": "k", "UploadId": upload, "PartNumber": 1}
    )
    answer = requests.put(url, data=b"hello", timeout=10)
    assert (answer.status_code, answer.headers["etag"]) == (200, etag_of(b"hello"))


def test_sig_60_aws_s3_presign(federation, home, s3, bucket):
    s3.put_object(Bucket=bucket, Key="dir/a b+c", Body=b"hello")
    url = subprocess.run(
        [sys.executable, "-m", "awscli", "s3", "presign", f"s3://{bucket}/dir/a b+c", "--profile", "us-east-1"],
        env=federation.environment, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    assert url.startswith(home.endpoint)
    assert requests.get(url, timeout=10).content == b"hello"


def test_sig_60_61_sigv2_by_hand(raw, stored):
    soon = int(time.time()) + 60
    assert raw.anonymous("GET", presign_v2(ALICE.credentials, "GET", stored, expires_at=soon)).body == b"hello"
    expired = presign_v2(ALICE.credentials, "GET", stored, expires_at=soon - 120)
    error = error_of(raw.anonymous("GET", expired), 403, "AccessDenied", "Request has expired")
    assert "Expires" in error and "ServerTime" in error and "X-Amz-Expires" not in error
    good = presign_v2(ALICE.credentials, "GET", stored, expires_at=soon)
    for name in ("Expires", "Signature"):
        path, _, query = good.partition("?")
        without = "&".join(part for part in query.split("&") if not part.startswith(name + "="))
        error_of(
            raw.anonymous("GET", f"{path}?{without}"),
            403,
            "AccessDenied",
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
        )
    error_of(raw.anonymous("DELETE", good), 403, "SignatureDoesNotMatch", WRONG_SIGNATURE)
    wrong = Credentials(ALICE.access_key, "wrong")
    error = error_of(
        raw.anonymous("GET", presign_v2(wrong, "GET", stored, expires_at=soon)),
        403,
        "SignatureDoesNotMatch",
        AWSAccessKeyId=ALICE.access_key,
    )
    assert "CanonicalRequest" not in error and "StringToSign" in error
    unknown = Credentials("AKIDUNKNOWN000000000", "x")
    error_of(raw.anonymous("GET", presign_v2(unknown, "GET", stored, expires_at=soon)), 403, "InvalidAccessKeyId")
    typed = raw.anonymous("GET", good, headers={"content-type": "text/x"})
    error_of(typed, 403, "SignatureDoesNotMatch")


# Streaming bodies (§2.5)

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def crc32(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


class Stream:
    """One streaming upload, made by hand."""

    def __init__(self, requester, target, kind, decoded_length, headers=None, http_chunked=False, encoded_length=None):
        self.requester, self.target, self.http_chunked = requester, target, http_chunked
        all_headers = {
            "content-encoding": "aws-chunked",
            "x-amz-decoded-content-length": str(decoded_length),
            **(headers or {}),
        }
        if encoded_length is not None:
            all_headers["content-length"] = str(encoded_length)
        self.headers, self.signature = requester.prepare(
            "PUT", target, headers=all_headers, payload_hash=kind, content_length=False
        )
        self.chunks = Chunks(self.signature, signed=kind != UNSIGNED_TRAILER)

    def send(self, body, *, cut=None):
        """Sends an encoded body; `cut` ends the connection's sending side after so many bytes."""
        headers = {**self.headers, "authorization": self.signature.header}
        if self.http_chunked:
            headers["transfer-encoding"] = "chunked"
        else:
            headers.setdefault("content-length", str(len(body)))
        with self.requester.connect() as connection:
            connection.send_head("PUT", self.target, headers)
            payload = body if cut is None else body[:cut]
            if self.http_chunked:
                payload = b"".join(
                    b"%x\r\n" % len(payload[start : start + 7000]) + payload[start : start + 7000] + b"\r\n"
                    for start in range(0, len(payload), 7000)
                ) + b"0\r\n\r\n"  # fmt: skip
            try:
                connection.send(payload)
                if cut is not None:
                    connection.socket.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass
            return connection.receive("PUT")


def encoded(stream, data, size, trailers=None):
    pieces = [stream.chunks.chunk(data[start : start + size]) for start in range(0, len(data), size)]
    return b"".join(pieces) + stream.chunks.end(trailers)


def trailers_for(kind, data):
    return None if kind == SIGNED else {"x-amz-checksum-crc32": crc32(data)}


def trailer_headers(kind):
    return {} if kind == SIGNED else {"x-amz-trailer": "x-amz-checksum-crc32"}


@pytest.mark.parametrize("http_chunked", [False, True], ids=["length", "http-chunked"])
@pytest.mark.parametrize("size", [0, 1, 8192, 100_000, 3 * MIB + 17])
@pytest.mark.parametrize("kind", [SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER])
def test_sig_40_43_48_streaming_upload(raw, bucket, kind, size, http_chunked):
    data = pattern(size)
    stream = Stream(raw, f"/{bucket}/k", kind, size, trailer_headers(kind), http_chunked)
    answer = stream.send(encoded(stream, data, 64 * KIB, trailers_for(kind, data)))
    assert answer.status == 200, str(answer)
    assert answer.headers["etag"] == etag_of(data)
    got = raw.request("GET", f"/{bucket}/k", headers={"x-amz-checksum-mode": "ENABLED"})
    assert got.body == data
    assert "content-encoding" not in got.headers  # SIG-47
    if kind == SIGNED:
        assert "x-amz-checksum-crc64nvme" in got.headers
    else:
        assert got.headers["x-amz-checksum-crc32"] == crc32(data)


@pytest.mark.parametrize("kind", [SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER])
def test_sig_40_one_giant_chunk(raw, home, bucket, kind):
    """The Go SDK sends a part as one chunk: it is decoded as it comes, never collected."""
    data = pattern(64 * MIB)
    home.reset_peak()
    before = home.resident_mib()
    stream = Stream(raw, f"/{bucket}/k", kind, len(data), trailer_headers(kind))
    answer = stream.send(encoded(stream, data, len(data), trailers_for(kind, data)))
    assert answer.status == 200, str(answer)
    assert answer.headers["etag"] == etag_of(data)
    assert home.peak_resident_mib() - before < 40, "the chunk was collected in memory"


def test_sig_42_tiny_chunks(raw, bucket):
    data = pattern(30_000)
    stream = Stream(raw, f"/{bucket}/k", SIGNED, len(data))
    answer = stream.send(encoded(stream, data, 1000))
    error_of(
        answer,
        400,
        "InvalidChunkSizeError",
        "Only the last chunk is allowed to have a size less than 8192 bytes",
        BadChunkSize="1000",
    )
    assert raw.request("HEAD", f"/{bucket}/k").status == 404
    stream = Stream(raw, f"/{bucket}/k", SIGNED, len(data))
    assert stream.send(encoded(stream, data, 8192)).status == 200


@pytest.mark.parametrize("position", ["first", "second", "last"])
@pytest.mark.parametrize("kind", [SIGNED, SIGNED_TRAILER])
def test_sig_43_bad_chunk_signature(raw, bucket, kind, position):
    data = pattern(20_000)
    stream = Stream(raw, f"/{bucket}/k", kind, len(data), trailer_headers(kind))
    body = stream.chunks.chunk(data[:10_000], spoil=position == "first")
    body += stream.chunks.chunk(data[10_000:], spoil=position == "second")
    end = stream.chunks.end(trailers_for(kind, data))
    if position == "last":
        place = end.index(b"chunk-signature=") + len(b"chunk-signature=")
        end = end[:place] + (b"0" if end[place : place + 1] != b"0" else b"1") + end[place + 1 :]
    answer = stream.send(body + end)
    error_of(answer, 403, "SignatureDoesNotMatch")
    assert raw.request("HEAD", f"/{bucket}/k").status == 404


def test_sig_43_changed_chunk_data(raw, bucket):
    data = pattern(100_000)
    stream = Stream(raw, f"/{bucket}/k", SIGNED, len(data))
    body = bytearray(encoded(stream, data, 65536))
    body[5000] ^= 1
    error_of(stream.send(bytes(body)), 403, "SignatureDoesNotMatch")
    assert raw.request("HEAD", f"/{bucket}/k").status == 404


def test_sig_43_bad_trailer_signature(raw, bucket):
    data = pattern(10_000)
    stream = Stream(raw, f"/{bucket}/k", SIGNED_TRAILER, len(data), trailer_headers(SIGNED_TRAILER))
    body = stream.chunks.chunk(data) + stream.chunks.end(trailers_for(SIGNED_TRAILER, data), spoil=True)
    error_of(stream.send(body), 403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("kind", [SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER])
@pytest.mark.parametrize("missing", [1, 40, 9_000, 30_000])
def test_sig_41_truncated(raw, bucket, kind, missing):
    data = pattern(40_000)
    stream = Stream(raw, f"/{bucket}/k", kind, len(data), trailer_headers(kind))
    body = encoded(stream, data, 10_000, trailers_for(kind, data))
    try:
        answer = stream.send(body, cut=len(body) - missing)
        assert answer.status >= 400, str(answer)
    except ConnectionError:
        pass  # the server may close: the client has already done so
    assert raw.request("HEAD", f"/{bucket}/k").status == 404


@pytest.mark.parametrize("kind", [SIGNED, UNSIGNED_TRAILER])
def test_sig_41_early_end_within_the_content_length(raw, bucket, kind):
    """The HTTP body is complete, but the chunks inside end too soon."""
    data = pattern(40_000)
    stream = Stream(raw, f"/{bucket}/k", kind, len(data), trailer_headers(kind))
    body = encoded(stream, data, 10_000, trailers_for(kind, data))[:-9_000]
    answer = stream.send(body)
    error_of(answer, 400, "IncompleteBody")
    assert raw.request("HEAD", f"/{bucket}/k").status == 404


@pytest.mark.parametrize("difference", [-1, 1, 1000])
def test_sig_41_decoded_length_differs(raw, bucket, difference):
    data = pattern(40_000)
    stream = Stream(raw, f"/{bucket}/k", SIGNED, len(data) + difference)
    error_of(
        stream.send(encoded(stream, data, 10_000)),
        400,
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    )


@pytest.mark.parametrize("value", [None, "x", "-1"])
def test_sig_41_decoded_length_missing(raw, bucket, value):
    data = pattern(10_000)
    stream = Stream(raw, f"/{bucket}/k", SIGNED, 0, {"x-amz-decoded-content-length": value})
    answer = stream.send(encoded(stream, data, 10_000))
    error_of(answer, 411, "MissingContentLength", "You must provide the Content-Length HTTP header.")


@pytest.mark.parametrize(
    "garbage",
    [
        b"rubbish\r\n",
        b"-5\r\nhello\r\n",
        b"ffffffffffffffffffff\r\n",
        b"2710;x=" + b"y" * 3000 + b"\r\n",
        b"\r\n\r\n",
        b"0x10\r\n" + b"a" * 16,
    ],
    ids=["word", "negative", "overflow", "long-line", "empty", "prefix"],
)
def test_sig_42_garbled_framing(raw, bucket, garbage):
    stream = Stream(raw, f"/{bucket}/k", UNSIGNED_TRAILER, 10_000, trailer_headers(UNSIGNED_TRAILER))
    answer = stream.send(garbage + b"x" * 12_000)
    assert (answer.status, answer.code) == (400, "IncompleteBody"), str(answer)
    assert raw.request("HEAD", f"/{bucket}/k").status == 404


def test_sig_45_trailer_without_checksum(raw, bucket):
    """STREAMING-UNSIGNED-PAYLOAD-TRAILER without any trailer is valid; the server computes CRC64NVME."""
    data = pattern(10_000)
    stream = Stream(raw, f"/{bucket}/k", UNSIGNED_TRAILER, len(data))
    answer = stream.send(stream.chunks.chunk(data) + b"0\r\n\r\n")
    assert answer.status == 200, str(answer)
    assert "x-amz-checksum-crc64nvme" in answer.headers


@pytest.mark.parametrize(
    ("announced", "sent", "code", "message"),
    [
        (
            "x-amz-checksum-crc32", {"x-amz-checksum-crc32": "AAAAAA=="}, "BadDigest",
            "The CRC32 you specified did not match the calculated checksum.",
        ),
        (
            "x-amz-checksum-crc32", {"x-amz-checksum-crc32": "rubbish"}, "InvalidRequest",
            "Value for x-amz-checksum-crc32 trailing header is invalid.",
        ),
        ("x-amz-checksum-crc32", {}, "MalformedTrailerError", None),
        ("x-amz-checksum-crc32", {"x-amz-checksum-sha1": "AAAA"}, "MalformedTrailerError", None),
        (None, {"x-amz-checksum-crc32": "AAAAAA=="}, "MalformedTrailerError", None),
        ("x-amz-meta-a", {"x-amz-meta-a": "1"}, "InvalidRequest", "The value specified in the x-amz-trailer header is not supported"),
    ],
    ids=["wrong", "malformed", "missing", "another", "unannounced", "unsupported"],
)  # fmt: skip
def test_sig_45_trailers(raw, bucket, announced, sent, code, message):
    data = pattern(10_000)
    headers = {"x-amz-trailer": announced} if announced else {}
    stream = Stream(raw, f"/{bucket}/k", UNSIGNED_TRAILER, len(data), headers)
    answer = stream.send(stream.chunks.chunk(data) + stream.chunks.end(sent))
    error_of(answer, 400, code, message)
    assert raw.request("HEAD", f"/{bucket}/k").status == 404


def test_sig_45_checksum_in_header_and_trailer(raw, bucket):
    data = pattern(10_000)
    headers = {"x-amz-trailer": "x-amz-checksum-crc32", "x-amz-checksum-crc32": crc32(data)}
    stream = Stream(raw, f"/{bucket}/k", UNSIGNED_TRAILER, len(data), headers)
    answer = stream.send(stream.chunks.chunk(data) + stream.chunks.end({"x-amz-checksum-crc32": crc32(data)}))
    error_of(
        answer,
        400,
        "InvalidRequest",
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    )


def test_sig_46_streaming_elsewhere(raw, bucket):
    answer = raw.request("GET", f"/{bucket}", payload_hash=SIGNED)
    error_of(answer, 400, "InvalidRequest", "The value of x-amz-content-sha256 header is invalid.")


@pytest.mark.parametrize("kind", [SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER])
def test_sig_46_streaming_parts(raw, s3, bucket, kind):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    data = pattern(300_000)
    stream = Stream(raw, f"/{bucket}/k?partNumber=1&uploadId={upload}", kind, len(data), trailer_headers(kind))
    answer = stream.send(encoded(stream, data, 64 * KIB, trailers_for(kind, data)))
    assert answer.status == 200, str(answer)
    s3.complete_multipart_upload(
        Bucket=bucket, Key="k", UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": answer.headers["etag"]}]},
    )  # fmt: skip
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == data


def test_sig_62_anonymous_content_sha256(raw, bucket):
    answer = raw.anonymous("GET", f"/{bucket}/k", headers={"x-amz-content-sha256": EMPTY_SHA256})
    assert answer.status in (400, 403), str(answer)
