"""IAM (identity-and-control §3, IAM-*, ACC-*): boto3 and the AWS CLI against real regions."""

import contextlib
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse
import uuid
import xml.etree.ElementTree as ElementTree

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
import requests
from federation import ALICE, BOB
from s3 import fails as fails_exactly
from test_sts import service, session
from waiting import eventually

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def allow(action, resource="*", **more):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(*arns, **more):
    principal = {"AWS": list(arns) if len(arns) > 1 else arns[0]}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@contextlib.contextmanager
def fails(status, code, part=""):
    """As of S3's errors; the message has this part."""
    with fails_exactly(status, code) as found:
        yield found
    assert part in found[0].message, found[0].message


def raw(region, parameters, *, method="POST"):
    """A request of the Query protocol, signed by botocore and sent as it is."""
    url, data = region.endpoint + "/", urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote)
    if method == "GET":
        url, data = f"{url}?{data}", ""
    request = botocore.awsrequest.AWSRequest(
        method, url, data=data, headers={"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    )
    keys = botocore.credentials.Credentials(ALICE.access_key, ALICE.secret_key)
    botocore.auth.SigV4Auth(keys, "iam", "us-east-1").add_auth(request)
    return requests.request(method, url, data=data, headers=dict(request.headers))


def unique(kind):
    return f"{kind}-{uuid.uuid4().hex[:10]}"


@pytest.fixture
def iam(home):
    return service(home, "iam", scope="us-east-1")


@pytest.fixture
def user(iam):
    name = unique("user")
    iam.create_user(UserName=name)
    return name


@pytest.fixture
def role(iam):
    name = unique("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    return name


def key_of(iam, user):
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return (key["AccessKeyId"], key["SecretAccessKey"])


def pages(client, operation, result, **parameters):
    return [item for page in client.get_paginator(operation).paginate(**parameters) for item in page[result]]


# The protocol

IAM_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"


def query(home, action, *, method="POST", **parameters):
    return raw(home, {"Action": action, "Version": "2010-05-08", **parameters}, method=method)


def document(answer, name):
    """The root of an answer, and the text of its element of a path."""
    assert answer.headers["content-type"].startswith("text/xml")
    root = ElementTree.fromstring(answer.content)
    assert root.tag == f"{{{IAM_NAMESPACE}}}{name}"
    space = {"iam": IAM_NAMESPACE}
    return root, lambda path: root.findtext("/".join(f"iam:{part}" for part in path.split("/")), namespaces=space)


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_IAM_1_IAM_2_IAM_5_requests_and_answers_of_the_query_protocol(iam, home, method):
    name = unique("user")
    tags = {"Tags.member.1.Key": "colour", "Tags.member.1.Value": "dark red", "Tags.member.2.Key": "b", "Tags.member.2.Value": ""}
    made = query(home, "CreateUser", method=method, UserName=name, Path="/a/", **tags)
    assert made.status_code == 200, made.text
    root, text = document(made, "CreateUserResponse")
    assert [child.tag.rpartition("}")[2] for child in root] == ["CreateUserResult", "ResponseMetadata"]
    assert text("CreateUserResult/User/UserName") == name and text("CreateUserResult/User/Path") == "/a/"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text("CreateUserResult/User/CreateDate"))
    identifier = text("ResponseMetadata/RequestId")
    assert str(uuid.UUID(identifier)) == identifier == made.headers["x-amzn-requestid"]
    found = {tag["Key"]: tag["Value"] for tag in iam.list_user_tags(UserName=name)["Tags"]}
    assert found == {"colour": "dark red", "b": ""}
    # An operation without a result has metadata alone.
    gone = query(home, "DeleteUser", method=method, UserName=name)
    root, _ = document(gone, "DeleteUserResponse")
    assert [child.tag.rpartition("}")[2] for child in root] == ["ResponseMetadata"]


def test_IAM_3_errors_of_the_query_protocol(home):
    answer = query(home, "GetUser", UserName="nobody")
    assert answer.status_code == 404
    _, text = document(answer, "ErrorResponse")
    assert (text("Error/Type"), text("Error/Code")) == ("Sender", "NoSuchEntity")
    assert text("Error/Message") == "The user with name nobody cannot be found."
    assert text("RequestId") == answer.headers["x-amzn-requestid"]


# Users


def test_ACC_5_ACC_6_the_life_of_a_user(iam, home):
    name = unique("Ann")
    made = iam.create_user(UserName=name, Path="/staff/", Tags=[{"Key": "team", "Value": "a"}])["User"]
    assert made["Arn"] == f"arn:aws:iam::{ALICE.id}:user/staff/{name}"
    assert re.fullmatch("AIDA[A-Z0-9]{17}", made["UserId"])
    assert made["Tags"] == [{"Key": "team", "Value": "a"}]
    found = iam.get_user(UserName=name.upper())["User"]
    assert (found["UserName"], found["UserId"], found["Path"]) == (name, made["UserId"], "/staff/")
    with fails(409, "EntityAlreadyExists", f"User with name {name.lower()} already exists."):
        iam.create_user(UserName=name.lower())
    listed = [user for user in pages(iam, "list_users", "Users", PathPrefix="/staff/") if user["UserName"] == name]
    assert len(listed) == 1 and "Tags" not in listed[0]
    iam.tag_user(UserName=name, Tags=[{"Key": "Team", "Value": "b"}, {"Key": "x", "Value": ""}])
    assert iam.list_user_tags(UserName=name)["Tags"] == [{"Key": "Team", "Value": "b"}, {"Key": "x", "Value": ""}]
    iam.untag_user(UserName=name, TagKeys=["TEAM", "none"])
    assert iam.list_user_tags(UserName=name)["Tags"] == [{"Key": "x", "Value": ""}]
    iam.update_user(UserName=name, NewUserName=name + "-new", NewPath="/")
    assert iam.get_user(UserName=name + "-new")["User"]["Arn"] == f"arn:aws:iam::{ALICE.id}:user/{name}-new"
    with fails(404, "NoSuchEntity", f"The user with name {name} cannot be found."):
        iam.get_user(UserName=name)
    iam.delete_user(UserName=name + "-new")
    with fails(404, "NoSuchEntity", f"The user with name {name}-new cannot be found."):
        iam.delete_user(UserName=name + "-new")


def test_IAM_20_names_and_paths(iam):
    with fails(
        400,
        "ValidationError",
        "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the "
        "following: +=,.@_-",
    ):
        iam.create_user(UserName="a b")
    with fails(400, "ValidationError", "at 'userName' failed to satisfy constraint"):
        iam.create_user(UserName="a" * 65)
    with fails(400, "ValidationError", "The specified value for path is invalid."):
        iam.create_user(UserName="ab", Path="nothing")
    with fails(400, "ValidationError", "failed to satisfy constraint"):
        iam.create_role(RoleName="r" * 65, AssumeRolePolicyDocument=json.dumps(TRUST))


def test_a_user_with_anything_left_is_not_deleted(iam, user):
    group = unique("group")
    iam.create_group(GroupName=group)
    iam.add_user_to_group(GroupName=group, UserName=user)
    iam.add_user_to_group(GroupName=group, UserName=user)
    key = key_of(iam, user)
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("s3:*"))
    iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    assert [group["GroupName"] for group in iam.list_groups_for_user(UserName=user)["Groups"]] == [group]
    with fails(409, "DeleteConflict", "Cannot delete entity, must remove users from group first."):
        iam.delete_user(UserName=user)
    iam.remove_user_from_group(GroupName=group, UserName=user)
    with fails(404, "NoSuchEntity"):
        iam.remove_user_from_group(GroupName=group, UserName=user)
    with fails(409, "DeleteConflict", "Cannot delete entity, must detach all policies first."):
        iam.delete_user(UserName=user)
    iam.detach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    with fails(409, "DeleteConflict", "Cannot delete entity, must delete policies first."):
        iam.delete_user(UserName=user)
    iam.delete_user_policy(UserName=user, PolicyName="p")
    with fails(409, "DeleteConflict", "Cannot delete entity, must remove referenced objects first."):
        iam.delete_user(UserName=user)
    iam.delete_access_key(UserName=user, AccessKeyId=key[0])
    iam.delete_user(UserName=user)


def test_what_tools_ask_before_they_delete_a_user(iam, user):
    assert iam.list_ssh_public_keys(UserName=user)["SSHPublicKeys"] == []
    assert iam.list_mfa_devices(UserName=user)["MFADevices"] == []
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []
    assert iam.list_signing_certificates(UserName=user)["Certificates"] == []
    assert iam.list_service_specific_credentials(UserName=user)["ServiceSpecificCredentials"] == []
    with fails(404, "NoSuchEntity", f"Login Profile for User {user} cannot be found."):
        iam.delete_login_profile(UserName=user)


# Access keys


def test_IAM_24_access_keys(iam, user, home):
    key = iam.create_access_key(UserName=user)["AccessKey"]
    assert re.fullmatch("AKIA[A-Z0-9]{16}", key["AccessKeyId"])
    assert re.fullmatch("[A-Za-z0-9/+]{40}", key["SecretAccessKey"])
    assert key["Status"] == "Active"
    pair = (key["AccessKeyId"], key["SecretAccessKey"])
    who = service(home, "sts", pair).get_caller_identity()
    assert who["Arn"] == f"arn:aws:iam::{ALICE.id}:user/{user}"
    assert who["UserId"] == iam.get_user(UserName=user)["User"]["UserId"]
    second = key_of(iam, user)
    with fails(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"):
        iam.create_access_key(UserName=user)
    listed = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    assert {found["AccessKeyId"] for found in listed} == {pair[0], second[0]}
    assert all("SecretAccessKey" not in found for found in listed)
    iam.update_access_key(UserName=user, AccessKeyId=pair[0], Status="Inactive")
    with fails(403, "InvalidClientTokenId", "The security token included in the request is invalid."):
        service(home, "sts", pair).get_caller_identity()
    with fails(403, "InvalidAccessKeyId"):
        service(home, "s3", pair).list_buckets()
    iam.update_access_key(UserName=user, AccessKeyId=pair[0], Status="Active")
    service(home, "sts", pair).get_caller_identity()
    iam.delete_access_key(UserName=user, AccessKeyId=pair[0])
    with fails(403, "InvalidClientTokenId"):
        service(home, "sts", pair).get_caller_identity()
    with fails(404, "NoSuchEntity", f"The Access Key with id {pair[0]} cannot be found."):
        iam.delete_access_key(UserName=user, AccessKeyId=pair[0])
    with fails(404, "NoSuchEntity", f"The Access Key with id {pair[0]} cannot be found."):
        iam.get_access_key_last_used(AccessKeyId=pair[0])
    used = iam.get_access_key_last_used(AccessKeyId=second[0])
    assert (used["UserName"], used["AccessKeyLastUsed"]["ServiceName"]) == (user, "N/A")


def test_a_user_manages_its_own_keys_if_a_policy_lets_it(iam, user, home):
    own = service(home, "iam", key_of(iam, user))
    with fails(
        403,
        "AccessDenied",
        f"User: arn:aws:iam::{ALICE.id}:user/{user} is not authorized to perform: iam:ListAccessKeys on resource: "
        f"arn:aws:iam::{ALICE.id}:user/{user} because no identity-based policy allows the iam:ListAccessKeys action",
    ):
        own.list_access_keys()
    iam.put_user_policy(
        UserName=user,
        PolicyName="own",
        PolicyDocument=allow("iam:*AccessKey*", "arn:aws:iam::*:user/${aws:username}"),
    )
    assert len(own.list_access_keys()["AccessKeyMetadata"]) == 1
    made = own.create_access_key()["AccessKey"]
    assert made["UserName"] == user
    own.delete_access_key(AccessKeyId=made["AccessKeyId"])
    with fails(403, "AccessDenied"):
        own.list_access_keys(UserName="someone")


def test_ACC_4_keys_of_the_root(iam, home):
    made = iam.create_access_key()["AccessKey"]
    pair = (made["AccessKeyId"], made["SecretAccessKey"])
    assert service(home, "sts", pair).get_caller_identity()["Arn"] == f"arn:aws:iam::{ALICE.id}:root"
    assert pair[0] in [key["AccessKeyId"] for key in iam.list_access_keys()["AccessKeyMetadata"]]
    iam.delete_access_key(AccessKeyId=pair[0])
    with fails(403, "InvalidClientTokenId"):
        service(home, "sts", pair).get_caller_identity()


# Groups


def test_the_life_of_a_group(iam, user):
    name = unique("group")
    made = iam.create_group(GroupName=name, Path="/g/")["Group"]
    assert made["Arn"] == f"arn:aws:iam::{ALICE.id}:group/g/{name}"
    assert re.fullmatch("AGPA[A-Z0-9]{17}", made["GroupId"])
    with fails(409, "EntityAlreadyExists", f"Group with name {name} already exists."):
        iam.create_group(GroupName=name)
    iam.add_user_to_group(GroupName=name, UserName=user)
    got = iam.get_group(GroupName=name)
    assert [member["UserName"] for member in got["Users"]] == [user]
    with fails(409, "DeleteConflict", "must remove users from group first"):
        iam.delete_group(GroupName=name)
    iam.update_group(GroupName=name, NewGroupName=name + "2", NewPath="/h/")
    name += "2"
    assert [member["UserName"] for member in iam.get_group(GroupName=name)["Users"]] == [user]
    assert name in [group["GroupName"] for group in pages(iam, "list_groups", "Groups", PathPrefix="/h/")]
    iam.remove_user_from_group(GroupName=name, UserName=user)
    iam.put_group_policy(GroupName=name, PolicyName="p", PolicyDocument=allow("s3:*"))
    assert iam.get_group_policy(GroupName=name, PolicyName="p")["PolicyDocument"] == json.loads(allow("s3:*"))
    assert iam.list_group_policies(GroupName=name)["PolicyNames"] == ["p"]
    iam.delete_group_policy(GroupName=name, PolicyName="p")
    iam.delete_group(GroupName=name)
    with fails(404, "NoSuchEntity", f"The group with name {name} cannot be found."):
        iam.get_group(GroupName=name)


# Roles


def test_IAM_21_the_life_of_a_role(iam):
    name = unique("role")
    text = json.dumps(TRUST, indent=2)
    made = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=text, Description="first", Tags=[{"Key": "k", "Value": "v"}]
    )["Role"]
    assert made["Arn"] == f"arn:aws:iam::{ALICE.id}:role/{name}"
    assert re.fullmatch("AROA[A-Z0-9]{17}", made["RoleId"])
    assert "MaxSessionDuration" not in made and "RoleLastUsed" not in made
    got = iam.get_role(RoleName=name)["Role"]
    assert got["AssumeRolePolicyDocument"] == TRUST
    assert (got["MaxSessionDuration"], got["RoleLastUsed"], got["Tags"]) == (3600, {}, [{"Key": "k", "Value": "v"}])
    listed = next(role for role in pages(iam, "list_roles", "Roles") if role["RoleName"] == name)
    assert "Tags" not in listed and listed["MaxSessionDuration"] == 3600
    with fails(409, "EntityAlreadyExists", f"Role with name {name} already exists."):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=text)
    iam.update_role(RoleName=name, Description="second", MaxSessionDuration=7200)
    assert iam.update_role_description(RoleName=name, Description="third")["Role"]["Description"] == "third"
    assert iam.get_role(RoleName=name)["Role"]["MaxSessionDuration"] == 7200
    with fails(400, "ValidationError", "Member must have value less than or equal to 43200"):
        iam.update_role(RoleName=name, MaxSessionDuration=43201)
    iam.tag_role(RoleName=name, Tags=[{"Key": "l", "Value": "w"}])
    iam.untag_role(RoleName=name, TagKeys=["k"])
    assert iam.list_role_tags(RoleName=name)["Tags"] == [{"Key": "l", "Value": "w"}]
    assert iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"] == []
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust(f"arn:aws:iam::{ALICE.id}:root"))
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=allow("s3:*"))
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["p"]
    with fails(409, "DeleteConflict", "Cannot delete entity, must delete policies first."):
        iam.delete_role(RoleName=name)
    with fails(404, "NoSuchEntity", "The role policy with name q cannot be found."):
        iam.get_role_policy(RoleName=name, PolicyName="q")
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    iam.delete_role(RoleName=name)
    with fails(404, "NoSuchEntity", f"The role with name {name} cannot be found."):
        iam.get_role(RoleName=name)


def test_IAM_4_documents_come_back_as_they_were_written(iam, home, role):
    text = '{ "Version": "2012-10-17",\n  "Statement": [ {"Effect":"Allow","Action":"s3:*","Resource":"*"} ] }'
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=text)
    got = raw(home, {"Action": "GetRolePolicy", "Version": "2010-05-08", "RoleName": role, "PolicyName": "p"})
    assert got.status_code == 200
    encoded = re.search("<PolicyDocument>(.*)</PolicyDocument>", got.text).group(1)
    assert "%20" in encoded and "+" not in encoded
    assert urllib.parse.unquote(encoded) == text
    assert got.headers["content-type"] == "text/xml"
    assert got.text.count('<GetRolePolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">') == 1
    assert got.headers["x-amzn-requestid"] in got.text


@pytest.mark.parametrize(
    "document, message",
    [
        ("{", "This policy contains invalid Json"),
        (allow("sts:AssumeRole"), "Has prohibited field Resource"),
        (
            json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "Principal": {"AWS": ALICE.id}, "Action": "s3:GetObject"},
                    ],
                }
            ),
            "Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML, and "
            "sts:AssumeRoleWithWebIdentity",
        ),
        (
            trust(f"arn:aws:iam::{ALICE.id}:role/nobody"),
            f'Invalid principal in policy: "AWS":"arn:aws:iam::{ALICE.id}:role/nobody"',
        ),
    ],
)
def test_trust_policies_that_are_refused(iam, document, message):
    with fails(400, "MalformedPolicyDocument", message):
        iam.create_role(RoleName=unique("role"), AssumeRolePolicyDocument=document)


@pytest.mark.parametrize(
    "document, message",
    [
        ("{", "Syntax errors in policy."),
        (allow("s3:*").replace("2012", "2008"), "Policy document must be version 2012-10-17 or greater."),
        ('{"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*"}}', "must contain actions."),
        ('{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*"}}', "must contain resources."),
        (allow("GetObject"), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        (allow("s3:*", Principal="*"), "Policy document should not specify a principal."),
        (
            '{"Version":"2012-10-17","Statement":['
            + ",".join(['{"Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"}'] * 2)
            + "]}",
            "Statement IDs (SID) in a single policy must be unique.",
        ),
    ],
)
def test_identity_policies_that_are_refused(iam, user, document, message):
    with fails(400, "MalformedPolicyDocument", message):
        iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=document)
    with fails(400, "MalformedPolicyDocument", message):
        iam.create_policy(PolicyName=unique("policy"), PolicyDocument=document)


def test_IAM_22_quotas(iam, user, role):
    def padded(size):
        return allow("s3:*", "arn:aws:s3:::" + "b" * (size - len(re.sub(r"\s", "", allow("s3:*", "arn:aws:s3:::")))))

    iam.put_user_policy(UserName=user, PolicyName="a", PolicyDocument=padded(2048))
    with fails(409, "LimitExceeded", f"Maximum policy size of 2048 bytes exceeded for user {user}"):
        iam.put_user_policy(UserName=user, PolicyName="b", PolicyDocument=allow("s3:*"))
    iam.put_role_policy(RoleName=role, PolicyName="a", PolicyDocument=padded(10240))
    with fails(409, "LimitExceeded", f"Maximum policy size of 10240 bytes exceeded for role {role}"):
        iam.put_role_policy(RoleName=role, PolicyName="b", PolicyDocument=allow("s3:*"))
    with fails(409, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144"):
        iam.create_policy(PolicyName=unique("policy"), PolicyDocument=padded(6145))
    arns = [
        iam.create_policy(PolicyName=unique("policy"), PolicyDocument=allow("s3:*"))["Policy"]["Arn"] for _ in range(11)
    ]
    for arn in arns[:10]:
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    with fails(409, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10"):
        iam.attach_role_policy(RoleName=role, PolicyArn=arns[10])
    # One that is attached already is none too many.
    iam.attach_role_policy(RoleName=role, PolicyArn=arns[0])
    first = iam.list_attached_role_policies(RoleName=role, MaxItems=4)
    assert first["IsTruncated"] and len(first["AttachedPolicies"]) == 4
    found = pages(
        iam, "list_attached_role_policies", "AttachedPolicies", RoleName=role, PaginationConfig={"PageSize": 3}
    )
    assert sorted(policy["PolicyArn"] for policy in found) == sorted(arns[:10])


# Managed policies


def test_IAM_23_the_life_of_a_managed_policy(iam, user, role):
    name = unique("policy")
    made = iam.create_policy(
        PolicyName=name, PolicyDocument=allow("s3:Get*"), Description="text", Tags=[{"Key": "k", "Value": "v"}]
    )["Policy"]
    arn = made["Arn"]
    assert arn == f"arn:aws:iam::{ALICE.id}:policy/{name}"
    assert re.fullmatch("ANPA[A-Z0-9]{17}", made["PolicyId"])
    assert (made["DefaultVersionId"], made["AttachmentCount"], made["IsAttachable"]) == ("v1", 0, True)
    with fails(
        409, "EntityAlreadyExists", f"A policy called {name} already exists. Duplicate names are not allowed."
    ):
        iam.create_policy(PolicyName=name, PolicyDocument=allow("s3:Get*"))
    iam.attach_user_policy(UserName=user, PolicyArn=arn)
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=arn)
    got = iam.get_policy(PolicyArn=arn)["Policy"]
    assert (got["AttachmentCount"], got["PermissionsBoundaryUsageCount"]) == (1, 1)
    assert (got["Description"], got["Tags"]) == ("text", [{"Key": "k", "Value": "v"}])
    entities = iam.list_entities_for_policy(PolicyArn=arn)
    assert [found["UserName"] for found in entities["PolicyUsers"]] == [user]
    assert [found["RoleName"] for found in entities["PolicyRoles"]] == [role]
    assert iam.list_entities_for_policy(PolicyArn=arn, EntityFilter="Group")["PolicyGroups"] == []
    with fails(409, "DeleteConflict", "Cannot delete a policy attached to entities."):
        iam.delete_policy(PolicyArn=arn)
    boundary = iam.get_role(RoleName=role)["Role"]["PermissionsBoundary"]
    assert boundary == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
    iam.delete_role_permissions_boundary(RoleName=role)
    iam.detach_user_policy(UserName=user, PolicyArn=arn)
    with fails(404, "NoSuchEntity", f"Policy {arn} was not found."):
        iam.detach_user_policy(UserName=user, PolicyArn=arn)

    for number in range(2, 6):
        version = iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=allow(f"s3:Get{number}*"), SetAsDefault=number == 3
        )["PolicyVersion"]
        assert (version["VersionId"], version["IsDefaultVersion"]) == (f"v{number}", number == 3)
    with fails(409, "LimitExceeded", "A managed policy can have up to 5 versions."):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("s3:*"))
    with fails(409, "DeleteConflict", "Cannot delete the default version of a policy."):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v3")
    with fails(409, "DeleteConflict", "This policy has more than one version."):
        iam.delete_policy(PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
    assert (
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("s3:*"))["PolicyVersion"]["VersionId"] == "v6"
    )
    assert [version["VersionId"] for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]] == [
        "v6",
        "v4",
        "v3",
        "v2",
        "v1",
    ]
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v1"
    got = iam.get_policy_version(PolicyArn=arn, VersionId="v4")["PolicyVersion"]
    assert got["Document"] == json.loads(allow("s3:Get4*"))
    with fails(404, "NoSuchEntity", f"Policy {arn} version v5 does not exist or is not attachable."):
        iam.get_policy_version(PolicyArn=arn, VersionId="v5")
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "l", "Value": "w"}])
    iam.untag_policy(PolicyArn=arn, TagKeys=["k"])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == [{"Key": "l", "Value": "w"}]
    for version in ("v2", "v3", "v4", "v6"):
        iam.delete_policy_version(PolicyArn=arn, VersionId=version)
    iam.delete_policy(PolicyArn=arn)
    with fails(404, "NoSuchEntity", f"Policy {arn} was not found."):
        iam.get_policy(PolicyArn=arn)
    with fails(404, "NoSuchEntity", f"Policy {arn} does not exist or is not attachable."):
        iam.attach_user_policy(UserName=user, PolicyArn=arn)


def test_IAM_25_policies_of_aws(iam, role):
    names = {policy["PolicyName"] for policy in pages(iam, "list_policies", "Policies", Scope="AWS")}
    assert names >= {
        "AdministratorAccess",
        "PowerUserAccess",
        "ReadOnlyAccess",
        "IAMFullAccess",
        "IAMReadOnlyAccess",
        "AmazonS3FullAccess",
        "AmazonS3ReadOnlyAccess",
        "AWSKeyManagementServicePowerUser",
        "CloudWatchReadOnlyAccess",
        "CloudWatchFullAccess",
    }
    arn = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == [
        {"PolicyName": "AmazonS3FullAccess", "PolicyArn": arn}
    ]
    attached = {policy["Arn"] for policy in pages(iam, "list_policies", "Policies", OnlyAttached=True)}
    assert arn in attached and "arn:aws:iam::aws:policy/PowerUserAccess" not in attached
    default = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    version = iam.get_policy_version(PolicyArn=arn, VersionId=default)
    assert version["PolicyVersion"]["Document"]["Statement"][0]["Action"] == ["s3:*", "s3-object-lambda:*"]
    with fails(400, "UnmodifiableEntity"):
        iam.delete_policy(PolicyArn=arn)
    with fails(404, "NoSuchEntity", "does not exist or is not attachable."):
        iam.attach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/NoSuchPolicy")
    with fails(400, "ValidationError", "Invalid ARN:  Could not be parsed!"):
        iam.get_policy(PolicyArn="this-is-not-an-arn-at-all")


# The account


def test_the_account(iam, user, role):
    summary = iam.get_account_summary()["SummaryMap"]
    assert summary["Users"] >= 1 and summary["Roles"] >= 1 and summary["AccessKeysPerUserQuota"] == 2
    alias = unique("alias")
    iam.create_account_alias(AccountAlias=alias)
    assert iam.list_account_aliases()["AccountAliases"] == [alias]
    with fails(404, "NoSuchEntity"):
        iam.delete_account_alias(AccountAlias="another")
    iam.delete_account_alias(AccountAlias=alias)
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("s3:*"))
    details = pages(iam, "get_account_authorization_details", "UserDetailList", Filter=["User"])
    found = next(detail for detail in details if detail["UserName"] == user)
    assert found["UserPolicyList"] == [{"PolicyName": "p", "PolicyDocument": json.loads(allow("s3:*"))}]
    details = pages(iam, "get_account_authorization_details", "RoleDetailList", PaginationConfig={"PageSize": 2})
    assert role in [detail["RoleName"] for detail in details]


def test_accounts_do_not_see_each_other(iam, home, user, role):
    bob = service(home, "iam", BOB)
    with fails(404, "NoSuchEntity"):
        bob.get_user(UserName=user)
    with fails(404, "NoSuchEntity"):
        bob.get_role(RoleName=role)
    assert user not in [found["UserName"] for found in pages(bob, "list_users", "Users")]
    arn = iam.create_policy(PolicyName=unique("policy"), PolicyDocument=allow("s3:*"))["Policy"]["Arn"]
    with fails(404, "NoSuchEntity"):
        bob.get_policy(PolicyArn=arn)


def test_IAM_6_actions_that_are_not_there(home):
    got = raw(home, {"Action": "MakeCoffee", "Version": "2010-05-08"})
    assert got.status_code == 400
    assert "<Code>InvalidAction</Code>" in got.text
    assert "Could not find operation MakeCoffee for version 2010-05-08" in got.text
    got = raw(home, {"Action": "ListUsers", "Version": "2010-05-08"}, method="GET")
    assert got.status_code == 200 and "<ListUsersResponse" in got.text


def test_IAM_5_pages(iam):
    path = f"/{unique('page')}/"
    names = sorted(unique("Page") for _ in range(7))
    for name in reversed(names):
        iam.create_user(UserName=name, Path=path)
    found = pages(iam, "list_users", "Users", PathPrefix=path, PaginationConfig={"PageSize": 3})
    assert [user["UserName"] for user in found] == names
    with fails(400, "ValidationError", "Member must have value less than or equal to 1000"):
        iam.list_users(MaxItems=1001)
    with fails(400, "ValidationError"):
        iam.list_users(Marker="no marker")


def test_simulation(iam, user):
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("s3:Get*", "arn:aws:s3:::b/*"))
    arn = iam.get_user(UserName=user)["User"]["Arn"]
    results = iam.simulate_principal_policy(
        PolicySourceArn=arn,
        ActionNames=["s3:GetObject", "s3:PutObject"],
        ResourceArns=["arn:aws:s3:::b/key"],
    )["EvaluationResults"]
    assert [result["EvalDecision"] for result in results] == ["allowed", "implicitDeny"]
    assert results[0]["MatchedStatements"][0]["SourcePolicyId"] == "p"
    results = iam.simulate_custom_policy(
        PolicyInputList=[allow("s3:*").replace("Allow", "Deny")], ActionNames=["s3:GetObject"]
    )["EvaluationResults"]
    assert [result["EvalDecision"] for result in results] == ["explicitDeny"]
    with fails(404, "NoSuchEntity"):
        iam.simulate_principal_policy(PolicySourceArn=arn + "x", ActionNames=["s3:GetObject"])


# What policies do


def test_a_users_key_on_s3(iam, home, user, bucket, s3):
    s3.put_object(Bucket=bucket, Key="in/a", Body=b"a")
    own = service(home, "s3", key_of(iam, user))
    with fails(
        403,
        "AccessDenied",
        f"User: arn:aws:iam::{ALICE.id}:user/{user} is not authorized to perform: s3:GetObject on resource: "
        f'"arn:aws:s3:::{bucket}/in/a" because no identity-based policy allows the s3:GetObject action',
    ):
        own.get_object(Bucket=bucket, Key="in/a")
    iam.put_user_policy(
        UserName=user, PolicyName="p", PolicyDocument=allow("s3:*Object", f"arn:aws:s3:::{bucket}/in/*")
    )
    assert own.get_object(Bucket=bucket, Key="in/a")["Body"].read() == b"a"
    own.put_object(Bucket=bucket, Key="in/b", Body=b"b")
    with fails(403, "AccessDenied"):
        own.put_object(Bucket=bucket, Key="out/b", Body=b"b")
    iam.delete_user_policy(UserName=user, PolicyName="p")
    with fails(403, "AccessDenied"):
        own.get_object(Bucket=bucket, Key="in/a")

    # By a group.
    group = unique("group")
    iam.create_group(GroupName=group)
    iam.attach_group_policy(GroupName=group, PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    iam.add_user_to_group(GroupName=group, UserName=user)
    own.get_object(Bucket=bucket, Key="in/a")
    with fails(403, "AccessDenied"):
        own.put_object(Bucket=bucket, Key="in/c", Body=b"c")

    # Cut by a boundary.
    boundary = iam.create_policy(PolicyName=unique("policy"), PolicyDocument=allow("s3:ListBucket"))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=boundary)
    with fails(403, "AccessDenied", "because no permissions boundary allows the s3:GetObject action"):
        own.get_object(Bucket=bucket, Key="in/a")
    own.list_objects_v2(Bucket=bucket)
    iam.delete_user_permissions_boundary(UserName=user)
    own.get_object(Bucket=bucket, Key="in/a")
    iam.remove_user_from_group(GroupName=group, UserName=user)
    with fails(403, "AccessDenied"):
        own.get_object(Bucket=bucket, Key="in/a")


def test_a_new_default_version_holds_at_once(iam, home, user, bucket, s3):
    s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    arn = iam.create_policy(PolicyName=unique("policy"), PolicyDocument=allow("s3:ListBucket"))["Policy"]["Arn"]
    iam.attach_user_policy(UserName=user, PolicyArn=arn)
    own = service(home, "s3", key_of(iam, user))
    with fails(403, "AccessDenied"):
        own.get_object(Bucket=bucket, Key="a")
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("s3:GetObject"), SetAsDefault=True)
    own.get_object(Bucket=bucket, Key="a")


def assume(home, key, role_arn, **more):
    return service(home, "sts", key).assume_role(RoleArn=role_arn, RoleSessionName="test", **more)["Credentials"]


def test_STS_5_a_role_is_assumed_and_has_its_own_permissions_as_they_are_now(iam, home, user, bucket, s3):
    s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    key = key_of(iam, user)
    arn = iam.get_user(UserName=user)["User"]["Arn"]
    name = unique("role")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(arn))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=allow("s3:GetObject"))
    assumed = session(home, assume(home, key, role))
    assert assumed.get_object(Bucket=bucket, Key="a")["Body"].read() == b"a"
    with fails(403, "AccessDenied", f"User: arn:aws:sts::{ALICE.id}:assumed-role/{name}/test is not authorized"):
        assumed.put_object(Bucket=bucket, Key="a", Body=b"b")
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    with fails(403, "AccessDenied"):
        assumed.get_object(Bucket=bucket, Key="a")


def test_STS_5_sessions_end_by_policy_and_with_their_role(iam, home, user, bucket, s3):
    s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    key = key_of(iam, user)
    arn = iam.get_user(UserName=user)["User"]["Arn"]
    name = unique("role")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(arn))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=allow("s3:GetObject"))
    old = session(home, assume(home, key, role))
    assert old.get_object(Bucket=bucket, Key="a")["Body"].read() == b"a"
    # As AWSRevokeOlderSessions does it: what was issued before a time is refused, what is issued after it is not.
    now = datetime.datetime.now(datetime.UTC)
    for moment, works in ((now - datetime.timedelta(hours=1), True), (now + datetime.timedelta(hours=1), False)):
        older = {"DateLessThan": {"aws:TokenIssueTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}}
        statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": older}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName="AWSRevokeOlderSessions", PolicyDocument=document)
        if works:
            assert old.get_object(Bucket=bucket, Key="a")["Body"].read() == b"a"
        else:
            with fails(403, "AccessDenied"):
                old.get_object(Bucket=bucket, Key="a")
    for policy_name in ("p", "AWSRevokeOlderSessions"):
        iam.delete_role_policy(RoleName=name, PolicyName=policy_name)
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=allow("s3:GetObject"))
    assert old.get_object(Bucket=bucket, Key="a")["Body"].read() == b"a"
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    iam.delete_role(RoleName=name)
    with fails_exactly(403):
        old.get_object(Bucket=bucket, Key="a")
    # Nor for a role of the same name.
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(arn))
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=allow("s3:GetObject"))
    with fails_exactly(403):
        old.get_object(Bucket=bucket, Key="a")


def test_STS_2_whether_a_role_exists_is_not_told(iam, home, user, role):
    key = key_of(iam, user)
    arn = iam.get_user(UserName=user)["User"]["Arn"]
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("sts:AssumeRole"))
    for name in (role, "never-made"):
        wanted = f"arn:aws:iam::{ALICE.id}:role/{name}"
        text = f"User: {arn} is not authorized to perform: sts:AssumeRole on resource: {wanted}"
        with fails(403, "AccessDenied") as found:
            assume(home, key, wanted)
        assert found[0].message == text


def test_IAM_26_a_trust_policy_means_the_user_of_that_time(iam, home):
    user = unique("user")
    arn = iam.create_user(UserName=user)["User"]["Arn"]
    identity = iam.get_user(UserName=user)["User"]["UserId"]
    name = unique("role")
    text = json.dumps(json.loads(trust(arn)), indent=4)
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=text)["Role"]["Arn"]
    key = key_of(iam, user)
    assume(home, key, role)
    assert iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"] == json.loads(text)
    iam.delete_access_key(UserName=user, AccessKeyId=key[0])
    iam.delete_user(UserName=user)
    shown = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    assert shown["Statement"][0]["Principal"] == {"AWS": identity}
    iam.create_user(UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("sts:AssumeRole"))
    with fails(403, "AccessDenied"):
        assume(home, key_of(iam, user), role)
    shown = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    assert shown["Statement"][0]["Principal"] == {"AWS": identity}


def test_what_a_user_may_do_with_iam(iam, home, user):
    own = service(home, "iam", key_of(iam, user))
    name = unique("role")
    with fails(403, "AccessDenied", f"iam:CreateRole on resource: arn:aws:iam::{ALICE.id}:role/{name}"):
        own.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    boundary = iam.create_policy(PolicyName=unique("policy"), PolicyDocument=allow("s3:*"))["Policy"]["Arn"]
    iam.put_user_policy(
        UserName=user,
        PolicyName="p",
        PolicyDocument=allow(
            ["iam:CreateRole", "iam:AttachRolePolicy"],
            Condition={
                "StringEquals": {"iam:PermissionsBoundary": boundary},
                "ArnEqualsIfExists": {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
            },
        ),
    )
    with fails(403, "AccessDenied"):
        own.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    own.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), PermissionsBoundary=boundary)
    own.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    with fails(403, "AccessDenied"):
        own.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


# Bucket policies (IAM-26)


def bucket_policy(bucket, principal, action="s3:GetObject", **more):
    statement = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": action,
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        **more,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=1)


def test_IAM_26_a_bucket_policy_means_the_user_of_that_time(iam, home, bucket, s3):
    s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    name = unique("user")
    made = iam.create_user(UserName=name)["User"]
    key = key_of(iam, name)
    text = bucket_policy(bucket, {"AWS": [made["Arn"], f"arn:aws:iam::{BOB.id}:root"]})
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert service(home, "s3", key).get_object(Bucket=bucket, Key="a")["Body"].read() == b"a"
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text

    iam.update_user(UserName=name, NewUserName=name + "-2")
    shown = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"][0]["Principal"]["AWS"]
    assert shown == [made["Arn"] + "-2", f"arn:aws:iam::{BOB.id}:root"]
    service(home, "s3", key).get_object(Bucket=bucket, Key="a")
    iam.update_user(UserName=name + "-2", NewUserName=name)

    iam.delete_access_key(UserName=name, AccessKeyId=key[0])
    iam.delete_user(UserName=name)
    shown = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"][0]["Principal"]["AWS"]
    assert shown == [made["UserId"], f"arn:aws:iam::{BOB.id}:root"]
    iam.create_user(UserName=name)
    with fails(403, "AccessDenied"):
        service(home, "s3", key_of(iam, name)).get_object(Bucket=bucket, Key="a")
    with fails(400, "MalformedPolicy", "Invalid principal in policy"):
        s3.put_bucket_policy(Bucket=bucket, Policy=s3.get_bucket_policy(Bucket=bucket)["Policy"])
    s3.delete_bucket_policy(Bucket=bucket)
    with fails(404, "NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=bucket)


def test_IAM_26_principals_of_bucket_policies_must_exist(iam, bucket, s3, role):
    for arn in (f"arn:aws:iam::{ALICE.id}:user/nobody", f"arn:aws:iam::{ALICE.id}:role/nobody", "AIDA" + "A" * 17):
        with fails(400, "MalformedPolicy", "Invalid principal in policy"):
            s3.put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket, {"AWS": arn}))
    s3.put_bucket_policy(
        Bucket=bucket, Policy=bucket_policy(bucket, {"AWS": iam.get_role(RoleName=role)["Role"]["Arn"]})
    )


def test_a_user_of_another_account_needs_both_sides(home, bucket, s3):
    s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    bob = service(home, "iam", BOB)
    name = unique("user")
    arn = bob.create_user(UserName=name)["User"]["Arn"]
    own = service(home, "s3", key_of(bob, name))
    s3.put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket, {"AWS": arn}))
    with fails(403, "AccessDenied"):
        own.get_object(Bucket=bucket, Key="a")
    bob.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=allow("s3:GetObject"))
    assert own.get_object(Bucket=bucket, Key="a")["Body"].read() == b"a"
    s3.delete_bucket_policy(Bucket=bucket)
    with fails(403, "AccessDenied", "Access Denied"):
        own.get_object(Bucket=bucket, Key="a")


# Two regions (ACC-9)


def test_ACC_9_another_region_hands_changes_on_and_reads_its_own(federation, home):
    abroad = service(federation["eu-west-1"], "iam", scope="us-east-1")
    name = unique("user")
    made = abroad.create_user(UserName=name)["User"]
    assert abroad.get_user(UserName=name)["User"]["UserId"] == made["UserId"]
    assert service(home, "iam").get_user(UserName=name)["User"]["UserId"] == made["UserId"]
    key = key_of(abroad, name)
    for region in (home, federation["eu-west-1"]):
        assert service(region, "sts", key).get_caller_identity()["UserId"] == made["UserId"]
    with fails(409, "EntityAlreadyExists"):
        abroad.create_user(UserName=name)


def test_ACC_9_what_home_changes_holds_in_other_regions(federation, iam, user):
    region = federation["eu-west-1"]
    bucket = region.bucket()
    key = key_of(iam, user)
    own = service(region, "s3", key)

    def status():
        try:
            own.put_object(Bucket=bucket, Key="k", Body=b"v")
            return "ok"
        except own.exceptions.ClientError as error:
            return error.response["Error"]["Code"]

    eventually(lambda: status() == "AccessDenied", "the key is known")
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("s3:PutObject"))
    eventually(lambda: status() == "ok", "the policy holds")
    iam.update_access_key(UserName=user, AccessKeyId=key[0], Status="Inactive")
    eventually(lambda: status() == "InvalidAccessKeyId", "the key is off")
    iam.update_access_key(UserName=user, AccessKeyId=key[0], Status="Active")
    eventually(lambda: status() == "ok", "the key is on")
    iam.delete_user_policy(UserName=user, PolicyName="p")
    eventually(lambda: status() == "AccessDenied", "the policy is gone")


def test_the_aws_cli_sets_up_a_role(iam, home):
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": ALICE.access_key,
        "AWS_SECRET_ACCESS_KEY": ALICE.secret_key,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": home.endpoint,
        "AWS_PAGER": "",
    }

    def aws(*arguments):
        command = [pathlib.Path(sys.executable).with_name("aws"), "iam", *arguments, "--output", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    name, path = unique("role"), f"/{unique('cli')}/"
    made = aws("create-role", "--role-name", name, "--path", path, "--assume-role-policy-document", json.dumps(TRUST))["Role"]
    assert made["AssumeRolePolicyDocument"] == TRUST
    aws("put-role-policy", "--role-name", name, "--policy-name", "p", "--policy-document", allow("s3:*"))
    shown = aws("get-role-policy", "--role-name", name, "--policy-name", "p")
    assert shown["PolicyDocument"] == json.loads(allow("s3:*"))
    others = [unique("role") for _ in range(6)]
    for other in others:
        iam.create_role(RoleName=other, Path=path, AssumeRolePolicyDocument=json.dumps(TRUST))
    listed = aws("list-roles", "--path-prefix", path, "--page-size", "5")["Roles"]
    assert [role["RoleName"] for role in listed] == sorted([name, *others])
    aws("delete-role-policy", "--role-name", name, "--policy-name", "p")
    aws("delete-role", "--role-name", name)
