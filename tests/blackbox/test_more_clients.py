"""More unmodified clients: minio-py, s3fs, PyArrow's Parquet, boto3's transfer manager, restic; and what is left of the
command lines in `test_clients.py` (s3-api §15).
"""

import hashlib
import io
import json
import os
import random

import fsspec
import minio
import pyarrow
import pyarrow.compute
import pyarrow.fs
import pyarrow.parquet
import pytest
import requests
from boto3.s3.transfer import TransferConfig
from federation import ALICE
from minio.commonconfig import ComposeSource, CopySource, Tags
from minio.deleteobjects import DeleteObject
from minio.versioningconfig import VersioningConfig
from s3 import MIB, all_versions, body_of, keys_of, pattern
from test_clients import (
    FILES,
    Tool,
    aws,
    clean_environment,
    md5_of,
    rclone,
    read_tree,
    s3cmd,
    s5cmd,
    stored_tree,
    write_tree,
)

# Fixtures of the other module, used by their names.
__all__ = ["aws", "rclone", "s3cmd", "s5cmd"]

# Keys that an object may have and a file may not, or that clients are known to encode wrongly.
ODD_KEYS = (
    "plain", "with space", "plus+plus", "percent%20literal", "%", "%%zz", "ümläut", "日本語/ファイル", "emoji😀", "a//b", "//",
    "/leading", "trailing/", "a/./b", "a/../b", "..", "quote'\"", "amp&ersand=equals", "?query", "#hash", "semi;colon,comma", "<xml>",
    "back\\slash", "tilde~", "star*", "dollar$", "[brackets]", "{braces}", "pipe|", "caret^", "back`tick", "colon:at@", "e\u0301",
    " leading", "trailing ", "tab\tkey", "k" * 1024, "ü" * 512, "d/" * 511 + "xx",
)  # fmt: skip


def check_stored(s3, bucket, expected):
    """The bucket holds exactly these keys and bodies."""
    assert stored_tree(s3, bucket, "") == expected


# minio-py


@pytest.fixture
def mc(home):
    return minio.Minio(
        f"127.0.0.1:{home.port}",
        access_key=ALICE.access_key,
        secret_key=ALICE.secret_key,
        region=home.name,
        secure=False,
    )


def put_with_minio(mc, bucket, key, body, **options):
    return mc.put_object(
        bucket_name=bucket, object_name=key, data=io.BytesIO(body), length=len(body), part_size=5 * MIB, **options
    )


# The client itself refuses keys with `.` and `..` between slashes, and strips what leads a key.
MINIO_KEYS = tuple(key for key in ODD_KEYS if not key.startswith("/") and not {".", ".."} & set(key.split("/")))


def test_minio_odd_keys(mc, s3, bucket):
    for number, key in enumerate(MINIO_KEYS):
        body = pattern(number % 3 * 100, number)
        put_with_minio(mc, bucket, key, body, metadata={"number": str(number), "text": "a b"})
        assert body_of(s3.get_object(Bucket=bucket, Key=key)) == body
        assert mc.get_object(bucket_name=bucket, object_name=key).read() == body
        stat = mc.stat_object(bucket_name=bucket, object_name=key)
        assert stat.size == len(body)
        assert stat.metadata["x-amz-meta-number"] == str(number)
    listed = [entry.object_name for entry in mc.list_objects(bucket_name=bucket, recursive=True)]
    assert sorted(listed) == sorted(MINIO_KEYS)
    errors = mc.remove_objects(
        bucket_name=bucket,
        delete_object_list=[DeleteObject(key) for key in MINIO_KEYS],
    )
    assert list(errors) == []
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []


def test_minio_multipart_ranges_and_copies(mc, s3, bucket):
    body = pattern(12 * MIB + 17)
    put_with_minio(mc, bucket, "a b/large", body, tags=_tags({"k ä": "v+/="}))
    assert s3.head_object(Bucket=bucket, Key="a b/large")["ETag"].endswith('-3"')
    answer = mc.get_object(bucket_name=bucket, object_name="a b/large", offset=5 * MIB - 3, length=7)
    assert answer.read() == body[5 * MIB - 3 : 5 * MIB + 4]
    assert mc.get_object_tags(bucket_name=bucket, object_name="a b/large") == {"k ä": "v+/="}
    mc.copy_object(
        bucket_name=bucket, object_name="copy", source=CopySource(bucket_name=bucket, object_name="a b/large")
    )
    mc.compose_object(
        bucket_name=bucket,
        object_name="twice",
        sources=[ComposeSource(bucket_name=bucket, object_name=key) for key in ("a b/large", "copy")],
    )
    assert body_of(s3.get_object(Bucket=bucket, Key="twice")) == body + body


def _tags(values):
    tags = Tags.new_object_tags()
    tags.update(values)
    return tags


def test_minio_buckets_versions_and_signed_urls(mc, bucket, s3):
    name = f"{bucket}-minio"
    mc.make_bucket(bucket_name=name)
    assert mc.bucket_exists(bucket_name=name)
    assert name in [entry.name for entry in mc.list_buckets()]
    mc.set_bucket_versioning(bucket_name=name, config=VersioningConfig(status="Enabled"))
    assert mc.get_bucket_versioning(bucket_name=name).status == "Enabled"
    first = put_with_minio(mc, name, "k ü", b"one").version_id
    put_with_minio(mc, name, "k ü", b"")
    assert mc.get_object(bucket_name=name, object_name="k ü", version_id=first).read() == b"one"
    mc.remove_object(bucket_name=name, object_name="k ü")
    entries = list(mc.list_objects(bucket_name=name, include_version=True, recursive=True))
    assert sorted(entry.is_delete_marker for entry in entries) == [False, False, True]
    url = mc.presigned_get_object(bucket_name=name, object_name="k ü", version_id=first)
    assert requests.get(url, timeout=10).content == b"one"
    url = mc.presigned_put_object(bucket_name=name, object_name="put +%")
    assert requests.put(url, data=b"signed", timeout=10).status_code == 200
    assert body_of(s3.get_object(Bucket=name, Key="put +%")) == b"signed"
    for entry in mc.list_objects(bucket_name=name, include_version=True, recursive=True):
        mc.remove_object(bucket_name=name, object_name=entry.object_name, version_id=entry.version_id)
    mc.remove_bucket(bucket_name=name)
    assert not mc.bucket_exists(bucket_name=name)


# s3fs


@pytest.fixture
def s3fs(home):
    return fsspec.filesystem(
        "s3",
        key=ALICE.access_key,
        secret=ALICE.secret_key,
        endpoint_url=home.endpoint,
        client_kwargs={"region_name": home.name},
        config_kwargs={"s3": {"addressing_style": "path"}},
        skip_instance_cache=True,
        use_listings_cache=False,
    )


def test_s3fs_files_and_folders(s3fs, s3, bucket, scratch):
    source, target = write_tree(scratch / "in"), scratch / "out"
    s3fs.put(f"{source}/", f"{bucket}/p/", recursive=True)
    assert stored_tree(s3, bucket, "p/") == FILES
    s3fs.get(f"{bucket}/p/", f"{target}/", recursive=True)
    assert read_tree(target) == FILES
    found = s3fs.find(f"{bucket}/p")
    assert sorted(found) == sorted(f"{bucket}/p/{name}" for name in FILES)
    assert s3fs.isdir(f"{bucket}/p/dir") and s3fs.exists(f"{bucket}/p/empty") and not s3fs.exists(f"{bucket}/p/none")
    assert s3fs.glob(f"{bucket}/p/dir/*/deep") == [f"{bucket}/p/dir/sub/deep"]
    assert s3fs.du(f"{bucket}/p") == sum(map(len, FILES.values()))
    s3fs.mv(f"{bucket}/p/plain.txt", f"{bucket}/q/moved to")
    s3fs.rm(f"{bucket}/p", recursive=True)
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["q/moved to"]


# `*`, `?`, `[` are patterns to this client, empty components and a slash at the end are folders.
S3FS_KEYS = tuple(
    key for key in ODD_KEYS if not set(key) & set("*?[]{}") and "//" not in key and not key.startswith("/") and not key.endswith("/")
)  # fmt: skip


def test_s3fs_odd_keys(s3fs, s3, bucket):
    for number, key in enumerate(S3FS_KEYS):
        body = pattern(number % 3 * 1000, number)
        s3fs.pipe_file(f"{bucket}/{key}", body)
        assert body_of(s3.get_object(Bucket=bucket, Key=key)) == body
        assert s3fs.cat_file(f"{bucket}/{key}") == body
        assert s3fs.info(f"{bucket}/{key}")["size"] == len(body)


def test_s3fs_writes_in_parts_appends_and_reads_ranges(s3fs, s3, bucket):
    body = pattern(13 * MIB + 5)
    with s3fs.open(f"{bucket}/large", "wb", block_size=5 * MIB) as file:
        for start in range(0, len(body), 700_001):
            file.write(body[start : start + 700_001])
    assert "-" in s3.head_object(Bucket=bucket, Key="large")["ETag"]
    with s3fs.open(f"{bucket}/large", "rb", block_size=MIB) as file:
        file.seek(6 * MIB + 1)
        assert file.read(100) == body[6 * MIB + 1 : 6 * MIB + 101]
    with s3fs.open(f"{bucket}/large", "ab") as file:
        file.write(b"tail")
    assert body_of(s3.get_object(Bucket=bucket, Key="large")) == body + b"tail"
    with s3fs.open(f"{bucket}/nothing", "wb"):
        pass
    assert s3.head_object(Bucket=bucket, Key="nothing")["ContentLength"] == 0


# Parquet


def table_of(rows):
    return pyarrow.table(
        {
            "id": list(range(rows)),
            "region": [("eu", "us", "ap ä/%")[number % 3] for number in range(rows)],
            "value": [number * 0.5 for number in range(rows)],
        }
    )


@pytest.fixture
def arrow(home):
    return pyarrow.fs.S3FileSystem(
        access_key=ALICE.access_key,
        secret_key=ALICE.secret_key,
        endpoint_override=f"127.0.0.1:{home.port}",
        region=home.name,
        scheme="http",
        allow_bucket_creation=True,
        allow_bucket_deletion=True,
    )


def test_arrow_writes_and_reads_parquet(arrow, s3, bucket):
    table = table_of(200_000)
    pyarrow.parquet.write_table(table, f"{bucket}/p/one file.parquet", filesystem=arrow, row_group_size=20_000)
    assert pyarrow.parquet.read_table(f"{bucket}/p/one file.parquet", filesystem=arrow).equals(table)
    narrow = pyarrow.parquet.read_table(
        f"{bucket}/p/one file.parquet", filesystem=arrow, columns=["id"], filters=[("id", "<", 100)]
    )
    assert narrow.column("id").to_pylist() == list(range(100))
    pyarrow.parquet.write_to_dataset(table, f"{bucket}/set", partition_cols=["region"], filesystem=arrow)
    back = pyarrow.parquet.read_table(f"{bucket}/set", filesystem=arrow)
    assert back.num_rows == table.num_rows
    assert pyarrow.compute.sum(back["id"]).as_py() == sum(range(200_000))
    assert any("region=" in key for key in keys_of(s3.list_objects_v2(Bucket=bucket, Prefix="set/")))


def test_arrow_files_and_folders(arrow, s3, bucket):
    body = pattern(11 * MIB + 3)
    with arrow.open_output_stream(f"{bucket}/a/large ü+%") as stream:
        stream.write(body)
    assert arrow.open_input_file(f"{bucket}/a/large ü+%").read_at(9, 5 * MIB) == body[5 * MIB : 5 * MIB + 9]
    with arrow.open_output_stream(f"{bucket}/a/empty"):
        pass
    arrow.copy_file(f"{bucket}/a/large ü+%", f"{bucket}/b/copy")
    arrow.move(f"{bucket}/b/copy", f"{bucket}/b/moved")
    infos = arrow.get_file_info(pyarrow.fs.FileSelector(bucket, recursive=True))
    sizes = {info.path.removeprefix(f"{bucket}/"): info.size for info in infos if info.is_file}
    assert sizes == {"a/large ü+%": len(body), "a/empty": 0, "b/moved": len(body)}
    arrow.delete_dir(f"{bucket}/b")
    arrow.create_dir(f"{bucket}-arrow")
    arrow.delete_dir(f"{bucket}-arrow")
    assert "b/moved" not in keys_of(s3.list_objects_v2(Bucket=bucket))


# boto3's transfer manager


@pytest.mark.parametrize("threads", (1, 8))
def test_boto3_transfers(s3, bucket, scratch, threads):
    config = TransferConfig(
        multipart_threshold=6 * MIB, multipart_chunksize=5 * MIB, max_concurrency=threads, use_threads=threads > 1
    )
    for number, (key, size) in enumerate({"empty": 0, "small ü": 100, "parts+%": 17 * MIB + 1, "k" * 1024: 1}.items()):
        body, seen = pattern(size, number), []
        path = scratch / f"{number}"
        path.write_bytes(body)
        s3.upload_file(
            str(path), bucket, key, Config=config, Callback=seen.append,
            ExtraArgs={"Metadata": {"number": str(number)}, "ContentType": "x/y"},
        )  # fmt: skip
        assert sum(seen) == size
        s3.download_file(bucket, key, str(path), Config=config)
        assert path.read_bytes() == body
        sink = io.BytesIO()
        s3.download_fileobj(bucket, key, sink, Config=config)
        assert sink.getvalue() == body
        s3.copy({"Bucket": bucket, "Key": key}, bucket, f"copy{number}", Config=config)
        head = s3.head_object(Bucket=bucket, Key=f"copy{number}")
        assert head["ContentLength"] == size
        if size < 6 * MIB:  # a copy in parts takes no metadata along
            assert (head["Metadata"], head["ContentType"]) == ({"number": str(number)}, "x/y")
        s3.upload_fileobj(io.BytesIO(body), bucket, key, Config=config)
        assert body_of(s3.get_object(Bucket=bucket, Key=key)) == body


def test_boto3_odd_keys(s3, bucket):
    bodies = {key: pattern(number % 3 * 50, number) for number, key in enumerate(ODD_KEYS)}
    for key, body in bodies.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
        if not {".", ".."} & set(key.split("/")):  # requests takes these for folders
            assert requests.get(url, timeout=10).content == body
        s3.copy_object(Bucket=bucket, Key="copied/" + key[:500], CopySource={"Bucket": bucket, "Key": key})
        assert body_of(s3.get_object(Bucket=bucket, Key="copied/" + key[:500])) == body
        s3.delete_object(Bucket=bucket, Key="copied/" + key[:500])
    purge = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in all_versions(s3, bucket) if entry["Key"] not in bodies]  # fmt: skip
    assert "Errors" not in s3.delete_objects(Bucket=bucket, Delete={"Objects": purge, "Quiet": True})
    check_stored(s3, bucket, bodies)
    assert sorted(entry["Key"] for entry in all_versions(s3, bucket)) == sorted(bodies)


# restic


@pytest.fixture
def restic(home, bucket, scratch):
    environment = {
        **clean_environment(), "AWS_ACCESS_KEY_ID": ALICE.access_key, "AWS_SECRET_ACCESS_KEY": ALICE.secret_key,
        "AWS_DEFAULT_REGION": home.name, "RESTIC_PASSWORD": "secret", "RESTIC_REPOSITORY": f"s3:{home.endpoint}/{bucket}/re po",
        "RESTIC_CACHE_DIR": str(scratch / "cache"), "HOME": str(scratch),
    }  # fmt: skip
    return Tool(["restic", "-o", "s3.bucket-lookup=path"], environment)


def test_restic_backs_up_checks_prunes_and_restores(restic, s3, bucket, scratch):
    source = write_tree(scratch / "in")
    # What cannot be compressed or found twice, so that there are packs of their usual size.
    (source / "random.bin").write_bytes(random.Random(1).randbytes(24 * MIB))
    restic("init")
    restic("backup", source)
    (source / "plain.txt").write_bytes(b"changed")
    restic("backup", source)
    assert len(json.loads(restic("snapshots", "--json"))) == 2
    restic("check", "--read-data")
    restic("restore", "latest", "--target", scratch / "out")
    assert read_tree(scratch / "out" / source.relative_to("/")) == read_tree(source)
    restic("forget", "--keep-last", "1", "--prune")
    restic("check", "--read-data")
    assert len(json.loads(restic("snapshots", "--json"))) == 1
    assert not keys_of(s3.list_objects_v2(Bucket=bucket, Prefix="re po/locks/")), "a lock stayed behind"


# What test_clients.py leaves out of the command lines


def test_aws_presign_filters_and_storage_class(aws, s3, bucket, scratch):
    write_tree(scratch / "in", {"a b.txt": b"1", "c.log": b"", "ü+%/d.txt": b"3"})
    aws(
        "s3", "cp", scratch / "in", f"s3://{bucket}/p/", "--recursive", "--exclude", "*", "--include", "*.txt", "--no-progress",
        "--storage-class", "STANDARD_IA", "--metadata", "m=1", "--content-type", "text/x",
    )  # fmt: skip
    assert stored_tree(s3, bucket, "p/") == {"a b.txt": b"1", "ü+%/d.txt": b"3"}
    head = s3.head_object(Bucket=bucket, Key="p/ü+%/d.txt")
    assert (head["StorageClass"], head["Metadata"], head["ContentType"]) == ("STANDARD_IA", {"m": "1"}, "text/x")
    for key, body in (("p/a b.txt", b"1"), ("p/ü+%/d.txt", b"3")):
        url = aws("s3", "presign", f"s3://{bucket}/{key}", "--expires-in", "60").strip()
        assert requests.get(url, timeout=10).content == body
    aws("s3", "mv", f"s3://{bucket}/p/", f"s3://{bucket}/q//", "--recursive", "--no-progress")
    assert stored_tree(s3, bucket, "") == {"q//a b.txt": b"1", "q//ü+%/d.txt": b"3"}
    aws("s3", "sync", f"s3://{bucket}/q//", f"s3://{bucket}/r/", "--no-progress")
    aws("s3", "rm", f"s3://{bucket}/q", "--recursive", "--exclude", "*d.txt")
    assert sorted(stored_tree(s3, bucket, "")) == ["q//ü+%/d.txt", "r/a b.txt", "r/ü+%/d.txt"]


def test_aws_s3api_multipart_and_versions(aws, s3, bucket, scratch):
    def api(*arguments):
        output = aws("s3api", *arguments)
        return json.loads(output) if output.strip() else {}

    key, parts = "odd ü+%//key", []
    upload = api("create-multipart-upload", "--bucket", bucket, "--key", key)["UploadId"]
    target = ("--bucket", bucket, "--key", key, "--upload-id", upload)
    for number, size in ((1, 5 * MIB), (2, 0 + 7)):
        (scratch / "part").write_bytes(pattern(size, number))
        answer = api("upload-part", *target, "--part-number", str(number), "--body", str(scratch / "part"))
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    assert [part["PartNumber"] for part in api("list-parts", *target)["Parts"]] == [1, 2]
    assert api("list-multipart-uploads", "--bucket", bucket)["Uploads"][0]["Key"] == key
    done = api("complete-multipart-upload", *target, "--multipart-upload", json.dumps({"Parts": parts}))
    api("get-object", "--bucket", bucket, "--key", key, "--range", "bytes=5242878-5242882", str(scratch / "out"))
    assert (scratch / "out").read_bytes() == pattern(5 * MIB, 1)[-2:] + pattern(7, 2)[:3]
    assert api("get-object-attributes", "--bucket", bucket, "--key", key, "--object-attributes", "ObjectSize")["ObjectSize"] == 5 * MIB + 7  # fmt: skip
    api("put-object-tagging", "--bucket", bucket, "--key", key, "--tagging", "TagSet=[{Key=k ü,Value=v}]")
    assert api("get-object-tagging", "--bucket", bucket, "--key", key)["TagSet"] == [{"Key": "k ü", "Value": "v"}]
    deleted = api("delete-object", "--bucket", bucket, "--key", key)
    assert deleted["DeleteMarker"]
    api("delete-object", "--bucket", bucket, "--key", key, "--version-id", deleted["VersionId"])
    assert api("head-object", "--bucket", bucket, "--key", key)["VersionId"] == done["VersionId"]
    deletes = {"Objects": [{"Key": key, "VersionId": done["VersionId"]}]}
    assert len(api("delete-objects", "--bucket", bucket, "--delete", json.dumps(deletes))["Deleted"]) == 1
    assert all_versions(s3, bucket) == []


def test_rclone_checks_against_memory_of_its_own(rclone, s3, bucket, scratch):
    """`check --download` compares bytes; what differs or is missing is told."""
    source = write_tree(scratch / "in", FILES | {"seven.bin": pattern(7 * MIB)})
    rclone("copy", source, f"t:{bucket}/p", "--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M")
    rclone("check", "--download", source, f"t:{bucket}/p")
    s3.put_object(Bucket=bucket, Key="p/seven.bin", Body=pattern(7 * MIB, 1))
    rclone("check", "--download", "--missing-on-dst", scratch / "missing", source, f"t:{bucket}/p", check=False)
    with pytest.raises(AssertionError, match="1 differences"):
        rclone("check", "--download", source, f"t:{bucket}/p")
    assert rclone("size", "--json", f"t:{bucket}/p").strip()
    rclone("copy", f"t:{bucket}/p", f"t:{bucket}/second")
    rclone("check", "--download", f"t:{bucket}/p", f"t:{bucket}/second")
    rclone("purge", f"t:{bucket}/p")
    assert stored_tree(s3, bucket, "p/") == {}


def test_rclone_streams_of_unknown_length(rclone, s3, bucket, scratch):
    (scratch / "f").write_bytes(pattern(12 * MIB + 1))
    tool = Tool(["sh", "-c", f'cat "{scratch}/f" | "$0" "$@"', *rclone.command], rclone.environment)
    tool("rcat", f"t:{bucket}/streamed ü", "--streaming-upload-cutoff", "1M", "--s3-chunk-size", "5M")
    assert hashlib.md5(body_of(s3.get_object(Bucket=bucket, Key="streamed ü"))).hexdigest() == md5_of(scratch / "f")


def test_s5cmd_moves_pipes_and_presigns(s5cmd, s3, bucket, scratch):
    (scratch / "f").write_bytes(pattern(11 * MIB))
    s5cmd("cp", "--part-size", "5", scratch / "f", f"s3://{bucket}/a b/ü+")
    s5cmd("mv", "--raw", f"s3://{bucket}/a b/ü+", f"s3://{bucket}/m//v")
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["m//v"]
    url = s5cmd("presign", f"s3://{bucket}/m//v").strip()
    assert requests.get(url, timeout=10).content == pattern(11 * MIB)
    assert '"size":11534336' in s5cmd("--json", "head", f"s3://{bucket}/m//v").replace(" ", "")
    (scratch / "e").write_bytes(b"")
    s5cmd("cp", scratch / "e", f"s3://{bucket}/empty")
    s5cmd("sync", "--delete", f"s3://{bucket}/m/*", f"s3://{bucket}/n/")
    assert sorted(stored_tree(s3, bucket, "")) == ["empty", "m//v", "n//v"] or "n/v" in stored_tree(s3, bucket, "")


def test_s3cmd_multipart_and_versions(s3cmd, s3, bucket, scratch):
    (scratch / "f").write_bytes(pattern(16 * MIB + 9))
    s3cmd("put", "--multipart-chunk-size-mb=5", scratch / "f", f"s3://{bucket}/a ü+%25")
    assert s3.head_object(Bucket=bucket, Key="a ü+%25")["ETag"].endswith('-4"')
    s3cmd("get", f"s3://{bucket}/a ü+%25", scratch / "back")
    assert md5_of(scratch / "back") == md5_of(scratch / "f")
    s3cmd("cp", f"s3://{bucket}/a ü+%25", f"s3://{bucket}/copy")
    assert body_of(s3.get_object(Bucket=bucket, Key="copy")) == pattern(16 * MIB + 9)
    os.truncate(scratch / "f", 0)
    s3cmd("put", scratch / "f", f"s3://{bucket}/empty")
    assert s3.head_object(Bucket=bucket, Key="empty")["ContentLength"] == 0
    upload = s3.create_multipart_upload(Bucket=bucket, Key="left ü")["UploadId"]
    assert upload in s3cmd("multipart", f"s3://{bucket}")
    s3cmd("abortmp", f"s3://{bucket}/left ü", upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
