"""TagResource, UntagResource, ListTagsForResource of S3 Control (identity-and-control §9.4)."""

import pytest
import s3control
from federation import ALICE, BOB, fresh_name, policy
from s3 import fails

SYSTEM = (
    "User-defined tag keys can't start with \"aws:\". This prefix is reserved for system tags. "
    'Remove "aws:" from your tag keys and try again.'
)
REPEATED = "There are duplicate tag keys in your request. Remove the duplicate tag keys and try again."
INVALID = (
    "This request contains a tag key or value that isn't valid. Valid characters include the following: "
    "[a-zA-Z+-=._:/]. Tag keys can contain up to 128 characters. Tag values can contain up to 256 characters."
)
MISSING = "The specified resource doesn't exist."


def arn_of(bucket):
    return f"arn:aws:s3:::{bucket}"


def tag_set(**tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.fixture
def control(home):
    return s3control.client(home)


def tags_of(control, bucket, account=ALICE):
    return control.list_tags_for_resource(AccountId=account.id, ResourceArn=arn_of(bucket))["Tags"]


def test_9_4_tags_are_those_of_the_bucket(control, s3, bucket):
    assert tags_of(control, bucket) == []
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_set(a="1", b="2")})
    assert tags_of(control, bucket) == tag_set(a="1", b="2")
    answer = control.tag_resource(AccountId=ALICE.id, ResourceArn=arn_of(bucket), Tags=tag_set(b="3", c="4"))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tag_set(a="1", b="3", c="4")
    answer = control.untag_resource(AccountId=ALICE.id, ResourceArn=arn_of(bucket), TagKeys=["a", "c", "never"])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert tags_of(control, bucket) == tag_set(b="3")
    control.untag_resource(AccountId=ALICE.id, ResourceArn=arn_of(bucket), TagKeys=["b"])
    with fails(404, "NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=bucket)


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        (tag_set(**{"aws:x": "1"}), SYSTEM),
        (tag_set(a="1") + tag_set(a="2"), REPEATED),
        (tag_set(**{"a*": "1"}), INVALID),
        (tag_set(a="1*"), INVALID),
    ],
)
def test_9_4_what_is_wrong_with_tags(control, bucket, tags, message):
    with fails(400, "InvalidTag", message):
        control.tag_resource(AccountId=ALICE.id, ResourceArn=arn_of(bucket), Tags=tags)
    assert tags_of(control, bucket) == []


def test_tag_2_a_bucket_has_at_most_fifty_tags(control, bucket):
    control.tag_resource(AccountId=ALICE.id, ResourceArn=arn_of(bucket), Tags=tag_set(**{f"k{n}": "" for n in range(50)}))
    with fails(400, "BadRequest", "Bucket tag count cannot be greater than 50"):
        control.tag_resource(AccountId=ALICE.id, ResourceArn=arn_of(bucket), Tags=tag_set(more=""))
    control.tag_resource(AccountId=ALICE.id, ResourceArn=arn_of(bucket), Tags=tag_set(k7="changed"))
    assert len(tags_of(control, bucket)) == 50


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:s3:::no-such-bucket-anywhere",
        f"arn:aws:s3:us-east-1:{ALICE.id}:accesspoint/none",
        f"arn:aws:s3:us-east-1:{ALICE.id}:storage-lens-group/none",
    ],
)
def test_9_4_a_resource_that_does_not_exist(control, arn):
    for call, more in (
        (control.list_tags_for_resource, {}),
        (control.tag_resource, {"Tags": tag_set(a="1")}),
        (control.untag_resource, {"TagKeys": ["a"]}),
    ):
        with fails(404, "NoSuchResource", MISSING):
            call(AccountId=ALICE.id, ResourceArn=arn, **more)


def test_9_4_a_bucket_is_not_another_accounts_resource(control, bucket):
    with fails(404, "NoSuchResource", MISSING):
        control.list_tags_for_resource(AccountId=BOB.id, ResourceArn=arn_of(bucket))


def test_9_4_each_operation_needs_its_permission(home, s3, control, bucket):
    user = fresh_name("user")
    iam = home.service("iam", ALICE)
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    theirs = s3control.client(home, (key["AccessKeyId"], key["SecretAccessKey"]))

    def may(*actions, **more):
        iam.put_user_policy(
            UserName=user,
            PolicyName="p",
            PolicyDocument=policy({"Effect": "Allow", "Action": list(actions), "Resource": arn_of(bucket), **more}),
        )

    calls = {
        "s3:ListTagsForResource": lambda: tags_of(theirs, bucket),
        "s3:TagResource": lambda: theirs.tag_resource(
            AccountId=ALICE.id, ResourceArn=arn_of(bucket), Tags=tag_set(team="a")
        ),
        "s3:UntagResource": lambda: theirs.untag_resource(
            AccountId=ALICE.id, ResourceArn=arn_of(bucket), TagKeys=["team"]
        ),
    }
    for allowed, call in calls.items():
        may(*(action for action in calls if action != allowed))
        with fails(403, "AccessDenied"):
            call()
        may(allowed)
        call()
    may("s3:TagResource", Condition={"StringEquals": {"aws:RequestTag/team": "b"}})
    with fails(403, "AccessDenied"):
        calls["s3:TagResource"]()


def test_9_4_another_accounts_bucket_by_its_policy(home, s3, bucket):
    theirs = s3control.client(home, BOB)
    with fails(403, "AccessDenied"):
        tags_of(theirs, bucket)
    allow = {
        "Effect": "Allow",
        "Principal": {"AWS": BOB.id},
        "Action": "s3:ListTagsForResource",
        "Resource": arn_of(bucket),
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(allow))
    assert tags_of(theirs, bucket) == []


def test_9_4_rgn_5_a_bucket_of_another_region(home, abroad):
    bucket = abroad.bucket()
    # Signed for the bucket's region, a request is handed on, as S3's own are.
    handed_on = s3control.client(home, region_name=abroad.name)
    handed_on.tag_resource(AccountId=ALICE.id, ResourceArn=arn_of(bucket), Tags=tag_set(a="1"))
    assert tags_of(handed_on, bucket) == tag_set(a="1")
    assert tags_of(s3control.client(abroad), bucket) == tag_set(a="1")
    with fails(301, "PermanentRedirect") as failures:
        tags_of(s3control.client(home), bucket)
    assert failures[0].details["Endpoint"] == abroad.endpoint


def test_tag_7_buckets_are_created_with_tags(control, home):
    bucket = home.bucket(CreateBucketConfiguration={"Tags": tag_set(a="1")})
    assert tags_of(control, bucket) == tag_set(a="1")
    for tags, message in ((tag_set(**{"aws:x": "1"}), SYSTEM), (tag_set(a="1") + tag_set(a="2"), REPEATED)):
        with fails(400, "InvalidTag", message):
            home.bucket(CreateBucketConfiguration={"Tags": tags})
