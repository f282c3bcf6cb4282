"""Conditional writes and deletes (s3-api §5.2, CND-1 … CND-6, CND-8)."""

import pytest
from s3 import all_at_once, all_versions, body_of, content_md5, error_of, etag_of, fails, part_result, upload_multipart

MESSAGE = "At least one of the pre-conditions you specified did not hold"
ONE = etag_of(b"1")


@pytest.fixture(params=["versioned", "never"])
def target(request, home):
    return home.bucket(versioned=request.param == "versioned")


def put(s3, bucket, body=b"2", **conditions):
    return s3.put_object(Bucket=bucket, Key="k", Body=body, **conditions)


def test_cnd_1_if_none_match(s3, target):
    put(s3, target, b"1", IfNoneMatch="*")
    with fails(412, "PreconditionFailed", MESSAGE, Condition="If-None-Match"):
        put(s3, target, IfNoneMatch="*")
    assert body_of(s3.get_object(Bucket=target, Key="k")) == b"1"
    s3.delete_object(Bucket=target, Key="k")
    put(s3, target, IfNoneMatch="*")
    assert body_of(s3.get_object(Bucket=target, Key="k")) == b"2"


def test_cnd_2_if_match(s3, target):
    with fails(404, "NoSuchKey"):
        put(s3, target, IfMatch=ONE)
    put(s3, target, b"1")
    with fails(412, "PreconditionFailed", MESSAGE, Condition="If-Match"):
        put(s3, target, IfMatch=etag_of(b"x"))
    put(s3, target, IfMatch=ONE)
    put(s3, target, b"3", IfMatch=etag_of(b"2").strip('"'))
    assert body_of(s3.get_object(Bucket=target, Key="k")) == b"3"
    s3.delete_object(Bucket=target, Key="k")
    with fails(404, "NoSuchKey"):
        put(s3, target, IfMatch=etag_of(b"3"))


@pytest.mark.parametrize(
    ("headers", "named", "text"),
    [
        ({"if-none-match": ONE}, "If-None-Match", "We don't accept the provided value of If-None-Match header for this API"),
        ({"if-match": "*"}, "If-Match", "We don't accept the provided value of If-Match header for this API"),
        (
            {"if-match": ONE, "if-none-match": "*"}, "If-Match,If-None-Match",
            "Multiple conditional request headers present in the request",
        ),
    ],
    ids=["none-match-etag", "match-star", "both"],
)  # fmt: skip
def test_cnd_3_not_implemented(raw, s3, bucket, headers, named, text):
    for prepare in (lambda: None, lambda: put(s3, bucket, b"1")):
        prepare()
        error_of(
            raw.request("PUT", f"/{bucket}/k", body=b"2", headers=headers),
            501,
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
            Header=named,
            additionalMessage=text,
        )


@pytest.mark.parametrize("size", [10, 100_000], ids=["inline", "blob"])
def test_cnd_4_of_32_racing_writers_exactly_one_wins(s3, target, size):
    for _ in range(3):
        s3.delete_object(Bucket=target, Key="k")
        before = len(all_versions(s3, target))
        bodies = [bytes([number]) * size for number in range(32)]
        answers = all_at_once([lambda body=body: put(s3, target, body, IfNoneMatch="*") for body in bodies])
        winners = [number for number, answer in enumerate(answers) if isinstance(answer, dict)]
        assert len(winners) == 1, answers
        for answer in answers:
            if not isinstance(answer, dict):
                code = answer.response["Error"]["Code"]
                assert code in ("PreconditionFailed", "ConditionalRequestConflict"), answer
        assert body_of(s3.get_object(Bucket=target, Key="k")) == bodies[winners[0]]
        assert len(all_versions(s3, target)) == before + 1


def test_cnd_4_compare_and_swap_counts_to_the_end(s3, target):
    """32 writers increment one counter with If-Match: no increment is lost."""
    put(s3, target, b"0")

    def increment():
        for _ in range(2000):
            got = s3.get_object(Bucket=target, Key="k")
            value, etag = int(body_of(got)), got["ETag"]
            answer = attempt(lambda value=value, etag=etag: put(s3, target, b"%d" % (value + 1), IfMatch=etag))
            if answer:
                return True
        return False

    def attempt(function):
        try:
            return function()
        except s3.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict"), error
            return None

    assert all_at_once([increment] * 32) == [True] * 32
    assert body_of(s3.get_object(Bucket=target, Key="k")) == b"32"


def test_cnd_4_racing_completes_with_if_none_match(s3, bucket):
    uploads = [s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"] for _ in range(8)]
    parts = [
        part_result(s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"%d" % number))
        for number, upload in enumerate(uploads)
    ]

    def complete(number):
        return s3.complete_multipart_upload(
            Bucket=bucket, Key="k", UploadId=uploads[number], IfNoneMatch="*",
            MultipartUpload={"Parts": [{"PartNumber": 1, **parts[number]}]},
        )  # fmt: skip

    answers = all_at_once([lambda number=number: complete(number) for number in range(8)])
    assert len([answer for answer in answers if isinstance(answer, dict)]) == 1, answers
    assert len(all_versions(s3, bucket)) == 1


class Upload:
    def __init__(self, s3, bucket):
        self.s3, self.bucket = s3, bucket
        self.id = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
        answer = s3.upload_part(Bucket=bucket, Key="k", UploadId=self.id, PartNumber=1, Body=b"part")
        self.part = {"PartNumber": 1, **part_result(answer)}

    def complete(self, **conditions):
        return self.s3.complete_multipart_upload(
            Bucket=self.bucket, Key="k", UploadId=self.id, MultipartUpload={"Parts": [self.part]}, **conditions
        )


def test_cnd_5_complete_with_conditions(s3, bucket):
    Upload(s3, bucket).complete(IfNoneMatch="*")
    with fails(412, "PreconditionFailed", Condition="If-None-Match"):
        Upload(s3, bucket).complete(IfNoneMatch="*")
    with fails(412, "PreconditionFailed", Condition="If-Match"):
        Upload(s3, bucket).complete(IfMatch=ONE)
    current = s3.head_object(Bucket=bucket, Key="k")["ETag"]
    Upload(s3, bucket).complete(IfMatch=current)


def test_cnd_5_written_during_the_upload(s3, bucket):
    put(s3, bucket, b"1")
    upload = Upload(s3, bucket)
    put(s3, bucket, b"1")  # the same content: still a write
    with fails(409, "ConditionalRequestConflict"):
        upload.complete(IfMatch=ONE)
    put(s3, bucket, b"2")
    with fails(412, "PreconditionFailed"):
        upload.complete(IfMatch=ONE)


def test_cnd_5_deleted_during_the_upload(s3, bucket):
    put(s3, bucket, b"1")
    upload = Upload(s3, bucket)
    s3.delete_object(Bucket=bucket, Key="k")
    with fails(409, "ConditionalRequestConflict"):
        upload.complete(IfNoneMatch="*")
    with fails(404, "NoSuchKey"):
        upload.complete(IfMatch=ONE)
    upload.complete()  # without a condition it is an ordinary write


@pytest.mark.parametrize("existed", [False, True])
@pytest.mark.parametrize("state", ["never", "Enabled", "Suspended"])
def test_cnd_5_written_and_taken_back_during_the_upload(s3, plain_bucket, state, existed):
    """Nothing shows what happened, and it counts all the same."""
    target = {"Bucket": plain_bucket, "Key": "k"}
    if state != "never":
        s3.put_bucket_versioning(Bucket=plain_bucket, VersioningConfiguration={"Status": state})

    def take_back(written):
        s3.delete_object(**target, VersionId=written.get("VersionId", "null"))

    first = put(s3, plain_bucket, b"1") if existed else None
    # Only versioning lets an earlier version come back.
    is_below = existed and state == "Enabled"
    if existed and not is_below:
        take_back(first)
    condition, name = ({"IfMatch": ONE}, "If-Match") if is_below else ({"IfNoneMatch": "*"}, "If-None-Match")
    take_back(Upload(s3, plain_bucket).complete(**condition))
    uploads = [Upload(s3, plain_bucket) for _ in range(2)]
    for _ in range(2):
        take_back(s3.put_object(**target, Body=b"2"))
    for upload in uploads:
        with fails(409, "ConditionalRequestConflict", Key="k", Condition=name):
            upload.complete(**condition)
    Upload(s3, plain_bucket).complete(**condition)
    # They can still be sent parts, completed without a condition, and aborted.
    part = s3.upload_part(**target, UploadId=uploads[0].id, PartNumber=1, Body=b"3")
    uploads[0].part = {"PartNumber": 1, **part_result(part)}
    uploads[0].complete()
    s3.abort_multipart_upload(**target, UploadId=uploads[1].id)


def test_cnd_6_delete_if_match(s3, target):
    put(s3, target, b"1")
    with fails(412, "PreconditionFailed", MESSAGE, Condition="If-Match"):
        s3.delete_object(Bucket=target, Key="k", IfMatch=etag_of(b"x"))
    assert body_of(s3.get_object(Bucket=target, Key="k")) == b"1"
    s3.delete_object(Bucket=target, Key="k", IfMatch=ONE)
    with fails(404, "NoSuchKey"):
        s3.get_object(Bucket=target, Key="k")
    before = len(all_versions(s3, target))
    s3.delete_object(Bucket=target, Key="k", IfMatch=ONE)
    assert len(all_versions(s3, target)) == before, "no marker where nothing was to protect"
    put(s3, target, b"1")
    s3.delete_object(Bucket=target, Key="k", IfMatch="*")


def test_cnd_6_per_key_in_delete_objects(raw, s3, bucket):
    put(s3, bucket, b"1")
    body = f"<Delete><Object><Key>k</Key><ETag>{etag_of(b'x')}</ETag></Object></Delete>".encode()
    answer = raw.request("POST", f"/{bucket}?delete", body=body, headers={"content-md5": content_md5(body)})
    assert b"<Code>PreconditionFailed</Code>" in answer.body
    body = f"<Delete><Object><Key>k</Key><ETag>{ONE}</ETag></Object></Delete>".encode()
    answer = raw.request("POST", f"/{bucket}?delete", body=body, headers={"content-md5": content_md5(body)})
    assert b"<Deleted>" in answer.body


@pytest.mark.parametrize("name", ["x-amz-if-match-last-modified-time", "x-amz-if-match-size"])
def test_cnd_6_directory_bucket_headers(raw, bucket, name):
    value = "1" if name.endswith("size") else "Sat, 01 Jan 2000 00:00:00 GMT"
    error_of(raw.request("DELETE", f"/{bucket}/k", headers={name: value}), 501, "NotImplemented", Header=name)


def test_cnd_2_copy_destination(s3, bucket):
    s3.put_object(Bucket=bucket, Key="s", Body=b"s")
    source = {"Bucket": bucket, "Key": "s"}
    s3.copy_object(Bucket=bucket, Key="k", CopySource=source, IfNoneMatch="*")
    with fails(412, "PreconditionFailed", Condition="If-None-Match"):
        s3.copy_object(Bucket=bucket, Key="k", CopySource=source, IfNoneMatch="*")
    with fails(412, "PreconditionFailed", Condition="If-Match"):
        s3.copy_object(Bucket=bucket, Key="k", CopySource=source, IfMatch=ONE)
    s3.copy_object(Bucket=bucket, Key="k", CopySource=source, IfMatch=etag_of(b"s"))


def test_cnd_8_other_conditions_on_a_write_are_ignored(raw, bucket):
    for headers in (
        {"if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        {"if-unmodified-since": "Sat, 01 Jan 2000 00:00:00 GMT"},
    ):
        assert raw.request("PUT", f"/{bucket}/k", body=b"v", headers=headers).status == 200


def test_cnd_2_etag_of_a_multipart_object(s3, bucket):
    done = upload_multipart(s3, bucket, "k", [b"part"])
    put(s3, bucket, b"2", IfMatch=done["ETag"])
