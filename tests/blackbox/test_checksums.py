"""Checksums and GetObjectAttributes (s3-api §7, CHK-*)."""

import base64
import hashlib
import zlib

import pytest
from s3 import body_of, content_md5, error_of, fails, pattern
from signing import parse_error

MIB = 1 << 20
PART = 5 * MIB

# §7.1: "hello" in each algorithm; the CRCs are the specification's vectors.
HELLO = {
    "CRC32": "NhCmhg==",
    "CRC32C": "mnG7TA==",
    "CRC64NVME": "M3eFcAZSQlc=",
    "SHA1": base64.b64encode(hashlib.sha1(b"hello").digest()).decode(),
    "SHA256": base64.b64encode(hashlib.sha256(b"hello").digest()).decode(),
}
ALGORITHMS = list(HELLO)


def b64(digest):
    return base64.b64encode(digest).decode()


def crc32(data):
    return b64(zlib.crc32(data).to_bytes(4, "big"))


def table(polynomial, width):
    """Reflected CRC table."""
    entries = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (polynomial if value & 1 else 0)
        entries.append(value)
    return entries


TABLES = {"CRC32C": (table(0x82F63B78, 32), 4), "CRC64NVME": (table(0x9A6C9329AC4BC9B5, 64), 8)}


def checksum(algorithm, data):
    """The base64 checksum of a small body, computed here."""
    if algorithm == "CRC32":
        return crc32(data)
    if algorithm in ("SHA1", "SHA256"):
        return b64(hashlib.new(algorithm.lower(), data).digest())
    entries, width = TABLES[algorithm]
    value = (1 << 8 * width) - 1
    for octet in data:
        value = (value >> 8) ^ entries[(value ^ octet) & 0xFF]
    return b64((value ^ ((1 << 8 * width) - 1)).to_bytes(width, "big"))


def header(algorithm):
    return f"x-amz-checksum-{algorithm.lower()}"


def test_s7_1_vectors():
    """The suite's own arithmetic, against the specification."""
    assert {algorithm: checksum(algorithm, b"hello") for algorithm in ALGORITHMS} == HELLO
    assert checksum("CRC64NVME", b"123456789") == b64(bytes.fromhex("ae8b14860a799888"))
    assert checksum("CRC32C", b"123456789") == b64(bytes.fromhex("e3069283"))
    assert checksum("CRC32", b"123456789") == b64(bytes.fromhex("cbf43926"))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_chk_2_3_a_checksum_is_stored_and_returned(raw, bucket, algorithm):
    put = raw.request("PUT", f"/{bucket}/k", body=b"hello", headers={header(algorithm): HELLO[algorithm]})
    assert put.status == 200, str(put)
    assert put.headers[header(algorithm)] == HELLO[algorithm]
    assert put.headers["x-amz-checksum-type"] == "FULL_OBJECT"
    for method in ("GET", "HEAD"):
        plain = raw.request(method, f"/{bucket}/k")
        assert not [name for name in plain.headers if name.startswith("x-amz-checksum")]
        for mode in ("ENABLED", "enabled"):
            asked = raw.request(method, f"/{bucket}/k", headers={"x-amz-checksum-mode": mode})
            assert asked.headers[header(algorithm)] == HELLO[algorithm]
            assert asked.headers["x-amz-checksum-type"] == "FULL_OBJECT"


@pytest.mark.parametrize("size", [0, 1, 9, 32768, 100_000])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_chk_2_bodies_of_all_sizes(raw, bucket, algorithm, size):
    body = pattern(size)
    value = checksum(algorithm, body)
    put = raw.request("PUT", f"/{bucket}/k", body=body, headers={header(algorithm): value})
    assert (put.status, put.headers[header(algorithm)]) == (200, value)


def test_chk_1_the_server_computes_crc64nvme(raw, bucket):
    put = raw.request("PUT", f"/{bucket}/k", body=b"hello")
    assert put.headers["x-amz-checksum-crc64nvme"] == HELLO["CRC64NVME"]
    assert put.headers["x-amz-checksum-type"] == "FULL_OBJECT"
    got = raw.request("GET", f"/{bucket}/k", headers={"x-amz-checksum-mode": "ENABLED"})
    assert got.headers["x-amz-checksum-crc64nvme"] == HELLO["CRC64NVME"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_chk_4_mismatch(raw, bucket, algorithm):
    wrong = checksum(algorithm, b"other")
    error_of(
        raw.request("PUT", f"/{bucket}/k", body=b"hello", headers={header(algorithm): wrong}),
        400,
        "BadDigest",
        f"The {algorithm} you specified did not match the calculated checksum.",
    )
    assert raw.request("HEAD", f"/{bucket}/k").status == 404


@pytest.mark.parametrize("value", ["rubbish!", "AAAA", "", "AAAAAA=", "A" * 100])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_chk_4_malformed(raw, bucket, algorithm, value):
    error_of(
        raw.request("PUT", f"/{bucket}/k", body=b"hello", headers={header(algorithm): value}),
        400,
        "InvalidRequest",
        f"Value for {header(algorithm)} header is invalid.",
    )


def test_chk_4_two_values(raw, bucket):
    error_of(
        raw.request(
            "PUT", f"/{bucket}/k", body=b"hello", headers={header(name): HELLO[name] for name in ("CRC32", "SHA1")}
        ),
        400,
        "InvalidRequest",
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    )


def test_chk_5_algorithm_without_value(raw, bucket):
    error_of(
        raw.request("PUT", f"/{bucket}/k", body=b"hello", headers={"x-amz-sdk-checksum-algorithm": "SHA256"}),
        400,
        "InvalidRequest",
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
    )


def test_chk_5_unknown_algorithm(raw, bucket):
    error_of(
        raw.request(
            "PUT",
            f"/{bucket}/k",
            body=b"hello",
            headers={"x-amz-sdk-checksum-algorithm": "CRC16", "x-amz-checksum-crc32": HELLO["CRC32"]},
        ),
        400,
        "InvalidRequest",
    )


def test_chk_6_content_md5(raw, bucket):
    good = raw.request("PUT", f"/{bucket}/k", body=b"hello", headers={"content-md5": content_md5(b"hello")})
    assert good.status == 200
    error = error_of(
        raw.request("PUT", f"/{bucket}/k", body=b"hello", headers={"content-md5": content_md5(b"other")}),
        400,
        "BadDigest",
        "The Content-MD5 you specified did not match what we received.",
        CalculatedDigest=content_md5(b"hello"),
    )
    assert "ExpectedDigest" in error
    for value in ("rubbish", "AAAA", "", "5d41402abc4b2a76b9719d911017c592"):
        error_of(
            raw.request("PUT", f"/{bucket}/k", body=b"hello", headers={"content-md5": value}),
            400,
            "InvalidDigest",
            "The Content-MD5 you specified was invalid.",
        )


def test_sig_10_sha256_of_the_body(raw, bucket):
    wrong = hashlib.sha256(b"other").hexdigest()
    error_of(
        raw.request("PUT", f"/{bucket}/k", body=b"hello", payload_hash=wrong),
        400,
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        ClientComputedContentSHA256=wrong,
        S3ComputedContentSHA256=hashlib.sha256(b"hello").hexdigest(),
    )
    assert raw.request("HEAD", f"/{bucket}/k").status == 404
    large = pattern(3 * MIB)
    answer = raw.request("PUT", f"/{bucket}/k", body=large, payload_hash=wrong)
    assert answer.status == 400
    assert raw.request("HEAD", f"/{bucket}/k").status == 404


def test_chk_7_delete_objects_needs_a_digest(raw, bucket):
    body = b"<Delete><Object><Key>k</Key></Object></Delete>"
    message = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"
    error_of(raw.request("POST", f"/{bucket}?delete", body=body), 400, "InvalidRequest", message)
    for name, value in (
        ("content-md5", content_md5(body)),
        ("x-amz-checksum-crc32", crc32(body)),
        ("x-amz-checksum-sha256", checksum("SHA256", body)),
    ):
        assert raw.request("POST", f"/{bucket}?delete", body=body, headers={name: value}).status == 200
    error_of(
        raw.request("POST", f"/{bucket}?delete", body=body, headers={"content-md5": content_md5(b"")}), 400, "BadDigest"
    )
    error_of(
        raw.request("POST", f"/{bucket}?delete", body=body, headers={"x-amz-checksum-crc32": crc32(b"")}),
        400,
        "BadDigest",
    )


def test_rng_5_checksums_and_ranges(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"hello", headers={"x-amz-checksum-crc32": HELLO["CRC32"]})
    part = raw.request("GET", f"/{bucket}/k", headers={"x-amz-checksum-mode": "ENABLED", "range": "bytes=0-1"})
    assert part.status == 206
    assert "x-amz-checksum-crc32" not in part.headers


def test_boto3_verifies_what_it_downloads(s3, bucket):
    for algorithm in ("CRC32", "SHA1", "SHA256"):
        s3.put_object(Bucket=bucket, Key=algorithm, Body=pattern(100_000), ChecksumAlgorithm=algorithm)
        assert body_of(s3.get_object(Bucket=bucket, Key=algorithm, ChecksumMode="ENABLED")) == pattern(100_000)


# Multipart (§7.3)

BODIES = [pattern(PART, 1), pattern(1000, 2)]


def start(raw, bucket, algorithm=None, kind=None):
    headers = {}
    if algorithm:
        headers["x-amz-checksum-algorithm"] = algorithm
    if kind:
        headers["x-amz-checksum-type"] = kind
    answer = raw.request("POST", f"/{bucket}/k?uploads", headers=headers)
    if answer.status != 200:
        return answer, None
    if algorithm:
        assert answer.headers["x-amz-checksum-algorithm"] == algorithm
    upload = answer.body.partition(b"<UploadId>")[2].partition(b"</UploadId>")[0].decode()
    return answer, upload


def upload_parts(s3, bucket, upload, algorithm, bodies=BODIES):
    parts = []
    for number, body in enumerate(bodies, 1):
        answer = s3.upload_part(
            Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, Body=body, ChecksumAlgorithm=algorithm
        )
        name = f"Checksum{algorithm}"
        assert name in answer
        parts.append({"PartNumber": number, "ETag": answer["ETag"], name: answer[name]})
    return parts


def composite(algorithm, bodies):
    digests = b"".join(base64.b64decode(checksum(algorithm, body)) for body in bodies)
    return f"{checksum(algorithm, digests)}-{len(bodies)}"


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_chk_10_13_16_composite(raw, s3, bucket, algorithm):
    answer, upload = start(raw, bucket, algorithm)
    assert answer.headers["x-amz-checksum-type"] == "COMPOSITE"
    parts = upload_parts(s3, bucket, upload, algorithm)
    listed = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == (algorithm, "COMPOSITE")
    assert [part[f"Checksum{algorithm}"] for part in listed["Parts"]] == [
        part[f"Checksum{algorithm}"] for part in parts
    ]
    without = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in parts]
    with fails(
        400, "InvalidRequest",
        f"The upload was created using a {algorithm.lower()} checksum. The complete request must include the checksum for "
        "each part. It was missing for part 1 in the request.",
    ):  # fmt: skip
        s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": without})
    done = s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
    expected = composite(algorithm, BODIES)
    assert (done[f"Checksum{algorithm}"], done["ChecksumType"]) == (expected, "COMPOSITE")
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head[f"Checksum{algorithm}"], head["ChecksumType"]) == (expected, "COMPOSITE")
    part = raw.request("GET", f"/{bucket}/k?partNumber=2", headers={"x-amz-checksum-mode": "ENABLED"})
    assert part.headers[header(algorithm)] == parts[1][f"Checksum{algorithm}"]  # RNG-5


def test_chk_13_a_wrong_part_checksum(raw, s3, bucket):
    _, upload = start(raw, bucket, "CRC32")
    parts = upload_parts(s3, bucket, upload, "CRC32")
    bad = [{**parts[0], "ChecksumCRC32": crc32(b"other")}, parts[1]]
    with fails(400) as found:
        s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": bad})
    assert found[0].code in ("InvalidPart", "BadDigest")
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})


def test_chk_14_full_object_crc32(raw, s3, bucket):
    """CRCs of parts are combined: the result is that of the whole body."""
    answer, upload = start(raw, bucket, "CRC32", "FULL_OBJECT")
    assert answer.headers["x-amz-checksum-type"] == "FULL_OBJECT"
    bodies = [*BODIES[:1], pattern(PART + 12345, 7), BODIES[1]]
    parts = upload_parts(s3, bucket, upload, "CRC32", bodies)
    without = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in parts]
    with fails(400, "BadDigest", "The crc32 you specified did not match the calculated checksum."):
        s3.complete_multipart_upload(
            Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": without}, ChecksumCRC32=crc32(b"other"),
            ChecksumType="FULL_OBJECT",
        )  # fmt: skip
    done = s3.complete_multipart_upload(
        Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": without}, ChecksumCRC32=crc32(b"".join(bodies)),
        ChecksumType="FULL_OBJECT",
    )  # fmt: skip
    assert (done["ChecksumCRC32"], done["ChecksumType"]) == (crc32(b"".join(bodies)), "FULL_OBJECT")
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["ChecksumCRC32"] == crc32(b"".join(bodies))
    assert body_of(got) == b"".join(bodies)


def test_chk_10_no_algorithm_is_crc64nvme(s3, bucket, raw):
    _, upload = start(raw, bucket)
    bodies = [b"hello"]
    part = raw.request("PUT", f"/{bucket}/k?partNumber=1&uploadId={upload}", body=bodies[0])
    listed = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)["Parts"]
    assert not [name for name in listed[0] if name.startswith("Checksum")]
    done = s3.complete_multipart_upload(
        Bucket=bucket, Key="k", UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part.headers["etag"]}]},
    )  # fmt: skip
    assert (done["ChecksumCRC64NVME"], done["ChecksumType"]) == (HELLO["CRC64NVME"], "FULL_OBJECT")


def test_chk_14_crc64nvme_is_combined_over_parts(s3, bucket, raw):
    _, upload = start(raw, bucket)
    bodies = [b"\x00" * PART, b"hello"]
    parts = []
    for number, body in enumerate(bodies, 1):
        answer = raw.request("PUT", f"/{bucket}/k?partNumber={number}&uploadId={upload}", body=body)
        parts.append({"PartNumber": number, "ETag": answer.headers["etag"]})
    done = s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
    whole = raw.request("PUT", f"/{bucket}/whole", body=b"".join(bodies))
    assert done["ChecksumCRC64NVME"] == whole.headers["x-amz-checksum-crc64nvme"]


@pytest.mark.parametrize(
    ("algorithm", "kind", "message"),
    [
        ("SHA1", "FULL_OBJECT", "The FULL_OBJECT checksum type cannot be used with the sha1 checksum algorithm."),
        ("SHA256", "FULL_OBJECT", "The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm."),
        ("CRC64NVME", "COMPOSITE", "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm."),
        (
            None,
            "COMPOSITE",
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
        ),
    ],
)
def test_chk_11_types_that_do_not_go_together(raw, bucket, algorithm, kind, message):
    answer, _ = start(raw, bucket, algorithm, kind)
    error_of(answer, 400, "InvalidRequest", message)


def test_chk_12_another_algorithm(raw, bucket):
    _, upload = start(raw, bucket, "SHA256")
    error_of(
        raw.request(
            "PUT",
            f"/{bucket}/k?partNumber=1&uploadId={upload}",
            body=b"hello",
            headers={"x-amz-checksum-crc32": HELLO["CRC32"]},
        ),
        400,
        "InvalidRequest",
        "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32",
    )


def test_chk_12_a_part_without_checksum_gets_one(raw, bucket):
    _, upload = start(raw, bucket, "SHA256")
    answer = raw.request("PUT", f"/{bucket}/k?partNumber=1&uploadId={upload}", body=b"hello")
    assert answer.headers["x-amz-checksum-sha256"] == HELLO["SHA256"]


def test_chk_12_upload_without_algorithm_verifies_and_forgets(raw, s3, bucket):
    _, upload = start(raw, bucket)
    target = f"/{bucket}/k?partNumber=1&uploadId={upload}"
    wrong = raw.request("PUT", target, body=b"hello", headers={"x-amz-checksum-sha1": checksum("SHA1", b"")})
    error_of(wrong, 400, "BadDigest")
    right = raw.request("PUT", target, body=b"hello", headers={"x-amz-checksum-sha1": HELLO["SHA1"]})
    assert right.headers["x-amz-checksum-sha1"] == HELLO["SHA1"]
    with fails(400, "InvalidPart"):
        s3.complete_multipart_upload(
            Bucket=bucket, Key="k", UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": right.headers["etag"], "ChecksumSHA1": HELLO["SHA1"]}]},
        )  # fmt: skip


def test_chk_15_another_type_in_complete(raw, s3, bucket):
    _, upload = start(raw, bucket, "CRC32")
    parts = upload_parts(s3, bucket, upload, "CRC32")
    with fails(
        400, "InvalidRequest",
        "The upload was created using the COMPOSITE checksum mode. The complete request must use the same checksum mode.",
    ):  # fmt: skip
        s3.complete_multipart_upload(
            Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts}, ChecksumType="FULL_OBJECT"
        )


# GetObjectAttributes (§7.5)

ALL = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]


def test_s7_5_plain_object(s3, raw, bucket):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ChecksumAlgorithm="SHA256")
    got = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=ALL)
    assert got["ETag"] == put["ETag"].strip('"')
    assert got["Checksum"] == {"ChecksumSHA256": HELLO["SHA256"], "ChecksumType": "FULL_OBJECT"}
    assert (got["StorageClass"], got["ObjectSize"]) == ("STANDARD", 5)
    assert "ObjectParts" not in got
    assert got["VersionId"] == put["VersionId"]
    assert got["LastModified"]
    one = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"])
    assert one["ObjectSize"] == 5 and "ETag" not in one and "Checksum" not in one
    answer = raw.request(
        "GET", f"/{bucket}/k?attributes", headers={"x-amz-object-attributes": "ObjectSize, ETag ,Checksum"}
    )
    order = [answer.body.index(name) for name in (b"<ETag>", b"<Checksum>", b"<ObjectSize>")]
    assert order == sorted(order)  # ERR-12


def test_s7_5_multipart_with_checksums(raw, s3, bucket):
    _, upload = start(raw, bucket, "CRC32")
    parts = upload_parts(s3, bucket, upload, "CRC32")
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
    got = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=ALL)
    # Whether the part count is appended here is not documented.
    value, _, count = got["Checksum"]["ChecksumCRC32"].partition("-")
    assert (value, count) in ((composite("CRC32", BODIES).partition("-")[0], expected) for expected in ("", "2"))
    assert got["Checksum"]["ChecksumType"] == "COMPOSITE"
    listed = got["ObjectParts"]
    assert (listed["TotalPartsCount"], listed["IsTruncated"], listed["PartNumberMarker"]) == (2, False, 0)
    assert [(part["PartNumber"], part["Size"], part["ChecksumCRC32"]) for part in listed["Parts"]] == [
        (number, len(body), crc32(body)) for number, body in enumerate(BODIES, 1)
    ]
    page = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"], MaxParts=1)["ObjectParts"]
    assert (page["IsTruncated"], page["NextPartNumberMarker"], page["MaxParts"]) == (True, 1, 1)
    page = s3.get_object_attributes(
        Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"], MaxParts=1, PartNumberMarker=1
    )["ObjectParts"]
    assert ([part["PartNumber"] for part in page["Parts"]], page["IsTruncated"]) == ([2], False)


def test_s7_5_multipart_without_checksums(raw, s3, bucket):
    _, upload = start(raw, bucket)
    part = raw.request("PUT", f"/{bucket}/k?partNumber=1&uploadId={upload}", body=b"hello")
    s3.complete_multipart_upload(
        Bucket=bucket, Key="k", UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part.headers["etag"]}]},
    )  # fmt: skip
    got = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts", "ETag"])
    assert got["ObjectParts"] == {"TotalPartsCount": 1}
    assert got["ETag"].endswith("-1")


def test_s7_5_errors(raw, bucket):
    raw.request("PUT", f"/{bucket}/k", body=b"hello")
    message = "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty"
    error_of(raw.request("GET", f"/{bucket}/k?attributes"), 400, "InvalidRequest", message)
    empty = raw.request("GET", f"/{bucket}/k?attributes", headers={"x-amz-object-attributes": ""})
    error_of(empty, 400, "InvalidRequest", message)
    unknown = raw.request("GET", f"/{bucket}/k?attributes", headers={"x-amz-object-attributes": "ETag,Colour"})
    error_of(unknown, 400, "InvalidArgument", "Invalid attribute name specified.")
    missing = raw.request("GET", f"/{bucket}/no?attributes", headers={"x-amz-object-attributes": "ETag"})
    assert parse_error(missing.body)["Code"] == "NoSuchKey"
