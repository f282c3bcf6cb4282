"""Uploads from forms in browsers: POST object (SIG-70 to SIG-74)."""

import base64
import datetime
import hashlib
import hmac
import json

import botocore.config
import clients
import pytest
import requests
from federation import ALICE, BOB
from replication import configure, rule, wait_for_status
from s3 import MIB, error_of, etag_of, pattern
from signing import parse_error, signing_key, timestamp

BOUNDARY = "----tern4f9cA0"


def encode_form(fields, file=None, name="photo.jpg", after=(), boundary=BOUNDARY):
    """A form as browsers send it: fields in order, the file behind them."""
    body = b""
    for field, value in fields:
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n'.encode()
        body += (value.encode() if isinstance(value, str) else value) + b"\r\n"
    if file is not None:
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'.encode()
        body += b"Content-Type: image/jpeg\r\n\r\n" + file + b"\r\n"
    for field, value in after:
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
    return body + f"--{boundary}--\r\n".encode()


def make_policy(conditions, minutes=10):
    expiration = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
    document = {"expiration": expiration.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "conditions": conditions}
    return base64.b64encode(json.dumps(document).encode()).decode()


def signed_v4(fields, conditions, bucket, account=ALICE, minutes=10, policy=None):
    """The fields with policy and signature; `conditions` besides those that cover bucket, fields and credentials."""
    date = timestamp()
    credential = f"{account.access_key}/{date[:8]}/us-east-1/s3/aws4_request"
    own = [("x-amz-algorithm", "AWS4-HMAC-SHA256"), ("x-amz-credential", credential), ("x-amz-date", date)]
    covered = [{"bucket": bucket}, *conditions, *({name: value} for name, value in own)]
    policy = policy or make_policy(covered, minutes)
    key = signing_key(account.secret_key, date[:8], "us-east-1")
    signature = hmac.new(key, policy.encode(), hashlib.sha256).hexdigest()
    return [*fields, *own, ("policy", policy), ("x-amz-signature", signature)]


def signed_v2(fields, conditions, bucket, account=ALICE):
    policy = make_policy([{"bucket": bucket}, *conditions])
    digest = hmac.new(account.secret_key.encode(), policy.encode(), hashlib.sha1).digest()
    return [
        *fields,
        ("AWSAccessKeyId", account.access_key),
        ("policy", policy),
        ("signature", base64.b64encode(digest).decode()),
    ]


def post(raw, bucket, body, content_type=f"multipart/form-data; boundary={BOUNDARY}", **headers):
    return raw.anonymous("POST", f"/{bucket}", headers={"content-type": content_type, **headers}, body=body)


def covering(fields):
    return [{name: value} for name, value in fields]


def post_signed(raw, bucket, fields, file=b"bytes", conditions=None, **form):
    wanted = conditions if conditions is not None else covering(fields)
    return post(raw, bucket, encode_form(signed_v4(fields, wanted, bucket), file, **form))


# Through boto3


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_post_of_boto3(home, s3, bucket, version):
    client = clients.client(
        "s3",
        endpoint_url=home.endpoint,
        region_name="us-east-1",
        aws_access_key_id=ALICE.access_key,
        aws_secret_access_key=ALICE.secret_key,
        config=botocore.config.Config(signature_version=version, s3={"addressing_style": "path"}),
    )
    fields = {"acl": "private", "Content-Type": "text/plain", "x-amz-meta-colour": "red"}
    presigned = client.generate_presigned_post(
        bucket,
        "uploads/${filename}",
        Fields=dict(fields),
        Conditions=[*({name: value} for name, value in fields.items()), ["content-length-range", 1, 100]],
    )
    answer = requests.post(
        presigned["url"], data=presigned["fields"], files={"file": ("C:\\dir\\a b.txt", b"some text")}, timeout=20
    )
    assert answer.status_code == 204, answer.text
    assert answer.headers["ETag"] == etag_of(b"some text")
    assert answer.headers["Location"].endswith(f"/{bucket}/uploads/a%20b.txt")
    found = s3.get_object(Bucket=bucket, Key="uploads/a b.txt", ChecksumMode="ENABLED")
    assert found["Body"].read() == b"some text"
    assert (found["ContentType"], found["Metadata"]) == ("text/plain", {"colour": "red"})
    assert found["VersionId"] == answer.headers["x-amz-version-id"]
    assert found["ChecksumCRC64NVME"]


# Hand-made


@pytest.mark.parametrize("sign", [signed_v4, signed_v2])
def test_signed_by_hand(raw, s3, plain_bucket, sign):
    fields = [("key", "k")]
    answer = post(raw, plain_bucket, encode_form(sign(fields, covering(fields), plain_bucket), b"bytes"))
    assert (answer.status, answer.body) == (204, b""), str(answer)
    assert s3.get_object(Bucket=plain_bucket, Key="k")["Body"].read() == b"bytes"


def test_a_large_file_with_bytes_like_the_boundary(raw, s3, plain_bucket):
    file = pattern(5 * MIB, 3) + f"\r\n--{BOUNDARY[:-1]}".encode() + b"\r\n\r" + pattern(MIB, 4) + b"\r"
    answer = post_signed(raw, plain_bucket, [("key", "big")], file, after=[("Submit", "Go")])
    assert answer.status == 204, str(answer)
    assert s3.get_object(Bucket=plain_bucket, Key="big")["Body"].read() == file


def test_an_empty_file(raw, s3, plain_bucket):
    assert post_signed(raw, plain_bucket, [("key", "empty")], b"").status == 204
    assert s3.head_object(Bucket=plain_bucket, Key="empty")["ContentLength"] == 0


@pytest.mark.parametrize("asked, status", [("200", 200), ("201", 201), ("204", 204), ("202", 204), ("x", 204)])
def test_success_action_status(raw, plain_bucket, asked, status):
    answer = post_signed(raw, plain_bucket, [("key", "a b"), ("success_action_status", asked)])
    assert answer.status == status, str(answer)
    assert answer.headers["etag"] == etag_of(b"bytes")
    if status == 201:
        text = answer.body.decode()
        assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse><Location>http://')
        assert f"<Bucket>{plain_bucket}</Bucket><Key>a b</Key><ETag>&quot;" in text
    else:
        assert answer.body == b""


@pytest.mark.parametrize(
    "field, target, expected",
    [
        ("success_action_redirect", "http://localhost.test/done", "http://localhost.test/done?"),
        ("redirect", "https://localhost.test/done?a=1", "https://localhost.test/done?a=1&"),
        ("success_action_redirect", "not an address", None),
    ],
)
def test_success_action_redirect(raw, plain_bucket, field, target, expected):
    answer = post_signed(raw, plain_bucket, [("key", "k&"), (field, target)])
    if expected is None:
        assert answer.status == 204
        return
    etag = etag_of(b"bytes").replace('"', "%22")
    assert answer.status == 303, str(answer)
    assert answer.headers["location"] == f"{expected}bucket={plain_bucket}&key=k%26&etag={etag}"


def test_tags_class_and_checksum(raw, s3, plain_bucket):
    digest = base64.b64encode(hashlib.sha256(b"bytes").digest()).decode()
    tags = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
    fields = [
        ("key", "k"),
        ("tagging", tags),
        ("x-amz-storage-class", "STANDARD_IA"),
        ("x-amz-checksum-sha256", digest),
        ("Cache-Control", "no-cache"),
    ]
    answer = post_signed(raw, plain_bucket, fields)
    assert answer.status == 204, str(answer)
    assert s3.get_object_tagging(Bucket=plain_bucket, Key="k")["TagSet"] == [{"Key": "a", "Value": "b"}]
    head = s3.head_object(Bucket=plain_bucket, Key="k", ChecksumMode="ENABLED")
    assert (head["StorageClass"], head["ChecksumSHA256"], head["CacheControl"]) == ("STANDARD_IA", digest, "no-cache")
    wrong = [*fields[:1], ("x-amz-checksum-sha256", base64.b64encode(bytes(32)).decode())]
    error_of(post_signed(raw, plain_bucket, wrong), 400, "BadDigest")
    error_of(post_signed(raw, plain_bucket, [("key", "k"), ("tagging", "a=b")]), 400, "MalformedXML")


# Refused


def test_not_a_form(raw, plain_bucket):
    for content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        error_of(
            post(raw, plain_bucket, b"a=b", content_type),
            412,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
            Condition="Bucket POST must be of the enclosure-type multipart/form-data",
        )


MALFORMED = "The body of your POST request is not well-formed multipart/form-data."


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no delimiter at all",
        encode_form([("key", "k")], b"x").replace(b"form-data", b"attachment"),
        encode_form([("key", "k")], b"x").replace(b'; name="key"', b""),
    ],
)
def test_malformed(raw, plain_bucket, body):
    error_of(post(raw, plain_bucket, body), 400, "MalformedPOSTRequest", MALFORMED)


def test_a_form_that_ends_early_uploads_nothing(raw, s3, plain_bucket):
    body = encode_form(signed_v4([("key", "k")], [{"key": "k"}], plain_bucket), b"x")[:-8]
    error_of(post(raw, plain_bucket, body), 400, "MalformedPOSTRequest", MALFORMED)
    assert "Contents" not in s3.list_objects_v2(Bucket=plain_bucket)


def test_exactly_one_file(raw, s3, plain_bucket):
    message = "POST requires exactly one file upload per request."
    fields = [("key", "k")]
    signed = signed_v4(fields, covering(fields), plain_bucket)
    error_of(post(raw, plain_bucket, encode_form(signed)), 400, "InvalidArgument", message)
    twice = encode_form(signed, b"one", after=[("file", "two")])
    error_of(post(raw, plain_bucket, twice), 400, "InvalidArgument", message)
    assert "Contents" not in s3.list_objects_v2(Bucket=plain_bucket)


def test_fields_are_bounded(raw, plain_bucket):
    answer = post(raw, plain_bucket, encode_form([("key", "k"), ("x-ignore-a", "a" * 21000)], b"x"))
    error_of(
        answer,
        400,
        "MaxPostPreDataLengthExceeded",
        "Your POST request fields preceeding the upload file was too large.",
    )


@pytest.mark.parametrize(
    "sign, field, shown",
    [
        (signed_v4, "x-amz-signature", "X-Amz-Signature"),
        (signed_v4, "x-amz-algorithm", "X-Amz-Algorithm"),
        (signed_v4, "x-amz-credential", "X-Amz-Credential"),
        (signed_v4, "x-amz-date", "X-Amz-Date"),
        (signed_v4, "key", "key"),
        (signed_v2, "signature", "Signature"),
        (signed_v2, "AWSAccessKeyId", "AWSAccessKeyId"),
    ],
)
def test_a_field_is_missing(raw, plain_bucket, sign, field, shown):
    fields = [("key", "k")]
    kept = [pair for pair in sign(fields, covering(fields), plain_bucket) if pair[0] != field]
    error_of(
        post(raw, plain_bucket, encode_form(kept, b"x")),
        400,
        "InvalidArgument",
        f"Bucket POST must contain a field named '{shown}'.  If it is specified, please check the order of the fields.",
        ArgumentName=shown,
    )


def test_without_any_signature(raw, plain_bucket):
    error_of(post(raw, plain_bucket, encode_form([("key", "k")], b"x")), 403, "AccessDenied")


@pytest.mark.parametrize("sign", [signed_v4, signed_v2])
def test_wrong_signature(raw, plain_bucket, sign):
    fields = [("key", "k")]
    signed = sign(fields, covering(fields), plain_bucket)
    spoilt = [(name, "A" * len(value) if "ignature" in name else value) for name, value in signed]
    error = error_of(post(raw, plain_bucket, encode_form(spoilt, b"x")), 403, "SignatureDoesNotMatch")
    assert "StringToSign" in error and "CanonicalRequest" not in error


def test_of_another_account(raw, plain_bucket):
    fields = [("key", "k")]
    form = encode_form(signed_v4(fields, covering(fields), plain_bucket, account=BOB), b"x")
    error_of(post(raw, plain_bucket, form), 403, "AccessDenied")


REDIRECT = ("success_action_redirect", "http://localhost.test/random")
VIOLATIONS = [
    ([("key", "k"), ("x-amz-meta-a", "b")], [{"key": "k"}], "Extra input fields: x-amz-meta-a"),
    (
        [("key", "k"), REDIRECT],
        [{"key": "k"}, ["eq", "$success_action_redirect", "http://localhost.test/other"]],
        'Policy Condition failed: ["eq", "$success_action_redirect", "http://localhost.test/other"]',
    ),
    ([("key", "k")], [["starts-with", "$key", "a/"]], 'Policy Condition failed: ["starts-with", "$key", "a/"]'),
    ([("key", "K")], [{"key": "k"}], 'Policy Condition failed: ["eq", "$key", "k"]'),
]


@pytest.mark.parametrize("fields, conditions, fault", VIOLATIONS)
def test_policy_violated(raw, plain_bucket, fields, conditions, fault):
    answer = post_signed(raw, plain_bucket, fields, conditions=conditions)
    error_of(answer, 403, "AccessDenied", f"Invalid according to Policy: {fault}")


def test_policy_of_another_bucket_and_time(raw, plain_bucket):
    fields = [("key", "k")]
    other = signed_v4(fields, covering(fields), "another-bucket")
    error_of(
        post(raw, plain_bucket, encode_form(other, b"x")),
        403,
        "AccessDenied",
        'Invalid according to Policy: Policy Condition failed: ["eq", "$bucket", "another-bucket"]',
    )
    past = signed_v4(fields, covering(fields), plain_bucket, minutes=-1)
    error_of(
        post(raw, plain_bucket, encode_form(past, b"x")),
        403,
        "AccessDenied",
        "Invalid according to Policy: Policy expired.",
    )


def test_policy_that_covers_all_in_its_own_way(raw, s3, plain_bucket):
    fields = [("Key", "a/b"), ("Content-Type", "image/png"), ("x-ignore-this", "1")]
    conditions = [["starts-with", "$key", "a/"], ["starts-with", "$Content-Type", "image/"]]
    assert post_signed(raw, plain_bucket, fields, conditions=conditions).status == 204
    assert s3.head_object(Bucket=plain_bucket, Key="a/b")["ContentType"] == "image/png"


@pytest.mark.parametrize(
    "size, code, details",
    [
        (9, "EntityTooSmall", {"ProposedSize": "9", "MinSizeAllowed": "10"}),
        (10, None, None),
        (20, None, None),
        (21, "EntityTooLarge", {"ProposedSize": "21", "MaxSizeAllowed": "20"}),
    ],
)
def test_content_length_range(raw, s3, plain_bucket, size, code, details):
    conditions = [{"key": "k"}, ["content-length-range", 10, 20]]
    answer = post_signed(raw, plain_bucket, [("key", "k")], b"x" * size, conditions=conditions)
    if code is None:
        assert answer.status == 204, str(answer)
        return
    error_of(answer, 400, code, **details)
    assert "Contents" not in s3.list_objects_v2(Bucket=plain_bucket)


def test_a_file_that_is_much_too_large_is_not_read_to_its_end(raw, plain_bucket):
    conditions = [{"key": "k"}, ["content-length-range", 0, 1000]]
    body = encode_form(signed_v4([("key", "k")], conditions, plain_bucket), pattern(8 * MIB))
    head = {
        "host": raw.host_header,
        "content-type": f"multipart/form-data; boundary={BOUNDARY}",
        "content-length": str(len(body)),
    }
    with raw.connect() as connection:
        connection.send_head("POST", f"/{plain_bucket}", head)
        connection.send(body[: MIB // 2])
        error = error_of(connection.receive("POST"), 400, "EntityTooLarge", MaxSizeAllowed="1000")
    assert error["ProposedSize"] == str(8 * MIB)


DOCUMENTS = [
    (b"not json", "Invalid JSON."),
    (b'{"conditions": []}', "Policy missing expiration."),
    (b'{"expiration": "2099-01-01T00:00:00Z"}', "Policy missing conditions."),
    (b'{"expiration": "soon", "conditions": []}', "Invalid 'expiration' value: 'soon'"),
    (
        b'{"expiration": "2099-01-01T00:00:00Z", "conditions": [{}]}',
        "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
    ),
]


@pytest.mark.parametrize("document, fault", DOCUMENTS)
def test_policy_that_is_none(raw, plain_bucket, document, fault):
    signed = signed_v4([("key", "k")], [], plain_bucket, policy=base64.b64encode(document).decode())
    answer = post(raw, plain_bucket, encode_form(signed, b"x"))
    error_of(answer, 400, "InvalidPolicyDocument", f"Invalid Policy: {fault}")


def test_policy_that_is_no_base64(raw, plain_bucket):
    signed = signed_v4([("key", "k")], [], plain_bucket, policy="no base64!")
    answer = post(raw, plain_bucket, encode_form(signed, b"x"))
    error_of(answer, 400, "InvalidPolicyDocument", "Invalid Policy: invalid Base64 encoding.")


def test_fields_cannot_put_headers_into_answers(raw, plain_bucket):
    answer = post_signed(raw, plain_bucket, [("key", "k"), ("Content-Type", "a\r\nx-evil: 1")])
    assert answer.status == 400
    assert parse_error(answer.body)["Code"] == "InvalidArgument"


def test_a_posted_object_is_replicated(home, abroad, raw, s3):
    source, destination = home.bucket(), abroad.bucket()
    configure(s3, source, rule(destination))
    answer = post_signed(raw, source, [("key", "k")])
    assert answer.status == 204, str(answer)
    wait_for_status(s3, source, "k")
    copy = abroad.client().get_object(Bucket=destination, Key="k", VersionId=answer.headers["x-amz-version-id"])
    assert copy["Body"].read() == b"bytes"
