"""Cross-origin requests: preflights, and the headers of the requests themselves (§12.4)."""

import pytest
from s3 import error_of

ORIGIN = "https://www.example.com"
RULES = [
    {
        "AllowedOrigins": ["https://*.example.com"],
        "AllowedMethods": ["GET", "PUT"],
        "AllowedHeaders": ["x-amz-*", "Content-Type"],
        "ExposeHeaders": ["ETag", "x-amz-version-id"],
        "MaxAgeSeconds": 600,
    },
    {"AllowedOrigins": ["*"], "AllowedMethods": ["HEAD"]},
]
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
NOT_ALLOWED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)


@pytest.fixture
def shared(s3, plain_bucket):
    s3.put_bucket_cors(Bucket=plain_bucket, CORSConfiguration={"CORSRules": RULES})
    s3.put_object(Bucket=plain_bucket, Key="k", Body=b"value")
    return plain_bucket


def preflight(raw, path, origin=ORIGIN, method="GET", headers=None):
    sent = {"origin": origin, "access-control-request-method": method, "access-control-request-headers": headers}
    return raw.anonymous("OPTIONS", path, headers={name: value for name, value in sent.items() if value is not None})


def test_preflight_that_is_allowed(raw, shared):
    answer = preflight(raw, f"/{shared}/k", headers="X-Amz-Date, content-type")
    assert answer.status == 200, str(answer)
    assert answer.body == b""
    expected = {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "x-amz-date, content-type",
        "access-control-expose-headers": "ETag, x-amz-version-id",
        "access-control-max-age": "600",
        "access-control-allow-credentials": "true",
        "vary": VARY,
    }
    assert {name: answer.headers.get(name) for name in expected} == expected


def test_a_rule_for_any_origin_says_so(raw, shared):
    answer = preflight(raw, f"/{shared}", origin="http://elsewhere.test", method="HEAD")
    assert answer.status == 200, str(answer)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin, method, headers",
    [
        ("http://elsewhere.test", "GET", None),
        (ORIGIN, "DELETE", None),
        (ORIGIN, "GET", "authorization"),
        ("https://www.example.com.evil.test", "GET", None),
    ],
)
@pytest.mark.parametrize("path, resource", [("", "BUCKET"), ("/k", "OBJECT")])
def test_preflight_that_no_rule_allows(raw, shared, origin, method, headers, path, resource):
    answer = preflight(raw, f"/{shared}{path}", origin, method, headers)
    error_of(answer, 403, "AccessForbidden", NOT_ALLOWED, Method=method, ResourceType=resource)


def test_preflight_that_lacks_something(raw, shared, plain_bucket, home):
    error_of(
        raw.anonymous("OPTIONS", f"/{shared}/k"),
        400,
        "BadRequest",
        "Insufficient information. Origin request header needed.",
    )
    error_of(
        preflight(raw, f"/{shared}/k", method=None), 400, "BadRequest", "Invalid Access-Control-Request-Method: null"
    )
    error_of(
        preflight(raw, f"/{home.bucket(versioned=False)}/k"),
        403,
        "AccessForbidden",
        "CORSResponse: CORS is not enabled for this bucket.",
        ResourceType="BUCKET",
    )
    error_of(
        preflight(raw, "/no-such-bucket-anywhere/k"),
        403,
        "AccessForbidden",
        "CORSResponse: Bucket not found",
        ResourceType="BUCKET",
    )


def test_the_request_itself(raw, shared):
    answer = raw.request("GET", f"/{shared}/k", headers={"origin": ORIGIN})
    assert (answer.status, answer.body) == (200, b"value")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-expose-headers"] == "ETag, x-amz-version-id"
    assert answer.headers["vary"] == VARY
    # Errors too, whoever caused them.
    missing = raw.request("GET", f"/{shared}/missing", headers={"origin": ORIGIN})
    assert (missing.status, missing.headers["access-control-allow-origin"]) == (404, ORIGIN)
    denied = raw.anonymous("GET", f"/{shared}/k", headers={"origin": ORIGIN})
    assert (denied.status, denied.headers["access-control-allow-origin"]) == (403, ORIGIN)


def test_a_request_that_no_rule_allows_is_answered_without_the_headers(raw, shared):
    for headers in ({"origin": "http://elsewhere.test"}, {}):
        answer = raw.request("GET", f"/{shared}/k", headers=headers)
        assert answer.status == 200
        assert not [name for name in answer.headers if name.startswith("access-control") or name == "vary"]


def test_a_removed_configuration_allows_nothing(raw, s3, shared):
    s3.delete_bucket_cors(Bucket=shared)
    assert preflight(raw, f"/{shared}/k").status == 403
    answer = raw.request("GET", f"/{shared}/k", headers={"origin": ORIGIN})
    assert "access-control-allow-origin" not in answer.headers
