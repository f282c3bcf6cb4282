"""`tern dev --tls`: a federation for development over HTTPS (docs/operations.md)."""

import os
import re
import shlex
import socket
import ssl
import subprocess
import sys

import boto3
import botocore.exceptions
import pytest
import requests
from federation import ALICE, Federation, free_ports, tern_binary
from replication import configure, rule, wait_for_replica
from s3 import MIB, body_of, pattern
from test_clients import Tool
from tls import SecureRegion


class DevRegion(SecureRegion):
    """A region behind a certificate that `tern dev` made."""

    @property
    def authority(self):
        return str(self.federation.directory / "ca.pem")

    @property
    def certificate(self):
        return self.federation.directory / "tls" / f"{self.name}.crt"


class SecureDevFederation(Federation):
    region_class = DevRegion


@pytest.fixture(scope="module")
def secure(workspace):
    federation = SecureDevFederation(workspace / "dev tls", extra=("--tls",))
    try:
        yield federation.start()
    finally:
        federation.stop()


@pytest.fixture
def region(secure):
    return secure["us-east-1"]


def tern(*arguments, **options):
    return subprocess.run(
        [tern_binary(), *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False, **options
    )


def exported(directory):
    """The environment behind `eval "$(tern env DIR)"`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    script = f'eval "$({shlex.quote(tern_binary())} env {shlex.quote(str(directory))})" && env -0'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=60, check=True, env=clean)
    return dict(line.split("=", 1) for line in done.stdout.split("\0") if line)


def test_aws_cli_by_tern_env(secure, region, scratch):
    """`eval "$(tern env DIR)"` is all that the CLI needs, in either region."""
    environment = exported(secure.directory)
    assert environment["AWS_CA_BUNDLE"] == region.authority
    aws = Tool([sys.executable, "-m", "awscli"], {**environment, "LC_ALL": "C.UTF-8"})
    bucket = region.bucket()
    (scratch / "large").write_bytes(pattern(9 * MIB))
    aws("s3", "cp", "--no-progress", scratch / "large", f"s3://{bucket}/large")
    aws("s3", "cp", "--no-progress", f"s3://{bucket}/large", scratch / "back")
    assert (scratch / "back").read_bytes() == pattern(9 * MIB)
    # A bucket of the other region behind this one's endpoint, and that region's profile.
    far = secure["eu-west-1"].bucket()
    aws("s3", "cp", "--no-progress", scratch / "large", f"s3://{far}/large", "--region", "eu-west-1")
    listed = aws("--profile", "eu-west-1", "s3", "ls", f"s3://{far}/")
    assert "large" in listed


def test_boto3_by_profile(secure, region, monkeypatch):
    """The profile alone names the authority."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(secure.directory / "aws" / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(secure.directory / "aws" / "credentials"))
    client = boto3.session.Session(profile_name="us-east-1").client("s3")
    assert client.meta.endpoint_url == region.endpoint
    bucket = region.bucket()
    client.put_object(Bucket=bucket, Key="k", Body=b"v")
    assert body_of(client.get_object(Bucket=bucket, Key="k")) == b"v"
    with pytest.raises(botocore.exceptions.SSLError):
        boto3.session.Session(profile_name="us-east-1").client("s3", verify=True).list_buckets()


def test_regions_reach_each_other(secure, region):
    near, far = region.bucket(), secure["eu-west-1"].bucket()
    configure(region.client(), near, rule(far))
    region.client().put_object(Bucket=near, Key="k", Body=pattern(3 * MIB))
    wait_for_replica(secure["eu-west-1"].client(), far, "k")
    status = tern("status", "--dir", secure.directory)
    assert status.returncode == 0, status.stderr
    assert near in status.stdout
    explained = tern("explain", f"s3://{near}/k", "--dir", secure.directory)
    assert explained.returncode == 0, explained.stderr
    assert "COMPLETED" in explained.stdout


def test_certificates_are_strict(region):
    """For the names of this machine, under the strictest rules that Python knows, and by this authority alone."""
    for name in ("localhost", "s3.localhost", "photos.s3.localhost", "photos.s3.us-east-1.localhost", "127.0.0.1"):
        context = ssl.create_default_context(cafile=region.authority)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        plain = socket.create_connection(("127.0.0.1", region.port), timeout=10)
        with context.wrap_socket(plain, server_hostname=name) as connection:
            assert connection.version() == "TLSv1.3"
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(region.endpoint, timeout=10)


def test_the_next_run_keeps_to_it(scratch):
    """TLS and its authority are found again; `--no-tls` goes back."""
    directory = scratch / "dev"
    ports = free_ports(1)
    federation = Federation(directory)

    def run(*options):
        process = federation.spawn("dev", ["dev", str(directory), "--region", f"us-east-1:{ports[0]}", *options])
        try:
            endpoint = federation.wait_for_ready(process, "dev")["us-east-1"]
            authority = directory / "ca.pem"
            verify = str(authority) if authority.exists() else True
            health = requests.get(f"{endpoint}/_tern/v1/health", timeout=10, verify=verify)
            assert health.json()["region"] == "us-east-1"
            return endpoint, authority.read_bytes()
        finally:
            process.terminate()
            process.wait(timeout=30)

    directory.mkdir()
    first = run("--tls", "--account", ALICE.flag)
    assert first[0].startswith("https://")
    assert run() == first
    assert run("--no-tls")[0].startswith("http://")
    assert run()[0].startswith("http://")
    assert run("--tls") == first
    private = [directory / "tls", directory / "tls" / "ca.key", directory / "tls" / "us-east-1.key"]
    assert [path.stat().st_mode & 0o077 for path in private] == [0, 0, 0]


def test_without_openssl(scratch):
    done = tern("dev", scratch / "dev", "--tls", "--region", "a:0", env={"PATH": str(scratch)})
    assert done.returncode != 0
    assert re.search("`openssl`, which is not installed", done.stderr), done.stderr


def test_a_region_joins_a_home_that_speaks_https(secure, region, tmp_path):
    """`tern join --ca-file` believes the home region by the authority that it is given, and keeps it."""
    (port,) = free_ports(1)
    token = tern("region", "invite", "ap-south-1", "--dir", secure.directory).stdout.strip()
    config = tmp_path / "ap.yaml"
    done = tern(
        "join", token, "--config", config, "--data", tmp_path / "data", "--listen", f"127.0.0.1:{port}", "--no-serve",
        "--root-key-file", secure.directory / "root.key", "--ca-file", region.authority,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert region.endpoint in config.read_text()
    assert f'ca_file: "{region.authority}"' in config.read_text()
    assert tern("serve", "--config", config, "--check").returncode == 0
