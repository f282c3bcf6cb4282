"""Scripts of multipart uploads."""

from scripted import (
    CHECKSUMS,
    NEVER_CHARGED,
    NO_DISPLAY_NAME,
    CUSTOMER_KEY,
    KMS_CONTEXT,
    KMS_KEY,
    NO_LATER_HEADERS,
    no_later_elements,
    script,
)

# Uploads are aborted, and objects expire, far from now.
RULES = [
    {
        "ID": "all",
        "Status": "Enabled",
        "Filter": {"Prefix": "e/"},
        "Expiration": {"Days": 30000},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 20000},
    }
]


def bucket_with_rules(stage):
    bucket = stage.bucket()
    stage.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": RULES})
    return bucket


def begin(stage, bucket, key="e/k", algorithm=None, **parameters):
    if algorithm:
        parameters["ChecksumAlgorithm"] = algorithm
    upload = stage.s3.create_multipart_upload(Bucket=bucket, Key=key, **parameters)
    return {"Bucket": bucket, "Key": key, "UploadId": upload["UploadId"]}


def send_part(stage, upload, algorithm=None, number=1, body=b"part"):
    """What CompleteMultipartUpload says of the part."""
    parameters = {"ChecksumAlgorithm": algorithm} if algorithm else {}
    answer = stage.s3.upload_part(**upload, PartNumber=number, Body=body, **parameters)
    names = ("ETag", f"Checksum{algorithm}") if algorithm else ("ETag",)
    return {"PartNumber": number, **{name: answer[name] for name in names}}


@script(
    "CreateMultipartUpload",
    always={"Bucket", "Key", "UploadId"},
    unseen={**NEVER_CHARGED},
)
def create_multipart_upload(stage):
    bucket = bucket_with_rules(stage)
    begin(stage, bucket)
    for algorithm in CHECKSUMS:
        begin(stage, bucket, algorithm=algorithm)
    begin(stage, bucket, algorithm="CRC32", ChecksumType="FULL_OBJECT")
    begin(stage, bucket, key="no rule")
    begin(stage, bucket, **CUSTOMER_KEY)
    begin(stage, bucket, **KMS_CONTEXT)


@script("UploadPart", always={"etag"}, unseen={**NEVER_CHARGED, **NO_LATER_HEADERS})
def upload_part(stage):
    bucket = stage.bucket()
    send_part(stage, begin(stage, bucket))
    for algorithm in CHECKSUMS:
        send_part(stage, begin(stage, bucket, algorithm=algorithm), algorithm)
    stage.s3.upload_part(**begin(stage, bucket, **CUSTOMER_KEY), PartNumber=1, Body=b"v", **CUSTOMER_KEY)
    send_part(stage, begin(stage, bucket, **KMS_KEY))


@script(
    "UploadPartCopy",
    always={"ETag", "LastModified", "x-amz-copy-source-version-id"},
    unseen={**NEVER_CHARGED, **no_later_elements("")},
)
def upload_part_copy(stage):
    bucket = stage.bucket()
    stage.s3.put_object(Bucket=bucket, Key="source", Body=b"0123456789")
    for algorithm in (None, *CHECKSUMS):
        upload = begin(stage, bucket, algorithm=algorithm)
        stage.s3.upload_part_copy(**upload, PartNumber=1, CopySource=f"{bucket}/source")
        stage.s3.upload_part_copy(**upload, PartNumber=2, CopySource=f"{bucket}/source", CopySourceRange="bytes=1-3")
    upload = begin(stage, bucket, **CUSTOMER_KEY)
    stage.s3.upload_part_copy(**upload, PartNumber=1, CopySource=f"{bucket}/source", **CUSTOMER_KEY)
    upload = begin(stage, bucket, **KMS_KEY)
    stage.s3.upload_part_copy(**upload, PartNumber=1, CopySource=f"{bucket}/source")


@script(
    "ListParts",
    always={
        "Bucket",
        "Key",
        "UploadId",
        "Initiator/ID",
        "Owner/ID",
        "StorageClass",
        "PartNumberMarker",
        "NextPartNumberMarker",
        "MaxParts",
        "IsTruncated",
    },
    unseen={**NEVER_CHARGED, **no_later_elements("Part/"), "Owner/DisplayName": NO_DISPLAY_NAME},
)
def list_parts(stage):
    bucket = bucket_with_rules(stage)
    for algorithm in CHECKSUMS:
        upload = begin(stage, bucket, algorithm=algorithm)
        stage.s3.list_parts(**upload)
        for number in (1, 2, 10_000):
            send_part(stage, upload, algorithm, number)
        stage.s3.list_parts(**upload, MaxParts=2)
        stage.s3.list_parts(**upload, PartNumberMarker=2)
        stage.s3.list_parts(**upload, PartNumberMarker=10_000)
    upload = begin(stage, bucket, key="no rule")
    send_part(stage, upload)
    stage.s3.list_parts(**upload)


@script(
    "CompleteMultipartUpload",
    always={"Location", "Bucket", "Key", "ETag", "ChecksumType", "x-amz-version-id"},
    unseen={
        **NEVER_CHARGED,
        **no_later_elements(""),
    },
)
def complete_multipart_upload(stage):
    bucket = bucket_with_rules(stage)
    upload = begin(stage, bucket, **KMS_KEY)
    stage.s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [send_part(stage, upload)]})
    for algorithm in (None, *CHECKSUMS):
        upload = begin(stage, bucket, algorithm=algorithm)
        parts = [send_part(stage, upload, algorithm)]
        stage.s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        if algorithm is None:
            # MPU-17: the same again is answered the same.
            stage.s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})


@script("AbortMultipartUpload", unseen=NEVER_CHARGED)
def abort_multipart_upload(stage):
    upload = begin(stage, stage.bucket())
    send_part(stage, upload)
    stage.s3.abort_multipart_upload(**upload)
