"""The console: who may read it, what it tells, and that it tells the same as everything else (design: failures are visible
in the event, in `tern explain`, in `tern status`, in the log and in the console)."""

import json
import os
import stat
import subprocess

import pytest
import requests
from batch import completed, create, csv_manifest, job_role
from console import Console, is_problem
from federation import ALICE, fresh_name, free_ports, policy, tern_binary
from replication import ROLE, configure, rule, wait_for_status
from s3control import client as control_client
from test_encryption import kms_client, kms_rule
from test_replication_permissions import DESTINATION_ACTIONS, SOURCE_ACTIONS, CrossAccount, allow, both, reason_of
from waiting import eventually


@pytest.fixture
def console(home):
    return Console(home)


# Who may read it


@pytest.mark.parametrize("token", [None, "wrong", "0" * 48])
@pytest.mark.parametrize("path", ["overview", "failures", "explain", "jobs", "events", "nothing"])
def test_nothing_is_told_without_the_token(console, token, path):
    answer = console.get(f"/api/v1/{path}", token=token)
    assert is_problem(answer, 401, "Unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_token_is_in_no_query_and_no_cookie(console):
    assert is_problem(console.get("/api/v1/overview", token=None, token_=console.token), 401, "Unauthorized")
    answer = requests.get(console.address + "/api/v1/overview", cookies={"token": console.token}, timeout=10)
    assert answer.status_code == 401
    assert not console.get("/").cookies


def test_the_token_is_a_file_of_its_owner_and_differs_by_region(federation, console):
    mode = console.token_path.stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert console.token != Console(federation["eu-west-1"]).token


def test_dev_and_env_print_the_address(federation, console):
    printed = "\n".join(path.read_text() for path in (federation.directory / "logs").glob("dev-*.out"))
    assert f"console us-east-1 {console.address}/#token={console.token}\n" in printed
    env = subprocess.run([tern_binary(), "env", str(federation.directory)], capture_output=True, text=True, check=True)
    assert f"export TERN_CONSOLE='{console.address}/#token={console.token}'\n" in env.stdout
    assert console.token not in federation.logs()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/api/v1/overview", "/api/v1/jobs/x"])
def test_it_changes_nothing(console, method, path):
    answer = console.get(path, method=method)
    assert is_problem(answer, 405, "MethodNotAllowed")
    assert answer.headers["Allow"] == "GET"


@pytest.mark.parametrize(
    "path",
    ["/api/v1/nothing", "/api/v1/", "/api/v2/overview", "/index.html", "/metrics", "/_tern/v1/status", "/api/v1/jobs/nothing"],
)
def test_what_is_not_there(console, path):
    assert is_problem(console.get(path), 404, "NotFound")


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("overview", {"verbose": "1"}),
        ("failures", {"limit": "0"}),
        ("failures", {"limit": "many"}),
        ("failures", {"cursor": "elsewhere"}),
        ("failures", {"bucket": "a", "cursor": "b:CRrP_7yXWHlZUiuCYk_mMjVW4lwW41WM:aw"}),
        ("jobs", {"cursor": "x"}),
        ("explain", {"bucket": "b"}),
        ("explain", {"bucket": "b", "key": "k", "versionId": "not-a-version"}),
        ("events/dead", {}),
    ],
)
def test_what_cannot_be_asked(home, console, path, parameters):
    if path == "explain" and "key" in parameters:
        parameters = {**parameters, "bucket": home.bucket()}
    assert is_problem(console.get(f"/api/v1/{path}", **parameters), 400, "BadRequest")


def test_the_page_is_one_document_that_nothing_can_be_smuggled_into(console):
    answer = console.get("/", token=None)
    assert answer.status_code == 200
    rules = dict(rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"].startswith("'sha256-") and "unsafe" not in answer.headers["Content-Security-Policy"]
    assert rules["require-trusted-types-for"] == "'script'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert console.token not in answer.text


# What it tells


def failing(federation, cause):
    """A version whose replication fails for a cause: its client, bucket, key and version."""
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    s3 = home.client()
    if cause in ("source", "tags", "destination", "bucket policy", "trust"):
        pair = CrossAccount(federation)
        if cause == "trust":
            statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
            pair.iam.update_assume_role_policy(RoleName=pair.role_name, PolicyDocument=policy(statement))
        pair.grant(
            source=set(SOURCE_ACTIONS)
            - {"source": {"s3:GetObjectVersionForReplication"}, "tags": {"s3:GetObjectVersionTagging"}}.get(cause, set()),
            destination=set(DESTINATION_ACTIONS) - ({"s3:ReplicateObject"} if cause == "destination" else set()),
            bucket=None if cause == "bucket policy" else DESTINATION_ACTIONS,
        )
        pair.replicate()
        return pair.s3, pair.source, "key", pair.put(Tagging="a=b")
    source, target = home.bucket(), abroad.bucket()
    encryption = {}
    if cause == "role":
        configure(s3, source, rule(target), role=f"arn:aws:iam::{ALICE.id}:role/never-made")
    elif cause == "deny":
        deny = {**allow(["s3:ReplicateObject"], *both(target), effect="Deny"), "Principal": "*"}
        abroad.client().put_bucket_policy(Bucket=target, Policy=policy(deny))
        configure(s3, source, rule(target))
    elif cause in ("unversioned", "gone"):
        configure(s3, source, rule(target))
        if cause == "gone":
            abroad.client().delete_bucket(Bucket=target)
        else:
            abroad.client().put_bucket_versioning(Bucket=target, VersioningConfiguration={"Status": "Suspended"})
    else:
        key = kms_client(home).create_key()["KeyMetadata"]["Arn"]
        replicas = kms_client(abroad).create_key()["KeyMetadata"]["Arn"]
        if cause == "replica key disabled":
            kms_client(abroad).disable_key(KeyId=replicas)
        if cause == "replica key absent":
            replicas = replicas.rpartition("/")[0] + "/11111111-2222-4333-8444-555555555555"
        if cause == "source key":
            found = json.loads(kms_client(home).get_key_policy(KeyId=key, PolicyName="default")["Policy"])
            found["Statement"].append(
                {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*", "Principal": {"AWS": ROLE}}
            )
            kms_client(home).put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(found))
        configure(s3, source, kms_rule(target, replicas))
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    version = s3.put_object(Bucket=source, Key="key", Body=b"data", **encryption)["VersionId"]
    return s3, source, "key", version


CAUSES = {
    "source": "SrcGetObjectNotPermitted",
    "tags": "SrcGetTaggingNotPermitted",
    "destination": "DstPutObjectNotPermitted",
    "bucket policy": "DstPutObjectNotPermitted",
    "trust": "AssumeRoleNotPermitted",
    "role": "AssumeRoleNotPermitted",
    "deny": "DstPutObjectNotPermitted",
    "unversioned": "DstBucketUnversioned",
    "gone": "DstBucketNotFound",
    "replica key disabled": None,
    "replica key absent": None,
    "source key": None,
}


@pytest.mark.parametrize("cause", CAUSES)
def test_every_failure_is_told_with_its_reason(federation, console, cause):
    s3, bucket, key, version = failing(federation, cause)
    wait_for_status(s3, bucket, key, version, expected="FAILED")
    reason = reason_of(federation, bucket, key, version)
    assert CAUSES[cause] in (None, reason)
    [failure] = console.failure(bucket, version)
    assert failure["reason"] == reason
    assert (failure["bucket"], failure["key"], failure["isDeleteMarker"]) == (bucket, key, False)
    assert failure["component"] == ("tags" if cause == "tags" else "data")
    assert failure["ruleId"] and failure["destinationBucket"]
    stamp = s3.head_object(Bucket=bucket, Key=key)["LastModified"].strftime("%Y-%m-%dT%H:%M")
    assert failure["since"][:13] >= stamp[:13]
    # Filtered by reason it is there too, and under no other.
    assert failure in console.failures(bucket=bucket, reason=reason)
    assert not console.failures(bucket=bucket, reason="NoSuchReason")
    # In the sums, as `tern status` has them.
    overview = console.ask("overview")
    [ours] = [one for one in overview["rules"] if one["sourceBucket"] == bucket]
    assert ours["failures"] == {reason: 1}
    # Without its tags the object is there all the same.
    assert ours["failedOperations"] == (0 if cause == "tags" else 1)
    assert overview["failures"][reason] >= 1
    # Explained as by `tern explain`.
    explained = console.ask("explain", bucket=bucket, key=key, versionId=version)
    command = subprocess.run(
        [tern_binary(), "explain", f"s3://{bucket}/{key}?versionId={version}", "--dir", str(federation.directory), "--json"],
        capture_output=True, check=True, timeout=30,
    )  # fmt: skip
    assert explained == json.loads(command.stdout)
    assert explained["deliveries"][0]["failureReason"] == reason


def test_a_failed_delete_marker_is_told(federation, console):
    pair = CrossAccount(federation)
    pair.grant()
    pair.replicate()
    wait_for_status(pair.s3, pair.source, "key", pair.put())
    marker = pair.s3.delete_object(Bucket=pair.source, Key="key")["VersionId"]
    [failure] = eventually(lambda: console.failure(pair.source, marker), "the marker fails")
    assert failure["isDeleteMarker"] and failure["reason"] == "SrcGetObjectNotPermitted"


def test_a_failure_that_is_mended_is_gone(federation, home, abroad, s3, console):
    source, target = home.bucket(), abroad.bucket()
    configure(s3, source, rule(target))
    abroad.client().put_bucket_versioning(Bucket=target, VersioningConfiguration={"Status": "Suspended"})
    version = s3.put_object(Bucket=source, Key="key", Body=b"data")["VersionId"]
    wait_for_status(s3, source, "key", version, expected="FAILED")
    assert console.failure(source, version)
    abroad.client().put_bucket_versioning(Bucket=target, VersioningConfiguration={"Status": "Enabled"})
    control = control_client(home)
    manifest = csv_manifest(s3, home.bucket(), [(source, "key", version)])
    completed(control, create(control, job_role(home), Manifest=manifest))
    wait_for_status(s3, source, "key", version)
    assert not console.failure(source, version)


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "javascript:alert(1)//'\"`${1}",
    "line\nbreak\ttab\\back&amp;",
    "‮fdp.exe‬",
    "ünïcödé/😀/%2e%2e/..",
    " ",
]


def test_keys_are_told_as_they_are_page_by_page(home, abroad, s3, console):
    source, target = home.bucket(), abroad.bucket()
    configure(s3, source, rule(target), role=f"arn:aws:iam::{ALICE.id}:role/never-made")
    keys = HOSTILE + [f"plain-{n}" for n in range(4)]
    for key in keys:
        s3.put_object(Bucket=source, Key=key, Body=b"")
        s3.put_object(Bucket=source, Key=key, Body=b"again")
    for key in keys:
        wait_for_status(s3, source, key, expected="FAILED")
    eventually(lambda: len(console.failures(bucket=source)) == 2 * len(keys), "all have failed")
    whole = console.failures(bucket=source)
    assert {one["key"] for one in whole} == set(keys)
    for limit in (1, 3, 5):
        assert console.failures(bucket=source, limit=limit) == whole
    for one in whole[:4]:
        explained = console.ask("explain", bucket=source, key=one["key"], versionId=one["versionId"])
        assert (explained["key"], explained["status"]) == (one["key"], "FAILED")


def test_what_waits_is_told_by_rule_and_destination(make_federation):
    federation = make_federation()
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    source, target = home.bucket(), abroad.bucket()
    configure(home.client(), source, rule(target, identifier="all"))
    home.client().put_object(Bucket=source, Key="first", Body=b"x")
    wait_for_status(home.client(), source, "first")
    with abroad.paused():
        for n in range(3):
            home.client().put_object(Bucket=source, Key=f"{n}", Body=b"x" * 1000)
        overview = Console(home).ask("overview")
        [found] = overview["rules"]
        assert (found["ruleId"], found["destinationBucket"], found["destinationRegion"]) == ("all", target, "eu-west-1")
        assert (found["pendingOperations"], found["pendingBytes"]) == (3, 3000)
        assert (overview["pendingOperations"], overview["pendingBytes"]) == (3, 3000)
        assert (overview["region"], overview["buckets"], overview["replicatingBuckets"]) == ("us-east-1", 1, 1)


def test_jobs_with_their_progress_and_failures(home, s3, console):
    bucket, other = home.bucket(), home.bucket()
    control = control_client(home)
    role = job_role(home)
    s3.put_object(Bucket=bucket, Key="there", Body=b"")
    rows = [(bucket, "there"), (bucket, "missing-1"), (bucket, "missing-2")]
    tagging = {"S3PutObjectTagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}
    job = create(
        control, role, operation=tagging,
        Manifest=csv_manifest(s3, other, rows, fields=("Bucket", "Key")),
    )
    described = completed(control, job)
    found = console.ask(f"jobs/{job}")
    assert (found["status"], found["operation"], found["isEnded"]) == ("Complete", "S3PutObjectTagging", True)
    assert (found["totalTasks"], found["succeededTasks"], found["failedTasks"]) == (3, 1, 2)
    assert sum(found["failedTasksByReason"].values()) == 2 and not found["failedTasksArePartial"]
    assert described["Priority"] == found["priority"]
    broken = create(control, role, Manifest=csv_manifest(s3, other, [], key="broken.csv", text="a,b,c,d\n"))
    eventually(lambda: console.ask(f"jobs/{broken}")["status"] == "Failed", "the job fails")
    assert console.ask(f"jobs/{broken}")["failureReasons"][0]["code"] == "InvalidManifestContent"
    first = console.ask("jobs", limit=1)
    assert first["jobs"][0]["id"] == broken and first["next"]
    assert console.ask("jobs", limit=1, cursor=first["next"])["jobs"][0]["id"] == job


def test_event_targets_are_told(make_federation):
    console = Console(make_federation()["us-east-1"])
    assert console.ask("events") == {"region": "us-east-1", "targets": []}


# Where it is


def test_serve_has_none_unless_it_is_configured(make_federation):
    federation = make_federation()
    region = federation["eu-west-1"]
    text = region.config_path.read_text()
    start = text.index("console:\n")
    [port, other] = free_ports(2)
    own = "my-own-token-of-enough-characters-0123456789"
    secret = federation.directory / "own.token"
    secret.write_text(own + "\n")
    region.terminate()
    end = text.index("\n", text.index("  listen:", start)) + 1
    region.config_path.write_text(text[:start] + text[end:])
    region.start()
    with pytest.raises(requests.ConnectionError):
        Console(region).get("/")
    region.terminate()
    region.config_path.write_text(
        text[:start] + f"console:\n  listen: 127.0.0.1:{port}\n  token_file: {json.dumps(str(secret))}\n" + text[end:]
    )
    region.start()
    answer = requests.get(
        f"http://127.0.0.1:{port}/api/v1/overview", headers={"Authorization": f"Bearer {own}"}, timeout=10
    )
    assert answer.json()["region"] == "eu-west-1"
    region.terminate()
    for listen, problem in [(f"0.0.0.0:{other}", "other machines"), ("nowhere", "HOST:PORT")]:
        region.config_path.write_text(text[:start] + f"console:\n  listen: {listen}\n" + text[end:])
        refused = subprocess.run(
            [tern_binary(), "serve", "--config", str(region.config_path), "--check"],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert refused.returncode == 1 and problem in refused.stderr, refused.stderr
    secret.write_text("short\n")
    region.config_path.write_text(
        text[:start] + f"console:\n  listen: 127.0.0.1:{port}\n  token_file: {json.dumps(str(secret))}\n" + text[end:]
    )
    started = subprocess.run(
        [tern_binary(), "serve", "--config", str(region.config_path)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert started.returncode == 1 and "has no token for the console" in started.stderr, started.stderr
    region.config_path.write_text(text)
    region.start()


# The page in a browser


BROWSER = next((path for path in ("/usr/bin/chromium", "/usr/bin/google-chrome") if os.path.exists(path)), None)


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_the_page_shows_hostile_keys_as_text(home, abroad, s3, console, scratch):
    source, target = home.bucket(), abroad.bucket()
    configure(s3, source, rule(target), role=f"arn:aws:iam::{ALICE.id}:role/never-made")
    marker = fresh_name("k")
    s3.put_object(Bucket=source, Key=f"{marker}<img src=x onerror=alert(1)>", Body=b"")
    wait_for_status(s3, source, f"{marker}<img src=x onerror=alert(1)>", expected="FAILED")

    def page(fragment, expected):
        """The page as it stands once it has the text; a loaded machine may end the browser before it does."""
        told = []

        def rendered():
            command = [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={scratch}"]
            command += ["--virtual-time-budget=8000", "--dump-dom", f"{console.address}/{fragment}"]
            told.append(subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout)
            return told[-1] if expected in told[-1] else None

        return eventually(rendered, lambda: told[-1].split("<script")[0], within=120)

    # Other tests' failures fill more than one page of the list.
    shown = page(f"#token={console.token}&bucket={source}", f"{marker}&lt;img src=x onerror=alert(1)&gt;")
    assert "<img" not in shown
    assert console.token not in shown
    assert f"1 failed in {source} among 1 versions." in shown
    assert source not in page("#token=wrong-token", "The token is not the console's.").split("<script")[0]
