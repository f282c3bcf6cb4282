"""The control plane of Multi-Region Access Points (identity-and-control §9.1: MRP-1 to MRP-4, live-replication §8.2:
W-23 to W-27): boto3's client of S3 Control against real regions."""

import contextlib
import http.client
import json
import re
import subprocess
import sys
import urllib.parse
import uuid
from concurrent.futures import ThreadPoolExecutor

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
import s3control
from federation import ALICE, BOB
from s3 import fails as fails_exactly
from s3control import arn, create, delete, dials, failed, fresh_access_point_name, make, put_policy, submit, succeeded
from test_iam import allow, key_of, unique
from waiting import eventually

EVERYTHING_BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
NOTHING_BLOCKED = dict.fromkeys(EVERYTHING_BLOCKED, False)
SHAPE_OF_TOKEN = r"arn:aws:s3:us-west-2:111111111111:async-request/mrap/{}/[A-Z0-9]+"


@contextlib.contextmanager
def fails(status, code, part=""):
    """As of S3's errors; the message has this part."""
    with fails_exactly(status, code) as found:
        yield found
    assert part in found[0].message, found[0].message


@pytest.fixture
def control(home):
    return s3control.client(home)


@pytest.fixture
def buckets(home, abroad):
    """A bucket in each region."""
    return home.bucket(), abroad.bucket()


def get(control, name, account=ALICE):
    return control.get_multi_region_access_point(AccountId=account.id, Name=name)["AccessPoint"]


def describe(control, token, account=ALICE):
    return control.describe_multi_region_access_point_operation(AccountId=account.id, RequestTokenARN=token)[
        "AsyncOperation"
    ]


def policies(control, name):
    found = control.get_multi_region_access_point_policy(AccountId=ALICE.id, Name=name)["Policy"]
    return found.get("Established", {}).get("Policy"), found.get("Proposed", {}).get("Policy")


def statement(point, principal, action="s3:GetObject", path="/object/*"):
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": action, "Resource": arn(point) + path}],
    }


# Creation


def test_mrp_1_an_access_point_has_a_name_an_alias_and_a_bucket_in_each_region(control, buckets):
    name = fresh_access_point_name()
    token = create(control, *buckets, name=name)
    assert re.fullmatch(SHAPE_OF_TOKEN.format("createmultiregionaccesspoint"), token)
    operation = succeeded(control, token)
    assert operation["Operation"] == "CreateMultiRegionAccessPoint"
    assert operation["RequestTokenARN"] == token
    assert operation["RequestParameters"] == {
        "CreateMultiRegionAccessPointRequest": {"Name": name, "Regions": [{"Bucket": each} for each in buckets]}
    }
    assert operation["ResponseDetails"] == {
        "MultiRegionAccessPointDetails": {
            "Regions": [
                {"Name": "us-east-1", "RequestStatus": "SUCCEEDED"},
                {"Name": "eu-west-1", "RequestStatus": "SUCCEEDED"},
            ]
        }
    }
    point = get(control, name)
    assert point["Name"] == name and point["Status"] == "READY"
    assert re.fullmatch(r"[a-z][a-z0-9]{12}\.mrap", point["Alias"])
    assert point["PublicAccessBlock"] == EVERYTHING_BLOCKED
    assert point["Regions"] == [
        {"Bucket": buckets[0], "Region": "us-east-1", "BucketAccountId": ALICE.id},
        {"Bucket": buckets[1], "Region": "eu-west-1", "BucketAccountId": ALICE.id},
    ]
    assert abs((point["CreatedAt"] - operation["CreationTime"]).total_seconds()) < 60


def test_mrp_1_public_access_is_blocked_as_the_creation_says(control, buckets):
    some = {**NOTHING_BLOCKED, "BlockPublicPolicy": True}
    point = make(control, buckets[0], PublicAccessBlock=some)
    assert point["PublicAccessBlock"] == some
    assert make(control, buckets[1], PublicAccessBlock={})["PublicAccessBlock"] == NOTHING_BLOCKED


@pytest.mark.parametrize("name", ["a" * 3, "0" * 50, "a-b", "0-0"])
def test_mrp_1_names_that_are_allowed(control, home, name):
    succeeded(control, create(control, home.bucket(), name=name))
    succeeded(control, delete(control, name))


@pytest.mark.parametrize("name", ["ab", "a" * 51, "-ab", "ab-", "a.b", "a_b", "aB1", "ä12", ""])
def test_mrp_1_names_that_are_refused(control, buckets, name):
    with fails(400, "InvalidRequest", "name"):
        create(control, buckets[0], name=name or " ")


def test_mrp_1_a_name_is_an_accounts_own_and_used_once(control, home, buckets):
    point = make(control, *buckets)
    details = failed(control, create(control, buckets[0], name=point["Name"]))
    assert details["Code"] == "MultiRegionAccessPointAlreadyOwnedByYou" and details["Resource"] == point["Name"]
    assert get(control, point["Name"]) == point
    bob = s3control.client(home, BOB)
    other = make(bob, home.bucket(account=BOB), name=point["Name"], account=BOB)
    assert other["Alias"] != point["Alias"]


def test_mrp_1_an_alias_is_never_given_again(control, buckets):
    name = fresh_access_point_name()
    aliases = set()
    for _ in range(5):
        aliases.add(make(control, *buckets, name=name)["Alias"])
        succeeded(control, delete(control, name))
    assert len(aliases) == 5


def test_mrp_1_the_bucket_of_another_account_needs_its_id(control, home, buckets):
    foreign = home.bucket(account=BOB)
    point = make(control, (foreign, BOB.id), buckets[1])
    assert point["Regions"][0] == {"Bucket": foreign, "Region": "us-east-1", "BucketAccountId": BOB.id}


def test_mrp_1_n_11_at_most_17_regions_and_at_least_one(control, home):
    with fails(400, "TooManyMultiRegionAccessPointregionsError"):
        create(control, *[f"bucket-{index}" for index in range(18)])
    with fails(400, "MalformedXML"):
        create(control)


def test_mrp_2_what_is_wrong_with_buckets_ends_in_error_details(control, home, buckets):
    missing = unique("missing")
    foreign = home.bucket(account=BOB)
    cases = {
        "NoSuchBucket": ([buckets[0], missing], missing),
        "MultiRegionAccessPointSameBucketRegion": ([buckets[0], second := home.bucket()], second),
        "AccessDenied": ([foreign, buckets[1]], foreign),
    }
    for code, (regions, resource) in cases.items():
        name = fresh_access_point_name()
        token = create(control, *regions, name=name)
        details = failed(control, token)
        assert details["Code"] == code and details["Resource"] == resource, details
        assert details["Message"] and details["RequestId"], details
        assert "MultiRegionAccessPointDetails" not in describe(control, token)["ResponseDetails"]
        # Nothing is left of it.
        with fails(404, "NoSuchMultiRegionAccessPoint"):
            get(control, name)
        make(control, buckets[0], name=name)
    assert failed(control, create(control, (buckets[0], BOB.id)))["Code"] == "AccessDenied"
    with fails(400, "InvalidRequest", "BucketAccountId"):
        create(control, (buckets[0], "12"))


def test_mrp_2_a_client_token_stands_for_one_request(control, buckets):
    name, client_token = fresh_access_point_name(), uuid.uuid4().hex
    token = create(control, *buckets, name=name, ClientToken=client_token)
    assert create(control, *buckets, name=name, ClientToken=client_token) == token
    succeeded(control, token)
    assert create(control, *buckets, name=name, ClientToken=client_token) == token
    with fails(400, "InvalidRequest", "token"):
        create(control, buckets[0], name=name, ClientToken=client_token)
    with fails(400, "InvalidRequest", "token"):
        delete(control, name, ClientToken=client_token)
    removal = uuid.uuid4().hex
    gone = delete(control, name, ClientToken=removal)
    succeeded(control, gone)
    assert delete(control, name, ClientToken=removal) == gone
    with fails(400, "InvalidRequest", "token"):
        create(control, *buckets, ClientToken="x" * 65)


def test_mrp_2_many_at_once_with_one_client_token_are_one(home, abroad, control, buckets):
    name, client_token = fresh_access_point_name(), uuid.uuid4().hex
    clients = [s3control.client(region) for region in (home, abroad) for _ in range(4)]
    with ThreadPoolExecutor(len(clients)) as pool:
        tokens = list(pool.map(lambda each: create(each, *buckets, name=name, ClientToken=client_token), clients))
    assert len(set(tokens)) == 1
    succeeded(control, tokens[0])


# Deletion


def test_mrp_3_a_bucket_of_an_access_point_cannot_be_deleted(control, home, abroad, buckets):
    foreign = home.bucket(account=BOB)
    point = make(control, *buckets)
    other = make(control, (foreign, BOB.id))
    for region, bucket in zip((home, abroad), buckets, strict=True):
        with fails(409, "InvalidBucketState", "The bucket is in use by a Multi-Region Access Point."):
            region.client().delete_bucket(Bucket=bucket)
    # An access point of another account does not hold a bucket.
    home.client(BOB).delete_bucket(Bucket=foreign)
    token = delete(control, point["Name"])
    assert re.fullmatch(SHAPE_OF_TOKEN.format("deletemultiregionaccesspoint"), token)
    operation = succeeded(control, token)
    assert operation["RequestParameters"] == {"DeleteMultiRegionAccessPointRequest": {"Name": point["Name"]}}
    regions = operation["ResponseDetails"]["MultiRegionAccessPointDetails"]["Regions"]
    assert [each["Name"] for each in regions] == ["us-east-1", "eu-west-1"]
    for region, bucket in zip((home, abroad), buckets, strict=True):
        region.client().delete_bucket(Bucket=bucket)
    succeeded(control, delete(control, other["Name"]))


def test_mrp_4_what_is_not_there(control, home, buckets):
    point = make(control, *buckets)
    bob, name = s3control.client(home, BOB), fresh_access_point_name()
    for asked, known, account in ((control, name, ALICE), (bob, point["Name"], BOB)):
        for look in (
            asked.get_multi_region_access_point,
            asked.get_multi_region_access_point_policy,
            asked.get_multi_region_access_point_policy_status,
        ):
            with fails(404, "NoSuchMultiRegionAccessPoint"):
                look(AccountId=account.id, Name=known)
        with fails(404, "NoSuchMultiRegionAccessPoint"):
            delete(asked, known, account)
        with fails(404, "NoSuchMultiRegionAccessPoint"):
            put_policy(asked, known, "{}", account)
    unknown = {"Alias": "a123456789012.mrap"}
    with fails(404, "NoSuchMultiRegionAccessPoint"):
        dials(control, unknown)
    with fails(404, "NoSuchMultiRegionAccessPoint"):
        submit(control, unknown, {"Region": "us-east-1", "TrafficDialPercentage": 0})
    with fails(404, "NoSuchMultiRegionAccessPoint"):
        dials(bob, point, BOB)
    token = create(control, *buckets)
    for wrong in (
        token[:-1],
        token.replace("createmulti", "deletemulti"),
        "arn:aws:s3:us-west-2:111111111111:async-request/mrap/createmultiregionaccesspoint/x",
        "arn:nothing",
    ):
        with fails(404, "NoSuchAsyncRequest"):
            describe(control, wrong)
    with fails(404, "NoSuchAsyncRequest"):
        describe(bob, token, BOB)
    succeeded(control, token)


def test_mrp_4_tokens_may_come_encoded(home, control, buckets):
    token = create(control, *buckets)
    succeeded(control, token)
    for form in (token, urllib.parse.quote(token, safe=""), urllib.parse.quote(token, safe="/")):
        status, text = raw(home, "GET", f"/v20180820/async-requests/mrap/{form}")
        assert status == 200 and f"<RequestTokenARN>{token}</RequestTokenARN>" in text, text


def raw(region, method, path, body="", account=ALICE):
    """A request to S3 Control, signed as SIG-3 says, whatever the form of the path, and sent as it is."""
    path, question, query = path.partition("?")
    signed_path = urllib.parse.quote(urllib.parse.unquote(path), safe="/")
    request = botocore.awsrequest.AWSRequest(
        method, region.endpoint + signed_path + question + query, data=body, headers={"x-amz-account-id": account.id}
    )
    keys = botocore.credentials.Credentials(account.access_key, account.secret_key)
    botocore.auth.S3SigV4Auth(keys, "s3", region.name).add_auth(request)
    connection = http.client.HTTPConnection("127.0.0.1", region.port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path + question + query, body=body, headers=dict(request.headers))
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_documents_and_methods_that_are_refused(home, control, buckets):
    point = make(control, *buckets)
    requests_path, instances = "/v20180820/async-requests/mrap/", "/v20180820/mrap/instances/"
    routes = instances + urllib.parse.quote(arn(point), safe="") + "/routes"
    document = "<CreateMultiRegionAccessPointRequest>{}</CreateMultiRegionAccessPointRequest>"
    for method, path, body, status, code in (
        ("POST", requests_path + "create", "", 400, "MissingRequestBodyError"),
        ("POST", requests_path + "create", "<a", 400, "MalformedXML"),
        ("POST", requests_path + "create", "<Other/>", 400, "MalformedXML"),
        ("POST", requests_path + "create", document.format("<ClientToken>a</ClientToken>"), 400, "MalformedXML"),
        ("POST", requests_path + "create", document.format("<Details><Name>abc</Name></Details>"), 400, "MalformedXML"),
        ("PUT", requests_path + "create", "", 405, "MethodNotAllowed"),
        ("POST", requests_path + "other", "", 405, "MethodNotAllowed"),
        ("DELETE", instances + point["Name"], "", 405, "MethodNotAllowed"),
        ("POST", routes, "", 405, "MethodNotAllowed"),
        ("PATCH", routes, "", 400, "MissingRequestBodyError"),
        ("GET", "/v20180820/mrap/other", "", 501, "NotImplemented"),
    ):
        answered, text = raw(home, method, path, body)
        assert (answered, f"<Code>{code}</Code>" in text) == (status, True), (path, text)


# Lists


def test_lists_come_in_pages_in_the_order_of_names(make_federation):
    federation = make_federation(names=("us-east-1",))
    region = federation["us-east-1"]
    control = s3control.client(region)
    assert control.list_multi_region_access_points(AccountId=ALICE.id)["AccessPoints"] == []
    bucket = region.bucket()
    names = sorted(f"point-{index}" for index in range(7))
    for token in [create(control, bucket, name=name) for name in names]:
        succeeded(control, token)
    pages = list(
        control.get_paginator("list_multi_region_access_points").paginate(
            AccountId=ALICE.id, PaginationConfig={"PageSize": 3}
        )
        if control.can_paginate("list_multi_region_access_points")
        else pages_of(control, 3)
    )
    assert [[point["Name"] for point in page["AccessPoints"]] for page in pages] == [names[:3], names[3:6], names[6:]]
    everything = control.list_multi_region_access_points(AccountId=ALICE.id)
    assert [point["Name"] for point in everything["AccessPoints"]] == names and "NextToken" not in everything
    assert everything["AccessPoints"][0] == get(control, names[0])
    assert "NextToken" not in control.list_multi_region_access_points(AccountId=ALICE.id, MaxResults=7)
    with fails(400, "InvalidRequest", "nextToken"):
        control.list_multi_region_access_points(AccountId=ALICE.id, NextToken="x")
    status, text = raw(region, "GET", "/v20180820/mrap/instances?maxResults=1001")
    assert status == 400 and "<Code>InvalidRequest</Code>" in text
    assert s3control.client(region, BOB).list_multi_region_access_points(AccountId=BOB.id)["AccessPoints"] == []


def pages_of(control, size):
    page = control.list_multi_region_access_points(AccountId=ALICE.id, MaxResults=size)
    yield page
    while "NextToken" in page:
        page = control.list_multi_region_access_points(AccountId=ALICE.id, MaxResults=size, NextToken=page["NextToken"])
        yield page


def test_mrp_1_n_11_an_account_has_at_most_100(make_federation):
    federation = make_federation(names=("us-east-1",))
    region = federation["us-east-1"]
    control = s3control.client(region)
    bucket = region.bucket()
    tokens = [create(control, bucket, name=f"point-{index}") for index in range(100)]
    with fails(400, "TooManyMultiRegionAccessPoints"):
        create(control, bucket)
    for token in tokens:
        succeeded(control, token)
    succeeded(control, delete(control, "point-7"))
    make(control, bucket)


# Policies


def test_a_policy_is_proposed_and_then_established(control, buckets):
    point = make(control, *buckets)
    assert policies(control, point["Name"]) == (None, None)
    assert not is_public(control, point)
    policy = json.dumps(statement(point, {"AWS": f"arn:aws:iam::{BOB.id}:root"}), indent=2)
    token = put_policy(control, point["Name"], policy)
    assert re.fullmatch(SHAPE_OF_TOKEN.format("putmultiregionaccesspointpolicy"), token)
    operation = succeeded(control, token)
    assert operation["Operation"] == "PutMultiRegionAccessPointPolicy"
    assert operation["RequestParameters"] == {
        "PutMultiRegionAccessPointPolicyRequest": {"Name": point["Name"], "Policy": policy}
    }
    assert policies(control, point["Name"]) == (policy, policy)
    other = json.dumps(statement(point, {"AWS": f"arn:aws:iam::{BOB.id}:root"}, "s3:ListBucket", ""))
    succeeded(control, put_policy(control, point["Name"], other))
    assert policies(control, point["Name"]) == (other, other)


def is_public(control, point):
    return control.get_multi_region_access_point_policy_status(AccountId=ALICE.id, Name=point["Name"])["Established"][
        "IsPublic"
    ]


def test_policies_that_are_none_of_the_access_point_fail(control, buckets):
    point = make(control, *buckets)
    bob = {"AWS": f"arn:aws:iam::{BOB.id}:root"}
    good = json.dumps(statement(point, bob))
    succeeded(control, put_policy(control, point["Name"], good))
    bucket = statement(point, bob)
    bucket["Statement"][0]["Resource"] = f"arn:aws:s3:::{buckets[0]}/*"
    elsewhere = json.dumps(statement(point, bob)).replace(point["Alias"], "a123456789012.mrap")
    for policy in (
        "no policy",
        "{}",
        bucket,
        elsewhere,
        statement(point, bob, path="/key"),
        statement(point, bob, "s3:ListBucket"),
        statement(point, bob, "s3:Nothing"),
        statement(point, {"AWS": f"arn:aws:iam::{ALICE.id}:user/nobody"}),
        statement(point, {"AWS": "arn:aws:iam::999999999999:root"}),
    ):
        details = failed(control, put_policy(control, point["Name"], policy))
        assert details["Code"] == "MalformedPolicy" and details["Message"], (policy, details)
        assert policies(control, point["Name"]) == (good, good)


def test_a_public_policy_is_refused_where_public_policies_are_blocked(control, buckets):
    closed = make(control, *buckets)
    assert failed(control, put_policy(control, closed["Name"], statement(closed, "*")))["Code"] == "AccessDenied"
    assert policies(control, closed["Name"]) == (None, None)
    opened = make(control, *buckets, PublicAccessBlock=NOTHING_BLOCKED)
    succeeded(control, put_policy(control, opened["Name"], statement(opened, "*")))
    assert is_public(control, opened)
    control.put_public_access_block(AccountId=ALICE.id, PublicAccessBlockConfiguration=EVERYTHING_BLOCKED)
    try:
        assert failed(control, put_policy(control, opened["Name"], statement(opened, "*")))["Code"] == "AccessDenied"
    finally:
        control.delete_public_access_block(AccountId=ALICE.id)


def test_iam_26_a_policy_means_the_user_that_it_named(control, home, buckets):
    point = make(control, *buckets)
    iam, user = home.service("iam"), unique("user")
    user_arn = iam.create_user(UserName=user)["User"]["Arn"]
    policy = json.dumps(statement(point, {"AWS": user_arn}))
    succeeded(control, put_policy(control, point["Name"], policy))
    unique_id = iam.get_user(UserName=user)["User"]["UserId"]
    iam.delete_user(UserName=user)
    shown, _ = policies(control, point["Name"])
    assert json.loads(shown)["Statement"][0]["Principal"] == {"AWS": unique_id}


# Routes


def test_w_23_w_25_routes_become_passive_and_active_and_others_stay(control, buckets):
    point = make(control, *buckets)
    assert dials(control, point) == {"us-east-1": 100, "eu-west-1": 100}
    found = control.get_multi_region_access_point_routes(AccountId=ALICE.id, Mrap=arn(point))
    assert found["Mrap"] == arn(point)
    assert found["Routes"][0] == {"Bucket": buckets[0], "Region": "us-east-1", "TrafficDialPercentage": 100}
    submit(control, point, {"Region": "us-east-1", "TrafficDialPercentage": 0})
    assert dials(control, point) == {"us-east-1": 0, "eu-west-1": 100}
    submit(
        control,
        point,
        {"Bucket": buckets[1], "TrafficDialPercentage": 0},
        {"Bucket": buckets[0], "Region": "us-east-1", "TrafficDialPercentage": 100},
    )
    assert dials(control, point) == {"us-east-1": 100, "eu-west-1": 0}
    # What stands so already is no mistake.
    submit(control, point, {"Region": "us-east-1", "TrafficDialPercentage": 100})
    assert dials(control, point) == {"us-east-1": 100, "eu-west-1": 0}


def test_w_24_routes_that_are_refused_change_nothing(control, buckets):
    point = make(control, *buckets)
    for routes in (
        [{"TrafficDialPercentage": 100}],
        [{"Region": "us-east-1", "Bucket": buckets[1], "TrafficDialPercentage": 0}],
        [{"Region": "ap-south-1", "TrafficDialPercentage": 0}],
        [{"Bucket": "no-such-bucket", "TrafficDialPercentage": 0}],
        [{"Region": "us-east-1", "TrafficDialPercentage": 50}],
        [{"Region": "us-east-1", "TrafficDialPercentage": 0}, {"Bucket": buckets[0], "TrafficDialPercentage": 100}],
        [{"Region": "us-east-1", "TrafficDialPercentage": 0}] * 18,
        [],
    ):
        with fails(400, "InvalidRequest"):
            submit(control, point, *routes)
        assert dials(control, point) == {"us-east-1": 100, "eu-west-1": 100}


def test_w_25_one_route_stays_active(control, buckets):
    point = make(control, *buckets)
    both = [{"Region": region, "TrafficDialPercentage": 0} for region in ("us-east-1", "eu-west-1")]
    with fails(400, "InvalidRequest", "active"):
        submit(control, point, *both)
    submit(control, point, both[0])
    with fails(400, "InvalidRequest", "active"):
        submit(control, point, both[1])
    assert dials(control, point) == {"us-east-1": 0, "eu-west-1": 100}


@pytest.mark.parametrize("signed_for", ["us-east-1", "us-west-2", "ap-southeast-2", "ap-northeast-1", "eu-west-1"])
def test_w_26_requests_may_be_signed_for_the_regions_of_awss_control_endpoints(home, control, buckets, signed_for):
    elsewhere = s3control.client(home, region_name=signed_for)
    point = make(elsewhere, *buckets)
    submit(elsewhere, point, {"Region": "eu-west-1", "TrafficDialPercentage": 0})
    assert dials(control, point) == {"us-east-1": 100, "eu-west-1": 0}


def test_w_27_an_access_point_that_is_named_wrongly_or_has_one_region(home, control, buckets):
    single = make(control, buckets[0])
    with fails(405, "MethodNotAllowed"):
        submit(control, single, {"Region": "us-east-1", "TrafficDialPercentage": 0})
    assert dials(control, single) == {"us-east-1": 100}
    update = [{"Region": "us-east-1", "TrafficDialPercentage": 0}]
    for mrap in (
        single["Name"],
        "random",
        "arn:aws:s3:::bucket",
        f"arn:aws:s3::{BOB.id}:accesspoint/{single['Alias']}",
        f"arn:aws:s3::{ALICE.id}:accesspoint/x/{single['Alias']}",
    ):
        with fails(400, "InvalidRequest", "ARN"):
            control.get_multi_region_access_point_routes(AccountId=ALICE.id, Mrap=mrap)
        with fails(400, "InvalidRequest", "ARN"):
            control.submit_multi_region_access_point_routes(AccountId=ALICE.id, Mrap=mrap, RouteUpdates=update)


# Permissions


def test_each_operation_needs_its_permission(home, control, buckets):
    point = make(control, *buckets)
    iam, user = home.service("iam"), unique("user")
    iam.create_user(UserName=user)
    other = s3control.client(home, key_of(iam, user))
    name, mrap = point["Name"], arn(point)
    token = put_policy(control, name, statement(point, {"AWS": f"arn:aws:iam::{BOB.id}:root"}))
    update = [{"Region": "us-east-1", "TrafficDialPercentage": 100}]
    calls = {
        ("CreateMultiRegionAccessPoint", "*"): lambda: create(other, buckets[0]),
        ("DescribeMultiRegionAccessPointOperation", token): lambda: describe(other, token),
        ("GetMultiRegionAccessPoint", mrap): lambda: get(other, name),
        ("ListMultiRegionAccessPoints", "*"): lambda: other.list_multi_region_access_points(AccountId=ALICE.id),
        ("PutMultiRegionAccessPointPolicy", mrap): lambda: put_policy(other, name, "{}"),
        ("GetMultiRegionAccessPointPolicy", mrap): lambda: policies(other, name),
        ("GetMultiRegionAccessPointPolicyStatus", mrap): lambda: is_public(other, point),
        ("GetMultiRegionAccessPointRoutes", mrap): lambda: dials(other, point),
        ("SubmitMultiRegionAccessPointRoutes", mrap): lambda: submit(other, point, *update),
        ("DeleteMultiRegionAccessPoint", mrap): lambda: delete(other, name),
    }
    assert len(calls) == 10
    for (action, resource), call in calls.items():
        with fails(403, "AccessDenied", f"s3:{action}"):
            call()
        iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow(f"s3:{action}", resource))
        call()
        iam.delete_user_policy(UserName=user, PolicyName="p")
    with fails(403, "AccessDenied"):
        s3control.client(home, BOB).list_multi_region_access_points(AccountId=ALICE.id)


# Regions, and their going away


def test_requests_to_another_region_are_done_by_the_home_region(home, abroad, control, buckets):
    elsewhere = s3control.client(abroad)
    point = make(elsewhere, *buckets)
    assert get(control, point["Name"]) == point
    submit(elsewhere, point, {"Region": "eu-west-1", "TrafficDialPercentage": 0})
    # Whoever changed something finds it changed.
    assert dials(elsewhere, point) == {"us-east-1": 100, "eu-west-1": 0}
    assert dials(control, point) == {"us-east-1": 100, "eu-west-1": 0}
    submit(control, point, {"Region": "eu-west-1", "TrafficDialPercentage": 100})
    eventually(lambda: dials(elsewhere, point)["eu-west-1"] == 100, "the other region follows")
    succeeded(elsewhere, delete(elsewhere, point["Name"]))
    with fails(404, "NoSuchMultiRegionAccessPoint"):
        get(elsewhere, point["Name"])


def test_w_27_without_the_home_region_access_points_are_read_and_changes_are_refused(own_federation):
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    buckets = home.bucket(), abroad.bucket()
    control = s3control.client(abroad)
    name = fresh_access_point_name()
    token = create(control, *buckets, name=name)
    succeeded(control, token)
    point = get(control, name)
    submit(control, point, {"Region": "us-east-1", "TrafficDialPercentage": 0})
    policy = json.dumps(statement(point, {"AWS": f"arn:aws:iam::{BOB.id}:root"}))
    succeeded(control, put_policy(control, name, policy))
    home.kill()
    abroad.kill()
    abroad.start()  # Also after a restart alone.
    control = s3control.client(abroad)
    assert get(control, name) == point
    assert dials(control, point) == {"us-east-1": 0, "eu-west-1": 100}
    assert policies(control, name) == (policy, policy)
    assert describe(control, token)["RequestStatus"] == "SUCCEEDED"
    for change in (
        lambda: create(control, *buckets),
        lambda: delete(control, name),
        lambda: put_policy(control, name, policy),
        lambda: submit(control, point, {"Region": "us-east-1", "TrafficDialPercentage": 100}),
    ):
        with fails(503, "ServiceUnavailable", "us-east-1"):
            change()
    # Whether the bucket is in use cannot be known for sure.
    with fails(503, "ServiceUnavailable"):
        abroad.client().delete_bucket(Bucket=buckets[1])
    assert abroad.client().list_objects_v2(Bucket=buckets[1])["KeyCount"] == 0
    home.start()
    eventually(
        lambda: submit(control, point, {"Region": "us-east-1", "TrafficDialPercentage": 100}),
        "home answers again",
        swallow=(control.exceptions.ClientError,),
    )
    at_home = s3control.client(home)
    assert get(at_home, name) == point
    assert dials(at_home, point) == {"us-east-1": 100, "eu-west-1": 100}


def test_mrp_2_requests_that_were_taken_are_done_after_a_crash(own_federation):
    home = own_federation["us-east-1"]
    bucket = home.bucket()
    control = s3control.client(home)
    names = [fresh_access_point_name() for _ in range(10)]
    tokens = [create(control, bucket, name=name) for name in names]
    home.kill()
    home.start()
    control = s3control.client(home)
    for token, name in zip(tokens, names, strict=True):
        succeeded(control, token)
        assert get(control, name)["Status"] == "READY"
    with fails(409, "InvalidBucketState"):
        home.client().delete_bucket(Bucket=bucket)


# The AWS CLI


AWS_BELOW_LOCALHOST = """
import socket, sys
import awscli.clidriver
resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *more, **named: resolve(
    "127.0.0.1" if host.endswith(".localhost") else host, *more, **named)
sys.exit(awscli.clidriver.main())
"""


def test_the_aws_cli_makes_and_shows_an_access_point(federation, home, control, buckets):
    """With the account before the host, as its name server has it here: each name below `localhost` is this machine."""
    name = fresh_access_point_name()
    endpoint = f"http://localhost:{home.port}"
    details = {"Name": name, "Regions": [{"Bucket": bucket} for bucket in buckets]}

    def aws(*arguments):
        done = subprocess.run(
            [sys.executable, "-c", AWS_BELOW_LOCALHOST, "--endpoint-url", endpoint, "--profile", "us-east-1",
             "--region", "us-west-2", "s3control", *arguments, "--account-id", ALICE.id],
            env=federation.environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    token = aws("create-multi-region-access-point", "--details", json.dumps(details))["RequestTokenARN"]
    succeeded(control, token)
    asked = aws("describe-multi-region-access-point-operation", "--request-token-arn", token)
    assert asked["AsyncOperation"]["RequestStatus"] == "SUCCEEDED"
    assert aws("get-multi-region-access-point", "--name", name)["AccessPoint"]["Status"] == "READY"
