"""Requests through Multi-Region Access Points (identity-and-control §9.1, MRP-10 to MRP-16; EVL-3)."""

import json
import time

import botocore.exceptions
import pytest
import requests
from federation import ALICE, BOB, Federation, fresh_name, policy
from mrap import AccessPoint, resolving
from replication import configure, rule, wait_for_replica
from s3 import MIB, body_of, error_of, fails, keys_of, pattern, upload_multipart
from signing import presign_v2
from tls import make_secure
from waiting import eventually

HOME, ABROAD = "us-east-1", "eu-west-1"


@pytest.fixture(scope="module")
def point(federation):
    """An access point whose two buckets replicate nothing, so that it shows which one a request came to."""
    return AccessPoint(federation, {region: region.bucket() for region in federation.regions})


@pytest.fixture(autouse=True)
def both_active(request):
    yield
    if "point" in request.fixturenames:
        point = request.getfixturevalue("point")
        for region in point.federation.regions:
            eventually(region.is_healthy, f"{region.name} is healthy")
        point.fail_over(HOME, ABROAD)


@pytest.fixture(params=["arn", "path"])
def through(request, point):
    """boto3 through the access point: what makes a client for a region, and the name of the bucket."""
    if request.param == "arn":
        return point.by_arn, point.arn
    return point.path_style, point.alias


def has(point, region, key):
    client = point.federation[region].client()
    try:
        return body_of(client.get_object(Bucket=point.buckets[region], Key=key))
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "NoSuchKey", error
        return None


# Addressing and operations


@pytest.mark.parametrize("active", [HOME, ABROAD])
def test_mrp_10_mrp_11_mrp_12_mrp_13_operations(point, home, through, active):
    make, bucket = through
    point.fail_over(active)
    client, key = make(home), fresh_name("a b/ä+c%d")
    where = {"Bucket": bucket, "Key": key}
    body = pattern(3 * MIB + 5)
    put = client.put_object(**where, Body=body, Metadata={"m": "1"})
    other = ABROAD if active == HOME else HOME
    assert has(point, active, key) == body and has(point, other, key) is None
    got = client.get_object(**where)
    assert (body_of(got), got["Metadata"]) == (body, {"m": "1"})
    assert body_of(client.get_object(**where, Range="bytes=5-9", VersionId=put["VersionId"])) == body[5:10]
    assert client.head_object(**where)["ContentLength"] == len(body)
    listing = client.list_objects_v2(Bucket=bucket, Prefix=key)
    assert keys_of(listing) == [key] and listing["Name"] == point.buckets[active]
    client.put_object_tagging(**where, Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    assert client.get_object_tagging(**where)["TagSet"] == [{"Key": "k", "Value": "v"}]
    client.delete_object_tagging(**where)
    assert client.get_object_acl(**where)["Grants"]
    client.copy_object(**{**where, "Key": key + "-copy"}, CopySource={"Bucket": point.buckets[active], "Key": key})
    assert has(point, active, key + "-copy") == body
    client.delete_object(**where)
    assert has(point, active, key) is None
    with fails(404, "NoSuchKey"):
        client.get_object(**where)


def test_mrp_13_locks(federation, home):
    buckets = {region: region.bucket(ObjectLockEnabledForBucket=True) for region in federation.regions}
    point = AccessPoint(federation, buckets)
    client = point.by_arn(home)
    client.put_object(Bucket=point.arn, Key="k", Body=b"x")
    client.put_object_legal_hold(Bucket=point.arn, Key="k", LegalHold={"Status": "ON"})
    assert client.get_object_legal_hold(Bucket=point.arn, Key="k")["LegalHold"]["Status"] == "ON"
    client.put_object_legal_hold(Bucket=point.arn, Key="k", LegalHold={"Status": "OFF"})
    with fails(404, "NoSuchObjectLockConfiguration"):
        client.get_object_retention(Bucket=point.arn, Key="k")


@pytest.mark.parametrize("active", [HOME, ABROAD])
def test_mrp_13_other_operations_are_not_allowed(point, home, active):
    point.fail_over(active)
    client, bucket = point.path_style(home), point.alias
    for call in (
        lambda: client.list_objects(Bucket=bucket),
        lambda: client.list_object_versions(Bucket=bucket),
        lambda: client.get_bucket_policy(Bucket=bucket),
        lambda: client.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": []}),
        lambda: client.delete_bucket(Bucket=bucket),
        lambda: client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]}),
        lambda: client.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ETag"]),
    ):
        with fails(405, "MethodNotAllowed"):
            call()
    with fails(405):
        client.head_bucket(Bucket=bucket)


def test_mrp_13_nobody_comes_without_a_signature_of_version_4(point, home, s3):
    everyone = policy({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": [point.arn, point.arn + "/object/*"]})
    open_point = AccessPoint(
        point.federation,
        {region: region.bucket() for region in point.federation.regions},
        PublicAccessBlock={
            "BlockPublicAcls": False, "IgnorePublicAcls": False, "BlockPublicPolicy": False, "RestrictPublicBuckets": False
        },
    )  # fmt: skip
    open_point.set_policy(everyone.replace(point.alias, open_point.alias))
    for active in (HOME, ABROAD):
        open_point.fail_over(active)
        answer = requests.get(f"{home.endpoint}/{open_point.alias}/k", timeout=30)
        assert answer.status_code == 403 and "<Code>AccessDenied</Code>" in answer.text, answer.text
        target = presign_v2(ALICE.credentials, "GET", f"/{open_point.alias}/k", expires_at=int(time.time()) + 600)
        answer = requests.get(home.endpoint + target, timeout=30)
        assert answer.status_code == 400 and "AWS4-HMAC-SHA256" in answer.text, answer.text


@pytest.mark.parametrize("active", [HOME, ABROAD])
def test_mrp_13_presigned_requests(point, home, active):
    point.fail_over(active)
    signing = home.client(ALICE, signature_version="s3v4")
    url = signing.generate_presigned_url("put_object", Params={"Bucket": point.alias, "Key": "signed"})
    assert requests.put(url, data=active.encode(), timeout=30).status_code == 200
    assert has(point, active, "signed") == active.encode()
    client = point.by_arn(home)
    url = client.generate_presigned_url("get_object", Params={"Bucket": point.arn, "Key": "signed"})
    assert "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256" in url
    host = f"{point.alias}.accesspoint.s3-global.amazonaws.com"
    answer = requests.get(url.replace(f"https://{host}", home.endpoint), headers={"host": host}, timeout=30)
    assert answer.content == active.encode(), answer.text


def test_mrp_13_a_wrong_signature_is_refused_wherever_the_route_leads(point, home):
    for active in (HOME, ABROAD):
        point.fail_over(active)
        for client, bucket in (
            (point.by_arn(home, (ALICE.access_key, "x" * 40)), point.arn),
            (point.path_style(home, (ALICE.access_key, "x" * 40)), point.alias),
        ):
            with fails(403, "SignatureDoesNotMatch"):
                client.get_object(Bucket=bucket, Key="k")


def test_mrp_11_under_the_own_domain(point, home):
    host = f"{point.alias}.accesspoint.s3-global.localhost:{home.port}"
    raw = home.raw()
    assert raw.request("PUT", "/own%20domain", headers={"host": host}, body=b"here").status == 200
    assert has(point, HOME, "own domain") == b"here"
    assert raw.request("GET", "/own%20domain", headers={"host": host}).body == b"here"
    answer = raw.request("GET", "/k", headers={"host": f"m000000000000.mrap.accesspoint.s3-global.localhost:{home.port}"})
    error_of(answer, 404, "NoSuchMultiRegionAccessPoint")


def test_mrp_10_no_bucket_takes_the_name_of_an_access_point(point, home, s3):
    name = f"{point.alias}.accesspoint.s3-global.amazonaws.com"
    home.bucket(name=name)
    s3.put_object(Bucket=name, Key="k", Body=b"of the bucket")
    point.by_arn(home).put_object(Bucket=point.arn, Key="k", Body=b"of the access point")
    assert has(point, HOME, "k") == b"of the access point"
    assert body_of(s3.get_object(Bucket=name, Key="k")) == b"of the bucket"


def test_mrp_10_by_name_over_tls(workspace, monkeypatch):
    """The recipe of docs/operations.md: a name that leads to Tern, and a certificate for it."""
    federation = Federation(workspace / "mrap-tls").start()
    try:
        buckets = {region: region.bucket() for region in federation.regions}
        point = AccessPoint(federation, buckets)
        make_secure(federation, names=["*.mrap.accesspoint.s3-global.amazonaws.com"])
        monkeypatch.setenv("AWS_CA_BUNDLE", federation.regions[0].authority)
        with resolving(monkeypatch, federation[HOME]):
            client = point.by_arn(federation[HOME], secure=True)
            body = pattern(2 * MIB)
            client.put_object(Bucket=point.arn, Key="k", Body=body)
            assert body_of(client.get_object(Bucket=point.arn, Key="k")) == body
    finally:
        federation.stop()


# Routes


def test_mrp_14_w_21_each_region_prefers_itself(point, home, abroad, through):
    make, bucket = through
    point.fail_over(HOME, ABROAD)
    for region in (home, abroad):
        key = fresh_name("own")
        make(region).put_object(Bucket=bucket, Key=key, Body=region.name.encode())
        assert has(point, region.name, key) == region.name.encode()
        other = abroad if region is home else home
        # W-21: nothing looks at what is where.
        with fails(404, "NoSuchKey"):
            make(other).get_object(Bucket=bucket, Key=key)


def test_mrp_14_w_25_an_upload_stays_in_its_region_when_the_routes_change(point, home, abroad, through):
    make, bucket = through
    point.fail_over(HOME)
    client, key = make(home), fresh_name("w-25")
    where = {"Bucket": bucket, "Key": key}
    parts = [pattern(5 * MIB, 1), pattern(5 * MIB, 2), pattern(7, 3)]
    upload = client.create_multipart_upload(**where)
    assert upload["Bucket"] == point.buckets[HOME]
    upload = upload["UploadId"]
    first = client.upload_part(**where, UploadId=upload, PartNumber=1, Body=parts[0])
    point.fail_over(ABROAD)
    # From either region, though the route leads elsewhere now.
    second = make(abroad).upload_part(**where, UploadId=upload, PartNumber=2, Body=parts[1])
    third = client.upload_part(**where, UploadId=upload, PartNumber=3, Body=parts[2])
    listed = make(abroad).list_parts(**where, UploadId=upload)
    assert [part["PartNumber"] for part in listed["Parts"]] == [1, 2, 3] and listed["UploadId"] == upload
    done = client.complete_multipart_upload(
        **where,
        UploadId=upload,
        MultipartUpload={
            "Parts": [{"PartNumber": n, "ETag": part["ETag"]} for n, part in enumerate((first, second, third), 1)]
        },
    )
    assert done["Bucket"] == point.buckets[HOME]
    assert has(point, HOME, key) == b"".join(parts) and has(point, ABROAD, key) is None
    client.put_object(**where, Body=b"after the change")
    assert has(point, ABROAD, key) == b"after the change"


def test_mrp_14_uploads_are_those_of_the_bucket(point, home, s3):
    client, bucket = point.by_arn(home), point.buckets[HOME]
    upload = client.create_multipart_upload(Bucket=point.arn, Key="u")["UploadId"]
    for where, asking in ((bucket, s3), (point.arn, client)):
        [listed] = asking.list_multipart_uploads(Bucket=where, Prefix="u")["Uploads"]
        assert (listed["UploadId"], listed["Key"]) == (upload, "u")
    s3.upload_part(Bucket=bucket, Key="u", UploadId=upload, PartNumber=1, Body=b"1")
    client.upload_part(Bucket=point.arn, Key="u", UploadId=upload, PartNumber=2, Body=b"2")
    assert len(s3.list_parts(Bucket=bucket, Key="u", UploadId=upload)["Parts"]) == 2
    client.abort_multipart_upload(Bucket=point.arn, Key="u", UploadId=upload)
    with fails(404, "NoSuchUpload"):
        client.list_parts(Bucket=point.arn, Key="u", UploadId=upload)


def test_mrp_14_pages_of_uploads_follow_their_region(point, home):
    point.fail_over(ABROAD)
    client = point.by_arn(home)
    made = {client.create_multipart_upload(Bucket=point.arn, Key=f"p{n}")["UploadId"] for n in range(3)}
    page = client.list_multipart_uploads(Bucket=point.arn, MaxUploads=1, Prefix="p")
    found = [upload["UploadId"] for upload in page["Uploads"]]
    point.fail_over(HOME)
    while page["IsTruncated"]:
        page = client.list_multipart_uploads(
            Bucket=point.arn, MaxUploads=1, Prefix="p", KeyMarker=page["NextKeyMarker"], UploadIdMarker=page["NextUploadIdMarker"]
        )
        found += [upload["UploadId"] for upload in page["Uploads"]]
    assert set(found) == made and len(found) == 3
    for number, upload in enumerate(found):
        client.abort_multipart_upload(Bucket=point.arn, Key=f"p{number}", UploadId=upload)


def test_mrp_14_large_bodies_and_files(point, home, tmp_path):
    point.fail_over(ABROAD)
    client = point.by_arn(home)
    body = pattern(40 * MIB)
    path = tmp_path / "file"
    path.write_bytes(body)
    client.upload_file(str(path), point.arn, "file")
    client.download_file(point.arn, "file", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == body
    parts = [pattern(5 * MIB, 7), pattern(9, 8)]
    upload_multipart(client, point.arn, "parts", parts)
    assert has(point, ABROAD, "parts") == b"".join(parts)


def test_mrp_14_no_client_says_itself_that_a_request_was_handed_on(point, home):
    point.fail_over(ABROAD)
    raw = home.raw()
    answer = raw.request("PUT", f"/{point.alias}/forged", headers={"x-tern-forwarded-by": ABROAD}, body=b"x")
    error_of(answer, 503, "ServiceUnavailable")
    assert has(point, HOME, "forged") is None


def test_mrp_15_w_28_a_region_that_is_down_is_not_left_before_someone_says_so(federation_with_point):
    point = federation_with_point
    home, abroad = point.federation[HOME], point.federation[ABROAD]
    point.fail_over(ABROAD)
    client = point.path_style(home)
    client.put_object(Bucket=point.alias, Key="k", Body=b"abroad")
    abroad.kill()
    with fails(503, "ServiceUnavailable"):
        client.get_object(Bucket=point.alias, Key="k")
    point.fail_over(HOME)
    client.put_object(Bucket=point.alias, Key="new", Body=b"home")
    # W-28: what was not replicated is missing until the region is back.
    with fails(404, "NoSuchKey"):
        client.get_object(Bucket=point.alias, Key="k")
    abroad.start()
    # It learns of the change from the log.
    eventually(lambda: body_of_or_none(point.path_style(abroad), point.alias, "new") == b"home", "the route is known")
    assert has(point, ABROAD, "k") == b"abroad"


def test_w_28_replication_goes_on_and_back_after_a_failover(federation, home, abroad):
    buckets = {region: region.bucket() for region in federation.regions}
    point = AccessPoint(federation, buckets)
    for source, destination in ((home, abroad), (abroad, home)):
        configure(source.client(), buckets[source], rule(buckets[destination]))
    for number, active in enumerate((home, abroad, home)):
        point.fail_over(active.name)
        point.by_arn(home).put_object(Bucket=point.arn, Key=f"k{number}", Body=active.name.encode())
        other = abroad if active is home else home
        wait_for_replica(other.client(), buckets[other], f"k{number}")
        assert body_of(point.by_arn(abroad).get_object(Bucket=point.arn, Key=f"k{number}")) == active.name.encode()


def test_mrp_15_a_home_region_that_is_down_keeps_no_other_from_answering(federation_with_point):
    point = federation_with_point
    home, abroad = point.federation[HOME], point.federation[ABROAD]
    point.fail_over(HOME, ABROAD)
    home.kill()
    client = point.by_arn(abroad)
    client.put_object(Bucket=point.arn, Key="alone", Body=b"x")
    assert body_of(client.get_object(Bucket=point.arn, Key="alone")) == b"x"
    home.start()


def body_of_or_none(client, bucket, key):
    try:
        return body_of(client.get_object(Bucket=bucket, Key=key))
    except botocore.exceptions.ClientError:
        return None


@pytest.fixture(scope="module")
def own_point(own_federation):
    return AccessPoint(own_federation, {region: region.bucket() for region in own_federation.regions})


@pytest.fixture
def federation_with_point(own_federation, own_point):
    return own_point


# Permissions


class User:
    """A user of an account, and what it may do."""

    def __init__(self, home, account):
        self.iam = home.service("iam", account)
        self.name = fresh_name("user")
        self.iam.create_user(UserName=self.name)
        key = self.iam.create_access_key(UserName=self.name)["AccessKey"]
        self.keys = (key["AccessKeyId"], key["SecretAccessKey"])
        self.arn = f"arn:aws:iam::{account.id}:user/{self.name}"
        for region in home.federation.regions:
            region.wait_for_key(self.keys)

    def may(self, *statements):
        self.iam.put_user_policy(UserName=self.name, PolicyName="p", PolicyDocument=policy(*statements))


def allow(action, *resources, effect="Allow", **more):
    return {"Effect": effect, "Action": action, "Resource": list(resources), **more}


def message_of(call):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    assert caught.value.response["Error"]["Code"] == "AccessDenied", caught.value.response
    return caught.value.response["Error"]["Message"]


@pytest.fixture
def guarded(federation):
    """An access point of its own, with an object behind it in each region."""
    point = AccessPoint(federation, {region: region.bucket() for region in federation.regions})
    for region in federation.regions:
        region.client().put_object(Bucket=point.buckets[region.name], Key="k", Body=region.name.encode())
    return point


def allowed_in(point, keys, region, key="k"):
    """Whether reading through the access point is allowed, as soon as the region has learned of what was changed."""
    try:
        point.by_arn(region, keys).get_object(Bucket=point.arn, Key=key)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied", error.response
        return False
    return True


def test_evl_3_the_users_policies_allow_the_access_point_and_the_bucket(guarded, home, abroad):
    point, user = guarded, User(home, ALICE)
    objects = f"{point.arn}/object/*"
    for active in (home, abroad):
        point.fail_over(active.name)
        bucket = f"arn:aws:s3:::{point.buckets[active.name]}"

        def expect(expected, active=active):
            eventually(lambda: allowed_in(point, user.keys, home) == expected, f"allowed is {expected} at {active.name}")

        user.may(allow("s3:GetObject", objects, bucket + "/*"))
        expect(True)
        user.may(allow("s3:GetObject", bucket + "/*"))
        expect(False)
        text = message_of(lambda: point.by_arn(home, user.keys).get_object(Bucket=point.arn, Key="k"))
        assert text == (
            f'User: {user.arn} is not authorized to perform: s3:GetObject on resource: "{point.arn}/object/k" '
            "because no identity-based policy allows the s3:GetObject action"
        )
        # It was refused before, too: that the other region has learned of a policy shows in the text alone.
        user.may(allow("s3:GetObject", objects))
        expect(False)
        eventually(
            lambda bucket=bucket: f'resource: "{bucket}/k" because no identity-based policy'
            in message_of(lambda: point.by_arn(home, user.keys).get_object(Bucket=point.arn, Key="k")),
            f"the policy is known at {active.name}",
        )
        user.may(allow("s3:GetObject", objects, bucket + "/*"), allow("s3:GetObject", objects, effect="Deny"))
        expect(False)


def test_evl_3_the_access_points_policy_may_deny(guarded, home, abroad):
    point, user = guarded, User(home, ALICE)
    user.may(allow("s3:*", "*"))
    eventually(lambda: allowed_in(point, user.keys, abroad), "the user is known abroad")
    deny = allow("s3:GetObject", f"{point.arn}/object/*", effect="Deny", Principal={"AWS": user.arn})
    point.set_policy(policy(deny))
    for region in (home, abroad):
        eventually(lambda region=region: not allowed_in(point, user.keys, region), f"it denies at {region.name}")
        text = message_of(lambda region=region: point.by_arn(region, user.keys).get_object(Bucket=point.arn, Key="k"))
        assert text.endswith("with an explicit deny in a resource-based policy")
        # It says nothing of those who come to the bucket itself.
        region.service("s3", user.keys).get_object(Bucket=point.buckets[region.name], Key="k")
    assert point.by_arn(home, user.keys).list_objects_v2(Bucket=point.arn)["KeyCount"] == 1


def test_evl_3_mrp_16_another_account_needs_both_policies(guarded, home):
    point, user = guarded, User(home, BOB)
    point.fail_over(HOME)
    user.may(allow("s3:*", "*"))
    bucket = point.buckets[HOME]
    theirs = {"Principal": {"AWS": BOB.id}}
    assert not allowed_in(point, user.keys, home)
    point.set_policy(policy(allow("s3:GetObject", f"{point.arn}/object/*", **theirs)))
    assert not allowed_in(point, user.keys, home)
    # The bucket leaves it to the access points of its account.
    delegated = allow(
        "s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal="*", Condition={"StringEquals": {"s3:DataAccessPointAccount": ALICE.id}}
    )  # fmt: skip
    home.client().put_bucket_policy(Bucket=bucket, Policy=policy(delegated))
    assert allowed_in(point, user.keys, home)
    with fails(403, "AccessDenied"):
        home.service("s3", user.keys).get_object(Bucket=bucket, Key="k")
    assert message_of(lambda: point.by_arn(home, user.keys).put_object(Bucket=point.arn, Key="k")) == "Access Denied"


def test_mrp_16_the_buckets_policy_sees_the_access_point(guarded, home):
    point = guarded
    point.fail_over(HOME)
    bucket = point.buckets[HOME]
    arns = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    only_through = allow(
        ["s3:GetObject", "s3:ListBucket"], *arns, effect="Deny", Principal="*",
        Condition={"StringNotEquals": {"s3:DataAccessPointArn": point.arn}},
    )  # fmt: skip
    home.client().put_bucket_policy(Bucket=bucket, Policy=policy(only_through))
    client = point.path_style(home)
    assert body_of(client.get_object(Bucket=point.alias, Key="k")) == HOME.encode()
    assert client.list_objects_v2(Bucket=point.alias)["KeyCount"] == 1
    with fails(403, "AccessDenied"):
        home.client().get_object(Bucket=bucket, Key="k")
    with fails(403, "AccessDenied"):
        home.client().list_objects_v2(Bucket=bucket)


def test_mrp_16_the_access_points_public_access_block(federation, home):
    """A public policy of an access point that restricts it is for its own account only."""
    open_block = dict.fromkeys(["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy"], False)
    for restricts in (False, True):
        point = AccessPoint(
            federation,
            {region: region.bucket() for region in federation.regions},
            PublicAccessBlock={**open_block, "RestrictPublicBuckets": restricts},
        )
        point.fail_over(HOME)
        bucket = point.buckets[HOME]
        home.client().put_object(Bucket=bucket, Key="k", Body=b"x")
        home.client().put_bucket_policy(
            Bucket=bucket, Policy=policy(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal={"AWS": BOB.id}))
        )
        point.set_policy(policy(allow("s3:GetObject", f"{point.arn}/object/*", Principal="*")))
        assert allowed_in(point, (BOB.access_key, BOB.secret_key), home) == (not restricts)


def test_mrp_16_acls_that_the_access_point_blocks(federation, home):
    buckets = {region: region.bucket(ObjectOwnership="ObjectWriter") for region in federation.regions}
    for region, bucket in buckets.items():
        region.client().delete_public_access_block(Bucket=bucket)
    point = AccessPoint(federation, buckets)
    point.fail_over(HOME)
    with fails(403, "AccessDenied"):
        point.by_arn(home).put_object(Bucket=point.arn, Key="k", Body=b"", ACL="public-read")
    home.client().put_object(Bucket=point.buckets[HOME], Key="k", Body=b"", ACL="public-read")


def test_mrp_16_copies_read_their_source_as_ever(guarded, home):
    point, user = guarded, User(home, ALICE)
    point.fail_over(HOME)
    bucket, source = point.buckets[HOME], home.bucket()
    home.client().put_object(Bucket=source, Key="s", Body=b"source")
    user.may(
        allow("s3:PutObject", f"{point.arn}/object/*", f"arn:aws:s3:::{bucket}/*"),
        allow("s3:GetObject", f"arn:aws:s3:::{source}/*"),
    )
    client = point.by_arn(home, user.keys)
    client.copy_object(Bucket=point.arn, Key="copy", CopySource={"Bucket": source, "Key": "s"})
    assert has(point, HOME, "copy") == b"source"
    with fails(403, "AccessDenied"):
        client.copy_object(Bucket=point.arn, Key="copy", CopySource={"Bucket": bucket, "Key": "k"})


def test_mrp_16_logs_and_audit_name_the_real_bucket(own_federation, own_point, tmp_path_factory):
    point, region = own_point, own_federation[ABROAD]
    audit = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    region.terminate()
    text = region.config_path.read_text().replace("delivery_interval_seconds: 60", "delivery_interval_seconds: 1")
    region.config_path.write_text(text + f'audit:\n  file: "{audit}"\n')
    region.start()
    point.fail_over(ABROAD)
    bucket, logs = point.buckets[ABROAD], region.bucket(versioned=False)
    status = {"LoggingEnabled": {"TargetBucket": logs, "TargetPrefix": "l/"}}
    region.client().put_bucket_logging(Bucket=bucket, BucketLoggingStatus=status)
    key = fresh_name("logged")
    point.by_arn(own_federation[HOME]).put_object(Bucket=point.arn, Key=key, Body=b"x")
    [record] = [json.loads(line) for line in audit.read_text().splitlines() if key in line]
    assert record["requestParameters"] == {"bucketName": bucket, "key": key}
    assert [resource["ARN"] for resource in record["resources"]] == [
        f"arn:aws:s3:::{bucket}/{key}", f"{point.arn}/object/{key}"
    ]  # fmt: skip

    def logged():
        client = region.client()
        for name in keys_of(client.list_objects_v2(Bucket=logs)):
            for line in body_of(client.get_object(Bucket=logs, Key=name)).decode().splitlines():
                if f"/{key} " in line:
                    return line
        return None

    line = eventually(logged, "the request is logged")
    assert f" {bucket} " in line and f" {point.arn} " in line
