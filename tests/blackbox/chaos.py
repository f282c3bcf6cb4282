"""Regions that everything happens to: kills, pauses, blocked and half-open connections, full disks, clock steps.

And a load of writes, deletes and changes of metadata that remembers what it was promised.
"""

import contextlib
import os
import pathlib
import random
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass, field

import botocore.exceptions
from federation import BOB, Federation, Region, free_ports
from links import Links
from load import UNREACHABLE, Write
from s3 import pattern

NAMES = ("us-east-1", "eu-west-1", "ap-south-1")
DISK_MIB = 1024
# Regions refuse stamps of others that are more than five minutes ahead of their own clocks.
LARGEST_STEP_SECONDS = 140


def fake_time_library():
    """libfaketime, for clock steps; `None` where it is not installed."""
    for path in pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"):
        return path
    return None


class ChaosRegion(Region):
    """A region whose disk is a small file system and whose clock the test sets."""

    is_disk_small = False
    clock_file = None

    def prepare(self, links):
        """Puts the region behind its links and onto its disk; it does not run meanwhile."""
        text = self.config_path.read_text()
        for other, link in links.items():
            text = text.replace(f'endpoint: "{other.endpoint}"', f'endpoint: "http://127.0.0.1:{link.port}"')
        self.config_path.write_text(text.replace("reserve_mib: 256", "reserve_mib: 64"))
        if os.geteuid() == 0:
            aside = self.data_directory.with_suffix(".aside")
            shutil.move(self.data_directory, aside)
            self.data_directory.mkdir()
            mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tern-chaos", str(self.data_directory)]
            self.is_disk_small = subprocess.run(mount, check=False, capture_output=True).returncode == 0
            shutil.copytree(aside, self.data_directory, dirs_exist_ok=True)
            shutil.rmtree(aside)
        if fake_time_library():
            self.clock_file = self.federation.directory / f"{self.name}.clock"
            self.set_clock(0)

    def release_disk(self):
        if self.is_disk_small:
            subprocess.run(["umount", "-l", str(self.data_directory)], check=True)

    def set_clock(self, seconds):
        """How far ahead of the machine's clock the region's is."""
        aside = self.clock_file.with_suffix(".new")
        aside.write_text(f"{seconds:+d}\n")
        aside.rename(self.clock_file)

    def start(self):
        assert not self.is_running()
        environment = dict(os.environ)
        prefix = ()
        if self.clock_file:
            # The library changes the environment of the first process that it is loaded into, behind which a Swift
            # program does not find its arguments any more.
            prefix = ("env",)
            environment |= {
                "LD_PRELOAD": str(fake_time_library()),
                "FAKETIME_TIMESTAMP_FILE": str(self.clock_file),
                "FAKETIME_CACHE_DURATION": "1",
                # Timers do not jump when somebody sets the clock, and neither do the times of files.
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "NO_FAKE_STAT": "1",
            }
        # A clock that was set back is what is tested here.
        arguments = ["serve", "--config", str(self.config_path), "--allow-clock-set-back"]
        self._process = self.federation.spawn(f"{self.name}-serve", arguments, prefix, env=environment)
        self.pid = self._process.pid
        self.wait_until_healthy()


class ChaosFederation(Federation):
    region_class = ChaosRegion

    def start(self):
        super().start()
        self.links = Links()
        self.link = {}
        for here in self.regions:
            here.terminate()
            for there in self.regions:
                if here is not there:
                    [port] = free_ports(1)
                    self.link[here.name, there.name] = self.links.make(port, there.port)
        for region in self.regions:
            ways = {there: self.link[region.name, there.name] for there in self.regions if there is not region}
            region.prepare(ways)
        for region in self.regions:
            region.start()
        return self

    def stop(self):
        for region in self.regions:
            with contextlib.suppress(OSError):
                (region.data_directory / "ballast").unlink()
        try:
            super().stop()
        finally:
            self.links.stop()
            for region in self.regions:
                region.release_disk()

    def links_of(self, region):
        return [link for names, link in self.link.items() if region.name in names]

    def link_between(self, one, other):
        return [self.link[one.name, other.name], self.link[other.name, one.name]]


# What happens to regions. Each takes the federation, a die, and the regions that it may touch; and is undone by close().


class Fault:
    #: Whether the process of its region is gone or stands still meanwhile.
    stops_process = False

    def __init__(self, federation, chance, region):
        self.federation = federation
        self.chance = chance
        self.region = region
        self.begin()

    @classmethod
    def is_possible(cls, federation):
        return True

    def begin(self):
        raise NotImplementedError

    def end(self):
        pass

    def __str__(self):
        return f"{type(self).__name__} {self.region.name}"


class Kill(Fault):
    """kill -9."""

    stops_process = True

    def begin(self):
        self.region.kill()

    def end(self):
        self.region.start()


class KillAgainAndAgain(Kill):
    """kill -9, also while it recovers."""

    def end(self):
        for _ in range(2):
            self.region.start()
            self.region.kill()
        self.region.start()


class Pause(Fault):
    """SIGSTOP: the machine hangs."""

    stops_process = True

    def begin(self):
        self.region.pause()

    def end(self):
        self.region.resume()


class Isolate(Fault):
    """Its ports are blocked to the other regions, and theirs to it. Clients reach it."""

    def begin(self):
        for link in self.federation.links_of(self.region):
            link.refuse()

    def end(self):
        for link in self.federation.links_of(self.region):
            link.open()


class Block(Fault):
    """It and one other region cannot reach each other."""

    def begin(self):
        other = self.chance.choice([region for region in self.federation.regions if region is not self.region])
        self.links = self.federation.link_between(self.region, other)
        for link in self.links:
            link.refuse()

    def end(self):
        for link in self.links:
            link.open()


class HalfOpen(Fault):
    """Connections stay open and nothing comes through; those that there are never will again."""

    def begin(self):
        self.links = self.federation.links_of(self.region)
        for link in self.links:
            link.silence()

    def end(self):
        for link in self.links:
            link.open()


class Cut(Fault):
    """Connections are cut in the middle, again and again."""

    def begin(self):
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(0.2):
            for link in self.federation.links_of(self.region):
                link.cut()

    def end(self):
        self._stop.set()
        self._thread.join(10)


class FullDisk(Fault):
    """Somebody else takes every byte that is left on its disk."""

    @classmethod
    def is_possible(cls, federation):
        return all(region.is_disk_small for region in federation.regions)

    def begin(self):
        with (
            open(self.region.data_directory / "ballast", "wb", buffering=0) as ballast,
            contextlib.suppress(OSError),
        ):
            while ballast.write(bytes(1 << 20)):
                pass

    def end(self):
        (self.region.data_directory / "ballast").unlink()


class ClockStep(Fault):
    """Its clock jumps ahead or back, and to where it was."""

    @classmethod
    def is_possible(cls, federation):
        return fake_time_library() is not None

    def begin(self):
        self.seconds = self.chance.choice([-1, 1]) * self.chance.randrange(2, LARGEST_STEP_SECONDS)
        self.region.set_clock(self.seconds)

    def end(self):
        self.region.set_clock(0)

    def __str__(self):
        return f"{super().__str__()} {self.seconds:+d} s"


FAULTS = (Kill, KillAgainAndAgain, Pause, Isolate, Block, HalfOpen, Cut, FullDisk, ClockStep)


# The load


@dataclass
class Change:
    """A change of a version's tags or ACL: what it becomes, and whether that was acknowledged."""

    value: object
    is_acknowledged: bool


@dataclass
class History:
    """The changes of one attribute of a version, in the order in which one client made them."""

    changes: list = field(default_factory=list)
    regions: set = field(default_factory=set)


class ChaosLoad:
    """Writes, deletes and changes of metadata at all regions, until it is stopped."""

    WRITERS = 2

    def __init__(self, places, *, seed, keys=60, rest=0.02):
        """`places` are pairs of a region and its bucket."""
        self.places = places
        self.acknowledged = []
        self.histories = {"tags": {}, "acl": {}}
        self.failures = []
        self.changes = 0
        self.unknown = 0
        self._rest = rest
        self._seed = seed
        self._keys = keys
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def __enter__(self):
        self._workers = []
        for index, (region, bucket) in enumerate(self.places):
            for number in range(self.WRITERS):
                self._spawn(self._write, region, bucket, index * 10 + number)
            self._spawn(self._change, region, bucket, index)
        for worker in self._workers:
            worker.start()
        return self

    def _spawn(self, step, region, bucket, number):
        self._workers.append(threading.Thread(target=self._run, args=(step, region, bucket, number), daemon=True))

    def __exit__(self, *_):
        self._stop.set()
        for worker in self._workers:
            worker.join(120)
        assert not any(worker.is_alive() for worker in self._workers), "a client hangs"
        assert not self.failures, self.failures[:3]

    def go_on(self, writes, within, at_least=0):
        """Lets so many more writes be acknowledged, or waits so long: with two regions down there may be few."""
        target = len(self.acknowledged) + writes
        started = time.monotonic()
        while (len(self.acknowledged) < target or time.monotonic() < started + at_least) and (
            time.monotonic() < started + max(within, at_least)
        ):
            assert not self.failures, self.failures[:3]
            self._stop.wait(0.05)

    def _run(self, step, region, bucket, number):
        chance = random.Random(f"{self._seed}.{step.__name__}.{number}")
        client = region.client(strictly=False, connect_timeout=2, read_timeout=10)
        count = 0
        while not self._stop.wait(self._rest):
            count += 1
            try:
                step(client, region, bucket, number, count, chance)
            except UNREACHABLE:
                self._missed()
            except botocore.exceptions.ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                    self.failures.append((region.name, error.operation_name, error))
                    return
                self._missed()
            except Exception as error:
                self.failures.append((region.name, error))
                return

    def _missed(self):
        with self._lock:
            self.unknown += 1
        self._stop.wait(0.1)

    def _write(self, client, region, bucket, number, count, chance):
        key = f"k{chance.randrange(self._keys):03}"
        seed = number * 1_000_000 + count
        if chance.random() < 0.12:
            version = client.delete_object(Bucket=bucket, Key=key)["VersionId"]
            write = Write(key, version, seed, 0, is_marker=True)
        else:
            size = chance.choice([0, 10, 100, 1000, 1000, 4000, 4000, 40_000]) if chance.random() < 0.97 else 300_000
            version = client.put_object(Bucket=bucket, Key=key, Body=pattern(size, seed), Metadata={"seed": str(seed)})[
                "VersionId"
            ]
            write = Write(key, version, seed, size)
        with self._lock:
            self.acknowledged.append(write)

    def _change(self, client, region, bucket, number, count, chance):
        with self._lock:
            written = self.acknowledged[-400:]
        written = [write for write in written if not write.is_marker]
        if not written:
            return
        write = chance.choice(written)
        kind = chance.choice(["tags", "tags", "acl"])
        # Two thirds of the versions are changed from one region only, so that it is known which change is the last.
        owner = hash((write.version, kind)) % 6
        if owner < 3 and owner != number:
            return
        where = {"Bucket": bucket, "Key": write.key, "VersionId": write.version}
        if kind == "tags":
            value = f"{number}.{count}"
            send = lambda: client.put_object_tagging(**where, Tagging={"TagSet": [{"Key": "t", "Value": value}]})  # noqa: E731
        else:
            value = chance.choice(["READ", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"])
            send = lambda: client.put_object_acl(**where, **self._grant(region, value))  # noqa: E731
        change = Change(value, False)
        try:
            send()
            change.is_acknowledged = True
        except botocore.exceptions.ClientError as error:
            # It has not arrived in this region yet, or others change it at this moment.
            if error.response["Error"]["Code"] in ("NoSuchVersion", "OperationAborted"):
                return
            raise
        finally:
            if change.is_acknowledged:
                with self._lock:
                    self.changes += 1
            self._remember(kind, write, region, change)

    def _remember(self, kind, write, region, change):
        with self._lock:
            history = self.histories[kind].setdefault((write.key, write.version), History())
            history.changes.append(change)
            history.regions.add(region.name)

    @staticmethod
    def _grant(region, permission):
        header = {"READ": "GrantRead", "READ_ACP": "GrantReadACP", "WRITE_ACP": "GrantWriteACP",
                  "FULL_CONTROL": "GrantFullControl"}[permission]  # fmt: skip
        return {header: f"id={region.federation.canonical_ids[BOB.id]}"}


def possible_values(history):
    """What an attribute may be in the end, by its history; `None` stands for "as it was written"."""
    if len(history.regions) > 1:
        values = {change.value for change in history.changes}
        return values if any(change.is_acknowledged for change in history.changes) else values | {None}
    last = max((index for index, change in enumerate(history.changes) if change.is_acknowledged), default=None)
    # What nobody acknowledged behind it may have been done all the same.
    if last is None:
        return {change.value for change in history.changes} | {None}
    return {change.value for change in history.changes[last:]}
