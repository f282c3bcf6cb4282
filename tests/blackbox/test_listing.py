"""Lists of objects and versions (s3-api §4.4, LST-*)."""

import xml.etree.ElementTree as ElementTree

import pytest
from federation import ALICE
from s3 import error_of, fails, in_parallel, keys_of
from signing import encode
from strict import NAMESPACE

KEYS = [
    "a", "b/1", "b/2", "b/c/1", "b/c/2", "b/d/1", "c", "folder/aSubfolder/subFile1", "folder/aSubfolder/subFile2",
    "folder/file1", "folder/file2", "z//", "z//x", "ä/1",
]  # fmt: skip


@pytest.fixture(scope="module")
def filled(federation):
    """A bucket with KEYS; versioned, with one deleted key and one key of three versions."""
    region = federation["us-east-1"]
    bucket, client = region.bucket(), region.client(ALICE)
    for key in KEYS:
        client.put_object(Bucket=bucket, Key=key, Body=key.encode())
    client.put_object(Bucket=bucket, Key="deleted/1", Body=b"")
    client.delete_object(Bucket=bucket, Key="deleted/1")
    return bucket


def prefixes_of(page):
    return [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]


def by_bytes(keys):
    return sorted(keys, key=lambda key: key.encode())


# LST-1


def test_lst_1_order_is_that_of_utf_8_bytes(s3, bucket):
    keys = ["", "\U00010000", "\ue000", "Z", "a", "ä", "é", "zz", "0", "~", "\x7f", "日", " "]
    for key in keys[1:]:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == by_bytes(keys[1:])


@pytest.mark.parametrize(
    ("prefix", "delimiter"),
    [
        ("", "/"), ("b/", "/"), ("b/c", "/"), ("b", ""), ("nothing", "/"), ("", "b/"), ("z/", "/"), ("", "//"),
        ("", "ile"), ("ä", "/"), ("deleted/", "/"), ("", "ä"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("version", [1, 2])
def test_lst_1_prefix_and_delimiter(s3, filled, version, prefix, delimiter):
    call = s3.list_objects if version == 1 else s3.list_objects_v2
    page = call(Bucket=filled, Prefix=prefix, **({"Delimiter": delimiter} if delimiter else {}))
    assert (keys_of(page), prefixes_of(page)) == fold(KEYS, prefix, delimiter)
    # boto3 decodes the prefix of V2 only.
    assert page["Prefix"] == (prefix if version == 2 else java_url_encode(prefix))
    assert page.get("Delimiter") == (delimiter or None)


def test_lst_1_what_fold_expects():
    """The expectation of the tests here, itself checked by hand once."""
    assert fold(KEYS, "", "/") == (["a", "c"], ["b/", "folder/", "z/", "ä/"])
    assert fold(KEYS, "b/", "/") == (["b/1", "b/2"], ["b/c/", "b/d/"])
    assert fold(KEYS, "z/", "/") == ([], ["z//"])
    assert fold(KEYS, "b/c", "/") == ([], ["b/c/"])


def fold(keys, prefix, delimiter):
    """What LST-1 says, over a list of keys."""
    plain, common = [], []
    for key in by_bytes(keys):
        if not key.startswith(prefix):
            continue
        place = key.find(delimiter, len(prefix)) if delimiter else -1
        if place < 0:
            plain.append(key)
        elif (folded := key[: place + len(delimiter)]) not in common:
            common.append(folded)
    return plain, common


def test_lst_1_an_empty_delimiter_is_none(raw, filled):
    answer = raw.request("GET", f"/{filled}?list-type=2&delimiter=&prefix=b")
    assert answer.body.count(b"<Contents>") == 5
    assert b"CommonPrefixes" not in answer.body


# LST-2


@pytest.mark.parametrize(("asked", "echoed"), [("5", "5"), ("1000", "1000"), ("1001", "1000"), ("2147483647", "1000")])
@pytest.mark.parametrize("query", ["", "list-type=2", "versions"])
def test_lst_2_max_keys(raw, filled, query, asked, echoed):
    answer = raw.request("GET", f"/{filled}?{query}&max-keys={asked}")
    assert f"<MaxKeys>{echoed}</MaxKeys>".encode() in answer.body


@pytest.mark.parametrize("query", ["", "list-type=2", "versions"])
def test_lst_2_zero(raw, filled, query):
    answer = raw.request("GET", f"/{filled}?{query}&max-keys=0")
    assert answer.status == 200
    assert b"<IsTruncated>false</IsTruncated>" in answer.body
    assert b"<Contents>" not in answer.body and b"<Version>" not in answer.body


@pytest.mark.parametrize("query", ["", "list-type=2", "versions"])
def test_lst_2_negative_and_rubbish(raw, filled, query):
    error_of(
        raw.request("GET", f"/{filled}?{query}&max-keys=-1"),
        400,
        "InvalidArgument",
        "Argument maxKeys must be an integer between 0 and 2147483647",
    )
    for value in ("x", "1.5", "99999999999999999999"):
        error_of(
            raw.request("GET", f"/{filled}?{query}&max-keys={value}"),
            400,
            "InvalidArgument",
            "Provided max-keys not an integer or within integer range",
            ArgumentValue=value,
        )


# LST-3


@pytest.mark.parametrize("value", ["", "URL", "base64"])
@pytest.mark.parametrize("query", ["", "list-type=2", "versions", "uploads"])
def test_lst_3_bad_encoding_type(raw, filled, query, value):
    error_of(
        raw.request("GET", f"/{filled}?{query}&encoding-type={value}"),
        400,
        "InvalidArgument",
        "Invalid Encoding Method specified in Request",
        ArgumentName="encoding-type",
        ArgumentValue=value,
    )


def java_url_encode(text):
    """LST-3: unreserved `A-Za-z0-9.-*_`, space as `+`, `/` left as it is."""
    return "".join(
        chr(octet) if chr(octet) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-*_/"
        else "+" if octet == 32 else f"%{octet:02X}"
        for octet in text.encode()
    )  # fmt: skip


SPECIAL = "p/ä b+c%d~e*f'g(h)!\x01&<>\"=?#日"


def test_lst_3_encoded_fields(raw, s3, bucket):
    s3.put_object(Bucket=bucket, Key=SPECIAL + "/x", Body=b"")
    prefix = encode(SPECIAL)
    expected = java_url_encode(SPECIAL)
    page = texts(
        raw.request("GET", f"/{bucket}?list-type=2&encoding-type=url&prefix={prefix}&start-after={encode('p/ä')}")
    )
    assert page["Prefix"] == [expected]
    assert page["Key"] == [expected + "/x"]
    assert page["StartAfter"] == [java_url_encode("p/ä")]
    assert page["EncodingType"] == ["url"]
    page = texts(raw.request("GET", f"/{bucket}?encoding-type=url&marker={encode('p/ä')}&delimiter={encode('ä b')}"))
    assert page["Marker"] == [java_url_encode("p/ä")]
    assert page["Delimiter"] == [java_url_encode("ä b")]
    assert page["Prefix"] == ["", java_url_encode("p/ä b")]
    page = texts(raw.request("GET", f"/{bucket}?versions&encoding-type=url&key-marker={encode('p/ä')}"))
    assert page["KeyMarker"] == [java_url_encode("p/ä")]
    assert page["Key"] == [expected + "/x"]


def test_lst_3_err_13_control_characters_without_encoding(raw, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a\x01b", Body=b"")
    body = raw.request("GET", f"/{bucket}?list-type=2").body
    assert b"<Key>a&#x1;b</Key>" in body


def texts(answer):
    assert answer.status == 200, str(answer)
    found = {}
    for element in ElementTree.fromstring(answer.body).iter():
        if len(element) == 0:
            found.setdefault(element.tag.removeprefix("{" + NAMESPACE + "}"), []).append(element.text or "")
    return found


# LST-4


def test_lst_4_elements_of_v1(raw, filled):
    body = raw.request("GET", f"/{filled}?prefix=a").body
    root = ElementTree.fromstring(body)
    names = [child.tag.rpartition("}")[2] for child in root]
    assert set(names) == {"Name", "Prefix", "Marker", "MaxKeys", "IsTruncated", "Contents"}
    assert names.index("Name") < names.index("Contents")
    entry = [child.tag.rpartition("}")[2] for child in root.find("{*}Contents")]
    assert {"Key", "LastModified", "ETag", "Size", "StorageClass", "Owner"} <= set(entry)
    assert b"<ETag>&quot;" in body


def test_lst_4_elements_of_v2(raw, s3, filled):
    root = ElementTree.fromstring(raw.request("GET", f"/{filled}?list-type=2&prefix=a").body)
    names = [child.tag.rpartition("}")[2] for child in root]
    assert set(names) == {"Name", "Prefix", "KeyCount", "MaxKeys", "IsTruncated", "Contents"}
    page = s3.list_objects_v2(Bucket=filled, Prefix="a")
    [entry] = page["Contents"]
    assert "Owner" not in entry
    assert entry["ChecksumAlgorithm"] == ["CRC32"]
    assert entry["ChecksumType"] == "FULL_OBJECT"
    [entry] = s3.list_objects_v2(Bucket=filled, Prefix="a", FetchOwner=True)["Contents"]
    assert len(entry["Owner"]["ID"]) == 64


def test_lst_4_entries_agree_with_head(s3, filled):
    for entry in s3.list_objects_v2(Bucket=filled)["Contents"]:
        head = s3.head_object(Bucket=filled, Key=entry["Key"])
        assert (entry["ETag"], entry["Size"], entry["LastModified"]) == (
            head["ETag"], head["ContentLength"], head["LastModified"]
        )  # fmt: skip


def test_err_12_common_prefixes_come_last(raw, filled):
    root = ElementTree.fromstring(raw.request("GET", f"/{filled}?list-type=2&delimiter=/").body)
    names = [child.tag.rpartition("}")[2] for child in root]
    assert names.index("Contents") < names.index("CommonPrefixes")
    assert names[-1] == "CommonPrefixes"


def test_s1_3_region_header_on_lists(home, abroad):
    """§1.3: lists carry x-amz-bucket-region outside us-east-1."""
    there = abroad.bucket()
    assert abroad.raw().request("GET", f"/{there}?list-type=2").headers["x-amz-bucket-region"] == "eu-west-1"


# LST-5, LST-6: pages


@pytest.mark.parametrize("page_size", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_lst_5_pages_of_v1(s3, filled, delimiter, page_size):
    keys, prefixes, marker = [], [], ""
    for _ in range(50):
        page = s3.list_objects(
            Bucket=filled, MaxKeys=page_size, Marker=marker, **({"Delimiter": delimiter} if delimiter else {})
        )
        assert len(page.get("Contents", [])) + len(page.get("CommonPrefixes", [])) <= page_size
        keys += keys_of(page)
        prefixes += prefixes_of(page)
        assert ("NextMarker" in page) == (page["IsTruncated"] and bool(delimiter))
        if not page["IsTruncated"]:
            break
        marker = page.get("NextMarker") or page["Contents"][-1]["Key"]
    assert (keys, prefixes) == fold(KEYS, "", delimiter)


def test_lst_5_a_marker_inside_a_common_prefix_skips_it(s3, filled):
    page = s3.list_objects(Bucket=filled, Prefix="folder/", Delimiter="/", Marker="folder/aSubfolder/subFile1")
    assert (keys_of(page), prefixes_of(page)) == (["folder/file1", "folder/file2"], [])
    page = s3.list_objects(Bucket=filled, Prefix="folder/", Delimiter="/", Marker="folder/aSubfolder/")
    assert (keys_of(page), prefixes_of(page)) == (["folder/file1", "folder/file2"], [])


@pytest.mark.parametrize("page_size", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_lst_6_pages_of_v2(s3, filled, delimiter, page_size):
    keys, prefixes, token = [], [], {}
    for _ in range(50):
        page = s3.list_objects_v2(
            Bucket=filled, MaxKeys=page_size, **token, **({"Delimiter": delimiter} if delimiter else {})
        )
        assert page["KeyCount"] == len(page.get("Contents", [])) + len(page.get("CommonPrefixes", [])) <= page_size
        keys += keys_of(page)
        prefixes += prefixes_of(page)
        assert ("NextContinuationToken" in page) == page["IsTruncated"]
        if token:
            assert page["ContinuationToken"] == token["ContinuationToken"]
        if not page["IsTruncated"]:
            break
        token = {"ContinuationToken": page["NextContinuationToken"]}
    assert (keys, prefixes) == fold(KEYS, "", delimiter)


def test_lst_6_the_token_wins_over_start_after(s3, filled):
    first = s3.list_objects_v2(Bucket=filled, MaxKeys=2)
    page = s3.list_objects_v2(
        Bucket=filled, MaxKeys=2, ContinuationToken=first["NextContinuationToken"], StartAfter="z"
    )
    assert keys_of(page) == by_bytes(KEYS)[2:4]
    assert "StartAfter" not in page


def test_lst_6_start_after(s3, filled):
    page = s3.list_objects_v2(Bucket=filled, StartAfter="b/2")
    assert keys_of(page) == [key for key in by_bytes(KEYS) if key.encode() > b"b/2"]
    assert page["StartAfter"] == "b/2"
    page = s3.list_objects_v2(Bucket=filled, StartAfter="b/c/1", Delimiter="/", Prefix="b/")
    assert prefixes_of(page) == ["b/c/", "b/d/"]


def test_lst_6_a_token_survives_changes(s3, bucket):
    for number in range(6):
        s3.put_object(Bucket=bucket, Key=f"k{number}", Body=b"")
    first = s3.list_objects_v2(Bucket=bucket, MaxKeys=3)
    for number in (1, 2, 3):
        s3.delete_object(Bucket=bucket, Key=f"k{number}")
    s3.put_object(Bucket=bucket, Key="k20", Body=b"")
    rest = s3.list_objects_v2(Bucket=bucket, ContinuationToken=first["NextContinuationToken"])
    assert keys_of(rest) == ["k20", "k4", "k5"]


@pytest.mark.parametrize("token", ["", "rubbish", "a" * 100])
def test_lst_6_foreign_token(raw, filled, token):
    error_of(
        raw.request("GET", f"/{filled}?list-type=2&continuation-token={token}"),
        400,
        "InvalidArgument",
        "The continuation token provided is incorrect",
        ArgumentName="continuation-token",
    )


# LST-7: versions


@pytest.fixture(scope="module")
def versions(federation):
    """A bucket in which every key has its own history; returns it and the expected list, in order."""
    region = federation["us-east-1"]
    bucket, client = region.bucket(), region.client(ALICE)
    history = {}
    for key, steps in {"a": "vvv", "b/1": "vd", "b/2": "d", "b/3": "vdv", "c": "vdd", "d": "v"}.items():
        for step in steps:
            if step == "v":
                version = client.put_object(Bucket=bucket, Key=key, Body=b"x")["VersionId"]
            else:
                version = client.delete_object(Bucket=bucket, Key=key)["VersionId"]
            history.setdefault(key, []).insert(0, (key, version, step))
    return bucket, [entry for key in sorted(history) for entry in history[key]]


def version_entries(answer):
    """(key, version ID, kind) in list order: the prefixes, which stand at the end of the document, are put in place."""
    found = []
    for element in ElementTree.fromstring(answer.body):
        tag = element.tag.rpartition("}")[2]
        if tag in ("Version", "DeleteMarker"):
            found.append(
                (element.findtext("{*}Key"), element.findtext("{*}VersionId"), "v" if tag == "Version" else "d")
            )
        elif tag == "CommonPrefixes":
            found.append((element.findtext("{*}Prefix"), None, "p"))
    return sorted(found, key=lambda entry: entry[0].encode())


def test_lst_7_versions_and_markers_are_interleaved(raw, versions):
    bucket, expected = versions
    answer = raw.request("GET", f"/{bucket}?versions")
    assert version_entries(answer) == expected
    page = texts(answer)
    assert page["KeyMarker"] == [""] and page["VersionIdMarker"] == [""]


@pytest.mark.parametrize("page_size", [1, 2, 3, 4, 100])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_lst_7_pages(raw, versions, delimiter, page_size):
    bucket, expected = versions
    if delimiter:
        folded = [entry for entry in expected if not entry[0].startswith("b/")]
        expected = folded[:3] + [("b/", None, "p")] + folded[3:]
    seen, markers = [], ""
    for _ in range(30):
        query = f"versions&max-keys={page_size}{markers}" + (f"&delimiter={delimiter}" if delimiter else "")
        answer = raw.request("GET", f"/{bucket}?{query}")
        entries, page = version_entries(answer), texts(answer)
        assert len(entries) <= page_size
        seen += entries
        if page["IsTruncated"] == ["false"]:
            assert "NextKeyMarker" not in page
            break
        key, version, kind = entries[-1]
        assert page["NextKeyMarker"] == [key]
        assert page.get("NextVersionIdMarker") == (None if kind == "p" else [version])
        markers = f"&key-marker={encode(key)}" + (f"&version-id-marker={version}" if version else "")
    assert seen == expected


def test_lst_7_key_marker_alone_skips_the_key(raw, versions):
    bucket, expected = versions
    answer = raw.request("GET", f"/{bucket}?versions&key-marker=a")
    assert version_entries(answer) == [entry for entry in expected if entry[0] > "a"]


def test_lst_7_version_marker_without_key_marker(raw, versions):
    bucket, expected = versions
    error_of(
        raw.request("GET", f"/{bucket}?versions&version-id-marker={expected[0][1]}"),
        400,
        "InvalidArgument",
        "A version-id marker cannot be specified without a key marker.",
        ArgumentName="version-id-marker",
    )


def test_lst_7_never_versioned_bucket(s3, plain_bucket):
    s3.put_object(Bucket=plain_bucket, Key="k", Body=b"")
    [entry] = s3.list_object_versions(Bucket=plain_bucket)["Versions"]
    assert (entry["VersionId"], entry["IsLatest"]) == ("null", True)


# LST-9


def test_lst_9_lists_are_strongly_consistent(s3, bucket):
    for number in range(30):
        s3.put_object(Bucket=bucket, Key=f"k{number:03}", Body=b"")
        assert keys_of(s3.list_objects_v2(Bucket=bucket))[-1] == f"k{number:03}"
    for number in range(30):
        s3.delete_object(Bucket=bucket, Key=f"k{number:03}")
        assert len(keys_of(s3.list_objects_v2(Bucket=bucket))) == 29 - number


def test_lst_2_more_than_a_page(s3, plain_bucket):
    keys = [f"k/{number:04}" for number in range(1203)]
    in_parallel(lambda key: s3.put_object(Bucket=plain_bucket, Key=key, Body=b""), keys, workers=16)
    page = s3.list_objects_v2(Bucket=plain_bucket)
    assert (page["KeyCount"], page["IsTruncated"]) == (1000, True)
    listed = [
        key for page in s3.get_paginator("list_objects_v2").paginate(Bucket=plain_bucket) for key in keys_of(page)
    ]
    assert listed == keys
    # One prefix of 1,203 keys is one entry, however the pages fall.
    page = s3.list_objects_v2(Bucket=plain_bucket, Delimiter="/", MaxKeys=1)
    assert (prefixes_of(page), page["IsTruncated"]) == (["k/"], False)


def test_lst_1_a_list_walks_past_many_old_versions(s3, bucket):
    for _ in range(300):
        s3.put_object(Bucket=bucket, Key="a", Body=b"")
        s3.delete_object(Bucket=bucket, Key="b")
    s3.put_object(Bucket=bucket, Key="c", Body=b"")
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["a", "c"]
    assert keys_of(s3.list_objects_v2(Bucket=bucket, MaxKeys=1, StartAfter="a")) == ["c"]


def test_list_of_a_missing_bucket(s3, bucket):
    for call in (s3.list_objects, s3.list_objects_v2, s3.list_object_versions, s3.list_multipart_uploads):
        with fails(404, "NoSuchBucket"):
            call(Bucket=bucket + "x")


def test_lst_4_names_in_the_xml_are_escaped(raw, s3, bucket):
    s3.put_object(Bucket=bucket, Key="<a>&\"'", Body=b"")
    page = texts(raw.request("GET", f"/{bucket}?list-type=2"))
    assert page["Key"] == ["<a>&\"'"]
