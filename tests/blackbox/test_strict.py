"""The comparison with the service model itself: each of these answers, right but for one thing, is refused."""

import pytest
import strict
from test_api_coverage import MODEL

HEADERS = {
    "x-amz-request-id": "0123456789ABCDEF",
    "x-amz-id-2": "x",
    "date": "Thu, 01 Jan 2026 00:00:00 GMT",
    "content-type": "application/xml",
}
TAGS = "<TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet>"
ENTRY = (
    "<Contents><Key>k</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>e</ETag>"
    "<Size>1</Size><StorageClass>STANDARD</StorageClass></Contents>"
)
PAGE = "<Name>b</Name><Prefix></Prefix><KeyCount>1</KeyCount><MaxKeys>1</MaxKeys><IsTruncated>false</IsTruncated>"
PREFIXES = "<CommonPrefixes><Prefix>p</Prefix></CommonPrefixes>"
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def acl(grantee):
    return (
        "<Owner><ID>i</ID></Owner><AccessControlList><Grant>" + grantee + "<Permission>READ</Permission></Grant>"
        "</AccessControlList>"
    )


def check(operation, root, inside, headers=None, status=200):
    document = f'<{root} xmlns="{strict.NAMESPACE}">{inside}</{root}>'
    strict.check_response(
        MODEL.operation_model(operation), status, HEADERS | (headers or {}), strict.DECLARATION + document.encode()
    )


@pytest.mark.parametrize(
    "operation, root, inside",
    [
        ("GetObjectTagging", "Tagging", TAGS),
        ("ListObjectsV2", "ListBucketResult", PAGE + ENTRY + PREFIXES),
        ("GetBucketAcl", "AccessControlPolicy", acl(f'<Grantee {XSI} xsi:type="Group"><URI>u</URI></Grantee>')),
    ],
)
def test_right(operation, root, inside):
    check(operation, root, inside)


WRONG = {
    "another root": ("GetObjectTagging", "Tags", TAGS),
    "an unknown element": ("GetObjectTagging", "Tagging", TAGS + "<More/>"),
    "an unknown element below": ("GetObjectTagging", "Tagging", TAGS.replace("Value>", "Worth>")),
    "an entry of another name": ("GetObjectTagging", "Tagging", TAGS.replace("Tag>", "member>")),
    "a required member is missing": ("GetObjectTagging", "Tagging", "<TagSet><Tag><Key>a</Key></Tag></TagSet>"),
    "nothing": ("GetObjectTagging", "Tagging", ""),
    "an element twice": ("GetObjectTagging", "Tagging", TAGS + TAGS),
    "another namespace": ("GetObjectTagging", "Tagging", TAGS.replace("<Key>", '<Key xmlns="x">')),
    "an attribute": ("GetObjectTagging", "Tagging", TAGS.replace("<Key>", '<Key a="b">')),
    "not a number": ("ListObjectsV2", "ListBucketResult", (PAGE + ENTRY).replace("<Size>1", "<Size>one")),
    "not a boolean": ("ListObjectsV2", "ListBucketResult", (PAGE + ENTRY).replace("false", "False")),
    "not a time": ("ListObjectsV2", "ListBucketResult", (PAGE + ENTRY).replace(".000Z", "Z")),
    "an unknown value": ("ListObjectsV2", "ListBucketResult", (PAGE + ENTRY).replace("STANDARD", "Standard")),
    "what S3 always sends is missing": ("ListObjectsV2", "ListBucketResult", PAGE.replace("<Prefix></Prefix>", "")),
    "prefixes before objects": ("ListObjectsV2", "ListBucketResult", PAGE + PREFIXES + ENTRY),
    "entries that are not together": ("ListObjectsV2", "ListBucketResult", PAGE + ENTRY + PREFIXES + ENTRY),
    "a name after objects": ("ListObjectsV2", "ListBucketResult", PAGE[14:] + ENTRY + PAGE[:14]),
    "an attribute is missing": ("GetBucketAcl", "AccessControlPolicy", acl("<Grantee><URI>u</URI></Grantee>")),
    "an unknown value of an attribute": (
        "GetBucketAcl", "AccessControlPolicy", acl(f'<Grantee {XSI} xsi:type="User"><ID>u</ID></Grantee>'),
    ),
    "a body where there is none": ("PutBucketCors", "CORSConfiguration", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_document(name):
    with pytest.raises(AssertionError):
        check(*WRONG[name])


@pytest.mark.parametrize(
    "headers, status",
    [
        ({"x-amz-unknown": "1"}, 200),
        ({"unknown": "1"}, 200),
        ({"x-amz-request-id": "short"}, 200),
        ({"content-type": "text/xml"}, 200),
        ({"x-amz-version-id": ""}, 200),
        ({}, 201),
    ],
)
def test_wrong_head(headers, status):
    with pytest.raises(AssertionError):
        check("GetObjectTagging", "Tagging", TAGS, headers, status)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-amz-tagging-count": "many"},
        {"x-amz-storage-class": "COLD"},
        {"last-modified": "2026-01-01"},
        {"x-amz-object-lock-retain-until-date": "Thu, 01 Jan 2026 00:00:00 GMT"},
        {"x-amz-server-side-encryption-bucket-key-enabled": "yes"},
    ],
)
def test_wrong_header_of_an_object(headers):
    with pytest.raises(AssertionError):
        strict.check_response(MODEL.operation_model("GetObject"), 200, HEADERS | headers, b"")
