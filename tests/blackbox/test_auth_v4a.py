"""Signature version 4A (SIG-50 to SIG-55), made by the AWS Common Runtime."""

import hashlib

import pytest
import requests
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.crt.auth import CrtS3SigV4AsymAuth, CrtS3SigV4AsymQueryAuth
from federation import ALICE


@pytest.fixture
def signed(home):
    """Sends a request that the runtime signed for `region_set`."""

    def send(method, path, region_set="*", body=b"", presigned=False, secret=None, **headers):
        request = AWSRequest(method=method, url=home.endpoint + path, data=body, headers=headers)
        credentials = Credentials(ALICE.access_key, secret or ALICE.secret_key)
        signer = (CrtS3SigV4AsymQueryAuth if presigned else CrtS3SigV4AsymAuth)(credentials, "s3", region_set)
        if not presigned:
            request.context["payload_signing_enabled"] = True
        signer.add_auth(request)
        prepared = request.prepare()
        return requests.request(method, prepared.url, data=body, headers=dict(prepared.headers), timeout=30)

    return send


def test_sig_50_requests_signed_for_any_region_are_accepted(signed, home):
    bucket, body = home.bucket(), b"asymmetric"
    assert signed("PUT", f"/{bucket}/a%20key", body=body).status_code == 200
    for region_set in ("*", "us-east-1", "us-*", "eu-west-1,us-east-1"):
        answer = signed("GET", f"/{bucket}/a%20key", region_set)
        assert (answer.status_code, answer.content) == (200, body), answer.text
    answer = signed("GET", f"/{bucket}/a%20key", presigned=True)
    assert (answer.status_code, answer.content) == (200, body), answer.text


def test_sig_50_another_region_is_refused(signed, home):
    bucket = home.bucket()
    answer = signed("GET", f"/{bucket}/k", "eu-*")
    assert answer.status_code == 400
    assert "<Code>AuthorizationHeaderMalformed</Code>" in answer.text
    assert "<Region>us-east-1</Region>" in answer.text


def test_sig_52_a_signature_with_another_secret_is_refused(signed, home):
    bucket = home.bucket()
    answer = signed("GET", f"/{bucket}/k", secret="x" * 40)
    assert answer.status_code == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in answer.text


def test_sig_10_the_payload_is_compared_with_what_was_signed(signed, home):
    bucket = home.bucket()
    assert signed("PUT", f"/{bucket}/k", body=b"right").status_code == 200
    answer = signed("GET", f"/{bucket}/k")
    assert hashlib.sha256(answer.content).digest() == hashlib.sha256(b"right").digest()


# Buckets of another region (RGN-5)


@pytest.mark.parametrize("presigned", [False, True])
@pytest.mark.parametrize("region_set", ["*", "eu-west-1", "us-east-1,eu-*"])
def test_rgn_5_sig_50_requests_for_a_bucket_elsewhere_are_handed_on(signed, abroad, region_set, presigned):
    bucket, body = abroad.bucket(), b"elsewhere"
    abroad.client().put_object(Bucket=bucket, Key="a key", Body=body)
    answer = signed("GET", f"/{bucket}/a%20key", region_set, presigned=presigned)
    assert (answer.status_code, answer.content) == (200, body), answer.text
    if not presigned:
        assert signed("PUT", f"/{bucket}/new", region_set, body=b"new").status_code == 200
        assert abroad.client().get_object(Bucket=bucket, Key="new")["Body"].read() == b"new"


def test_rgn_5_sig_50_a_set_without_the_buckets_region_is_not_handed_on(signed, abroad):
    bucket = abroad.bucket()
    answer = signed("GET", f"/{bucket}/k", "ap-*")
    assert answer.status_code == 400, answer.text
    assert "<Code>AuthorizationHeaderMalformed</Code>" in answer.text


def test_rgn_5_sig_52_a_wrong_signature_is_refused_where_the_bucket_is(signed, abroad):
    bucket = abroad.bucket()
    answer = signed("GET", f"/{bucket}/k", secret="x" * 40)
    assert answer.status_code == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in answer.text
