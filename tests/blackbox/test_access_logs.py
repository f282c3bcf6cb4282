"""Server access logs: records in S3's format, delivered into the target bucket (§12.6)."""

import re

import pytest
from federation import ALICE, BOB, policy
from replication import configure, rule, wait_for_status
from s3 import body_of, keys_of
from waiting import always, eventually

FIELDS = (
    r'(?P<owner>\S+) (?P<bucket>\S+) \[(?P<time>[^\]]+)\] (?P<address>\S+) (?P<requester>\S+) (?P<request>\S+) '
    r'(?P<operation>\S+) (?P<key>\S+) "(?P<uri>[^"]*)" (?P<status>\d{3}) (?P<code>\S+) (?P<sent>\S+) (?P<size>\S+) '
    r'(?P<total>\d+) (?P<turnaround>\d+) "(?P<referrer>[^"]*)" "(?P<agent>[^"]*)" (?P<version>\S+) (?P<host_id>\S+) '
    r'(?P<signature>\S+) (?P<cipher>\S+) (?P<auth>\S+) (?P<host>\S+) (?P<tls>\S+) (?P<arn>\S+) (?P<acl>\S+)'
)


@pytest.fixture(scope="module")
def region(own_federation):
    """A region that delivers every second."""
    region = own_federation["us-east-1"]
    region.terminate()
    text = region.config_path.read_text()
    region.config_path.write_text(
        text.replace("delivery_interval_seconds: 60", "delivery_interval_seconds: 1")
    )
    region.start()
    return region


def enable(region, prefix="logs/", target=None, **more):
    """A bucket that logs, and its target."""
    source = region.bucket(versioned=False)
    target = target or region.bucket(versioned=False)
    status = {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": prefix, **more}}
    region.client().put_bucket_logging(Bucket=source, BucketLoggingStatus=status)
    return source, target


def records(region, target, prefix="logs/"):
    client = region.client()
    found = []
    for key in keys_of(client.list_objects_v2(Bucket=target, Prefix=prefix)):
        for line in body_of(client.get_object(Bucket=target, Key=key)).decode().splitlines():
            match = re.fullmatch(FIELDS, line)
            assert match, line
            found.append(match.groupdict())
    return found


def wait_for(region, target, operations, prefix="logs/"):
    found = {}

    def there():
        found.clear()
        found.update({(entry["operation"], entry["status"]): entry for entry in records(region, target, prefix)})
        return set(operations) <= set(found)

    eventually(there, lambda: f"{operations} are logged; there is {sorted(found)}")
    return found


def test_records_say_what_was_done(own_federation, region):
    source, target = enable(region)
    client = region.client()
    client.put_object(Bucket=source, Key="a b/c", Body=b"x" * 100_000)
    answer = client.get_object(Bucket=source, Key="a b/c", Range="bytes=0-49999")
    body_of(answer)
    raw = region.raw()
    missing = raw.request("GET", f"/{source}/missing?versionId=null", headers={"user-agent": 'odd "agent"'})
    assert missing.status == 404
    assert raw.anonymous("GET", f"/{source}").status == 403
    found = wait_for(
        region,
        target,
        [
            ("REST.PUT.OBJECT", "200"),
            ("REST.GET.OBJECT", "206"),
            ("REST.GET.OBJECT", "404"),
            ("REST.GET.BUCKET", "403"),
        ],
    )
    owner = own_federation.canonical_ids[ALICE.id]

    read = found["REST.GET.OBJECT", "206"]
    assert (read["owner"], read["requester"], read["bucket"]) == (owner, owner, source)
    assert (read["key"], read["sent"], read["size"]) == ("a%20b/c", "50000", "100000")
    assert read["request"] == answer["ResponseMetadata"]["RequestId"]
    assert read["host_id"] == answer["ResponseMetadata"]["HostId"]
    assert read["uri"] == f"GET /{source}/a%20b/c HTTP/1.1"
    assert (read["code"], read["signature"], read["auth"]) == ("-", "SigV4", "AuthHeader")
    assert read["address"] == "127.0.0.1"
    assert "Boto3" in read["agent"]
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", read["time"])

    error = found["REST.GET.OBJECT", "404"]
    assert (error["code"], error["version"], error["key"]) == ("NoSuchVersion", "null", "missing")
    assert error["agent"] == "odd %22agent%22"
    anonymous = found["REST.GET.BUCKET", "403"]
    assert (anonymous["requester"], anonymous["code"], anonymous["key"]) == ("-", "AccessDenied", "-")
    assert (anonymous["signature"], anonymous["auth"]) == ("-", "-")


@pytest.mark.parametrize(
    "layout, form",
    [
        ({"SimplePrefix": {}}, r"p-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9A-F]{16}"),
        (
            {"PartitionedPrefix": {"PartitionDateSource": "DeliveryTime"}},
            r"p-{account}/us-east-1/{source}/\d{4}/\d\d/\d\d/\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9A-F]{16}",
        ),
        (
            {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
            r"p-{account}/us-east-1/{source}/\d{4}/\d\d/\d\d/\d{4}-\d\d-\d\d-00-00-00-[0-9A-F]{16}",
        ),
    ],
)
def test_names_of_log_objects(region, layout, form):
    source, target = enable(region, "p-", TargetObjectKeyFormat=layout)
    region.client().list_objects_v2(Bucket=source)
    wait_for(region, target, [("REST.GET.BUCKET", "200")], "p-")
    form = form.replace("{account}", ALICE.id).replace("{source}", source)
    for key in keys_of(region.client().list_objects_v2(Bucket=target)):
        assert re.fullmatch(form, key), key


def test_a_bucket_that_logs_into_itself_does_not_log_its_logs(region):
    client = region.client()
    bucket = region.bucket(versioned=False)
    status = {"LoggingEnabled": {"TargetBucket": bucket, "TargetPrefix": "logs/"}}
    client.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=status)
    client.put_object(Bucket=bucket, Key="k", Body=b"v")
    eventually(lambda: keys_of(client.list_objects_v2(Bucket=bucket, Prefix="logs/")), "a log comes")
    # Each delivery of what this test itself reads makes one log object an interval, and no more: were deliveries logged
    # too, as requests of their own, their number would grow with itself.
    most = len(keys_of(client.list_objects_v2(Bucket=bucket, Prefix="logs/"))) + 10
    always(
        lambda: len(keys_of(client.list_objects_v2(Bucket=bucket, Prefix="logs/"))) <= most, "few logs", during=5,
        every=1,
    )  # fmt: skip


def test_L_14_logs_that_come_into_a_source_replicate(own_federation, region):
    abroad = own_federation["eu-west-1"]
    logs, copy = region.bucket(), abroad.bucket()
    configure(region.client(), logs, rule(copy))
    source, _ = enable(region, target=logs)
    region.client().put_object(Bucket=source, Key="k", Body=b"v")
    found = eventually(
        lambda: keys_of(region.client().list_objects_v2(Bucket=logs, Prefix="logs/")), "a log is delivered"
    )
    wait_for_status(region.client(), logs, found[0])
    replica = abroad.client().get_object(Bucket=copy, Key=found[0])
    assert replica["ReplicationStatus"] == "REPLICA"
    assert body_of(replica) == body_of(region.client().get_object(Bucket=logs, Key=found[0]))


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_I_22_R_05_N_08_the_logs_of_both_buckets_have_what_replication_does(own_federation, region, where):
    other = region if where == "here" else own_federation["eu-west-1"]
    if where == "elsewhere" and "delivery_interval_seconds: 1\n" not in other.config_path.read_text():
        other.terminate()
        text = other.config_path.read_text()
        other.config_path.write_text(text.replace("delivery_interval_seconds: 60", "delivery_interval_seconds: 1"))
        other.start()
    source, source_logs = region.bucket(), region.bucket()
    destination, destination_logs = other.bucket(), other.bucket()
    for place, bucket, target in ((region, source, source_logs), (other, destination, destination_logs)):
        status = {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "logs/"}}
        place.client().put_bucket_logging(Bucket=bucket, BucketLoggingStatus=status)
    configure(region.client(), source, rule(destination, markers="Enabled"))
    s3 = region.client()
    versions = {}
    for key, size in (("small", 5), ("large", 1_000_000)):
        versions[key] = s3.put_object(Bucket=source, Key=key, Body=b"x" * size)["VersionId"]
        wait_for_status(s3, source, key, versions[key])
    s3.put_object_tagging(Bucket=source, Key="small", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    wait_for_status(s3, source, "small", versions["small"])
    marker = s3.delete_object(Bucket=source, Key="small")["VersionId"]
    role = f"arn:aws:sts::{ALICE.id}:assumed-role/replication/s3-replication"
    expected = {
        "GET": {
            ("REST.GET.OBJECT", "small", versions["small"], "200", "5"),
            ("REST.GET.OBJECT", "large", versions["large"], "200", "1000000"),
            ("REST.GET.OBJECT_TAGGING", "small", versions["small"], "200", "-"),
            ("REST.HEAD.OBJECT", "small", marker, "200", "-"),
        },
        "PUT": {
            ("REST.PUT.OBJECT", "small", versions["small"], "200", "5"),
            ("REST.PUT.OBJECT", "large", versions["large"], "200", "1000000"),
            ("REST.PUT.OBJECT_TAGGING", "small", versions["small"], "200", "-"),
            ("REST.DELETE.OBJECT", "small", marker, "204", "-"),
        },
    }

    def list_of_replication(place, target):
        return [
            tuple(entry[name] for name in ("operation", "key", "version", "status", "size"))
            for entry in records(place, target)
            if entry["requester"] == role
        ]

    def of_replication(place, target):
        return set(list_of_replication(place, target))

    for place, target, side in ((region, source_logs, "GET"), (other, destination_logs, "PUT")):
        found = eventually(
            lambda: (found := of_replication(place, target)) >= expected[side] and found,
            lambda: f"{expected[side]} are logged; there is {of_replication(place, target)}",
        )  # fmt: skip
        assert found == expected[side]
        # R-05, N-08: of five requests that an object may cost at the source it takes one, and one at the destination.
        assert sorted(list_of_replication(place, target)) == sorted(expected[side])
    # What the role may not do is there as well.
    deny = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:ReplicateObject", "Resource": f"arn:aws:s3:::{destination}/*"
    }  # fmt: skip
    other.client().put_bucket_policy(Bucket=destination, Policy=policy(deny))
    refused = s3.put_object(Bucket=source, Key="refused", Body=b"x")["VersionId"]
    wait_for_status(s3, source, "refused", refused, expected="FAILED")
    entry = ("REST.PUT.OBJECT", "refused", refused, "403", "-")
    eventually(lambda: entry in of_replication(other, destination_logs), "the refusal is logged")


def test_nothing_is_logged_when_logging_is_off(region):
    source, target = enable(region)
    client = region.client()
    client.put_bucket_logging(Bucket=source, BucketLoggingStatus={})
    client.put_object(Bucket=source, Key="after", Body=b"v")
    always(
        lambda: "after" not in [entry["key"] for entry in records(region, target)], "nothing is logged", during=2.5,
        every=0.5,
    )  # fmt: skip


def test_records_are_delivered_when_the_region_stops(region):
    source, target = enable(region)
    region.client(BOB)
    region.client().put_object(Bucket=source, Key="last", Body=b"v")
    region.terminate()
    region.start()
    assert "last" in [entry["key"] for entry in records(region, target)]


def test_a_target_that_was_deleted_disturbs_nobody(region):
    source, target = enable(region)
    client = region.client()
    client.delete_bucket(Bucket=target)
    client.put_object(Bucket=source, Key="k", Body=b"v")
    always(
        lambda: body_of(client.get_object(Bucket=source, Key="k")) == b"v", "reads go on", during=2, every=0.2
    )  # fmt: skip


def test_log_objects_have_the_grants_of_the_configuration(own_federation, region):
    client = region.client()
    target = region.bucket(versioned=False, ObjectOwnership="ObjectWriter")
    client.delete_public_access_block(Bucket=target)
    alice, bob = own_federation.canonical_ids[ALICE.id], own_federation.canonical_ids[BOB.id]
    everybody = "http://acs.amazonaws.com/groups/global/AllUsers"
    grants = [
        {"Grantee": {"Type": "CanonicalUser", "ID": bob}, "Permission": "READ"},
        {"Grantee": {"Type": "Group", "URI": everybody}, "Permission": "FULL_CONTROL"},
    ]
    source, target = enable(region, target=target, TargetGrants=grants)

    def granted(reason):
        """What a log object grants that comes from now on."""
        before = keys_of(client.list_objects_v2(Bucket=target))

        def new():
            client.get_bucket_location(Bucket=source)
            return [key for key in keys_of(client.list_objects_v2(Bucket=target)) if key not in before]

        eventually(new, reason, every=0.5)
        acl = client.get_object_acl(Bucket=target, Key=max(new()))
        assert acl["Owner"]["ID"] == alice
        return {(each["Grantee"].get("URI") or each["Grantee"]["ID"], each["Permission"]) for each in acl["Grants"]}

    owner = (alice, "FULL_CONTROL")
    assert granted("a log comes") == {owner, (bob, "READ"), (everybody, "FULL_CONTROL")}
    # What the target bucket does not take any more is left out, and logs are delivered all the same.
    client.put_public_access_block(
        Bucket=target, PublicAccessBlockConfiguration={"BlockPublicAcls": True, "IgnorePublicAcls": False}
    )
    granted("a log comes behind the change")
    assert granted("another one comes") == {owner, (bob, "READ")}
    client.put_bucket_ownership_controls(
        Bucket=target, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    granted("a log comes behind the second change")
    assert granted("one more comes") == {owner}
