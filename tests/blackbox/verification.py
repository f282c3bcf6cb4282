"""`tern replication verify`, as an operator runs it."""

import json
import subprocess
from dataclasses import dataclass

from federation import tern_binary


@dataclass
class Verification:
    """What a comparison of one bucket with its destinations said."""

    exit_code: int
    lines: list
    errors: str

    @property
    def findings(self):
        return [line for line in self.lines if line["type"] == "finding"]

    @property
    def ends(self):
        """The sums, by destination bucket."""
        return {line["destinationBucket"]: line for line in self.lines if line["type"] == "end"}

    def found(self, kind):
        """(key, version) of the findings of a kind."""
        return sorted((line["key"], line["versionId"]) for line in self.findings if line["kind"] == kind)

    def assert_equal(self):
        """Nothing to tell at all: no divergence, nothing on its way, nothing that anybody would have to look at."""
        assert self.exit_code == 0, (self.errors, self.lines[-5:])
        assert self.ends and not self.findings, self.findings[:5]


def verify_command(federation, bucket, *options):
    return subprocess.run(
        [tern_binary(), "replication", "verify", "--dir", str(federation.directory), "--bucket", bucket, *options],
        capture_output=True, text=True, timeout=600, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def verify_bucket(federation, bucket, *options):
    done = verify_command(federation, bucket, "--json", *options)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return Verification(done.returncode, lines, done.stderr)
