"""Starts real regions, and kills, stops, pauses and restarts them, always by process id."""

import contextlib
import itertools
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import urllib.parse
import uuid
from dataclasses import dataclass, field

import botocore.config
import clients
import requests
import strict
from signing import Credentials, Requester
from waiting import eventually

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS = 60


def tern_binary():
    path = pathlib.Path(os.environ.get("TERN_BINARY", REPOSITORY / ".build" / "release" / "tern"))
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"no executable at {path}: build with `swift build -c release` or set TERN_BINARY")
    return str(path)


@dataclass(frozen=True)
class Account:
    id: str
    access_key: str
    secret_key: str
    name: str
    email: str
    canonical_id: str = ""

    @property
    def credentials(self):
        return Credentials(self.access_key, self.secret_key)

    @property
    def flag(self):
        return f"{self.id}:{self.access_key}:{self.secret_key}:{self.name}:{self.email}"


# The second secret has every character that is special in base64, URLs and shells but `:`.
ALICE = Account(
    "111111111111", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "alice", "alice@tern.example"
)
BOB = Account(
    "222222222222", "AKIDBOB0000000000002", "b0b+b0b/b0b=b0b&b0b%20b0b?b0b#b0b0000000", "bob", "bob@tern.example"
)


PORTS = [range(first, first + 3500) for first in range(18000, 32000, 3500)]


def free_ports(count):
    """Ports nobody listens on, below the range that the kernel gives to outgoing connections.

    A region that is restarted must find its port free: one of the ephemeral range might be some client's by then. And
    runners of tests that work beside each other have ranges of their own.
    """
    ports = []
    runner = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    candidates = random.sample(PORTS[runner % len(PORTS)], 2000)
    for port in candidates:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == count:
            return ports
    raise RuntimeError("no free ports")


def is_running(pid):
    """Whether the process exists and is not a zombie."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    fields = stat.rpartition(")")[2].split()
    # A process whose first thread has ended is a zombie while others still end, and keeps its locks until they have.
    return fields[0] not in "ZX" or int(fields[17]) > 1


def memory_mib(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {name} for {pid}")


class Region:
    """One region: its endpoint, its process, and clients for it."""

    def __init__(self, federation, name, port):
        self.federation = federation
        self.name = name
        self.port = port
        self.pid = None
        self._process = None
        self._clients = {}

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def data_directory(self):
        return self.federation.directory / self.name

    @property
    def config_path(self):
        return self.federation.directory / f"{self.name}.yaml"

    # Clients

    def client(self, account=ALICE, *, strictly=True, **config):
        """A boto3 client without retries, whose every response is compared with the service model."""
        key = (account, strictly, tuple(sorted((name, repr(value)) for name, value in config.items())))
        if key not in self._clients:
            settings = {
                "s3": {"addressing_style": "path"},
                "retries": {"total_max_attempts": 1},
                "connect_timeout": 5,
                "read_timeout": 30,
                "max_pool_connections": 64,
            }
            settings.update(config)
            client = clients.client(
                "s3",
                endpoint_url=self.endpoint,
                region_name=self.name,
                aws_access_key_id=account.access_key,
                aws_secret_access_key=account.secret_key,
                config=botocore.config.Config(**settings),
            )
            if strictly:
                strict.watch(client)
            self._clients[key] = client
        return self._clients[key]

    def service(self, name, account=ALICE, *, region_name=None, token=None):
        """A boto3 client of another service; `account` has keys, or is a pair of them."""
        keys = account if isinstance(account, tuple) else (account.access_key, account.secret_key)
        return clients.client(
            name,
            endpoint_url=self.endpoint,
            region_name=region_name or self.name,
            # Regions behind a certificate of the tests' own.
            verify=getattr(self, "authority", None),
            aws_access_key_id=keys[0],
            aws_secret_access_key=keys[1],
            aws_session_token=token,
            config=botocore.config.Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def wait_for_role(self, account, role):
        """Until this region knows a role, which was made in another one."""
        iam = self.service("iam", account)
        eventually(
            lambda: iam.get_role(RoleName=role), f"{self.name} knows the role {role}", swallow=(iam.exceptions.ClientError,)
        )

    def wait_for_role_policy(self, account, role, policy_name):
        """Until this region knows the policy of a role, which was written in another one."""
        iam = self.service("iam", account)

        def known():
            try:
                return iam.get_role_policy(RoleName=role, PolicyName=policy_name)
            except iam.exceptions.NoSuchEntityException:
                return None

        eventually(known, f"{self.name} knows the role {role}")

    def wait_for_key(self, keys):
        """Until this region knows a pair of keys, which was made in another one."""
        sts = self.service("sts", keys)
        eventually(sts.get_caller_identity, f"{self.name} knows the key {keys[0]}", swallow=(sts.exceptions.ClientError,))

    def raw(self, account=ALICE):
        """Hand-made requests, signed with the account's key."""
        return Requester("127.0.0.1", self.port, self.name, account.credentials if account else None)

    # Buckets

    def bucket(self, *, versioned=True, account=ALICE, name=None, **parameters):
        """A fresh bucket's name."""
        name = name or fresh_name()
        client = self.client(account)
        if self.name != "us-east-1":
            parameters.setdefault("CreateBucketConfiguration", {"LocationConstraint": self.name})
        client.create_bucket(Bucket=name, **parameters)
        if versioned:
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    # Process

    def is_healthy(self):
        try:
            answer = requests.get(self.endpoint + "/_tern/v1/health", timeout=5)
        except requests.RequestException:
            return False
        return answer.status_code == 200 and answer.json()["region"] == self.name

    def is_running(self):
        return self.pid is not None and is_running(self.pid)

    def start(self):
        """Starts this region alone, as an operator does after a crash."""
        assert not self.is_running()
        self._process = self.federation.spawn(f"{self.name}-serve", ["serve", "--config", str(self.config_path)])
        self.pid = self._process.pid
        self.wait_until_healthy()

    def wait_until_healthy(self):
        def healthy():
            if not self.is_running():
                raise AssertionError(
                    f"{self.name} died: see {self.federation.directory}/logs\n{self.federation.log_tail()}"
                )
            return self.is_healthy()

        eventually(healthy, f"{self.name} is healthy\n{self.federation.log_tail()}", within=START_SECONDS)

    def kill(self):
        """kill -9, and waits until the process is gone."""
        self._signal_and_wait(signal.SIGKILL, within=10)

    def terminate(self, within=30):
        """SIGTERM, and waits until the process is gone."""
        self._signal_and_wait(signal.SIGTERM, within=within)

    def _signal_and_wait(self, number, within):
        pid = self.pid
        os.kill(pid, number)
        if self._process is not None:
            self._process.wait(timeout=within)
        eventually(lambda: not is_running(pid), f"{self.name} ({pid}) ends after signal {number}", within=within)
        self._process = None
        self.pid = None
        self.close_connections()

    def close_connections(self):
        """Drops pooled connections, which lead to the process that is gone."""
        for client in self._clients.values():
            client._endpoint.http_session.close()

    def pause(self):
        """SIGSTOP: connections stay open and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.pid, signal.SIGCONT)

    @contextlib.contextmanager
    def paused(self):
        self.pause()
        try:
            yield
        finally:
            self.resume()

    def resident_mib(self):
        return memory_mib(self.pid, "VmRSS")

    def peak_resident_mib(self):
        """The highest resident size since `reset_peak`."""
        return memory_mib(self.pid, "VmHWM")

    def reset_peak(self):
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def disk_bytes(self):
        """What the region's data takes on disk; a file with several names counts once."""
        output = subprocess.run(
            ["du", "-s", "-B1", str(self.data_directory)], capture_output=True, text=True, check=False
        )
        return int(output.stdout.split()[0])


@dataclass
class Federation:
    """Regions under one directory, each in a process of its own."""

    directory: pathlib.Path
    names: tuple = ("us-east-1", "eu-west-1")
    accounts: tuple = (ALICE, BOB)
    extra: tuple = ()
    regions: list = field(default_factory=list)
    parent: subprocess.Popen = None
    region_class = Region

    def start(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "logs").mkdir(exist_ok=True)
        ports = free_ports(len(self.names))
        arguments = ["dev", str(self.directory), "--processes"]
        for name, port in zip(self.names, ports, strict=True):
            arguments += ["--region", f"{name}:{port}"]
            self.regions.append(self.region_class(self, name, port))
        for account in self.accounts:
            arguments += ["--account", account.flag]
        self.parent = self.spawn("dev", [*arguments, *self.extra])
        ready = self.wait_for_ready(self.parent, "dev")
        for region in self.regions:
            assert ready[region.name] == region.endpoint, (ready, region.endpoint)
            region.pid = int((self.directory / f"{region.name}.pid").read_text())
            region.wait_until_healthy()
        stored = {account["id"]: account for account in json.loads((self.directory / "accounts.json").read_text())}
        self.canonical_ids = {account.id: stored[account.id]["canonicalId"] for account in self.accounts}
        self.make_replication_roles()
        return self

    def make_replication_roles(self):
        """The role `replication` in each account, which may do all that replication does with any bucket."""
        trust = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
        actions = ["s3:*", "kms:*"]
        rights = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        for account in self.accounts:
            iam = self.regions[0].service("iam", account)
            iam.create_role(RoleName="replication", AssumeRolePolicyDocument=policy(trust))
            iam.put_role_policy(RoleName="replication", PolicyName="all", PolicyDocument=policy(rights))
        for account in self.accounts:
            for region in self.regions[1:]:
                region.wait_for_role_policy(account, "replication", "all")

    def spawn(self, label, arguments, prefix=(), **options):
        """Runs tern with its output in files; the file names carry a number, so that restarts keep older logs.

        `prefix` is a command that tern is run by.
        """
        logs = self.directory / "logs"
        logs.mkdir(exist_ok=True)
        number = next(index for index in itertools.count(1) if not (logs / f"{label}-{index}.err").exists())
        with open(logs / f"{label}-{number}.out", "wb") as out, open(logs / f"{label}-{number}.err", "wb") as err:
            process = subprocess.Popen(
                [*prefix, tern_binary(), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                # A signal to the test run's group must not reach the servers: they are stopped one by one.
                start_new_session=True,
                **options,
            )
        process.stdout_path = logs / f"{label}-{number}.out"
        process.stderr_path = logs / f"{label}-{number}.err"
        return process

    def run(self, *arguments, code=0):
        """What a command of an operator prints, run against this federation."""
        done = subprocess.run(
            [tern_binary(), *arguments, "--dir", str(self.directory)], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        return done.stdout

    def wait_for_ready(self, process, label):
        def line():
            if process.poll() is not None:
                raise AssertionError(f"tern {label} ended with {process.returncode}\n{self.log_tail()}")
            return re.search(r"^ready .*$", process.stdout_path.read_text(), re.MULTILINE)

        match = eventually(line, lambda: f"tern {label} prints ready\n{self.log_tail()}", within=START_SECONDS)
        return dict(re.findall(r"(\S+)=(https?://\S+)", match.group(0)))

    def log_tail(self, lines=15):
        tails = []
        for path in sorted((self.directory / "logs").glob("*.err"), key=lambda path: path.stat().st_mtime)[-3:]:
            text = path.read_text(errors="replace").splitlines()
            tails.append("\n".join([f"--- {path.name}", *text[-lines:]]))
        return "\n".join(tails)

    def logs(self):
        return "\n".join(path.read_text(errors="replace") for path in sorted((self.directory / "logs").glob("*.err")))

    def __getitem__(self, name):
        return next(region for region in self.regions if region.name == name)

    @property
    def environment(self):
        """The environment in which aws tools find this federation."""
        values = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        values["AWS_CONFIG_FILE"] = str(self.directory / "aws" / "config")
        values["AWS_SHARED_CREDENTIALS_FILE"] = str(self.directory / "aws" / "credentials")
        values["AWS_MAX_ATTEMPTS"] = "1"
        values["AWS_PAGER"] = ""
        return values

    def stop(self):
        """Stops every process by its id; one that does not obey SIGTERM in time is killed and reported."""
        stubborn = []
        pids = {region.pid: region._process for region in self.regions if region.is_running()}
        if self.parent is not None and self.parent.poll() is None:
            pids[self.parent.pid] = self.parent
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
                os.kill(pid, signal.SIGTERM)
        for pid, process in pids.items():
            try:
                if process is not None:
                    process.wait(timeout=20)
                eventually(lambda pid=pid: not is_running(pid), f"{pid} ends", within=20)
            except (AssertionError, subprocess.TimeoutExpired):
                stubborn.append(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                if process is not None:
                    process.wait(timeout=20)
        if self.parent is not None:
            self.parent.wait(timeout=20)
        assert not stubborn, f"did not end on SIGTERM: {stubborn}\n{self.log_tail()}"


@dataclass
class ForeignFederation:
    """Endpoints that run already, named by TERN_ENDPOINTS: `NAME=http://127.0.0.1:PORT …`. No process control."""

    regions: list
    accounts: tuple = (ALICE, BOB)
    directory: pathlib.Path = pathlib.Path("/nonexistent")

    @staticmethod
    def from_environment():
        federation = ForeignFederation([])
        for pair in os.environ["TERN_ENDPOINTS"].split():
            name, _, url = pair.partition("=")
            federation.regions.append(Region(federation, name, urllib.parse.urlsplit(url).port))
        federation.canonical_ids = {}
        return federation

    def __getitem__(self, name):
        return next(region for region in self.regions if region.name == name)

    def log_tail(self):
        return "(the server's logs are elsewhere)"

    def stop(self):
        pass


def policy(*statements):
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def fresh_name(prefix="t"):
    """A bucket name that was never used."""
    return f"{prefix}-{uuid.uuid4().hex[:20]}"
