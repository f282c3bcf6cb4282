"""The bucket's sub-resources: what a GET answers while nothing is set, round trips, and exact errors (§3.2b, §12, §13)."""

import json

import pytest
from federation import BOB
from s3 import error_of, fails

NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema"


def put(raw, bucket, query, body, **headers):
    return raw.request("PUT", f"/{bucket}?{query}", body=body.encode() if isinstance(body, str) else body, headers=headers)


def get(raw, bucket, query):
    return raw.request("GET", f"/{bucket}?{query}")


# Nothing set (§12.2)

ABSENT = [
    ("policy", "NoSuchBucketPolicy", "The bucket policy does not exist"),
    ("policyStatus", "NoSuchBucketPolicy", "The bucket policy does not exist"),
    ("cors", "NoSuchCORSConfiguration", "The CORS configuration does not exist"),
    ("website", "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"),
]


@pytest.mark.parametrize("query, code, message", ABSENT)
def test_absent(raw, plain_bucket, query, code, message):
    error_of(get(raw, plain_bucket, query), 404, code, message, BucketName=plain_bucket)


DEFAULTS = [
    ("logging", "<BucketLoggingStatus {ns}></BucketLoggingStatus>"),
    ("notification", "<NotificationConfiguration {ns}></NotificationConfiguration>"),
    ("accelerate", "<AccelerateConfiguration {ns}></AccelerateConfiguration>"),
    (
        "requestPayment",
        "<RequestPaymentConfiguration {ns}><Payer>BucketOwner</Payer></RequestPaymentConfiguration>",
    ),
    ("abac", "<AbacStatus {ns}><Status>Disabled</Status></AbacStatus>"),
    (
        "encryption",
        "<ServerSideEncryptionConfiguration {ns}><Rule><ApplyServerSideEncryptionByDefault>"
        "<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault>"
        "<BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>",
    ),
]


@pytest.mark.parametrize("query, document", DEFAULTS)
def test_default(raw, plain_bucket, query, document):
    answer = get(raw, plain_bucket, query)
    assert answer.status == 200, str(answer)
    assert answer.body == DECLARATION + document.replace("{ns}", NAMESPACE).encode()
    assert answer.headers["content-type"] == "application/xml"


# Round trips through boto3: name of the calls, parameters, what a GET shows

CORS_RULES = [
    {
        "ID": "first",
        "AllowedHeaders": ["*"],
        "AllowedMethods": ["GET", "PUT"],
        "AllowedOrigins": ["https://*.example.com"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 3000,
    },
    {"AllowedMethods": ["HEAD"], "AllowedOrigins": ["*"]},
]
WEBSITE = {
    "IndexDocument": {"Suffix": "index.html"},
    "ErrorDocument": {"Key": "404.html"},
    "RoutingRules": [
        {
            "Condition": {"KeyPrefixEquals": "docs/"},
            "Redirect": {"ReplaceKeyPrefixWith": "documents/", "HttpRedirectCode": "301"},
        }
    ],
}
KMS = {
    "Rules": [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/k"},
            "BucketKeyEnabled": True,
        }
    ]
}
ROUND_TRIPS = [
    ("cors", {"CORSConfiguration": {"CORSRules": CORS_RULES}}, {"CORSRules": CORS_RULES}),
    ("website", {"WebsiteConfiguration": WEBSITE}, WEBSITE),
    (
        "website",
        {"WebsiteConfiguration": {"RedirectAllRequestsTo": {"HostName": "example.com", "Protocol": "https"}}},
        {"RedirectAllRequestsTo": {"HostName": "example.com", "Protocol": "https"}},
    ),
    ("accelerate_configuration", {"AccelerateConfiguration": {"Status": "Suspended"}}, {"Status": "Suspended"}),
    ("request_payment", {"RequestPaymentConfiguration": {"Payer": "Requester"}}, {"Payer": "Requester"}),
    ("encryption", {"ServerSideEncryptionConfiguration": KMS}, {"ServerSideEncryptionConfiguration": KMS}),
    (
        "encryption",
        {
            "ServerSideEncryptionConfiguration": {
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            }
        },
        {
            "ServerSideEncryptionConfiguration": {
                "Rules": [
                    {
                        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
                        "BucketKeyEnabled": False,
                    }
                ]
            }
        },
    ),
    ("abac", {"AbacStatus": {"Status": "Enabled"}}, {"AbacStatus": {"Status": "Enabled"}}),
]


@pytest.mark.parametrize("name, parameters, shown", ROUND_TRIPS)
def test_round_trip(s3, plain_bucket, name, parameters, shown):
    getattr(s3, f"put_bucket_{name}")(Bucket=plain_bucket, **parameters)
    answer = getattr(s3, f"get_bucket_{name}")(Bucket=plain_bucket)
    answer.pop("ResponseMetadata")
    assert answer == shown


@pytest.mark.parametrize(
    "query, body, code",
    [
        ("cors", "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin>"
                 "</CORSRule></CORSConfiguration>", "NoSuchCORSConfiguration"),
        ("website", "<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument></WebsiteConfiguration>",
         "NoSuchWebsiteConfiguration"),
    ],
)  # fmt: skip
def test_delete_is_idempotent(raw, plain_bucket, query, body, code):
    assert put(raw, plain_bucket, query, body).status == 200
    for _ in range(2):
        assert raw.request("DELETE", f"/{plain_bucket}?{query}").status == 204
    error_of(get(raw, plain_bucket, query), 404, code)


def test_encryption_goes_back_to_its_default(s3, plain_bucket):
    s3.put_bucket_encryption(Bucket=plain_bucket, ServerSideEncryptionConfiguration=KMS)
    s3.delete_bucket_encryption(Bucket=plain_bucket)
    rule = s3.get_bucket_encryption(Bucket=plain_bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


# Exact errors

def cors_rule(inside):
    return f"<CORSConfiguration><CORSRule>{inside}</CORSRule></CORSConfiguration>"


WEB = "<WebsiteConfiguration>{}</WebsiteConfiguration>"
INDEX = "<IndexDocument><Suffix>i</Suffix></IndexDocument>"
RULE = "<RoutingRules><RoutingRule>{}</RoutingRule></RoutingRules>"
SSE = "<ServerSideEncryptionConfiguration>{}</ServerSideEncryptionConfiguration>"
SSE_RULE = (
    "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>{}"
    "</ApplyServerSideEncryptionByDefault></Rule>"
)
REFUSED = [
    ("cors", "<CORSConfiguration/>", "MalformedXML", MALFORMED),
    ("cors", "", "MissingRequestBodyError", "Request Body is empty"),
    ("cors", "<Other/>", "MalformedXML", MALFORMED),
    (
        "cors",
        cors_rule("<AllowedMethod>MYMETHOD</AllowedMethod><AllowedOrigin>*</AllowedOrigin>"),
        "InvalidRequest",
        "Found unsupported HTTP method in CORS config. Unsupported method is MYMETHOD",
    ),
    (
        "cors",
        cors_rule("<AllowedMethod>GET</AllowedMethod><AllowedOrigin>http://*.*.com</AllowedOrigin>"),
        "InvalidRequest",
        'AllowedOrigin "http://*.*.com" can not have more than one wildcard.',
    ),
    ("cors", cors_rule("<AllowedOrigin>*</AllowedOrigin>"), "MalformedXML", MALFORMED),
    (
        "website",
        WEB.format("<IndexDocument><Suffix>a/b</Suffix></IndexDocument>"),
        "InvalidArgument",
        "The IndexDocument Suffix is not well formed",
    ),
    (
        "website",
        WEB.format(INDEX + "<RedirectAllRequestsTo><HostName>h</HostName></RedirectAllRequestsTo>"),
        "InvalidArgument",
        "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
    ),
    (
        "website",
        WEB.format("<ErrorDocument><Key>e</Key></ErrorDocument>"),
        "InvalidArgument",
        "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
    ),
    (
        "website",
        WEB.format(
            "<RedirectAllRequestsTo><HostName>h</HostName><Protocol>ftp</Protocol></RedirectAllRequestsTo>"
        ),
        "InvalidRequest",
        "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.",
    ),
    (
        "website",
        WEB.format(
            INDEX
            + RULE.format(
                "<Redirect><ReplaceKeyWith>a</ReplaceKeyWith><ReplaceKeyPrefixWith>b</ReplaceKeyPrefixWith></Redirect>"
            )
        ),
        "InvalidRequest",
        "You can only define ReplaceKeyPrefix or ReplaceKey but not both.",
    ),
    (
        "website",
        WEB.format(INDEX + RULE.format("<Condition/><Redirect><HostName>h</HostName></Redirect>")),
        "InvalidRequest",
        "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be "
        "present.",
    ),
    ("accelerate", "<AccelerateConfiguration><Status>enabled</Status></AccelerateConfiguration>", "MalformedXML", None),
    (
        "requestPayment",
        "<RequestPaymentConfiguration><Payer>Me</Payer></RequestPaymentConfiguration>",
        "MalformedXML",
        MALFORMED,
    ),
    ("abac", "<AbacStatus><Status>On</Status></AbacStatus>", "MalformedXML", MALFORMED),
    ("encryption", SSE.format(""), "MalformedXML", MALFORMED),
    ("encryption", SSE.format(SSE_RULE.format("") * 2), "MalformedXML", MALFORMED),
    (
        "encryption",
        SSE.format(SSE_RULE.format("<KMSMasterKeyID>k</KMSMasterKeyID>")),
        "InvalidArgument",
        "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
    ),
    ("logging", "<BucketLoggingStatus><LoggingEnabled/></BucketLoggingStatus>", "MalformedXML", MALFORMED),
]


@pytest.mark.parametrize("query, body, code, message", REFUSED)
def test_refused(raw, plain_bucket, query, body, code, message):
    error_of(put(raw, plain_bucket, query, body), 400, code, message)


def test_acceleration_needs_a_name_without_periods(s3, home):
    name = home.bucket(versioned=False).replace("-", ".", 1)
    s3.create_bucket(Bucket=name)
    with fails(
        400,
        "InvalidRequest",
        "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names",
    ):
        s3.put_bucket_accelerate_configuration(Bucket=name, AccelerateConfiguration={"Status": "Enabled"})


# Policies (§12.3)


def statement(bucket, **changes):
    value = {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    value.update(changes)
    return {name: part for name, part in value.items() if part is not None}


def policy(*statements, **changes):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **changes})


def test_policy_comes_back_byte_for_byte(raw, s3, plain_bucket):
    text = '{ "Statement" :\n[' + json.dumps(statement(plain_bucket)) + '], "Version":"2012-10-17" }\n'
    assert put(raw, plain_bucket, "policy", text).status == 204
    answer = get(raw, plain_bucket, "policy")
    assert (answer.status, answer.body.decode()) == (200, text)
    assert answer.headers["content-type"] == "application/json"
    assert s3.get_bucket_policy_status(Bucket=plain_bucket)["PolicyStatus"] == {"IsPublic": False}
    assert raw.request("DELETE", f"/{plain_bucket}?policy").status == 204
    assert raw.request("DELETE", f"/{plain_bucket}?policy").status == 204
    error_of(get(raw, plain_bucket, "policy"), 404, "NoSuchBucketPolicy")


BAD_POLICIES = [
    (lambda b: "", "Policies must be valid JSON and the first byte must be '{'"),
    (lambda b: "[]", "Policies must be valid JSON and the first byte must be '{'"),
    (lambda b: '{"a":', "This policy contains invalid Json"),
    (lambda b: "{}", "Missing required field Statement"),
    (lambda b: policy(), "Could not parse the policy: Statement is empty!"),
    (lambda b: policy(statement(b), Version="2020-01-01"), "The policy must contain a valid version string"),
    (lambda b: policy(statement(b, Effect=None)), "Missing required field Effect"),
    (lambda b: policy(statement(b, Principal=None)), "Missing required field Principal"),
    (lambda b: policy(statement(b, Action=None)), "Missing required field Action"),
    (lambda b: policy(statement(b, Resource=None)), "Missing required field Resource"),
    (lambda b: policy(statement(b, Effect="Maybe")), "Invalid effect: Maybe"),
    (lambda b: policy(statement(b, Action="s3:Fly")), "Policy has invalid action"),
    (lambda b: policy(statement(b), Extra=1), "Invalid policy syntax."),
    (lambda b: policy(statement(b, Principal={"AWS": "999999999999"})), "Invalid principal in policy"),
    (lambda b: policy(statement(b, Resource="arn:aws:s3:::other/*")), "Policy has invalid resource"),
    (
        lambda b: policy(statement(b, Action="s3:ListBucket")),
        "Action does not apply to any resource(s) in statement",
    ),
    (lambda b: "  ", "Policies must be valid JSON and the first byte must be '{'"),
    (lambda b: "1", "Policies must be valid JSON and the first byte must be '{'"),
    (lambda b: "{", "This policy contains invalid Json"),
    (lambda b: '{"Statement": [], "Statement": []}', "This policy contains invalid Json"),
    (lambda b: '{"Statement": ' + "[" * 100 + "]" * 100 + "}", "This policy contains invalid Json"),
    (lambda b: '{"Statement": 1}', "Invalid policy syntax."),
    (lambda b: '{"Statement": [1]}', "Invalid policy syntax."),
    (lambda b: policy(statement(b), Version=2012), "The policy must contain a valid version string"),
    (lambda b: policy(statement(b), Id=1), "Invalid policy syntax."),
    (lambda b: policy(statement(b, Sid=1)), "Invalid policy syntax."),
    (lambda b: policy(statement(b), statement(b)), "Invalid policy syntax."),
    (lambda b: policy(statement(b, Effect=["Allow"])), "Invalid effect: […]"),
    (lambda b: policy(statement(b, NotAction="s3:PutObject")), "Invalid policy syntax."),
    (lambda b: policy(statement(b, Action=None, NotAction=[])), "Missing required field Action"),
    (lambda b: policy(statement(b, Action="GetObject")), "Policy has invalid action"),
    (lambda b: policy(statement(b, Action=["s3:GetObject", "ec2:RunInstances"])), "Policy has invalid action"),
    (lambda b: policy(statement(b, Principal="someone")), "Invalid principal in policy"),
    (lambda b: policy(statement(b, Principal={"AWS": "arn:aws:iam::1:root"})), "Invalid principal in policy"),
    (lambda b: policy(statement(b, Principal={"Nobody": "x"})), "Invalid principal in policy"),
    (lambda b: policy(statement(b, Principal={"CanonicalUser": "0" * 64})), "Invalid principal in policy"),
    (lambda b: policy(statement(b, Principal=None, NotPrincipal={"AWS": "x"})), "Invalid principal in policy"),
    (lambda b: policy(statement(b, Resource="*")), "Policy has invalid resource"),
    (lambda b: policy(statement(b, Resource=f"arn:aws:s3:::{b}")), "Action does not apply to any resource(s) in statement"),
    (lambda b: policy(statement(b, Condition={"StringEqual": {"aws:SourceVpc": "v"}})), "Invalid policy syntax."),
    (lambda b: policy(statement(b, Condition=[])), "Invalid policy syntax."),
    (
        lambda b: policy(statement(b, Condition={"StringEquals": {"s3:prefix": "p"}})),
        "Conditions do not apply to combination of actions and resources in statement",
    ),
    (lambda b: policy(statement(b, Sid="x" * 21000)), "Policy exceeds the maximum allowed document size."),
]


@pytest.mark.parametrize("make, message", BAD_POLICIES)
def test_malformed_policy(raw, plain_bucket, make, message):
    error_of(put(raw, plain_bucket, "policy", make(plain_bucket)), 400, "MalformedPolicy", message)


def test_policies_that_are_taken(raw, bob, plain_bucket):
    other = bob.list_buckets()["Owner"]["ID"]
    for action, resource in [
        ("s3:*", ""), ("s3:*", "/*"), ("*", "/x?"), ("S3:getobject", "*"), ("s3:List*", ""), ("s3:PutObject?cl", "/*"),
    ]:  # fmt: skip
        text = policy(statement(plain_bucket, Action=action, Resource=f"arn:aws:s3:::{plain_bucket}{resource}"))
        assert put(raw, plain_bucket, "policy", text).status == 204
    for principal in [{"CanonicalUser": other}, {"Service": "logging.s3.amazonaws.com"}, {"AWS": ["111111111111"]}]:
        assert put(raw, plain_bucket, "policy", policy(statement(plain_bucket, Principal=principal))).status == 204
        assert get(raw, plain_bucket, "policyStatus").status == 200


def test_a_public_policy_needs_block_public_access_off(raw, s3, plain_bucket):
    text = policy(statement(plain_bucket, Principal="*"))
    error = error_of(put(raw, plain_bucket, "policy", text), 403, "AccessDenied")
    assert "because public policies are prevented by the BlockPublicPolicy setting" in error["Message"]
    s3.delete_public_access_block(Bucket=plain_bucket)
    assert put(raw, plain_bucket, "policy", text).status == 204
    assert s3.get_bucket_policy_status(Bucket=plain_bucket)["PolicyStatus"] == {"IsPublic": True}


# Logging (§12.6)


def logging_to(target):
    return {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "logs/"}}


def test_logging_round_trip_and_off(s3, home, plain_bucket):
    target = home.bucket(versioned=False)
    wanted = {
        "LoggingEnabled": {
            "TargetBucket": target,
            "TargetPrefix": "",
            "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
        }
    }
    s3.put_bucket_logging(Bucket=plain_bucket, BucketLoggingStatus=wanted)
    assert s3.get_bucket_logging(Bucket=plain_bucket)["LoggingEnabled"] == wanted["LoggingEnabled"]
    s3.put_bucket_logging(Bucket=plain_bucket, BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=plain_bucket)


def test_logging_target_must_be_there(s3, plain_bucket):
    with fails(
        400,
        "InvalidTargetBucketForLogging",
        "The target bucket for logging does not exist",
        TargetBucket="no-such-target-bucket",
    ):
        s3.put_bucket_logging(Bucket=plain_bucket, BucketLoggingStatus=logging_to("no-such-target-bucket"))


def test_logging_target_of_another_account(s3, home, bob, plain_bucket):
    target = home.bucket(versioned=False, account=BOB)
    with fails(
        400,
        "InvalidTargetBucketForLogging",
        "The owner for the bucket to be logged and the target bucket must be the same.",
    ):
        s3.put_bucket_logging(Bucket=plain_bucket, BucketLoggingStatus=logging_to(target))


def test_logging_target_in_another_region(s3, abroad, plain_bucket):
    target = abroad.bucket(versioned=False)
    with fails(403, "CrossLocationLoggingProhibitted", TargetBucketLocation="eu-west-1"):
        s3.put_bucket_logging(Bucket=plain_bucket, BucketLoggingStatus=logging_to(target))


ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"


def target_grant(permission="READ", **grantee):
    kind = "Group" if "URI" in grantee else "AmazonCustomerByEmail" if "EmailAddress" in grantee else "CanonicalUser"
    return {"Grantee": {"Type": kind, **grantee}, "Permission": permission}


def logging_with(target, *grants):
    return {"LoggingEnabled": {**logging_to(target)["LoggingEnabled"], "TargetGrants": list(grants)}}


def test_logging_target_grants_round_trip(s3, home, bob, plain_bucket):
    target = home.bucket(versioned=False, ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=target)
    other = bob.list_buckets()["Owner"]["ID"]
    wanted = logging_with(target, target_grant(ID=other), target_grant("FULL_CONTROL", URI=ALL_USERS))
    s3.put_bucket_logging(Bucket=plain_bucket, BucketLoggingStatus=wanted)
    assert s3.get_bucket_logging(Bucket=plain_bucket)["LoggingEnabled"] == wanted["LoggingEnabled"]


def test_logging_target_grants_need_acls(s3, home, bob, plain_bucket):
    target = home.bucket(versioned=False)
    wanted = logging_with(target, target_grant(ID=bob.list_buckets()["Owner"]["ID"]))
    with fails(400, "AccessControlListNotSupported", "Target grants not allowed for bucket owner enforced buckets"):
        s3.put_bucket_logging(Bucket=plain_bucket, BucketLoggingStatus=wanted)
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=plain_bucket)


def test_logging_target_grants_that_are_refused(s3, home, bob, plain_bucket):
    target = home.bucket(versioned=False, ObjectOwnership="ObjectWriter")
    other = bob.list_buckets()["Owner"]["ID"]
    for grant, status, code in [
        (target_grant(ID="0" * 64), 400, "InvalidArgument"),
        (target_grant(URI="http://acs.amazonaws.com/groups/global/Nobody"), 400, "InvalidArgument"),
        (target_grant(EmailAddress="a@example.com"), 405, "MethodNotAllowed"),
        (target_grant("READ_ACP", ID=other), 400, "MalformedXML"),
        (target_grant(), 400, "MalformedXML"),
        # The target bucket blocks public ACLs, as new buckets do.
        (target_grant(URI=ALL_USERS), 403, "AccessDenied"),
    ]:
        with fails(status, code):
            s3.put_bucket_logging(Bucket=plain_bucket, BucketLoggingStatus=logging_with(target, grant))
    too_many = logging_with(target, *[target_grant(ID=other)] * 101)
    with fails(400, "MalformedXML"):
        s3.put_bucket_logging(Bucket=plain_bucket, BucketLoggingStatus=too_many)


# Notifications (§13.1)

QUEUE = "arn:aws:sqs:us-east-1:111111111111:q"


def queue(**changes):
    return {"QueueConfigurations": [{"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"], **changes}]}


def test_notification_round_trip(s3, plain_bucket):
    rules = [{"Name": "prefix", "Value": "a/"}, {"Name": "SUFFIX", "Value": ".jpg"}]
    wanted = {**queue(Filter={"Key": {"FilterRules": rules}}), "EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(
        Bucket=plain_bucket, NotificationConfiguration=wanted, SkipDestinationValidation=True
    )
    answer = s3.get_bucket_notification_configuration(Bucket=plain_bucket)
    assert answer["EventBridgeConfiguration"] == {}
    (found,) = answer["QueueConfigurations"]
    assert found["Id"]
    assert [rule["Name"] for rule in found["Filter"]["Key"]["FilterRules"]] == ["Prefix", "Suffix"]
    s3.put_bucket_notification_configuration(Bucket=plain_bucket, NotificationConfiguration={})
    assert set(s3.get_bucket_notification_configuration(Bucket=plain_bucket)) == {"ResponseMetadata"}


def test_notification_destination_that_does_not_exist(s3, plain_bucket):
    with fails(
        400,
        "InvalidArgument",
        "Unable to validate the following destination configurations",
        ArgumentName1=QUEUE,
        ArgumentValue1="The destination queue does not exist",
    ):
        s3.put_bucket_notification_configuration(Bucket=plain_bucket, NotificationConfiguration=queue())


@pytest.mark.parametrize(
    "changes, message, name",
    [
        ({"QueueArn": "nonsense"}, "The ARN could not be parsed", "Queue"),
        ({"Filter": {"Key": {"FilterRules": [{"Name": "INVALID", "Value": "x"}]}}},
         "filter rule name must be either prefix or suffix", "FilterRule.Name"),
        ({"Events": ["s3:NotAnEvent"]}, "A specified event is not supported for notifications", None),
    ],
)  # fmt: skip
def test_notification_refused(s3, plain_bucket, changes, message, name):
    details = {"ArgumentName": name} if name else {}
    with fails(400, "InvalidArgument", message, **details):
        s3.put_bucket_notification_configuration(
            Bucket=plain_bucket, NotificationConfiguration=queue(**changes), SkipDestinationValidation=True
        )


# Requester Pays (§1.3, §12.7)


def test_requester_pays_refuses_those_who_do_not_pay(s3, bob, raw, plain_bucket):
    s3.put_object(Bucket=plain_bucket, Key="k", Body=b"v")
    s3.put_bucket_request_payment(Bucket=plain_bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    with fails(403, "AccessDenied"):
        bob.get_object(Bucket=plain_bucket, Key="k")
    assert raw.anonymous("GET", f"/{plain_bucket}/k").status == 403
    answer = s3.get_object(Bucket=plain_bucket, Key="k")
    assert answer["Body"].read() == b"v"
    assert "RequestCharged" not in answer


# Configurations with IDs (§12.5)


def inventory(identifier, **changes):
    value = {
        "Id": identifier,
        "IsEnabled": True,
        "IncludedObjectVersions": "All",
        "Schedule": {"Frequency": "Daily"},
        "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::target", "Format": "CSV"}},
        "OptionalFields": ["Size", "ETag"],
    }
    value.update(changes)
    return value


NAMED = {
    "inventory": inventory,
    "metrics": lambda identifier: {"Id": identifier, "Filter": {"Prefix": "a/"}},
    "analytics": lambda identifier: {"Id": identifier, "StorageClassAnalysis": {}},
    "intelligent_tiering": lambda identifier: {
        "Id": identifier,
        "Status": "Enabled",
        "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}, {"Days": 180, "AccessTier": "DEEP_ARCHIVE_ACCESS"}],
    },
}
PARAMETER = {
    "inventory": "InventoryConfiguration",
    "metrics": "MetricsConfiguration",
    "analytics": "AnalyticsConfiguration",
    "intelligent_tiering": "IntelligentTieringConfiguration",
}


def named_call(client, verb, kind, bucket, **parameters):
    return getattr(client, f"{verb}_bucket_{kind}_configuration")(Bucket=bucket, **parameters)


@pytest.mark.parametrize("kind", NAMED)
def test_named_round_trip(s3, plain_bucket, kind):
    for identifier in ("b", "a"):
        answer = named_call(
            s3, "put", kind, plain_bucket, Id=identifier, **{PARAMETER[kind]: NAMED[kind](identifier)}
        )
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert named_call(s3, "get", kind, plain_bucket, Id="a")[PARAMETER[kind]] == NAMED[kind]("a")
    page = getattr(s3, f"list_bucket_{kind}_configurations")(Bucket=plain_bucket)
    assert [entry["Id"] for entry in page[PARAMETER[kind] + "List"]] == ["a", "b"]
    assert page["IsTruncated"] is False
    named_call(s3, "delete", kind, plain_bucket, Id="a")
    for verb in ("get", "delete"):
        with fails(404, "NoSuchConfiguration", "The specified configuration does not exist."):
            named_call(s3, verb, kind, plain_bucket, Id="a")
    # Other kinds have IDs of their own, and no configuration keeps a bucket from being deleted.
    s3.delete_bucket(Bucket=plain_bucket)


@pytest.mark.parametrize("kind", NAMED)
def test_named_id_mismatch(s3, plain_bucket, kind):
    with fails(400, "IdMismatch", "Document ID does not match the specified configuration ID."):
        named_call(s3, "put", kind, plain_bucket, Id="x", **{PARAMETER[kind]: NAMED[kind]("y")})


def test_named_list_has_pages(s3, raw, plain_bucket):
    for number in range(101):
        s3.put_bucket_metrics_configuration(
            Bucket=plain_bucket, Id=f"m{number:03}", MetricsConfiguration={"Id": f"m{number:03}"}
        )
    first = s3.list_bucket_metrics_configurations(Bucket=plain_bucket)
    assert len(first["MetricsConfigurationList"]) == 100
    assert first["IsTruncated"] is True
    token = first["NextContinuationToken"]
    second = s3.list_bucket_metrics_configurations(Bucket=plain_bucket, ContinuationToken=token)
    assert [entry["Id"] for entry in second["MetricsConfigurationList"]] == ["m100"]
    assert second["ContinuationToken"] == token
    error_of(get(raw, plain_bucket, "metrics&continuation-token=x"), 400, "InvalidArgument")


@pytest.mark.parametrize(
    "changes, code",
    [
        ({"IncludedObjectVersions": "Some"}, "MalformedXML"),
        ({"Schedule": {"Frequency": "Hourly"}}, "MalformedXML"),
        ({"OptionalFields": ["Colour"]}, "MalformedXML"),
        (
            {"Destination": {"S3BucketDestination": {"Bucket": "target", "Format": "CSV"}}},
            "InvalidS3DestinationBucket",
        ),
    ],
)
def test_inventory_refused(s3, plain_bucket, changes, code):
    with fails(400, code):
        s3.put_bucket_inventory_configuration(
            Bucket=plain_bucket, Id="i", InventoryConfiguration=inventory("i", **changes)
        )


def test_configurations_do_not_outlive_their_bucket(s3, raw, plain_bucket):
    s3.put_bucket_inventory_configuration(Bucket=plain_bucket, Id="i", InventoryConfiguration=inventory("i"))
    s3.put_bucket_cors(Bucket=plain_bucket, CORSConfiguration={"CORSRules": CORS_RULES})
    s3.delete_bucket(Bucket=plain_bucket)
    s3.create_bucket(Bucket=plain_bucket)
    error_of(get(raw, plain_bucket, "inventory&id=i"), 404, "NoSuchConfiguration")
    error_of(get(raw, plain_bucket, "cors"), 404, "NoSuchCORSConfiguration")
