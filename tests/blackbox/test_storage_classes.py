"""Storage classes (s3-api §11.1)."""

import pytest
import replication
from federation import Federation
from s3 import body_of, fails, upload_multipart
from waiting import eventually

CLASSES = [
    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE",
    "GLACIER_IR",
]  # fmt: skip


@pytest.mark.parametrize("storage_class", CLASSES)
def test_the_class_is_kept_and_shown(s3, bucket, storage_class):
    s3.put_object(Bucket=bucket, Key="a", Body=b"v", StorageClass=storage_class)
    upload_multipart(s3, bucket, "b", [b"part"], StorageClass=storage_class)
    s3.put_object(Bucket=bucket, Key="source", Body=b"v")
    s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/source", StorageClass=storage_class)
    s3.delete_object(Bucket=bucket, Key="source")
    for key in "abc":
        head = s3.head_object(Bucket=bucket, Key=key)
        # S3 does not name STANDARD in headers.
        assert head.get("StorageClass", "STANDARD") == storage_class
    assert {entry["StorageClass"] for entry in s3.list_objects(Bucket=bucket)["Contents"]} == {storage_class}
    assert {entry["StorageClass"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]} == {storage_class}
    versions = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert {entry["StorageClass"] for entry in versions if entry["Key"] != "source"} == {storage_class}


@pytest.mark.parametrize("storage_class", ["OUTPOSTS", "SNOW", "EXPRESS_ONEZONE", "standard", "COLD"])
def test_unknown_classes_are_refused(s3, bucket, storage_class):
    with fails(
        400,
        "InvalidStorageClass",
        "The storage class you specified is not valid",
        StorageClassRequested=storage_class,
    ):
        s3.put_object(Bucket=bucket, Key="k", Body=b"v", StorageClass=storage_class)


def test_a_copy_does_not_inherit_the_class(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"v", StorageClass="STANDARD_IA")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    assert "StorageClass" not in s3.head_object(Bucket=bucket, Key="copy")


# Storage pools

COLD = {"GLACIER_IR": "frozen", "STANDARD_IA": "plain"}


@pytest.fixture(scope="module")
def pooled(workspace):
    """Two regions, the first with two storage pools: `frozen` compresses, `plain` does not. A day has a second."""
    federation = Federation(workspace / "pooled", extra=("--day-length", "1"))
    try:
        federation.start()
        home = federation["us-east-1"]
        home.terminate()
        pools = ["storage:", "  pools:"]
        for name, compression, storage_class in [
            ("frozen", "zstd", "GLACIER_IR"),
            ("plain", "none", "STANDARD_IA"),
        ]:
            pools += [
                f"    - name: {name}",
                f"      directory: {federation.directory / name}",
                f"      compression: {compression}",
                f"      classes: [{storage_class}]",
            ]
        # What is encrypted cannot be compressed: these regions have no root key.
        for region in federation.regions:
            if region is not home:
                region.terminate()
            lines = [line for line in region.config_path.read_text().splitlines() if "root_key_file" not in line]
            text = "\n".join(lines) + "\n"
            region.config_path.write_text(text.replace("storage:", "\n".join(pools), 1) if region is home else text)
            region.start()
        yield federation
    finally:
        federation.stop()


def pool_bytes(federation, name):
    """What the blobs of a pool take."""
    root = federation.directory / name / "blobs"
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


def repeating(size):
    """Bytes that compress well, and in which places can be told apart."""
    return b"".join(b"%015d\n" % number for number in range(size // 16))


@pytest.mark.parametrize("storage_class", list(COLD))
def test_pools_hold_the_bodies_of_their_classes(pooled, storage_class):
    home = pooled["us-east-1"]
    s3, bucket = home.client(), home.bucket()
    body = repeating(3 << 20)
    before = pool_bytes(pooled, COLD[storage_class])
    s3.put_object(Bucket=bucket, Key="k", Body=body, StorageClass=storage_class)
    taken = pool_bytes(pooled, COLD[storage_class]) - before
    if storage_class == "GLACIER_IR":
        assert 0 < taken < len(body) // 3
    else:
        assert len(body) <= taken < len(body) * 1.01
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == body
    for first, last in [(0, 0), (131_071, 131_072), (1_000_000, 1_400_000), (len(body) - 1, len(body) - 1)]:
        part = body_of(s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={first}-{last}"))
        assert part == body[first : last + 1]
    s3.copy_object(Bucket=bucket, Key="standard", CopySource=f"{bucket}/k")
    s3.copy_object(Bucket=bucket, Key="back", CopySource=f"{bucket}/standard", StorageClass=storage_class)
    s3.copy_object(Bucket=bucket, Key="same", CopySource=f"{bucket}/k", StorageClass=storage_class)
    for key in ["standard", "back", "same"]:
        assert body_of(s3.get_object(Bucket=bucket, Key=key)) == body
    for key in ["k", "standard", "back", "same"]:
        for version in s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]:
            s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])
    assert pool_bytes(pooled, COLD[storage_class]) == before


def test_parts_are_kept_in_the_pool(pooled):
    home = pooled["us-east-1"]
    s3, bucket = home.client(), home.bucket()
    parts = [repeating(5 << 20), repeating(1 << 20)]
    before = pool_bytes(pooled, "plain")
    upload_multipart(s3, bucket, "k", parts, StorageClass="STANDARD_IA")
    assert pool_bytes(pooled, "plain") - before >= 6 << 20
    assert body_of(s3.get_object(Bucket=bucket, Key="k")) == b"".join(parts)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k", StorageClass="GLACIER_IR")
    assert body_of(s3.get_object(Bucket=bucket, Key="copy")) == b"".join(parts)


def test_a_transition_moves_the_body(pooled):
    home = pooled["us-east-1"]
    s3, bucket = home.client(), home.bucket()
    parts = [repeating(5 << 20), repeating(1 << 20)]
    upload_multipart(s3, bucket, "multipart", parts)
    s3.put_object(Bucket=bucket, Key="plain", Body=parts[1])
    before = pool_bytes(pooled, "frozen")
    transition = {"Days": 1, "StorageClass": "GLACIER_IR"}
    rules = [{"ID": "r", "Status": "Enabled", "Filter": {}, "Transitions": [transition]}]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    for key, body in [("multipart", b"".join(parts)), ("plain", parts[1])]:
        eventually(
            lambda key=key: s3.head_object(Bucket=bucket, Key=key).get("StorageClass") == "GLACIER_IR",
            f"{key} is transitioned",
        )
        assert body_of(s3.get_object(Bucket=bucket, Key=key)) == body
    assert pool_bytes(pooled, "frozen") > before
    home.kill()
    home.start()
    assert body_of(s3.get_object(Bucket=bucket, Key="multipart", Range="bytes=5242870-5242890")) == b"".join(parts)[
        5242870:5242891
    ]


@pytest.mark.parametrize("size", [100_000, 9 << 20])
def test_replicas_go_to_the_pool_of_their_class(pooled, size):
    home, abroad = pooled["us-east-1"], pooled["eu-west-1"]
    source, destination = abroad.client(), home.client()
    bucket, other, third = abroad.bucket(), home.bucket(), home.bucket()
    body = repeating(size)
    replication.configure(source, bucket, replication.rule(other, StorageClass="STANDARD_IA"))
    replication.configure(destination, third, replication.rule(other, StorageClass="GLACIER_IR"))
    before = pool_bytes(pooled, "plain"), pool_bytes(pooled, "frozen")
    source.put_object(Bucket=bucket, Key="k", Body=body)
    destination.put_object(Bucket=third, Key="within", Body=body)
    for key in ["k", "within"]:
        eventually(
            lambda key=key: s3_keys(destination, other, key), f"the replica {key} is there", within=30
        )
        assert body_of(destination.get_object(Bucket=other, Key=key)) == body
    assert pool_bytes(pooled, "plain") - before[0] >= size // 16 * 16
    assert pool_bytes(pooled, "frozen") > before[1]


def s3_keys(s3, bucket, key):
    return s3.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents")


@pytest.mark.parametrize("storage_class", list(COLD))
def test_encrypted_bodies_move_between_pools_as_they_lie(pooled, storage_class):
    """Under a customer's key: what moves them has no key, and needs none."""
    home = pooled["us-east-1"]
    s3, bucket = home.client(), home.bucket()
    own = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"k" * 32}
    body = repeating(1 << 20)
    before = pool_bytes(pooled, COLD[storage_class])
    s3.put_object(Bucket=bucket, Key="k", Body=body, StorageClass=storage_class, **own)
    assert len(body) < pool_bytes(pooled, COLD[storage_class]) - before < len(body) * 1.01
    part = s3.get_object(Bucket=bucket, Key="k", Range="bytes=65530-131080", **own)
    assert body_of(part) == body[65530:131081]
    source = {"CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": b"k" * 32}
    s3.copy_object(Bucket=bucket, Key="standard", CopySource=f"{bucket}/k", **source, **own)
    s3.copy_object(Bucket=bucket, Key="back", CopySource=f"{bucket}/standard", StorageClass=storage_class, **source, **own)
    for key in ("k", "standard", "back"):
        assert body_of(s3.get_object(Bucket=bucket, Key=key, **own)) == body

    rule = {"ID": "r", "Status": "Enabled", "Filter": {}, "Transitions": [{"Days": 0, "StorageClass": "GLACIER_IR"}]}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    eventually(
        lambda: s3.head_object(Bucket=bucket, Key="standard", **own).get("StorageClass") == "GLACIER_IR",
        "the object was moved",
    )
    assert body_of(s3.get_object(Bucket=bucket, Key="standard", **own)) == body
