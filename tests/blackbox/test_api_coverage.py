"""docs/api-coverage.md against the server: what is listed as implemented answers, what is not answers 501.

The table has a row for every operation of botocore's S3 model; `tern api-coverage` prints it.
"""

import hashlib
import re
import subprocess

import botocore.session
import pytest
from federation import REPOSITORY, tern_binary
from s3 import content_md5

DOCUMENT = REPOSITORY / "docs" / "api-coverage.md"
MODEL = botocore.session.get_session().get_service_model("s3")

# Older names of an operation, and one that only another host would tell apart (§3.1, §3.2e): no request of their own.
SAME_WIRE_FORM = {
    "GetBucketLifecycle",
    "PutBucketLifecycle",
    "GetBucketNotification",
    "PutBucketNotification",
    "ListDirectoryBuckets",
}
OPERATIONS = sorted(set(MODEL.operation_names) - SAME_WIRE_FORM)

HEADERS = {"GetObjectAttributes": {"x-amz-object-attributes": "ETag"}, "CopyObject": {"x-amz-copy-source": "/b/k"},
           "UploadPartCopy": {"x-amz-copy-source": "/b/k"}}  # fmt: skip


def rows(text):
    """Operation → state, from the table's rows."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if (
            line.startswith("|")
            and len(cells) >= 3
            and re.fullmatch(r"[A-Z][A-Za-z0-9]+", cells[0])
            and cells[0] != "Operation"
        ):
            found[cells[0]] = cells[-1]
    return found


TABLE = rows(DOCUMENT.read_text()) if DOCUMENT.exists() else {}


def is_implemented(state):
    return not re.search("not *implemented|501", state, re.IGNORECASE)


def test_the_document_is_what_the_command_prints():
    done = subprocess.run([tern_binary(), "api-coverage"], capture_output=True, text=True, check=True)
    assert done.stdout == DOCUMENT.read_text()


def test_every_operation_of_the_model_is_listed():
    assert DOCUMENT.exists()
    assert set(TABLE) >= set(OPERATIONS), sorted(set(OPERATIONS) - set(TABLE))


def target_of(operation, bucket):
    """The request of an operation, with a value for each of its parameters that the URL needs."""
    model = MODEL.operation_model(operation)
    uri = model.http["requestUri"]
    query = []
    for shape in model.input_shape.members.values() if model.input_shape else ():
        # Sub-resources that are recognised by name stand in the URI already; identifiers come as parameters.
        if shape.serialization.get("location") == "querystring" and shape.serialization["name"] in (
            "id",
            "uploadId",
            "partNumber",
        ):
            query.append(f"{shape.serialization['name']}=1")
    path, _, fixed = uri.partition("?")
    path = path.replace("{Bucket}", bucket).replace("{Key+}", "k")
    if operation == "SelectObjectContent":
        fixed = "select&select-type=2"
    return model.http["method"], path + ("?" + "&".join(filter(None, [fixed, *query])) if fixed or query else "")


@pytest.fixture(scope="module")
def sacrificed(federation):
    return federation["us-east-1"].bucket()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_operation(raw, s3, sacrificed, operation):
    """One request: its answer may be any error, but 501 exactly where the document says so."""
    s3.put_object(Bucket=sacrificed, Key="k", Body=b"v")
    method, target = target_of(operation, sacrificed)
    if operation in ("DeleteBucket", "CreateBucket"):
        target = target.replace(sacrificed, sacrificed + "-x")
    body = (
        b"<rubbish/>"
        if method in ("PUT", "POST") and operation not in ("PutObject", "UploadPart", "CopyObject")
        else b""
    )
    headers = {"content-md5": content_md5(body)} if body else {}
    headers |= HEADERS.get(operation, {})
    answer = raw.request(method, target, body=body, headers=headers, payload_hash=hashlib.sha256(body).hexdigest())
    state = TABLE.get(operation)
    assert state is not None, f"{operation} is not in {DOCUMENT}"
    if is_implemented(state):
        assert answer.status != 501, str(answer)
        assert answer.status < 500, str(answer)
    else:
        assert answer.status == 501, str(answer)
        if method != "HEAD":
            assert answer.code == "NotImplemented", str(answer)
