"""ACLs, ownership and public access (s3-api §9.2, §9.3, ACL-*)."""

import pytest
from federation import ALICE, BOB
from s3 import error_of, fails, upload_multipart

ALL = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOGS = "http://acs.amazonaws.com/groups/s3/LogDelivery"
OFF = "The bucket does not allow ACLs"
ENFORCED = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema"


def canonical(home, account):
    return home.client(account).list_buckets()["Owner"]["ID"]


@pytest.fixture
def alice(home):
    return canonical(home, ALICE)


@pytest.fixture
def bobs(home):
    return canonical(home, BOB)


@pytest.fixture
def open_bucket(home, s3):
    """A bucket whose ACLs have an effect, public ones too."""
    name = home.bucket(ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=name)
    return name


def grants(answer):
    found = set()
    for grant in answer["Grants"]:
        grantee = grant["Grantee"]
        assert grantee["Type"] == ("Group" if "URI" in grantee else "CanonicalUser")
        found.add((grantee.get("URI") or grantee["ID"], grant["Permission"]))
    return found


def grant(identifier, permission):
    kind = {"Type": "Group", "URI": identifier} if identifier.startswith("http") else {"Type": "CanonicalUser", "ID": identifier}
    return {"Grantee": kind, "Permission": permission}


def policy(owner, *pairs):
    return {"Owner": {"ID": owner}, "Grants": [grant(*pair) for pair in pairs]}


# Ownership: ACL-1 to ACL-3


def test_acl_1_ownership_controls(s3, home, bucket):
    def ownership():
        return s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]

    assert ownership() == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    for value in ("ObjectWriter", "BucketOwnerPreferred", "BucketOwnerEnforced"):
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": value}]})
        assert ownership() == [{"ObjectOwnership": value}]
    for _ in range(2):
        s3.delete_bucket_ownership_controls(Bucket=bucket)
    with fails(
        404, "OwnershipControlsNotFoundError", "The bucket ownership controls were not found", BucketName=bucket
    ):
        ownership()
    # Without controls, writers own what they write and ACLs have an effect.
    s3.put_bucket_acl(Bucket=bucket, ACL="log-delivery-write")
    made = home.bucket(ObjectOwnership="BucketOwnerPreferred")
    assert s3.get_bucket_ownership_controls(Bucket=made)["OwnershipControls"]["Rules"] == [
        {"ObjectOwnership": "BucketOwnerPreferred"}
    ]


def test_acl_1_bad_ownership(raw, bucket):
    answer = raw.request("PUT", f"/{bucket}x", headers={"x-amz-object-ownership": "RandomValue"})
    message = "Invalid x-amz-object-ownership header: RandomValue"
    error_of(answer, 400, "InvalidArgument", message, ArgumentName="x-amz-object-ownership")
    one = "<Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>"
    for inside in ("", one + one, one.replace("ObjectWriter", "Nobody"), "<Rule/>"):
        body = f"<OwnershipControls>{inside}</OwnershipControls>".encode()
        error_of(raw.request("PUT", f"/{bucket}?ownershipControls", body=body), 400, "MalformedXML", MALFORMED)


def test_acl_2_acls_are_off(s3, bucket, alice, bobs):
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    for call in (
        lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"v", ACL="public-read"),
        lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"v", GrantRead=f'id="{bobs}"'),
        lambda: s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k", ACL="authenticated-read"),
        lambda: s3.create_multipart_upload(Bucket=bucket, Key="m", ACL="public-read"),
        lambda: s3.put_object_acl(Bucket=bucket, Key="k", ACL="public-read"),
        lambda: s3.put_object_acl(Bucket=bucket, Key="k", ACL="private"),
        lambda: s3.put_bucket_acl(Bucket=bucket, ACL="private"),
        lambda: s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write"),
        lambda: s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=policy(alice, (bobs, "READ"))),
    ):
        with fails(400, "AccessControlListNotSupported", OFF):
            call()
    for canned in ("private", "bucket-owner-full-control"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"v", ACL=canned)
    s3.put_object(Bucket=bucket, Key="k", Body=b"v", GrantFullControl=f"id={alice}")
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="bucket-owner-full-control")
    s3.put_object_acl(Bucket=bucket, Key="k", AccessControlPolicy=policy(alice, (alice, "FULL_CONTROL")))
    s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=policy(alice, (alice, "FULL_CONTROL")))
    for answer in (s3.get_bucket_acl(Bucket=bucket), s3.get_object_acl(Bucket=bucket, Key="k")):
        assert answer["Owner"]["ID"] == alice
        assert grants(answer) == {(alice, "FULL_CONTROL")}


def test_acl_2_acl_3_at_creation(s3, home):
    home.bucket(ACL="private")
    for more in ({"ACL": "public-read"}, {"ACL": "log-delivery-write"}, {"GrantRead": f'uri="{LOGS}"'}):
        with fails(400, "InvalidBucketAclWithObjectOwnership", ENFORCED):
            home.bucket(**more)
    with fails(403, "AccessDenied"):
        home.bucket(ACL="public-read", ObjectOwnership="ObjectWriter")
    made = home.bucket(ACL="log-delivery-write", ObjectOwnership="BucketOwnerPreferred")
    assert (LOGS, "WRITE") in grants(s3.get_bucket_acl(Bucket=made))


def test_acl_3_enforced_needs_a_private_bucket(s3, open_bucket):
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_acl(Bucket=open_bucket, ACL="public-read")
    with fails(400, "InvalidBucketAclWithObjectOwnership", ENFORCED):
        s3.put_bucket_ownership_controls(Bucket=open_bucket, OwnershipControls=controls)
    s3.put_bucket_acl(Bucket=open_bucket, ACL="private")
    s3.put_bucket_ownership_controls(Bucket=open_bucket, OwnershipControls=controls)


# Canned ACLs and grants: ACL-5 to ACL-9


CANNED = {
    "private": set(),
    "public-read": {(ALL, "READ")},
    "public-read-write": {(ALL, "READ"), (ALL, "WRITE")},
    "authenticated-read": {(AUTHENTICATED, "READ")},
}


@pytest.mark.parametrize("canned", [*CANNED, "log-delivery-write"])
def test_acl_6_canned_of_buckets(s3, open_bucket, alice, canned):
    s3.put_bucket_acl(Bucket=open_bucket, ACL=canned)
    expected = CANNED.get(canned, {(LOGS, "WRITE"), (LOGS, "READ_ACP")})
    assert grants(s3.get_bucket_acl(Bucket=open_bucket)) == expected | {(alice, "FULL_CONTROL")}


@pytest.mark.parametrize("canned", [*CANNED, "bucket-owner-read", "bucket-owner-full-control"])
def test_acl_6_canned_of_objects(s3, open_bucket, alice, canned):
    expected = CANNED.get(canned, set()) | {(alice, "FULL_CONTROL")}
    s3.put_object(Bucket=open_bucket, Key="put", Body=b"v", ACL=canned)
    s3.copy_object(Bucket=open_bucket, Key="copy", CopySource=f"{open_bucket}/put", ACL=canned)
    upload_multipart(s3, open_bucket, "parts", [b"x"], ACL=canned)
    s3.put_object(Bucket=open_bucket, Key="later", Body=b"v")
    s3.put_object_acl(Bucket=open_bucket, Key="later", ACL=canned)
    for key in ("put", "copy", "parts", "later"):
        answer = s3.get_object_acl(Bucket=open_bucket, Key=key)
        assert (answer["Owner"]["ID"], grants(answer)) == (alice, expected), key


def test_acl_6_unknown_canned(raw, open_bucket):
    for path, value in ((f"{open_bucket}?acl", "nobody"), (f"{open_bucket}/k", "nobody"), (f"{open_bucket}/k", "Private")):
        answer = raw.request("PUT", f"/{path}", headers={"x-amz-acl": value})
        error_of(answer, 400, "InvalidArgument", ArgumentName="x-amz-acl", ArgumentValue=value)


def test_acl_7_grant_headers(s3, open_bucket, alice, bobs):
    s3.put_object(
        Bucket=open_bucket, Key="k", Body=b"v", GrantRead=f'uri="{AUTHENTICATED}", id="{bobs}"',
        GrantReadACP=f"id={bobs}", GrantWriteACP=f'id="{bobs}"', GrantFullControl=f'id="{alice}"',
    )  # fmt: skip
    assert grants(s3.get_object_acl(Bucket=open_bucket, Key="k")) == {
        (AUTHENTICATED, "READ"), (bobs, "READ"), (bobs, "READ_ACP"), (bobs, "WRITE_ACP"), (alice, "FULL_CONTROL"),
    }  # fmt: skip
    s3.put_bucket_acl(Bucket=open_bucket, GrantWrite=f'id="{bobs}"')
    assert grants(s3.get_bucket_acl(Bucket=open_bucket)) == {(bobs, "WRITE")}


def test_acl_7_one_way_at_a_time(raw, s3, open_bucket, bobs):
    s3.put_object(Bucket=open_bucket, Key="k", Body=b"v")
    for path in (f"/{open_bucket}?acl", f"/{open_bucket}/k?acl"):
        both = {"x-amz-acl": "private", "x-amz-grant-read": f"id={bobs}"}
        message = "Specifying both Canned ACLs and Header Grants is not allowed"
        error_of(raw.request("PUT", path, headers=both), 400, "InvalidRequest", message)
        message = "This request does not support content"
        answer = raw.request("PUT", path, headers={"x-amz-acl": "private"}, body=b"<AccessControlPolicy/>")
        error_of(answer, 400, "UnexpectedContent", message)
        message = "Your request was missing a required header"
        error_of(raw.request("PUT", path), 400, "MissingSecurityHeader", message, MissingHeaderName="x-amz-acl")
        error_of(raw.request("PUT", path, headers={"x-amz-grant-read": "emailAddress=a@b"}), 405, "MethodNotAllowed")


@pytest.mark.parametrize(
    ("value", "message", "name", "argument"),
    [
        ('uri="http://acs.amazonaws.com/groups/global/Nobody"', "Invalid group uri", "uri", "http://acs.amazonaws.com/groups/global/Nobody"),
        ("uri=", "Invalid group uri", "uri", None),
        ("wrong", "Argument format not recognized", "x-amz-grant-write", "wrong"),
        ("name=x", "Argument format not recognized", "x-amz-grant-write", "name=x"),
        ("id=abc", "Invalid id", "id", "abc"),
    ],
)  # fmt: skip
def test_acl_8_bad_grants(raw, open_bucket, value, message, name, argument):
    answer = raw.request("PUT", f"/{open_bucket}?acl", headers={"x-amz-grant-write": value})
    error = error_of(answer, 400, "InvalidArgument", message, ArgumentName=name)
    assert argument is None or error["ArgumentValue"] == argument


XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def test_acl_8_bodies(raw, open_bucket, alice):
    def document(grants, owner=f"<Owner><ID>{alice}</ID></Owner>"):
        return f"<AccessControlPolicy>{owner}<AccessControlList>{grants}</AccessControlList></AccessControlPolicy>"

    def one(grantee, permission="READ"):
        return f"<Grant>{grantee}<Permission>{permission}</Permission></Grant>"

    def user(identifier, kind=' xsi:type="CanonicalUser"'):
        return f"<Grantee {XSI}{kind}><ID>{identifier}</ID></Grantee>"

    group = f'<Grantee {XSI} xsi:type="Group"><URI>http://x</URI></Grantee>'
    for body, code, message, name in (
        (document(one(user(alice)), owner=""), "MalformedACLError", MALFORMED, None),
        (document(one(user(alice, kind=""))), "MalformedACLError", MALFORMED, None),
        (document(one(user(alice), "EVERYTHING")), "MalformedACLError", MALFORMED, None),
        (document(one(user(alice)) * 101), "MalformedACLError", MALFORMED, None),
        (document(one(user("abc"))), "InvalidArgument", "Invalid id", "CanonicalUser/ID"),
        (document(one(group)), "InvalidArgument", "Invalid group uri", "Group/URI"),
        ("<AccessControlPolicy>", "MalformedXML", MALFORMED, None),
    ):
        error = error_of(raw.request("PUT", f"/{open_bucket}?acl", body=body.encode()), 400, code, message)
        assert error.get("ArgumentName") == name
    body = document(one(f'<Grantee {XSI} xsi:type="AmazonCustomerByEmail"><EmailAddress>a@b</EmailAddress></Grantee>'))
    error_of(raw.request("PUT", f"/{open_bucket}?acl", body=body.encode()), 405, "MethodNotAllowed")


def test_acl_11_versions(s3, open_bucket, alice):
    old = s3.put_object(Bucket=open_bucket, Key="k", Body=b"v")["VersionId"]
    new = s3.put_object(Bucket=open_bucket, Key="k", Body=b"w")["VersionId"]
    before = s3.head_object(Bucket=open_bucket, Key="k", VersionId=old)
    s3.put_object_acl(Bucket=open_bucket, Key="k", VersionId=old, ACL="public-read")
    after = s3.head_object(Bucket=open_bucket, Key="k", VersionId=old)
    assert (before["LastModified"], before["ETag"]) == (after["LastModified"], after["ETag"])
    public = {(alice, "FULL_CONTROL"), (ALL, "READ")}
    assert grants(s3.get_object_acl(Bucket=open_bucket, Key="k", VersionId=old)) == public
    assert grants(s3.get_object_acl(Bucket=open_bucket, Key="k", VersionId=new)) == {(alice, "FULL_CONTROL")}
    s3.copy_object(Bucket=open_bucket, Key="c", CopySource={"Bucket": open_bucket, "Key": "k", "VersionId": old})
    assert grants(s3.get_object_acl(Bucket=open_bucket, Key="c")) == {(alice, "FULL_CONTROL")}


def test_ver_12_delete_markers(s3, open_bucket):
    s3.put_object(Bucket=open_bucket, Key="k", Body=b"v")
    marker = s3.delete_object(Bucket=open_bucket, Key="k")["VersionId"]
    with fails(404, "NoSuchKey"):
        s3.get_object_acl(Bucket=open_bucket, Key="k")
    with fails(405, "MethodNotAllowed"):
        s3.get_object_acl(Bucket=open_bucket, Key="k", VersionId=marker)
    for more in ({}, {"VersionId": marker}):
        with fails(405, "MethodNotAllowed"):
            s3.put_object_acl(Bucket=open_bucket, Key="k", ACL="private", **more)


# Public access block: §9.3


EVERYTHING = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)


def test_public_access_block(s3, bucket):
    def block():
        return s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]

    assert block() == EVERYTHING
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    assert block() == {**dict.fromkeys(EVERYTHING, False), "BlockPublicAcls": True}
    for _ in range(2):
        s3.delete_public_access_block(Bucket=bucket)
    message = "The public access block configuration was not found"
    with fails(404, "NoSuchPublicAccessBlockConfiguration", message, BucketName=bucket):
        block()


def test_block_and_ignore_public_acls(s3, open_bucket, alice):
    s3.put_object(Bucket=open_bucket, Key="k", Body=b"v", ACL="public-read")
    s3.put_bucket_acl(Bucket=open_bucket, ACL="public-read")
    s3.put_public_access_block(Bucket=open_bucket, PublicAccessBlockConfiguration=EVERYTHING)
    for call in (
        lambda: s3.put_object(Bucket=open_bucket, Key="n", Body=b"v", ACL="public-read"),
        lambda: s3.put_object(Bucket=open_bucket, Key="n", Body=b"v", GrantRead=f'uri="{ALL}"'),
        lambda: s3.put_object_acl(Bucket=open_bucket, Key="k", ACL="authenticated-read"),
        lambda: s3.put_bucket_acl(Bucket=open_bucket, ACL="public-read-write"),
    ):
        with fails(403, "AccessDenied"):
            call()
    # What was there is no longer shown, and comes back with the setting.
    for answer in (s3.get_object_acl(Bucket=open_bucket, Key="k"), s3.get_bucket_acl(Bucket=open_bucket)):
        assert grants(answer) == {(alice, "FULL_CONTROL")}
    s3.delete_public_access_block(Bucket=open_bucket)
    assert (ALL, "READ") in grants(s3.get_object_acl(Bucket=open_bucket, Key="k"))
    s3.put_object(Bucket=open_bucket, Key="n", Body=b"v", ACL="aws-exec-read")
    found = s3.get_object_acl(Bucket=open_bucket, Key="n")
    s3.put_object_acl(
        Bucket=open_bucket, Key="n", AccessControlPolicy={"Owner": found["Owner"], "Grants": found["Grants"]}
    )
