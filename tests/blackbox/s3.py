"""Small helpers over boto3 that many tests share."""

import base64
import contextlib
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import botocore.exceptions
import pytest

MIB = 1 << 20


class Failure:
    """An error response: its status, code, message and headers."""

    def __init__(self, error):
        self.response = error.response
        self.status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        self.headers = error.response["ResponseMetadata"]["HTTPHeaders"]
        self.code = error.response["Error"]["Code"]
        self.message = error.response["Error"].get("Message", "")
        self.details = error.response["Error"]


@contextlib.contextmanager
def fails(status, code=None, message=None, **details):
    """The calls inside must be answered with this error; the yielded list holds it afterwards."""
    found = []
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        yield found
    failure = Failure(caught.value)
    found.append(failure)
    assert failure.status == status, failure.response
    if code is not None:
        assert failure.code == code, failure.response
    if message is not None:
        assert failure.message == message, failure.response
    for name, value in details.items():
        assert failure.details.get(name) == value, failure.response


def error_of(answer, status, code, message=None, **details):
    """The same for an answer of the raw client."""
    assert answer.status == status, str(answer)
    error = answer.error
    assert error["Code"] == code, error
    if message is not None:
        assert error["Message"] == message, error
    for name, value in details.items():
        assert error.get(name.replace("_", "-")) == value, error
    return error


def md5_hex(data):
    return hashlib.md5(data).hexdigest()


def content_md5(data):
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def etag_of(data):
    return f'"{md5_hex(data)}"'


def multipart_etag(parts):
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{md5_hex(digests)}-{len(parts)}"'


def pattern(size, seed=0):
    """`size` bytes in which every place can be told from every other, quickly made."""
    block = hashlib.shake_256(str(seed).encode()).digest(min(size, 1 << 16) or 1)
    if size <= len(block):
        return block[:size]
    stamped = bytearray()
    number = 0
    while len(stamped) < size:
        stamped += number.to_bytes(8, "big") + block
        number += 1
    return bytes(stamped[:size])


def body_of(response):
    return response["Body"].read()


def upload_multipart(client, bucket, key, parts, **create):
    """Uploads `parts` with numbers 1…, completes, and returns the completion."""
    upload = client.create_multipart_upload(Bucket=bucket, Key=key, **create)["UploadId"]
    listed = []
    for number, part in enumerate(parts, 1):
        answer = client.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=part)
        listed.append({"PartNumber": number, **part_result(answer)})
    return client.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": listed})


def part_result(answer):
    return {name: value for name, value in answer.items() if name == "ETag"}


def all_versions(client, bucket):
    """Every version and delete marker, in list order within each kind."""
    entries = []
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        entries += [{**version, "IsMarker": False} for version in page.get("Versions", [])]
        entries += [{**marker, "IsMarker": True} for marker in page.get("DeleteMarkers", [])]
    return entries


def keys_of(page):
    return [entry["Key"] for entry in page.get("Contents", [])]


def in_parallel(function, items, workers=8):
    """Results of `function(item)` in order; the first exception is raised, and what has not begun is left out."""
    pool = ThreadPoolExecutor(workers)
    try:
        return list(pool.map(function, items))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def all_at_once(functions):
    """Starts every function at the same moment; returns each one's result or exception."""
    barrier = threading.Barrier(len(functions))

    def run(function):
        barrier.wait()
        try:
            return function()
        except Exception as error:  # the caller judges it
            return error

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(run, functions))
