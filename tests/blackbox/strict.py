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
SCHEMA_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"

# Headers of §1.3 that may come with any response, and do not stand in the model.
COMMON_HEADERS = {"x-amz-request-id", "x-amz-id-2", "x-amz-bucket-region"}
# What HTTP itself may send with any success, and what CORS adds.
TRANSPORT_HEADERS = {"date", "server", "connection", "content-type", "content-length", "transfer-encoding", "vary"}

# Deprecated names of an operation, whose answers may have the headers of today's.
SAME_WIRE_FORM = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
}

# Where the status of a success is not the model's, or is one of several (§3.2).
STATUSES = {
    "GetObject": {200, 206},
    "HeadObject": {200, 206},
    "PutBucketAnalyticsConfiguration": {204},
    "PutBucketIntelligentTieringConfiguration": {204},
    "PutBucketInventoryConfiguration": {204},
    "PutBucketMetricsConfiguration": {204},
    "PutBucketPolicy": {204},
    "PutBucketTagging": {204},
    "RestoreObject": {200, 202},
}

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
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "CopyObject": "CopyObjectResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketAbac": "AbacStatus",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketAnalyticsConfiguration": "AnalyticsConfiguration",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketEncryption": "ServerSideEncryptionConfiguration",
    "GetBucketIntelligentTieringConfiguration": "IntelligentTieringConfiguration",
    "GetBucketInventoryConfiguration": "InventoryConfiguration",
    "GetBucketLifecycle": "LifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketLocation": "LocationConstraint",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketMetricsConfiguration": "MetricsConfiguration",
    "GetBucketNotification": "NotificationConfiguration",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketOwnershipControls": "OwnershipControls",
    "GetBucketPolicyStatus": "PolicyStatus",
    "GetBucketReplication": "ReplicationConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "GetObjectAcl": "AccessControlPolicy",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectLegalHold": "LegalHold",
    "GetObjectLockConfiguration": "ObjectLockConfiguration",
    "GetObjectRetention": "Retention",
    "GetObjectTagging": "Tagging",
    "GetPublicAccessBlock": "PublicAccessBlockConfiguration",
    "ListBucketAnalyticsConfigurations": "ListBucketAnalyticsConfigurationResult",
    "ListBucketIntelligentTieringConfigurations": "ListBucketIntelligentTieringConfigurationsOutput",
    "ListBucketInventoryConfigurations": "ListInventoryConfigurationsResult",
    "ListBucketMetricsConfigurations": "ListMetricsConfigurationsResult",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListParts": "ListPartsResult",
    "UploadPartCopy": "CopyPartResult",
}

# The order in which these children come, if they come; a group of several is interleaved (ERR-12). Children that are
# not named stand before the first one that is in `LAST`.
ORDERS = {
    "ListAllMyBucketsResult": ["Owner", "Buckets"],
    "GetObjectAttributesResponse": ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"],
}
LAST = {
    "ListBucketResult": [{"Contents"}, {"CommonPrefixes"}],
    "ListVersionsResult": [{"Version", "DeleteMarker"}, {"CommonPrefixes"}],
    "ListMultipartUploadsResult": [{"Upload"}, {"CommonPrefixes"}],
    "ListPartsResult": [{"Part"}],
}


def watch(client):
    client.meta.events.register("before-parse.s3", _check, unique_id="tern-strict")


def _check(operation_model, response_dict, **_):
    check_response(operation_model, response_dict["status_code"], response_dict["headers"], response_dict["body"])


def check_response(operation_model, status, headers, body):
    """The whole of a response: status, headers and, unless it is an object's bytes, the document."""
    where = f"{operation_model.name} answered {status}"
    check_common_headers(headers, where)
    if status >= 300:
        check_error(headers, body, where)
        return
    expected = STATUSES.get(operation_model.name, {operation_model.http.get("responseCode", 200)})
    assert status in expected, f"{where}, not {sorted(expected)}"
    today = SAME_WIRE_FORM.get(operation_model.name, operation_model.name)
    check_headers(operation_model.service_model.operation_model(today).output_shape, headers, where)
    if operation_model.has_streaming_output or operation_model.http["method"] == "HEAD":
        return
    if operation_model.name == "GetBucketPolicy":
        assert headers["content-type"] == "application/json", f"{where}: Content-Type {headers['content-type']}"
        return
    check_body(operation_model, headers, body, where)


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
    documented, prefixes = {}, []
    for shape in output.members.values() if output else ():
        if shape.serialization.get("location") == "header":
            documented[shape.serialization["name"].lower()] = shape
        elif shape.serialization.get("location") == "headers":
            prefixes.append(shape.serialization["name"].lower())
    for name, value in headers.items():
        lowered = name.lower()
        if lowered in documented:
            check_header_value(documented[lowered], lowered, value, where)
        elif lowered not in COMMON_HEADERS | TRANSPORT_HEADERS and not lowered.startswith("access-control-"):
            assert lowered.startswith(tuple(prefixes)), f"{where}: header {name} is not in the model"


def check_header_value(shape, name, value, where):
    described = f"{where}: {name} is {value!r}"
    kind = shape.type_name
    if name == "expires":
        return  # MET-3: the text that the client sent.
    if kind == "timestamp":
        is_iso = shape.serialization.get("timestampFormat") == "iso8601"
        assert (TIMESTAMP if is_iso else HTTP_DATE).fullmatch(value), described
    elif kind in ("integer", "long"):
        assert re.fullmatch(r"\d+", value), described
    elif kind == "boolean":
        assert value in ("true", "false"), described
    elif getattr(shape, "enum", None):
        assert value in shape.enum, f"{described}, not one of {shape.enum}"
    else:
        assert value or name in ("content-encoding", "content-language"), described


def check_body(operation_model, headers, body, where):
    output = operation_model.output_shape
    in_body = {
        name: shape
        for name, shape in (output.members.items() if output else ())
        if shape.serialization.get("location") not in ("header", "headers", "statusCode")
    }
    if not in_body:
        assert body == b"", f"{where}: a body where the model has none: {body[:200]!r}"
        # 204 has no length (RFC 9110 §8.6); every other empty success says so.
        length = None if where.endswith(" 204") else "0"
        assert headers.get("content-length") == length, f"{where}: Content-Length {headers.get('content-length')!r}"
        return
    assert headers["content-type"] == "application/xml", f"{where}: Content-Type {headers['content-type']}"
    assert body.startswith(DECLARATION), f"{where}: {body[:60]!r} at the start"
    root = ElementTree.fromstring(body)
    namespace, _, tag = root.tag.rpartition("}")
    assert namespace == "{" + NAMESPACE, f"{where}: the root's namespace is {namespace[1:]!r}"
    assert tag == ROOTS[operation_model.name], f"{where}: the root is {tag}"
    assert not root.attrib, f"{where}: attributes {root.attrib} at {tag}"
    if operation_model.name == "GetBucketLocation":
        assert len(root) == 0, f"{where}: children in LocationConstraint"
        return
    payload = output.serialization.get("payload")
    shape = output.members[payload] if payload else output
    check_structure(shape, root, where, tag)
    check_order(root, where, tag)
    present = {local(child) for child in root}
    missing = ALWAYS_PRESENT.get(operation_model.name, set()) - present
    assert not missing, f"{where}: without {sorted(missing)}: {body[:600]!r}"


def local(element):
    return element.tag.rpartition("}")[2]


def check_order(root, where, tag):
    """ERR-12: Java's SDKs depend on it."""
    children = [local(child) for child in root]
    order = [child for child in children if child in ORDERS.get(tag, ())]
    assert order == sorted(order, key=ORDERS.get(tag, []).index), f"{where}: {tag} has {order}"
    groups = LAST.get(tag, [])
    ranks = [next((rank for rank, group in enumerate(groups, 1) if child in group), 0) for child in children]
    assert ranks == sorted(ranks), f"{where}: {tag} has {children}"


def wire_members(shape):
    """Elements and attributes of a structure: name on the wire → shape; flattened lists under the name of an entry."""
    elements, attributes = {}, {}
    for name, member in shape.members.items():
        if member.serialization.get("location"):
            continue
        wire_name = member.serialization.get("name", name)
        if member.serialization.get("xmlAttribute"):
            attributes[wire_name] = member
            continue
        if is_flattened(member):
            wire_name = member.member.serialization.get("name") or wire_name
        elif wire_name in elements:
            continue  # Deprecated shapes have one `Event` beside the list of them.
        elements[wire_name] = member
    return elements, attributes


def is_flattened(shape):
    return shape.type_name == "list" and bool(shape.serialization.get("flattened"))


def attribute_name(wire_name):
    return wire_name.replace("xsi:", SCHEMA_INSTANCE)


# Two kinds of entries in one order: that of the listing, or of the request.
IN_ORDER = ("Version", "DeleteMarker", "Deleted", "Error")


def check_structure(shape, element, where, path):
    members, attributes = wire_members(shape)
    check_attributes(attributes, element, where, path)
    seen = []
    for child in element:
        tag = local(child)
        assert child.tag == "{" + NAMESPACE + "}" + tag, f"{where}: {path}/{child.tag} is not in the namespace"
        assert tag in members, f"{where}: {path}/{tag} is not in the model"
        member = members[tag]
        if is_flattened(member):
            assert tag not in seen or seen[-1] == tag or tag in IN_ORDER, (
                f"{where}: entries {path}/{tag} are not together"
            )
            check_value(member.member, child, where, f"{path}/{tag}")
        else:
            assert tag not in seen, f"{where}: {path}/{tag} twice"
            check_value(member, child, where, f"{path}/{tag}")
        seen.append(tag)
    required = {
        wire_name
        for wire_name, member in members.items()
        for name in shape.required_members
        if shape.members[name] is member
    }
    if "/" in path:
        required |= ALWAYS_IN_ENTRY.get(path.rpartition("/")[2], set())
    missing = required - set(seen)
    assert not missing, f"{where}: {path} without {sorted(missing)}"


def check_attributes(attributes, element, where, path):
    named = {attribute_name(wire_name): member for wire_name, member in attributes.items()}
    for name, value in element.attrib.items():
        assert name in named, f"{where}: attribute {name} at {path}"
        allowed = getattr(named[name], "enum", None)
        assert not allowed or value in allowed, f"{where}: attribute {name} at {path} is {value!r}"
    # ACL-5: the only attribute of S3's answers, and never left out.
    missing = set(named) - set(element.attrib)
    assert not missing, f"{where}: {path} without the attributes {sorted(missing)}"


def check_value(shape, element, where, path):
    text = element.text or ""
    kind = shape.type_name
    if kind == "structure":
        check_structure(shape, element, where, path)
    elif kind == "list":
        name = shape.member.serialization.get("name", "member")
        assert not element.attrib, f"{where}: attributes {element.attrib} at {path}"
        for child in element:
            assert child.tag == "{" + NAMESPACE + "}" + name, f"{where}: {path}/{child.tag}, not {name}"
            check_value(shape.member, child, where, f"{path}/{name}")
    else:
        assert len(element) == 0, f"{where}: children in {path}"
        assert not element.attrib, f"{where}: attributes {element.attrib} at {path}"
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
