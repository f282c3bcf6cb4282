"""Writes botocore.txt: requests signed by botocore, which the tests verify.

Run it as `python3 generate.py > botocore.txt`; the output is always the same for one version of botocore. A record is a
few lines `word value`, and ends with an empty line.
"""

import datetime
import random
from unittest import mock

import boto3
import botocore.auth
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials

ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
NOW = datetime.datetime(2026, 3, 14, 15, 9, 26, tzinfo=datetime.timezone.utc)

KEYS = [
    "plain.txt", "with space", "plus+sign", "per%cent", "per%2Fcent", "a//b", "a/../b", "./x", "trailing/", "~tilde~",
    "st*r", "ünïcödé/日本語", "😀 smile", "q?mark", "h#sh", "a&b=c", "semi;colon:colon", "quo'te\"s", "br[a]c{k}ets",
    "comma,at@dollar$", "back\\slash", "pipe|caret^`", "(paren)!", "%", "a" * 300,
]


class Raw:
    def stream(self, **kwargs):
        return iter(())

    def read(self, *args):
        return b""


def record(kind, method, url, headers, bucket=None, body=None):
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    print("kind", kind)
    print("method", method)
    print("target", parts.path + ("?" + parts.query if parts.query else ""))
    if bucket:
        print("bucket", bucket)
    if body:
        print("body", body)
    names = {name.lower() for name in headers}
    if "host" not in names:
        print("header host:" + parts.netloc)
    for name, value in headers.items():
        if name.lower() in ("user-agent", "amz-sdk-invocation-id", "amz-sdk-request"):
            continue  # Not signed, and different in each run.
        if isinstance(value, bytes):
            value = value.decode("utf-8")
        print(f"header {name.lower()}:{value}")
    print()


def client(**options):
    session = boto3.session.Session()
    config = Config(**options.pop("config", {}))
    made = session.client(
        "s3", aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET, region_name="us-east-1", config=config, **options)

    def send(request, **kwargs):
        headers = dict(request.headers.items())
        headers.pop("Expect", None)
        record("v4-header", request.method, request.url, headers)
        return AWSResponse(request.url, 200, {"ETag": '"x"'}, Raw())

    made.meta.events.register("before-send.s3", send)
    return made


def perform(call, **arguments):
    try:
        call(**arguments)
    except Exception:  # The answers are empty; only the requests matter.
        pass


def main():
    chance = random.Random(20260314)
    plain = client(endpoint_url="http://127.0.0.1:5600", config={"s3": {"addressing_style": "path"}})
    secure = client(endpoint_url="https://s3.us-east-1.tern.example", config={"s3": {"addressing_style": "virtual"}})
    for key in KEYS:
        perform(plain.put_object, Bucket="bucket", Key=key, Body=b"hello", Metadata={"Foo": "two  spaces ", "b": "1"})
        perform(secure.get_object, Bucket="bucket", Key=key, Range="bytes=0-9")
    perform(secure.put_object, Bucket="bucket", Key="streamed", Body=b"x" * 100, ContentType="text/plain")
    perform(plain.list_objects_v2, Bucket="bucket", Prefix="a b/ü+", Delimiter="/", StartAfter="~*%")
    perform(plain.list_object_versions, Bucket="bucket", KeyMarker="k&=", VersionIdMarker="v")
    perform(plain.list_buckets)
    perform(plain.put_bucket_versioning, Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    perform(plain.copy_object, Bucket="bucket", Key="to", CopySource={"Bucket": "b", "Key": "fröm here+", "VersionId": "1"})
    perform(plain.delete_objects, Bucket="bucket", Delete={"Objects": [{"Key": "a"}]})

    # Queries that no client makes, but a signature must survive.
    alphabet = ["a", "B", "9", " ", "+", "%", "/", "*", "~", "=", "&", "é", "-", "_", ".", ":", "日"]
    from urllib.parse import quote

    def text():
        return "".join(chance.choice(alphabet) for _ in range(chance.randrange(0, 9)))

    for number in range(20):
        pairs = [(quote("p" + text(), safe="-_.~"), quote(text(), safe="-_.~")) for _ in range(chance.randrange(0, 6))]
        pairs += [pairs[0]] if pairs and number % 3 == 0 else []
        query = "&".join(name + "=" + value for name, value in pairs)
        path = "/bucket/" + quote(text(), safe="/~-_.")
        url = "http://localhost:9000" + path + ("?" + query if query else "")
        request = AWSRequest(method=chance.choice(["GET", "DELETE", "POST"]), url=url, headers={"X-Amz-Meta-N": f"a {number}  b"})
        if number % 2 == 0:
            S3SigV4Auth(Credentials(ACCESS_KEY, SECRET, "token/+=" if number % 4 == 0 else None), "s3", "us-east-1").add_auth(request)
            record("v4-header", request.method, url, dict(request.headers.items()))
        else:
            credentials = Credentials(ACCESS_KEY, SECRET, "token/+=" if number % 3 == 1 else None)
            S3SigV4QueryAuth(credentials, "s3", "us-east-1", expires=600).add_auth(request)
            record("v4-query", request.method, request.url, {"X-Amz-Meta-N": f"a {number}  b"})

    # A service that is told the digest of the body by nothing but the body.
    body = "Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest(method="POST", url="http://localhost:9000/", data=body, headers={"Content-Type": "text/plain"})
    SigV4Auth(Credentials(ACCESS_KEY, SECRET), "sts", "us-east-1").add_auth(request)
    record("v4-sts", "POST", request.url, dict(request.headers.items()), body=body)

    for style in ["path", "virtual"]:
        for version, kind in [("s3v4", "v4-query"), ("s3", "v2-query")]:
            presigner = client(
                endpoint_url="http://tern.example:9000",
                config={"signature_version": version, "s3": {"addressing_style": style}})
            bucket = "bucket" if style == "virtual" else None
            for method, operation, arguments in [
                ("GET", "get_object", {"Bucket": "bucket", "Key": chance.choice(KEYS)}),
                ("GET", "get_object", {
                    "Bucket": "bucket", "Key": "a b+ü", "ResponseContentDisposition": 'attachment; filename="ü x.txt"',
                    "ResponseContentType": "text/plain", "VersionId": "v+1/x"}),
                ("PUT", "put_object", {"Bucket": "bucket", "Key": "k", "StorageClass": "STANDARD_IA"}),
                ("PUT", "upload_part", {"Bucket": "bucket", "Key": "~k", "UploadId": "u+/=", "PartNumber": 3}),
                ("GET", "list_objects", {"Bucket": "bucket", "Prefix": "x y"}),
                ("GET", "get_bucket_acl", {"Bucket": "bucket"}),
            ]:
                url = presigner.generate_presigned_url(operation, Params=arguments, ExpiresIn=3600)
                headers = {}
                if operation == "put_object" and version == "s3v4":
                    headers = {"x-amz-storage-class": "STANDARD_IA"}
                record(kind, method, url, headers, bucket)


if __name__ == "__main__":
    with mock.patch.object(botocore.auth, "get_current_datetime", lambda: NOW.replace(tzinfo=None)), \
         mock.patch("time.time", lambda: NOW.timestamp()):
        main()
