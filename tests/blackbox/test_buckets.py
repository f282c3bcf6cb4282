"""Buckets: create, head, list, locate, delete, tag (s3-api §3.2a, §12.1, ADR-11, RGN-*)."""

import re

import pytest
from federation import ALICE, BOB, fresh_name
from s3 import content_md5, error_of, fails
from strict import NAMESPACE

# ADR-1, §12.1


def test_create_bucket_answers_with_its_location(s3):
    name = fresh_name()
    answer = s3.create_bucket(Bucket=name)
    assert answer["Location"] == f"/{name}"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_s12_1_create_in_another_region_names_the_constraint(abroad):
    name = fresh_name()
    answer = abroad.client().create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert answer["Location"].rstrip("/").endswith(name) or name in answer["Location"]


def test_s12_1_create_again_in_us_east_1_changes_nothing(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    s3.create_bucket(Bucket=bucket)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"v"


def test_s12_1_create_again_elsewhere_is_already_owned(abroad):
    name = abroad.bucket()
    with fails(
        409,
        "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.",
        BucketName=name,
    ):
        abroad.client().create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})


def test_s12_1_create_a_bucket_of_another_account(bob, bucket):
    with fails(
        409,
        "BucketAlreadyExists",
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
        "Please select a different name and try again.",
        BucketName=bucket,
    ):
        bob.create_bucket(Bucket=bucket)


def test_s12_1_the_namespace_is_shared_by_all_regions(bucket, abroad):
    with fails(409, "BucketAlreadyExists"):
        abroad.client(BOB).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})


@pytest.mark.parametrize("constraint", ["us-east-1", "mars-north-1"])
def test_s12_1_invalid_constraint_at_us_east_1(raw, constraint):
    body = (
        f'<CreateBucketConfiguration xmlns="{NAMESPACE}"><LocationConstraint>{constraint}</LocationConstraint>'
        "</CreateBucketConfiguration>"
    ).encode()
    answer = raw.request("PUT", f"/{fresh_name()}", body=body)
    error_of(
        answer,
        400,
        "InvalidLocationConstraint",
        "The specified location-constraint is not valid",
        LocationConstraint=constraint,
    )


@pytest.mark.parametrize(
    ("constraint", "text"),
    [
        ("us-west-1", "The us-west-1 location constraint is"),
        (None, "The unspecified location constraint is"),
    ],
    ids=["other", "none"],
)
def test_s12_1_incompatible_constraint_elsewhere(abroad, constraint, text):
    parameters = {"CreateBucketConfiguration": {"LocationConstraint": constraint}} if constraint else {}
    with fails(
        400,
        "IllegalLocationConstraintException",
        f"{text} incompatible for the region specific endpoint this request was sent to.",
    ):
        abroad.client().create_bucket(Bucket=fresh_name(), **parameters)


def test_s12_1_eu_means_eu_west_1_and_rgn_8_returns_it(abroad):
    name = fresh_name()
    abroad.client().create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "EU"})
    assert abroad.client().get_bucket_location(Bucket=name)["LocationConstraint"] == "EU"


def test_s12_1_malformed_body(raw):
    answer = raw.request("PUT", f"/{fresh_name()}", body=b"<CreateBucketConfiguration><Loc")
    error_of(
        answer,
        400,
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )


def test_s12_1_a_deleted_name_is_free_at_once(s3):
    name = fresh_name()
    for _ in range(3):
        s3.create_bucket(Bucket=name)
        s3.delete_bucket(Bucket=name)
    with fails(404):
        s3.head_bucket(Bucket=name)


def test_s12_1_a_new_bucket_was_never_versioned(s3, plain_bucket):
    assert "Status" not in s3.get_bucket_versioning(Bucket=plain_bucket)
    with fails(404, "ReplicationConfigurationNotFoundError", "The replication configuration was not found"):
        s3.get_bucket_replication(Bucket=plain_bucket)


# ADR-11


@pytest.mark.parametrize(
    "name", ["abc", "a" * 63, "a.b-c.d", "1abc", "abc9", "a--b", "a.b.c.d.e", "192.168.5", "1.2.3.400a"]
)
def test_adr_11_accepted_name(raw, name):
    answer = raw.request("PUT", f"/{name}")
    assert answer.status == 200, str(answer)


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "a" * 64,
        "Abc",
        "a_b",
        "-abc",
        "abc-",
        ".abc",
        "abc.",
        "a..b",
        "192.168.5.4",
        "xn--abc",
        "sthree-abc",
        "amzn-s3-demo-abc",
        "abc-s3alias",
        "abc--ol-s3",
        "abc.mrap",
        "abc--x-s3",
        "abc--table-s3",
        "abc-an",
        "a%20b",
        "a%F0%9F%98%80b",
        "abc%00",
    ],
)
def test_adr_11_refused_name(raw, name):
    answer = raw.request("PUT", f"/{name}")
    error_of(answer, 400, "InvalidBucketName", "The specified bucket is not valid.")
    assert "BucketName" in answer.error


# HEAD and location


def test_head_bucket_headers(s3, bucket):
    headers = s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-bucket-region"] == "us-east-1"
    assert headers["x-amz-bucket-arn"] == f"arn:aws:s3:::{bucket}"
    assert headers["x-amz-access-point-alias"] == "false"
    assert headers["content-type"] == "application/xml"


def test_head_of_a_missing_bucket_has_no_body(raw):
    answer = raw.request("HEAD", f"/{fresh_name()}")
    assert (answer.status, answer.body) == (404, b"")


def test_err_3_head_of_another_accounts_bucket(bob, bucket):
    with fails(403) as found:
        bob.head_bucket(Bucket=bucket)
    assert found[0].headers["x-amz-bucket-region"] == "us-east-1"


def test_rgn_3_unsigned_head_tells_the_region(home, abroad):
    """s5cmd and every SDK's region lookup read this header, whatever the status."""
    there = abroad.bucket()
    answer = abroad.raw().anonymous("HEAD", f"/{there}")
    assert answer.headers.get("x-amz-bucket-region") == "eu-west-1"
    assert answer.status in (200, 403)
    from_home = home.raw().anonymous("HEAD", f"/{there}")
    assert from_home.headers.get("x-amz-bucket-region") == "eu-west-1"
    assert from_home.status in (200, 301, 403)


def test_rgn_8_location(home, abroad):
    here, there = home.bucket(), abroad.bucket()
    assert home.client().get_bucket_location(Bucket=here)["LocationConstraint"] is None
    assert abroad.client().get_bucket_location(Bucket=there)["LocationConstraint"] == "eu-west-1"


def test_rgn_1_5_a_bucket_of_another_region(home, abroad):
    """The answer is a redirect that names the region, or the bucket itself where regions forward to each other."""
    there = abroad.bucket()
    abroad.client().put_object(Bucket=there, Key="k", Body=b"v")
    answer = home.raw().request("GET", f"/{there}/k")
    if answer.status == 200:
        assert answer.body == b"v"
    elif answer.status == 301:
        error = error_of(
            answer,
            301,
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all "
            "future requests to this endpoint.",
            Bucket=there,
        )
        assert error["Endpoint"]
        assert answer.headers["x-amz-bucket-region"] == "eu-west-1"
        assert "location" not in answer.headers
    else:
        error_of(answer, 400, "AuthorizationHeaderMalformed", Region="eu-west-1")


def test_rgn_1_a_client_that_signs_for_the_buckets_region_is_not_sent_in_circles(home, abroad):
    there = abroad.bucket()
    abroad.client().put_object(Bucket=there, Key="k", Body=b"v")
    answer = home.raw().request("GET", f"/{there}/k", region="eu-west-1")
    assert (answer.status, answer.body) == (200, b"v") or answer.status == 301, str(answer)


def test_rgn_4_a_wrong_region_is_corrected(home, bucket):
    answer = home.raw().request("GET", f"/{bucket}", region="aws-global")
    error_of(
        answer,
        400,
        "AuthorizationHeaderMalformed",
        "The authorization header is malformed; the region 'aws-global' is wrong; expecting 'us-east-1'",
        Region="us-east-1",
    )


def test_rgn_6_region_us_is_us_east_1(home, abroad, bucket):
    assert home.raw().request("GET", f"/{bucket}", region="US").status == 200
    error_of(abroad.raw().request("GET", "/", region="US"), 400, "AuthorizationHeaderMalformed", Region="eu-west-1")


# ListBuckets


def test_list_buckets_is_sorted_and_owned(federation, home):
    client = home.client(BOB)
    made = sorted(home.bucket(account=BOB, versioned=False) for _ in range(5))
    answer = client.list_buckets()
    names = [bucket["Name"] for bucket in answer["Buckets"]]
    assert names == sorted(names)
    assert set(made) <= set(names)
    if federation.canonical_ids:
        assert answer["Owner"]["ID"] == federation.canonical_ids[BOB.id]


def test_list_buckets_of_one_account_only(s3, bob, bucket):
    assert bucket in [entry["Name"] for entry in s3.list_buckets()["Buckets"]]
    assert bucket not in [entry["Name"] for entry in bob.list_buckets()["Buckets"]]


def test_list_buckets_pages(home):
    client = home.client(BOB)
    prefix = fresh_name("pg")
    made = sorted(home.bucket(account=BOB, versioned=False, name=f"{prefix}-{index}") for index in range(5))
    seen, token = [], None
    for _ in range(10):
        parameters = {"ContinuationToken": token} if token else {}
        answer = client.list_buckets(Prefix=prefix, MaxBuckets=2, **parameters)
        assert len(answer["Buckets"]) <= 2
        assert answer["Prefix"] == prefix
        seen += [bucket["Name"] for bucket in answer["Buckets"]]
        assert all(bucket["BucketRegion"] == "us-east-1" for bucket in answer["Buckets"])
        token = answer.get("ContinuationToken")
        if not token:
            break
    assert seen == made


def test_list_buckets_of_one_region(home, abroad):
    prefix = fresh_name("rg")
    here = home.bucket(account=BOB, versioned=False, name=f"{prefix}-a")
    abroad.bucket(account=BOB, versioned=False, name=f"{prefix}-b")
    answer = home.client(BOB).list_buckets(Prefix=prefix, BucketRegion="us-east-1")
    assert [bucket["Name"] for bucket in answer["Buckets"]] == [here]


@pytest.mark.parametrize("value", ["0", "10001", "-1", "x"])
def test_list_buckets_max_buckets_bounds(raw, value):
    error_of(
        raw.request("GET", f"/?max-buckets={value}"),
        400,
        "InvalidArgument",
        "Argument max-buckets must be an integer between 1 and 10000.",
    )


def test_adr_10_anonymous_list_buckets(raw):
    error_of(raw.anonymous("GET", "/"), 403, "AccessDenied")


def test_err_12_list_buckets_order_and_dates(raw):
    answer = raw.request("GET", "/")
    names = re.findall(rb"<(Owner|Buckets)>", answer.body)
    assert names == [b"Owner", b"Buckets"]


# DeleteBucket


def test_delete_bucket_with_an_object(s3, plain_bucket):
    s3.put_object(Bucket=plain_bucket, Key="k", Body=b"")
    with fails(409, "BucketNotEmpty", BucketName=plain_bucket) as found:
        s3.delete_bucket(Bucket=plain_bucket)
    assert found[0].message.startswith("The bucket you tried to delete is not empty")
    s3.delete_object(Bucket=plain_bucket, Key="k")
    assert s3.delete_bucket(Bucket=plain_bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_delete_bucket_with_only_a_delete_marker(s3, bucket):
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    with fails(
        409,
        "BucketNotEmpty",
        "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
        BucketName=bucket,
    ):
        s3.delete_bucket(Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="k", VersionId=marker)
    s3.delete_bucket(Bucket=bucket)


def test_mpu_5_delete_bucket_with_an_unfinished_upload(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"x" * 100_000)
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


def test_delete_bucket_that_does_not_exist(s3):
    name = fresh_name()
    with fails(404, "NoSuchBucket", "The specified bucket does not exist", BucketName=name):
        s3.delete_bucket(Bucket=name)


def test_delete_bucket_of_another_account(s3, bob, bucket):
    with fails(403, "AccessDenied"):
        bob.delete_bucket(Bucket=bucket)
    s3.head_bucket(Bucket=bucket)


# x-amz-expected-bucket-owner (§1.3)


def test_expected_bucket_owner(s3, bucket):
    s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=ALICE.id)
    s3.put_object(Bucket=bucket, Key="k", Body=b"", ExpectedBucketOwner=ALICE.id)
    with fails(403, "AccessDenied", "Access Denied"):
        s3.get_object(Bucket=bucket, Key="k", ExpectedBucketOwner=BOB.id)
    with fails(403, "AccessDenied"):
        s3.get_bucket_versioning(Bucket=bucket, ExpectedBucketOwner=BOB.id)


def test_expected_bucket_owner_malformed(raw, bucket):
    error_of(
        raw.request("GET", f"/{bucket}?versioning", headers={"x-amz-expected-bucket-owner": "abcd"}),
        400,
        "InvalidBucketOwnerAWSAccountID",
        "The value of the expected bucket owner parameter must be an AWS Account ID... [abcd]",
    )


# The trailing slash of s3cmd (ADR-1) and valueless parameters (ADR-8)


def test_adr_1_trailing_slash(raw):
    name = fresh_name()
    assert raw.request("PUT", f"/{name}/").status == 200
    assert raw.request("HEAD", f"/{name}/").status == 200
    assert b"LocationConstraint" in raw.request("GET", f"/{name}/?location").body
    body = b"<Delete><Object><Key>k</Key></Object></Delete>"
    assert raw.request("POST", f"/{name}/?delete", body=body, headers={"content-md5": content_md5(body)}).status == 200
    assert raw.request("DELETE", f"/{name}/").status == 204


@pytest.mark.parametrize(
    "query", ["versioning", "versioning=", "versioning=&x-id=GetBucketVersioning", "foo=bar&versioning"]
)
def test_adr_8_parameters_without_value_and_unknown_ones(raw, bucket, query):
    answer = raw.request("GET", f"/{bucket}?{query}")
    assert answer.status == 200
    assert b"<Status>Enabled</Status>" in answer.body


def test_err_3_method_not_allowed(raw, bucket):
    for method, target, kind in [
        ("PATCH", f"/{bucket}", "BUCKET"),
        ("PATCH", f"/{bucket}/k", "OBJECT"),
        ("PUT", "/", "SERVICE"),
    ]:
        error_of(raw.request(method, target), 405, "MethodNotAllowed", Method=method, ResourceType=kind)


# Bucket tags (TAG-2, TAG-3, TAG-7)


def tag_set(**tags):
    return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


def test_tag_2_bucket_tags_round_trip(s3, bucket):
    with fails(404, "NoSuchTagSet", "The TagSet does not exist", BucketName=bucket):
        s3.get_bucket_tagging(Bucket=bucket)
    assert (
        s3.put_bucket_tagging(Bucket=bucket, Tagging=tag_set(a="1", b=""))["ResponseMetadata"]["HTTPStatusCode"] == 204
    )
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    assert tags == {"a": "1", "b": ""}
    for _ in range(2):
        s3.delete_bucket_tagging(Bucket=bucket)
    with fails(404, "NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=bucket)


def test_tag_2_too_many_bucket_tags(s3, bucket):
    with fails(400, "BadRequest", "Bucket tag count cannot be greater than 50"):
        s3.put_bucket_tagging(Bucket=bucket, Tagging=tag_set(**{f"k{index}": "" for index in range(51)}))
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tag_set(**{f"k{index}": "" for index in range(50)}))


def test_tag_2_an_empty_set_removes_the_tags(s3, bucket):
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tag_set(a="1"))
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": []})
    with fails(404, "NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=bucket)


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ([("aws:x", "1")], "System tags cannot be added/updated by requester"),
        ([("a", "1"), ("a", "2")], "Cannot provide multiple Tags with the same key"),
        ([("", "1")], "The TagKey you have provided is invalid"),
        ([("a" * 129, "1")], "The TagKey you have provided is invalid"),
        ([("a", "1" * 257)], "The TagValue you have provided is invalid"),
        ([("a", "b|c")], "The TagValue you have provided is invalid"),
    ],
    ids=["system", "duplicate", "empty-key", "long-key", "long-value", "bad-character"],
)
def test_tag_3_bucket(raw, bucket, tags, message):
    entries = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in tags)
    body = f"<Tagging><TagSet>{entries}</TagSet></Tagging>".encode()
    answer = raw.request("PUT", f"/{bucket}?tagging", body=body, headers={"content-md5": content_md5(body)})
    error_of(answer, 400, "InvalidTag", message)


def test_tag_7_create_bucket_with_tags(home):
    name = home.bucket(CreateBucketConfiguration={"Tags": [{"Key": "team", "Value": "s3"}]})
    assert home.client().get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "team", "Value": "s3"}]
    with fails(409, "BucketAlreadyOwnedByYou"):
        home.client().create_bucket(Bucket=name, CreateBucketConfiguration={"Tags": [{"Key": "team", "Value": "s3"}]})
