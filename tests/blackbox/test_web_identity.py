"""AssumeRoleWithWebIdentity (identity-and-control §4): tokens of an issuer of our own, over HTTPS."""

import base64
import http.server
import json
import re
import ssl
import subprocess
import threading
import time
import urllib.parse

import botocore.config
import botocore.exceptions
import clients
import pytest
import requests
from botocore import UNSIGNED
from federation import ALICE, BOB, Federation, fresh_name, policy
from s3 import body_of, fails
from tls import Authority, openssl
from waiting import eventually

ISSUER = "login.tern.example/tenant"
CLIENT = "the-client"


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


class Key:
    """A key of an issuer, made by openssl."""

    def __init__(self, directory, algorithm, identifier):
        self.algorithm, self.id = algorithm, identifier
        self.path = directory / f"{identifier}.pem"
        if algorithm == "RS256":
            openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.path)
        else:
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.path)

    @property
    def public(self):
        common = {"kid": self.id, "use": "sig", "alg": self.algorithm}
        if self.algorithm == "RS256":
            modulus = openssl("rsa", "-in", self.path, "-noout", "-modulus").strip().partition("=")[2]
            return {**common, "kty": "RSA", "n": encode(bytes.fromhex(modulus)), "e": encode(unsigned(65537))}
        text = openssl("ec", "-in", self.path, "-pubout", "-text", "-noout")
        point = bytes.fromhex(re.sub(r"[\s:]", "", re.search(r"pub:([\s0-9a-f:]+)", text).group(1)))
        return {**common, "kty": "EC", "crv": "P-256", "x": encode(point[1:33]), "y": encode(point[33:])}

    def sign(self, data):
        done = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", str(self.path)], input=data, capture_output=True, check=True
        )
        if self.algorithm == "RS256":
            return done.stdout
        # DER of two integers.
        numbers, rest = [], done.stdout[2:]
        for _ in range(2):
            length = rest[1]
            numbers.append(int.from_bytes(rest[2 : 2 + length], "big"))
            rest = rest[2 + length :]
        return b"".join(number.to_bytes(32, "big") for number in numbers)


class Issuer:
    """A provider of OpenID Connect: its documents over HTTPS, and the tokens that it makes."""

    def __init__(self, directory):
        self.authority = Authority(directory)
        certificate, key = directory / "issuer.crt", directory / "issuer.key"
        self.authority.issue(certificate, key)
        self.keys = [Key(directory, "RS256", "rsa"), Key(directory, "ES256", "ec")]
        self.asked = []
        self.documents = {}
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked.append(self.path)
                document = issuer.documents.get(self.path)
                self.send_response(200 if document else 404)
                body = json.dumps(document or {}).encode()
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.publish()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def publish(self, **changes):
        url = f"https://{ISSUER}"
        self.documents = {
            "/tenant/.well-known/openid-configuration": {"issuer": url, "jwks_uri": f"{url}/keys", **changes},
            "/tenant/keys": {"keys": [key.public for key in self.keys]},
        }

    def token(self, key=None, *, header=None, **claims):
        now = int(time.time())
        key = key or self.keys[0]
        head = {"alg": key.algorithm, "kid": key.id, "typ": "JWT", **(header or {})}
        body = {"iss": f"https://{ISSUER}", "sub": "somebody", "aud": CLIENT, "iat": now, "exp": now + 600, **claims}
        body = {name: value for name, value in body.items() if value is not None}
        signed = f"{encode(json.dumps(head).encode())}.{encode(json.dumps(body).encode())}"
        return f"{signed}.{encode(key.sign(signed.encode()))}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def issuer(workspace):
    directory = workspace / "issuer"
    directory.mkdir()
    issuer = Issuer(directory)
    yield issuer
    issuer.stop()


@pytest.fixture(scope="module")
def regions(workspace, issuer):
    federation = Federation(workspace / "web identity")
    try:
        federation.start()
        for region in federation.regions:
            region.audit = federation.directory / f"{region.name}.audit"
            region.config_path.write_text(
                region.config_path.read_text()
                + f'web_identity:\n  ca_file: "{issuer.authority.certificate}"\n  issuers:\n'
                + f'    - host: "{ISSUER.partition("/")[0]}"\n      endpoint: "https://127.0.0.1:{issuer.port}"\n'
                + f'audit:\n  file: "{region.audit}"\n'
            )
            region.terminate()
            region.start()
        home = federation.regions[0]
        home.service("iam").create_open_id_connect_provider(
            Url=f"https://{ISSUER}", ClientIDList=[CLIENT, "another"], ThumbprintList=["0" * 40]
        )
        yield federation
    finally:
        federation.stop()


@pytest.fixture
def region(regions):
    return regions["us-east-1"]


PROVIDER = f"arn:aws:iam::{ALICE.id}:oidc-provider/{ISSUER}"


def trust(provider=PROVIDER, action="sts:AssumeRoleWithWebIdentity", **conditions):
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": action}
    if conditions:
        statement["Condition"] = {"StringEquals": conditions}
    return statement


def make_role(region, *statements, rights="s3:*"):
    """The ARN of a role with a trust policy of these statements."""
    iam, name = region.service("iam"), fresh_name("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(*statements))
    allow = {"Effect": "Allow", "Action": rights, "Resource": "*"}
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(allow))
    return f"arn:aws:iam::{ALICE.id}:role/{name}"


def assume(region, role, token, **more):
    sts = clients.client(
        "sts", endpoint_url=region.endpoint, region_name=region.name,
        config=botocore.config.Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )  # fmt: skip
    return sts.assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="session", WebIdentityToken=token, **more
    )


def client_of(region, made, name="s3"):
    credentials = made["Credentials"]
    keys = (credentials["AccessKeyId"], credentials["SecretAccessKey"])
    return region.service(name, keys, token=credentials["SessionToken"])


@pytest.mark.parametrize("index", [0, 1], ids=["RS256", "ES256"])
def test_a_token_becomes_a_session_in_every_region(regions, region, issuer, index):
    role = make_role(region, trust(**{f"{ISSUER}:aud": CLIENT, f"{ISSUER}:sub": "somebody"}))
    bucket = region.bucket()
    region.client().put_object(Bucket=bucket, Key="k", Body=b"data")
    token = issuer.token(issuer.keys[index])
    made = assume(region, role, token, DurationSeconds=900)
    name = role.rpartition("/")[2]
    assert made["SubjectFromWebIdentityToken"] == "somebody" and made["Audience"] == CLIENT
    assert made["Provider"] == PROVIDER
    assert made["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ALICE.id}:assumed-role/{name}/session"
    assert body_of(client_of(region, made).get_object(Bucket=bucket, Key="k")) == b"data"
    assert client_of(region, made, "sts").get_caller_identity()["Arn"] == made["AssumedRoleUser"]["Arn"]
    # Another region has the role and the provider from the home region, and asks the issuer by itself.
    other = regions["eu-west-1"]
    other.wait_for_role_policy(ALICE, name, "p")
    made = assume(other, role, token)
    assert body_of(client_of(region, made).get_object(Bucket=bucket, Key="k")) == b"data"


def test_the_keys_of_an_issuer_are_kept(region, issuer):
    role = make_role(region, trust())
    assume(region, role, issuer.token())
    before = len(issuer.asked)
    for _ in range(5):
        assume(region, role, issuer.token())
    assert len(issuer.asked) == before
    # A key that nobody has is asked for again, but not each time.
    stranger = Key(issuer.authority.directory, "ES256", fresh_name("key"))
    for _ in range(5):
        with fails(400, "InvalidIdentityToken"):
            assume(region, role, issuer.token(stranger))
    assert len(issuer.asked) <= before + 2


@pytest.mark.parametrize(
    "statements",
    [
        [trust(f"arn:aws:iam::{ALICE.id}:oidc-provider/other.tern.example")],
        [trust(**{f"{ISSUER}:sub": "somebody else"})],
        [trust(**{f"{ISSUER}:aud": "another"})],
        [trust(), {**trust(), "Effect": "Deny"}],
        [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRoleWithWebIdentity"}],
        [{"Effect": "Allow", "Principal": {"AWS": ALICE.id}, "Action": "sts:AssumeRole"}],
    ],
    ids=["another provider", "another subject", "another audience", "deny", "everybody", "no web identity"],
)
def test_the_roles_trust_policy_decides(region, issuer, statements):
    if "other.tern.example" in json.dumps(statements):
        region.service("iam").create_open_id_connect_provider(Url="https://other.tern.example", ClientIDList=[CLIENT])
    role = make_role(region, *statements)
    for wanted in (role, f"arn:aws:iam::{ALICE.id}:role/never-made"):
        with fails(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"):
            assume(region, wanted, issuer.token())


def changed(token, part, change):
    parts = token.split(".")
    parts[part] = change(parts[part])
    return ".".join(parts)


def flipped(text):
    return ("A" if text[0] != "A" else "B") + text[1:]


def tokens(issuer):
    now = int(time.time())
    none = f"{encode(json.dumps({'alg': 'none'}).encode())}.{issuer.token().split('.')[1]}."
    return {
        "no token": ("none", "InvalidIdentityToken"),
        "two parts": (issuer.token().rpartition(".")[0], "InvalidIdentityToken"),
        "a changed claim": (changed(issuer.token(), 1, lambda text: encode(
            json.dumps({**json.loads(base64.urlsafe_b64decode(text + "==")), "sub": "root"}).encode())),
            "InvalidIdentityToken"),
        "a changed signature": (changed(issuer.token(), 2, flipped), "InvalidIdentityToken"),
        "no signature": (none, "InvalidIdentityToken"),
        "another algorithm": (issuer.token(header={"alg": "HS256"}), "InvalidIdentityToken"),
        "the algorithm of another key": (issuer.token(header={"alg": "ES256"}), "InvalidIdentityToken"),
        "extensions": (issuer.token(header={"crit": ["b64"]}), "InvalidIdentityToken"),
        "expired": (issuer.token(exp=now - 1), "ExpiredTokenException"),
        "without an end": (issuer.token(exp=None), "InvalidIdentityToken"),
        "not yet": (issuer.token(nbf=now + 3600), "InvalidIdentityToken"),
        "of tomorrow": (issuer.token(iat=now + 86400), "InvalidIdentityToken"),
        "for somebody else": (issuer.token(aud="unknown"), "InvalidIdentityToken"),
        "authorized party": (issuer.token(azp="unknown"), "InvalidIdentityToken"),
        "another issuer": (issuer.token(iss="https://unknown.tern.example"), "InvalidIdentityToken"),
        "for nobody": (issuer.token(sub=None), "InvalidIdentityToken"),
    }  # fmt: skip


def test_tokens_that_are_not_believed(region, issuer):
    role = make_role(region, trust())
    for name, (token, code) in tokens(issuer).items():
        with fails(400, code) as found:
            assume(region, role, token)
        lines = [json.loads(line) for line in region.audit.read_text().splitlines()]
        request = found[0].response["ResponseMetadata"]["RequestId"]
        [line] = [line for line in lines if line.get("requestID") == request]
        assert (line["eventName"], line["errorCode"]) == ("AssumeRoleWithWebIdentity", code), name
    # Of several audiences, one has to be the provider's.
    assume(region, role, issuer.token(aud=["unknown", "another"]))
    assume(region, role, issuer.token(aud=["unknown", "another"], azp=CLIENT))


def test_a_provider_is_its_own_accounts(region, issuer):
    iam, name = region.service("iam", BOB), fresh_name("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust()))
    with fails(400, "InvalidIdentityToken", f"No OpenIDConnect provider found in your account for https://{ISSUER}"):
        assume(region, f"arn:aws:iam::{BOB.id}:role/{name}", issuer.token())


def test_what_policies_see_of_the_session(region, issuer):
    role = make_role(region, trust(), trust(action=["sts:TagSession", "sts:SetSourceIdentity"]))
    bucket = region.bucket()
    region.client().put_object(Bucket=bucket, Key="somebody/k", Body=b"data")
    claims = {
        "https://aws.amazon.com/tags": {"principal_tags": {"team": ["red"]}, "transitive_tag_keys": ["team"]},
        "https://aws.amazon.com/source_identity": "somebody@tern.example",
    }
    made = assume(region, role, issuer.token(**claims))
    assert made["SourceIdentity"] == "somebody@tern.example"
    client = client_of(region, made)
    iam, name = region.service("iam"), role.rpartition("/")[2]
    for conditions, resource, works in [
        ({f"{ISSUER}:sub": "somebody"}, "*", True),
        ({f"{ISSUER}:sub": "somebody else"}, "*", False),
        ({"aws:FederatedProvider": PROVIDER}, "*", True),
        ({"aws:PrincipalTag/team": "red", "aws:SourceIdentity": "somebody@tern.example"}, "*", True),
        ({"aws:PrincipalTag/team": "blue"}, "*", False),
        ({}, f"arn:aws:s3:::{bucket}/${{{ISSUER}:sub}}/*", True),
        ({}, f"arn:aws:s3:::{bucket}/${{{ISSUER}:aud}}/*", False),
    ]:
        statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}
        if conditions:
            statement["Condition"] = {"StringEquals": conditions}
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(statement))
        if works:
            assert body_of(client.get_object(Bucket=bucket, Key="somebody/k")) == b"data", statement
        else:
            with fails(403, "AccessDenied"):
                client.get_object(Bucket=bucket, Key="somebody/k")
    # Tags of the token need the trust policy's word.
    plain = make_role(region, trust())
    with fails(403, "AccessDenied"):
        assume(region, plain, issuer.token(**claims))


def test_session_policies_and_bounds(region, issuer):
    role = make_role(region, trust())
    bucket = region.bucket()
    region.client().put_object(Bucket=bucket, Key="k", Body=b"data")
    reading = policy({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
    client = client_of(region, assume(region, role, issuer.token(), Policy=reading))
    assert body_of(client.get_object(Bucket=bucket, Key="k")) == b"data"
    with fails(403, "AccessDenied"):
        client.put_object(Bucket=bucket, Key="k", Body=b"")
    with fails(400, "ValidationError"):
        assume(region, role, issuer.token(), DurationSeconds=7200)
    with fails(400, "MalformedPolicyDocument"):
        assume(region, role, issuer.token(), Policy="{")
    assert requests.post(
        region.endpoint, data=urllib.parse.urlencode({"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15"}),
        headers={"content-type": "application/x-www-form-urlencoded"}, timeout=10,
    ).status_code == 400  # fmt: skip


def test_an_issuer_that_cannot_be_read(region, issuer):
    """Each issuer has a place of its own, so that nothing is remembered of the others."""
    iam = region.service("iam")
    name = "away.tern.example"
    iam.create_open_id_connect_provider(Url=f"https://{name}", ClientIDList=[CLIENT])
    role = make_role(region, trust(f"arn:aws:iam::{ALICE.id}:oidc-provider/{name}"))
    with fails(400, "IDPCommunicationError"):
        assume(region, role, issuer.token(iss=f"https://{name}"))


def test_keys_that_are_changed_are_found(regions, issuer):
    region = regions["us-east-1"]
    role = make_role(region, trust())
    new = Key(issuer.authority.directory, "ES256", fresh_name("key"))
    issuer.keys.append(new)
    issuer.publish()
    region.terminate()
    region.start()
    assume(region, role, issuer.token(new))
    # What another issuer says of itself is not believed.
    issuer.publish(issuer="https://login.tern.example/other")
    region.terminate()
    region.start()
    with fails(400, "IDPCommunicationError"):
        assume(region, role, issuer.token(new))
    issuer.publish()
    eventually(lambda: assume(region, role, issuer.token(new)), "the issuer is asked again", within=60, every=2,
               swallow=(botocore.exceptions.ClientError,))  # fmt: skip
