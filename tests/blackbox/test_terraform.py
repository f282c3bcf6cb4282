"""Terraform with the stock AWS provider sets Tern up as it sets AWS up (identity-and-control §12, item 1)."""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import uuid

import pytest
from federation import ALICE, BOB
from replication import wait_for_status
from s3 import fails

CONFIGURATIONS = pathlib.Path(__file__).with_name("terraform")


class Terraform:
    """A working directory with one configuration, for one federation."""

    def __init__(self, directory, federation, configuration):
        self.program = shutil.which("terraform") or shutil.which("tofu")
        if self.program is None:
            pytest.skip("terraform is not on this machine, so that nothing was tried with it")
        self.directory = directory
        shutil.copy(CONFIGURATIONS / configuration, directory)
        variables = {
            "home": federation["us-east-1"].endpoint,
            "abroad": federation["eu-west-1"].endpoint,
            "suffix": uuid.uuid4().hex[:12],
        }
        for name, account in (("owner", ALICE), ("partner", BOB)):
            variables[name] = {"id": account.id, "access_key": account.access_key, "secret_key": account.secret_key}
        (directory / "terraform.tfvars.json").write_text(json.dumps(variables))
        made = self.run("init", "-input=false", *self.plugins(), check=False)
        if made.returncode and "registry" in made.stderr:
            pytest.skip(f"the AWS provider of Terraform is not on this machine: {made.stderr[-300:]}")
        assert made.returncode == 0, made.stderr

    @staticmethod
    def plugins():
        """Where the provider lies, if not where Terraform looks by itself: TERN_TERRAFORM_PLUGINS, or below /opt."""
        if named := os.environ.get("TERN_TERRAFORM_PLUGINS"):
            return [f"-plugin-dir={named}"]
        found = sorted(pathlib.Path("/opt").glob("*/registry.terraform.io/hashicorp/aws"))
        return [f"-plugin-dir={found[0].parents[2]}"] if found else []

    def run(self, *arguments, check=True):
        hidden = ("AWS_", "TF_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        done = subprocess.run(
            [self.program, *arguments, "-no-color"],
            cwd=self.directory,
            # The provider starts several times for each command, and a quarter of that is collecting garbage.
            env={**environment, "TF_IN_AUTOMATION": "1", "AWS_EC2_METADATA_DISABLED": "true", "GOGC": "400"},
            capture_output=True,
            text=True,
            timeout=420,
        )
        assert not check or done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done

    def apply(self, *arguments):
        self.run("apply", "-auto-approve", "-input=false", *arguments)

    def has_changes(self, *arguments):
        """Whether a plan would change anything."""
        done = self.run("plan", "-detailed-exitcode", "-input=false", *arguments, check=False)
        assert done.returncode in (0, 2), done.stdout[-3000:] + done.stderr[-3000:]
        if done.returncode == 2:
            print(done.stdout[-4000:])
        return done.returncode == 2

    @property
    def outputs(self):
        return {name: entry["value"] for name, entry in json.loads(self.run("output", "-json").stdout).items()}


@pytest.fixture
def start(scratch, federation):
    return lambda configuration: Terraform(scratch, federation, configuration)


def test_apply_plan_change_import_and_destroy(start, federation):
    terraform = start("replication.tf")
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    s3 = home.client(ALICE)
    terraform.apply()
    assert not terraform.has_changes(), "nothing is left to do after apply"

    made = terraform.outputs
    for key, destination, client, tagging in [
        ("plain/one", made["near"], home.client(ALICE), ""),
        ("sealed/first/one", made["far"], abroad.client(ALICE), ""),
        ("shared/one", made["partner"], abroad.client(BOB), "share=yes"),
    ]:
        encryption = {} if key.startswith("sealed/") else {"ServerSideEncryption": "AES256"}
        version = s3.put_object(Bucket=made["source"], Key=key, Body=b"data", Tagging=tagging, **encryption)["VersionId"]
        wait_for_status(s3, made["source"], key, version)
        replica = client.get_object(Bucket=destination, Key=key, VersionId=version)
        assert replica["Body"].read() == b"data"
        if key.startswith("sealed/"):
            assert replica["ServerSideEncryption"] == "aws:kms" and replica["SSEKMSKeyId"] == made["far_key"]

    change = ["-var", "prefix=second/"]
    assert terraform.has_changes(*change)
    terraform.apply(*change)
    assert not terraform.has_changes(*change)
    rules = s3.get_bucket_replication(Bucket=made["source"])["ReplicationConfiguration"]["Rules"]
    assert [rule["Filter"].get("Prefix") for rule in rules if rule["ID"] == "far"] == ["sealed/second/"]

    for address, identity in [
        ("aws_s3_bucket_replication_configuration.source", made["source"]),
        ("aws_s3_bucket.source", made["source"]),
        ("aws_iam_role.replication", made["role"]),
    ]:
        terraform.run("state", "rm", address)
        terraform.run("import", "-input=false", *change, address, identity)
    # Only what Terraform keeps to itself differs after an import.
    terraform.apply(*change)
    assert not terraform.has_changes(*change)

    terraform.run("destroy", "-auto-approve", "-input=false", *change)
    names = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    assert not names & set(made.values())
    with pytest.raises(home.service("iam", ALICE).exceptions.ClientError):
        home.service("iam", ALICE).get_role(RoleName=made["role"])


def test_IAM_and_keys_from_apply_to_destroy(start, federation):
    terraform = start("identities.tf")
    home = federation["us-east-1"]
    iam = home.service("iam", ALICE)
    terraform.apply()
    assert not terraform.has_changes(), "nothing is left to do after apply"

    made = terraform.outputs
    key = made["key"]
    writer = dataclasses.replace(ALICE, access_key=key["id"], secret_key=key["secret"])
    home.client(writer).put_object(Bucket=made["bucket"], Key="first/one", Body=b"data")
    with fails(403, "AccessDenied"):
        home.client(writer).put_object(Bucket=made["bucket"], Key="second/one", Body=b"data")

    change = ["-var", "team=second"]
    assert terraform.has_changes(*change)
    terraform.apply(*change)
    assert not terraform.has_changes(*change)
    versions = iam.list_policy_versions(PolicyArn=made["policy"])["Versions"]
    assert [version["VersionId"] for version in versions if version["IsDefaultVersion"]] == ["v2"]
    home.client(writer).put_object(Bucket=made["bucket"], Key="second/one", Body=b"data")

    for address, identity in [
        ("aws_iam_user.writer", made["user"]),
        ("aws_iam_policy.team", made["policy"]),
        ("aws_iam_instance_profile.team", made["role"].rpartition("/")[2]),
        ("aws_kms_alias.data", made["key_alias"]),
    ]:
        terraform.run("state", "rm", address)
        terraform.run("import", "-input=false", *change, address, identity)
    terraform.apply(*change)
    assert not terraform.has_changes(*change)

    terraform.run("destroy", "-auto-approve", "-input=false", *change)
    with fails(404, "NoSuchEntity"):
        iam.get_user(UserName=made["user"])
