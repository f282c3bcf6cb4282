"""IAM for machines and services: instance profiles, service-linked roles, providers of OpenID Connect."""

import datetime
import json

import pytest
from federation import ALICE, BOB
from replication import configure, rule, wait_for_status
from test_iam import TRUST, allow, fails, pages, unique
from test_sts import service
from waiting import eventually


@pytest.fixture
def iam(home):
    return service(home, "iam")


@pytest.fixture
def role(iam):
    name = unique("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    return name


# Instance profiles


def test_ACC_5_ACC_6_the_life_of_an_instance_profile(iam, role):
    name = unique("profile")
    made = iam.create_instance_profile(InstanceProfileName=name, Path="/m/", Tags=[{"Key": "a", "Value": "1"}])["InstanceProfile"]
    assert made["Arn"] == f"arn:aws:iam::{ALICE.id}:instance-profile/m/{name}"
    assert made["InstanceProfileId"].startswith("AIPA") and len(made["InstanceProfileId"]) == 21
    assert made["Roles"] == [] and made["Tags"] == [{"Key": "a", "Value": "1"}]
    with fails(409, "EntityAlreadyExists", f"Instance Profile {name.upper()} already exists."):
        iam.create_instance_profile(InstanceProfileName=name.upper())

    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
    with fails(409, "LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"):
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
    found = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    assert [entry["RoleName"] for entry in found["Roles"]] == [role]
    assert found["Roles"][0]["AssumeRolePolicyDocument"] == TRUST
    [of_role] = iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]
    assert of_role["InstanceProfileName"] == name
    details = pages(iam, "get_account_authorization_details", "RoleDetailList", Filter=["Role"])
    [detail] = [entry for entry in details if entry["RoleName"] == role]
    assert [entry["InstanceProfileName"] for entry in detail["InstanceProfileList"]] == [name]

    with fails(409, "DeleteConflict", "must remove roles from instance profile first"):
        iam.delete_role(RoleName=role)
    with fails(409, "DeleteConflict", "must remove roles from instance profile first"):
        iam.delete_instance_profile(InstanceProfileName=name)
    iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)
    with fails(404, "NoSuchEntity"):
        iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)
    iam.delete_role(RoleName=role)

    iam.tag_instance_profile(InstanceProfileName=name, Tags=[{"Key": "b", "Value": "2"}])
    iam.untag_instance_profile(InstanceProfileName=name, TagKeys=["a"])
    assert iam.list_instance_profile_tags(InstanceProfileName=name)["Tags"] == [{"Key": "b", "Value": "2"}]
    iam.delete_instance_profile(InstanceProfileName=name)
    with fails(404, "NoSuchEntity", f"Instance Profile {name} cannot be found."):
        iam.get_instance_profile(InstanceProfileName=name)


def test_IAM_5_instance_profiles_in_pages_and_by_path(iam):
    path = f"/{unique('p')}/"
    names = sorted(unique("profile") for _ in range(5))
    for name in names:
        iam.create_instance_profile(InstanceProfileName=name, Path=path)
    assert [entry["InstanceProfileName"] for entry in pages(iam, "list_instance_profiles", "InstanceProfiles", PathPrefix=path)] == names


def test_PSR_3_who_gives_machines_a_role_must_be_allowed_to_pass_it(iam, home, role):
    name, user = unique("profile"), unique("user")
    iam.create_instance_profile(InstanceProfileName=name)
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("iam:AddRoleToInstanceProfile"))
    users = service(home, "iam", (key["AccessKeyId"], key["SecretAccessKey"]))
    with fails(403, "AccessDenied", "iam:PassRole"):
        users.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
    passing = allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}})
    iam.put_user_policy(UserName=user, PolicyName="pass", PolicyDocument=passing)
    users.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)


# Service-linked roles


def test_the_life_of_a_service_linked_role(iam):
    suffix = unique("s")
    made = iam.create_service_linked_role(
        AWSServiceName="autoscaling.amazonaws.com", CustomSuffix=suffix, Description="scales"
    )["Role"]
    name = f"AWSServiceRoleForAutoScaling_{suffix}"
    assert made["RoleName"] == name and made["Path"] == "/aws-service-role/autoscaling.amazonaws.com/"
    assert made["Arn"] == f"arn:aws:iam::{ALICE.id}:role/aws-service-role/autoscaling.amazonaws.com/{name}"
    [statement] = made["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "autoscaling.amazonaws.com"}
    with fails(400, "InvalidInput", "has been taken in this account"):
        iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com", CustomSuffix=suffix)

    iam.update_role_description(RoleName=name, Description="scales more")
    assert iam.get_role(RoleName=name)["Role"]["Description"] == "scales more"
    policy = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
    for change in (
        lambda: iam.delete_role(RoleName=name),
        lambda: iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=allow("s3:*")),
        lambda: iam.attach_role_policy(RoleName=name, PolicyArn=policy),
        lambda: iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=policy),
        lambda: iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(TRUST)),
        lambda: iam.update_role(RoleName=name, MaxSessionDuration=7200),
    ):
        with fails(400, "UnmodifiableEntity", f"Cannot perform the operation on the protected role '{name}'"):
            change()

    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
    assert task.startswith(f"task/aws-service-role/autoscaling.amazonaws.com/{name}/")
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    with fails(404, "NoSuchEntity"):
        iam.get_role(RoleName=name)
    with fails(404, "NoSuchEntity"):
        iam.get_service_linked_role_deletion_status(DeletionTaskId=task + "x")


def test_service_linked_roles_that_are_not_made(iam, role):
    for service_name in ("s3.amazonaws.com", "nobody.amazonaws.com"):
        with fails(400, "InvalidInput"):
            iam.create_service_linked_role(AWSServiceName=service_name)
    with fails(400, "InvalidInput", "Custom suffix is not allowed"):
        iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com", CustomSuffix="a")
    with fails(400, "InvalidInput"):
        iam.delete_service_linked_role(RoleName=role)
    with fails(400, "InvalidInput"):
        iam.create_role(
            RoleName=unique("role"), Path="/aws-service-role/x/", AssumeRolePolicyDocument=json.dumps(TRUST)
        )


# Providers of OpenID Connect

THUMBPRINT = "a" * 40


def test_the_life_of_an_oidc_provider(iam, home):
    host = f"{unique('idp')}.tern.example"
    url = f"https://{host}/tenant"
    made = iam.create_open_id_connect_provider(
        Url=url, ClientIDList=["app"], ThumbprintList=[THUMBPRINT], Tags=[{"Key": "a", "Value": "1"}]
    )
    arn = made["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{ALICE.id}:oidc-provider/{host}/tenant"
    with fails(409, "EntityAlreadyExists"):
        iam.create_open_id_connect_provider(Url=url)
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="other")
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="other")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="app")
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=["b" * 40])
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["a"])
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert found["Url"] == f"{host}/tenant"
    assert (found["ClientIDList"], found["ThumbprintList"]) == (["other"], ["b" * 40])
    assert found["Tags"] == [{"Key": "b", "Value": "2"}] == iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"]
    assert {"Arn": arn} in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert {"Arn": arn} not in service(home, "iam", BOB).list_open_id_connect_providers()["OpenIDConnectProviderList"]
    for _ in range(2):
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    with fails(404, "NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}"):
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)


@pytest.mark.parametrize("url", ["http://idp.tern.example", "https://", "https://idp.tern.example?x=1", "https://localhost/x"])
def test_issuers_that_are_none(iam, url):
    with fails(400, "ValidationError", "Invalid Open ID Connect Provider URL"):
        iam.create_open_id_connect_provider(Url=url)


def test_lists_of_oidc_providers_have_bounds(iam):
    url = f"https://{unique('idp')}.tern.example"
    with fails(400, "InvalidInput"):
        iam.create_open_id_connect_provider(Url=url, ThumbprintList=[THUMBPRINT] * 6)
    with fails(409, "LimitExceeded", "ClientIdsPerOpenIdConnectProvider"):
        iam.create_open_id_connect_provider(Url=url, ClientIDList=[f"c{n}" for n in range(101)])


# When keys and roles were used last


def test_a_use_of_an_access_key_in_any_region_is_told_in_the_home_region(iam, home, abroad):
    name = unique("user")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=allow("s3:*"))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    keys = (key["AccessKeyId"], key["SecretAccessKey"])

    def last_use():
        answer = iam.get_access_key_last_used(AccessKeyId=keys[0])
        assert answer["UserName"] == name
        return answer["AccessKeyLastUsed"]

    assert (last_use()["ServiceName"], last_use()["Region"]) == ("N/A", "N/A") and "LastUsedDate" not in last_use()
    forged = service(abroad, "s3", (keys[0], "x" * 40))

    def refusal():
        with pytest.raises(forged.exceptions.ClientError) as caught:
            forged.list_buckets()
        return caught.value.response["Error"]["Code"]

    # A wrong signature is no use; that it is found wrong tells that the key is known there.
    eventually(lambda: refusal() == "SignatureDoesNotMatch", "the key is known abroad")
    service(abroad, "s3", keys).list_buckets()
    eventually(lambda: "LastUsedDate" in last_use(), "the use is told")
    use = last_use()
    assert (use["ServiceName"], use["Region"]) == ("s3", "eu-west-1")
    age = datetime.datetime.now(datetime.timezone.utc) - use["LastUsedDate"]
    assert datetime.timedelta(seconds=-5) < age < datetime.timedelta(minutes=2)
    iam.delete_access_key(UserName=name, AccessKeyId=keys[0])
    with fails(404, "NoSuchEntity"):
        last_use()


def test_IAM_21_replication_uses_its_role(iam, home, abroad):
    name = unique("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    assert iam.get_role(RoleName=name)["Role"]["RoleLastUsed"] == {}
    source, destination = home.bucket(), abroad.bucket()
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=allow("s3:*"))
    s3 = home.client(ALICE)
    configure(s3, source, rule(destination), role=f"arn:aws:iam::{ALICE.id}:role/{name}")
    version = s3.put_object(Bucket=source, Key="key", Body=b"data")["VersionId"]
    wait_for_status(s3, source, "key", version)
    eventually(lambda: iam.get_role(RoleName=name)["Role"]["RoleLastUsed"], "the use is told")
    use = iam.get_role(RoleName=name)["Role"]["RoleLastUsed"]
    assert use["Region"] == "us-east-1" and "LastUsedDate" in use
