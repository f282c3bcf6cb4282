"""LambdaInvoke: a function for each object, and what becomes of its answers (batch-replication §2.2)."""

import ssl

import batch
import functions
import pytest
from federation import ALICE, Federation
from functions import Functions
from s3control import client as control_client
from tls import Authority

FUNCTION = f"arn:aws:lambda:us-east-1:{ALICE.id}:function:look:live"
SECONDS = 2


def run_functions_at(region, url):
    """Restarts the region with somebody who runs functions."""
    text = region.config_path.read_text()
    assert "\nbatch:\n" in text
    text = text.replace("\nbatch:\n", f"\nbatch:\n  function_runner: {url}\n")
    text = text.replace("function_timeout_seconds: 900", f"function_timeout_seconds: {SECONDS}")
    region.config_path.write_text(text)
    region.terminate()
    region.start()


class Stage:
    """A region that invokes functions, and a bucket of objects for them."""

    def __init__(self, region, home, **role):
        self.s3 = region.client()
        self.bucket = region.bucket()
        self.reports = region.bucket(versioned=False)
        self.control = control_client(region)
        self.role = batch.job_role(home, regions=[region], **role)

    def run(self, *rows, role=None, fields=("Bucket", "Key"), **parameters):
        """What the report says of each key."""
        made = [(self.bucket, *(row if isinstance(row, tuple) else (batch.encoded(row),))) for row in rows]
        job = batch.create(
            self.control, role or self.role, report=batch.report_to(self.reports),
            operation={"LambdaInvoke": {"FunctionArn": FUNCTION, **parameters}},
            Manifest=batch.csv_manifest(self.s3, self.reports, made, fields=fields),
        )  # fmt: skip
        batch.completed(self.control, job)
        self.job = job
        return {row[1]: tuple(row[3:]) for row in batch.rows_of_report(self.s3, self.reports, job)}


@pytest.fixture(scope="module")
def runner():
    made = Functions({})
    yield made
    made.stop()


@pytest.fixture(scope="module")
def regions(workspace, runner, tmp_path_factory):
    """One region invokes functions over HTTP, the other over TLS that nobody vouches for."""
    federation = Federation(workspace / "functions")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    directory = tmp_path_factory.mktemp("authority")
    Authority(directory).issue(directory / "server.crt", directory / "server.key")
    context.load_cert_chain(directory / "server.crt", directory / "server.key")
    behind_tls = Functions({}, context=context)
    try:
        federation.start()
        run_functions_at(federation["us-east-1"], f"http://127.0.0.1:{runner.port}")
        run_functions_at(federation["eu-west-1"], f"https://localhost:{behind_tls.port}/")
        yield federation
    finally:
        behind_tls.stop()
        federation.stop()


@pytest.fixture(scope="module")
def stage(regions):
    home = regions["us-east-1"]
    return Stage(home, home, actions=["s3:*", "lambda:InvokeFunction"])


def test_results_of_functions(stage, runner):
    long = "x" * 2000
    answers = {
        "dir/ok +": functions.says("Succeeded", 'done, "well"'),
        "long": functions.says("Succeeded", long),
        "never": functions.says("PermanentFailure", "will not"),
        "absent": functions.leaves_out("Succeeded"),
        "absent for good": functions.leaves_out("PermanentFailure"),
        "odd": functions.says("Perhaps"),
        "rubbish": functions.writes(b"<html>"),
        "raises": functions.raises("boom"),
        "unknown": functions.refuses(404, "ResourceNotFoundException:http://internal.amazon.com/", "Function not found"),
    }
    runner.answers |= answers
    rows = stage.run(*answers)
    missing = "The function's answer does not have the task"
    unlike = "The function's answer is not as S3 expects it: "
    assert rows == {
        "dir/ok%20%2B": ("succeeded", "200", "", 'done, "well"'),
        "long": ("succeeded", "200", "", long[:1024]),
        "never": ("failed", "200", "PermanentFailure", "will not"),
        "absent": ("succeeded", "200", "", ""),
        "absent%20for%20good": ("failed", "200", "PermanentFailure", missing),
        "odd": ("failed", "200", "InvalidFunctionResponse", unlike + "its result code is Perhaps"),
        "rubbish": ("failed", "200", "InvalidFunctionResponse", unlike + "it is no JSON with results"),
        "raises": ("failed", "200", "PermanentFailure", 'Lambda returned function error: {"errorMessage": "boom"}'),
        "unknown": ("failed", "404", "ResourceNotFoundException", "Function not found"),
    }
    assert {runner.attempts(key) for key in answers} == {1}, "none of these is tried again"


def test_td_8_what_passes_is_tried_again_up_to_five_times(stage, runner):
    ok = functions.says("Succeeded", "at last")
    runner.answers |= {
        "twice": functions.after(2, functions.says("TemporaryFailure"), ok),
        "always": functions.says("TemporaryFailure", "not now"),
        "left out once": functions.after(1, functions.leaves_out(None), ok),
        "throttled": functions.after(1, functions.refuses(429, "TooManyRequestsException", "Rate Exceeded."), ok),
        "broken": functions.after(1, functions.refuses(500, "ServiceException", "oh"), ok),
        "dropped once": functions.after(1, functions.drops, ok),
        "dropped": functions.drops,
        "hangs": functions.hangs(lambda: runner),
    }
    keys = ["twice", "always", "left out once", "throttled", "broken", "dropped once", "dropped", "hangs"]
    rows = {key.replace("%20", " "): row for key, row in stage.run(*keys).items()}
    done = ("succeeded", "200", "", "at last")
    attempts = {"twice": 3, "left out once": 2, "throttled": 2, "broken": 2, "dropped once": 2}
    for key, count in attempts.items():
        assert (rows[key], runner.attempts(key)) == (done, count), key
    assert rows["always"] == ("failed", "200", "TemporaryFailure", "not now")
    # Where nothing came back, the report says what was in the way.
    assert rows["dropped"][:3] == ("failed", "502", "FunctionConnectionBroken")
    assert rows["hangs"] == ("failed", "504", "FunctionTimeout", "The function did not answer in time")
    for key in ("always", "dropped", "hangs"):
        assert runner.attempts(key) == 5, key


def test_both_schemas_of_invocations(stage, runner):
    runner.answers["s/a b"] = functions.says("Succeeded")
    version = stage.s3.put_object(Bucket=stage.bucket, Key="s/a b", Body=b"x")["VersionId"]
    stage.run(("s/a%20b", version), fields=("Bucket", "Key", "VersionId"))
    first = runner.events[-1]
    assert runner.paths[-1] == "/2015-03-31/functions/" + FUNCTION.replace(":", "%3A") + "/invocations"
    [task] = first["tasks"]
    assert first == {
        "invocationSchemaVersion": "1.0", "invocationId": first["invocationId"], "job": {"id": stage.job},
        "tasks": [
            {
                "taskId": task["taskId"], "s3Key": "s/a%20b", "s3VersionId": version,
                "s3BucketArn": f"arn:aws:s3:::{stage.bucket}",
            }
        ],
    }  # fmt: skip
    stage.run("s/a b", InvocationSchemaVersion="2.0", UserArguments={"colour": "red"})
    second = runner.events[-1]
    [task] = second["tasks"]
    assert second["invocationSchemaVersion"] == "2.0"
    assert second["job"] == {"id": stage.job, "userArguments": {"colour": "red"}}
    assert task == {"taskId": task["taskId"], "s3Key": "s/a%20b", "s3VersionId": None, "s3Bucket": stage.bucket}
    assert second["invocationId"] != first["invocationId"]


def test_the_role_of_the_job_needs_to_be_allowed_to_invoke(stage, regions, runner):
    runner.answers["guarded"] = functions.says("Succeeded")
    role = batch.job_role(regions["us-east-1"], actions=["s3:*"])
    assert stage.run("guarded", role=role)["guarded"][:3] == ("failed", "403", "AccessDenied")
    assert runner.attempts("guarded") == 0


def test_a_runner_that_nobody_vouches_for(regions):
    stage = Stage(regions["eu-west-1"], regions["us-east-1"], actions=["s3:*", "lambda:InvokeFunction"])
    assert stage.run("key")["key"][:3] == ("failed", "502", "FunctionTLSFailure")


def test_a_runner_that_is_not_there(stage, runner):
    runner.stop()
    try:
        assert stage.run("key")["key"] == (
            "failed", "503", "FunctionUnreachable", f"Nothing answers at http://127.0.0.1:{runner.port}",
        )  # fmt: skip
    finally:
        runner.start()
