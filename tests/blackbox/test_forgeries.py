"""Requests that somebody made of other requests, or without the right secret: none is answered (spec §2, MUST list of
identity-and-control §6.3: nobody gets in by default).

Each forgery begins as a good request, signed by the tests' own code, and is spoilt in one way. What it would read is
there, and what it would write must not be there afterwards.
"""

import contextlib
import datetime
import hashlib
import time

import pytest
from federation import ALICE, BOB, fresh_name
from signing import Chunks, Credentials, presign, presign_v2, timestamp

SECRET_BODY = b"the secret"
STREAM = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
FORGERIES = {}


class Forger:
    def __init__(self, home):
        self.home = home
        self.raw = home.raw(ALICE)
        self.client = home.client(ALICE)
        self.bucket = home.bucket()
        self.other_bucket = home.bucket()
        self.client.put_object(Bucket=self.bucket, Key="key", Body=SECRET_BODY)
        self.client.put_object(Bucket=self.bucket, Key="other", Body=SECRET_BODY)
        self.client.put_object(Bucket=self.other_bucket, Key="key", Body=SECRET_BODY)
        self.path = f"/{self.bucket}/key"
        self.new = f"/{self.bucket}/new"

    def sent(self, method, target, headers, body=b""):
        with self.raw.connect() as connection:
            connection.send_head(method, target, headers)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.send(body)
            return connection.receive(method)

    def signed(self, method="GET", target=None, **options):
        """A good request: headers with their signature, and the signature's parts."""
        headers, made = self.raw.prepare(method, target or self.path, **options)
        return {**headers, "authorization": made.header}, made


def forgery(function):
    FORGERIES[function.__name__] = function
    return function


def edit(old, new):
    """A GET whose Authorization header is changed."""

    def forged(forger):
        headers, _ = forger.signed()
        assert old in headers["authorization"]
        headers["authorization"] = headers["authorization"].replace(old, new)
        return forger.sent("GET", forger.path, headers)

    return forged


def flip(text):
    return text[:-1] + ("0" if text[-1] != "0" else "1")


# The Authorization header


@forgery
def signature_with_its_last_digit_changed(f):
    headers, made = f.signed()
    headers["authorization"] = headers["authorization"].replace(made.seed, flip(made.seed))
    return f.sent("GET", f.path, headers)


@forgery
def signature_with_its_first_digit_changed(f):
    headers, made = f.signed()
    changed = ("0" if made.seed[0] != "0" else "1") + made.seed[1:]
    headers["authorization"] = headers["authorization"].replace(made.seed, changed)
    return f.sent("GET", f.path, headers)


@forgery
def signature_cut_short(f):
    headers, _ = f.signed()
    headers["authorization"] = headers["authorization"][:-8]
    return f.sent("GET", f.path, headers)


@forgery
def signature_with_something_behind_it(f):
    headers, _ = f.signed()
    headers["authorization"] += "00"
    return f.sent("GET", f.path, headers)


@forgery
def signature_empty(f):
    headers, made = f.signed()
    headers["authorization"] = headers["authorization"].replace(made.seed, "")
    return f.sent("GET", f.path, headers)


@forgery
def signature_of_zeros(f):
    headers, made = f.signed()
    headers["authorization"] = headers["authorization"].replace(made.seed, "0" * 64)
    return f.sent("GET", f.path, headers)


@forgery
def secret_of_another_account(f):
    return f.raw.request("GET", f.path, credentials=Credentials(ALICE.access_key, BOB.secret_key))


@forgery
def secret_unknown(f):
    return f.raw.request("GET", f.path, credentials=Credentials(ALICE.access_key, "x" * 40))


@forgery
def secret_empty(f):
    return f.raw.request("GET", f.path, credentials=Credentials(ALICE.access_key, ""))


@forgery
def access_key_unknown(f):
    return f.raw.request("GET", f.path, credentials=Credentials("AKIANOBODYNOBODYNOBO", ALICE.secret_key))


@forgery
def access_key_empty(f):
    return f.raw.request("GET", f.path, credentials=Credentials("", ALICE.secret_key))


@forgery
def another_accounts_good_signature(f):
    return f.raw.request("GET", f.path, credentials=BOB.credentials)


@forgery
def access_key_put_over_a_foreign_signature(f):
    headers, _ = f.signed(credentials=BOB.credentials)
    headers["authorization"] = headers["authorization"].replace(BOB.access_key, ALICE.access_key)
    return f.sent("GET", f.path, headers)


@forgery
def no_signature(f):
    return f.raw.anonymous("GET", f.path)


@forgery
def no_signature_for_a_write(f):
    return f.raw.anonymous("PUT", f.new, body=b"x")


for name, old, new in [
    ("credential_missing", "Credential=", "Nothing="),
    ("signed_headers_missing", "SignedHeaders=", "Nothing="),
    ("signature_missing", "Signature=", "Nothing="),
    ("scope_of_another_service", "/s3/", "/ec2/"),
    ("scope_of_another_end", "aws4_request", "aws5_request"),
    ("algorithm_unknown", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"),
    ("algorithm_null", "AWS4-HMAC-SHA256", "none"),
    ("host_not_signed", "host;", ""),
    ("signed_header_that_is_not_there", "host;", "host;x-amz-acl;"),
]:
    FORGERIES[name] = edit(old, new)


@forgery
def header_of_version_2(f):
    headers, _ = f.signed()
    headers["authorization"] = f"AWS {ALICE.access_key}:{'A' * 27}="
    return f.sent("GET", f.path, headers)


@forgery
def two_authorization_headers(f):
    headers, _ = f.signed()
    return f.sent("GET", f.path, [*headers.items(), ("authorization", "AWS4-HMAC-SHA256 Credential=x")])


@forgery
def scope_of_another_region(f):
    return f.raw.request("GET", f.path, region="eu-west-1")


@forgery
def scope_of_another_day(f):
    return f.raw.request("GET", f.path, scope="20200101/us-east-1/s3/aws4_request")


@forgery
def signed_for_another_service(f):
    return f.raw.request("GET", f.path, service="iam")


# Another request with the same signature


@forgery
def reused_for_another_key(f):
    headers, _ = f.signed()
    return f.sent("GET", f"/{f.bucket}/other", headers)


@forgery
def reused_for_another_bucket(f):
    headers, _ = f.signed()
    return f.sent("GET", f"/{f.other_bucket}/key", headers)


@forgery
def reused_for_the_bucket_itself(f):
    headers, _ = f.signed()
    return f.sent("GET", f"/{f.bucket}", headers)


@forgery
def reused_for_a_delete(f):
    headers, _ = f.signed()
    return f.sent("DELETE", f.path, headers)


@forgery
def reused_for_a_put(f):
    headers, _ = f.signed("GET", f.new)
    return f.sent("PUT", f.new, {**headers, "content-length": "0"})


@forgery
def reused_with_a_subresource(f):
    headers, _ = f.signed()
    return f.sent("GET", f.path + "?acl", headers)


@forgery
def reused_with_a_response_override(f):
    headers, _ = f.signed()
    return f.sent("GET", f.path + "?response-content-type=text/html", headers)


@forgery
def reused_without_a_subresource(f):
    headers, _ = f.signed("GET", f.path + "?tagging")
    return f.sent("GET", f.path, headers)


@forgery
def reused_with_another_path_encoding(f):
    headers, _ = f.signed("GET", f"/{f.bucket}/k%65y%2F..%2Fkey")
    return f.sent("GET", f.path, headers)


@forgery
def reused_on_another_host(f):
    headers, _ = f.signed()
    return f.sent("GET", f.path, {**headers, "host": "localhost:1"})


@forgery
def reused_in_another_region(f):
    abroad = f.home.federation["eu-west-1"]
    bucket = abroad.bucket()
    abroad.client(ALICE).put_object(Bucket=bucket, Key="key", Body=SECRET_BODY)
    headers, _ = f.signed("GET", f"/{bucket}/key", headers={"host": f"127.0.0.1:{abroad.port}"})
    answer = None
    with abroad.raw().connect() as connection:
        connection.send_head("GET", f"/{bucket}/key", headers)
        answer = connection.receive()
    # A redirect to the right region is no answer to the forgery.
    return answer


# Headers and time


@forgery
def signed_header_changed(f):
    headers, _ = f.signed("PUT", f.new, headers={"x-amz-storage-class": "STANDARD"}, body=b"x")
    return f.sent("PUT", f.new, {**headers, "x-amz-storage-class": "GLACIER"}, b"x")


@forgery
def signed_header_removed(f):
    headers, _ = f.signed("PUT", f.new, headers={"x-amz-meta-a": "1"}, body=b"x")
    del headers["x-amz-meta-a"]
    return f.sent("PUT", f.new, headers, b"x")


@forgery
def amz_header_added(f):
    headers, _ = f.signed("PUT", f.new, body=b"x")
    return f.sent("PUT", f.new, {**headers, "x-amz-acl": "public-read"}, b"x")


@forgery
def copy_source_added(f):
    headers, _ = f.signed("PUT", f.new)
    return f.sent("PUT", f.new, {**headers, "x-amz-copy-source": f.path})


@forgery
def date_changed(f):
    headers, _ = f.signed()
    moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=1)
    return f.sent("GET", f.path, {**headers, "x-amz-date": timestamp(moment)})


def shifted(**delta):
    def forged(f):
        moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(**delta)
        return f.raw.request("GET", f.path, amz_date=timestamp(moment))

    return forged


FORGERIES["recorded_twenty_minutes_ago"] = shifted(minutes=-20)
FORGERIES["recorded_yesterday"] = shifted(days=-1)
FORGERIES["dated_twenty_minutes_ahead"] = shifted(minutes=20)


@forgery
def date_missing(f):
    headers, _ = f.signed()
    del headers["x-amz-date"]
    return f.sent("GET", f.path, headers)


# Bodies


@forgery
def body_changed(f):
    headers, _ = f.signed("PUT", f.new, body=b"good")
    return f.sent("PUT", f.new, headers, b"evil")


@forgery
def body_changed_and_its_hash_too(f):
    headers, _ = f.signed("PUT", f.new, body=b"good")
    return f.sent("PUT", f.new, {**headers, "x-amz-content-sha256": hashlib.sha256(b"evil").hexdigest()}, b"evil")


@forgery
def body_hash_made_unsigned(f):
    headers, _ = f.signed("PUT", f.new, body=b"good")
    return f.sent("PUT", f.new, {**headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, b"evil")


@forgery
def body_hash_missing(f):
    headers, _ = f.signed("PUT", f.new, body=b"good")
    del headers["x-amz-content-sha256"]
    return f.sent("PUT", f.new, headers, b"good")


@forgery
def body_put_under_a_get(f):
    headers, _ = f.signed("PUT", f.new, body=b"")
    return f.sent("PUT", f.new, {**headers, "content-length": "4"}, b"evil")


def stream(spoil):
    def forged(f):
        chunk = b"a" * 8192
        headers = {"x-amz-decoded-content-length": str(2 * len(chunk)), "content-encoding": "aws-chunked"}
        send, made = f.raw.prepare("PUT", f.new, headers=headers, payload_hash=STREAM, content_length=False)
        body = spoil(f, made, chunk)
        send = {**send, "authorization": made.header, "content-length": str(len(body))}
        return f.sent("PUT", f.new, send, body)

    return forged


def encoded(made, *parts):
    chunks = Chunks(made)
    return [chunks.chunk(part) for part in parts], chunks


@forgery
def chunk_with_a_wrong_signature(f):
    def spoil(_, made, chunk):
        chunks = Chunks(made)
        return chunks.chunk(chunk) + chunks.chunk(chunk, spoil=True) + chunks.end()

    return stream(spoil)(f)


@forgery
def chunk_with_other_bytes(f):
    def spoil(_, made, chunk):
        (one, two), chunks = encoded(made, chunk, chunk)
        return one + two.replace(b"a" * 100, b"b" * 100) + chunks.end()

    return stream(spoil)(f)


@forgery
def chunks_in_another_order(f):
    def spoil(_, made, chunk):
        (one, two), chunks = encoded(made, chunk, b"b" * len(chunk))
        return two + one + chunks.end()

    return stream(spoil)(f)


@forgery
def chunk_repeated(f):
    def spoil(_, made, chunk):
        (one, _two), chunks = encoded(made, chunk, chunk)
        return one + one + chunks.end()

    return stream(spoil)(f)


@forgery
def last_chunk_with_a_wrong_signature(f):
    def spoil(_, made, chunk):
        (one, two), chunks = encoded(made, chunk, chunk)
        chunks.previous = "0" * 64
        return one + two + chunks.end()

    return stream(spoil)(f)


@forgery
def chunks_of_another_request(f):
    def spoil(forger, _, chunk):
        _, other = forger.raw.prepare("PUT", f"/{forger.bucket}/else", payload_hash=STREAM)
        parts, chunks = encoded(other, chunk, chunk)
        return b"".join(parts) + chunks.end()

    return stream(spoil)(f)


@forgery
def chunks_without_signatures(f):
    def spoil(_, made, chunk):
        chunks = Chunks(made, signed=False)
        return chunks.chunk(chunk) + chunks.chunk(chunk) + chunks.end()

    return stream(spoil)(f)


# Presigned URLs


def url(method="GET", path=None, credentials=ALICE.credentials, change=lambda target: target, **options):
    def forged(f):
        target = presign(credentials, "us-east-1", method, path or f.path, f.raw.host_header, **options)
        return f.sent(method, change(target), {"host": f.raw.host_header})

    return forged


def moved(**delta):
    return timestamp(datetime.datetime.now(datetime.UTC) + datetime.timedelta(**delta))


def replaced(name, value):
    def change(target):
        path, _, query = target.partition("?")
        pairs = [pair.partition("=")[::2] for pair in query.split("&")]
        assert name in dict(pairs)
        return path + "?" + "&".join(f"{key}={value if key == name else old}" for key, old in pairs)

    return change


FORGERIES["url_expired"] = lambda f: url(amz_date=moved(minutes=-10), expires=60)(f)
FORGERIES["url_not_valid_yet"] = lambda f: url(amz_date=moved(minutes=30))(f)
FORGERIES["url_with_a_longer_life"] = url(change=replaced("X-Amz-Expires", "604800"))
FORGERIES["url_valid_for_ever"] = url(expires=10_000_000)
FORGERIES["url_with_a_negative_life"] = url(expires=-1)
FORGERIES["url_with_another_date"] = lambda f: url(change=replaced("X-Amz-Date", moved(seconds=-30)))(f)
FORGERIES["url_with_another_credential"] = url(
    change=lambda target: target.replace(ALICE.access_key, BOB.access_key)
)
FORGERIES["url_of_another_secret"] = url(credentials=Credentials(ALICE.access_key, BOB.secret_key))
FORGERIES["url_for_another_key"] = url(change=lambda target: target.replace("/key?", "/other?"))
FORGERIES["url_with_an_override_added"] = url(change=lambda target: target + "&response-content-type=text/html")
FORGERIES["url_with_a_subresource_added"] = url(change=lambda target: target + "&tagging")
FORGERIES["url_with_a_wrong_signature"] = url(change=flip)
FORGERIES["url_with_two_signatures"] = url(change=lambda target: target + "&X-Amz-Signature=" + "0" * 64)
FORGERIES["url_without_its_signature"] = url(change=lambda target: target.partition("&X-Amz-Signature")[0])
FORGERIES["url_that_signs_no_host"] = url(changes={"X-Amz-SignedHeaders": "x-amz-date"})


@forgery
def url_used_with_another_method(f):
    target = presign(ALICE.credentials, "us-east-1", "GET", f.path, f.raw.host_header)
    return f.sent("DELETE", target, {"host": f.raw.host_header})


@forgery
def url_that_needs_a_header_without_it(f):
    target = presign(
        ALICE.credentials, "us-east-1", "PUT", f.new, f.raw.host_header, headers={"x-amz-meta-needed": "1"}
    )
    return f.sent("PUT", target, {"host": f.raw.host_header, "content-length": "0"})


@forgery
def url_and_header_at_once(f):
    target = presign(ALICE.credentials, "us-east-1", "GET", f.path, f.raw.host_header)
    headers, _ = f.signed("GET", target)
    return f.sent("GET", target, headers)


def url_v2(method="GET", path=None, sent_method=None, change=lambda target: target, lifetime=300):
    def forged(f):
        target = presign_v2(ALICE.credentials, method, path or f.path, expires_at=int(time.time()) + lifetime)
        return f.sent(sent_method or method, change(target), {"host": f.raw.host_header})

    return forged


FORGERIES["old_url_expired"] = url_v2(lifetime=-10)
FORGERIES["old_url_for_another_key"] = url_v2(change=lambda target: target.replace("/key?", "/other?"))
FORGERIES["old_url_with_a_subresource_added"] = url_v2(change=lambda target: target + "&acl")
FORGERIES["old_url_used_with_another_method"] = url_v2(sent_method="DELETE")
FORGERIES["old_url_with_another_access_key"] = url_v2(
    change=lambda target: target.replace(ALICE.access_key, BOB.access_key)
)


@forgery
def old_url_with_a_longer_life(f):
    expires = int(time.time()) - 10
    target = presign_v2(ALICE.credentials, "GET", f.path, expires_at=expires)
    return f.sent("GET", target.replace(str(expires), str(expires + 1000)), {"host": f.raw.host_header})


# Sessions


def session_of(f, account=ALICE):
    made = f.home.service("sts", account).get_session_token(DurationSeconds=900)["Credentials"]
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"]), made["SessionToken"]


@forgery
def session_without_its_token(f):
    credentials, _ = session_of(f)
    return f.raw.request("GET", f.path, credentials=credentials)


@forgery
def session_with_the_token_of_another(f):
    credentials, _ = session_of(f)
    _, token = session_of(f)
    return f.raw.request("GET", f.path, credentials=credentials, headers={"x-amz-security-token": token})


@forgery
def session_with_a_damaged_token(f):
    credentials, token = session_of(f)
    damaged = token[:60] + ("A" if token[60] != "A" else "B") + token[61:]
    return f.raw.request("GET", f.path, credentials=credentials, headers={"x-amz-security-token": damaged})


@forgery
def session_with_an_unsigned_token(f):
    credentials, token = session_of(f)
    return f.raw.request("GET", f.path, credentials=credentials, unsigned_headers={"x-amz-security-token": token})


@forgery
def token_with_a_lasting_key(f):
    _, token = session_of(f)
    return f.raw.request("GET", f.path, headers={"x-amz-security-token": token})


@forgery
def session_of_another_account(f):
    credentials, token = session_of(f, BOB)
    return f.raw.request("GET", f.path, credentials=credentials, headers={"x-amz-security-token": token})


# Requests between regions


@forgery
def request_of_a_region_with_a_clients_key(f):
    return f.raw.request("GET", "/_tern/v1/status")


@forgery
def request_of_a_region_without_a_signature(f):
    return f.raw.anonymous("GET", f"/_tern/v1/source?bucket={f.bucket}&key=key")


@forgery
def request_that_says_it_was_forwarded(f):
    return f.raw.anonymous(
        "GET", f.path, headers={"x-tern-forwarded-by": "eu-west-1", "x-tern-forwarded-for": "secure 127.0.0.1 " + "0" * 64}
    )


def control(service, **options):
    def forged(f):
        body = b"Action=GetCallerIdentity&Version=2011-06-15"
        headers = {"content-type": "application/x-www-form-urlencoded"}
        send, made = f.raw.prepare("POST", "/", headers=headers, body=options.get("signed", body), service=service)
        send["authorization"] = made.header
        send["content-length"] = str(len(body))
        return f.sent("POST", "/", {**send, **options.get("changes", {})}, body)

    return forged


FORGERIES["identity_question_with_another_body"] = control("sts", signed=b"Action=Other&Version=2011-06-15")
FORGERIES["identity_question_with_an_unsigned_body"] = control(
    "sts", changes={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
)
FORGERIES["identity_question_signed_for_another_service"] = control("rds")


@pytest.fixture(scope="module")
def forger(federation):
    return Forger(federation["us-east-1"])


def test_the_list_is_long_enough():
    assert len(FORGERIES) >= 60


@pytest.mark.parametrize("name", FORGERIES)
def test_forgery(name, forger):
    answer = FORGERIES[name](forger)
    assert answer.status in (400, 403, 301, 405), str(answer)
    assert SECRET_BODY not in answer.body
    keys = {entry["Key"] for entry in forger.client.list_objects_v2(Bucket=forger.bucket)["Contents"]}
    assert keys == {"key", "other"}, "a forgery wrote or deleted something"
    versions = forger.client.list_object_versions(Bucket=forger.bucket)
    assert len(versions["Versions"]) == 2 and "DeleteMarkers" not in versions


def test_the_good_request_is_answered(forger):
    """Without which the list above would prove nothing."""
    assert forger.raw.request("GET", forger.path).body == SECRET_BODY
    assert url()(forger).body == SECRET_BODY
    assert url_v2()(forger).body == SECRET_BODY
    credentials, token = session_of(forger)
    headers = {"x-amz-security-token": token}
    assert forger.raw.request("GET", forger.path, credentials=credentials, headers=headers).body == SECRET_BODY
    assert control("sts")(forger).status == 200
