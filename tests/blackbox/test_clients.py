"""Unmodified clients: awscli, s5cmd, rclone, s3cmd (s3-api §15).

TERN_CLIENT_MIB is the size of the large file that each of them uploads and downloads.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
import requests
from federation import ALICE
from s3 import all_versions, body_of, keys_of, pattern

MIB = 1 << 20
LARGE_MIB = int(os.environ.get("TERN_CLIENT_MIB", "256"))

# Names that a file system can have. Wildcards of the clients' own languages are left out.
FILES = {
    "plain.txt": b"plain", "empty": b"", "with space.txt": b"1", "plus+plus": b"2", "percent%20literal": b"3", "ümläut": b"4",
    "日本語/ファイル": b"5", "emoji😀/x": b"6", "quote'single": b"7", "amp&ersand=equals": b"8", "at@sign,comma;semi": b"9",
    "dir/.hidden": b"10", "dir/sub/deep": b"11", "e\u0301 decomposed": b"12", "é composed": b"13", "medium.bin": pattern(3 * MIB),
    "dots/...": b"14", "tilde~": b"15", "paren(s)": b"16", "hash#tag": b"17", "dollar$": b"18",
}  # fmt: skip


def write_tree(directory, files=FILES):
    for name, body in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        # Last-Modified has whole seconds: a file of this very second looks newer than the object made from it.
        written = path.stat().st_mtime - 3600
        os.utime(path, (written, written))
    return directory


def read_tree(directory):
    return {
        str(path.relative_to(directory)): path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()
    }


def long_name():
    """A key of 1,024 bytes whose components a file system accepts."""
    return "/".join(["d" * 200] * 5)[:1003] + "/" + "f" * 20


@pytest.fixture(scope="module")
def large(workspace):
    """A large file of a size that is no multiple of any part size, and its MD5."""
    path = workspace / "large.bin"
    digest = hashlib.md5()
    with open(path, "wb") as file:
        for number in range(LARGE_MIB):
            block = pattern(MIB, number % 97) if number < LARGE_MIB - 1 else pattern(MIB - 12345, 1)
            file.write(block)
            digest.update(block)
    yield path, digest.hexdigest()
    path.unlink()


def md5_of(path):
    digest = hashlib.md5()
    with open(path, "rb") as file:
        while block := file.read(MIB):
            digest.update(block)
    return digest.hexdigest()


class Tool:
    """A command line with its environment; a failing run shows what it printed."""

    def __init__(self, command, environment):
        self.command, self.environment = command, environment

    def __call__(self, *arguments, check=True, text=True):
        done = subprocess.run(
            [*self.command, *map(str, arguments)], env=self.environment, capture_output=True, timeout=900, check=False
        )
        if check:
            assert done.returncode == 0, (
                f"{self.command[-1]} {arguments}: {done.stdout[-2000:]!r} {done.stderr[-2000:]!r}"
            )
        return done.stdout.decode("utf-8", "surrogateescape") if text else done.stdout


def clean_environment():
    values = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "RCLONE_", "S3_"))}
    values.setdefault("LC_ALL", "C.UTF-8")
    return values


@pytest.fixture
def aws(federation):
    return Tool(
        [sys.executable, "-m", "awscli", "--profile", "us-east-1"], {**federation.environment, "LC_ALL": "C.UTF-8"}
    )


@pytest.fixture
def s5cmd(home):
    binary = shutil.which("s5cmd") or str(pathlib.Path(sys.executable).parent / "s5cmd")
    environment = {
        **clean_environment(), "AWS_ACCESS_KEY_ID": ALICE.access_key, "AWS_SECRET_ACCESS_KEY": ALICE.secret_key, "AWS_REGION": home.name,
    }  # fmt: skip
    return Tool([binary, "--endpoint-url", home.endpoint], environment)


@pytest.fixture
def rclone(home, scratch):
    config = scratch / "rclone.conf"
    config.write_text(
        f"[t]\ntype = s3\nprovider = Other\nendpoint = {home.endpoint}\nregion = {home.name}\n"
        f"access_key_id = {ALICE.access_key}\nsecret_access_key = {ALICE.secret_key}\n"
    )
    return Tool(["rclone", "--config", str(config), "--retries", "1"], clean_environment())


@pytest.fixture
def s3cmd(home, scratch):
    config = scratch / "s3cfg"
    config.write_text(
        f"[default]\naccess_key = {ALICE.access_key}\nsecret_key = {ALICE.secret_key}\nhost_base = 127.0.0.1:{home.port}\n"
        f"host_bucket = 127.0.0.1:{home.port}\nuse_https = False\nmax_retries = 1\nprogress_meter = False\n"
    )
    return Tool(["s3cmd", "-c", str(config)], clean_environment())


def stored_tree(s3, bucket, prefix):
    """Every object under the prefix, read through boto3."""
    found = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for key in keys_of(page):
            found[key.removeprefix(prefix)] = body_of(s3.get_object(Bucket=bucket, Key=key))
    return found


# awscli


def test_aws_sync_there_and_back(aws, s3, bucket, scratch):
    files = FILES | {long_name()[2:]: b"long"}
    source, target = write_tree(scratch / "in", files), scratch / "out"
    aws("s3", "sync", source, f"s3://{bucket}/p", "--no-progress")
    assert stored_tree(s3, bucket, "p/") == files
    assert aws("s3", "sync", source, f"s3://{bucket}/p", "--no-progress") == "", "a second sync has nothing to do"
    aws("s3", "sync", f"s3://{bucket}/p", target, "--no-progress")
    assert read_tree(target) == files
    (source / "plain.txt").unlink()
    aws("s3", "sync", source, f"s3://{bucket}/p", "--delete", "--no-progress")
    assert "plain.txt" not in stored_tree(s3, bucket, "p/")


def test_aws_keys_that_no_file_has(aws, s3, bucket, scratch):
    path = scratch / "file"
    path.write_bytes(b"hello")
    for key in ("a//b", "/leading", "a/./b", "a/../b", "k" * 1024, " ", "ü" * 512, "tab\tkey"):
        aws("s3", "cp", path, f"s3://{bucket}/{key}", "--no-progress")
        assert body_of(s3.get_object(Bucket=bucket, Key=key)) == b"hello"
        assert aws("s3", "cp", f"s3://{bucket}/{key}", "-") == "hello"


def test_aws_large_file(aws, s3, bucket, scratch, large):
    path, digest = large
    aws("s3", "cp", path, f"s3://{bucket}/large", "--no-progress")
    head = s3.head_object(Bucket=bucket, Key="large", ChecksumMode="ENABLED")
    assert head["ContentLength"] == path.stat().st_size
    assert head["ETag"].strip('"').endswith(f"-{-(-path.stat().st_size // (8 * MIB))}")
    assert head["ChecksumType"] == "COMPOSITE"
    aws("s3", "cp", f"s3://{bucket}/large", scratch / "back", "--no-progress")
    assert md5_of(scratch / "back") == digest
    aws("s3", "cp", f"s3://{bucket}/large", f"s3://{bucket}/copy", "--no-progress")
    assert s3.head_object(Bucket=bucket, Key="copy")["ContentLength"] == path.stat().st_size


def test_aws_ls_mv_rm_presign_mb_rb(aws, s3, bucket, scratch):
    write_tree(scratch / "in", {"a": b"1", "b/c": b"22"})
    aws("s3", "cp", scratch / "in", f"s3://{bucket}/", "--recursive", "--no-progress")
    listed = aws("s3", "ls", f"s3://{bucket}", "--recursive", "--summarize")
    assert "b/c" in listed and "Total Objects: 2" in listed and "Total Size: 3" in listed
    assert "PRE b/" in aws("s3", "ls", f"s3://{bucket}")
    assert bucket in aws("s3", "ls")
    aws("s3", "mv", f"s3://{bucket}/a", f"s3://{bucket}/moved ä", "--no-progress")
    aws("s3", "rm", f"s3://{bucket}/b/c")
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["moved ä"]
    other = f"{bucket}-mb"
    aws("s3", "mb", f"s3://{other}")
    aws("s3", "cp", scratch / "in" / "a", f"s3://{other}/x", "--no-progress")
    aws("s3", "rb", f"s3://{other}", "--force")
    assert other not in aws("s3", "ls")


def test_aws_s3api(aws, s3, bucket, scratch):
    (scratch / "f").write_bytes(b"hello")
    put = aws(
        "s3api",
        "put-object",
        "--bucket",
        bucket,
        "--key",
        "k",
        "--body",
        scratch / "f",
        "--metadata",
        "a=1",
        "--tagging",
        "t=1",
    )
    assert '"VersionId"' in put
    assert '"TagSet"' in aws("s3api", "get-object-tagging", "--bucket", bucket, "--key", "k")
    assert '"Status": "Enabled"' in aws("s3api", "get-bucket-versioning", "--bucket", bucket)
    aws("s3api", "delete-object", "--bucket", bucket, "--key", "k")
    assert '"DeleteMarkers"' in aws("s3api", "list-object-versions", "--bucket", bucket)
    assert len(all_versions(s3, bucket)) == 2


# s5cmd


def test_s5cmd_there_and_back(s5cmd, s3, bucket, scratch):
    source, target = write_tree(scratch / "in"), scratch / "out"
    s5cmd("cp", f"{source}/*", f"s3://{bucket}/p/")
    assert stored_tree(s3, bucket, "p/") == FILES
    s5cmd("cp", f"s3://{bucket}/p/*", f"{target}/")
    assert read_tree(target) == FILES
    s5cmd("sync", f"{source}/", f"s3://{bucket}/q/")
    assert stored_tree(s3, bucket, "q/") == FILES
    listed = s5cmd("ls", f"s3://{bucket}/p/*")
    assert len(listed.splitlines()) == len(FILES)
    assert bucket in s5cmd("ls")
    s5cmd("rm", f"s3://{bucket}/p/*")
    assert stored_tree(s3, bucket, "p/") == {}
    assert "s3://" in s5cmd("du", f"s3://{bucket}/q/*")


def test_s5cmd_keys_that_no_file_has(s5cmd, s3, bucket, scratch):
    (scratch / "f").write_bytes(b"hello")
    for key in ("k" * 1024, "ü" * 512, "a+b %2F", "😀"):
        s5cmd("cp", "--raw", scratch / "f", f"s3://{bucket}/{key}")
        assert body_of(s3.get_object(Bucket=bucket, Key=key)) == b"hello"
        assert s5cmd("cat", "--raw", f"s3://{bucket}/{key}") == "hello"


def test_s5cmd_versions_and_buckets(s5cmd, bucket, scratch):
    (scratch / "f").write_bytes(b"1")
    s5cmd("cp", scratch / "f", f"s3://{bucket}/k")
    s5cmd("cp", scratch / "f", f"s3://{bucket}/k")
    assert len(s5cmd("ls", "--all-versions", f"s3://{bucket}/k").splitlines()) == 2
    s5cmd("rm", "--all-versions", f"s3://{bucket}/*")
    s5cmd("rb", f"s3://{bucket}")
    s5cmd("mb", f"s3://{bucket}-new")
    s5cmd("rb", f"s3://{bucket}-new")


def test_s5cmd_large_file(s5cmd, s3, bucket, scratch, large):
    path, digest = large
    s5cmd("cp", path, f"s3://{bucket}/large")
    assert s3.head_object(Bucket=bucket, Key="large")["ContentLength"] == path.stat().st_size
    s5cmd("cp", f"s3://{bucket}/large", scratch / "back")
    assert md5_of(scratch / "back") == digest


# rclone


def test_rclone_there_and_back(rclone, s3, bucket, scratch):
    source, target = write_tree(scratch / "in"), scratch / "out"
    rclone("copy", source, f"t:{bucket}/p")
    assert stored_tree(s3, bucket, "p/") == FILES
    rclone("check", source, f"t:{bucket}/p")
    rclone("check", "--download", source, f"t:{bucket}/p")
    rclone("copy", f"t:{bucket}/p", target)
    assert read_tree(target) == FILES
    listed = rclone("lsf", "-R", "--files-only", f"t:{bucket}/p").splitlines()
    assert sorted(listed) == sorted(FILES)
    (source / "plain.txt").write_bytes(b"changed")
    (source / "empty").unlink()
    rclone("sync", source, f"t:{bucket}/p")
    stored = stored_tree(s3, bucket, "p/")
    assert stored["plain.txt"] == b"changed" and "empty" not in stored
    assert rclone("cat", f"t:{bucket}/p/plain.txt") == "changed"
    rclone("moveto", f"t:{bucket}/p/plain.txt", f"t:{bucket}/q/moved")
    rclone("delete", f"t:{bucket}/p")
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["q/moved"]


def test_rclone_keeps_modification_times(rclone, bucket, scratch):
    path = scratch / "in" / "f"
    path.parent.mkdir()
    path.write_bytes(b"x")
    os.utime(path, (1_500_000_000, 1_500_000_000))
    rclone("copy", path, f"t:{bucket}")
    assert "2017-07-14" in rclone("lsl", f"t:{bucket}")
    os.utime(path, (1_600_000_000, 1_600_000_000))
    rclone("sync", path.parent, f"t:{bucket}")
    assert "2020-09-13" in rclone("lsl", f"t:{bucket}")


def test_rclone_buckets_and_links(rclone, bucket, scratch):
    assert f"{bucket}/" in rclone("lsf", "t:")
    rclone("mkdir", f"t:{bucket}-new")
    rclone("rmdir", f"t:{bucket}-new")
    (scratch / "f").write_bytes(b"hello")
    rclone("copy", scratch / "f", f"t:{bucket}")
    assert requests.get(rclone("link", f"t:{bucket}/f").strip(), timeout=10).content == b"hello"


def test_rclone_large_file(rclone, s3, bucket, scratch, large):
    path, digest = large
    rclone("copyto", path, f"t:{bucket}/large", "--s3-upload-cutoff", "32M", "--s3-chunk-size", "16M")
    assert s3.head_object(Bucket=bucket, Key="large")["ContentLength"] == path.stat().st_size
    rclone("copyto", f"t:{bucket}/large", scratch / "back")
    assert md5_of(scratch / "back") == digest
    rclone("copyto", f"t:{bucket}/large", f"t:{bucket}/copy", "--s3-copy-cutoff", "64M")
    assert s3.head_object(Bucket=bucket, Key="copy")["ContentLength"] == path.stat().st_size


# s3cmd


def test_s3cmd_there_and_back(s3cmd, s3, bucket, scratch):
    source, target = write_tree(scratch / "in"), scratch / "out"
    target.mkdir()
    s3cmd("put", "--recursive", f"{source}/", f"s3://{bucket}/p/")
    assert stored_tree(s3, bucket, "p/") == FILES
    s3cmd("get", "--recursive", f"s3://{bucket}/p/", f"{target}/")
    assert read_tree(target) == FILES
    (source / "plain.txt").write_bytes(b"changed")
    s3cmd("sync", "--delete-removed", f"{source}/", f"s3://{bucket}/p/")
    assert stored_tree(s3, bucket, "p/")["plain.txt"] == b"changed"
    listed = s3cmd("ls", "--recursive", f"s3://{bucket}/p/")
    assert len(listed.splitlines()) == len(FILES)
    assert f"s3://{bucket}" in s3cmd("ls")
    s3cmd("del", "--recursive", f"s3://{bucket}/p/", "--force")
    assert stored_tree(s3, bucket, "p/") == {}


def test_s3cmd_keys_that_no_file_has(s3cmd, s3, bucket, scratch):
    (scratch / "f").write_bytes(b"hello")
    for key in ("k" * 1024, "a+b %2F", "😀", "a//b"):
        s3cmd("put", scratch / "f", f"s3://{bucket}/{key}")
        assert body_of(s3.get_object(Bucket=bucket, Key=key)) == b"hello"
        s3cmd("get", "--force", f"s3://{bucket}/{key}", scratch / "back")
        assert (scratch / "back").read_bytes() == b"hello"


def test_s3cmd_copies_moves_and_signs(s3cmd, s3, bucket, scratch):
    (scratch / "f").write_bytes(b"hello")
    s3cmd("put", scratch / "f", f"s3://{bucket}/a b")
    s3cmd("cp", f"s3://{bucket}/a b", f"s3://{bucket}/c")
    s3cmd("mv", f"s3://{bucket}/c", f"s3://{bucket}/d")
    s3cmd("modify", "--add-header=x-amz-meta-m:1", f"s3://{bucket}/d")
    assert s3.head_object(Bucket=bucket, Key="d")["Metadata"]["m"] == "1"
    assert sorted(keys_of(s3.list_objects_v2(Bucket=bucket))) == ["a b", "d"]
    assert requests.get(s3cmd("signurl", f"s3://{bucket}/d", "+60").strip(), timeout=10).content == b"hello"
    assert "5" in s3cmd("du", f"s3://{bucket}/d")


def test_s3cmd_buckets_and_info(s3cmd, bucket, scratch):
    s3cmd("mb", f"s3://{bucket}-new")
    assert "Location" in s3cmd("info", f"s3://{bucket}-new")
    s3cmd("rb", f"s3://{bucket}-new")


def test_s3cmd_large_file(s3cmd, s3, bucket, scratch, large):
    path, digest = large
    s3cmd("put", path, f"s3://{bucket}/large")
    assert s3.head_object(Bucket=bucket, Key="large")["ContentLength"] == path.stat().st_size
    s3cmd("get", f"s3://{bucket}/large", scratch / "back")
    assert md5_of(scratch / "back") == digest
