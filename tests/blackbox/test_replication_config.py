"""The replication configuration document (live-replication.md §1): every E-row and the C-rows that show at the API."""

import re
import xml.etree.ElementTree as ElementTree

import pytest
from federation import ALICE, BOB, fresh_name, policy
from replication import ROLE, configure, rule, rule_v1, wait_for_status
from s3 import content_md5, error_of, fails
from strict import NAMESPACE

MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema"
SCHEMA = "for this version of Cross Region Replication configuration schema. Please refer to S3 Developer Guide for more information."


@pytest.fixture(scope="module")
def buckets(federation):
    """(source, destination): two versioned buckets, configured again and again by the tests."""
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    return home.bucket(), abroad.bucket()


@pytest.fixture
def put(raw, buckets):
    """Sends one document; `{dst}` in it is the destination's ARN."""

    def send(document, *, bucket=None, headers=None, **options):
        body = (document if isinstance(document, bytes) else document.encode()).replace(
            b"{dst}", f"arn:aws:s3:::{buckets[1]}".encode()
        )
        all_headers = {"content-md5": content_md5(body), **(headers or {})}
        return raw.request("PUT", f"/{bucket or buckets[0]}?replication", body=body, headers=all_headers, **options)

    return send


def document(*rules, role=ROLE, namespace=True):
    space = f' xmlns="{NAMESPACE}"' if namespace else ""
    role_element = f"<Role>{role}</Role>" if role is not None else ""
    return f"<ReplicationConfiguration{space}>{role_element}{''.join(rules)}</ReplicationConfiguration>"


def v2(
    *, identifier="r", priority="<Priority>1</Priority>", status="<Status>Enabled</Status>", filter="<Filter/>",
    markers="<DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>", criteria="",
    destination=None, bucket="<Bucket>{dst}</Bucket>", more="", extra="",
):  # fmt: skip
    """A V2 rule of which any part can be replaced by raw XML."""
    id_element = f"<ID>{identifier}</ID>" if identifier is not None else ""
    destination = destination if destination is not None else f"<Destination>{bucket}{more}</Destination>"
    return f"<Rule>{id_element}{priority}{status}{filter}{markers}{criteria}{destination}{extra}</Rule>"


def v1(
    *,
    identifier="r",
    prefix="<Prefix></Prefix>",
    status="<Status>Enabled</Status>",
    bucket="<Bucket>{dst}</Bucket>",
    more="",
    extra="",
):
    return f"<Rule><ID>{identifier}</ID>{prefix}{status}<Destination>{bucket}{more}</Destination>{extra}</Rule>"


def tag(key, value="v"):
    return f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>"


KMS = "<SourceSelectionCriteria><SseKmsEncryptedObjects><Status>Enabled</Status></SseKmsEncryptedObjects></SourceSelectionCriteria>"
KEY = "<EncryptionConfiguration><ReplicaKmsKeyID>arn:aws:kms:eu-west-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab</ReplicaKmsKeyID></EncryptionConfiguration>"
RTC = "<ReplicationTime><Status>Enabled</Status><Time><Minutes>15</Minutes></Time></ReplicationTime>"
METRICS = "<Metrics><Status>Enabled</Status><EventThreshold><Minutes>15</Minutes></EventThreshold></Metrics>"
OWNER = "<AccessControlTranslation><Owner>Destination</Owner></AccessControlTranslation>"


# Accepted documents and what a GET returns: C-01, C-02, C-14, C-16, C-20 ff.

ACCEPTED = {
    "C-14-empty-filter": document(v2()),
    "C-14-prefix": document(v2(filter="<Filter><Prefix>a/</Prefix></Filter>")),
    "C-14-empty-prefix": document(v2(filter="<Filter><Prefix></Prefix></Filter>")),
    "C-14-tag": document(v2(filter=f"<Filter>{tag('k')}</Filter>")),
    "C-14-and": document(v2(filter=f"<Filter><And><Prefix>a/</Prefix>{tag('k')}{tag('l')}</And></Filter>")),
    "C-14-and-tags": document(v2(filter=f"<Filter><And>{tag('k')}{tag('l', '')}</And></Filter>")),
    "C-14-v1": document(v1()),
    "C-14-v1-prefix": document(v1(prefix="<Prefix>a/b</Prefix>")),
    "C-16-no-namespace": document(v2(), namespace=False),
    "C-14-priority-0": document(v2(priority="<Priority>0</Priority>")),
    "C-14-N-03-priority-max": document(v2(priority="<Priority>2147483647</Priority>")),
    "C-14-markers": document(v2(markers="<DeleteMarkerReplication><Status>Enabled</Status></DeleteMarkerReplication>")),
    "C-33-disabled": document(v2(status="<Status>Disabled</Status>")),
    "C-14-storage-class": document(v2(more="<StorageClass>STANDARD_IA</StorageClass>")),
    "C-14-deep-archive": document(v2(more="<StorageClass>DEEP_ARCHIVE</StorageClass>")),
    "C-14-account": document(v2(more="<Account>111111111111</Account>")),
    "C-32-owner-override": document(v2(more=f"<Account>111111111111</Account>{OWNER}")),
    "C-29-replica-modifications": document(
        v2(
            criteria="<SourceSelectionCriteria><ReplicaModifications><Status>Enabled</Status></ReplicaModifications></SourceSelectionCriteria>"
        )
    ),
    "C-28-C-08-kms": document(v2(criteria=KMS, more=KEY)),
    "C-28-kms-alias": document(
        v2(
            criteria=KMS,
            more="<EncryptionConfiguration><ReplicaKmsKeyID>arn:aws:kms:eu-west-1:111111111111:alias/a</ReplicaKmsKeyID></EncryptionConfiguration>",
        )
    ),
    "C-30-metrics-alone": document(v2(more="<Metrics><Status>Enabled</Status></Metrics>")),
    "C-31-rtc": document(v2(more=RTC + METRICS)),
    "C-23-v1-everything": document(
        v1(more=f"<Account>111111111111</Account><StorageClass>GLACIER</StorageClass>{OWNER}{KEY}", extra=KMS)
    ),
    "C-26-two-rules": document(v2(identifier="a"), v2(identifier="b", priority="<Priority>2</Priority>")),
    "C-25-v1-two-prefixes": document(
        v1(identifier="a", prefix="<Prefix>a/</Prefix>"), v1(identifier="b", prefix="<Prefix>b/</Prefix>")
    ),
    "C-07-no-such-role": document(v2(), role=f"arn:aws:iam::{ALICE.id}:role/no/such/role"),
    "A-02-role-path": document(v2(), role=f"arn:aws:iam::{ALICE.id}:role/service-role/x"),
    "C-14-id-255": document(v2(identifier="i" * 255)),
}


def tree(element):
    """Names, texts and children, without namespace and order."""
    text = (element.text or "").strip()
    return (
        element.tag.rpartition("}")[2],
        text if len(element) == 0 else "",
        tuple(sorted(tree(child) for child in element)),
    )


@pytest.mark.parametrize("name", ACCEPTED)
def test_c_02_round_trip(put, raw, s3, buckets, name):
    answer = put(ACCEPTED[name])
    assert (answer.status, answer.body) == (200, b""), str(answer)
    stored = raw.request("GET", f"/{buckets[0]}?replication")
    assert stored.status == 200
    sent = ACCEPTED[name].replace("{dst}", f"arn:aws:s3:::{buckets[1]}")
    assert tree(ElementTree.fromstring(stored.body)) == tree(ElementTree.fromstring(sent))
    s3.get_bucket_replication(Bucket=buckets[0])  # compared with the model by the client's watcher


def test_round_trip_rules_keep_their_order(put, s3, buckets):
    rules = [
        v2(identifier=f"r{n}", priority=f"<Priority>{n}</Priority>", filter=f"<Filter><Prefix>{n}/</Prefix></Filter>")
        for n in (5, 1, 9, 3)
    ]
    assert put(document(*rules)).status == 200
    got = s3.get_bucket_replication(Bucket=buckets[0])["ReplicationConfiguration"]["Rules"]
    assert [entry["ID"] for entry in got] == ["r5", "r1", "r9", "r3"]


def test_c_14_generated_ids(put, s3, buckets):
    for identifier in (None, ""):
        assert put(document(v2(identifier=identifier))).status == 200
        [stored] = s3.get_bucket_replication(Bucket=buckets[0])["ReplicationConfiguration"]["Rules"]
        assert re.fullmatch(r"[\x21-\x7e]{1,255}", stored["ID"])
    assert put(document(v2(identifier=None), v2(identifier=None, priority="<Priority>2</Priority>"))).status == 200
    first, second = s3.get_bucket_replication(Bucket=buckets[0])["ReplicationConfiguration"]["Rules"]
    assert first["ID"] != second["ID"]


def test_c_01_c_15_put_replaces_the_whole(put, s3, buckets):
    assert put(document(v2(identifier="a"), v2(identifier="b", priority="<Priority>2</Priority>"))).status == 200
    assert put(document(v2(identifier="c"))).status == 200
    got = s3.get_bucket_replication(Bucket=buckets[0])["ReplicationConfiguration"]
    assert [entry["ID"] for entry in got["Rules"]] == ["c"]


def test_c_03_e_01_delete(put, raw, s3, buckets):
    assert put(document(v2())).status == 200
    for _ in range(2):
        answer = raw.request("DELETE", f"/{buckets[0]}?replication")
        assert (answer.status, answer.body) == (204, b"")
    error_of(
        raw.request("GET", f"/{buckets[0]}?replication"),
        404,
        "ReplicationConfigurationNotFoundError",
        "The replication configuration was not found",
        BucketName=buckets[0],
    )


def test_e_02_missing_bucket(put, raw):
    name = fresh_name()
    for answer in (
        put(document(v2()), bucket=name), raw.request("GET", f"/{name}?replication"), raw.request("DELETE", f"/{name}?replication"),
    ):  # fmt: skip
        error_of(answer, 404, "NoSuchBucket", "The specified bucket does not exist", BucketName=name)


def test_c_04_another_account(put, home, buckets):
    bob = home.raw(BOB)
    for method in ("GET", "PUT", "DELETE"):
        body = document(v2()).replace("{dst}", f"arn:aws:s3:::{buckets[1]}").encode() if method == "PUT" else b""
        headers = {"content-md5": content_md5(body)} if body else {}
        error_of(bob.request(method, f"/{buckets[0]}?replication", body=body, headers=headers), 403, "AccessDenied")


def test_c_06_e_43_role_of_another_account(put):
    error_of(put(document(v2(), role=f"arn:aws:iam::{BOB.id}:role/r")), 403, "AccessDenied")


def test_c_09_digest(raw, buckets):
    body = document(v2()).replace("{dst}", f"arn:aws:s3:::{buckets[1]}").encode()
    target = f"/{buckets[0]}?replication"
    error_of(
        raw.request("PUT", target, body=body),
        400,
        "InvalidRequest",
        "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
    )
    error_of(raw.request("PUT", target, body=body, headers={"content-md5": content_md5(b"other")}), 400, "BadDigest")
    error_of(raw.request("PUT", target, body=body, headers={"content-md5": "rubbish"}), 400, "InvalidDigest")
    error_of(raw.request("PUT", target, body=body, headers={"x-amz-checksum-crc32": "AAAAAA=="}), 400, "BadDigest")


def test_c_10_algorithm_without_value(raw, buckets):
    body = document(v2()).encode()
    answer = raw.request(
        "PUT", f"/{buckets[0]}?replication", body=body, headers={"x-amz-sdk-checksum-algorithm": "SHA256"}
    )
    assert answer.status == 400, str(answer)


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_c_11_expected_bucket_owner(put, raw, buckets, method):
    def send(owner):
        headers = {"x-amz-expected-bucket-owner": owner}
        if method == "PUT":
            return put(document(v2()), headers=headers)
        return raw.request(method, f"/{buckets[0]}?replication", headers=headers)

    error_of(send(BOB.id), 403, "AccessDenied")
    error_of(send("rubbish"), 400, "InvalidBucketOwnerAWSAccountID")
    assert send(ALICE.id).status in (200, 204)


def test_c_12_token_is_ignored(put):
    assert put(document(v2()), headers={"x-amz-bucket-object-lock-token": "x"}).status == 200


def test_c_34_n_01_too_large(put):
    answer = put(document(v2(), "<!--" + "x" * (5 << 20) + "-->"))
    assert 400 <= answer.status < 500, str(answer)


def test_child_order_is_free(put):
    answer = put(
        f'<ReplicationConfiguration xmlns="{NAMESPACE}"><Rule><Destination><StorageClass>STANDARD</StorageClass><Bucket>{{dst}}</Bucket>'
        "</Destination><DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication><Filter/><Status>Enabled</Status>"
        f"<Priority>1</Priority><ID>r</ID></Rule><Role>{ROLE}</Role></ReplicationConfiguration>"
    )
    assert answer.status == 200, str(answer)


# Refused documents: §1.5

INVALID_REQUEST, INVALID_ARGUMENT, XML = "InvalidRequest", "InvalidArgument", "MalformedXML"

REFUSED = {
    "E-07-no-rule": (document(), XML, MALFORMED, None),
    "E-08-status": (document(v2(status="<Status>enabled</Status>")), XML, MALFORMED, None),
    "E-08-no-status": (document(v2(status="")), XML, MALFORMED, None),
    "E-08-no-destination": (document(v2(destination="")), XML, MALFORMED, None),
    "E-08-no-bucket": (document(v2(bucket="")), XML, MALFORMED, None),
    "E-08-storage-class": (document(v2(more="<StorageClass>COLD</StorageClass>")), XML, MALFORMED, None),
    "E-08-storage-class-outposts": (document(v2(more="<StorageClass>OUTPOSTS</StorageClass>")), XML, MALFORMED, None),
    "E-08-storage-class-fsx": (document(v2(more="<StorageClass>FSX_OPENZFS</StorageClass>")), XML, MALFORMED, None),
    "E-08-owner": (
        document(
            v2(
                more="<Account>111111111111</Account><AccessControlTranslation><Owner>Source</Owner></AccessControlTranslation>"
            )
        ),
        XML,
        MALFORMED,
        None,
    ),
    "E-08-markers-status": (
        document(v2(markers="<DeleteMarkerReplication><Status>On</Status></DeleteMarkerReplication>")),
        XML,
        MALFORMED,
        None,
    ),
    "E-08-rtc-without-time": (
        document(v2(more="<ReplicationTime><Status>Enabled</Status></ReplicationTime>" + METRICS)),
        XML,
        MALFORMED,
        None,
    ),
    "E-08-prefix-and-filter": (document(v2(extra="<Prefix>a</Prefix>")), XML, MALFORMED, None),
    "E-08-C-22-neither-prefix-nor-filter": (document(v2(filter="", priority="", markers="")), XML, MALFORMED, None),
    "E-08-two-members": (document(v2(filter=f"<Filter><Prefix>a</Prefix>{tag('k')}</Filter>")), XML, MALFORMED, None),
    "E-08-two-tags": (document(v2(filter=f"<Filter>{tag('k')}{tag('l')}</Filter>")), XML, MALFORMED, None),
    "E-08-and-with-one": (document(v2(filter="<Filter><And><Prefix>a</Prefix></And></Filter>")), XML, MALFORMED, None),
    "E-08-and-with-one-tag": (document(v2(filter=f"<Filter><And>{tag('k')}</And></Filter>")), XML, MALFORMED, None),
    "E-08-no-role": (document(v2(), role=None), XML, MALFORMED, None),
    "E-09-existing-enabled": (
        document(v2(extra="<ExistingObjectReplication><Status>Enabled</Status></ExistingObjectReplication>")),
        XML,
        MALFORMED,
        None,
    ),
    "E-09-existing-disabled": (
        document(v2(extra="<ExistingObjectReplication><Status>Disabled</Status></ExistingObjectReplication>")),
        XML,
        MALFORMED,
        None,
    ),
    "E-10-1001-rules": (
        document(
            *(
                v2(
                    identifier=f"r{n}",
                    priority=f"<Priority>{n}</Priority>",
                    filter=f"<Filter><Prefix>{n}/</Prefix></Filter>",
                )
                for n in range(1001)
            )
        ),
        INVALID_REQUEST,
        "Number of defined replication rules cannot exceed 1000",
        None,
    ),
    "E-11-N-02-id-256": (document(v2(identifier="i" * 256)), INVALID_ARGUMENT, "Rule Id cannot be greater than 255", "ID"),
    "E-12-id-not-ascii": (document(v2(identifier="rä")), INVALID_ARGUMENT, None, None),
    "E-13-duplicate-id": (
        document(v2(), v2(priority="<Priority>2</Priority>")),
        INVALID_ARGUMENT,
        "Rule Id must be unique",
        "ID",
    ),
    "E-14-N-02-prefix-1025": (
        document(v2(filter=f"<Filter><Prefix>{'p' * 1025}</Prefix></Filter>")),
        INVALID_ARGUMENT,
        "Rule prefix cannot be longer than maximum allowed key length of 1024",
        None,
    ),
    "E-15-overlap": (
        document(v1(identifier="a", prefix="<Prefix>a</Prefix>"), v1(identifier="b", prefix="<Prefix>ab</Prefix>")),
        INVALID_REQUEST,
        "Found overlapping prefixes 'a' and 'ab'",
        None,
    ),
    "E-15-overlap-empty": (
        document(v1(identifier="a"), v1(identifier="b", prefix="<Prefix>b</Prefix>")),
        INVALID_REQUEST,
        "Found overlapping prefixes '' and 'b'",
        None,
    ),
    "E-16-U-16-v1-two-destinations": (
        document(
            v1(identifier="a", prefix="<Prefix>a</Prefix>"),
            v1(identifier="b", prefix="<Prefix>b</Prefix>", bucket="<Bucket>{dst}2</Bucket>"),
        ),
        INVALID_REQUEST,
        "Number of distinct destination bucket ARNs cannot exceed 1",
        None,
    ),
    "E-17-U-17-C-27-no-priority": (document(v2(priority="")), INVALID_REQUEST, f"Priority must be specified {SCHEMA}", None),
    "E-18-U-17-C-27-no-markers": (
        document(v2(markers="")),
        INVALID_REQUEST,
        f"DeleteMarkerReplication must be specified {SCHEMA}",
        None,
    ),
    "E-19-U-17-v1-priority": (
        document(v1(extra="<Priority>1</Priority>")),
        INVALID_REQUEST,
        f"Priority cannot be used {SCHEMA}",
        None,
    ),
    "E-20-U-17-v1-markers": (
        document(v1(extra="<DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>")),
        INVALID_REQUEST,
        f"DeleteMarkerReplication cannot be used {SCHEMA}",
        None,
    ),
    "C-21-mixed": (
        document(v2(identifier="a"), v1(identifier="b", prefix="<Prefix>b</Prefix>")),
        INVALID_REQUEST,
        f"Priority cannot be used {SCHEMA}",
        None,
    ),
    "E-21-negative": (
        document(v2(priority="<Priority>-1</Priority>")),
        INVALID_REQUEST,
        "Priority must be between 0 and 2147483647.",
        None,
    ),
    "E-21-too-large": (document(v2(priority="<Priority>2147483648</Priority>")), XML, MALFORMED, None),
    "E-21-word": (document(v2(priority="<Priority>high</Priority>")), XML, MALFORMED, None),
    "E-22-equal-priorities": (
        document(v2(identifier="a"), v2(identifier="b")),
        INVALID_REQUEST,
        "Found duplicate priority 1.",
        None,
    ),
    "E-22-equal-priorities-two-destinations": (
        document(v2(identifier="a"), v2(identifier="b", bucket="<Bucket>{dst}2</Bucket>")),
        INVALID_REQUEST,
        "Found duplicate priority 1.",
        None,
    ),
    "E-23-tag-and-markers": (
        document(
            v2(
                filter=f"<Filter>{tag('k')}</Filter>",
                markers="<DeleteMarkerReplication><Status>Enabled</Status></DeleteMarkerReplication>",
            )
        ),
        INVALID_REQUEST,
        "Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 Developer Guide for more information.",
        None,
    ),
    "E-24-duplicate-tag": (
        document(v2(filter=f"<Filter><And>{tag('k', '1')}{tag('k', '2')}</And></Filter>")),
        INVALID_REQUEST,
        "Duplicate Tag Keys are not allowed.",
        None,
    ),
    "E-25-empty-criteria": (
        document(v2(criteria="<SourceSelectionCriteria/>")),
        INVALID_REQUEST,
        "SourceSelectionCriteria cannot be empty.",
        None,
    ),
    "E-26-key-without-criteria": (
        document(v2(more=KEY)),
        INVALID_REQUEST,
        "SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present.",
        None,
    ),
    "E-27-criteria-without-key": (
        document(v2(criteria=KMS)),
        INVALID_REQUEST,
        "ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.",
        None,
    ),
    "E-27-C-28-disabled-criteria-without-key": (
        document(v2(criteria=KMS.replace("Enabled", "Disabled"))),
        INVALID_REQUEST,
        "ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.",
        None,
    ),
    "E-28-bare-key": (
        document(
            v2(
                criteria=KMS,
                more="<EncryptionConfiguration><ReplicaKmsKeyID>1234abcd</ReplicaKmsKeyID></EncryptionConfiguration>",
            )
        ),
        INVALID_ARGUMENT,
        "Invalid ReplicaKmsKeyID ARN.",
        "ReplicaKmsKeyID",
    ),
    "E-28-other-arn": (
        document(
            v2(
                criteria=KMS,
                more="<EncryptionConfiguration><ReplicaKmsKeyID>arn:aws:s3:::key/x</ReplicaKmsKeyID></EncryptionConfiguration>",
            )
        ),
        INVALID_ARGUMENT,
        "Invalid ReplicaKmsKeyID ARN.",
        "ReplicaKmsKeyID",
    ),
    "E-29-owner-without-account": (
        document(v2(more=OWNER)),
        INVALID_REQUEST,
        "Account must be specified if the Owner in AccessControlTranslation has a value",
        None,
    ),
    "E-30-empty-account": (document(v2(more="<Account/>")), INVALID_ARGUMENT, None, None),
    "E-32-rtc-without-metrics": (
        document(v2(more=RTC)),
        INVALID_REQUEST,
        "Replication destination must contain both ReplicationTime and Metrics or neither.",
        None,
    ),
    "E-33-different-status": (
        document(v2(more=RTC + METRICS.replace("Enabled", "Disabled"))),
        INVALID_REQUEST,
        None,
        None,
    ),
    "E-34-N-04-rtc-minutes": (
        document(v2(more=RTC.replace("15", "16") + METRICS)),
        INVALID_ARGUMENT,
        "Invalid time minute value",
        "ReplicationTime",
    ),
    "E-35-no-threshold": (
        document(v2(more=RTC + "<Metrics><Status>Enabled</Status></Metrics>")),
        INVALID_ARGUMENT,
        "ReplicationMetrics must contain an event threshold",
        "ReplicationMetrics",
    ),
    "E-36-N-04-threshold": (
        document(v2(more=RTC + METRICS.replace("15", "5"))),
        INVALID_ARGUMENT,
        "Invalid event threshold minute value",
        "ReplicationMetrics",
    ),
    "E-37-threshold-without-rtc": (
        document(v2(more=METRICS)),
        INVALID_ARGUMENT,
        "Metrics cannot contain an event threshold when ReplicationTime is not specified or Disabled",
        "Metrics",
    ),
    "E-39-empty-bucket": (
        document(v2(bucket="<Bucket></Bucket>")),
        INVALID_ARGUMENT,
        "Destination bucket cannot be null or empty",
        "Bucket",
    ),
    "E-40-no-arn": (document(v2(bucket="<Bucket>name</Bucket>")), INVALID_ARGUMENT, "Invalid bucket ARN", "Bucket"),
    "E-40-partition": (
        document(v2(bucket="<Bucket>arn:aws-cn:s3:::name</Bucket>")),
        INVALID_ARGUMENT,
        "Invalid bucket ARN",
        "Bucket",
    ),
    "E-40-region": (
        document(v2(bucket="<Bucket>arn:aws:s3:eu-west-1::name</Bucket>")),
        INVALID_ARGUMENT,
        "Invalid bucket ARN",
        "Bucket",
    ),
    "E-40-account": (
        document(v2(bucket="<Bucket>arn:aws:s3::111111111111:name</Bucket>")),
        INVALID_ARGUMENT,
        "Invalid bucket ARN",
        "Bucket",
    ),
    "E-40-service": (
        document(v2(bucket="<Bucket>arn:aws:sqs:::name</Bucket>")),
        INVALID_ARGUMENT,
        "Invalid bucket ARN",
        "Bucket",
    ),
    "W-22-access-point": (
        document(v2(bucket=f"<Bucket>arn:aws:s3::{ALICE.id}:accesspoint/abcdefghijklm.mrap</Bucket>")),
        INVALID_ARGUMENT,
        "Invalid bucket ARN",
        "Bucket",
    ),
    "W-22-alias": (
        document(v2(bucket="<Bucket>arn:aws:s3:::abcdefghijklm.mrap</Bucket>")),
        INVALID_ARGUMENT,
        "The specified bucket is not valid.",
        "Bucket",
    ),
    "E-41-name": (
        document(v2(bucket="<Bucket>arn:aws:s3:::Not_A_Bucket</Bucket>")),
        INVALID_ARGUMENT,
        "The specified bucket is not valid.",
        "Bucket",
    ),
    "E-42-role": (
        document(v2(), role="rubbish"),
        INVALID_ARGUMENT,
        "Invalid Role specified in replication configuration",
        "Role",
    ),
    "E-42-role-s3": (
        document(v2(), role="arn:aws:s3:::bucket"),
        INVALID_ARGUMENT,
        "Invalid Role specified in replication configuration",
        "Role",
    ),
    "E-42-relative-id": (
        document(v2(), role=f"arn:aws:iam::{ALICE.id}:user/u"),
        INVALID_ARGUMENT,
        "The relative id should start with role",
        "Role",
    ),
    "E-05-missing-destination": (
        document(v2(bucket="<Bucket>arn:aws:s3:::no-such-bucket-1234567</Bucket>")),
        INVALID_REQUEST,
        "Destination bucket must exist.",
        None,
    ),
    "C-33-disabled-missing-destination": (
        document(v2(status="<Status>Disabled</Status>", bucket="<Bucket>arn:aws:s3:::no-such-bucket-1234567</Bucket>")),
        INVALID_REQUEST,
        "Destination bucket must exist.",
        None,
    ),
    "E-49-rubbish": ("rubbish", XML, MALFORMED, None),
    "E-49-cut": (document(v2())[:-10], XML, MALFORMED, None),
    "E-49-other-root": (
        document(v2()).replace("ReplicationConfiguration", "VersioningConfiguration"),
        XML,
        MALFORMED,
        None,
    ),
    "C-35-two-filters": (document(v2(filter="<Filter/><Filter/>")), XML, MALFORMED, None),
    "C-35-two-roles": (document(v2(extra="")).replace("<Rule>", "<Role>x</Role><Rule>", 1), XML, MALFORMED, None),
    "C-35-two-status": (document(v2(status="<Status>Enabled</Status><Status>Enabled</Status>")), XML, MALFORMED, None),
    "C-35-unknown-element": (document(v2(extra="<Colour>red</Colour>")), XML, MALFORMED, None),
    "C-35-wrong-nesting": (document(v2(extra="<StorageClass>STANDARD</StorageClass>")), XML, MALFORMED, None),
    "C-36-tag-without-value": (document(v2(filter="<Filter><Tag><Key>k</Key></Tag></Filter>")), XML, MALFORMED, None),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(put, raw, buckets, name):
    text, code, message, argument = REFUSED[name]
    assert put(ACCEPTED["C-14-empty-filter"]).status == 200
    before = raw.request("GET", f"/{buckets[0]}?replication").body
    error = error_of(put(text), 400, code, message)
    if argument is not None:
        assert error["ArgumentName"] == argument, error
        if argument not in ("ReplicationTime", "ReplicationMetrics", "Metrics"):
            assert "ArgumentValue" in error
    assert raw.request("GET", f"/{buckets[0]}?replication").body == before, (
        "a refused document changed the configuration"
    )


def test_e_10_n_01_a_thousand_rules_are_fine(put, s3, buckets):
    rules = (
        v2(identifier=f"r{n}", priority=f"<Priority>{n}</Priority>", filter=f"<Filter><Prefix>{n}/</Prefix></Filter>")
        for n in range(1000)
    )
    assert put(document(*rules)).status == 200
    assert len(s3.get_bucket_replication(Bucket=buckets[0])["ReplicationConfiguration"]["Rules"]) == 1000


def test_e_06_destination_is_the_source(put, buckets):
    text = document(v2(bucket=f"<Bucket>arn:aws:s3:::{buckets[0]}</Bucket>"))
    error_of(put(text), 400, "InvalidRequest", "Destination bucket cannot be the same as the source bucket.")


@pytest.mark.parametrize("status", [None, "Suspended"])
def test_e_03_c_61_source_versioning(home, s3, put, status):
    bucket = home.bucket(versioned=False)
    if status:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
    error_of(
        put(document(v2()), bucket=bucket),
        400,
        "InvalidRequest",
        "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
    )
    # C-60, C-61: the source is looked at before the rules.
    error_of(put(document(v2(bucket="<Bucket>rubbish</Bucket>")), bucket=bucket), 400, "InvalidRequest")


@pytest.mark.parametrize("status", [None, "Suspended"])
@pytest.mark.parametrize("where", ["us-east-1", "eu-west-1"])
def test_e_04_c_37_destination_versioning(federation, put, status, where):
    region = federation[where]
    destination = region.bucket(versioned=False)
    if status:
        region.client().put_bucket_versioning(Bucket=destination, VersioningConfiguration={"Status": status})
    text = document(v2(bucket=f"<Bucket>arn:aws:s3:::{destination}</Bucket>"))
    error_of(put(text), 400, "InvalidRequest", "Destination bucket must have versioning enabled.")
    region.client().put_bucket_versioning(Bucket=destination, VersioningConfiguration={"Status": "Enabled"})
    assert put(text).status == 200


def test_c_37_destination_of_another_account(abroad, put):
    destination = abroad.bucket(account=BOB)
    assert (
        put(
            document(v2(bucket=f"<Bucket>arn:aws:s3:::{destination}</Bucket>", more=f"<Account>{BOB.id}</Account>"))
        ).status
        == 200
    )
    unversioned = abroad.bucket(account=BOB, versioned=False)
    error_of(
        put(document(v2(bucket=f"<Bucket>arn:aws:s3:::{unversioned}</Bucket>"))),
        400,
        "InvalidRequest",
        "Destination bucket must have versioning enabled.",
    )


def test_w_07_u_18_both_buckets_are_versioned_before_two_way(home, abroad, s3):
    one, other = home.bucket(versioned=False), abroad.bucket(versioned=False)
    sides = [(s3, one, other), (abroad.client(), other, one)]
    for client, bucket, target in sides:
        with fails(400, "InvalidRequest", "Versioning must be 'Enabled' on the bucket to apply a replication configuration"):
            configure(client, bucket, rule(target))
    s3.put_bucket_versioning(Bucket=one, VersioningConfiguration={"Status": "Enabled"})
    with fails(400, "InvalidRequest", "Destination bucket must have versioning enabled."):
        configure(s3, one, rule(other))
    abroad.client().put_bucket_versioning(Bucket=other, VersioningConfiguration={"Status": "Enabled"})
    for client, bucket, target in sides:
        configure(client, bucket, rule(target))


def test_n_13_more_destinations_than_regions(home, abroad, s3):
    source, destinations = home.bucket(), [abroad.bucket() for _ in range(5)]
    configure(s3, source, *(rule(name, identifier=name, priority=n) for n, name in enumerate(destinations)))
    version = s3.put_object(Bucket=source, Key="k", Body=b"v")["VersionId"]
    wait_for_status(s3, source, "k", version)
    for name in destinations:
        assert abroad.client().head_object(Bucket=name, Key="k", VersionId=version)["ReplicationStatus"] == "REPLICA"


def test_c_13_directory_buckets_have_none(raw, put):
    name = f"{fresh_name('d')}--use1-az4--x-s3"
    # As a raw request: clients send those of directory buckets elsewhere.
    error_of(raw.request("PUT", f"/{name}"), 400, "InvalidBucketName")
    for answer in (*(raw.request(method, f"/{name}?replication") for method in ("GET", "DELETE")), put(document(v2()), bucket=name)):
        assert answer.status in (400, 404), str(answer)


def test_w_30_rules_of_a_bucket_of_another_account(home, abroad, s3):
    source, destination = home.bucket(), abroad.bucket()
    configure(s3, source, rule(destination))
    bob = home.client(BOB)
    with fails(403, "AccessDenied"):
        bob.get_bucket_replication(Bucket=source)
    allow = {
        "Effect": "Allow", "Principal": {"AWS": BOB.id}, "Action": "s3:GetReplicationConfiguration",
        "Resource": f"arn:aws:s3:::{source}",
    }  # fmt: skip
    s3.put_bucket_policy(Bucket=source, Policy=policy(allow))
    assert bob.get_bucket_replication(Bucket=source)["ReplicationConfiguration"]["Rules"]
    with fails(403, "AccessDenied"):
        bob.delete_bucket_replication(Bucket=source)


def test_c_60_document_errors_come_before_destination_errors(put):
    missing = "<Bucket>arn:aws:s3:::no-such-bucket-1234567</Bucket>"
    error_of(
        put(document(v2(bucket=missing, priority=""))), 400, "InvalidRequest", f"Priority must be specified {SCHEMA}"
    )
    error_of(put(document(v2(bucket=missing), role="rubbish")), 400, "InvalidArgument")


def test_e_45_e_46_i_04_u_19_versioning_of_a_source(home, abroad, s3):
    source, destination = home.bucket(), abroad.bucket()
    configure(s3, source, rule(destination, status="Disabled"))
    with fails(
        409, "InvalidBucketState",
        "A replication configuration is present on this bucket, so you cannot change the versioning state. To change the versioning "
        "state, first delete the replication configuration.",
    ):  # fmt: skip
        s3.put_bucket_versioning(Bucket=source, VersioningConfiguration={"Status": "Suspended"})
    s3.put_bucket_versioning(Bucket=source, VersioningConfiguration={"Status": "Enabled"})
    s3.delete_bucket_replication(Bucket=source)
    s3.put_bucket_versioning(Bucket=source, VersioningConfiguration={"Status": "Suspended"})


def test_e_48_versioning_of_a_destination(home, abroad, s3):
    source, destination = home.bucket(), abroad.bucket()
    configure(s3, source, rule(destination))
    abroad.client().put_bucket_versioning(Bucket=destination, VersioningConfiguration={"Status": "Suspended"})
    assert s3.get_bucket_replication(Bucket=source)


def test_c_23_v1_by_boto3(s3, buckets):
    configure(s3, buckets[0], rule_v1(buckets[1], prefix="a/", StorageClass="STANDARD_IA"))
    [stored] = s3.get_bucket_replication(Bucket=buckets[0])["ReplicationConfiguration"]["Rules"]
    assert set(stored) == {"ID", "Prefix", "Status", "Destination"}


def test_c_24_v1_with_replica_modifications(s3, buckets):
    criteria = {"ReplicaModifications": {"Status": "Enabled"}}
    configure(s3, buckets[0], {**rule_v1(buckets[1]), "SourceSelectionCriteria": criteria})
    [stored] = s3.get_bucket_replication(Bucket=buckets[0])["ReplicationConfiguration"]["Rules"]
    assert stored["SourceSelectionCriteria"] == criteria


def test_i_14_the_configuration_vanishes_with_the_bucket(home, abroad, s3):
    source, destination = home.bucket(), abroad.bucket()
    configure(s3, source, rule(destination))
    s3.delete_bucket(Bucket=source)
    s3.create_bucket(Bucket=source)
    with fails(404, "ReplicationConfigurationNotFoundError"):
        s3.get_bucket_replication(Bucket=source)


def test_i_15_a_deleted_destination_leaves_the_configuration(home, abroad, s3):
    source, destination = home.bucket(), abroad.bucket()
    configure(s3, source, rule(destination))
    abroad.client().delete_bucket(Bucket=destination)
    [stored] = s3.get_bucket_replication(Bucket=source)["ReplicationConfiguration"]["Rules"]
    assert stored["Destination"]["Bucket"] == f"arn:aws:s3:::{destination}"


def test_i_28_the_rules_of_outposts_are_another_api_and_not_served(home, s3, buckets):
    """S3 Control's PutBucketReplication says so, and leaves the bucket's own rules alone."""
    source, destination = buckets
    configure(s3, source, rule(destination))
    rules = s3.get_bucket_replication(Bucket=source)["ReplicationConfiguration"]
    for method, body in (("PUT", document(v2()).encode()), ("GET", b""), ("DELETE", b"")):
        answer = home.raw().request(
            method, f"/v20180820/bucket/{source}/replication", headers={"x-amz-account-id": ALICE.id}, body=body
        )
        assert answer.status == 501 and b"NotImplemented" in answer.body, (method, answer.body)
    assert s3.get_bucket_replication(Bucket=source)["ReplicationConfiguration"] == rules
