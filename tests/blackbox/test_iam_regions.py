"""IAM and accounts across regions that stop and start (identity-and-control §2, ACC-*)."""

import json

from federation import ALICE
from test_cli import tern
from test_iam import allow, fails, key_of, pages, trust, unique
from test_sts import service, session
from waiting import eventually


def test_ACC_9_without_the_home_region_keys_and_policies_go_on_and_changes_are_refused(own_federation):
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    bucket = abroad.bucket()
    iam = service(abroad, "iam")
    name = unique("user")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=allow(["s3:PutObject", "sts:AssumeRole"]))
    role = unique("role")
    role_arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust(arn))["Role"]["Arn"]
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=allow("s3:GetObject"))
    key = key_of(iam, name)
    home.kill()
    abroad.kill()
    abroad.start()  # Also after a restart alone.
    own = service(abroad, "s3", key)
    own.put_object(Bucket=bucket, Key="k", Body=b"v")
    with fails(403, "AccessDenied"):
        own.get_object(Bucket=bucket, Key="k")
    assumed = service(abroad, "sts", key).assume_role(RoleArn=role_arn, RoleSessionName="session")["Credentials"]
    assert session(abroad, assumed).get_object(Bucket=bucket, Key="k")["Body"].read() == b"v"
    iam = service(abroad, "iam")
    assert iam.get_user(UserName=name)["User"]["Arn"] == arn
    with fails(503, "ServiceUnavailable", "us-east-1"):
        iam.create_user(UserName=unique("user"))
    with fails(503, "ServiceUnavailable"):
        iam.delete_user_policy(UserName=name, PolicyName="p")
    home.start()
    eventually(
        lambda: iam.delete_user_policy(UserName=name, PolicyName="p"),
        "home answers again",
        swallow=(iam.exceptions.ClientError,),
    )
    with fails(403, "AccessDenied"):
        own.put_object(Bucket=bucket, Key="k", Body=b"v")
    # What home had before it stopped, it has still.
    assert service(home, "iam").get_role(RoleName=role)["Role"]["Arn"] == role_arn
    assert service(home, "sts", key).get_caller_identity()["Arn"] == arn


def test_ACC_9_a_region_that_was_away_learns_what_changed_meanwhile(own_federation):
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    iam = service(home, "iam")
    gone, kept = unique("user"), unique("user")
    iam.create_user(UserName=gone)
    key = key_of(iam, gone)
    eventually(lambda: answers(abroad, key), "the key is known abroad")
    abroad.kill()
    iam.delete_access_key(UserName=gone, AccessKeyId=key[0])
    iam.delete_user(UserName=gone)
    iam.create_user(UserName=kept)
    abroad.start()
    other = service(abroad, "iam")
    eventually(lambda: kept in [user["UserName"] for user in pages(other, "list_users", "Users")], "the user is known")
    assert not answers(abroad, key)


def answers(region, key):
    client = service(region, "sts", key)
    try:
        return client.get_caller_identity()
    except client.exceptions.ClientError:
        return None


def test_ACC_1_accounts_are_made_by_the_command_and_known_everywhere(own_federation):
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    email = unique("carol") + "@tern.example"
    directory = own_federation.directory
    done = tern("account", "create", "--dir", directory, "--name", "carol", "--email", email, "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert len(made["id"]) == 12 and made["id"].isdigit() and len(made["canonicalId"]) == 64
    key = (made["accessKey"], made["secretKey"])
    assert service(home, "sts", key).get_caller_identity()["Arn"] == f"arn:aws:iam::{made['id']}:root"
    eventually(lambda: answers(abroad, key), "the account is known abroad")
    own = service(abroad, "s3", key)
    assert own.list_buckets()["Owner"]["ID"] == made["canonicalId"]
    bucket = unique("bucket")
    own.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    with fails(403, "AccessDenied"):
        service(abroad, "s3").list_objects_v2(Bucket=bucket)
    # The accounts of the configuration can name it.
    owned = home.bucket()
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{made['id']}:root"},
                "Action": "s3:ListBucket",
                "Resource": f"arn:aws:s3:::{owned}",
            }
        ],
    }
    home.client(ALICE).put_bucket_policy(Bucket=owned, Policy=json.dumps(policy))
    service(home, "s3", key).list_objects_v2(Bucket=owned)
    listed = json.loads(tern("account", "list", "--dir", directory, "--json").stdout)["accounts"]
    assert {"carol", ALICE.name} <= {account["name"] for account in listed}
    assert all("secretKey" not in account for account in listed)
    for arguments in (["--name", "x", "--email", email], ["--name", "x", "--email", "y@z", "--id", made["id"]]):
        refused = tern("account", "create", "--dir", directory, *arguments)
        assert refused.returncode != 0 and "EntityAlreadyExists" in refused.stderr, refused
    home.kill()
    home.start()
    assert answers(home, key)
