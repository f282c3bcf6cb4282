"""One set-up, by the AWS CLI and by boto3: two regions, two accounts, keys, a role, a rule; and taken down again."""

import os
import pathlib
import subprocess
import sys

import pytest
from federation import ALICE, BOB, fresh_name, policy
from replication import configure, rule, wait_for_status
from s3 import all_versions
from waiting import eventually

SCRIPT = pathlib.Path(__file__).with_name("setup.sh")
TRUST = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
READS = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
WRITES = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ObjectOwnerOverrideToBucketOwner"]


def by_cli(federation, source, destination, role):
    environment = federation.environment
    environment["PATH"] = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["bash", str(SCRIPT), source, destination, role, ALICE.id, BOB.id],
        env=environment, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


def by_boto3(federation, source, destination, role):
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    s3, bobs = home.client(ALICE), abroad.client(BOB)
    iam, kms, bobs_kms = home.service("iam", ALICE), home.service("kms", ALICE), abroad.service("kms", BOB)
    role_arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=policy(TRUST))["Role"]["Arn"]
    home.bucket(name=source)
    abroad.bucket(name=destination, account=BOB)
    source_key = kms.create_key(Description=source)["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName=f"alias/{source}", TargetKeyId=source_key)
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{BOB.id}:root"}, "Action": "kms:*", "Resource": "*"}
    uses = ["kms:Encrypt", "kms:GenerateDataKey", "kms:Decrypt"]
    roles = {"Effect": "Allow", "Principal": {"AWS": role_arn}, "Action": uses, "Resource": "*"}
    abroad.wait_for_role(ALICE, role)
    destination_key = bobs_kms.create_key(Description=destination, Policy=policy(own, roles))["KeyMetadata"]["Arn"]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": source_key}
    s3.put_bucket_encryption(
        Bucket=source,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
        },
    )
    reads = [
        {
            "Effect": "Allow",
            "Action": ["s3:GetReplicationConfiguration", "s3:ListBucket"],
            "Resource": f"arn:aws:s3:::{source}",
        },
        {"Effect": "Allow", "Action": READS, "Resource": f"arn:aws:s3:::{source}/*"},
    ]
    managed = iam.create_policy(PolicyName=role, PolicyDocument=policy(*reads))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=managed)
    objects = f"arn:aws:s3:::{destination}/*"
    writes = [
        {"Effect": "Allow", "Action": WRITES, "Resource": objects},
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": source_key},
        {"Effect": "Allow", "Action": uses, "Resource": destination_key},
    ]
    iam.put_role_policy(RoleName=role, PolicyName="writes", PolicyDocument=policy(*writes))
    bobs.put_bucket_policy(
        Bucket=destination,
        Policy=policy({"Effect": "Allow", "Principal": {"AWS": role_arn}, "Action": WRITES, "Resource": objects}),
    )
    everything = rule(
        destination,
        markers="Enabled",
        Account=BOB.id,
        AccessControlTranslation={"Owner": "Destination"},
        EncryptionConfiguration={"ReplicaKmsKeyID": destination_key},
    )
    everything["SourceSelectionCriteria"] = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    configure(s3, source, everything, role=role_arn)
    return destination_key


@pytest.mark.parametrize("set_up", [by_cli, by_boto3], ids=["awscli", "boto3"])
def test_set_up_use_and_take_down(set_up, federation):
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    s3, bobs = home.client(ALICE), abroad.client(BOB)
    source, destination, role = fresh_name(), fresh_name(), fresh_name("role")
    destination_key = set_up(federation, source, destination, role)
    abroad.wait_for_role_policy(ALICE, role, "writes")

    version = s3.put_object(Bucket=source, Key="key", Body=b"data")["VersionId"]
    wait_for_status(s3, source, "key", version)
    replica = bobs.get_object(Bucket=destination, Key="key", VersionId=version)
    assert replica["Body"].read() == b"data"
    assert (replica["ServerSideEncryption"], replica["SSEKMSKeyId"]) == ("aws:kms", destination_key)
    marker = s3.delete_object(Bucket=source, Key="key")["VersionId"]
    eventually(
        lambda: marker in {entry["VersionId"] for entry in all_versions(bobs, destination)}, "the delete marker arrives"
    )

    # Down again: nothing is left.
    s3.delete_bucket_replication(Bucket=source)
    for client, bucket in ((s3, source), (bobs, destination)):
        for entry in all_versions(client, bucket):
            client.delete_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])
        client.delete_bucket(Bucket=bucket)
    iam = home.service("iam", ALICE)
    managed = f"arn:aws:iam::{ALICE.id}:policy/{role}"
    iam.detach_role_policy(RoleName=role, PolicyArn=managed)
    iam.delete_policy(PolicyArn=managed)
    iam.delete_role_policy(RoleName=role, PolicyName="writes")
    iam.delete_role(RoleName=role)
    kms, bobs_kms = home.service("kms", ALICE), abroad.service("kms", BOB)
    source_key = kms.describe_key(KeyId=f"alias/{source}")["KeyMetadata"]["Arn"]
    kms.delete_alias(AliasName=f"alias/{source}")
    for client, key in ((kms, source_key), (bobs_kms, destination_key)):
        client.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        assert client.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert role not in {entry["RoleName"] for page in iam.get_paginator("list_roles").paginate() for entry in page["Roles"]}
    assert not {source, destination} & {
        bucket["Name"] for client in (s3, bobs) for bucket in client.list_buckets()["Buckets"]
    }
