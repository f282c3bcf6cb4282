"""`tern iam simulate`: the decision of the region itself, and the statement that makes it (EVL-6)."""

import json

import pytest
from federation import ALICE, BOB
from test_cli import tern
from test_iam import allow, trust, unique
from test_sts import service


def statement(effect, action, resource="*", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def user(home):
    iam = service(home, "iam")
    name = unique("user")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    iam.put_user_policy(
        UserName=name, PolicyName="reading",
        PolicyDocument=document(
            {"Sid": "Reads", **statement("Allow", "s3:GetObject")},
            {"Sid": "NoSecrets", **statement("Deny", "s3:*", "arn:aws:s3:::*/secret/*")},
            {"Sid": "Lists", **statement("Allow", "s3:ListBucket", Condition={"StringEquals": {"s3:prefix": "a/"}})},
            {"Sid": "Uses", **statement("Allow", "kms:Decrypt")},
        ),
    )  # fmt: skip
    return arn


def simulate(federation, principal, action, resource, *more):
    done = tern(
        "iam", "simulate", "--dir", federation.directory, "--principal", principal, "--action", action,
        "--resource", resource, "--json", *more,
    )  # fmt: skip
    assert done.returncode in (0, 2), done.stderr
    decision = json.loads(done.stdout)["decisions"][0]
    assert (done.returncode == 0) == (decision["decision"] == "allowed")
    return decision


def test_EVL_6_a_decision_names_the_statement_of_the_identity_policy(federation, home, user):
    bucket = home.bucket()
    decision = simulate(federation, user, "s3:GetObject", f"arn:aws:s3:::{bucket}/k")
    assert decision["decision"] == "allowed"
    assert decision["statements"] == [{"kind": "identity", "policy": "reading", "statement": "Reads"}]
    decision = simulate(federation, user, "s3:GetObject", f"arn:aws:s3:::{bucket}/secret/k")
    assert decision["decision"] == "explicitDeny"
    assert decision["statements"] == [{"kind": "identity", "policy": "reading", "statement": "NoSecrets"}]
    decision = simulate(federation, user, "s3:PutObject", f"arn:aws:s3:::{bucket}/k")
    assert decision["decision"] == "implicitDeny" and decision["statements"] == []
    assert "no identity-based policy allows the s3:PutObject action" in decision["reason"]


def test_EVL_6_condition_keys_are_given(federation, home, user):
    arn = f"arn:aws:s3:::{home.bucket()}"
    assert simulate(federation, user, "s3:ListBucket", arn)["decision"] == "implicitDeny"
    assert simulate(federation, user, "s3:ListBucket", arn, "--context", "s3:prefix=b/")["decision"] == "implicitDeny"
    assert simulate(federation, user, "s3:ListBucket", arn, "--context", "s3:prefix=a/")["decision"] == "allowed"


def test_EVL_6_the_real_bucket_policy_has_its_say(federation, home, user):
    bucket = home.bucket(account=BOB)
    resource = f"arn:aws:s3:::{bucket}/k"
    assert simulate(federation, user, "s3:GetObject", resource)["decision"] == "implicitDeny"
    home.client(BOB).put_bucket_policy(
        Bucket=bucket,
        Policy=document(
            {"Sid": "ForUser", "Principal": {"AWS": user}, **statement("Allow", "s3:GetObject", f"arn:aws:s3:::{bucket}/*")}
        ),
    )
    decision = simulate(federation, user, "s3:GetObject", resource)
    assert decision["decision"] == "allowed"
    assert [(s["kind"], s["statement"]) for s in decision["statements"]] == [("identity", "Reads"), ("resource", "ForUser")]
    assert simulate(federation, BOB.id, "s3:GetObject", resource)["decision"] == "allowed"
    assert simulate(federation, "anonymous", "s3:GetObject", resource)["decision"] == "implicitDeny"


def test_EVL_6_boundaries_and_session_policies_cut(federation, home, user, scratch):
    bucket = home.bucket()
    resource = f"arn:aws:s3:::{bucket}/k"
    cut = scratch / "session.json"
    cut.write_text(allow("s3:PutObject"))
    decision = simulate(federation, user, "s3:GetObject", resource, "--session-policy", cut)
    assert decision["decision"] == "implicitDeny" and "no session policy" in decision["reason"]
    iam = service(home, "iam")
    boundary = iam.create_policy(PolicyName=unique("boundary"), PolicyDocument=allow("s3:PutObject"))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName=user.rsplit("/")[-1], PermissionsBoundary=boundary)
    decision = simulate(federation, user, "s3:GetObject", resource)
    assert decision["decision"] == "implicitDeny" and "no permissions boundary" in decision["reason"]


def test_EVL_6_key_policies_and_trust_policies(federation, home, user):
    key = service(home, "kms").create_key(Policy=document({"Principal": {"AWS": ALICE.id}, **statement("Allow", "kms:*")}))
    arn = key["KeyMetadata"]["Arn"]
    decision = simulate(federation, user, "kms:Decrypt", arn)
    assert decision["decision"] == "allowed" and decision["statements"][0]["statement"] == "Uses"
    assert simulate(federation, user, "kms:Encrypt", arn)["decision"] == "implicitDeny"
    role = service(home, "iam").create_role(RoleName=unique("role"), AssumeRolePolicyDocument=trust(user))["Role"]["Arn"]
    decision = simulate(federation, user, "sts:AssumeRole", role)
    assert decision["decision"] == "allowed" and decision["statements"][-1]["kind"] in ("trust", "resource")
    assert simulate(federation, "s3.amazonaws.com", "sts:AssumeRole", role)["decision"] == "implicitDeny"


def test_EVL_6_for_people(federation, home, user):
    bucket = home.bucket()
    done = tern(
        "iam", "simulate", "--dir", federation.directory, "--principal", user, "--action", "s3:GetObject",
        "--action", "s3:PutObject", "--resource", f"arn:aws:s3:::{bucket}/k",
    )  # fmt: skip
    assert done.returncode == 2
    assert f"ALLOWED  s3:GetObject on arn:aws:s3:::{bucket}/k" in done.stdout
    assert "by statement Reads of the identity policy reading" in done.stdout
    assert f"DENIED  s3:PutObject on arn:aws:s3:::{bucket}/k" in done.stdout


@pytest.mark.parametrize(
    ("principal", "action", "resource", "told"),
    [
        ("arn:aws:iam::111111111111:user/nobody-at-all", "s3:GetObject", "*", "there is no user, role or account"),
        ("111111111111", "s3:*", "*", "is no action"),
        ("111111111111", "s3:GetObject", "arn:aws:s3:::no-such-bucket-anywhere/k", "NoSuchBucket"),
    ],
)
def test_EVL_6_errors_say_what_to_do(federation, principal, action, resource, told):
    done = tern(
        "iam", "simulate", "--dir", federation.directory, "--principal", principal, "--action", action,
        "--resource", resource,
    )  # fmt: skip
    assert done.returncode == 1
    assert told in done.stderr
