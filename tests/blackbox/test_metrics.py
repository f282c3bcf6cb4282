"""CloudWatch (identity-and-control §8), the replication metrics (live-replication §7) and replication time (§6.1)."""

import contextlib
import datetime
import gzip
import json
import pathlib
import subprocess
import sys
import time
import urllib.parse

import batch
import boto3
import botocore
import botocore.config
import botocore.exceptions
import botocore.serialize
import pytest
import requests
from events import notify
from federation import ALICE, BOB, Federation, free_ports, fresh_name, policy, tern_binary
from prometheus_client.parser import text_string_to_metric_families
from replication import configure, rule, status_of, wait_for_status
from s3control import client as control_client
from waiting import always, eventually

PROTOCOLS = ("json", "query", "smithy-rpc-v2-cbor")
METRICS = {"Status": "Enabled"}
LINES = f"arn:aws:sqs:us-east-1:{ALICE.id}:lines"
TIMED = {
    "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
    "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
}


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Sessions with a model of CloudWatch, one for each protocol, so that botocore speaks that one."""
    source = pathlib.Path(botocore.__file__).parent / "data" / "cloudwatch" / "2010-08-01"
    sessions = {}
    for protocol in PROTOCOLS:
        model = json.loads(gzip.decompress((source / "service-2.json.gz").read_bytes()))
        model["metadata"].update(protocol=protocol, protocols=[protocol])
        root = tmp_path_factory.mktemp(protocol)
        directory = root / "cloudwatch" / "2010-08-01"
        directory.mkdir(parents=True)
        (directory / "service-2.json").write_text(json.dumps(model))
        sessions[protocol] = boto3.session.Session()
        sessions[protocol]._session.get_component("data_loader").search_paths.insert(0, str(root))
    return sessions


def cloudwatch(region, models, protocol, account=ALICE, region_name=None):
    keys = account if isinstance(account, tuple) else (account.access_key, account.secret_key)
    client = models[protocol].client(
        "cloudwatch",
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        endpoint_url=region.endpoint,
        region_name=region_name or region.name,
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )
    assert client.meta.service_model.metadata["protocol"] == protocol
    return client


@pytest.fixture(params=PROTOCOLS)
def client(request, home, models):
    return cloudwatch(home, models, request.param)


@contextlib.contextmanager
def fails(code, message=""):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert message in error["Message"], error


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def dimensions(**values):
    return [{"Name": name, "Value": value} for name, value in values.items()]


def of_rule(source, destination, identifier):
    return dimensions(SourceBucket=source, DestinationBucket=destination, RuleId=identifier)


def window(minutes=10):
    return {"StartTime": now() - datetime.timedelta(minutes=minutes), "EndTime": now() + datetime.timedelta(minutes=2)}


def data_query(name, of, stat="Maximum", identifier="m", period=60, namespace="AWS/S3"):
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": of}
    return {"Id": identifier, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}}


def values(client, name, of, stat="Maximum", **options):
    """The values of a metric, newest first."""
    answer = client.get_metric_data(MetricDataQueries=[data_query(name, of, stat, **options)], **window())
    return answer["MetricDataResults"][0]["Values"]


# The three protocols


def test_CW_data_that_are_put_are_read_back_by_every_operation(client):
    namespace, now_ = fresh_name("ns"), now()
    of = dimensions(Colour="red <&> grün", Size="1")
    client.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {"MetricName": "n", "Dimensions": of, "Unit": "Count", "Value": 1.5, "Timestamp": now_},
            {"MetricName": "n", "Dimensions": of, "Unit": "Count", "Values": [2.0, 4.0], "Counts": [1.0, 2.0],
             "Timestamp": now_},
            {"MetricName": "set", "Timestamp": now_,
             "StatisticValues": {"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 5}},
        ],
    )  # fmt: skip
    metrics = client.list_metrics(Namespace=namespace)["Metrics"]
    assert metrics == [
        {"Namespace": namespace, "MetricName": "n", "Dimensions": sorted(of, key=lambda one: one["Name"])},
        {"Namespace": namespace, "MetricName": "set", "Dimensions": []},
    ]
    answer = client.get_metric_statistics(
        Namespace=namespace, MetricName="n", Dimensions=of[::-1], Period=60, **window(),
        Statistics=["SampleCount", "Average", "Sum", "Minimum", "Maximum"],
    )  # fmt: skip
    (point,) = answer["Datapoints"]
    assert answer["Label"] == "n"
    assert point.pop("Timestamp") == now_.replace(second=0, microsecond=0)
    assert point == {
        "SampleCount": 4.0, "Average": 2.875, "Sum": 11.5, "Minimum": 1.5, "Maximum": 4.0, "Unit": "Count",
    }  # fmt: skip
    answer = client.get_metric_statistics(
        Namespace=namespace, MetricName="n", Dimensions=of, Period=300, **window(), ExtendedStatistics=["p50", "p99.9"]
    )
    assert answer["Datapoints"][0]["ExtendedStatistics"] == {"p50": 2.0, "p99.9": 4.0}
    answer = client.get_metric_data(
        MetricDataQueries=[
            data_query("n", of, "Sum", "a", namespace=namespace),
            data_query("set", [], "Average", "b", namespace=namespace) | {"Label": "mean"},
            data_query("none", [], "Sum", "c", namespace=namespace),
            data_query("n", of, "Sum", "d", namespace=namespace) | {"ReturnData": False},
        ],
        **window(),
    )
    assert answer["Messages"] == []
    results = {result["Id"]: result for result in answer["MetricDataResults"]}
    assert list(results) == ["a", "b", "c"]
    assert results["a"]["Values"] == [11.5] and results["a"]["Label"] == "n"
    assert results["a"]["Timestamps"] == [now_.replace(second=0, microsecond=0)]
    assert results["b"]["Values"] == [2.5] and results["b"]["Label"] == "mean"
    assert results["c"]["Values"] == [] and results["c"]["StatusCode"] == "Complete"


def test_CW_1_errors_have_the_codes_of_the_query_protocol(client):
    of = {"Namespace": "AWS/S3", "MetricName": "BytesPendingReplication", "Dimensions": []}
    at = now()
    with fails("InvalidParameterValue", message="The parameter StartTime must be less than the parameter EndTime."):
        client.get_metric_statistics(**of, StartTime=at, EndTime=at, Period=60, Statistics=["Sum"])
    day = {"StartTime": at - datetime.timedelta(days=60), "EndTime": at, "Period": 60, "Statistics": ["Sum"]}
    with fails("InvalidParameterCombination", message="datapoints, which exceeds the limit of 1440."):
        client.get_metric_statistics(**of, **day | {"StartTime": at - datetime.timedelta(days=59, hours=23, minutes=58)})
    with fails("InvalidParameterValue"):
        client.get_metric_statistics(**of, **window(), Period=61, Statistics=["Sum"])
    with fails("InvalidParameterValue"):
        client.get_metric_statistics(**of, **window(), Period=60, Statistics=["Median"])
    with fails("InvalidParameterCombination"):
        client.get_metric_statistics(**of, **window(), Period=60)
    with fails("InvalidNextToken"):
        client.list_metrics(NextToken="!")
    with fails("InvalidNextToken"):
        client.get_metric_data(MetricDataQueries=[data_query("n", [])], **window(), NextToken="!")
    with fails("InvalidParameterValue"):
        client.get_metric_data(MetricDataQueries=[{"Id": "e", "Expression": "SUM(METRICS())"}], **window())
    with fails("InvalidParameterValue", message="Namespace"):
        client.put_metric_data(Namespace="AWS/S3", MetricData=[{"MetricName": "n", "Value": 1}])
    with fails("InvalidParameterValue"):
        client.put_metric_data(Namespace="n", MetricData=[{"MetricName": "n", "Value": 1, "StorageResolution": 1}])
    with fails("InvalidAction"):
        client.describe_alarms()


def test_CW_1_a_missing_parameter_is_named(home, models):
    for protocol in PROTOCOLS:
        client = cloudwatch(home, models, protocol)
        client._serializer = botocore.serialize.create_serializer(protocol, include_validation=False)
        with fails("MissingParameter", message="The parameter MetricName is required."):
            client.get_metric_statistics(Namespace="n", Period=60, Statistics=["Sum"], **window())


def test_CW_lists_are_paged(client):
    namespace = fresh_name("ns")
    for start in range(0, 510, 255):
        client.put_metric_data(
            Namespace=namespace,
            MetricData=[{"MetricName": f"m{index:03}", "Value": index} for index in range(start, start + 255)],
        )
    first = client.list_metrics(Namespace=namespace)
    assert len(first["Metrics"]) == 500
    rest = client.list_metrics(Namespace=namespace, NextToken=first["NextToken"])
    assert "NextToken" not in rest
    names = [metric["MetricName"] for metric in first["Metrics"] + rest["Metrics"]]
    assert names == [f"m{index:03}" for index in range(510)]
    assert len(client.list_metrics(Namespace=namespace, MetricName="m005", RecentlyActive="PT3H")["Metrics"]) == 1


def test_CW_data_are_paged_and_ordered(client):
    namespace, base = fresh_name("ns"), now().replace(second=0, microsecond=0)
    client.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {"MetricName": "n", "Value": minute, "Timestamp": base - datetime.timedelta(minutes=minute)}
            for minute in range(5)
        ],
    )
    queries = [data_query("n", [], "Sum", name, namespace=namespace) for name in ("a", "b")]
    found, token = {"a": [], "b": []}, None
    for _ in range(10):
        more = {"NextToken": token} if token else {}
        answer = client.get_metric_data(
            MetricDataQueries=queries, **window(), MaxDatapoints=3, ScanBy="TimestampAscending", **more
        )
        for result in answer["MetricDataResults"]:
            found[result["Id"]] += result["Values"]
        token = answer.get("NextToken")
        if not token:
            break
    assert found == {"a": [4.0, 3.0, 2.0, 1.0, 0.0], "b": [4.0, 3.0, 2.0, 1.0, 0.0]}


def test_CW_4_a_request_goes_to_the_region_that_it_is_signed_for(federation, models):
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    namespace = fresh_name("ns")
    for protocol in PROTOCOLS:
        client = cloudwatch(home, models, protocol, region_name="eu-west-1")
        client.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": protocol, "Value": 1}])
    there = cloudwatch(abroad, models, "json").list_metrics(Namespace=namespace)["Metrics"]
    assert [metric["MetricName"] for metric in there] == sorted(PROTOCOLS)
    assert cloudwatch(home, models, "json").list_metrics(Namespace=namespace)["Metrics"] == []


def test_CW_5_metrics_are_their_accounts_and_actions_are_authorized(home, models):
    namespace = fresh_name("ns")
    alice, bob = cloudwatch(home, models, "json"), cloudwatch(home, models, "json", BOB)
    alice.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "n", "Value": 1}])
    assert bob.list_metrics(Namespace=namespace)["Metrics"] == []

    iam, name = home.service("iam"), fresh_name("u")
    iam.create_user(UserName=name)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    for protocol in PROTOCOLS:
        user = cloudwatch(home, models, protocol, (made["AccessKeyId"], made["SecretAccessKey"]))
        with fails("AccessDenied", message="cloudwatch:ListMetrics"):
            user.list_metrics()
    iam.put_user_policy(
        UserName=name,
        PolicyName="p",
        PolicyDocument=policy(
            {"Effect": "Allow", "Action": "cloudwatch:ListMetrics", "Resource": "*"},
            {"Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*",
             "Condition": {"StringEquals": {"cloudwatch:namespace": namespace}}},
        ),
    )  # fmt: skip
    for protocol in PROTOCOLS:
        user = cloudwatch(home, models, protocol, (made["AccessKeyId"], made["SecretAccessKey"]))
        assert len(user.list_metrics(Namespace=namespace)["Metrics"]) == 1
        user.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "n", "Value": 1}])
        with fails("AccessDenied", message="cloudwatch:PutMetricData"):
            user.put_metric_data(Namespace=namespace + "x", MetricData=[{"MetricName": "n", "Value": 1}])
        with fails("AccessDenied", message="cloudwatch:GetMetricData"):
            user.get_metric_data(MetricDataQueries=[data_query("n", [])], **window())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_CW_unknown_keys_are_refused_in_the_protocol_of_the_request(home, models, protocol):
    with fails("InvalidClientTokenId"):
        cloudwatch(home, models, protocol, ("AKIAUNKNOWN000000000", "secret")).list_metrics()


@pytest.mark.parametrize(
    "body",
    [b"", b"\x00", b"\xff" * 64, b"\x9f" * 5000, b"\xbf" * 5000, b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff", b"\xa1\x61",
     b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", b"\xa1\x01\x02", b"\xa1\x61a\xff", b"\xc1\x61a", b"\x7f\x61a\x62"],
)  # fmt: skip
def test_CW_hostile_cbor_is_refused(home, body):
    answer = home.raw().request(
        "POST",
        "/service/GraniteServiceVersion20100801/operation/GetMetricData",
        body=body,
        headers={"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"},
        service="monitoring",
    )
    assert answer.status == 400
    assert answer.headers["smithy-protocol"] == "rpc-v2-cbor"
    assert answer.headers["x-amzn-query-error"].split(";")[0] in ("SerializationException", "MissingParameter")


# awscli


def aws(federation, *arguments, region="us-east-1"):
    done = subprocess.run(
        [str(pathlib.Path(sys.executable).parent / "aws"), "--endpoint-url", federation[region].endpoint,
         "--region", region, "--output", "json", "cloudwatch", *arguments],
        capture_output=True, text=True, timeout=60, check=False,
        env=federation.environment | {
            "AWS_ACCESS_KEY_ID": ALICE.access_key, "AWS_SECRET_ACCESS_KEY": ALICE.secret_key,
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def test_CW_the_command_line_reads_the_same(federation):
    namespace = fresh_name("ns")
    aws(federation, "put-metric-data", "--namespace", namespace, "--metric-name", "n", "--value", "7", "--unit", "Bytes")
    listed = aws(federation, "list-metrics", "--namespace", namespace)["Metrics"]
    assert listed == [{"Namespace": namespace, "MetricName": "n", "Dimensions": []}]
    times = [
        "--start-time", (now() - datetime.timedelta(minutes=5)).isoformat(),
        "--end-time", (now() + datetime.timedelta(minutes=1)).isoformat(),
    ]  # fmt: skip
    queries = json.dumps([data_query("n", [], "Sum", namespace=namespace)])
    answer = aws(federation, "get-metric-data", "--metric-data-queries", queries, *times)
    assert answer["MetricDataResults"][0]["Values"] == [7.0]
    answer = aws(
        federation, "get-metric-statistics", "--namespace", namespace, "--metric-name", "n", "--period", "60",
        "--statistics", "Sum", *times,
    )  # fmt: skip
    assert [point["Sum"] for point in answer["Datapoints"]] == [7.0]


# Replication metrics: live-replication §7.1


@pytest.fixture(scope="module")
def fast(workspace):
    """Two regions that measure each second, whose replication time is 3 seconds, with pages of metrics."""
    federation = Federation(workspace / "test_metrics")
    try:
        federation.start()
        federation.lines = federation.directory / "events.jsonl"
        target = json.dumps({"arn": LINES, "kind": "file", "path": str(federation.lines)})
        for region, port in zip(federation.regions, free_ports(2), strict=True):
            region.metrics_port = port
            text = region.config_path.read_text()
            assert "metrics:\n  interval_seconds: 20\n" in text
            region.config_path.write_text(
                text.replace(
                    "metrics:\n  interval_seconds: 20\n",
                    f'metrics:\n  interval_seconds: 1\n  listen: "127.0.0.1:{port}"\n'
                    "testing:\n  replication_time_threshold_seconds: 3\n",
                )
                + f"targets:\n  - {target}\n"
            )
            region.terminate()
            region.start()
        yield federation
    finally:
        federation.stop()


def pair_of(federation, **destination):
    """(source, destination, rule ID), from home to abroad."""
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    source, target = home.bucket(), abroad.bucket()
    configure(home.client(), source, rule(target, identifier="the rule", **destination))
    return source, target, "the rule"


def pages(federation, name="us-east-1"):
    """The samples of a page of metrics: name and labels → value."""
    text = requests.get(f"http://127.0.0.1:{federation[name].metrics_port}/metrics", timeout=10).text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_M_01_to_M_05_M_10_W_29_CW_2_metrics_are_published_where_S3_publishes_them(fast, models):
    source, target, identifier = pair_of(fast, Metrics=METRICS)
    of = of_rule(source, target, identifier)
    home, abroad = fast["us-east-1"], fast["eu-west-1"]
    here, there = cloudwatch(home, models, "json"), cloudwatch(abroad, models, "json")

    # M-01 to M-03: zeros where nothing waits; in the destination's region alone.
    pending = ("ReplicationLatency", "BytesPendingReplication", "OperationsPendingReplication")
    for name in pending:
        # A value for each minute: a second one may have begun.
        eventually(lambda name=name: set(values(there, name, of)) == {0.0}, f"{name} is published")
    # M-10: no data where nothing ended.
    assert values(here, "OperationsFailedReplication", of, "SampleCount") == []
    home.client().put_object(Bucket=source, Key="k", Body=b"12345")
    wait_for_status(home.client(), source, "k")
    eventually(lambda: values(here, "OperationsFailedReplication", of, "SampleCount") == [1.0], "M-04 is published")
    assert values(here, "OperationsFailedReplication", of, "Sum") == [0.0]
    listed = {metric["MetricName"] for metric in there.list_metrics(Namespace="AWS/S3", Dimensions=of)["Metrics"]}
    assert listed == set(pending)
    listed = {metric["MetricName"] for metric in here.list_metrics(Namespace="AWS/S3", Dimensions=of)["Metrics"]}
    assert listed == {"OperationsFailedReplication"}
    # W-29: no other dimension, as of a Multi-Region Access Point.
    for client in (here, there):
        for metric in client.list_metrics(Namespace="AWS/S3")["Metrics"]:
            names = {dimension["Name"] for dimension in metric["Dimensions"]}
            assert names == {"SourceBucket", "DestinationBucket", "RuleId"}


def test_M_02_what_waits_equals_a_recount(fast, models):
    source, target, identifier = pair_of(fast, Metrics=METRICS)
    of = of_rule(source, target, identifier)
    home, abroad = fast["us-east-1"], fast["eu-west-1"]
    there = cloudwatch(abroad, models, "json")
    eventually(lambda: values(there, "OperationsPendingReplication", of), "the rule is measured")
    with abroad.paused():
        for index in range(5):
            home.client().put_object(Bucket=source, Key=f"k{index}", Body=bytes(1000 + index))
        home.client().put_object_tagging(Bucket=source, Key="k0", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
        labels = frozenset({"source_bucket": source, "destination_bucket": target, "rule": identifier}.items())
        found = pages(fast)
        waiting = sum(
            status_of(home.client(), source, f"k{index}") in ("PENDING", "FAILED") for index in range(5)
        )
        assert waiting == 5
        assert found["tern_replication_pending_operations", labels] == 6
        assert found["tern_replication_pending_bytes", labels] == 5010
        eventually(
            lambda: pages(fast)["tern_replication_latency_seconds", labels] >= 2, "the oldest grows older"
        )
    for index in range(5):
        wait_for_status(home.client(), source, f"k{index}")

    def drained():
        found = pages(fast)
        names = ("operations", "bytes")
        return all(found[f"tern_replication_pending_{name}", labels] == 0 for name in names)

    eventually(drained, "nothing waits any more")
    assert pages(fast)["tern_replication_latency_seconds", labels] == 0
    # What could not be sent to the region while it was away comes later.
    eventually(lambda: max(values(there, "OperationsPendingReplication", of)) == 6, "the peak is published")
    assert max(values(there, "BytesPendingReplication", of)) == 5010
    assert max(values(there, "ReplicationLatency", of)) >= 2


def test_M_04_U_20_failures_are_counted_in_the_sources_region(fast, models):
    source, target, identifier = pair_of(fast, Metrics=METRICS)
    home, abroad = fast["us-east-1"], fast["eu-west-1"]
    of = of_rule(source, target, identifier)
    abroad.client().delete_bucket(Bucket=target)
    home.client().put_object(Bucket=source, Key="k", Body=b"1")
    wait_for_status(home.client(), source, "k", expected="FAILED")
    here = cloudwatch(home, models, "json")
    eventually(lambda: values(here, "OperationsFailedReplication", of, "Sum") == [1.0], "the failure is published")
    assert values(here, "OperationsFailedReplication", of, "Average") == [1.0]
    labels = {"source_bucket": source, "destination_bucket": target, "rule": identifier, "reason": "DstBucketNotFound"}
    assert pages(fast)["tern_replication_failures_total", frozenset(labels.items())] == 1


def test_M_04_M_09_a_change_of_tags_that_fails_is_a_failed_operation(fast, models):
    source, target, identifier = pair_of(fast, Metrics=METRICS)
    home, abroad = fast["us-east-1"], fast["eu-west-1"]
    of = of_rule(source, target, identifier)
    version = home.client().put_object(Bucket=source, Key="k", Body=b"1")["VersionId"]
    wait_for_status(home.client(), source, "k", version)
    abroad.client().put_bucket_versioning(Bucket=target, VersioningConfiguration={"Status": "Suspended"})
    home.client().put_object_tagging(Bucket=source, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    wait_for_status(home.client(), source, "k", version, expected="FAILED")
    here = cloudwatch(home, models, "json")
    eventually(lambda: sum(values(here, "OperationsFailedReplication", of, "Sum")) == 1, "the failure is published")
    assert sum(values(here, "OperationsFailedReplication", of, "SampleCount")) == 2


def test_M_13_a_job_that_cannot_run_has_no_metrics(fast, models):
    source, target, identifier = pair_of(fast, Metrics=METRICS)
    home = fast["us-east-1"]
    s3, control = home.client(), control_client(home)
    of = of_rule(source, target, identifier)
    s3.delete_bucket_replication(Bucket=source)
    version = s3.put_object(Bucket=source, Key="k", Body=b"1")["VersionId"]
    configure(s3, source, rule(target, identifier=identifier, Metrics=METRICS))
    manifest = batch.csv_manifest(s3, home.bucket(), [(source, "k", version)])
    here = cloudwatch(home, models, "json")
    role = batch.job_role(home)
    broken = {**manifest, "Location": {**manifest["Location"], "ETag": "0" * 32}}
    assert batch.failure_of(control, batch.create(control, role, Manifest=broken))[0] == "ManifestETagMismatch"
    # One that runs is counted, and it alone.
    batch.completed(control, batch.create(control, role, Manifest=manifest))
    eventually(lambda: values(here, "OperationsFailedReplication", of, "SampleCount"), "the job is counted")
    assert values(here, "OperationsFailedReplication", of, "SampleCount") == [1.0]
    assert values(here, "OperationsFailedReplication", of, "Sum") == [0.0]


def test_M_06_rules_without_metrics_are_not_published(fast, models):
    source, target, identifier = pair_of(fast)
    measured = pair_of(fast, Metrics=METRICS)
    home, abroad = fast["us-east-1"], fast["eu-west-1"]
    home.client().put_object(Bucket=source, Key="k", Body=b"1")
    wait_for_status(home.client(), source, "k")
    there = cloudwatch(abroad, models, "json")
    eventually(lambda: values(there, "ReplicationLatency", of_rule(*measured)), "the other rule is measured")
    of = of_rule(source, target, identifier)
    assert there.list_metrics(Dimensions=of)["Metrics"] == []
    assert cloudwatch(home, models, "json").list_metrics(Dimensions=of)["Metrics"] == []


# Replication time: live-replication §6.1


def report(federation, *arguments, expected=0):
    done = subprocess.run(
        [tern_binary(), "replication", "report", "--dir", str(federation.directory), *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == expected, done.stderr
    return done.stdout


def month_of(federation, source, expected=0):
    months = [
        month
        for region in json.loads(report(federation, "--json", expected=expected))["regions"]
        for month in region["months"]
        if month["sourceBucket"] == source
    ]
    return months[0] if months else None


def told(federation, bucket):
    """(event, key) of the events of a bucket that were told, in order."""
    lines = federation.lines.read_text().splitlines() if federation.lines.exists() else []
    found = [record for line in lines for record in json.loads(line).get("Records", [])]
    return [
        (record["eventName"], urllib.parse.unquote_plus(record["s3"]["object"]["key"]))
        for record in found
        if record["s3"]["bucket"]["name"] == bucket
    ]


def test_R_06_M_07_metrics_and_events_are_there_soon_after_replication_time_is_enabled(fast, models):
    source, target, identifier = pair_of(fast)
    home, abroad = fast["us-east-1"], fast["eu-west-1"]
    of = of_rule(source, target, identifier)
    there = cloudwatch(abroad, models, "json")
    notify(home.client(), source, LINES, ["s3:Replication:*"])
    configure(home.client(), source, rule(target, identifier=identifier, **TIMED))
    # S3 may take 15 minutes for it; here the next measurement has it.
    eventually(lambda: values(there, "OperationsPendingReplication", of), "the rule is measured")
    abroad.client().put_bucket_versioning(Bucket=target, VersioningConfiguration={"Status": "Suspended"})
    home.client().put_object(Bucket=source, Key="k", Body=b"1")
    expected = [("Replication:OperationFailedReplication", "k")]
    eventually(lambda: told(fast, source) == expected, "the event is told")


def test_R_11_R_12_the_threshold_is_missed_once_and_the_report_tells_it(fast):
    source, target, identifier = pair_of(fast, **TIMED)
    home, abroad = fast["us-east-1"], fast["eu-west-1"]
    notify(home.client(), source, LINES, ["s3:Replication:*"])
    home.client().put_object(Bucket=source, Key="in time", Body=b"123")
    wait_for_status(home.client(), source, "in time")
    abroad.pause()
    try:
        home.client().put_object(Bucket=source, Key="late", Body=b"1")
        eventually(lambda: month_of(fast, source, expected=1)["missedThreshold"] == 1, "the threshold is missed")
        home.kill()
        home.start()
        always(lambda: month_of(fast, source, expected=1)["missedThreshold"] == 1, "it is missed once", during=2.5)
        assert "eu-west-1 at " in report(fast, expected=1)
    finally:
        abroad.resume()
    wait_for_status(home.client(), source, "late")
    eventually(lambda: month_of(fast, source)["completedOperations"] == 2, "both are done")
    expected = [
        ("Replication:OperationMissedThreshold", "late"),
        ("Replication:OperationReplicatedAfterThreshold", "late"),
    ]
    eventually(lambda: told(fast, source) == expected, lambda: f"the events are told: {told(fast, source)}")
    month = month_of(fast, source)
    assert month["month"] == now().strftime("%Y-%m")
    assert month["replicationTimeControl"] is True
    assert month["withinThreshold"] == 1
    assert month["missedThreshold"] == 1
    assert month["attainedPercent"] == 50.0
    assert month["lag"]["maxMs"] >= 3000
    assert [slow["key"] for slow in month["slowest"]] == ["late", "in time"]
    table = report(fast, "--rule", identifier, "--month", month["month"], "--slowest")
    assert "50.0 %" in table and source in table and "late" in table
    assert source not in report(fast, "--rule", "another")


# Prometheus


def test_CW_6_the_page_of_metrics_is_Prometheus_text(fast):
    home = fast["us-east-1"]
    bucket = home.bucket()
    before = pages(fast)
    home.client().put_object(Bucket=bucket, Key="k", Body=bytes(100_000))
    for _ in range(3):
        home.client().get_object(Bucket=bucket, Key="k")["Body"].read()
    with fails("404"):
        home.client().head_object(Bucket=bucket, Key="none")
    after = pages(fast)

    def grown(name, **labels):
        key = name, frozenset(labels.items())
        return after[key] - before.get(key, 0)

    assert grown("tern_http_requests_total", operation="PutObject", status="2xx") == 1
    assert grown("tern_http_requests_total", operation="GetObject", status="2xx") == 3
    assert grown("tern_http_requests_total", operation="HeadObject", status="4xx") == 1
    assert grown("tern_http_request_duration_seconds_count", operation="GetObject") == 3
    assert grown("tern_http_request_duration_seconds_bucket", operation="GetObject", le="+Inf") == 3
    assert grown("tern_http_received_bytes_total") >= 100_000
    assert grown("tern_http_sent_bytes_total") >= 300_000
    assert grown("tern_storage_commits_total", result="committed") >= 1
    assert grown("tern_storage_syncs_total") >= 1
    single = {name: value for (name, labels), value in after.items() if not labels}
    assert single["process_resident_memory_bytes"] == pytest.approx(home.resident_mib() * 1024 * 1024, rel=0.2)
    assert single["process_cpu_seconds_total"] > 0
    assert 3 <= single["process_open_fds"] < single["process_max_fds"]
    assert abs(single["process_start_time_seconds"] - time.time()) < 3600
    assert single["tern_storage_disk_free_bytes"] > 0
    assert single["tern_storage_rows"] > 0
    # Requests that list versions have one for a moment.
    assert single["tern_storage_snapshots"] >= 0
    assert single["tern_storage_oldest_snapshot_seconds"] < 60

    base = f"http://127.0.0.1:{home.metrics_port}"
    assert requests.get(base + "/", timeout=10).status_code == 404
    assert requests.post(base + "/metrics", timeout=10).status_code == 405
    # A bucket may be called so.
    with fails("NoSuchBucket"):
        home.client().list_objects_v2(Bucket="metrics")
