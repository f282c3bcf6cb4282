"""Compares every response that a client receives with the service model: no unknown element, header or value.

SDKs are lenient: they skip what they do not know and leave out what is missing. A server that misspells an element
looks fine until a stricter client comes. So each boto3 client of the suite is watched by this module.
"""

import re
import xml.etree.ElementTree as ElementTree

from signing import parse_error

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z")
HTTP_DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
REQUEST_ID = re.compile(r"[0-9A-Z]{16}")

# Headers of §1.3 that may come with any response, and do not stand in the model.
COMMON_HEADERS = {"x-amz-request-id", "x-amz-id-2", "x-amz-bucket-region"}

# Members without which a response of the operation is wrong, whatever the request was.
ALWAYS_PRESENT = {
    "ListBuckets": {"Owner", "Buckets"},
    "ListObjects": {"Name", "Prefix", "Marker", "MaxKeys", "IsTruncated"},
    "ListObjectsV2": {"Name", "Prefix", "MaxKeys", "IsTruncated", "KeyCount"},
    "ListObjectVersions": {"Name", "Prefix", "KeyMarker", "VersionIdMarker", "MaxKeys", "IsTruncated"},
    "ListMultipartUploads": {
        "Bucket",
        "KeyMarker",
        "UploadIdMarker",
        "NextKeyMarker",
        "NextUploadIdMarker",
        "MaxUploads",
        "IsTruncated",
    },
    "ListParts": {
        "Bucket",
        "Key",
        "UploadId",
        "Initiator",
        "Owner",
        "StorageClass",
        "PartNumberMarker",
        "NextPartNumberMarker",
        "MaxParts",
        "IsTruncated",
    },
    "CreateMultipartUpload": {"Bucket", "Key", "UploadId"},
    "CompleteMultipartUpload": {"Location", "Bucket", "Key", "ETag", "ChecksumType"},
    "CopyObject": {"LastModified", "ETag", "ChecksumType"},
    "UploadPartCopy": {"LastModified", "ETag"},
    "GetObjectTagging": {"TagSet"},
    "GetBucketTagging": {"TagSet"},
    "GetBucketReplication": {"Role", "Rule"},
}

# The same for entries of lists.
ALWAYS_IN_ENTRY = {
    "Contents": {"Key", "LastModified", "ETag", "Size", "StorageClass"},
    "Version": {"Key", "VersionId", "IsLatest", "LastModified", "ETag", "Size", "StorageClass", "Owner"},
    "DeleteMarker": {"Key", "VersionId", "IsLatest", "LastModified", "Owner"},
    "Upload": {"UploadId", "Key", "Initiated", "StorageClass", "Owner", "Initiator"},
    "Bucket": {"Name", "CreationDate"},
}

ROOTS = {
    "ListBuckets": "ListAllMyBucketsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListParts": "ListPartsResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "CopyObject": "CopyObjectResult",
    "UploadPartCopy": "CopyPartResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketReplication": "ReplicationConfiguration",
    "GetBucketLocation": "LocationConstraint",
    "GetObjectTagging": "Tagging",
    "GetBucketTagging": "Tagging",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectAcl": "AccessControlPolicy",
    "GetBucketAcl": "AccessControlPolicy",
}


def watch(client):
    client.meta.events.register("before-parse.s3", _check, unique_id="tern-strict")


def _check(operation_model, response_dict, **_):
    status, headers = response_dict["status_code"], response_dict["headers"]
    where = f"{operation_model.name} answered {status}"
    check_common_headers(headers, where)
    if status >= 300:
        check_error(headers, response_dict["body"], where)
        return
    output = operation_model.output_shape
    check_headers(output, headers, where)
    if operation_model.has_streaming_output or operation_model.name == "GetBucketPolicy":
        return
    check_body(operation_model, headers, response_dict["body"], where)


def check_common_headers(headers, where):
    request_id = headers.get("x-amz-request-id", "")
    assert REQUEST_ID.fullmatch(request_id), f"{where}: x-amz-request-id is {request_id!r}"
    assert headers.get("x-amz-id-2"), f"{where}: no x-amz-id-2"
    assert HTTP_DATE.fullmatch(headers.get("date", "")), f"{where}: Date is {headers.get('date')!r}"


def check_error(headers, body, where):
    if not body:
        return  # HEAD and 304
    error = parse_error(body)
    assert error["RequestId"] == headers["x-amz-request-id"], f"{where}: RequestId differs from the header"
    assert error["HostId"] == headers["x-amz-id-2"], f"{where}: HostId differs from the header"
    assert headers["content-type"] == "application/xml", f"{where}: Content-Type {headers['content-type']}"


def check_headers(output, headers, where):
    allowed = set(COMMON_HEADERS)
    for shape in output.members.values() if output else ():
        if shape.serialization.get("location") == "header":
            allowed.add(shape.serialization["name"].lower())
    for name in headers:
        lowered = name.lower()
        if lowered.startswith("x-amz-") and not lowered.startswith("x-amz-meta-"):
            assert lowered in allowed, f"{where}: header {name} is not in the model"


def check_body(operation_model, headers, body, where):
    output = operation_model.output_shape
    in_body = {
        name: shape
        for name, shape in (output.members.items() if output else ())
        if shape.serialization.get("location") not in ("header", "headers", "statusCode")
    }
    if not in_body:
        assert body == b"", f"{where}: a body where the model has none: {body[:200]!r}"
        return
    assert headers["content-type"] == "application/xml", f"{where}: Content-Type {headers['content-type']}"
    assert body.startswith(DECLARATION), f"{where}: {body[:60]!r} at the start"
    root = ElementTree.fromstring(body)
    namespace, _, tag = root.tag.rpartition("}")
    assert namespace == "{" + NAMESPACE, f"{where}: the root's namespace is {namespace[1:]!r}"
    expected = ROOTS.get(operation_model.name)
    if expected:
        assert tag == expected, f"{where}: the root is {tag}"
    if operation_model.name == "GetBucketLocation":
        assert len(root) == 0, f"{where}: children in LocationConstraint"
        return
    payload = output.serialization.get("payload")
    shape = output.members[payload] if payload else output
    check_structure(shape, root, where, tag)
    present = {local(child) for child in root}
    missing = ALWAYS_PRESENT.get(operation_model.name, set()) - present
    assert not missing, f"{where}: without {sorted(missing)}: {body[:600]!r}"


def local(element):
    return element.tag.rpartition("}")[2]


def check_structure(shape, element, where, path):
    members, attributes = {}, set()
    for name, member in shape.members.items():
        if member.serialization.get("location"):
            continue
        wire_name = member.serialization.get("name", name)
        if member.serialization.get("xmlAttribute"):
            attributes.add(wire_name)
            continue
        if member.type_name == "list" and member.serialization.get("flattened"):
            wire_name = member.member.serialization.get("name") or wire_name
        members[wire_name] = member
    if not attributes:
        assert not element.attrib, f"{where}: attributes {element.attrib} at {path}"
    seen = {}
    for child in element:
        tag = local(child)
        assert child.tag == "{" + NAMESPACE + "}" + tag, f"{where}: {path}/{child.tag} is not in the namespace"
        assert tag in members, f"{where}: {path}/{tag} is not in the model"
        member = members[tag]
        if member.type_name == "list" and member.serialization.get("flattened"):
            check_value(member.member, child, where, f"{path}/{tag}")
        else:
            assert tag not in seen, f"{where}: {path}/{tag} twice"
            check_value(member, child, where, f"{path}/{tag}")
        seen[tag] = True
    required = ALWAYS_IN_ENTRY.get(path.rpartition("/")[2], set()) if "/" in path else set()
    missing = required - set(seen)
    assert not missing, f"{where}: {path} without {sorted(missing)}"


def check_value(shape, element, where, path):
    text = element.text or ""
    kind = shape.type_name
    if kind == "structure":
        check_structure(shape, element, where, path)
    elif kind == "list":
        name = shape.member.serialization.get("name", "member")
        for child in element:
            assert local(child) == name, f"{where}: {path}/{local(child)}, not {name}"
            check_value(shape.member, child, where, f"{path}/{name}")
    else:
        assert len(element) == 0, f"{where}: children in {path}"
        if kind == "timestamp":
            assert TIMESTAMP.fullmatch(text), f"{where}: {path} is {text!r}"
        elif kind in ("integer", "long"):
            assert re.fullmatch(r"-?\d+", text), f"{where}: {path} is {text!r}"
        elif kind == "boolean":
            assert text in ("true", "false"), f"{where}: {path} is {text!r}"
        elif path.endswith("Version/StorageClass"):
            pass  # The model's enumeration has STANDARD only; S3 sends the version's class.
        elif path.endswith("FilterRule/Name"):
            assert text in ("Prefix", "Suffix"), f"{where}: {path} is {text!r}"  # S3's own case (NTF-1).
        elif kind == "string" and getattr(shape, "enum", None):
            assert text in shape.enum, f"{where}: {path} is {text!r}, not one of {shape.enum}"
