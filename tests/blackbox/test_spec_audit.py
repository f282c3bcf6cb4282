"""Rules of the S3 API whose exact texts, headers and edges no other file looks at; each test is named after its rule."""

import base64
import datetime
import email.utils
import hashlib
import re

import pytest
from federation import ALICE, fresh_name
from s3 import content_md5, error_of, etag_of, pattern
from signing import EMPTY_SHA256, presign
from waiting import eventually

MIB = 1 << 20
SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
DENIED = "Anonymous users cannot {}. Please authenticate."


def start(raw, target, **headers):
    answer = raw.request("POST", f"{target}?uploads", headers=headers)
    assert answer.status == 200, str(answer)
    return re.search(rb"<UploadId>([^<]+)<", answer.body)[1].decode()


def complete(raw, target, upload, parts, **headers):
    listed = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>" for n, etag in parts)
    body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
    return raw.request("POST", f"{target}?uploadId={upload}", body=body, headers=headers)


def send_document(raw, target, body, method="PUT"):
    body = body.encode()
    return raw.request(method, target, body=body, headers={"content-md5": content_md5(body)})


# Section 1


def test_s1_3_forms_of_the_ids(raw, bucket):
    answer = raw.request("GET", f"/{bucket}/no")
    assert re.fullmatch("[0-9A-Z]{16}", answer.headers["x-amz-request-id"])
    assert re.fullmatch("[A-Za-z0-9+/=]{76}", answer.headers["x-amz-id-2"])
    assert answer.error["RequestId"] == answer.headers["x-amz-request-id"]
    assert answer.error["HostId"] == answer.headers["x-amz-id-2"]
    assert answer.headers["content-type"] == "application/xml"


def test_s1_3_expected_owner_texts(raw, bucket):
    answer = raw.request("GET", f"/{bucket}", headers={"x-amz-expected-bucket-owner": "abcd"})
    error_of(
        answer, 400, "InvalidBucketOwnerAWSAccountID",
        "The value of the expected bucket owner parameter must be an AWS Account ID... [abcd]",
    )  # fmt: skip
    answer = raw.request("GET", f"/{bucket}", headers={"x-amz-expected-bucket-owner": "999999999999"})
    error_of(answer, 403, "AccessDenied", "Access Denied")


def test_s1_3_source_expected_owner(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    copy = {"x-amz-copy-source": f"/{bucket}/k"}
    other = {**copy, "x-amz-source-expected-bucket-owner": "999999999999"}
    error_of(raw.request("PUT", f"/{bucket}/c", headers=other), 403, "AccessDenied", "Access Denied")
    mine = {**copy, "x-amz-source-expected-bucket-owner": ALICE.id}
    assert raw.request("PUT", f"/{bucket}/c", headers=mine).status == 200
    bad = {**copy, "x-amz-source-expected-bucket-owner": "abcd"}
    error_of(raw.request("PUT", f"/{bucket}/c", headers=bad), 400, "InvalidBucketOwnerAWSAccountID")


@pytest.mark.parametrize("scope", ["aws-global", "eu-west-2"])
def test_rgn_4_texts(raw, bucket, scope):
    error_of(
        raw.request("GET", f"/{bucket}", region=scope), 400, "AuthorizationHeaderMalformed",
        f"The authorization header is malformed; the region '{scope}' is wrong; expecting 'us-east-1'",
        Region="us-east-1",
    )  # fmt: skip


def test_err_3_methods_and_resources(raw, bucket):
    for method, target, kind in [
        ("DELETE", "/", "SERVICE"), ("PATCH", f"/{bucket}", "BUCKET"), ("PATCH", f"/{bucket}/k", "OBJECT"),
    ]:  # fmt: skip
        error_of(
            raw.request(method, target), 405, "MethodNotAllowed",
            "The specified method is not allowed against this resource.", Method=method, ResourceType=kind,
        )  # fmt: skip


def test_err_5_headers_of_a_marker(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    marker = raw.request("DELETE", f"/{bucket}/k").headers["x-amz-version-id"]
    for method in ("GET", "HEAD"):
        answer = raw.request(method, f"/{bucket}/k?versionId={marker}")
        assert answer.status == 405
        assert answer.headers["x-amz-delete-marker"] == "true"
        assert answer.headers["x-amz-version-id"] == marker
        assert answer.headers["allow"] == "DELETE"
        assert email.utils.parsedate_to_datetime(answer.headers["last-modified"])


DOCUMENTS = {
    "tagging": "<Tagging><Extra>1</Extra><TagSet><Extra/><Tag><More/><Value>b</Value><Key>a</Key></Tag></TagSet></Tagging>",
    "versioning": "<VersioningConfiguration><Extra>1</Extra><Status>Enabled</Status></VersioningConfiguration>",
}


@pytest.mark.parametrize("operation", DOCUMENTS)
def test_err_11_unknown_elements_are_ignored(raw, bucket, operation):
    answer = send_document(raw, f"/{bucket}?{operation}", DOCUMENTS[operation])
    assert answer.status in (200, 204), str(answer)


def test_err_11_unknown_elements_of_an_objects_tags(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    assert send_document(raw, f"/{bucket}/k?tagging", DOCUMENTS["tagging"]).status == 200
    assert b"<Key>a</Key><Value>b</Value>" in raw.request("GET", f"/{bucket}/k?tagging").body


def test_err_11_unknown_elements_of_a_delete(raw, bucket):
    body = "<Delete><Extra/><Object><Colour>red</Colour><Key>k</Key></Object><Quiet>false</Quiet></Delete>"
    answer = send_document(raw, f"/{bucket}?delete", body, "POST")
    assert answer.status == 200 and b"<Key>k</Key>" in answer.body, str(answer)


def test_err_11_unknown_elements_of_a_completion(raw, bucket):
    upload = start(raw, f"/{bucket}/k")
    etag = raw.request("PUT", f"/{bucket}/k?partNumber=1&uploadId={upload}", body=b"v").headers["etag"]
    etag = etag.replace('"', "&#34;")
    body = (
        f"<x:CompleteMultipartUpload xmlns:x='{SPACE}'>\n <x:Extra/>\n <x:Part><x:ETag>{etag}</x:ETag><x:Extra/>"
        "<x:PartNumber>1</x:PartNumber></x:Part></x:CompleteMultipartUpload>"
    )
    answer = raw.request("POST", f"/{bucket}/k?uploadId={upload}", body=body.encode())
    assert answer.status == 200 and b"<CompleteMultipartUploadResult" in answer.body, str(answer)


def test_err_11_unknown_elements_of_a_new_bucket(raw):
    body = b"<CreateBucketConfiguration><Extra>1</Extra></CreateBucketConfiguration>"
    assert raw.request("PUT", f"/{fresh_name()}", body=body).status == 200


def test_err_11_booleans_and_enums_are_case_sensitive(raw, bucket):
    body = "<VersioningConfiguration><Status>enabled</Status></VersioningConfiguration>"
    error_of(send_document(raw, f"/{bucket}?versioning", body), 400, "MalformedXML")
    body = "<Delete><Object><Key>k</Key></Object><Quiet>True</Quiet></Delete>"
    error_of(send_document(raw, f"/{bucket}?delete", body, "POST"), 400, "MalformedXML")


def test_err_13_control_characters(raw, bucket):
    raw.request("PUT", f"/{bucket}/a%01b", body=b"v")
    for query in ("", "?list-type=2", "?versions"):
        assert b"<Key>a&#x1;b</Key>" in raw.request("GET", f"/{bucket}{query}").body
    error = raw.request("GET", f"/{bucket}/no%02")
    error_of(error, 404, "NoSuchKey", Key="no\ufffd")  # an error must stay readable for every client
    upload = raw.request("POST", f"/{bucket}/u%03?uploads")
    assert b"<Key>u&#x3;</Key>" in upload.body
    assert b"<Key>u&#x3;</Key>" in raw.request("GET", f"/{bucket}?uploads").body


# Section 2


@pytest.mark.parametrize("value", [EMPTY_SHA256, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "rubbish"])
def test_sig_62_anonymous_payload_hashes(raw, bucket, value):
    error_of(
        raw.anonymous("GET", f"/{bucket}/k", headers={"x-amz-content-sha256": value}), 400, "InvalidRequest",
        "Anonymous requests don't support this x-amz-content-sha256 value. "
        "Please use UNSIGNED-PAYLOAD or STREAMING-UNSIGNED-PAYLOAD-TRAILER.",
    )  # fmt: skip
    allowed = raw.anonymous("GET", f"/{bucket}/k", headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
    error_of(allowed, 403, "AccessDenied")


def test_sig_62_anonymous_copies_and_uploads(raw, bucket):
    copy = raw.anonymous("PUT", f"/{bucket}/k", headers={"x-amz-copy-source": f"/{bucket}/o"})
    error_of(copy, 403, "AccessDenied", DENIED.format("copy objects"))
    part = raw.anonymous("PUT", f"/{bucket}/k?partNumber=1&uploadId=x", headers={"x-amz-copy-source": f"/{bucket}/o"})
    error_of(part, 403, "AccessDenied", DENIED.format("copy objects"))
    upload = raw.anonymous("POST", f"/{bucket}/k?uploads")
    error_of(upload, 403, "AccessDenied", DENIED.format("initiate multipart uploads"))


@pytest.mark.parametrize(
    ("method", "query"), [("GET", "versioning"), ("PUT", "versioning"), ("GET", "replication"), ("GET", "tagging")]
)
def test_sig_62_anonymous_configurations(raw, bucket, method, query):
    answer = raw.anonymous(method, f"/{bucket}?{query}")
    error_of(answer, 403, "AccessDenied", DENIED.format("invoke this API"))


def test_sig_12_a_token_of_a_long_lived_key(raw, bucket):
    answer = raw.request("GET", f"/{bucket}", headers={"x-amz-security-token": "rubbish"})
    error_of(
        answer, 400, "InvalidToken", "The provided token is malformed or otherwise invalid.", **{"Token-0": "rubbish"}
    )


def test_sig_20_texts(raw, bucket):
    old = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=20)).strftime("%Y%m%dT%H%M%SZ")
    error = error_of(
        raw.request("GET", f"/{bucket}", amz_date=old), 403, "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
        RequestTime=old, MaxAllowedSkewMilliseconds="900000",
    )  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", error["ServerTime"])


# Section 4


def test_ver_13_texts(raw, bucket, plain_bucket):
    for target in (f"/{bucket}/k?versionId=rubbish", f"/{plain_bucket}/k?versionId=rubbish"):
        for method in ("GET", "DELETE"):
            error_of(
                raw.request(method, target), 400, "InvalidArgument", "Invalid version id specified",
                ArgumentName="versionId", ArgumentValue="rubbish",
            )  # fmt: skip
    error_of(
        raw.request("GET", f"/{bucket}/k?versionId="), 400, "InvalidArgument",
        "Version id cannot be the empty string", ArgumentName="versionId",
    )  # fmt: skip


def test_ver_14_headers_of_deletes(raw, s3, plain_bucket):
    for key in ("none", "k"):
        raw.request("PUT", f"/{plain_bucket}/k", body=b"v")
        answer = raw.request("DELETE", f"/{plain_bucket}/{key}")
        assert answer.status == 204
        assert not {"x-amz-version-id", "x-amz-delete-marker", "content-type"} & answer.headers.keys()
    s3.put_bucket_versioning(Bucket=plain_bucket, VersioningConfiguration={"Status": "Suspended"})
    answer = raw.request("DELETE", f"/{plain_bucket}/k")
    assert answer.headers["x-amz-version-id"] == "null" and answer.headers["x-amz-delete-marker"] == "true"
    put = raw.request("PUT", f"/{plain_bucket}/k", body=b"v")
    assert "x-amz-version-id" not in put.headers
    assert raw.request("GET", f"/{plain_bucket}/k").headers["x-amz-version-id"] == "null"


def test_ver_15_absent_versions(raw, bucket):
    version = raw.request("PUT", f"/{bucket}/k", body=b"v").headers["x-amz-version-id"]
    for _ in range(2):
        answer = raw.request("DELETE", f"/{bucket}/k?versionId={version}")
        assert answer.status == 204 and answer.headers["x-amz-version-id"] == version
    error = error_of(
        raw.request("GET", f"/{bucket}/k?versionId={version}"), 404, "NoSuchVersion",
        "The specified version does not exist.", Key="k", VersionId=version,
    )  # fmt: skip
    assert list(error)[2:4] == ["Key", "VersionId"]


@pytest.mark.parametrize(
    ("query", "value", "message", "name"),
    [
        ("max-keys=-1", "-1", "Argument maxKeys must be an integer between 0 and 2147483647", "maxKeys"),
        ("max-keys=x", "x", "Provided max-keys not an integer or within integer range", "max-keys"),
        ("max-keys=2147483648", "2147483648", "Provided max-keys not an integer or within integer range", "max-keys"),
        ("uploads&max-uploads=x", "x", "Provided max-uploads not an integer or within integer range", "max-uploads"),
        ("uploads&max-uploads=-1", "-1", "Argument maxUploads must be an integer between 0 and 2147483647", "maxUploads"),
    ],
)  # fmt: skip
def test_lst_2_texts(raw, bucket, query, value, message, name):
    answer = raw.request("GET", f"/{bucket}?{query}")
    error_of(answer, 400, "InvalidArgument", message, ArgumentName=name, ArgumentValue=value)


def test_lst_5_next_marker_only_with_a_delimiter(raw, bucket):
    for key in ("a", "b", "c/1", "c/2", "d"):
        raw.request("PUT", f"/{bucket}/{key}", body=b"v")
    assert b"NextMarker" not in raw.request("GET", f"/{bucket}?max-keys=2").body
    page = raw.request("GET", f"/{bucket}?max-keys=3&delimiter=/").body
    assert b"<NextMarker>c/</NextMarker>" in page and b"<IsTruncated>true</IsTruncated>" in page
    page = raw.request("GET", f"/{bucket}?delimiter=/&marker=c/1").body
    assert re.findall(rb"<Key>([^<]*)", page) == [b"d"] and b"CommonPrefixes" not in page
    assert b"NextMarker" not in page and b"<Marker>c/1</Marker>" in page


def test_lst_6_tokens(raw, bucket):
    for key in ("a", "b", "c/1", "c/2", "d"):
        raw.request("PUT", f"/{bucket}/{key}", body=b"v")
    page = raw.request("GET", f"/{bucket}?list-type=2&max-keys=1&start-after=a").body
    assert b"<StartAfter>a</StartAfter>" in page and b"<KeyCount>1</KeyCount>" in page
    token = re.search(rb"<NextContinuationToken>([^<]+)<", page)[1].decode()
    page = raw.request("GET", f"/{bucket}?list-type=2&start-after=zzz&continuation-token={token}").body
    assert b"StartAfter" not in page and b"<KeyCount>3</KeyCount>" in page
    assert f"<ContinuationToken>{token}</ContinuationToken>".encode() in page and b"NextContinuationToken" not in page
    for bad in ("", "rubbish"):
        error_of(
            raw.request("GET", f"/{bucket}?list-type=2&continuation-token={bad}"), 400, "InvalidArgument",
            "The continuation token provided is incorrect", ArgumentName="continuation-token",
        )  # fmt: skip
    page = raw.request("GET", f"/{bucket}?list-type=2&delimiter=/&start-after=c/1").body
    assert b"<CommonPrefixes><Prefix>c/</Prefix></CommonPrefixes>" in page
    page = raw.request("GET", f"/{bucket}?list-type=2&delimiter=/&start-after=c/2").body
    assert b"CommonPrefixes" not in page


def test_lst_7_texts(raw, bucket):
    error_of(
        raw.request("GET", f"/{bucket}?versions&version-id-marker=x"), 400, "InvalidArgument",
        "A version-id marker cannot be specified without a key marker.",
        ArgumentName="version-id-marker", ArgumentValue="x",
    )  # fmt: skip
    page = raw.request("GET", f"/{bucket}?versions").body
    assert b"<KeyMarker></KeyMarker>" in page or b"<KeyMarker/>" in page
    assert b"<VersionIdMarker></VersionIdMarker>" in page or b"<VersionIdMarker/>" in page


def test_lst_8_markers(raw, bucket):
    first, second, other = (start(raw, f"/{bucket}/{key}") for key in ("k", "k", "m"))
    page = raw.request("GET", f"/{bucket}?uploads").body.decode()
    assert re.findall("<UploadId>([^<]+)", page) == [first, second, other]
    assert "<NextKeyMarker>m</NextKeyMarker>" in page and f"<NextUploadIdMarker>{other}<" in page
    page = raw.request("GET", f"/{bucket}?uploads&upload-id-marker=rubbish").body.decode()
    assert len(re.findall("<UploadId>", page)) == 3
    page = raw.request("GET", f"/{bucket}?uploads&key-marker=k&upload-id-marker={first}").body.decode()
    assert re.findall("<UploadId>([^<]+)", page) == [second, other]
    answer = raw.request("GET", f"/{bucket}?uploads&key-marker=k&upload-id-marker=rubbish")
    error_of(answer, 400, "InvalidArgument", "Invalid uploadId marker")
    assert "<StorageClass>STANDARD</StorageClass>" in page and "</ID><DisplayName>alice</DisplayName></Initiator>" in page


# Section 5


def test_cnd_6_texts(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    both = {"x-amz-if-match-size": "1", "x-amz-if-match-last-modified-time": "Thu, 01 Dec 2033 16:00:00 GMT"}
    error = error_of(
        raw.request("DELETE", f"/{bucket}/k", headers=both), 501, "NotImplemented",
        "A header you provided implies functionality that is not implemented",
        Header="x-amz-if-match-last-modified-time",
    )  # fmt: skip
    assert "additionalMessage" not in error
    size = raw.request("DELETE", f"/{bucket}/k", headers={"x-amz-if-match-size": "1"})
    error_of(size, 501, "NotImplemented", Header="x-amz-if-match-size")
    absent = raw.request("DELETE", f"/{bucket}/none", headers={"if-match": '"x"'})
    assert absent.status == 204 and "x-amz-version-id" not in absent.headers
    wrong = raw.request("DELETE", f"/{bucket}/k", headers={"if-match": '"x"'})
    error_of(wrong, 412, "PreconditionFailed", Condition="If-Match")


def test_s5_1_headers_of_304_and_412(raw, bucket):
    put = raw.request("PUT", f"/{bucket}/k", body=b"v")
    answer = raw.request("GET", f"/{bucket}/k", headers={"if-none-match": put.headers["etag"]})
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"] == put.headers["etag"] and "last-modified" in answer.headers
    assert answer.headers["x-amz-version-id"] == put.headers["x-amz-version-id"]
    for value, status in [('"a", ' + put.headers["etag"], 304), ("*", 304), (put.headers["etag"].strip('"'), 304)]:
        assert raw.request("GET", f"/{bucket}/k", headers={"if-none-match": value}).status == status
    error_of(
        raw.request("GET", f"/{bucket}/k", headers={"if-match": '"x"'}), 412, "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold", Condition="If-Match",
    )  # fmt: skip


@pytest.mark.parametrize(
    "value", ["bytes=0-1,3-4", "bytes=1-0", "bytes=-1-", "bytes=0--1", "bytes=-", "0-1", "bytes", "octets=0-1", "bytes=a-b"]
)  # fmt: skip
def test_rng_2_what_is_no_range(raw, bucket, value):
    raw.request("PUT", f"/{bucket}/k", body=b"0123456789")
    answer = raw.request("GET", f"/{bucket}/k", headers={"range": value})
    assert (answer.status, answer.body) == (200, b"0123456789")
    assert "content-range" not in answer.headers


def test_rng_7_every_override(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    values = {
        "content-type": "a/b", "content-language": "de", "expires": "soon", "cache-control": "no-store",
        "content-disposition": "attachment", "content-encoding": "gzip",
    }  # fmt: skip
    query = "&".join(f"response-{name}={value.replace('/', '%2F')}" for name, value in values.items())
    for method in ("GET", "HEAD"):
        answer = raw.request(method, f"/{bucket}/k?{query}")
        assert answer.status == 200
        assert {name: answer.headers[name] for name in values} == values
    partial = raw.request("GET", f"/{bucket}/k?{query}", headers={"range": "bytes=0-0"})
    assert partial.status == 206 and partial.headers["content-type"] == "a/b"
    error_of(
        raw.request("GET", f"/{bucket}/k?response-content-type=%E2%82%AC"), 400, "InvalidArgument",
        "Header value cannot be represented using ISO-8859-1.",
        ArgumentName="response-content-type", ArgumentValue="€",
    )  # fmt: skip


def test_met_1_names_are_one_whatever_their_case(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"X-AMZ-META-UPPER": "1"})
    assert raw.request("HEAD", f"/{bucket}/k").headers["x-amz-meta-upper"] == "1"
    answer = raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"x-amz-meta-ab": "v" * 2047})
    error_of(answer, 400, "MetadataTooLarge", Size="2049", MaxSizeAllowed="2048")


def test_met_2_quoted_printable_and_unprintable(raw, bucket):
    sent = {
        "x-amz-meta-q": "=?UTF-8?Q?caf=C3=A9_noir?=",
        "x-amz-meta-ascii": "=?UTF-8?B?" + base64.b64encode(b"plain").decode() + "?=",
        "x-amz-meta-bad": "=?UTF-8?B?" + base64.b64encode(b"a\x01b").decode() + "?=",
    }
    assert raw.request("PUT", f"/{bucket}/k", body=b"v", headers=sent).status == 200
    headers = raw.request("GET", f"/{bucket}/k").headers
    assert headers["x-amz-meta-ascii"] == "plain"
    assert "x-amz-meta-bad" not in headers and headers["x-amz-missing-meta"] == "1"
    assert headers["x-amz-meta-q"].lower().startswith("=?utf-8?")


def test_met_4_texts(raw, bucket):
    for value, message in [
        ("", "The website redirect location must be non-empty."),
        ("ftp://x", "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."),
    ]:
        answer = raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"x-amz-website-redirect-location": value})
        error_of(answer, 400, "InvalidRedirectLocation", message)
    long = raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"x-amz-website-redirect-location": "/" + "v" * 2048})
    error_of(long, 400, "InvalidRedirectLocation")


# Section 6


def test_mpu_1_last_modified_is_the_time_of_initiation(raw, bucket):
    upload = start(raw, f"/{bucket}/k")
    before = datetime.datetime.now(datetime.UTC)
    later = before + datetime.timedelta(seconds=2)
    eventually(lambda: datetime.datetime.now(datetime.UTC) > later, "another second of Last-Modified")
    etag = raw.request("PUT", f"/{bucket}/k?partNumber=1&uploadId={upload}", body=b"v").headers["etag"]
    assert complete(raw, f"/{bucket}/k", upload, [(1, etag)]).status == 200
    seen = raw.request("HEAD", f"/{bucket}/k").headers["last-modified"]
    assert email.utils.parsedate_to_datetime(seen) <= before


def test_mpu_1_headers_of_create(raw, bucket):
    answer = raw.request("POST", f"/{bucket}/k?uploads", headers={"x-amz-checksum-algorithm": "CRC32"})
    assert answer.headers["x-amz-checksum-algorithm"] == "CRC32"
    assert answer.headers["x-amz-checksum-type"] == "COMPOSITE"
    names = re.findall(rb"<(Bucket|Key|UploadId)>", answer.body)
    assert names == [b"Bucket", b"Key", b"UploadId"]


def test_mpu_13_details(raw, bucket):
    upload = start(raw, f"/{bucket}/k")
    raw.request("PUT", f"/{bucket}/k?partNumber=1&uploadId={upload}", body=b"v")
    error = error_of(
        complete(raw, f"/{bucket}/k", upload, [(1, "&quot;" + "0" * 32 + "&quot;")]), 400, "InvalidPart",
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
        "entity tag may not match the part's entity tag.",
        ETag="0" * 32, PartNumber="1", UploadId=upload,
    )  # fmt: skip
    assert list(error)[2:5] == ["ETag", "PartNumber", "UploadId"]


def test_mpu_14_details(raw, bucket):
    upload = start(raw, f"/{bucket}/k")
    etags = [
        raw.request("PUT", f"/{bucket}/k?partNumber={n}&uploadId={upload}", body=b"v").headers["etag"] for n in (1, 2)
    ]
    error = error_of(
        complete(raw, f"/{bucket}/k", upload, enumerate(etags, 1)), 400, "EntityTooSmall",
        "Your proposed upload is smaller than the minimum allowed size",
        ETag=etags[0].strip('"'), MinSizeAllowed="5242880", PartNumber="1", ProposedSize="1",
    )  # fmt: skip
    assert list(error)[2:6] == ["ETag", "MinSizeAllowed", "PartNumber", "ProposedSize"]


def test_mpu_17_another_list_after_completion(raw, bucket):
    upload = start(raw, f"/{bucket}/k")
    etags = [
        raw.request("PUT", f"/{bucket}/k?partNumber={n}&uploadId={upload}", body=b"v").headers["etag"] for n in (1, 2)
    ]
    first = complete(raw, f"/{bucket}/k", upload, [(1, etags[0])])
    again = complete(raw, f"/{bucket}/k", upload, [(1, etags[0])])
    assert (first.status, again.status) == (200, 200) and first.body == again.body
    assert first.headers["x-amz-version-id"] == again.headers["x-amz-version-id"]
    error_of(complete(raw, f"/{bucket}/k", upload, [(2, etags[1])]), 404, "NoSuchUpload", UploadId=upload)


def test_cpy_1_texts(raw, bucket):
    for source, message in [
        (f"{bucket}", "Invalid copy source object key"), ("A_B/k", "Invalid copy source bucket name"),
        (f"{bucket}/%zz", "Invalid copy source encoding"),
    ]:  # fmt: skip
        error_of(
            raw.request("PUT", f"/{bucket}/c", headers={"x-amz-copy-source": source}), 400, "InvalidArgument", message,
            ArgumentName="x-amz-copy-source",
        )  # fmt: skip


def test_cpy_6_headers_and_elements(raw, bucket):
    version = raw.request("PUT", f"/{bucket}/k", body=b"v").headers["x-amz-version-id"]
    answer = raw.request("PUT", f"/{bucket}/c", headers={"x-amz-copy-source": f"{bucket}/k"})
    assert answer.headers["x-amz-copy-source-version-id"] == version
    assert answer.headers["x-amz-version-id"] != version
    assert b"<ChecksumType>FULL_OBJECT</ChecksumType>" in answer.body and b"<ChecksumCRC64NVME>" in answer.body


def test_upc_1_upc_2_details(raw, bucket):
    raw.request("PUT", f"/{bucket}/s", body=b"0123456789")
    upload = start(raw, f"/{bucket}/k")
    for value, code, message in [
        (
            "bytes=1-", "InvalidArgument",
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            "zero-based offsets of the first and last bytes to copy",
        ),
        ("bytes=0-10", "InvalidArgument", "Range specified is not valid for source object of size: 10"),
        ("bytes=10-12", "InvalidRequest", "The specified copy range is invalid for the source object size"),
    ]:  # fmt: skip
        headers = {"x-amz-copy-source": f"{bucket}/s", "x-amz-copy-source-range": value}
        error = error_of(
            raw.request("PUT", f"/{bucket}/k?partNumber=1&uploadId={upload}", headers=headers), 400, code, message
        )
        if code == "InvalidArgument":
            assert (error["ArgumentName"], error["ArgumentValue"]) == ("x-amz-copy-source-range", value)


def test_s6_6_beyond_the_last_part(raw, bucket):
    upload = start(raw, f"/{bucket}/k")
    raw.request("PUT", f"/{bucket}/k?partNumber=3&uploadId={upload}", body=b"v")
    page = raw.request("GET", f"/{bucket}/k?uploadId={upload}&part-number-marker=3").body
    assert b"<Part>" not in page and b"<IsTruncated>false</IsTruncated>" in page
    assert b"<PartNumberMarker>3</PartNumberMarker>" in page
    assert b"<NextPartNumberMarker>0</NextPartNumberMarker>" in page


# Section 7


def test_chk_5_texts(raw, bucket):
    without = raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"x-amz-sdk-checksum-algorithm": "CRC32"})
    error_of(
        without, 400, "InvalidRequest",
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were "
        "found.",
    )  # fmt: skip
    unknown = "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
    unknown += "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
    answer = raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"x-amz-sdk-checksum-algorithm": "CRC99"})
    error_of(answer, 400, "InvalidRequest", unknown)
    answer = raw.request("POST", f"/{bucket}/k?uploads", headers={"x-amz-checksum-algorithm": "CRC99"})
    error_of(answer, 400, "InvalidRequest", unknown)


def test_chk_6_texts(raw, bucket):
    answer = raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"content-md5": "rubbish"})
    error_of(answer, 400, "InvalidDigest", "The Content-MD5 you specified was invalid.", Content_MD5="rubbish")
    sent = content_md5(b"w")
    error = error_of(
        raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"content-md5": sent}), 400, "BadDigest",
        "The Content-MD5 you specified did not match what we received.", CalculatedDigest=content_md5(b"v"),
    )  # fmt: skip
    assert error["ExpectedDigest"] in (sent, hashlib.md5(b"w").hexdigest())


@pytest.mark.parametrize(("method", "query"), [("POST", "delete"), ("PUT", "replication")])
def test_chk_7_a_digest_is_required(raw, bucket, method, query):
    answer = raw.request(method, f"/{bucket}?{query}", body=b"<a/>")
    message = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"
    error_of(answer, 400, "InvalidRequest", message)


def test_chk_7_a_digest_is_always_verified(raw, bucket):
    body = b"<Tagging><TagSet/></Tagging>"
    wrong = raw.request("PUT", f"/{bucket}?tagging", body=body, headers={"content-md5": content_md5(b"x")})
    error_of(wrong, 400, "BadDigest")
    wrong = raw.request("PUT", f"/{bucket}?tagging", body=body, headers={"x-amz-checksum-crc32": "AAAAAA=="})
    error_of(wrong, 400, "BadDigest")


def test_chk_12_texts(raw, bucket):
    upload = start(raw, f"/{bucket}/k", **{"x-amz-checksum-algorithm": "SHA256"})
    answer = raw.request(
        "PUT", f"/{bucket}/k?partNumber=1&uploadId={upload}", body=b"hello",
        headers={"x-amz-checksum-crc32": "NhCmhg=="},
    )  # fmt: skip
    error_of(
        answer, 400, "InvalidRequest",
        "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32",
    )  # fmt: skip


def test_chk_13_14_15_texts(raw, bucket):
    target = f"/{bucket}/k"
    upload = start(raw, target, **{"x-amz-checksum-algorithm": "CRC32"})
    etag = raw.request("PUT", f"{target}?partNumber=1&uploadId={upload}", body=b"hello").headers["etag"]
    error_of(
        complete(raw, target, upload, [(1, etag)]), 400, "InvalidRequest",
        "The upload was created using a crc32 checksum. The complete request must include the checksum for each part. "
        "It was missing for part 1 in the request.",
    )  # fmt: skip
    error_of(
        complete(raw, target, upload, [(1, etag)], **{"x-amz-checksum-type": "FULL_OBJECT"}), 400, "InvalidRequest",
        "The upload was created using the COMPOSITE checksum mode. The complete request must use the same checksum mode.",
    )  # fmt: skip
    full = {"x-amz-checksum-algorithm": "CRC32C", "x-amz-checksum-type": "FULL_OBJECT"}
    upload = start(raw, target, **full)
    etag = raw.request("PUT", f"{target}?partNumber=1&uploadId={upload}", body=b"hello").headers["etag"]
    error_of(
        complete(raw, target, upload, [(1, etag)], **{"x-amz-checksum-crc32c": "AAAAAA=="}), 400, "BadDigest",
        "The crc32c you specified did not match the calculated checksum.",
    )  # fmt: skip
    upload = start(raw, target)
    etag = raw.request("PUT", f"{target}?partNumber=1&uploadId={upload}", body=b"hello").headers["etag"]
    error_of(
        complete(raw, target, upload, [(1, etag)], **{"x-amz-checksum-type": "COMPOSITE"}), 400, "InvalidRequest",
        "The upload was created using the null checksum mode. The complete request must use the same checksum mode.",
    )  # fmt: skip
    part = f"<Part><PartNumber>1</PartNumber><ETag>{etag}</ETag><ChecksumCRC32>NhCmhg==</ChecksumCRC32></Part>"
    body = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>".encode()
    error_of(raw.request("POST", f"{target}?uploadId={upload}", body=body), 400, "InvalidPart")


def test_s7_5_bad_paging(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    for name in ("x-amz-max-parts", "x-amz-part-number-marker"):
        for value in ("x", "-1"):
            headers = {"x-amz-object-attributes": "ObjectParts", name: value}
            answer = raw.request("GET", f"/{bucket}/k?attributes", headers=headers)
            error_of(answer, 400, "InvalidArgument")


# Section 9.1


def tag_document(*pairs):
    tags = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in pairs)
    return f"<Tagging><TagSet>{tags}</TagSet></Tagging>"


@pytest.mark.parametrize("text", ["a1 +-=._:/@", "schlüssel", "ключ", "鍵", "١٢٣"])
def test_tag_1_allowed_characters(raw, bucket, text):
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    assert send_document(raw, f"/{bucket}/k?tagging", tag_document((text, text))).status == 200
    assert send_document(raw, f"/{bucket}?tagging", tag_document((text, text))).status == 204


@pytest.mark.parametrize("text", ["a!", "a*b", "a\tb", "😀", "a?", "a,b", "#"])
def test_tag_1_refused_characters(raw, bucket, text):
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    for target in (f"/{bucket}/k?tagging", f"/{bucket}?tagging"):
        answer = send_document(raw, target, tag_document((text, "v")))
        error_of(answer, 400, "InvalidTag", "The TagKey you have provided is invalid", TagKey=text)
        answer = send_document(raw, target, tag_document(("k", text)))
        error_of(answer, 400, "InvalidTag", "The TagValue you have provided is invalid", TagKey="k", TagValue=text)


def test_tag_1_lengths_are_of_characters(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    assert send_document(raw, f"/{bucket}/k?tagging", tag_document(("ü" * 128, "鍵" * 256))).status == 200
    for pair in (("k" * 129, ""), ("", "v"), ("k", "v" * 257)):
        error_of(send_document(raw, f"/{bucket}/k?tagging", tag_document(pair)), 400, "InvalidTag")


def test_tag_4_details(raw, bucket):
    answer = raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"x-amz-tagging": "a=1&a=2"})
    error_of(
        answer, 400, "InvalidArgument",
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name "
        "duplicates.", ArgumentName="x-amz-tagging", ArgumentValue="a=1&a=2",
    )  # fmt: skip


def test_tag_7_texts(raw):
    for tags, message in [
        (
            [("aws:x", "1")],
            "User-defined tag keys can't start with \"aws:\". This prefix is reserved for system tags. Remove \"aws:\" "
            "from your tag keys and try again.",
        ),
        (
            [("a", "1"), ("a", "2")],
            "There are duplicate tag keys in your request. Remove the duplicate tag keys and try again.",
        ),
    ]:  # fmt: skip
        listed = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in tags)
        body = f"<CreateBucketConfiguration><Tags>{listed}</Tags></CreateBucketConfiguration>".encode()
        error_of(raw.request("PUT", f"/{fresh_name()}", body=body), 400, "InvalidTag", message)


# Section 12.1 and the operations on buckets


def test_s12_1_again_with_tags(raw, bucket):
    body = b"<CreateBucketConfiguration><Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags></CreateBucketConfiguration>"
    error_of(
        raw.request("PUT", f"/{bucket}", body=body), 409, "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.", BucketName=bucket,
    )  # fmt: skip


def test_s12_1_directory_buckets(raw):
    for element in ("<Bucket><Type>Directory</Type></Bucket>", "<Location><Name>x</Name></Location>"):
        body = f"<CreateBucketConfiguration>{element}</CreateBucketConfiguration>".encode()
        error_of(raw.request("PUT", f"/{fresh_name()}", body=body), 400, "InvalidRequest")


def test_s3_2a_location_and_arn_of_a_new_bucket(home, abroad):
    name = fresh_name()
    answer = home.raw().request("PUT", f"/{name}")
    assert (answer.headers["location"], answer.headers["x-amz-bucket-arn"]) == (f"/{name}", f"arn:aws:s3:::{name}")
    name = fresh_name()
    body = b"<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"
    raw = abroad.raw()
    answer = raw.request("PUT", f"/{name}", body=body, headers={"host": "s3.eu-west-1.localhost:80"})
    assert answer.status == 200, str(answer)
    assert answer.headers["location"] == f"http://{name}.s3.eu-west-1.localhost:80/"
    name = fresh_name()
    answer = raw.request("PUT", "/", body=body, headers={"host": f"{name}.localhost"})
    assert answer.headers["location"] == f"http://{name}.localhost/"
    name = fresh_name()
    answer = raw.request("PUT", f"/{name}", body=body)
    assert answer.headers["location"] == f"http://{raw.host_header}/{name}"


def test_s3_2a_head_bucket(raw, bucket):
    headers = raw.request("HEAD", f"/{bucket}").headers
    assert headers["x-amz-bucket-region"] == "us-east-1"
    assert headers["x-amz-bucket-arn"] == f"arn:aws:s3:::{bucket}"
    assert headers["x-amz-access-point-alias"] == "false"
    assert headers["content-type"] == "application/xml"


@pytest.mark.parametrize("region", ["eu-east-1", "x y", ""])
def test_s3_2a_list_buckets_of_an_unknown_region(raw, region):
    error_of(
        raw.request("GET", f"/?bucket-region={region.replace(' ', '%20')}"), 400, "InvalidArgument",
        f"Argument value {region} is not a valid AWS Region", ArgumentName="bucket-region",
    )  # fmt: skip


def test_s3_2a_list_buckets_parameters(raw, bucket):
    plain = raw.request("GET", "/").body
    assert b"BucketRegion" not in plain and b"BucketArn" not in plain and b"<Prefix>" not in plain
    page = raw.request("GET", f"/?prefix={bucket}").body
    assert f"<BucketRegion>us-east-1</BucketRegion><BucketArn>arn:aws:s3:::{bucket}</BucketArn>".encode() in page
    error_of(raw.request("GET", "/?continuation-token=rubbish"), 400, "InvalidArgument")


def test_s3_2a_a_versioned_bucket_is_not_empty(raw, bucket, plain_bucket):
    for name, message in [
        (plain_bucket, "The bucket you tried to delete is not empty"),
        (bucket, "The bucket you tried to delete is not empty. You must delete all versions in the bucket."),
    ]:
        raw.request("PUT", f"/{name}/k", body=b"v")
        error_of(raw.request("DELETE", f"/{name}"), 409, "BucketNotEmpty", message, BucketName=name)


# Section 14


def test_s14_a_key_of_1024_bytes(raw, bucket):
    for key in ("k" * 1024, "%C3%BC" * 512, "k/" * 512):
        put = raw.request("PUT", f"/{bucket}/{key}", body=key.encode())
        assert put.status == 200, str(put)
        assert raw.request("GET", f"/{bucket}/{key}").body == key.encode()
    assert raw.request("GET", f"/{bucket}?list-type=2").body.count(b"<Key>") == 3
    for key in ("k" * 1025,):
        for method in ("GET", "DELETE"):
            answer = raw.request(method, f"/{bucket}/{key}")
            error_of(answer, 400, "KeyTooLongError", "Your key is too long", Size="1025", MaxSizeAllowed="1024")
    source = raw.request("PUT", f"/{bucket}/c", headers={"x-amz-copy-source": f"{bucket}/{'k' * 1025}"})
    error_of(source, 400, "KeyTooLongError")


def test_s14_a_part_over_5_gib(home, raw, bucket):
    upload = start(raw, f"/{bucket}/k")
    target, size = f"/{bucket}/k?partNumber=1&uploadId={upload}", (5 << 30) + 1
    send, signature = raw.prepare(
        "PUT", target, payload_hash="UNSIGNED-PAYLOAD", content_length=False, headers={"content-length": str(size)}
    )
    with raw.connect() as connection:
        connection.send_head("PUT", target, {**send, "authorization": signature.header})
        error_of(
            connection.receive("PUT"), 400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size",
            ProposedSize=str(size), MaxSizeAllowed="5368709120",
        )  # fmt: skip


def test_s14_headers_up_to_8_kib(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    headers = {f"x-filler-{number}": "v" * 1000 for number in range(7)}
    assert raw.request("GET", f"/{bucket}/k", headers=headers).status == 200
    headers["x-filler-8"] = "v" * 1000
    error_of(raw.request("GET", f"/{bucket}/k", headers=headers), 400, "RequestHeaderSectionTooLarge")


def test_s14_1001_keys_of_a_delete(raw, bucket):
    body = "<Delete>" + "".join(f"<Object><Key>{n}</Key></Object>" for n in range(1001)) + "</Delete>"
    error_of(send_document(raw, f"/{bucket}?delete", body, "POST"), 400, "MalformedXML")
    error_of(send_document(raw, f"/{bucket}?delete", "<Delete></Delete>", "POST"), 400, "MalformedXML")


def test_s14_more_than_1000_buckets_in_a_page(raw):
    error_of(raw.request("GET", "/?max-buckets=10001"), 400, "InvalidArgument")


# More of the sections above


def test_adr_5_post_on_the_service_is_not_s3(raw):
    assert raw.request("POST", "/", body=b"Action=ListUsers").status in (403, 404, 405, 501)


def test_adr_7_the_uri_is_named(raw, bucket):
    for path in (f"/{bucket}/%zz", f"/{bucket}/%ff", f"/{bucket}/a%2"):
        answer = raw.request("GET", path)
        error_of(answer, 400, "InvalidURI", "Couldn't parse the specified URI.", URI=path)


def test_sig_30_names_of_any_case(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    target = presign(raw.credentials, raw.region, "GET", f"/{bucket}/k", raw.host_header)
    with raw.connect() as connection:
        connection.send_head("GET", target, {"host": raw.host_header})
        assert connection.receive().body == b"v"


def test_sig_33_a_parameter_in_query_and_header(raw, bucket):
    target = presign(
        raw.credentials, raw.region, "PUT", f"/{bucket}/k", raw.host_header, query="x-amz-storage-class=STANDARD_IA"
    )
    headers = {"host": raw.host_header, "content-length": "1", "x-amz-storage-class": "STANDARD"}
    with raw.connect() as connection:
        connection.send_head("PUT", target, headers)
        connection.send(b"v")
        answer = connection.receive("PUT")
    assert answer.status == 403 and answer.code in ("SignatureDoesNotMatch", "AccessDenied"), str(answer)


def test_ver_12_calls_on_markers(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    marker = raw.request("DELETE", f"/{bucket}/k").headers["x-amz-version-id"]
    document = tag_document(("a", "b"))
    for query in ("", f"&versionId={marker}"):
        for method, body in (("GET", ""), ("PUT", document), ("DELETE", "")):
            answer = send_document(raw, f"/{bucket}/k?tagging{query}", body, method)
            error_of(answer, 405, "MethodNotAllowed", Method=method, ResourceType="DeleteMarker")
    attributes = {"x-amz-object-attributes": "ETag"}
    answer = raw.request("GET", f"/{bucket}/k?attributes", headers=attributes)
    error_of(answer, 404, "NoSuchKey", Key="k")
    assert answer.headers["x-amz-delete-marker"] == "true"
    answer = raw.request("GET", f"/{bucket}/k?attributes&versionId={marker}", headers=attributes)
    error_of(answer, 405, "MethodNotAllowed", ResourceType="DeleteMarker")


def test_rng_3_rng_4_details(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"0123456789")
    error = error_of(
        raw.request("GET", f"/{bucket}/k", headers={"range": "bytes=10-"}), 416, "InvalidRange",
        "The requested range is not satisfiable", ActualObjectSize="10", RangeRequested="bytes=10-",
    )  # fmt: skip
    assert list(error)[2:4] == ["ActualObjectSize", "RangeRequested"]
    error_of(
        raw.request("GET", f"/{bucket}/k?partNumber=2"), 416, "InvalidPartNumber",
        "The requested partnumber is not satisfiable", ActualPartCount="1", PartNumberRequested="2",
    )  # fmt: skip
    error_of(
        raw.request("GET", f"/{bucket}/k?partNumber=1", headers={"range": "bytes=0-1"}), 400, "InvalidRequest",
        "Cannot specify both Range header and partNumber query parameter",
    )  # fmt: skip
    error_of(
        raw.request("GET", f"/{bucket}/k?partNumber=0"), 400, "InvalidArgument",
        "Part number must be an integer between 1 and 10000, inclusive", ArgumentName="partNumber", ArgumentValue="0",
    )  # fmt: skip


def test_mpu_15_text(raw, bucket):
    upload = start(raw, f"/{bucket}/k")
    etag = raw.request("PUT", f"/{bucket}/k?partNumber=1&uploadId={upload}", body=b"four").headers["etag"]
    error_of(
        complete(raw, f"/{bucket}/k", upload, [(1, etag)], **{"x-amz-mp-object-size": "5"}), 400, "InvalidRequest",
        "The provided 'x-amz-mp-object-size' header value 5 does not match what was computed: 4",
    )  # fmt: skip


def test_mpu_16_location_in_the_style_of_the_request(raw, bucket):
    upload = start(raw, f"/{bucket}/a b".replace(" ", "%20"))
    target = f"/{bucket}/a%20b"
    etag = raw.request("PUT", f"{target}?partNumber=1&uploadId={upload}", body=b"v").headers["etag"]
    body = complete(raw, target, upload, [(1, etag)]).body.decode()
    assert f"<Location>http://{raw.host_header}/{bucket}/a%20b</Location>" in body
    assert re.findall("<(Location|Bucket|Key|ETag)>", body) == ["Location", "Bucket", "Key", "ETag"]
    assert "<ETag>&quot;" in body


def test_cpy_4_text(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    error_of(
        raw.request("PUT", f"/{bucket}/k", headers={"x-amz-copy-source": f"/{bucket}/k", "x-amz-tagging": "a=b"}),
        400, "InvalidRequest",
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
        "metadata, storage class, website redirect location or encryption attributes.",
    )  # fmt: skip


def test_cpy_7_a_composite_source_gets_a_full_object_checksum(raw, bucket):
    upload = start(raw, f"/{bucket}/k", **{"x-amz-checksum-algorithm": "CRC32"})
    etag = raw.request("PUT", f"/{bucket}/k?partNumber=1&uploadId={upload}", body=b"hello").headers["etag"]
    part = f"<Part><PartNumber>1</PartNumber><ETag>{etag}</ETag><ChecksumCRC32>NhCmhg==</ChecksumCRC32></Part>"
    body = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>".encode()
    assert raw.request("POST", f"/{bucket}/k?uploadId={upload}", body=body).status == 200
    copied = raw.request("PUT", f"/{bucket}/c", headers={"x-amz-copy-source": f"/{bucket}/k"}).body
    assert b"<ChecksumCRC32>NhCmhg==</ChecksumCRC32>" in copied and b"<ChecksumType>FULL_OBJECT<" in copied
    head = raw.request("HEAD", f"/{bucket}/c").headers
    assert head["etag"] == etag_of(b"hello")


def test_chk_2_chk_3_headers(raw, bucket):
    put = raw.request("PUT", f"/{bucket}/k", body=b"hello")
    assert put.headers["x-amz-checksum-crc64nvme"] == "M3eFcAZSQlc="
    assert put.headers["x-amz-checksum-type"] == "FULL_OBJECT"
    assert not [n for n in raw.request("GET", f"/{bucket}/k").headers if n.startswith("x-amz-checksum")]
    for mode in ("ENABLED", "enabled"):
        headers = raw.request("HEAD", f"/{bucket}/k", headers={"x-amz-checksum-mode": mode}).headers
        assert headers["x-amz-checksum-crc64nvme"] == "M3eFcAZSQlc="


def test_chk_11_texts(raw, bucket):
    for sent, message in [
        (
            {"x-amz-checksum-algorithm": "SHA1", "x-amz-checksum-type": "FULL_OBJECT"},
            "The FULL_OBJECT checksum type cannot be used with the sha1 checksum algorithm.",
        ),
        (
            {"x-amz-checksum-algorithm": "CRC64NVME", "x-amz-checksum-type": "COMPOSITE"},
            "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.",
        ),
        (
            {"x-amz-checksum-type": "COMPOSITE"},
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
        ),
    ]:
        error_of(raw.request("POST", f"/{bucket}/k?uploads", headers=sent), 400, "InvalidRequest", message)


def test_s7_5_pages_clamp_and_repeat_the_marker(raw, bucket):
    upload = start(raw, f"/{bucket}/k", **{"x-amz-checksum-algorithm": "CRC64NVME"})
    data = pattern(5 * MIB)
    etags = [
        raw.request("PUT", f"/{bucket}/k?partNumber={n}&uploadId={upload}", body=body).headers["etag"]
        for n, body in ((2, data), (7, b"end"))
    ]
    assert complete(raw, f"/{bucket}/k", upload, zip((2, 7), etags)).status == 200
    headers = {"x-amz-object-attributes": "ObjectParts", "x-amz-max-parts": "5000", "x-amz-part-number-marker": "2"}
    body = raw.request("GET", f"/{bucket}/k?attributes", headers=headers).body
    assert b"<PartsCount>2</PartsCount>" in body and b"<MaxParts>1000</MaxParts>" in body
    assert b"<PartNumberMarker>2</PartNumberMarker>" in body and body.count(b"<Part>") == 1


def test_s9_1_tagging_count(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"x-amz-tagging": "a=1&b"})
    assert raw.request("HEAD", f"/{bucket}/k").headers["x-amz-tagging-count"] == "2"
    answer = raw.request("GET", f"/{bucket}/k?tagging")
    assert "x-amz-version-id" in answer.headers
    raw.request("DELETE", f"/{bucket}/k?tagging")
    assert "x-amz-tagging-count" not in raw.request("HEAD", f"/{bucket}/k").headers


def test_tag_2_text(raw, bucket):
    answer = send_document(raw, f"/{bucket}?tagging", tag_document(*((f"k{n}", "v") for n in range(51))))
    error_of(answer, 400, "BadRequest", "Bucket tag count cannot be greater than 50")
    raw.request("PUT", f"/{bucket}/k", body=b"v")
    answer = send_document(raw, f"/{bucket}/k?tagging", tag_document(*((f"k{n}", "v") for n in range(11))))
    error_of(answer, 400, "BadRequest", "Object tags cannot be greater than 10")
    missing = raw.request("DELETE", f"/{bucket}?tagging")
    assert missing.status == 204
    error_of(raw.request("GET", f"/{bucket}?tagging"), 404, "NoSuchTagSet")
