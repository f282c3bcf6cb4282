"""Every operation of the S3 API on a bucket or object: the permissions that it needs, and a call that needs them."""

import io
from dataclasses import dataclass

PATH_OF = {"bucket": "arn:aws:s3:::{}", "object": "arn:aws:s3:::{}/*"}


@dataclass
class World:
    """A bucket with everything in it that an operation may want."""

    bucket: str
    key: str
    version: str
    upload: str
    copy_source: dict


@dataclass(frozen=True)
class Operation:
    name: str
    actions: tuple
    call: object


def _multi_delete(client, world, **entry):
    answer = client.delete_objects(
        Bucket=world.bucket, Delete={"Objects": [{"Key": "nothing", **entry}]}, ChecksumAlgorithm="CRC32"
    )
    for error in answer.get("Errors", []):
        raise PermissionError(error["Code"])


def _body(data=b"body"):
    return io.BytesIO(data)


CORS = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
LIFECYCLE = {"Rules": [{"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "p/"}, "Expiration": {"Days": 9}}]}
TAGS = {"TagSet": [{"Key": "k", "Value": "v"}]}
ALL_OPEN = {
    "BlockPublicAcls": False,
    "IgnorePublicAcls": False,
    "BlockPublicPolicy": False,
    "RestrictPublicBuckets": False,
}


def _row(name, actions, call):
    return Operation(name, tuple(f"s3:{action}" for action in actions.split()), call)


OPERATIONS = [
    _row("HeadBucket", "ListBucket", lambda c, w: c.head_bucket(Bucket=w.bucket)),
    _row("ListObjects", "ListBucket", lambda c, w: c.list_objects(Bucket=w.bucket)),
    _row("ListObjectsV2", "ListBucket", lambda c, w: c.list_objects_v2(Bucket=w.bucket)),
    _row("ListObjectVersions", "ListBucketVersions", lambda c, w: c.list_object_versions(Bucket=w.bucket)),
    _row("ListMultipartUploads", "ListBucketMultipartUploads", lambda c, w: c.list_multipart_uploads(Bucket=w.bucket)),
    _row("GetBucketLocation", "GetBucketLocation", lambda c, w: c.get_bucket_location(Bucket=w.bucket)),
    _row("GetBucketVersioning", "GetBucketVersioning", lambda c, w: c.get_bucket_versioning(Bucket=w.bucket)),
    _row(
        "PutBucketVersioning",
        "PutBucketVersioning",
        lambda c, w: c.put_bucket_versioning(Bucket=w.bucket, VersioningConfiguration={"Status": "Enabled"}),
    ),
    _row("GetBucketTagging", "GetBucketTagging", lambda c, w: c.get_bucket_tagging(Bucket=w.bucket)),
    _row("PutBucketTagging", "PutBucketTagging", lambda c, w: c.put_bucket_tagging(Bucket=w.bucket, Tagging=TAGS)),
    _row("DeleteBucketTagging", "PutBucketTagging", lambda c, w: c.delete_bucket_tagging(Bucket=w.bucket)),
    _row("GetBucketCors", "GetBucketCORS", lambda c, w: c.get_bucket_cors(Bucket=w.bucket)),
    _row("PutBucketCors", "PutBucketCORS", lambda c, w: c.put_bucket_cors(Bucket=w.bucket, CORSConfiguration=CORS)),
    _row("DeleteBucketCors", "PutBucketCORS", lambda c, w: c.delete_bucket_cors(Bucket=w.bucket)),
    _row("GetBucketAcl", "GetBucketAcl", lambda c, w: c.get_bucket_acl(Bucket=w.bucket)),
    _row("PutBucketAcl", "PutBucketAcl", lambda c, w: c.put_bucket_acl(Bucket=w.bucket, ACL="private")),
    _row(
        "GetBucketOwnershipControls",
        "GetBucketOwnershipControls",
        lambda c, w: c.get_bucket_ownership_controls(Bucket=w.bucket),
    ),
    _row(
        "PutBucketOwnershipControls",
        "PutBucketOwnershipControls",
        lambda c, w: c.put_bucket_ownership_controls(
            Bucket=w.bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        ),
    ),
    _row("GetPublicAccessBlock", "GetBucketPublicAccessBlock", lambda c, w: c.get_public_access_block(Bucket=w.bucket)),
    _row(
        "PutPublicAccessBlock",
        "PutBucketPublicAccessBlock",
        lambda c, w: c.put_public_access_block(Bucket=w.bucket, PublicAccessBlockConfiguration=ALL_OPEN),
    ),
    _row("GetBucketEncryption", "GetEncryptionConfiguration", lambda c, w: c.get_bucket_encryption(Bucket=w.bucket)),
    _row(
        "DeleteBucketEncryption", "PutEncryptionConfiguration", lambda c, w: c.delete_bucket_encryption(Bucket=w.bucket)
    ),
    _row(
        "GetBucketLifecycleConfiguration",
        "GetLifecycleConfiguration",
        lambda c, w: c.get_bucket_lifecycle_configuration(Bucket=w.bucket),
    ),
    _row(
        "PutBucketLifecycleConfiguration",
        "PutLifecycleConfiguration",
        lambda c, w: c.put_bucket_lifecycle_configuration(Bucket=w.bucket, LifecycleConfiguration=LIFECYCLE),
    ),
    _row("DeleteBucketLifecycle", "PutLifecycleConfiguration", lambda c, w: c.delete_bucket_lifecycle(Bucket=w.bucket)),
    _row("GetBucketLogging", "GetBucketLogging", lambda c, w: c.get_bucket_logging(Bucket=w.bucket)),
    _row("PutBucketLogging", "PutBucketLogging", lambda c, w: c.put_bucket_logging(Bucket=w.bucket, BucketLoggingStatus={})),
    _row(
        "GetBucketNotificationConfiguration",
        "GetBucketNotification",
        lambda c, w: c.get_bucket_notification_configuration(Bucket=w.bucket),
    ),
    _row(
        "PutBucketNotificationConfiguration",
        "PutBucketNotification",
        lambda c, w: c.put_bucket_notification_configuration(Bucket=w.bucket, NotificationConfiguration={}),
    ),
    _row("GetBucketReplication", "GetReplicationConfiguration", lambda c, w: c.get_bucket_replication(Bucket=w.bucket)),
    _row("DeleteBucketReplication", "PutReplicationConfiguration", lambda c, w: c.delete_bucket_replication(Bucket=w.bucket)),
    _row("GetBucketRequestPayment", "GetBucketRequestPayment", lambda c, w: c.get_bucket_request_payment(Bucket=w.bucket)),
    _row(
        "PutBucketRequestPayment",
        "PutBucketRequestPayment",
        lambda c, w: c.put_bucket_request_payment(
            Bucket=w.bucket, RequestPaymentConfiguration={"Payer": "BucketOwner"}
        ),
    ),
    _row("GetBucketWebsite", "GetBucketWebsite", lambda c, w: c.get_bucket_website(Bucket=w.bucket)),
    _row(
        "PutBucketWebsite",
        "PutBucketWebsite",
        lambda c, w: c.put_bucket_website(
            Bucket=w.bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}}
        ),
    ),
    _row("DeleteBucketWebsite", "DeleteBucketWebsite", lambda c, w: c.delete_bucket_website(Bucket=w.bucket)),
    _row(
        "GetBucketAccelerateConfiguration",
        "GetAccelerateConfiguration",
        lambda c, w: c.get_bucket_accelerate_configuration(Bucket=w.bucket),
    ),
    _row(
        "GetObjectLockConfiguration",
        "GetBucketObjectLockConfiguration",
        lambda c, w: c.get_object_lock_configuration(Bucket=w.bucket),
    ),
    _row(
        "PutObjectLockConfiguration",
        "PutBucketObjectLockConfiguration",
        lambda c, w: c.put_object_lock_configuration(
            Bucket=w.bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}
        ),
    ),
    _row("ListBucketMetricsConfigurations", "GetMetricsConfiguration", lambda c, w: c.list_bucket_metrics_configurations(Bucket=w.bucket)),
    _row(
        "PutBucketMetricsConfiguration",
        "PutMetricsConfiguration",
        lambda c, w: c.put_bucket_metrics_configuration(Bucket=w.bucket, Id="m", MetricsConfiguration={"Id": "m"}),
    ),
    _row("ListBucketInventoryConfigurations", "GetInventoryConfiguration", lambda c, w: c.list_bucket_inventory_configurations(Bucket=w.bucket)),
    _row("ListBucketAnalyticsConfigurations", "GetAnalyticsConfiguration", lambda c, w: c.list_bucket_analytics_configurations(Bucket=w.bucket)),
    _row(
        "ListBucketIntelligentTieringConfigurations",
        "GetIntelligentTieringConfiguration",
        lambda c, w: c.list_bucket_intelligent_tiering_configurations(Bucket=w.bucket),
    ),
    _row("GetObject", "GetObject", lambda c, w: c.get_object(Bucket=w.bucket, Key=w.key)),
    _row("HeadObject", "GetObject", lambda c, w: c.head_object(Bucket=w.bucket, Key=w.key)),
    _row(
        "GetObject of a version",
        "GetObjectVersion",
        lambda c, w: c.get_object(Bucket=w.bucket, Key=w.key, VersionId=w.version),
    ),
    _row(
        "GetObjectAttributes",
        "GetObjectAttributes GetObject",
        lambda c, w: c.get_object_attributes(Bucket=w.bucket, Key=w.key, ObjectAttributes=["ETag"]),
    ),
    _row(
        "GetObjectAttributes of a version",
        "GetObjectVersionAttributes GetObjectVersion",
        lambda c, w: c.get_object_attributes(
            Bucket=w.bucket, Key=w.key, VersionId=w.version, ObjectAttributes=["ETag"]
        ),
    ),
    _row("PutObject", "PutObject", lambda c, w: c.put_object(Bucket=w.bucket, Key="put", Body=b"x")),
    _row(
        "PutObject with tags",
        "PutObject PutObjectTagging",
        lambda c, w: c.put_object(Bucket=w.bucket, Key="put", Body=b"x", Tagging="a=b"),
    ),
    _row(
        "PutObject with an ACL",
        "PutObject PutObjectAcl",
        lambda c, w: c.put_object(Bucket=w.bucket, Key="put", Body=b"x", ACL="bucket-owner-full-control"),
    ),
    _row(
        "PutObject with a legal hold",
        "PutObject PutObjectLegalHold",
        lambda c, w: c.put_object(
            Bucket=w.bucket, Key="put", Body=b"x", ObjectLockLegalHoldStatus="OFF", ChecksumAlgorithm="CRC32"
        ),
    ),
    _row(
        "CopyObject",
        "PutObject GetObject",
        lambda c, w: c.copy_object(Bucket=w.bucket, Key="copied", CopySource=w.copy_source),
    ),
    _row("DeleteObject", "DeleteObject", lambda c, w: c.delete_object(Bucket=w.bucket, Key="nothing")),
    _row(
        "DeleteObject of a version",
        "DeleteObjectVersion",
        lambda c, w: c.delete_object(Bucket=w.bucket, Key="nothing", VersionId=w.version),
    ),
    _row("DeleteObjects", "DeleteObject", lambda c, w: _multi_delete(c, w)),
    _row("DeleteObjects of a version", "DeleteObjectVersion", lambda c, w: _multi_delete(c, w, VersionId=w.version)),
    _row("GetObjectTagging", "GetObjectTagging", lambda c, w: c.get_object_tagging(Bucket=w.bucket, Key=w.key)),
    _row(
        "GetObjectTagging of a version",
        "GetObjectVersionTagging",
        lambda c, w: c.get_object_tagging(Bucket=w.bucket, Key=w.key, VersionId=w.version),
    ),
    _row(
        "PutObjectTagging",
        "PutObjectTagging",
        lambda c, w: c.put_object_tagging(Bucket=w.bucket, Key=w.key, Tagging={"TagSet": []}),
    ),
    _row(
        "PutObjectTagging of a version",
        "PutObjectVersionTagging",
        lambda c, w: c.put_object_tagging(Bucket=w.bucket, Key=w.key, VersionId=w.version, Tagging={"TagSet": []}),
    ),
    _row("DeleteObjectTagging", "DeleteObjectTagging", lambda c, w: c.delete_object_tagging(Bucket=w.bucket, Key=w.key)),
    _row("GetObjectAcl", "GetObjectAcl", lambda c, w: c.get_object_acl(Bucket=w.bucket, Key=w.key)),
    _row(
        "GetObjectAcl of a version",
        "GetObjectVersionAcl",
        lambda c, w: c.get_object_acl(Bucket=w.bucket, Key=w.key, VersionId=w.version),
    ),
    _row(
        "PutObjectAcl",
        "PutObjectAcl",
        lambda c, w: c.put_object_acl(Bucket=w.bucket, Key=w.key, ACL="bucket-owner-full-control"),
    ),
    _row("GetObjectRetention", "GetObjectRetention", lambda c, w: c.get_object_retention(Bucket=w.bucket, Key=w.key)),
    _row(
        "PutObjectRetention",
        "PutObjectRetention",
        lambda c, w: c.put_object_retention(Bucket=w.bucket, Key=w.key, Retention={}, ChecksumAlgorithm="CRC32"),
    ),
    _row("GetObjectLegalHold", "GetObjectLegalHold", lambda c, w: c.get_object_legal_hold(Bucket=w.bucket, Key=w.key)),
    _row(
        "PutObjectLegalHold",
        "PutObjectLegalHold",
        lambda c, w: c.put_object_legal_hold(
            Bucket=w.bucket, Key=w.key, LegalHold={"Status": "OFF"}, ChecksumAlgorithm="CRC32"
        ),
    ),
    _row(
        "RestoreObject",
        "RestoreObject",
        lambda c, w: c.restore_object(Bucket=w.bucket, Key=w.key, RestoreRequest={"Days": 1}),
    ),
    _row("CreateMultipartUpload", "PutObject", lambda c, w: c.create_multipart_upload(Bucket=w.bucket, Key="mpu")),
    _row(
        "UploadPart",
        "PutObject",
        lambda c, w: c.upload_part(Bucket=w.bucket, Key="upload", UploadId=w.upload, PartNumber=1, Body=_body()),
    ),
    _row(
        "UploadPartCopy",
        "PutObject GetObject",
        lambda c, w: c.upload_part_copy(
            Bucket=w.bucket, Key="upload", UploadId=w.upload, PartNumber=2, CopySource=w.copy_source
        ),
    ),
    _row(
        "ListParts",
        "ListMultipartUploadParts",
        lambda c, w: c.list_parts(Bucket=w.bucket, Key="upload", UploadId=w.upload),
    ),
    _row(
        "CompleteMultipartUpload",
        "PutObject",
        lambda c, w: c.complete_multipart_upload(
            Bucket=w.bucket,
            Key="upload",
            UploadId=w.upload,
            MultipartUpload={"Parts": [{"PartNumber": 9999, "ETag": '"none"'}]},
        ),
    ),
    _row(
        "AbortMultipartUpload",
        "AbortMultipartUpload",
        lambda c, w: c.abort_multipart_upload(Bucket=w.bucket, Key="upload", UploadId="none"),
    ),
    _row("DeleteBucket", "DeleteBucket", lambda c, w: c.delete_bucket(Bucket=w.bucket)),
]
