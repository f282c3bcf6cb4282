"""The cost of a page does not depend on where in the bucket it is, nor on what lies around it.

TERN_LIST_KEYS is the number of keys, 12,000 at least. Costs are compared with each other, never with a clock's absolute
time: they are measured in turn, and each is the least of many, so that other work on the machine does not count.
"""

import os
import time

import pytest
from bulk import write_all
from s3 import keys_of

KEYS = int(os.environ.get("TERN_LIST_KEYS", "20000"))
# How much more than another page one may cost. What grows with the bucket would be far beyond it.
FACTOR = 4
ROUNDS = 15


def name(number):
    return f"y{number // 1000:04}/m{number // 100 % 10}/d{number % 100:02}/object"


@pytest.fixture(scope="module")
def filled(federation):
    """A bucket with KEYS objects in folders of folders, and a few keys with very many versions and markers between."""
    region = federation["us-east-1"]
    bucket = region.bucket()
    write_all(region, bucket, [("PUT", name(number)) for number in range(KEYS)])
    return bucket


@pytest.fixture(scope="module")
def deleted(federation):
    """A bucket in which most keys are deleted: markers over objects, a few objects between; and one with a deep stack."""
    region = federation["us-east-1"]
    bucket = region.bucket()
    count = KEYS // 4
    write_all(region, bucket, [("PUT", name(number)) for number in range(count)])
    write_all(region, bucket, [("DELETE", name(number)) for number in range(count) if number % 1000 >= 5])
    # Writes of one key wait for each other: many at once gain nothing.
    write_all(region, bucket, [("PUT", "deep")] * count, connections=4)
    return bucket, count


def assert_flat(reads):
    """Each of the functions costs as much as any other.

    What counts is the least that each ever took: on a busy machine it takes more rounds until each had a moment without
    others, and what really costs more never comes near.
    """
    costs = dict.fromkeys(reads, float("inf"))
    for _ in range(10):
        for _ in range(ROUNDS):
            for where, read in reads.items():
                start = time.perf_counter()
                read()
                costs[where] = min(costs[where], time.perf_counter() - start)
        if max(costs.values()) <= FACTOR * min(costs.values()):
            return
    pytest.fail(f"the least that each took: { {where: f'{seconds * 1000:.2f} ms' for where, seconds in costs.items()} }")


def places():
    return {"first": "", "early": name(KEYS // 10), "middle": name(KEYS // 2), "last": name(KEYS - 1001)}


@pytest.mark.parametrize("size", (10, 1000))
def test_pages_cost_the_same_all_over_the_bucket(s3, filled, size):
    def page(after):
        found = keys_of(s3.list_objects_v2(Bucket=filled, StartAfter=after, MaxKeys=size))
        assert len(found) == size and found[0] > after

    assert_flat({where: lambda after=after: page(after) for where, after in places().items()})


def test_pages_of_versions_cost_the_same_all_over_the_bucket(s3, filled):
    def page(after):
        parameters = {"KeyMarker": after} if after else {}
        assert len(s3.list_object_versions(Bucket=filled, MaxKeys=500, **parameters)["Versions"]) == 500

    assert_flat({where: lambda after=after: page(after) for where, after in places().items()})


def test_common_prefixes_cost_the_same_however_much_is_below_them(s3, filled):
    """Ten prefixes over 10 keys each, over 100 and, as far as there are as many, over 1,000."""

    def page(prefix, count):
        found = s3.list_objects_v2(Bucket=filled, Prefix=prefix, Delimiter="/", MaxKeys=10)
        assert len(found.get("CommonPrefixes", [])) == count, found

    costs = {
        "one key each": lambda: page("y0001/m5/", 10),
        "100 keys each": lambda: page("y0001/", 10),
        "1,000 keys each": lambda: page("", min(10, KEYS // 1000)),
    }
    assert_flat(costs)


def test_walking_prefixes_costs_the_same_everywhere(s3, filled):
    def page(after):
        found = s3.list_objects_v2(Bucket=filled, Delimiter="/", MaxKeys=5, StartAfter=after)
        assert len(found["CommonPrefixes"]) == 5

    years = KEYS // 1000
    costs = {
        where: lambda year=year: page(f"y{year:04}/~")
        for where, year in {"first": 0, "middle": years // 2, "late": years - 6}.items()
    }
    assert_flat(costs)


def test_old_versions_cost_a_listing_of_objects_nothing(s3, filled, deleted):
    bucket, _ = deleted
    assert_flat(
        {
            "one version": lambda: s3.list_objects_v2(Bucket=filled, Prefix="y0001/m0/d00/", MaxKeys=1),
            "thousands of versions": lambda: s3.list_objects_v2(Bucket=bucket, Prefix="deep", MaxKeys=1),
        }
    )


def test_a_page_in_a_deep_stack_costs_the_same_at_any_depth(s3, deleted):
    bucket, count = deleted
    markers, page = {}, s3.list_object_versions(Bucket=bucket, Prefix="deep", MaxKeys=1000)
    seen = 1000
    while page["IsTruncated"]:
        markers[seen] = page["NextVersionIdMarker"]
        page = s3.list_object_versions(
            Bucket=bucket, Prefix="deep", MaxKeys=1000, KeyMarker="deep", VersionIdMarker=page["NextVersionIdMarker"]
        )
        seen += len(page["Versions"])
    assert seen == count

    def read(marker):
        parameters = {"KeyMarker": "deep", "VersionIdMarker": marker} if marker else {}
        found = s3.list_object_versions(Bucket=bucket, Prefix="deep", MaxKeys=200, **parameters)
        assert len(found["Versions"]) == 200

    depths = [None, *list(markers.values())]
    assert_flat({f"page {number}": lambda marker=marker: read(marker) for number, marker in enumerate(depths)})


def test_delete_markers_are_stepped_over_in_time_linear_in_their_number(s3, deleted):
    """A page that has to step over markers costs as much for each of them wherever it is."""
    bucket, count = deleted
    thousands = count // 1000
    assert thousands >= 3

    def page(thousand):
        # From the last object of a thousand over 995 deleted keys to the first of the next.
        found = s3.list_objects_v2(Bucket=bucket, StartAfter=name(thousand * 1000 + 4), MaxKeys=1)
        assert keys_of(found) == [name((thousand + 1) * 1000)]

    places = {"first": 0, "middle": thousands // 2 - 1, "last": thousands - 2}
    assert_flat({where: lambda thousand=thousand: page(thousand) for where, thousand in places.items()})


def test_every_key_is_listed_once(s3, filled):
    listed = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=filled):
        listed += keys_of(page)
    assert listed == sorted(name(number) for number in range(KEYS))


def test_every_write_is_listed_at_once(s3, filled):
    """A new key is on the page where it belongs as soon as it is written, and gone as soon as it is deleted."""
    for number in range(0, KEYS, KEYS // 50):
        key = name(number) + "-new"
        version = s3.put_object(Bucket=filled, Key=key, Body=b"")["VersionId"]
        assert keys_of(s3.list_objects_v2(Bucket=filled, StartAfter=name(number), MaxKeys=1)) == [key]
        folder = key.rpartition("/")[0] + "/"
        assert keys_of(s3.list_objects_v2(Bucket=filled, Prefix=folder)) == [name(number), key]
        marker = s3.delete_object(Bucket=filled, Key=key)["VersionId"]
        assert keys_of(s3.list_objects_v2(Bucket=filled, Prefix=folder)) == [name(number)]
        for one in (marker, version):
            s3.delete_object(Bucket=filled, Key=key, VersionId=one)
        found = s3.list_object_versions(Bucket=filled, Prefix=folder)
        assert [version["Key"] for version in found["Versions"]] == [name(number)] and "DeleteMarkers" not in found
