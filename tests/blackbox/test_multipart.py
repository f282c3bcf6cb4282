"""Multipart uploads (s3-api §6, MPU-*, UPC-*, LST-8)."""

import pytest
from federation import BOB
from s3 import (
    all_at_once,
    all_versions,
    body_of,
    error_of,
    etag_of,
    fails,
    in_parallel,
    keys_of,
    md5_hex,
    multipart_etag,
    part_result,
    pattern,
    upload_multipart,
)  # fmt: skip

MIB = 1 << 20
PART = 5 * MIB
NO_SUCH_UPLOAD = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
INVALID_PART = (
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
    "entity tag may not match the part's entity tag."
)


@pytest.fixture
def upload(s3, bucket):
    return s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]


def put_part(s3, bucket, upload, number, body, key="k"):
    answer = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=body)
    return {"PartNumber": number, **part_result(answer)}


def complete(s3, bucket, upload, parts, key="k", **parameters):
    return s3.complete_multipart_upload(
        Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}, **parameters
    )


def test_mpu_16_round_trip(s3, bucket):
    parts = [pattern(PART, 1), pattern(PART + 1, 2), pattern(1, 3)]
    done = upload_multipart(s3, bucket, "dir/k ä", parts)
    assert done["ETag"] == multipart_etag(parts)
    assert (done["Bucket"], done["Key"]) == (bucket, "dir/k ä")
    assert done["Location"].startswith("http://")
    got = s3.get_object(Bucket=bucket, Key="dir/k ä")
    assert body_of(got) == b"".join(parts)
    assert (got["ETag"], got["VersionId"]) == (done["ETag"], done["VersionId"])
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["dir/k ä"]


def test_mpu_16_one_part_of_any_size(s3, bucket):
    for size in (0, 1, 100_000):
        body = pattern(size)
        done = upload_multipart(s3, bucket, f"k{size}", [body])
        assert done["ETag"] == multipart_etag([body])
        assert body_of(s3.get_object(Bucket=bucket, Key=f"k{size}")) == body


def test_mpu_10_numbers_with_gaps_and_parts_left_out(s3, bucket, upload):
    bodies = {number: pattern(PART, number) for number in (2, 5, 9)}
    parts = [put_part(s3, bucket, upload, number, body) for number, body in bodies.items()]
    put_part(s3, bucket, upload, 7, pattern(PART, 7))
    last = put_part(s3, bucket, upload, 10000, b"end")
    complete(s3, bucket, upload, [*parts, last])
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == b"".join(bodies.values()) + b"end"


@pytest.mark.parametrize("form", ['"{}"', "{}", "&quot;{}&quot;", "&#34;{}&#34;"])
def test_mpu_10_forms_of_the_etag(raw, s3, bucket, upload, form):
    put_part(s3, bucket, upload, 1, b"x")
    etag = form.format(md5_hex(b"x"))
    body = (
        f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    )
    answer = raw.request("POST", f"/{bucket}/k?uploadId={upload}", body=body.encode())
    assert answer.status == 200, str(answer)


def test_mpu_1_headers_are_frozen_at_the_start(s3, bucket):
    upload = s3.create_multipart_upload(
        Bucket=bucket, Key="k", ContentType="text/x", CacheControl="no-store", ContentDisposition="inline",
        ContentEncoding="gzip", ContentLanguage="de", Metadata={"a": "b"}, Tagging="t=1&u=", StorageClass="STANDARD_IA",
    )["UploadId"]  # fmt: skip
    complete(s3, bucket, upload, [put_part(s3, bucket, upload, 1, b"x")])
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["ContentType"] == "text/x"
    assert head["CacheControl"] == "no-store"
    assert head["ContentDisposition"] == "inline"
    assert head["ContentEncoding"] == "gzip"
    assert head["ContentLanguage"] == "de"
    assert head["Metadata"] == {"a": "b"}
    assert head["StorageClass"] == "STANDARD_IA"
    tags = s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"t": "1", "u": ""}


def test_mpu_5_uploads_are_invisible_until_completed(s3, bucket, upload):
    put_part(s3, bucket, upload, 1, b"x")
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []
    assert all_versions(s3, bucket) == []
    with fails(404, "NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")


def calls_on_an_upload(s3, bucket, upload, key="k"):
    return {
        "part": lambda: s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"x"),
        "complete": lambda: complete(s3, bucket, upload, [{"PartNumber": 1, "ETag": etag_of(b"x")}], key=key),
        "abort": lambda: s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload),
        "list": lambda: s3.list_parts(Bucket=bucket, Key=key, UploadId=upload),
    }


@pytest.mark.parametrize("call", ["part", "complete", "abort", "list"])
@pytest.mark.parametrize("upload_id", ["rubbish", "a" * 64, "%2e"])
def test_mpu_2_unknown_upload(s3, bucket, call, upload_id):
    with fails(404, "NoSuchUpload", NO_SUCH_UPLOAD, UploadId=upload_id):
        calls_on_an_upload(s3, bucket, upload_id)[call]()


@pytest.mark.parametrize("call", ["part", "complete", "abort", "list"])
def test_mpu_2_upload_of_another_key(s3, bucket, upload, call):
    with fails(404, "NoSuchUpload"):
        calls_on_an_upload(s3, bucket, upload, key="other")[call]()


@pytest.mark.parametrize("call", ["part", "complete", "abort", "list"])
def test_mpu_2_mpu_18_aborted_upload(s3, bucket, upload, call):
    put_part(s3, bucket, upload, 1, b"x")
    assert (
        s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)["ResponseMetadata"]["HTTPStatusCode"] == 204
    )
    with fails(404, "NoSuchUpload"):
        calls_on_an_upload(s3, bucket, upload)[call]()


@pytest.mark.parametrize("call", ["part", "abort", "list"])
def test_mpu_2_completed_upload(s3, bucket, upload, call):
    complete(s3, bucket, upload, [put_part(s3, bucket, upload, 1, b"x")])
    with fails(404, "NoSuchUpload"):
        calls_on_an_upload(s3, bucket, upload)[call]()


@pytest.mark.parametrize("number", ["0", "10001", "-1", "x", ""])
def test_mpu_3_part_number(raw, bucket, upload, number):
    error_of(
        raw.request("PUT", f"/{bucket}/k?partNumber={number}&uploadId={upload}", body=b"x"),
        400,
        "InvalidArgument",
        "Part number must be an integer between 1 and 10000, inclusive",
        ArgumentName="partNumber",
        ArgumentValue=number,
    )


def test_mpu_3_a_part_again_replaces_it(s3, bucket, upload):
    old = put_part(s3, bucket, upload, 1, b"old" * 50_000)
    new = put_part(s3, bucket, upload, 1, b"new")
    [listed] = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)["Parts"]
    assert (listed["ETag"], listed["Size"]) == (etag_of(b"new"), 3)
    with fails(400, "InvalidPart"):
        complete(s3, bucket, upload, [old])
    complete(s3, bucket, upload, [new])
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == b"new"


def test_mpu_4_etag_and_checksum_of_a_part(s3, bucket, upload):
    answer = s3.upload_part(
        Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"hello", ChecksumAlgorithm="CRC32"
    )
    assert (answer["ETag"], answer["ChecksumCRC32"]) == (etag_of(b"hello"), "NhCmhg==")


def test_mpu_11_no_parts(raw, bucket, upload):
    error_of(
        raw.request("POST", f"/{bucket}/k?uploadId={upload}", body=b"<CompleteMultipartUpload/>"),
        400,
        "InvalidRequest",
        "You must specify at least one part",
    )


@pytest.mark.parametrize(
    "document",
    [
        b"", b"rubbish", b"<CompleteMultipartUpload><Part>",
        b"<CompleteMultipartUpload><Part><PartNumber>x</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>",
        b"<CompleteMultipartUpload><Part><ETag>a</ETag></Part></CompleteMultipartUpload>",
    ],
    ids=["empty", "rubbish", "cut", "number", "no-number"],
)  # fmt: skip
def test_mpu_11_garbled_list(raw, bucket, upload, document):
    answer = raw.request("POST", f"/{bucket}/k?uploadId={upload}", body=document)
    assert answer.status == 400, str(answer)
    assert answer.code in (
        "MalformedXML",
        "MissingRequestBodyError",
        "InvalidRequest" if not document else "MalformedXML",
    )


@pytest.mark.parametrize("order", [(2, 1), (1, 1), (1, 2, 2)])
def test_mpu_12_order(s3, bucket, upload, order):
    parts = {number: put_part(s3, bucket, upload, number, pattern(PART, number)) for number in set(order)}
    with fails(
        400,
        "InvalidPartOrder",
        "The list of parts was not in ascending order. Parts must be ordered by part number.",
        UploadId=upload,
    ):
        complete(s3, bucket, upload, [parts[number] for number in order])
    complete(s3, bucket, upload, [parts[number] for number in sorted(parts)])  # MPU-18


@pytest.mark.parametrize("part", [{"PartNumber": 2, "ETag": etag_of(b"x")}, {"PartNumber": 1, "ETag": etag_of(b"y")}])
def test_mpu_13_invalid_part(s3, bucket, upload, part):
    good = put_part(s3, bucket, upload, 1, b"x")
    with fails(
        400,
        "InvalidPart",
        INVALID_PART,
        ETag=part["ETag"].strip('"'),
        PartNumber=str(part["PartNumber"]),
        UploadId=upload,
    ):
        complete(s3, bucket, upload, [part])
    complete(s3, bucket, upload, [good])


def test_mpu_14_too_small(s3, bucket, upload):
    parts = [put_part(s3, bucket, upload, 1, pattern(PART - 1)), put_part(s3, bucket, upload, 2, b"x")]
    with fails(
        400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size",
        ETag=parts[0]["ETag"].strip('"'), MinSizeAllowed="5242880", PartNumber="1", ProposedSize=str(PART - 1),
    ):  # fmt: skip
        complete(s3, bucket, upload, parts)
    parts[0] = put_part(s3, bucket, upload, 1, pattern(PART))
    complete(s3, bucket, upload, parts)


def test_mpu_15_object_size(s3, bucket, upload):
    part = put_part(s3, bucket, upload, 1, b"four")
    with fails(
        400, "InvalidRequest", "The provided 'x-amz-mp-object-size' header value 5 does not match what was computed: 4"
    ):
        complete(s3, bucket, upload, [part], MpuObjectSize=5)
    complete(s3, bucket, upload, [part], MpuObjectSize=4)


def test_mpu_17_complete_twice(s3, bucket, upload):
    part, more = put_part(s3, bucket, upload, 1, pattern(PART)), put_part(s3, bucket, upload, 2, b"x")
    first = complete(s3, bucket, upload, [part, more])
    second = complete(s3, bucket, upload, [part, more])
    assert (second["ETag"], second["VersionId"]) == (first["ETag"], first["VersionId"])
    assert len(all_versions(s3, bucket)) == 1
    with fails(404, "NoSuchUpload"):
        complete(s3, bucket, upload, [part])


def test_mpu_17_concurrent_completes_make_one_version(s3, bucket, upload):
    part = put_part(s3, bucket, upload, 1, b"x" * 100_000)
    answers = all_at_once([lambda: complete(s3, bucket, upload, [part])] * 8)
    done = [answer for answer in answers if isinstance(answer, dict)]
    assert done, answers
    assert len({answer["VersionId"] for answer in done}) == 1
    assert len(all_versions(s3, bucket)) == 1


def test_mpu_1_order_of_versions_is_that_of_completion(s3, bucket, upload):
    part = put_part(s3, bucket, upload, 1, b"multipart")
    plain = s3.put_object(Bucket=bucket, Key="k", Body=b"plain")["VersionId"]
    done = complete(s3, bucket, upload, [part])
    order = [entry["VersionId"] for entry in s3.list_object_versions(Bucket=bucket)["Versions"]]
    assert order == [done["VersionId"], plain]
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == b"multipart"


def test_mpu_without_versioning(s3, plain_bucket):
    s3.put_object(Bucket=plain_bucket, Key="k", Body=b"old")
    done = upload_multipart(s3, plain_bucket, "k", [b"new"])
    assert "VersionId" not in done
    assert body_of(s3.get_object(Bucket=plain_bucket, Key="k")) == b"new"
    assert len(all_versions(s3, plain_bucket)) == 1


def test_parts_in_parallel(s3, bucket, upload):
    bodies = [pattern(PART, number) for number in range(8)]
    parts = in_parallel(lambda number: put_part(s3, bucket, upload, number + 1, bodies[number]), range(8), workers=8)
    done = complete(s3, bucket, upload, parts)
    assert done["ETag"] == multipart_etag(bodies)
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == b"".join(bodies)


def test_another_account_cannot_touch_an_upload(s3, home, bucket, upload):
    for call in calls_on_an_upload(home.client(BOB), bucket, upload).values():
        with fails(403, "AccessDenied"):
            call()


# §6.6 ListParts


def test_s6_6_list_parts(s3, bucket, upload):
    numbers = [1, 2, 3, 10, 100]
    for number in numbers:
        put_part(s3, bucket, upload, number, b"x" * number)
    seen, marker = [], 0
    for _ in range(10):
        page = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload, MaxParts=2, PartNumberMarker=marker)
        assert (page["Bucket"], page["Key"], page["UploadId"], page["StorageClass"]) == (
            bucket,
            "k",
            upload,
            "STANDARD",
        )
        assert (page["MaxParts"], page["PartNumberMarker"]) == (2, marker)
        seen += [(part["PartNumber"], part["Size"], part["ETag"]) for part in page["Parts"]]
        marker = page["NextPartNumberMarker"]
        if not page["IsTruncated"]:
            break
    assert seen == [(number, number, etag_of(b"x" * number)) for number in numbers]
    beyond = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload, PartNumberMarker=100)
    assert "Parts" not in beyond and beyond["IsTruncated"] is False


def test_s6_6_list_parts_of_a_new_upload(s3, bucket, upload):
    page = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)
    assert "Parts" not in page
    assert (page["PartNumberMarker"], page["NextPartNumberMarker"], page["MaxParts"]) == (0, 0, 1000)


@pytest.mark.parametrize("parameter", ["max-parts", "part-number-marker"])
def test_lst_2_list_parts_arguments(raw, bucket, upload, parameter):
    for value in ("-1", "x"):
        error_of(
            raw.request("GET", f"/{bucket}/k?uploadId={upload}&{parameter}={value}"),
            400,
            "InvalidArgument",
            ArgumentValue=value,
        )


# LST-8 ListMultipartUploads


def test_lst_8_uploads(s3, bucket):
    made = []
    for key in ("b", "a", "b", "c/1", "c/2", "a"):
        made.append((key, s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]))
    expected = [entry for key in ("a", "b", "c/1", "c/2") for entry in made if entry[0] == key]
    page = s3.list_multipart_uploads(Bucket=bucket)
    assert [(upload["Key"], upload["UploadId"]) for upload in page["Uploads"]] == expected
    assert (page["NextKeyMarker"], page["NextUploadIdMarker"], page["IsTruncated"]) == (*expected[-1], False)
    page = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [entry["Prefix"] for entry in page["CommonPrefixes"]] == ["c/"]
    assert len(page["Uploads"]) == 4
    page = s3.list_multipart_uploads(Bucket=bucket, Prefix="c/")
    assert [upload["Key"] for upload in page["Uploads"]] == ["c/1", "c/2"]
    seen, markers = [], {}
    for _ in range(10):
        page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1, **markers)
        seen += [(upload["Key"], upload["UploadId"]) for upload in page["Uploads"]]
        if not page["IsTruncated"]:
            break
        markers = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
    assert seen == expected


def test_lst_8_an_empty_page(raw, s3, bucket):
    answer = raw.request("GET", f"/{bucket}?uploads")
    for name in (b"NextKeyMarker", b"NextUploadIdMarker", b"KeyMarker", b"UploadIdMarker"):
        assert b"<" + name in answer.body
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_lst_8_foreign_upload_marker(raw, bucket, upload):
    error_of(
        raw.request("GET", f"/{bucket}?uploads&key-marker=k&upload-id-marker=rubbish"),
        400,
        "InvalidArgument",
        "Invalid uploadId marker",
    )
    assert raw.request("GET", f"/{bucket}?uploads&upload-id-marker=rubbish").status == 200


def test_lst_8_uploads_of_a_key(raw, bucket):
    error_of(
        raw.request("GET", f"/{bucket}/k?uploads"),
        400,
        "InvalidRequest",
        "Key is not expected for the GET method ?uploads subresource",
    )


# §6.5 UploadPartCopy


SOURCE = pattern(100_000, 9)


@pytest.fixture
def source(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source ä+", Body=SOURCE)
    return {"Bucket": bucket, "Key": "source ä+"}


def copy_part(s3, bucket, upload, source, number=1, **parameters):
    return s3.upload_part_copy(
        Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, CopySource=source, **parameters
    )


def test_upc_3_whole_and_ranges(s3, bucket, upload, source):
    big = [pattern(PART, 1), pattern(PART, 2)]
    upload_multipart(s3, bucket, "big", big)
    first = copy_part(s3, bucket, upload, {"Bucket": bucket, "Key": "big"})
    assert first["CopyPartResult"]["ETag"] == etag_of(b"".join(big))
    assert first["CopySourceVersionId"]
    second = copy_part(
        s3, bucket, upload, {"Bucket": bucket, "Key": "big"}, 2, CopySourceRange=f"bytes=100-{PART + 199}"
    )
    whole = b"".join(big)
    assert second["CopyPartResult"]["ETag"] == etag_of(whole[100 : PART + 200])
    third = copy_part(s3, bucket, upload, source, 3, CopySourceRange="bytes=0-0")
    parts = [{"PartNumber": n, "ETag": a["CopyPartResult"]["ETag"]} for n, a in enumerate((first, second, third), 1)]
    done = complete(s3, bucket, upload, parts)
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == whole + whole[100 : PART + 200] + SOURCE[:1]
    assert done["ETag"] == multipart_etag([whole, whole[100 : PART + 200], SOURCE[:1]])


def test_upc_the_source_may_vanish(s3, bucket, upload):
    """A copied part is data of its own."""
    version = s3.put_object(Bucket=bucket, Key="s", Body=SOURCE)["VersionId"]
    part = copy_part(s3, bucket, upload, {"Bucket": bucket, "Key": "s"})
    s3.delete_object(Bucket=bucket, Key="s", VersionId=version)
    complete(s3, bucket, upload, [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}])
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == SOURCE


@pytest.mark.parametrize(
    "value", ["0-8", "bytes=1-", "bytes=-2", "bytes=1-0", "bytes=0-1,2-3", "bytes=a-b", "bytes=0-1x"]
)
def test_upc_1_form_of_the_range(raw, s3, bucket, upload, value):
    s3.put_object(Bucket=bucket, Key="s", Body=b"0123456789")
    error_of(
        raw.request(
            "PUT",
            f"/{bucket}/k?partNumber=1&uploadId={upload}",
            headers={"x-amz-copy-source": f"/{bucket}/s", "x-amz-copy-source-range": value},
        ),
        400,
        "InvalidArgument",
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based "
        "offsets of the first and last bytes to copy",
    )


def test_upc_2_range_beyond_the_source(s3, bucket, upload):
    s3.put_object(Bucket=bucket, Key="s", Body=b"0123456789")
    source = {"Bucket": bucket, "Key": "s"}
    with fails(400, "InvalidArgument", "Range specified is not valid for source object of size: 10"):
        copy_part(s3, bucket, upload, source, CopySourceRange="bytes=0-10")
    with fails(400, None) as found:
        copy_part(s3, bucket, upload, source, CopySourceRange="bytes=10-11")
    assert found[0].code in ("InvalidRequest", "InvalidArgument")


def test_upc_cpy_2_missing_source(s3, bucket, upload):
    with fails(404, "NoSuchKey"):
        copy_part(s3, bucket, upload, {"Bucket": bucket, "Key": "missing"})
    with fails(404, "NoSuchBucket"):
        copy_part(s3, bucket, upload, {"Bucket": bucket + "x", "Key": "s"})


def test_upc_cnd_7_conditions(s3, bucket, upload, source):
    copy_part(s3, bucket, upload, source, CopySourceIfMatch=etag_of(SOURCE))
    with fails(412, "PreconditionFailed", Condition="x-amz-copy-source-If-Match"):
        copy_part(s3, bucket, upload, source, CopySourceIfMatch='"no"')


def test_upc_4_checksum_in_the_uploads_algorithm(s3, bucket):
    s3.put_object(Bucket=bucket, Key="s", Body=b"hello")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32")["UploadId"]
    answer = copy_part(s3, bucket, upload, {"Bucket": bucket, "Key": "s"})
    assert answer["CopyPartResult"]["ChecksumCRC32"] == "NhCmhg=="


def test_cpy_1_a_copy_source_where_none_belongs(raw, bucket):
    error_of(
        raw.request("POST", f"/{bucket}/k?uploads", headers={"x-amz-copy-source": f"/{bucket}/s"}),
        400,
        "InvalidArgument",
        "You can only specify a copy source header for copy requests.",
    )
