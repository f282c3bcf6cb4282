"""Live replication between two regions and within one (live-replication.md §1.3, §2, §3, §8, §9)."""

import datetime

import pytest
from federation import BOB
from replication import (
    ROLE,
    assert_same_version,
    configure,
    is_absent,
    rule,
    rule_v1,
    status_of,
    wait_for_replica,
    wait_for_status,
    wait_until_equal,
)  # fmt: skip
from s3 import all_versions, body_of, fails, in_parallel, multipart_etag, part_result, pattern, upload_multipart
from waiting import always, eventually

MIB = 1 << 20


@pytest.fixture(params=["cross-region", "same-region"])
def pair(request, federation):
    """(source client, source bucket, destination client, destination bucket): CRR and SRR behave alike."""
    home = federation["us-east-1"]
    there = federation["eu-west-1"] if request.param == "cross-region" else home
    return home.client(), home.bucket(), there.client(), there.bucket()


@pytest.fixture
def crr(federation):
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    return home.client(), home.bucket(), abroad.client(), abroad.bucket()


def put(client, bucket, key="k", body=b"v", **parameters):
    return client.put_object(Bucket=bucket, Key=key, Body=body, **parameters)["VersionId"]


def never_admitted(client, bucket, key, version=None):
    """T-03: no header, now and a while later."""
    always(lambda: status_of(client, bucket, key, version) is None, f"{key} has no replication status", during=0.5)


def tag_set(**tags):
    return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


def tags_of(client, bucket, key, version):
    answer = client.get_object_tagging(Bucket=bucket, Key=key, VersionId=version)
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


# The replica: P-01 … P-10, L-01, L-10, L-19


@pytest.mark.parametrize("size", [0, 1, 1000, 32768, 32769, 300_000, 5 * MIB + 1])
def test_p_01_p_03_p_17_bodies(pair, size):
    source, bucket, destination, other = pair
    configure(source, bucket, rule(other))
    version = put(source, bucket, body=pattern(size))
    wait_for_status(source, bucket, "k", version)
    assert_same_version(source, bucket, destination, other, "k", version)
    assert [entry["VersionId"] for entry in all_versions(destination, other)] == [version]


@pytest.mark.parametrize("key", ["a/", "ä ö+ü%20//x", "../x", "\x01\x7f", "k" * 1024, "😀" * 256, "<&>"], ids=ascii)
def test_p_03_l_19_keys(pair, key):
    source, bucket, destination, other = pair
    configure(source, bucket, rule(other))
    version = put(source, bucket, key, key.encode())
    wait_for_status(source, bucket, key, version)
    assert_same_version(source, bucket, destination, other, key, version)


def test_p_04_p_05_p_06_metadata_and_tags(pair):
    source, bucket, destination, other = pair
    configure(source, bucket, rule(other))
    version = put(
        source, bucket, body=b"v", ContentType="text/x; charset=y", CacheControl="no-store", ContentDisposition='inline; filename="a"',
        ContentEncoding="gzip", ContentLanguage="de", Expires=datetime.datetime(2033, 1, 1, tzinfo=datetime.UTC),
        WebsiteRedirectLocation="/elsewhere", Metadata={"a": "1", "b-c": "x y"}, Tagging="t=1&u=&v%20w=%C3%A4",
    )  # fmt: skip
    wait_for_status(source, bucket, "k", version)
    assert_same_version(source, bucket, destination, other, "k", version)
    assert tags_of(destination, other, "k", version) == {"t": "1", "u": "", "v w": "ä"}


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_p_09_checksums(pair, algorithm):
    source, bucket, destination, other = pair
    configure(source, bucket, rule(other))
    version = put(source, bucket, body=pattern(100_000), ChecksumAlgorithm=algorithm)
    wait_for_status(source, bucket, "k", version)
    assert_same_version(source, bucket, destination, other, "k", version)
    head = destination.head_object(Bucket=other, Key="k", ChecksumMode="ENABLED")
    assert head[f"Checksum{algorithm}"]


def test_p_08_p_09_l_18_multipart_structure(pair):
    source, bucket, destination, other = pair
    configure(source, bucket, rule(other))
    parts = [pattern(5 * MIB + 11, 1), pattern(6 * MIB, 2), pattern(3, 3)]
    upload = source.create_multipart_upload(
        Bucket=bucket,
        Key="m",
        ChecksumAlgorithm="CRC32",
        Metadata={"a": "1"},
        Tagging="t=1",
        StorageClass="STANDARD_IA",
    )["UploadId"]
    listed = []
    for number, part in enumerate(parts, 1):
        answer = source.upload_part(
            Bucket=bucket, Key="m", UploadId=upload, PartNumber=number * 7, Body=part, ChecksumAlgorithm="CRC32"
        )
        listed.append({"PartNumber": number * 7, "ETag": answer["ETag"], "ChecksumCRC32": answer["ChecksumCRC32"]})
    assert all_versions(destination, other) == [], "parts and uploads are not visible at the destination"
    done = source.complete_multipart_upload(Bucket=bucket, Key="m", UploadId=upload, MultipartUpload={"Parts": listed})
    wait_for_status(source, bucket, "m", done["VersionId"])
    assert_same_version(source, bucket, destination, other, "m", done["VersionId"])
    assert destination.head_object(Bucket=other, Key="m")["ETag"] == multipart_etag(parts)
    attributes = ["ObjectParts", "Checksum", "ETag", "ObjectSize", "StorageClass"]
    here, there = (
        client.get_object_attributes(Bucket=name, Key="m", ObjectAttributes=attributes)
        for client, name in ((source, bucket), (destination, other))
    )
    for name in ("ObjectParts", "Checksum", "ETag", "ObjectSize", "StorageClass"):
        assert here[name] == there[name]
    numbers = [part["PartNumber"] for part in here["ObjectParts"]["Parts"]]
    for index, number in enumerate(numbers):
        got = destination.get_object(Bucket=other, Key="m", PartNumber=number)
        assert (body_of(got), got["PartsCount"]) == (parts[index], 3)
    assert "Uploads" not in destination.list_multipart_uploads(Bucket=other)


def test_p_10_storage_class(pair):
    source, bucket, destination, other = pair
    configure(source, bucket, rule(other, StorageClass="GLACIER_IR"))
    version = put(source, bucket, StorageClass="STANDARD_IA")
    wait_for_status(source, bucket, "k", version)
    assert_same_version(source, bucket, destination, other, "k", version, storage_class="GLACIER_IR")
    assert source.head_object(Bucket=bucket, Key="k")["StorageClass"] == "STANDARD_IA"
    configure(source, bucket, rule(other))
    version = put(source, bucket, "l", StorageClass="ONEZONE_IA")
    wait_for_status(source, bucket, "l", version)
    assert_same_version(source, bucket, destination, other, "l", version, storage_class="ONEZONE_IA")


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_l_09_u_30_archived_classes_are_not_eligible(pair, storage_class):
    source, bucket, destination, other = pair
    configure(source, bucket, rule(other))
    version = put(source, bucket, StorageClass=storage_class)
    never_admitted(source, bucket, "k", version)
    assert all_versions(destination, other) == []


@pytest.mark.parametrize(
    "storage_class", ["REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"]
)
def test_l_10_other_classes_are(pair, storage_class):
    source, bucket, destination, other = pair
    configure(source, bucket, rule(other))
    version = put(source, bucket, StorageClass=storage_class)
    wait_for_status(source, bucket, "k", version)
    assert_same_version(source, bucket, destination, other, "k", version)


def test_l_01_l_57_copies(pair):
    source, bucket, destination, other = pair
    put(source, bucket, "before", b"x" * 100_000, Metadata={"a": "1"}, Tagging="t=1")
    configure(source, bucket, rule(other))
    origin = {"Bucket": bucket, "Key": "before"}
    copied = source.copy_object(Bucket=bucket, Key="copy", CopySource=origin)["VersionId"]
    itself = source.copy_object(Bucket=bucket, Key="before", CopySource=origin, MetadataDirective="REPLACE")[
        "VersionId"
    ]
    for key, version in (("copy", copied), ("before", itself)):
        wait_for_status(source, bucket, key, version)
        assert_same_version(source, bucket, destination, other, key, version)
    assert tags_of(destination, other, "copy", copied) == {"t": "1"}
    assert len(all_versions(destination, other)) == 2


def test_p_20_every_version_of_a_key(pair):
    source, bucket, destination, other = pair
    configure(source, bucket, rule(other, markers="Enabled"))
    for number in range(10):
        put(source, bucket, "k", b"%d" % number)
        if number % 3 == 2:
            source.delete_object(Bucket=bucket, Key="k")
    listed = wait_until_equal(source, bucket, destination, other)
    assert len(listed) == 13
    here, there = (
        [entry["VersionId"] for entry in client.list_object_versions(Bucket=name)["Versions"]]
        for client, name in ((source, bucket), (destination, other))
    )
    assert here == there  # P-20


def test_many_objects_at_once(pair):
    source, bucket, destination, other = pair
    configure(source, bucket, rule(other, markers="Enabled"))
    in_parallel(lambda n: put(source, bucket, f"k{n:03}", pattern(n * 97, n)), range(300), workers=16)
    wait_until_equal(source, bucket, destination, other)
    in_parallel(lambda n: wait_for_status(source, bucket, f"k{n:03}"), range(300), workers=8)


# T-01 … T-05: the header


def test_t_05_pending_at_once_then_completed(federation):
    """With the destination paused the status stays PENDING; it becomes COMPLETED afterwards."""
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    source, bucket, other = home.client(), home.bucket(), abroad.bucket()
    configure(source, bucket, rule(other))
    with abroad.paused():
        version = put(source, bucket, "k", b"v" * 100)
        assert status_of(source, bucket, "k", version) == "PENDING"
        always(lambda: status_of(source, bucket, "k") == "PENDING", "stays PENDING", during=1)
    wait_for_status(source, bucket, "k", version)


def test_t_01_only_get_and_head_have_the_header(raw, crr):
    source, bucket, _, other = crr
    configure(source, bucket, rule(other))
    answer = raw.request("PUT", f"/{bucket}/k", body=b"v")
    assert "x-amz-replication-status" not in answer.headers
    wait_for_status(source, bucket, "k")
    for method, target, headers, expected in [
        ("GET", f"/{bucket}/k", {}, True), ("HEAD", f"/{bucket}/k", {}, True), ("GET", f"/{bucket}/k", {"range": "bytes=0-0"}, True),
        ("GET", f"/{bucket}/k?attributes", {"x-amz-object-attributes": "ETag"}, False), ("GET", f"/{bucket}?list-type=2", {}, False),
        ("GET", f"/{bucket}?versions", {}, False), ("GET", f"/{bucket}/k?tagging", {}, False),
    ]:  # fmt: skip
        answer = raw.request(method, target, headers=headers)
        assert answer.status < 300, str(answer)
        assert ("x-amz-replication-status" in answer.headers) == expected, (method, target)
        assert b"ReplicationStatus" not in answer.body


def test_t_21_a_client_cannot_write_the_status(raw, home, crr):
    bucket = home.bucket()
    raw.request("PUT", f"/{bucket}/k", body=b"v", headers={"x-amz-replication-status": "REPLICA"})
    assert "x-amz-replication-status" not in raw.request("HEAD", f"/{bucket}/k").headers
    source, configured, _, other = crr
    configure(source, configured, rule(other))
    raw.request(
        "PUT",
        f"/{configured}/k",
        body=b"v",
        headers={"x-amz-replication-status": "REPLICA", "x-amz-meta-x-amz-replication": "1"},
    )
    wait_for_status(source, configured, "k")


def test_t_04_the_status_outlives_the_configuration(crr):
    source, bucket, destination, other = crr
    configure(source, bucket, rule(other))
    version = put(source, bucket)
    wait_for_status(source, bucket, "k", version)
    source.delete_bucket_replication(Bucket=bucket)
    assert status_of(source, bucket, "k", version) == "COMPLETED"
    assert status_of(destination, other, "k", version) == "REPLICA"  # T-10
    never_admitted(source, bucket, "l", put(source, bucket, "l"))


def test_t_22_status_is_not_copied(crr, federation):
    source, bucket, destination, other = crr
    configure(source, bucket, rule(other, prefix="in/"))
    put(source, bucket, "in/k")
    wait_for_status(source, bucket, "in/k")
    copied = source.copy_object(Bucket=bucket, Key="out/k", CopySource={"Bucket": bucket, "Key": "in/k"})["VersionId"]
    never_admitted(source, bucket, "out/k", copied)
    plain = federation["eu-west-1"].bucket()
    destination.copy_object(Bucket=plain, Key="k", CopySource={"Bucket": other, "Key": "in/k"})
    assert status_of(destination, plain, "k") is None


def test_t_16_no_status_on_delete_markers(raw, crr):
    source, bucket, _, other = crr
    configure(source, bucket, rule(other, markers="Enabled"))
    marker = source.delete_object(Bucket=bucket, Key="k")["VersionId"]
    answer = raw.request("HEAD", f"/{bucket}/k?versionId={marker}")
    assert answer.status == 405
    assert "x-amz-replication-status" not in answer.headers


# Filters and priorities: C-50 … C-57


@pytest.mark.parametrize(
    ("filter_prefix", "filter_tags", "key", "tags", "matches"),
    [
        ("a/", None, "a/k", "", True),
        ("a/", None, "a/", "", True),
        ("a/", None, "A/k", "", False),
        ("a/", None, "a", "", False),
        ("a/", None, "b/a/k", "", False),
        ("ä*", None, "ä*k", "", True),
        ("ä*", None, "äxk", "", False),
        ("", None, "anything", "", True),
        (None, {"t": "1"}, "k", "t=1", True),
        (None, {"t": "1"}, "k", "t=1&u=2", True),
        (None, {"t": "1"}, "k", "t=2", False),
        (None, {"t": "1"}, "k", "T=1", False),
        (None, {"t": "1"}, "k", "", False),
        (None, {"t": ""}, "k", "t=", True),
        (None, {"t": "1", "u": "2"}, "k", "u=2&t=1&v=3", True),
        (None, {"t": "1", "u": "2"}, "k", "t=1", False),
        ("a/", {"t": "1"}, "a/k", "t=1", True),
        ("a/", {"t": "1"}, "b/k", "t=1", False),
        ("a/", {"t": "1"}, "a/k", "", False),
    ],
)
def test_c_50_u_06_filters(crr, filter_prefix, filter_tags, key, tags, matches):
    source, bucket, destination, other = crr
    configure(source, bucket, rule(other, prefix=filter_prefix, tags=filter_tags))
    version = put(source, bucket, key, Tagging=tags)
    if matches:
        wait_for_status(source, bucket, key, version)
        assert_same_version(source, bucket, destination, other, key, version)
    else:
        never_admitted(source, bucket, key, version)
        assert all_versions(destination, other) == []


def test_c_51_several_destinations(federation):
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    source, bucket = home.client(), home.bucket()
    others = [(abroad.client(), abroad.bucket()), (home.client(), home.bucket()), (abroad.client(), abroad.bucket())]
    configure(
        source, bucket, *(rule(name, identifier=f"r{n}", priority=n, StorageClass="STANDARD_IA" if n == 2 else "STANDARD")
                          for n, (_, name) in enumerate(others, 1)),
    )  # fmt: skip
    version = put(source, bucket, body=pattern(200_000), Tagging="t=1")
    wait_for_status(source, bucket, "k", version)
    for number, (destination, other) in enumerate(others, 1):
        assert_same_version(
            source, bucket, destination, other, "k", version, storage_class="STANDARD_IA" if number == 2 else "STANDARD"
        )


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_c_52_highest_priority_of_one_destination(crr, order):
    source, bucket, destination, other = crr
    low = rule(other, prefix="a/", identifier="low", priority=1, StorageClass="STANDARD_IA")
    high = rule(other, prefix="", identifier="high", priority=10, StorageClass="ONEZONE_IA")
    configure(source, bucket, *(low if number == 1 else high for number in order))
    version = put(source, bucket, "a/k")
    wait_for_status(source, bucket, "a/k", version)
    assert destination.head_object(Bucket=other, Key="a/k")["StorageClass"] == "ONEZONE_IA"
    assert len(all_versions(destination, other)) == 1


def test_c_54_a_disabled_rule_takes_no_part(crr):
    source, bucket, destination, other = crr
    configure(
        source,
        bucket,
        rule(other, identifier="a", priority=1, StorageClass="STANDARD_IA"),
        rule(other, identifier="b", priority=9, StorageClass="ONEZONE_IA", status="Disabled"),
    )
    wait_for_status(source, bucket, "k", put(source, bucket))
    assert destination.head_object(Bucket=other, Key="k")["StorageClass"] == "STANDARD_IA"


def test_c_55_delete_markers_and_tag_rules(crr):
    """The tag rule wins for the tagged object, but never matches a marker; the other rule decides for that."""
    source, bucket, destination, other = crr
    configure(
        source,
        bucket,
        rule(other, tags={"t": "1"}, identifier="a", priority=9, StorageClass="STANDARD_IA"),
        rule(other, identifier="b", priority=1, markers="Enabled"),
    )
    put(source, bucket, "k", Tagging="t=1")
    source.delete_object(Bucket=bucket, Key="k")
    wait_until_equal(source, bucket, destination, other)
    markers = [entry for entry in all_versions(destination, other) if entry["IsMarker"]]
    assert len(markers) == 1


# Eligibility: L-02, L-03, L-13, L-15 …


def test_l_02_u_01_versions_from_before_the_configuration(crr):
    source, bucket, destination, other = crr
    before = put(source, bucket, "k", b"before")
    configure(source, bucket, rule(other))
    after = put(source, bucket, "k", b"after")
    wait_for_status(source, bucket, "k", after)
    assert status_of(source, bucket, "k", before) is None
    assert [entry["VersionId"] for entry in all_versions(destination, other)] == [after]


def test_l_17_null_versions_from_before(home, abroad):
    source, bucket, other = home.client(), home.bucket(versioned=False), abroad.bucket()
    source.put_object(Bucket=bucket, Key="k", Body=b"null")
    source.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    configure(source, bucket, rule(other))
    never_admitted(source, bucket, "k", "null")
    source.put_object_tagging(Bucket=bucket, Key="k", VersionId="null", Tagging=tag_set(t="1"))
    never_admitted(source, bucket, "k", "null")


def test_l_03_u_25_disabled_and_enabled_again(crr):
    source, bucket, destination, other = crr
    configure(source, bucket, rule(other, status="Disabled"))
    missed = put(source, bucket, "missed")
    configure(source, bucket, rule(other))
    caught = put(source, bucket, "caught")
    wait_for_status(source, bucket, "caught", caught)
    never_admitted(source, bucket, "missed", missed)
    assert [entry["Key"] for entry in all_versions(destination, other)] == ["caught"]


def test_l_13_l_54_u_13_tags_that_come_later(crr):
    source, bucket, destination, other = crr
    configure(source, bucket, rule(other, tags={"t": "1"}))
    version = put(source, bucket)
    source.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(t="1"))
    never_admitted(source, bucket, "k", version)
    assert all_versions(destination, other) == []


def test_l_15_i_16_u_26_a_changed_destination(crr, federation):
    source, bucket, destination, other = crr
    configure(source, bucket, rule(other))
    old = put(source, bucket, "old")
    wait_for_status(source, bucket, "old", old)
    third = federation["eu-west-1"].bucket()
    configure(source, bucket, rule(third))
    new = put(source, bucket, "new")
    wait_for_status(source, bucket, "new", new)
    assert [entry["Key"] for entry in all_versions(destination, third)] == ["new"]
    assert [entry["Key"] for entry in all_versions(destination, other)] == ["old"]


def test_l_08_u_12_no_chain(federation):
    """A → B → C: a replica is never replicated onward."""
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    a, b, c = home.bucket(), abroad.bucket(), home.bucket()
    configure(home.client(), a, rule(b, markers="Enabled"))
    configure(abroad.client(), b, rule(c, markers="Enabled"))
    version = put(home.client(), a)
    home.client().delete_object(Bucket=a, Key="k")
    wait_until_equal(home.client(), a, abroad.client(), b)
    assert status_of(abroad.client(), b, "k", version) == "REPLICA"
    always(lambda: all_versions(home.client(), c) == [], "nothing in C", during=0.7)
    own = put(abroad.client(), b, "own")
    wait_for_status(abroad.client(), b, "own", own)
    assert [entry["Key"] for entry in all_versions(home.client(), c)] == ["own"]


def test_l_16_a_replica_that_was_deleted_is_not_sent_again(crr):
    source, bucket, destination, other = crr
    configure(source, bucket, rule(other))
    version = put(source, bucket)
    wait_for_status(source, bucket, "k", version)
    destination.delete_object(Bucket=other, Key="k", VersionId=version)
    source.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(t="1"))
    always(lambda: is_absent(destination, other, "k", version), "does not come back", during=1)


# Deletes: L-30 … L-37


@pytest.mark.parametrize(
    ("make", "replicated"),
    [
        (lambda other: rule_v1(other), True),
        (lambda other: rule(other, markers="Disabled"), False),
        (lambda other: rule(other, markers="Enabled"), True),
    ],
    ids=["V1", "V2-disabled", "V2-enabled"],
)
def test_l_30_l_36_u_09_delete_markers(pair, make, replicated):
    source, bucket, destination, other = pair
    configure(source, bucket, make(other))
    version = put(source, bucket)
    wait_for_status(source, bucket, "k", version)
    marker = source.delete_object(Bucket=bucket, Key="k")["VersionId"]
    if replicated:
        wait_until_equal(source, bucket, destination, other)
        with fails(404, "NoSuchKey"):
            destination.get_object(Bucket=other, Key="k")
    else:
        always(lambda: is_absent(destination, other, "k", marker), "no marker arrives", during=0.7)
        assert body_of(destination.get_object(Bucket=other, Key="k")) == b"v"


def test_l_37_a_marker_without_versions(pair):
    source, bucket, destination, other = pair
    configure(source, bucket, rule(other, markers="Enabled"))
    source.delete_object(Bucket=bucket, Key="never")
    [(_, _, is_marker, *_)] = wait_until_equal(source, bucket, destination, other)
    assert is_marker


@pytest.mark.parametrize("make", [rule_v1, lambda other: rule(other, markers="Enabled")], ids=["V1", "V2"])
def test_l_32_l_33_u_10_u_11_permanent_deletes_stay_local(crr, make):
    source, bucket, destination, other = crr
    configure(source, bucket, make(other))
    version = put(source, bucket)
    marker = source.delete_object(Bucket=bucket, Key="k")["VersionId"]
    wait_until_equal(source, bucket, destination, other)
    source.delete_object(Bucket=bucket, Key="k", VersionId=marker)
    source.delete_object(Bucket=bucket, Key="k", VersionId=version)
    always(lambda: len(all_versions(destination, other)) == 2, "the replicas stay", during=0.7)


def test_l_35_multi_object_delete(crr):
    source, bucket, destination, other = crr
    configure(source, bucket, rule(other, markers="Enabled"))
    for key in ("a", "b"):
        wait_for_status(source, bucket, key, put(source, bucket, key))
    source.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}]})
    listed = wait_until_equal(source, bucket, destination, other)
    assert len(listed) == 4


def test_t_20_i_13_a_source_deleted_while_pending(federation):
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    source, bucket, other = home.client(), home.bucket(), abroad.bucket()
    configure(source, bucket, rule(other))
    with abroad.paused():
        gone = put(source, bucket, "gone", b"x" * 100_000)
        stays = put(source, bucket, "stays")
        source.delete_object(Bucket=bucket, Key="gone", VersionId=gone)
    wait_for_status(source, bucket, "stays", stays)
    # The request that was under way when the region was paused may still arrive; nothing else may hang on it.
    assert status_of(source, bucket, "stays") == "COMPLETED"


# Tags later: L-50 … L-56, T-12


def test_l_50_t_12_tag_changes(pair):
    source, bucket, destination, other = pair
    configure(source, bucket, rule(other))
    version = put(source, bucket, body=b"v" * 50_000, Tagging="t=1")
    wait_for_status(source, bucket, "k", version)
    source.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(t="2", u="3"))
    wait_for_status(source, bucket, "k", version)
    assert tags_of(destination, other, "k", version) == {"t": "2", "u": "3"}
    assert status_of(destination, other, "k", version) == "REPLICA"
    source.delete_object_tagging(Bucket=bucket, Key="k")
    wait_for_status(source, bucket, "k", version)
    assert tags_of(destination, other, "k", version) == {}
    assert_same_version(source, bucket, destination, other, "k", version)


def test_t_12_a_tag_change_is_pending_while_the_destination_is_away(federation):
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    source, bucket, other = home.client(), home.bucket(), abroad.bucket()
    configure(source, bucket, rule(other))
    version = put(source, bucket)
    wait_for_status(source, bucket, "k", version)
    with abroad.paused():
        for number in range(5):
            source.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(t=str(number)))
        assert status_of(source, bucket, "k", version) == "PENDING"
    wait_for_status(source, bucket, "k", version)
    assert tags_of(abroad.client(), other, "k", version) == {"t": "4"}


def test_l_56_tags_of_a_noncurrent_version(crr):
    source, bucket, destination, other = crr
    configure(source, bucket, rule(other))
    old, new = put(source, bucket, body=b"1"), put(source, bucket, body=b"2")
    for version in (old, new):
        wait_for_status(source, bucket, "k", version)
    source.put_object_tagging(Bucket=bucket, Key="k", VersionId=old, Tagging=tag_set(t="old"))
    wait_for_status(source, bucket, "k", old)
    assert tags_of(destination, other, "k", old) == {"t": "old"}
    assert tags_of(destination, other, "k", new) == {}


def test_l_53_tags_of_a_version_from_before_the_configuration(crr):
    source, bucket, destination, other = crr
    version = put(source, bucket)
    configure(source, bucket, rule(other))
    source.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(t="1"))
    never_admitted(source, bucket, "k", version)
    assert all_versions(destination, other) == []


def test_l_55_a_tag_change_that_leaves_the_rule(crr):
    source, bucket, destination, other = crr
    configure(source, bucket, rule(other, tags={"t": "1"}))
    version = put(source, bucket, Tagging="t=1&u=2")
    wait_for_status(source, bucket, "k", version)
    source.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(u="3"))
    always(
        lambda: tags_of(destination, other, "k", version) == {"t": "1", "u": "2"},
        "the replica keeps its tags",
        during=0.7,
    )


def test_tag_changes_and_data_race_to_the_same_end(pair):
    """Tags that change while the data is under way: the last state arrives, whatever came first."""
    source, bucket, destination, other = pair
    configure(source, bucket, rule(other))
    versions = []
    for number in range(30):
        key = f"k{number}"
        versions.append((key, put(source, bucket, key, pattern(number * 5000), Tagging="t=0")))
        source.put_object_tagging(Bucket=bucket, Key=key, Tagging=tag_set(t="1"))
        source.put_object_tagging(Bucket=bucket, Key=key, Tagging=tag_set(t="2", n=str(number)))
    for number, (key, version) in enumerate(versions):
        wait_for_status(source, bucket, key, version)
        assert tags_of(destination, other, key, version) == {"t": "2", "n": str(number)}


def test_l_70_tags_of_a_replica_stay_local(crr):
    source, bucket, destination, other = crr
    configure(source, bucket, rule(other))
    version = put(source, bucket, Tagging="t=1")
    wait_for_status(source, bucket, "k", version)
    destination.put_object_tagging(Bucket=other, Key="k", VersionId=version, Tagging=tag_set(t="local"))
    always(lambda: tags_of(source, bucket, "k", version) == {"t": "1"}, "the source keeps its tags", during=0.5)
    assert status_of(destination, other, "k", version) == "REPLICA"
    source.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(t="2"))
    wait_for_status(source, bucket, "k", version)
    assert tags_of(destination, other, "k", version) == {"t": "2"}


# Two-way: W-01 … W-07


def test_w_01_w_02_two_way(federation):
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    a, b = home.bucket(), abroad.bucket()
    configure(home.client(), a, rule(b, markers="Enabled"))
    configure(abroad.client(), b, rule(a, markers="Enabled"))
    sides = [(home.client(), a), (abroad.client(), b)]

    def work(number):
        client, bucket = sides[number % 2]
        version = put(client, bucket, f"k{number % 10}", b"%d" % number)
        if number % 7 == 0:
            client.delete_object(Bucket=bucket, Key=f"k{number % 10}")
        return number % 2, f"k{number % 10}", version

    written = in_parallel(work, range(100), workers=8)
    listed = wait_until_equal(*sides[0], *sides[1])
    assert len(listed) == 100 + 15
    for side, key, version in written:
        client, bucket = sides[side]
        wait_for_status(client, bucket, key, version)
        other, name = sides[1 - side]
        assert status_of(other, name, key, version) == "REPLICA"
        got = [body_of(c.get_object(Bucket=n, Key=key, VersionId=version)) for c, n in sides]
        assert got[0] == got[1]


def test_w_06_p_20_simultaneous_writes_converge(federation):
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    a, b = home.bucket(), abroad.bucket()
    configure(home.client(), a, rule(b))
    configure(abroad.client(), b, rule(a))
    for number in range(10):
        in_parallel(
            lambda side, number=number: put(*side, f"k{number}", side[1].encode()),
            [(home.client(), a), (abroad.client(), b)],
        )
    wait_until_equal(home.client(), a, abroad.client(), b)
    for number in range(10):
        current = [
            c.head_object(Bucket=n, Key=f"k{number}")["VersionId"]
            for c, n in ((home.client(), a), (abroad.client(), b))
        ]
        assert current[0] == current[1]


def test_w_03_w_04_a_write_over_a_replica(federation):
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    a, b = home.bucket(), abroad.bucket()
    configure(home.client(), a, rule(b, markers="Enabled"))
    configure(abroad.client(), b, rule(a, markers="Enabled"))
    wait_for_status(home.client(), a, "k", put(home.client(), a))
    version = put(abroad.client(), b, "k", b"theirs")
    wait_for_status(abroad.client(), b, "k", version)
    assert body_of(home.client().get_object(Bucket=a, Key="k")) == b"theirs"
    abroad.client().delete_object(Bucket=b, Key="k")
    wait_until_equal(home.client(), a, abroad.client(), b)
    with fails(404):
        home.client().head_object(Bucket=a, Key="k")


def test_w_02_w_20_a_ring_of_three_buckets(federation):
    """Full mesh of three: each write goes from its bucket to both others, once.

    Those are the six rules that the console's template makes of three buckets; its other one makes rules of one direction.
    """
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    members = [(home.client(), home.bucket()), (abroad.client(), abroad.bucket()), (home.client(), home.bucket())]
    for client, bucket in members:
        configure(
            client,
            bucket,
            *(rule(name, identifier=name, priority=n) for n, (_, name) in enumerate(members) if name != bucket),
        )
    for number in range(15):
        put(*members[number % 3], f"k{number}", b"%d" % number)
    for other in members[1:]:
        assert len(wait_until_equal(*members[0], *other)) == 15


def test_w_05_e_38_two_way_as_is_recommended_for_failover(federation):
    """With replication time, which every region has, delete markers and changes of replicas, on both sides: either can
    take over.
    """
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    sides = [(home.client(), home.bucket()), (abroad.client(), abroad.bucket())]
    for (client, bucket), (_, target) in (sides, sides[::-1]):
        minutes = {"Minutes": 15}
        timed = rule(
            target, markers="Enabled", ReplicationTime={"Status": "Enabled", "Time": minutes},
            Metrics={"Status": "Enabled", "EventThreshold": minutes},
        )  # fmt: skip
        timed["SourceSelectionCriteria"] = {"ReplicaModifications": {"Status": "Enabled"}}
        configure(client, bucket, timed)
    versions = [put(client, bucket, f"of-{number}") for number, (client, bucket) in enumerate(sides)]
    wait_until_equal(*sides[0], *sides[1])
    for number, version in enumerate(versions):
        # The other side goes on with what it has got.
        client, bucket = sides[1 - number]
        client.put_object_tagging(
            Bucket=bucket, Key=f"of-{number}", VersionId=version, Tagging=tag_set(by=str(1 - number))
        )
        eventually(
            lambda number=number, version=version: tags_of(*sides[number], f"of-{number}", version)
            == {"by": str(1 - number)},
            "the tags of the replica flow back",
        )
        client.delete_object(Bucket=bucket, Key=f"of-{number}")
    wait_until_equal(*sides[0], *sides[1])
    for client, bucket in sides:
        assert sum(entry["IsMarker"] for entry in all_versions(client, bucket)) == 2
        assert "Contents" not in client.list_objects_v2(Bucket=bucket)


# Failures: T-06 … T-09, I-03, I-15, F-03, F-05


def test_t_07_t_08_t_09_i_03_f_05_u_05_suspended_destination(pair):
    source, bucket, destination, other = pair
    configure(source, bucket, rule(other))
    destination.put_bucket_versioning(Bucket=other, VersioningConfiguration={"Status": "Suspended"})
    version = put(source, bucket)
    wait_for_status(source, bucket, "k", version, "FAILED")
    destination.put_bucket_versioning(Bucket=other, VersioningConfiguration={"Status": "Enabled"})
    always(lambda: status_of(source, bucket, "k", version) == "FAILED", "FAILED is final (T-09)", during=0.7)
    again = put(source, bucket)
    wait_for_status(source, bucket, "k", again)
    assert [entry["VersionId"] for entry in all_versions(destination, other)] == [again]


def test_i_15_f_03_deleted_destination(pair):
    source, bucket, destination, other = pair
    configure(source, bucket, rule(other))
    destination.delete_bucket(Bucket=other)
    version = put(source, bucket)
    wait_for_status(source, bucket, "k", version, "FAILED")


def test_i_15_a_destination_recreated_by_another_account(federation):
    """No byte goes to a bucket whose owner has not allowed it: the name now belongs to someone else."""
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    source, bucket, other = home.client(), home.bucket(), abroad.bucket()
    configure(source, bucket, rule(other))
    abroad.client().delete_bucket(Bucket=other)
    abroad.bucket(name=other, account=BOB)
    version = put(source, bucket)
    wait_for_status(source, bucket, "k", version, "FAILED")
    assert all_versions(abroad.client(BOB), other) == []


def test_a_50_f_15_destination_of_another_account(federation):
    """Without a bucket policy that allows it, replication into another account's bucket is refused."""
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    source, bucket, other = home.client(), home.bucket(), abroad.bucket(account=BOB)
    configure(source, bucket, rule(other, Account=BOB.id))
    version = put(source, bucket)
    wait_for_status(source, bucket, "k", version, "FAILED")
    assert all_versions(abroad.client(BOB), other) == []


def test_t_07_one_of_two_destinations_fails(crr, federation):
    source, bucket, destination, other = crr
    bad = federation["eu-west-1"].bucket()
    configure(source, bucket, rule(other, identifier="a", priority=1), rule(bad, identifier="b", priority=2))
    destination.put_bucket_versioning(Bucket=bad, VersioningConfiguration={"Status": "Suspended"})
    version = put(source, bucket, body=b"v" * 50_000)
    wait_for_status(source, bucket, "k", version, "FAILED")
    wait_for_replica(destination, other, "k", version)
    assert all_versions(destination, bad) == []
    always(lambda: status_of(source, bucket, "k", version) == "FAILED", "FAILED outweighs COMPLETED", during=0.5)


def test_t_06_t_07_pending_and_failed_destinations(federation):
    """One destination is away, another fails: FAILED at once. With the first back, still FAILED."""
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    source, bucket, away, bad = home.client(), home.bucket(), abroad.bucket(), home.bucket()
    configure(source, bucket, rule(away, identifier="a", priority=1), rule(bad, identifier="b", priority=2))
    source.put_bucket_versioning(Bucket=bad, VersioningConfiguration={"Status": "Suspended"})
    with abroad.paused():
        version = put(source, bucket)
        wait_for_status(source, bucket, "k", version, "FAILED")
    wait_for_replica(abroad.client(), away, "k", version)
    assert status_of(source, bucket, "k", version) == "FAILED"


def test_t_06_completed_only_when_every_destination_has_it(federation):
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    source, bucket, away, near = home.client(), home.bucket(), abroad.bucket(), home.bucket()
    configure(source, bucket, rule(away, identifier="a", priority=1), rule(near, identifier="b", priority=2))
    with abroad.paused():
        version = put(source, bucket)
        wait_for_replica(source, near, "k", version)
        assert status_of(source, bucket, "k", version) == "PENDING"
    wait_for_status(source, bucket, "k", version)


def test_i_10_i_12_accepted_work_outlives_the_rule(federation):
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    source, bucket, other = home.client(), home.bucket(), abroad.bucket()
    configure(source, bucket, rule(other))
    with abroad.paused():
        version = put(source, bucket)
        source.delete_bucket_replication(Bucket=bucket)
    wait_for_status(source, bucket, "k", version)
    assert_same_version(source, bucket, abroad.client(), other, "k", version)


# One destination does not slow another, nor the source (design invariants 6, 7)


def test_a_dead_destination_slows_neither_the_source_nor_another_destination(federation):
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    source, bucket, away, near = home.client(), home.bucket(), abroad.bucket(), home.bucket()
    configure(source, bucket, rule(away, identifier="a", priority=1), rule(near, identifier="b", priority=2))
    with abroad.paused():
        versions = in_parallel(
            lambda n: (f"k{n}", put(source, bucket, f"k{n}", pattern(n * 50))), range(400), workers=8
        )
        for key, version in versions:
            wait_for_replica(source, near, key, version)
    for key, version in versions:
        wait_for_status(source, bucket, key, version)
    assert len(all_versions(abroad.client(), away)) == 400


def test_a_poison_bucket_does_not_stop_others(federation):
    """A rule whose destination always fails lives beside one that works, in the same region pair."""
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    client = home.client()
    bad_source, bad, good_source, good = home.bucket(), abroad.bucket(), home.bucket(), abroad.bucket()
    configure(client, bad_source, rule(bad))
    configure(client, good_source, rule(good))
    abroad.client().delete_bucket(Bucket=bad)
    in_parallel(lambda n: put(client, bad_source, f"k{n}"), range(100), workers=8)
    version = put(client, good_source)
    wait_for_status(client, good_source, "k", version)


# The role


def test_c_07_any_role_of_the_account_replicates_without_iam(crr):
    """The owner's account owns both buckets; its root's role may do what the account may."""
    source, bucket, destination, other = crr
    configure(source, bucket, rule(other), role=ROLE)
    version = put(source, bucket)
    wait_for_status(source, bucket, "k", version)
    assert_same_version(source, bucket, destination, other, "k", version)


# Configuration changes take effect at once (C-39)


def test_c_39_changes_apply_to_the_next_write(crr):
    source, bucket, destination, other = crr
    for number in range(5):
        configure(source, bucket, rule(other, prefix="in/"))
        inside = put(source, bucket, f"in/{number}")
        configure(source, bucket, rule(other, prefix="other/"))
        outside = put(source, bucket, f"in/{number}")
        wait_for_status(source, bucket, f"in/{number}", inside)
        assert status_of(source, bucket, f"in/{number}", outside) is None
    assert len(all_versions(destination, other)) == 5


def test_i_26_n_14_large_multipart_and_small_objects_together(pair):
    """A large object under way does not hold up the small ones behind it."""
    source, bucket, destination, other = pair
    configure(source, bucket, rule(other))
    parts = [pattern(16 * MIB, number) for number in range(4)]
    done = upload_multipart(source, bucket, "large", parts)
    small = [(f"s{number}", put(source, bucket, f"s{number}")) for number in range(20)]
    for key, version in small:
        wait_for_status(source, bucket, key, version, within=20)
    wait_for_status(source, bucket, "large", done["VersionId"], within=60)
    got = destination.get_object(Bucket=other, Key="large")
    assert got["ETag"] == multipart_etag(parts)
    assert body_of(got) == b"".join(parts)


def test_a_replicated_multipart_without_part_checksums(pair):
    source, bucket, destination, other = pair
    configure(source, bucket, rule(other))
    upload = source.create_multipart_upload(Bucket=bucket, Key="m")["UploadId"]
    answer = source.upload_part(Bucket=bucket, Key="m", UploadId=upload, PartNumber=1, Body=b"one part")
    done = source.complete_multipart_upload(
        Bucket=bucket, Key="m", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, **part_result(answer)}]}
    )
    wait_for_status(source, bucket, "m", done["VersionId"])
    assert_same_version(source, bucket, destination, other, "m", done["VersionId"])
    assert destination.get_object_attributes(Bucket=other, Key="m", ObjectAttributes=["ObjectParts"])[
        "ObjectParts"
    ] == {"TotalPartsCount": 1}


def test_i_08_transfer_acceleration_changes_nothing(home, abroad, s3):
    source, target = home.bucket(), abroad.bucket()
    for client, bucket in ((s3, source), (abroad.client(), target)):
        client.put_bucket_accelerate_configuration(Bucket=bucket, AccelerateConfiguration={"Status": "Enabled"})
    configure(s3, source, rule(target))
    version = s3.put_object(Bucket=source, Key="k", Body=b"v")["VersionId"]
    wait_for_status(s3, source, "k", version)
    assert_same_version(s3, source, abroad.client(), target, "k", version)


def test_i_25_a_marker_is_replicated_whatever_is_said_of_mfa_delete(federation):
    home, abroad = federation["us-east-1"], federation["eu-west-1"]
    s3, there = home.client(), abroad.client()
    source, destination = home.bucket(), abroad.bucket()
    for client, bucket in ((s3, source), (there, destination)):
        with fails(501, "NotImplemented"):
            client.put_bucket_versioning(
                Bucket=bucket, MFA="serial 123456", VersioningConfiguration={"Status": "Enabled", "MFADelete": "Enabled"}
            )
        client.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": "Enabled", "MFADelete": "Disabled"}
        )
    configure(s3, source, rule(destination, markers="Enabled"))
    put(s3, source, "k")
    s3.delete_object(Bucket=source, Key="k")
    wait_until_equal(s3, source, there, destination)
    with fails(404):
        there.head_object(Bucket=destination, Key="k")
