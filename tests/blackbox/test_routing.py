"""Requests that name a sub-resource without an operation for it (§3.1, ERR-3)."""

import pytest


@pytest.mark.parametrize(
    "target",
    ["?acl", "?versioning", "?inventory", "?metrics", "?location", "/k?acl", "/k?retention", "/k?uploadId", "/k?attributes"],
)
def test_err_3_deleting_a_sub_resource_that_cannot_be_deleted_deletes_nothing(home, bucket, s3, target):
    s3.put_object(Bucket=bucket, Key="k", Body=b"stays")
    answer = home.raw().request("DELETE", f"/{bucket}{target}")
    assert answer.status in (405, 404), str(answer)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"stays"


@pytest.mark.parametrize("target", ["?inventory", "?analytics", "?location", "?versions"])
def test_err_3_a_write_without_an_operation_is_refused(home, bucket, target):
    answer = home.raw().request("PUT", f"/{bucket}{target}", body=b"<x/>")
    assert answer.status == 405, str(answer)


@pytest.mark.parametrize("target", ["/new?attributes", "/new?uploads", "/new?uploadId=x"])
def test_err_3_a_write_to_a_read_only_sub_resource_makes_no_object(home, bucket, s3, target):
    assert home.raw().request("PUT", f"/{bucket}{target}", body=b"x").status == 405
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
