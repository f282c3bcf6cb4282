"""Scripts of the bucket's configurations: each is put with everything that its schema has, and read back."""

import datetime

from federation import ALICE
from replication import ROLE, configure, rule_v1
from scripted import NO_DISPLAY_NAME, script
from scripted_buckets import NO_EMAIL

MIDNIGHT = datetime.datetime(2040, 1, 1, tzinfo=datetime.UTC)
TAG = {"Key": "a", "Value": "b"}
OTHER_TAG = {"Key": "c", "Value": "d"}


def calls(name, parameter, *documents, put=True, get=True, delete=True, names=None, **scripts):
    """Registers PutBucketX, GetBucketX and DeleteBucketX; `documents` are put one after another, and each is read."""
    operation = "".join(word.capitalize() for word in name.split("_")) if names is None else names

    def put_and_read(stage):
        bucket = stage.bucket(versioned=False)
        for document in documents:
            made = document(stage) if callable(document) else document
            getattr(stage.s3, f"put_bucket_{name}")(Bucket=bucket, **{parameter: made})
            getattr(stage.s3, f"get_bucket_{name}")(Bucket=bucket)
        return bucket

    def put_and_delete(stage):
        bucket = put_and_read(stage)
        for _ in range(2):
            getattr(stage.s3, f"delete_bucket_{name}")(Bucket=bucket)

    if put:
        script(f"PutBucket{operation}", **scripts.get("of_put", {}))(put_and_read)
    if get:
        script(f"GetBucket{operation}", **scripts.get("of_get", {}))(put_and_read)
    if delete:
        script(f"DeleteBucket{operation}")(put_and_delete)


calls("abac", "AbacStatus", {"Status": "Enabled"}, {"Status": "Disabled"}, delete=False, of_get={"always": {"Status"}})
calls(
    "accelerate_configuration", "AccelerateConfiguration", {"Status": "Enabled"}, {"Status": "Suspended"}, delete=False,
    of_get={"unseen": {"x-amz-request-charged": "the owner is not charged"}},
)  # fmt: skip
calls(
    "request_payment", "RequestPaymentConfiguration", {"Payer": "Requester"}, {"Payer": "BucketOwner"}, delete=False,
    of_get={"always": {"Payer"}},
)  # fmt: skip
calls("tagging", "Tagging", {"TagSet": [TAG, OTHER_TAG]})
calls(
    "cors",
    "CORSConfiguration",
    {
        "CORSRules": [
            {
                "ID": "first",
                "AllowedHeaders": ["*", "x-a"],
                "AllowedMethods": ["GET", "PUT"],
                "AllowedOrigins": ["https://*.example.com", "http://b"],
                "ExposeHeaders": ["ETag", "x-b"],
                "MaxAgeSeconds": 3000,
            },
            {"AllowedMethods": ["HEAD"], "AllowedOrigins": ["*"]},
        ]
    },
)
calls(
    "website",
    "WebsiteConfiguration",
    {
        "IndexDocument": {"Suffix": "index.html"},
        "ErrorDocument": {"Key": "404.html"},
        "RoutingRules": [
            {
                "Condition": {"KeyPrefixEquals": "docs/", "HttpErrorCodeReturnedEquals": "404"},
                "Redirect": {
                    "HostName": "example.com",
                    "Protocol": "https",
                    "HttpRedirectCode": "301",
                    "ReplaceKeyPrefixWith": "documents/",
                },
            },
            {"Redirect": {"ReplaceKeyWith": "error.html"}},
        ],
    },
    {"RedirectAllRequestsTo": {"HostName": "example.com", "Protocol": "https"}},
)
calls(
    "encryption",
    "ServerSideEncryptionConfiguration",
    {
        "Rules": [
            {
                "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/k"},
                "BucketKeyEnabled": True,
                "BlockedEncryptionTypes": {"EncryptionType": ["NONE"]},
            }
        ]
    },
    {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
    of_get={
        "always": {"Rule/ApplyServerSideEncryptionByDefault/SSEAlgorithm", "Rule/BucketKeyEnabled"},
    },
)


def logging_target(stage):
    return {
        "LoggingEnabled": {
            "TargetBucket": stage.bucket(versioned=False),
            "TargetPrefix": "logs/",
            "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
        }
    }


def logging_with_grants(stage):
    owner = stage.s3.list_buckets()["Owner"]["ID"]
    group = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
    return {
        "LoggingEnabled": {
            "TargetBucket": stage.acls_allowed(),
            "TargetPrefix": "logs/",
            "TargetGrants": [
                {"Grantee": {"Type": "CanonicalUser", "ID": owner}, "Permission": "FULL_CONTROL"},
                {"Grantee": {"Type": "Group", "URI": group}, "Permission": "READ"},
            ],
            "TargetObjectKeyFormat": {"SimplePrefix": {}},
        }
    }


calls(
    "logging",
    "BucketLoggingStatus",
    logging_target,
    logging_with_grants,
    {},
    delete=False,
    of_get={
        "unseen": {
            "LoggingEnabled/TargetGrants/Grant/Grantee/DisplayName": NO_DISPLAY_NAME,
            "LoggingEnabled/TargetGrants/Grant/Grantee/EmailAddress": NO_EMAIL,
        }
    },
)


# Lifecycle: the rules of today, and those without Filter, which have a deprecated operation of their own

LIFECYCLE = {
    "Rules": [
        {
            "ID": "and",
            "Status": "Enabled",
            "Filter": {
                "And": {
                    "Prefix": "a/",
                    "Tags": [TAG, OTHER_TAG],
                    "ObjectSizeGreaterThan": 1,
                    "ObjectSizeLessThan": 1000,
                }
            },
            "Expiration": {"Days": 4000},
            "Transitions": [{"Days": 3000, "StorageClass": "GLACIER"}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 4000, "NewerNoncurrentVersions": 3},
            "NoncurrentVersionTransitions": [
                {"NoncurrentDays": 3000, "NewerNoncurrentVersions": 3, "StorageClass": "GLACIER"}
            ],
        },
        {
            "ID": "dates",
            "Status": "Disabled",
            "Filter": {"Prefix": "b/"},
            "Expiration": {"Date": MIDNIGHT + datetime.timedelta(days=1)},
            "Transitions": [{"Date": MIDNIGHT, "StorageClass": "DEEP_ARCHIVE"}],
        },
        {"ID": "tag", "Status": "Enabled", "Filter": {"Tag": TAG}, "Expiration": {"Days": 4000}},
        {"ID": "more", "Status": "Enabled", "Filter": {"ObjectSizeGreaterThan": 1}, "Expiration": {"Days": 4000}},
        {"ID": "less", "Status": "Enabled", "Filter": {"ObjectSizeLessThan": 9}, "Expiration": {"Days": 4000}},
        {
            "ID": "clean",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 4000},
        },
    ]
}
LEGACY_LIFECYCLE = {
    "Rules": [
        {
            "ID": "days",
            "Status": "Enabled",
            "Prefix": "a/",
            "Expiration": {"Days": 4000},
            "Transition": {"Days": 3000, "StorageClass": "GLACIER"},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 4000},
            "NoncurrentVersionTransition": {"NoncurrentDays": 3000, "StorageClass": "GLACIER"},
        },
        {
            "ID": "dates",
            "Status": "Disabled",
            "Prefix": "b/",
            "Expiration": {"Date": MIDNIGHT + datetime.timedelta(days=1)},
            "Transition": {"Date": MIDNIGHT, "StorageClass": "DEEP_ARCHIVE"},
        },
        {
            "ID": "clean",
            "Status": "Enabled",
            "Prefix": "",
            "Expiration": {"ExpiredObjectDeleteMarker": True},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 4000},
        },
    ]
}
MINIMUM_SIZE = {"always": {"x-amz-transition-default-minimum-object-size"}}
WITH_NEWER = {
    f"Rule/NoncurrentVersion{action}/NewerNoncurrentVersions": "§11.3: not without Filter, and rules with one are not of this form"
    for action in ("Expiration", "Transition")
}


@script("PutBucketLifecycleConfiguration", **MINIMUM_SIZE)
def put_bucket_lifecycle_configuration(stage):
    bucket = stage.bucket()
    for size in ("all_storage_classes_128K", "varies_by_storage_class"):
        stage.s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration=LIFECYCLE, TransitionDefaultMinimumObjectSize=size
        )
    return bucket


@script("GetBucketLifecycleConfiguration", **MINIMUM_SIZE)
def get_bucket_lifecycle_configuration(stage):
    bucket = put_bucket_lifecycle_configuration(stage)
    stage.s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    put_bucket_lifecycle(stage, bucket)
    stage.s3.get_bucket_lifecycle_configuration(Bucket=bucket)


@script("PutBucketLifecycle")
def put_bucket_lifecycle(stage, bucket=None):
    bucket = bucket or stage.bucket()
    stage.s3.put_bucket_lifecycle(Bucket=bucket, LifecycleConfiguration=LEGACY_LIFECYCLE)
    return bucket


@script("GetBucketLifecycle", always={"Rule/ID", "Rule/Prefix", "Rule/Status"}, unseen=WITH_NEWER)
def get_bucket_lifecycle(stage):
    stage.s3.get_bucket_lifecycle(Bucket=put_bucket_lifecycle(stage))


@script("DeleteBucketLifecycle")
def delete_bucket_lifecycle(stage):
    bucket = put_bucket_lifecycle(stage)
    for _ in range(2):
        stage.s3.delete_bucket_lifecycle(Bucket=bucket)


# Replication


def replication(stage):
    def destination(**more):
        return {"Bucket": f"arn:aws:s3:::{stage.bucket_abroad()}", **more}

    markers = {"DeleteMarkerReplication": {"Status": "Disabled"}}
    return [
        {
            "ID": "everything",
            "Priority": 1,
            "Status": "Enabled",
            "Filter": {"Prefix": "a/"},
            "SourceSelectionCriteria": {
                "SseKmsEncryptedObjects": {"Status": "Enabled"},
                "ReplicaModifications": {"Status": "Enabled"},
            },
            "Destination": destination(
                Account=ALICE.id,
                StorageClass="STANDARD_IA",
                AccessControlTranslation={"Owner": "Destination"},
                EncryptionConfiguration={"ReplicaKmsKeyID": "arn:aws:kms:eu-west-1:111111111111:key/k"},
                ReplicationTime={"Status": "Enabled", "Time": {"Minutes": 15}},
                Metrics={"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
            ),
            **markers,
        },
        {
            "ID": "tag",
            "Priority": 2,
            "Status": "Enabled",
            "Filter": {"Tag": TAG},
            "Destination": destination(),
            **markers,
        },
        {
            "ID": "and",
            "Priority": 3,
            "Status": "Disabled",
            "Filter": {"And": {"Prefix": "b/", "Tags": [TAG, OTHER_TAG]}},
            "Destination": destination(),
            **markers,
        },
    ]


@script("PutBucketReplication")
def put_bucket_replication(stage):
    bucket = stage.bucket()
    configure(stage.s3, bucket, *replication(stage), role=ROLE)
    return bucket


@script(
    "GetBucketReplication",
    always={"Role", "Rule/ID", "Rule/Status", "Rule/Destination/Bucket"},
    unseen={"Rule/ExistingObjectReplication/Status": "C-50: S3 refuses it, and refers to Batch Replication"},
)
def get_bucket_replication(stage):
    bucket = put_bucket_replication(stage)
    stage.s3.get_bucket_replication(Bucket=bucket)
    configure(stage.s3, bucket, rule_v1(stage.bucket_abroad(), "a/"))
    stage.s3.get_bucket_replication(Bucket=bucket)


@script("DeleteBucketReplication")
def delete_bucket_replication(stage):
    bucket = put_bucket_replication(stage)
    for _ in range(2):
        stage.s3.delete_bucket_replication(Bucket=bucket)


# Notifications

# Configurations of a bucket may not have an event in common.
EVENTS = {
    "Topic": ["s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"],
    "Queue": ["s3:ObjectRemoved:*", "s3:ObjectTagging:*"],
    "CloudFunction": ["s3:ObjectRestore:*", "s3:ObjectAcl:Put"],
}


def notifications():
    filters = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "a/"}, {"Name": "suffix", "Value": ".jpg"}]}}

    def common(kind):
        return {"Events": EVENTS[kind], "Filter": filters}

    arn = f"us-east-1:{ALICE.id}"
    return {
        "TopicConfigurations": [{"Id": "t", "TopicArn": f"arn:aws:sns:{arn}:t", **common("Topic")}],
        "QueueConfigurations": [{"Id": "q", "QueueArn": f"arn:aws:sqs:{arn}:q", **common("Queue")}],
        "LambdaFunctionConfigurations": [
            {"Id": "f", "LambdaFunctionArn": f"arn:aws:lambda:{arn}:function:f", **common("CloudFunction")}
        ],
        "EventBridgeConfiguration": {},
    }


@script("PutBucketNotificationConfiguration")
def put_bucket_notification_configuration(stage):
    bucket = stage.bucket()
    stage.s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=notifications(), SkipDestinationValidation=True
    )
    return bucket


@script("GetBucketNotificationConfiguration")
def get_bucket_notification_configuration(stage):
    bucket = put_bucket_notification_configuration(stage)
    stage.s3.get_bucket_notification_configuration(Bucket=bucket)
    stage.s3.get_bucket_notification_configuration(Bucket=stage.bucket())


def deprecated_notifications():
    """One of each kind, without filters: what the older operations know."""
    arn = f"us-east-1:{ALICE.id}"
    return {
        "TopicConfiguration": {"Id": "t", "Topic": f"arn:aws:sns:{arn}:t", "Events": EVENTS["Topic"]},
        "QueueConfiguration": {"Id": "q", "Queue": f"arn:aws:sqs:{arn}:q", "Events": EVENTS["Queue"]},
        "CloudFunctionConfiguration": {
            "Id": "f",
            "CloudFunction": f"arn:aws:lambda:{arn}:function:f",
            "Events": EVENTS["CloudFunction"],
        },
    }


@script("PutBucketNotification")
def put_bucket_notification(stage):
    bucket = stage.bucket()

    def skip_validation(params, **_):
        params["headers"]["x-amz-skip-destination-validation"] = "true"

    # The deprecated operation has no parameter for it.
    event = "before-call.s3.PutBucketNotification"
    stage.s3.meta.events.register(event, skip_validation)
    try:
        stage.s3.put_bucket_notification(Bucket=bucket, NotificationConfiguration=deprecated_notifications())
    finally:
        stage.s3.meta.events.unregister(event, skip_validation)
    return bucket


@script(
    "GetBucketNotification",
    unseen={"CloudFunctionConfiguration/InvocationRole": "not in the documents that S3 takes today"},
)
def get_bucket_notification(stage):
    stage.s3.get_bucket_notification(Bucket=put_bucket_notification(stage))


# Configurations with IDs

AND = {"And": {"Prefix": "a/", "Tags": [TAG, OTHER_TAG]}}
ACCESS_POINT = f"arn:aws:s3:us-east-1:{ALICE.id}:accesspoint/p"
NAMED = {
    "analytics": (
        "Analytics",
        [
            {
                "Filter": {"Prefix": "a/"},
                "StorageClassAnalysis": {
                    "DataExport": {
                        "OutputSchemaVersion": "V_1",
                        "Destination": {
                            "S3BucketDestination": {
                                "Format": "CSV",
                                "BucketAccountId": ALICE.id,
                                "Bucket": "arn:aws:s3:::target",
                                "Prefix": "analytics/",
                            }
                        },
                    }
                },
            },
            {"Filter": {"Tag": TAG}, "StorageClassAnalysis": {}},
            {"Filter": AND, "StorageClassAnalysis": {}},
        ],
    ),
    "intelligent_tiering": (
        "IntelligentTiering",
        [
            {"Filter": matches, "Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}
            for matches in ({"Prefix": "a/"}, {"Tag": TAG}, AND)
        ],
    ),
    "inventory": (
        "Inventory",
        [
            {
                "IsEnabled": True,
                "IncludedObjectVersions": "All",
                "Filter": {"Prefix": "a/"},
                "Schedule": {"Frequency": "Daily"},
                "OptionalFields": ["Size", "ETag", "ReplicationStatus"],
                "Destination": {
                    "S3BucketDestination": {
                        "AccountId": ALICE.id,
                        "Bucket": "arn:aws:s3:::target",
                        "Format": "CSV",
                        "Prefix": "inventories/",
                        "Encryption": {"SSEKMS": {"KeyId": "arn:aws:kms:us-east-1:111111111111:key/k"}},
                    }
                },
            },
            {
                "IsEnabled": False,
                "IncludedObjectVersions": "Current",
                "Schedule": {"Frequency": "Weekly"},
                "Destination": {
                    "S3BucketDestination": {
                        "Bucket": "arn:aws:s3:::target",
                        "Format": "Parquet",
                        "Encryption": {"SSES3": {}},
                    }
                },
            },
        ],
    ),
    "metrics": (
        "Metrics",
        [
            {"Filter": {"Prefix": "a/"}},
            {"Filter": {"Tag": TAG}},
            {"Filter": {"AccessPointArn": ACCESS_POINT}},
            {"Filter": {"And": {**AND["And"], "AccessPointArn": ACCESS_POINT}}},
            {},
        ],
    ),
}
# A page holds a hundred.
MORE_THAN_A_PAGE = 101


def named_calls(name, word, documents):
    parameter = f"{word}Configuration"

    def call(stage, verb, bucket, number, **parameters):
        identifier = f"id-{number:03}"
        return getattr(stage.s3, f"{verb}_bucket_{name}_configuration")(Bucket=bucket, Id=identifier, **parameters)

    def put_all(stage, count):
        bucket = stage.bucket(versioned=False)
        for number in range(count):
            document = {"Id": f"id-{number:03}", **documents[number % len(documents)]}
            call(stage, "put", bucket, number, **{parameter: document})
        return bucket

    @script(f"PutBucket{word}Configuration")
    def put(stage):
        put_all(stage, len(documents))

    @script(f"GetBucket{word}Configuration", always={"Id"})
    def get(stage):
        bucket = put_all(stage, len(documents))
        for number in range(len(documents)):
            call(stage, "get", bucket, number)

    @script(f"DeleteBucket{word}Configuration")
    def delete(stage):
        call(stage, "delete", put_all(stage, 1), 0)

    @script(f"ListBucket{word}Configurations", always={"IsTruncated"})
    def list_all(stage):
        bucket = put_all(stage, MORE_THAN_A_PAGE)
        list_page = getattr(stage.s3, f"list_bucket_{name}_configurations")
        first = list_page(Bucket=bucket)
        second = list_page(Bucket=bucket, ContinuationToken=first["NextContinuationToken"])
        found = [each["Id"] for page in (first, second) for each in page[f"{word}ConfigurationList"]]
        assert found == [f"id-{number:03}" for number in range(MORE_THAN_A_PAGE)]
        list_page(Bucket=stage.bucket())


for name, (word, documents) in NAMED.items():
    named_calls(name, word, documents)
