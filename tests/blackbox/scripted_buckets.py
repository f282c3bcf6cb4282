"""Scripts of the operations on buckets themselves, and of who may use them."""

from federation import fresh_name
from scripted import NO_DISPLAY_NAME, script
from wire_paths import local_root

DIRECTORY_BUCKET = "only directory buckets have it"
NO_EMAIL = "ACL-7: S3 no longer knows grantees by address"
ACL_UNSEEN = {
    "Owner/DisplayName": NO_DISPLAY_NAME,
    "AccessControlList/Grant/Grantee/DisplayName": NO_DISPLAY_NAME,
    "AccessControlList/Grant/Grantee/EmailAddress": NO_EMAIL,
}
ACL_ALWAYS = {
    "Owner/ID",
    "AccessControlList/Grant/Grantee/ID",
    "AccessControlList/Grant/Grantee@xsi:type",
    "AccessControlList/Grant/Permission",
}


@script("CreateBucket", always={"location", "x-amz-bucket-arn"})
def create_bucket(stage):
    bucket = fresh_name()
    stage.s3.create_bucket(Bucket=bucket)
    # us-east-1 answers its owner as if the bucket were new.
    stage.s3.create_bucket(Bucket=bucket)
    stage.s3.create_bucket(
        Bucket=fresh_name(),
        ObjectLockEnabledForBucket=True,
        ObjectOwnership="ObjectWriter",
        CreateBucketConfiguration={"Tags": [{"Key": "a", "Value": "b"}]},
    )
    assert [each.headers["location"] for each in stage.successes("CreateBucket")[:2]] == [f"/{bucket}"] * 2


@script(
    "HeadBucket",
    always={"x-amz-bucket-arn", "x-amz-bucket-region", "x-amz-access-point-alias"},
    unseen={"x-amz-bucket-location-type": DIRECTORY_BUCKET, "x-amz-bucket-location-name": DIRECTORY_BUCKET},
)
def head_bucket(stage):
    stage.s3.head_bucket(Bucket=stage.bucket(versioned=False))
    (answer,) = stage.successes("HeadBucket")
    assert answer.headers["content-type"] == "application/xml"


@script("DeleteBucket")
def delete_bucket(stage):
    stage.s3.delete_bucket(Bucket=stage.bucket())


@script("ListBuckets", always={"Owner/ID"}, unseen={"Owner/DisplayName": NO_DISPLAY_NAME})
def list_buckets(stage):
    prefix = fresh_name("many")
    for number in range(3):
        stage.bucket(versioned=False, name=f"{prefix}-{number}")
    stage.s3.list_buckets()
    first = stage.s3.list_buckets(Prefix=prefix, MaxBuckets=2)
    stage.s3.list_buckets(Prefix=prefix, MaxBuckets=2, ContinuationToken=first["ContinuationToken"])
    stage.s3.list_buckets(Prefix=prefix + "-none")
    stage.s3.list_buckets(BucketRegion="us-east-1")


@script("GetBucketLocation")
def get_bucket_location(stage):
    stage.s3.get_bucket_location(Bucket=stage.bucket(versioned=False))
    (answer,) = stage.successes("GetBucketLocation")
    assert local_root(answer.body) == ("LocationConstraint", "")


@script("GetBucketVersioning", unseen={"MfaDelete": "VER-4: shown only where it was set, which takes a device"})
def get_bucket_versioning(stage):
    bucket = stage.bucket(versioned=False)
    stage.s3.get_bucket_versioning(Bucket=bucket)
    for status in ("Enabled", "Suspended"):
        stage.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
        stage.s3.get_bucket_versioning(Bucket=bucket)


@script("PutBucketVersioning")
def put_bucket_versioning(stage):
    bucket = stage.bucket(versioned=False)
    for status in ("Enabled", "Suspended"):
        stage.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


# Access


def grants(stage):
    return {"GrantFullControl": f'id="{stage.canonical_id}"', "GrantRead": f'uri="{ALL_USERS}"'}


ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"


@script("GetBucketAcl", always=ACL_ALWAYS, unseen=ACL_UNSEEN)
def get_bucket_acl(stage):
    stage.s3.get_bucket_acl(Bucket=stage.bucket(versioned=False))
    bucket = stage.acls_allowed()
    stage.s3.put_bucket_acl(Bucket=bucket, **grants(stage))
    stage.s3.get_bucket_acl(Bucket=bucket)


@script("PutBucketAcl")
def put_bucket_acl(stage):
    bucket = stage.acls_allowed()
    stage.s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    stage.s3.put_bucket_acl(Bucket=bucket, **grants(stage))
    acl = stage.s3.get_bucket_acl(Bucket=bucket)
    stage.s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy={"Owner": acl["Owner"], "Grants": acl["Grants"]})


@script("GetObjectAcl", always=ACL_ALWAYS, unseen={**ACL_UNSEEN, "x-amz-request-charged": "the owner is not charged"})
def get_object_acl(stage):
    bucket = stage.acls_allowed()
    stage.s3.put_object(Bucket=bucket, Key="k", Body=b"v", **grants(stage))
    stage.s3.get_object_acl(Bucket=bucket, Key="k")
    closed = stage.bucket()
    version = stage.s3.put_object(Bucket=closed, Key="k", Body=b"v")["VersionId"]
    stage.s3.get_object_acl(Bucket=closed, Key="k", VersionId=version)


@script("PutObjectAcl", unseen={"x-amz-request-charged": "the owner is not charged"})
def put_object_acl(stage):
    bucket = stage.acls_allowed()
    version = stage.s3.put_object(Bucket=bucket, Key="k", Body=b"v")["VersionId"]
    stage.s3.put_object_acl(Bucket=bucket, Key="k", ACL="public-read")
    stage.s3.put_object_acl(Bucket=bucket, Key="k", VersionId=version, **grants(stage))


@script("GetBucketOwnershipControls", always={"Rule/ObjectOwnership"})
def get_bucket_ownership_controls(stage):
    stage.s3.get_bucket_ownership_controls(Bucket=stage.bucket(versioned=False))
    stage.s3.get_bucket_ownership_controls(Bucket=stage.bucket(ObjectOwnership="BucketOwnerPreferred"))


@script("PutBucketOwnershipControls")
def put_bucket_ownership_controls(stage):
    stage.s3.put_bucket_ownership_controls(
        Bucket=stage.bucket(), OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )


@script("DeleteBucketOwnershipControls")
def delete_bucket_ownership_controls(stage):
    bucket = stage.bucket()
    for _ in range(2):
        stage.s3.delete_bucket_ownership_controls(Bucket=bucket)


BLOCK_SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@script("GetPublicAccessBlock", always=BLOCK_SETTINGS)
def get_public_access_block(stage):
    bucket = stage.bucket()
    stage.s3.get_public_access_block(Bucket=bucket)
    stage.s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    stage.s3.get_public_access_block(Bucket=bucket)


@script("PutPublicAccessBlock")
def put_public_access_block(stage):
    stage.s3.put_public_access_block(
        Bucket=stage.bucket(), PublicAccessBlockConfiguration=dict.fromkeys(BLOCK_SETTINGS, False)
    )


@script("DeletePublicAccessBlock")
def delete_public_access_block(stage):
    bucket = stage.bucket()
    for _ in range(2):
        stage.s3.delete_public_access_block(Bucket=bucket)


def policy(bucket, principal="*"):
    return (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":' + f'"{principal}"'
        f',"Action":"s3:GetObject","Resource":"arn:aws:s3:::{bucket}/*"}}]}}'
    )


def open_bucket(stage):
    """A bucket with a public policy."""
    bucket = stage.bucket(versioned=False)
    stage.s3.delete_public_access_block(Bucket=bucket)
    stage.s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket))
    return bucket


@script("GetBucketPolicy")
def get_bucket_policy(stage):
    bucket = open_bucket(stage)
    assert stage.s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy(bucket)


@script("PutBucketPolicy")
def put_bucket_policy(stage):
    open_bucket(stage)


@script("DeleteBucketPolicy")
def delete_bucket_policy(stage):
    bucket = open_bucket(stage)
    for _ in range(2):
        stage.s3.delete_bucket_policy(Bucket=bucket)


@script("GetBucketPolicyStatus", always={"IsPublic"})
def get_bucket_policy_status(stage):
    assert stage.s3.get_bucket_policy_status(Bucket=open_bucket(stage))["PolicyStatus"]["IsPublic"]
