"""Manifests that people make themselves: CSV lists and inventories, whole and broken (batch-replication §3)."""

import gzip
import hashlib
import json

import batch
import pytest
from federation import ALICE
from s3control import client as control_client

CONTENT = "InvalidManifestContent"


class Desk:
    """A bucket of objects with a tag each, and jobs that take the tags away."""

    def __init__(self, home):
        self.home, self.s3, self.control = home, home.client(), control_client(home)
        self.bucket, self.lists = home.bucket(), home.bucket()
        self.role = batch.job_role(home)

    def put(self, key):
        return self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"data", Tagging="a=1")["VersionId"]

    def tags(self, key):
        return self.s3.get_object_tagging(Bucket=self.bucket, Key=key)["TagSet"]

    def start(self, manifest, **options):
        operation = {"S3DeleteObjectTagging": {}}
        return batch.create(self.control, self.role, operation=operation, Manifest=manifest, **options)

    def csv(self, text, fields=("Bucket", "Key"), **put):
        body = text if isinstance(text, bytes) else text.encode()
        answer = self.s3.put_object(Bucket=self.lists, Key="list.csv", Body=body, **put)
        return {
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": list(fields)},
            "Location": {"ObjectArn": f"arn:aws:s3:::{self.lists}/list.csv", "ETag": answer["ETag"]},
        }

    def inventory(self, *files, key="lists/of mine.json", schema="Bucket, Key, VersionId", put=None, **changes):
        """A manifest of data files, each with what it really is and what is said of it."""
        entries = []
        for number, (body, said) in enumerate(files):
            name = f"data/{number}"
            self.s3.put_object(Bucket=self.lists, Key=name, Body=body, **(put or {}))
            entries.append(
                {"key": name, "size": len(body), "MD5checksum": hashlib.md5(body).hexdigest(), **(said or {})}
            )
        document = {
            "sourceBucket": self.bucket, "destinationBucket": f"arn:aws:s3:::{self.lists}", "version": "2021-05-22",
            "creationTimestamp": "1772445600000", "fileFormat": "CSV", "fileSchema": schema, "files": entries, **changes,
        }  # fmt: skip
        answer = self.s3.put_object(Bucket=self.lists, Key=key, Body=json.dumps(document).encode(), **(put or {}))
        return {
            "Spec": {"Format": "S3InventoryReport_CSV_20161130"},
            "Location": {"ObjectArn": f"arn:aws:s3:::{self.lists}/{key}", "ETag": answer["ETag"]},
        }

    def failure(self, manifest):
        job = self.start(manifest)
        found = batch.failure_of(self.control, job)
        assert batch.counts(batch.describe(self.control, job)) == (0, 0, 0)
        return found


@pytest.fixture
def desk(home):
    return Desk(home)


# CSV


@pytest.mark.parametrize(("text", "reason"), [
    ("{b},key,more\n", "Unexpected number of task fields (line 1)"),
    ("{b}\n", "Unexpected number of task fields (line 1)"),
    ("{b},key\n\n{b},key\n", "Unexpected number of task fields (line 2)"),
    ("Bucket,Key\n{b},key\n", "not a bucket name (line 1)"),
    ("\ufeff{b},key\n", "Manifest file is not properly formatted (line 1)"),
    ('{b},"key\n', "Manifest file is not properly formatted"),
    ('{b},k"ey\n', "Manifest file is not properly formatted (line 1)"),
    ("{b},key\rmore\n", "Manifest file is not properly formatted (line 1)"),
    ("{b},key\nanother-bucket,key\n", "objects of more than one bucket (line 2)"),
    ("{b},k%2\n", "Invalid object key format (line 1)"),
    ("{b},\n", "Invalid object key format (line 1)"),
    ("{b}," + "k" * 1025 + "\n", "Invalid object key format (line 1)"),
    ("", "the manifest is empty"),
])  # fmt: skip
def test_br_mf_8_br_mf_9_what_is_no_list(desk, text, reason):
    code, said = desk.failure(desk.csv(text.replace("{b}", desk.bucket)))
    assert code == CONTENT and reason in said, said
    assert len(said) <= 256


def test_br_mf_5_nothing_is_done_where_the_last_row_is_wrong(desk):
    desk.put("key")
    rows = f"{desk.bucket},key\n" * 5000 + f"{desk.bucket},key,more\n"
    assert desk.failure(desk.csv(rows)) == (CONTENT, "Unexpected number of task fields (line 5001)")
    assert desk.tags("key")


def test_columns_in_any_order_and_ignored_ones(desk):
    version = desk.put("key")
    desk.put("key")
    manifest = desk.csv(
        f'x,"{version}",,key,{desk.bucket}\r\n', fields=("Ignore", "VersionId", "Ignore", "Key", "Bucket")
    )
    job = desk.start(manifest, report=batch.report_to(desk.lists))
    assert batch.counts(batch.completed(desk.control, job)) == (1, 1, 0)
    assert batch.rows_of_report(desk.s3, desk.lists, job) == [
        [desk.bucket, "key", version, "succeeded", "200", "", "Successful"]
    ]
    assert desk.tags("key")


def test_br_mf_6_the_longest_key_and_keys_of_all_characters(desk):
    keys = ["k" * 1024, "a+b", "a b", "a%20b", "a,b", 'a"b', "a\nb", "ü/漢字/😀", "%", "~.*'()"]
    for key in keys:
        desk.put(key)
    rows = "".join(f"{desk.bucket},{batch.encoded(key)}\n" for key in keys)
    job = desk.start(desk.csv(rows), report=batch.report_to(desk.lists))
    assert batch.counts(batch.completed(desk.control, job)) == (len(keys), len(keys), 0)
    assert not any(desk.tags(key) for key in keys)
    told = [row[1] for row in batch.rows_of_report(desk.s3, desk.lists, job)]
    assert sorted(told) == sorted(batch.encoded(key) for key in keys)


def test_each_row_is_a_task_also_those_that_are_there_twice_or_name_nothing(desk):
    desk.put("key")
    rows = f"{desk.bucket},key\n{desk.bucket},key\n{desk.bucket},missing\n{desk.bucket},key"
    job = desk.start(desk.csv(rows), report=batch.report_to(desk.lists))
    assert batch.counts(batch.completed(desk.control, job)) == (4, 3, 1)
    assert len(batch.rows_of_report(desk.s3, desk.lists, job)) == 4


def test_br_mf_1_a_list_that_was_overwritten_and_one_whose_version_is_named(desk):
    desk.put("key")
    manifest = desk.csv(f"{desk.bucket},key\n")
    pinned = desk.s3.head_object(Bucket=desk.lists, Key="list.csv")["VersionId"]
    desk.csv(f"{desk.bucket},other\n")
    code, _ = desk.failure(manifest)
    assert code == "ManifestETagMismatch"
    manifest["Location"]["ObjectVersionId"] = pinned
    batch.completed(desk.control, desk.start(manifest))
    assert desk.tags("key") == []
    manifest["Location"]["ObjectVersionId"] = "0" * 32
    assert desk.failure(manifest)[0] in ("ManifestNotFound", "ManifestReadForbidden")
    # A list that was uploaded in parts has an ETag of another kind.
    upload = desk.s3.create_multipart_upload(Bucket=desk.lists, Key="parts.csv")["UploadId"]
    name = {"Bucket": desk.lists, "Key": "parts.csv", "UploadId": upload}
    etag = desk.s3.upload_part(**name, PartNumber=1, Body=f"{desk.bucket},key\n".encode())["ETag"]
    etag = desk.s3.complete_multipart_upload(**name, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})["ETag"]
    manifest["Location"] = {"ObjectArn": f"arn:aws:s3:::{desk.lists}/parts.csv", "ETag": etag.strip('"')}
    batch.completed(desk.control, desk.start(manifest))


def test_br_mf_3_a_list_under_a_key_of_the_customer(desk):
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    code, reason = desk.failure(desk.csv(f"{desk.bucket},key\n", **key))
    assert code == "ManifestReadForbidden", reason


# Inventories


def test_br_mf_10_an_inventory_of_ones_own_compressed_or_not(desk):
    versions = [desk.put(f"key {number}") for number in range(3)]
    plain = f'"{desk.bucket}","key%200","{versions[0]}"\n'.encode()
    rest = "".join(f'"{desk.bucket}","key%20{number}","{versions[number]}"\n' for number in (1, 2)).encode()
    job = desk.start(desk.inventory((plain, None), (gzip.compress(rest), None)), report=batch.report_to(desk.lists))
    assert batch.counts(batch.completed(desk.control, job)) == (3, 3, 0)
    rows = batch.rows_of_report(desk.s3, desk.lists, job)
    assert [row[:3] for row in rows] == [[desk.bucket, f"key%20{number}", versions[number]] for number in range(3)]


def test_br_mf_10_columns_are_found_by_their_names(desk):
    desk.put("key")
    body = f'"12","key","true","{desk.bucket}"\n'.encode()
    job = desk.start(desk.inventory((body, None), schema="Size, Key, IsLatest, Bucket"))
    assert batch.counts(batch.completed(desk.control, job)) == (1, 1, 0)
    assert desk.tags("key") == []


def test_br_mf_11_data_files_are_what_the_inventory_says(desk):
    desk.put("key")
    body = gzip.compress(f'"{desk.bucket}","key",""\n'.encode())
    good = (body, None)
    for said in ({"MD5checksum": "0" * 32}, {"size": len(body) + 1}, {"size": 0}):
        code, reason = desk.failure(desk.inventory(good, (body, said)))
        assert code == CONTENT and "data/1" in reason, reason
    assert desk.tags("key")


@pytest.mark.parametrize(("changes", "code", "reason"), [
    ({"fileFormat": "ORC"}, CONTENT, "fileFormat must be CSV"),
    ({"fileSchema": "Bucket, VersionId"}, CONTENT, "Required fields are missing in the schema: Key"),
    ({"destinationBucket": "arn:aws:s3:::lists?policy&x="}, CONTENT, "destinationBucket"),
    ({"files": []}, CONTENT, "empty"),
    ({"files": "none"}, CONTENT, "not properly formatted"),
    ({"files": [{"key": "data/0", "size": "x", "MD5checksum": ""}]}, CONTENT, "not properly formatted"),
    ({"files": [{"key": "data/none", "size": 1, "MD5checksum": "0" * 32}]}, "ManifestNotFound", "data/none"),
])  # fmt: skip
def test_br_mf_10_br_mf_11_what_is_no_inventory(desk, changes, code, reason):
    found = desk.failure(desk.inventory((f'"{desk.bucket}","key",""\n'.encode(), None), **changes))
    assert found[0] == code and reason in found[1], found


def test_br_mf_11_a_compressed_file_that_is_cut_off(desk):
    body = gzip.compress(f'"{desk.bucket}","key",""\n'.encode() * 100)[:-9]
    code, reason = desk.failure(desk.inventory((body, None)))
    assert code == CONTENT and "cut off" in reason, reason


def test_br_mf_12_null_versions_are_named_null(desk):
    """An inventory leaves the null version empty, which is a task that fails; `null` is one that does not."""
    plain = desk.home.bucket(versioned=False)
    desk.s3.put_object(Bucket=plain, Key="key", Body=b"data", Tagging="a=1")
    body = f'"{plain}","key",""\n"{plain}","key","null"\n'.encode()
    job = desk.start(desk.inventory((body, None)), report=batch.report_to(desk.lists))
    assert batch.counts(batch.completed(desk.control, job)) == (2, 1, 1)
    rows = {row[2]: row[3:] for row in batch.rows_of_report(desk.s3, desk.lists, job)}
    assert rows[""] == ["failed", "400", "InvalidRequest", "Task failed due to missing VersionId"]
    assert rows["null"][0] == "succeeded"


def test_br_mf_3_an_inventory_under_a_kms_key(desk):
    desk.put("key")
    key = desk.home.service("kms").create_key()["KeyMetadata"]["Arn"]
    sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    body = f'"{desk.bucket}","key"\n'.encode()
    manifest = desk.inventory((body, None), schema="Bucket, Key", put=sealed)
    assert "Reading the manifest is forbidden" in desk.failure(manifest)[1]
    desk.role = batch.job_role(desk.home, actions=["s3:*", "kms:Decrypt", "kms:GenerateDataKey"])
    batch.completed(desk.control, desk.start(manifest))
    assert desk.tags("key") == []


# Reports


def test_br_rp_1_a_job_that_fails_by_its_tasks_reports_them_and_one_without_tasks_has_no_report(desk):
    rows = f"{desk.bucket},missing\n" * 1500
    job = desk.start(desk.csv(rows), report=batch.report_to(desk.lists))
    found = batch.wait(desk.control, job)
    assert found["Status"] == "Failed"
    total, succeeded, failed = batch.counts(found)
    assert (total, succeeded) == (1500, 0) and failed >= 1000
    assert len(batch.rows_of_report(desk.s3, desk.lists, job)) == failed
    job = desk.start(desk.csv("x\n"), report=batch.report_to(desk.lists))
    assert batch.wait(desk.control, job)["Status"] == "Failed"
    assert "Contents" not in desk.s3.list_objects_v2(Bucket=desk.lists, Prefix=f"reports/job-{job}/")


def test_br_rp_1_a_report_without_a_prefix_and_with_one_that_ends_in_a_slash(desk):
    desk.put("key")
    manifest = desk.csv(f"{desk.bucket},key\n")
    for prefix, folder in ((None, ""), ("dir/", "dir/")):
        report = {**batch.report_to(desk.lists), "Prefix": prefix}
        report = {name: value for name, value in report.items() if value is not None}
        job = desk.start(manifest, report=report)
        batch.completed(desk.control, job)
        keys = [entry["Key"] for entry in desk.s3.list_objects_v2(Bucket=desk.lists, Prefix=f"{folder}job-{job}/")["Contents"]]
        assert f"{folder}job-{job}/manifest.json" in keys and len(keys) == 3


def test_br_rp_1_a_report_of_failures_alone(desk):
    desk.put("key")
    rows = f"{desk.bucket},key\n{desk.bucket},missing\n"
    report = batch.report_to(desk.lists, scope="FailedTasksOnly")
    job = desk.start(desk.csv(rows), report=report)
    batch.completed(desk.control, job)
    assert [row[1] for row in batch.rows_of_report(desk.s3, desk.lists, job)] == ["missing"]
    job = desk.start(desk.csv(f"{desk.bucket},key\n"), report=report)
    batch.completed(desk.control, job)
    assert batch.rows_of_report(desk.s3, desk.lists, job) == []


def test_a_job_that_is_described_says_nothing_of_tasks_that_failed(desk):
    job = desk.start(desk.csv(f"{desk.bucket},missing\n"))
    found = batch.completed(desk.control, job)
    assert found["FailureReasons"] == [] and batch.counts(found) == (1, 0, 1)
    assert found["Report"] == {"Enabled": False}
    listed = {each["JobId"]: each for each in desk.control.list_jobs(AccountId=ALICE.id)["Jobs"]}
    assert listed[job]["Status"] == "Complete" and "TerminationDate" in listed[job]


@pytest.mark.parametrize("prefix", [None, "jobs", "jobs/"])
def test_a_generated_list_and_the_report_of_its_job_may_be_in_one_place(desk, prefix):
    """Both have a manifest.json: neither replaces the other."""
    desk.put("key")
    generator = batch.generator(desk.bucket, output=desk.lists)
    location = generator["S3JobManifestGenerator"]["ManifestOutputLocation"]
    report = batch.report_to(desk.lists)
    del location["ManifestPrefix"], report["Prefix"]
    if prefix:
        location["ManifestPrefix"], report["Prefix"] = prefix, prefix.rstrip("/")
    job = batch.create(
        desk.control, desk.role, operation={"S3DeleteObjectTagging": {}}, report=report, ManifestGenerator=generator
    )
    found = batch.completed(desk.control, job)
    where = found["GeneratedManifestDescriptor"]["Location"]
    key = where["ObjectArn"].removeprefix(f"arn:aws:s3:::{desk.lists}/")
    answer = desk.s3.get_object(Bucket=desk.lists, Key=key)
    assert answer["ETag"].strip('"') == where["ETag"]
    assert json.loads(answer["Body"].read())["sourceBucket"] == desk.bucket
    again = {"Spec": {"Format": "S3InventoryReport_CSV_20161130"}, "Location": where}
    del again["Location"]["ObjectVersionId"]
    assert batch.counts(batch.completed(desk.control, desk.start(again))) == (1, 1, 0)
    if prefix:
        assert len(batch.rows_of_report(desk.s3, desk.lists, job, prefix=prefix.rstrip("/"))) == 1
