"""tern join and tern region (identity-and-control, part 8): a region joins a federation that runs."""

import base64
import json
import os
import re
import subprocess

import pytest
import requests
from federation import ALICE, BOB, Federation, Region, free_ports, fresh_name, policy, tern_binary
from replication import configure, rule, wait_for_replica, wait_for_status
from s3 import body_of
from waiting import always, eventually

NAME = "ap-south-1"


def tern(*arguments, timeout=60, **options):
    return subprocess.run(
        [tern_binary(), *map(str, arguments)], capture_output=True, text=True, timeout=timeout, check=False,
        stdin=subprocess.DEVNULL, **options,
    )  # fmt: skip


def invite(federation, name=NAME, *flags):
    done = tern("region", "invite", name, "--dir", federation.directory, *flags)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def newcomer(federation, name=NAME):
    """A region that is not there yet."""
    (port,) = free_ports(1)
    region = Region(federation, name, port)
    federation.regions.append(region)
    return region


def arguments(region, token, *flags, root_key=None):
    directory = region.federation.directory
    return [
        "join", token, "--config", str(region.config_path), "--data", str(region.data_directory),
        "--listen", f"127.0.0.1:{region.port}", "--root-key-file", str(root_key or directory / "root.key"), *flags,
    ]  # fmt: skip


def join(region, token):
    """Joins and serves."""
    region._process = region.federation.spawn(f"{region.name}-join", arguments(region, token))
    region.pid = region._process.pid
    region.wait_until_healthy()
    return region


def only_join(region, token, *flags, **more):
    return tern(*arguments(region, token, "--no-serve", *flags, **more))


def listed(region):
    """The regions that this region itself knows."""
    done = tern("region", "list", "--config", region.config_path, "--region", region.name, "--json")
    assert done.returncode == 0, done.stderr
    return {known["name"]: known for known in json.loads(done.stdout)["regions"]}


def knows(region, name):
    return name in listed(region)


@pytest.fixture(scope="module")
def joined(workspace, request):
    """Two regions, and a third that joined them."""
    federation = Federation(workspace / request.module.__name__)
    try:
        federation.start()
        iam = federation.regions[0].service("iam", ALICE)
        iam.create_user(UserName="earlier")
        federation.key = iam.create_access_key(UserName="earlier")["AccessKey"]
        iam.put_user_policy(
            UserName="earlier", PolicyName="all",
            PolicyDocument=policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}),
        )  # fmt: skip
        federation.earlier_bucket = federation.regions[0].bucket()
        federation.pids = [region.pid for region in federation.regions]
        federation.token = invite(federation)
        region = join(newcomer(federation), federation.token)
        for account in (ALICE, BOB):
            region.wait_for_role_policy(account, "replication", "all")
        yield federation
    finally:
        federation.stop()


def test_part_8_the_regions_that_run_are_not_restarted(joined):
    assert [region.pid for region in joined.regions[:2]] == joined.pids
    assert all(region.is_running() for region in joined.regions)


def test_part_8_accounts_and_users_work_there(joined):
    region = joined[NAME]
    assert region.service("sts", BOB).get_caller_identity()["Account"] == BOB.id
    keys = (joined.key["AccessKeyId"], joined.key["SecretAccessKey"])
    client = region.service("s3", keys)
    bucket = fresh_name()
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": NAME})
    client.put_object(Bucket=bucket, Key="x", Body=b"hello")
    assert client.get_object(Bucket=bucket, Key="x")["Body"].read() == b"hello"


def test_part_8_bucket_names_are_one(joined):
    client = joined[NAME].client(BOB, strictly=False)
    with pytest.raises(client.exceptions.ClientError) as caught:
        client.create_bucket(
            Bucket=joined.earlier_bucket, CreateBucketConfiguration={"LocationConstraint": NAME}
        )
    assert caught.value.response["Error"]["Code"] == "BucketAlreadyExists"


def test_part_8_replication_to_the_new_region_from_one_that_knew_nothing(joined):
    for source in joined.regions[:2]:
        here, there = source.bucket(), joined[NAME].bucket()
        eventually(
            lambda source=source, here=here, there=there: configure(source.client(), here, rule(there)) is None,
            f"{source.name} knows the bucket of the new region", swallow=(Exception,),
        )  # fmt: skip
        source.client().put_object(Bucket=here, Key="x", Body=b"out")
        wait_for_status(source.client(), here, "x")
        assert body_of(joined[NAME].client().get_object(Bucket=there, Key="x")) == b"out"


def test_part_8_replication_from_the_new_region(joined):
    home = joined.regions[0]
    here, there = joined[NAME].bucket(), home.bucket()
    client = joined[NAME].client()
    eventually(
        lambda: configure(client, here, rule(there)) is None, "the new region knows the bucket", swallow=(Exception,)
    )
    client.put_object(Bucket=here, Key="x", Body=b"back" * 100_000)
    wait_for_replica(home.client(), there, "x")
    wait_for_status(client, here, "x")


def test_part_8_keys_of_several_regions(joined):
    kms = joined.regions[0].service("kms", ALICE)
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    kms.replicate_key(KeyId=key, ReplicaRegion=NAME)
    sealed = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    there = joined[NAME].service("kms", ALICE)
    assert there.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"secret"


def test_part_8_a_role_that_is_made_later(joined):
    name = fresh_name("late")
    trust = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
    joined.regions[0].service("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))
    joined[NAME].wait_for_role(ALICE, name)


def test_part_8_every_region_lists_it(joined):
    for region in joined.regions:
        eventually(lambda region=region: knows(region, NAME), f"{region.name} lists it")
        assert listed(region)[NAME]["endpoint"] == joined[NAME].endpoint


def test_part_8_operators_see_it_by_the_old_configuration(joined):
    done = tern("status", "--dir", joined.directory, "--json")
    assert {region["region"] for region in json.loads(done.stdout)["regions"]} == {"us-east-1", "eu-west-1", NAME}
    bucket = joined[NAME].bucket()
    version = joined[NAME].client().put_object(Bucket=bucket, Key="x", Body=b"x")["VersionId"]
    done = tern("explain", f"s3://{bucket}/x", "--dir", joined.directory, "--json")
    assert json.loads(done.stdout)["versionId"] == version


def test_part_8_the_second_time_nothing_changes(joined):
    region = joined[NAME]
    before = region.config_path.read_text()
    done = only_join(region, joined.token)
    assert done.returncode == 0, done.stderr
    assert "nothing to change" in done.stderr
    assert region.config_path.read_text() == before
    assert oct(region.config_path.stat().st_mode & 0o777) == "0o600"


def test_part_8_the_second_time_with_other_options(joined):
    done = only_join(joined[NAME], joined.token, "--endpoint", "http://127.0.0.1:1")
    assert done.returncode == 1
    assert "for endpoint" in done.stderr


def test_part_8_a_name_that_is_taken(joined, tmp_path):
    """Another machine with the same name, and its own configuration."""
    (port,) = free_ports(1)
    done = tern(
        "join", joined.token, "--config", tmp_path / "x.yaml", "--data", tmp_path / "data", "--no-serve",
        "--listen", f"127.0.0.1:{port}", "--root-key-file", joined.directory / "root.key",
    )  # fmt: skip
    assert done.returncode == 1
    assert "is a region already" in done.stderr
    assert not (tmp_path / "x.yaml").exists()


def test_part_8_it_goes_on_while_home_is_away(joined):
    region = joined[NAME]
    bucket = region.bucket()
    home = joined.regions[0]
    with home.paused():
        region.client().put_object(Bucket=bucket, Key="x", Body=b"x")
        assert body_of(region.client().get_object(Bucket=bucket, Key="x")) == b"x"


def test_part_8_secrets_are_neither_logged_nor_sent(joined):
    """Of the invitation, the federation's credential, and the root key."""
    token = joined.token
    text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    secret = text.split("\n")[-1]
    assert re.fullmatch("[0-9a-f]{64}", secret)
    root_key = (joined.directory / "root.key").read_text().strip()
    credential = json.loads((joined.directory / "dev.json").read_text())["federation"]["secretKey"]
    logs = joined.logs()
    for value in (token, secret, root_key, credential):
        assert value not in logs
    assert root_key not in joined[NAME].config_path.read_text()
    assert credential not in text and root_key not in text


def test_part_8_a_region_with_buckets_is_not_removed(joined):
    joined[NAME].bucket()
    done = tern("region", "remove", NAME, "--dir", joined.directory)
    assert done.returncode == 1
    assert "has buckets" in done.stderr
    done = tern("region", "remove", "eu-west-1", "--dir", joined.directory)
    assert "stands in the configuration" in done.stderr


def test_part_8_an_empty_region_is_removed_everywhere(joined):
    name = "sa-east-1"
    region = newcomer(joined, name)
    try:
        assert only_join(region, invite(joined, name)).returncode == 0
        for other in joined.regions[:2]:
            eventually(lambda other=other: knows(other, name), f"{other.name} knows {name}")
        assert tern("region", "remove", name, "--dir", joined.directory).returncode == 0
        for other in joined.regions[:2]:
            eventually(lambda other=other: not knows(other, name), f"{other.name} forgets {name}")
    finally:
        joined.regions.remove(region)


# Refusals


def damaged(token, part, change):
    parts = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().split("\n")
    parts[part] = change(parts[part])
    return base64.urlsafe_b64encode("\n".join(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("part", "change"),
    [
        (1, lambda name: "us-west-9"),
        (2, lambda expiry: str(int(expiry) + 1)),
        (3, lambda identifier: "0" * 32),
        (5, lambda secret: "0" * 64),
        (5, lambda secret: secret[:-1] + ("0" if secret[-1] != "0" else "1")),
    ],
)
def test_part_8_forged_invitations(joined, tmp_path, part, change):
    (port,) = free_ports(1)
    token = damaged(invite(joined, "us-west-1"), part, change)
    done = tern(
        "join", token, "--config", tmp_path / "x.yaml", "--data", tmp_path / "data", "--no-serve",
        "--listen", f"127.0.0.1:{port}", "--root-key-file", joined.directory / "root.key",
    )  # fmt: skip
    assert done.returncode == 1
    assert "403" in done.stderr and "not of this federation" in done.stderr
    assert not (tmp_path / "x.yaml").exists()
    assert "us-west-1" not in listed(joined.regions[0])


@pytest.mark.parametrize("token", ["", "x", "AAAA", "x" * 5000])
def test_part_8_what_is_no_invitation(joined, tmp_path, token):
    done = tern("join", token, "--config", tmp_path / "x.yaml", "--listen", "127.0.0.1:1", "--no-serve")
    assert done.returncode == 1
    assert "invitation" in done.stderr


def test_part_8_a_wrong_root_key_changes_nothing_at_home(joined, tmp_path):
    region = Region(joined, "us-west-2", free_ports(1)[0])
    wrong = tmp_path / "wrong.key"
    wrong.write_bytes(os.urandom(32))
    wrong.chmod(0o600)
    token = invite(joined, region.name)
    done = only_join(region, token, root_key=wrong)
    assert done.returncode == 1
    assert "is not the federation's" in done.stderr
    assert not region.config_path.exists()
    assert region.name not in listed(joined.regions[0])


def test_part_8_an_invitation_is_made_by_operators_only(joined):
    answer = requests.post(joined.regions[0].endpoint + "/_tern/v1/regions/invite?name=x&seconds=60", timeout=10)
    assert answer.status_code == 403
    for body in (b"", b"{}", b"[" * 5000, b"x" * 100_000):
        answer = requests.post(joined.regions[0].endpoint + "/_tern/v1/regions/join", data=body, timeout=10)
        assert answer.status_code in (400, 403)


def test_part_8_home_is_down_while_joining(make_federation):
    federation = make_federation()
    home = federation.regions[0]
    token = invite(federation)
    region = newcomer(federation)
    home.kill()
    region._process = federation.spawn(f"{region.name}-join", arguments(region, token))
    region.pid = region._process.pid
    eventually(lambda: "trying again" in region._process.stderr_path.read_text(), "it says that it waits")
    always(lambda: region.is_running() and not region.config_path.exists(), "it waits")
    home.start()
    region.wait_until_healthy()
    assert region._process.stderr_path.read_text().count("trying again") == 1
    region.wait_for_role(ALICE, "replication")
    eventually(lambda: knows(federation.regions[1], NAME), "the other region knows it")
    # The row lasts: home and the other region come back with it.
    for other in federation.regions[:2]:
        other.kill()
        other.start()
        assert knows(other, NAME)
