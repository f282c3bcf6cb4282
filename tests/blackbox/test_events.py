"""Event notifications (specification s3-api §13, identity-and-control §10), to real targets."""

import base64
import hashlib
import hmac
import json
import threading
import urllib.parse
import uuid

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import pytest
import requests
from events import (
    ACCOUNT,
    CORE,
    HOOK,
    IMPATIENT,
    JETSTREAM,
    LINES,
    MISTRUSTED,
    QUEUE,
    SECURE_CORE,
    SECURE_HOOK,
    SECURE_STREAM,
    STREAM,
    TOPIC,
    notify,
    records,
    status,
    tern_events,
    wait_for,
)
from federation import ALICE, BOB
from waiting import always, eventually


@pytest.fixture
def region(events_federation):
    return events_federation["us-east-1"]


@pytest.fixture
def s3(region):
    return region.client(ALICE)


@pytest.fixture
def clean(event_targets):
    event_targets.reset()
    yield event_targets
    event_targets.reset()


# Messages


def test_ntf_20_message_of_a_put(s3, region, clean):
    bucket = region.bucket()
    notify(s3, bucket, HOOK)
    key = "a b/ü+(1).txt"
    answer = s3.put_object(Bucket=bucket, Key=key, Body=b"four")
    (record,) = wait_for(clean.hook, bucket, 1)
    assert record["eventVersion"] == "2.1"
    assert record["eventSource"] == "aws:s3"
    assert record["awsRegion"] == "us-east-1"
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["userIdentity"] == {"principalId": f"AWS:{ACCOUNT}"}
    assert record["requestParameters"] == {"sourceIPAddress": "127.0.0.1"}
    assert record["responseElements"] == {
        "x-amz-request-id": answer["ResponseMetadata"]["RequestId"],
        "x-amz-id-2": answer["ResponseMetadata"]["HostId"],
    }
    owner = region.federation.canonical_ids[ACCOUNT]
    assert record["s3"]["s3SchemaVersion"] == "1.0"
    assert record["s3"]["configurationId"] == "the-id"
    assert record["s3"]["bucket"] == {
        "name": bucket, "ownerIdentity": {"principalId": owner}, "arn": f"arn:aws:s3:::{bucket}",
    }  # fmt: skip
    found = record["s3"]["object"]
    assert urllib.parse.unquote_plus(found["key"]) == key
    assert "/" in found["key"] and " " not in found["key"]
    assert len(found["sequencer"]) == 18
    assert found["size"] == 4
    assert found["eTag"] == hashlib.md5(b"four").hexdigest()
    assert found["versionId"] == answer["VersionId"]


def test_webhook_signature_and_token(s3, region, clean):
    bucket = region.bucket()
    notify(s3, bucket, HOOK)
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    wait_for(clean.hook, bucket, 1)
    headers, body = clean.hook.taken()[-1]
    assert headers["authorization"] == "Bearer t0ken"
    assert headers["content-type"] == "application/json"
    assert len(headers["x-tern-event-id"]) == 32
    fields = dict(part.split("=") for part in headers["x-tern-signature"].split(","))
    expected = hmac.new(b"sesame", fields["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert fields["v1"] == expected


def test_ntf_22_ntf_23_every_change_of_an_object(s3, region, clean):
    bucket = region.bucket()
    types = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*", "s3:ObjectAcl:Put", "s3:ObjectRestore:*"]
    notify(s3, bucket, HOOK, types)
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"v")["VersionId"]
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    bob = f"id={region.federation.canonical_ids[BOB.id]}"
    s3.put_object_acl(Bucket=bucket, Key="k", GrantRead=bob)
    # What changes nothing tells nothing.
    s3.put_object_acl(Bucket=bucket, Key="k", GrantRead=bob)
    copy = s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"})["VersionId"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="big", UploadId=upload, PartNumber=1, Body=b"p")["ETag"]
    s3.complete_multipart_upload(
        Bucket=bucket, Key="big", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part}]}
    )
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="k", VersionId=version)
    s3.delete_object(Bucket=bucket, Key="never", VersionId=version)
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "copy"}, {"Key": "big"}]})
    found = wait_for(clean.hook, bucket, 10)

    def of(key):
        return [(record["eventName"], record["s3"]["object"]) for record in found if record["s3"]["object"]["key"] == key]

    names = [name for name, _ in of("k")]
    assert names == [
        "ObjectCreated:Put", "ObjectTagging:Put", "ObjectTagging:Delete", "ObjectAcl:Put",
        "ObjectRemoved:DeleteMarkerCreated", "ObjectRemoved:Delete",
    ]  # fmt: skip
    by_name = dict(of("k"))
    for name in ["ObjectTagging:Put", "ObjectTagging:Delete", "ObjectAcl:Put"]:
        assert set(by_name[name]) == {"key", "eTag", "versionId"}, by_name[name]
    removed = by_name["ObjectRemoved:Delete"]
    assert set(removed) == {"key", "versionId", "sequencer"} and removed["versionId"] == version
    placed = by_name["ObjectRemoved:DeleteMarkerCreated"]
    assert placed["eTag"] == "d41d8cd98f00b204e9800998ecf8427e" and placed["versionId"] == marker
    assert by_name["ObjectCreated:Put"]["sequencer"] < placed["sequencer"] < removed["sequencer"]
    assert [name for name, _ in of("copy")] == ["ObjectCreated:Copy", "ObjectRemoved:DeleteMarkerCreated"]
    assert of("copy")[0][1]["versionId"] == copy
    assert [name for name, _ in of("big")] == [
        "ObjectCreated:CompleteMultipartUpload", "ObjectRemoved:DeleteMarkerCreated",
    ]  # fmt: skip
    versions = {record["eventName"]: record["eventVersion"] for record in found}
    assert versions["ObjectTagging:Put"] == versions["ObjectAcl:Put"] == "2.3"
    always(lambda: len(records(clean.hook.messages(), bucket)) == 10, "a delete of nothing tells nothing")


def test_ntf_22_a_bucket_without_versioning_names_no_version(s3, region, clean):
    bucket = region.bucket(versioned=False)
    notify(s3, bucket, HOOK, ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"])
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    s3.delete_object(Bucket=bucket, Key="k")
    created, removed = wait_for(clean.hook, bucket, 2)
    assert "versionId" not in created["s3"]["object"]
    assert removed["eventName"] == "ObjectRemoved:Delete"
    assert set(removed["s3"]["object"]) == {"key", "sequencer"}


def test_ntf_17_filters_and_url_encoded_values(s3, region, clean):
    bucket = region.bucket()
    notify(s3, bucket, HOOK, rules=[("Prefix", "in+box/"), ("Suffix", ".jpg")])
    for key in ["in box/no.png", "out/no.jpg", "in box/yes.jpg", "in+box/yes.jpg"]:
        s3.put_object(Bucket=bucket, Key=key, Body=b"v")
    wait_for(clean.hook, bucket, 2)
    always(
        lambda: {record["s3"]["object"]["key"] for record in records(clean.hook.messages(), bucket)}
        == {"in+box/yes.jpg", "in%2Bbox/yes.jpg"},
        "only those that match",
    )


def test_ntf_26_eventbridge(s3, region, clean):
    bucket = region.bucket()
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    answer = s3.put_object(Bucket=bucket, Key="a b", Body=b"four")
    s3.delete_object(Bucket=bucket, Key="a b")

    def both():
        found = [message for message in clean.bridge.messages() if message["detail"]["bucket"]["name"] == bucket]
        return found if len(found) >= 2 else None

    created, deleted = eventually(both, "two events")
    assert created["detail-type"] == "Object Created" and created["source"] == "aws.s3"
    assert created["account"] == ACCOUNT and created["resources"] == [f"arn:aws:s3:::{bucket}"]
    assert str(uuid.UUID(created["id"])) == created["id"]
    assert created["detail"]["object"]["key"] == "a b" and created["detail"]["object"]["size"] == 4
    assert created["detail"]["object"]["version-id"] == answer["VersionId"]
    assert created["detail"]["reason"] == "PutObject" and created["detail"]["requester"] == ACCOUNT
    assert created["detail"]["source-ip-address"] == "127.0.0.1"
    assert deleted["detail-type"] == "Object Deleted"
    assert deleted["detail"]["deletion-type"] == "Delete Marker Created"
    assert deleted["detail"]["reason"] == "DeleteObject"


def test_rst_6_restore_tells_of_its_beginning_and_its_two_ends(s3, region, clean):
    bucket = region.bucket()
    notify(s3, bucket, HOOK, ["s3:ObjectRestore:*"])
    s3.put_object(Bucket=bucket, Key="k", Body=b"v", StorageClass="GLACIER")
    s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 4})
    asked, done, over = wait_for(clean.hook, bucket, 3)
    assert asked["eventName"] == "ObjectRestore:Post"
    assert asked["userIdentity"]["principalId"] == f"AWS:{ACCOUNT}"
    assert done["eventName"] == "ObjectRestore:Completed"
    data = done["glacierEventData"]["restoreEventData"]
    assert data["lifecycleRestoreStorageClass"] == "GLACIER"
    assert data["lifecycleRestorationExpiryTime"] == over["eventTime"]
    assert done["userIdentity"]["principalId"].startswith("AmazonCustomer:")
    assert over["eventName"] == "ObjectRestore:Delete" and over["eventVersion"] == "2.3"


def test_lc_9_lifecycle_tells_what_it_does(s3, region, clean):
    bucket = region.bucket()
    notify(s3, bucket, HOOK, ["s3:LifecycleExpiration:*", "s3:LifecycleTransition", "s3:ObjectRemoved:*"])
    moved = s3.put_object(Bucket=bucket, Key="m/k", Body=b"x" * 140_000)["VersionId"]
    version = s3.put_object(Bucket=bucket, Key="e/k", Body=b"v")["VersionId"]
    rules = [
        {"ID": "move", "Filter": {"Prefix": "m/"}, "Transitions": [{"Days": 0, "StorageClass": "GLACIER"}]},
        {
            "ID": "expire",
            "Filter": {"Prefix": "e/"},
            "Expiration": {"Days": 1},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        },
    ]
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": [{"Status": "Enabled", **rule} for rule in rules]}
    )
    found = {record["eventName"]: record for record in wait_for(clean.hook, bucket, 3)}
    transition = found["LifecycleTransition"]
    assert transition["s3"]["object"]["versionId"] == moved
    assert transition["lifecycleEventData"]["transitionEventData"] == {"destinationStorageClass": "GLACIER"}
    assert transition["requestParameters"]["sourceIPAddress"] == "s3.amazonaws.com"
    assert found["LifecycleExpiration:Delete"]["s3"]["object"]["versionId"] == version
    assert found["LifecycleExpiration:DeleteMarkerCreated"]["s3"]["object"]["key"] == "e/k"
    assert not [name for name in found if name.startswith("ObjectRemoved")], "those are for what clients remove"


# Configurations


def test_ntf_6_r_18_test_message(s3, region, clean):
    bucket = region.bucket()
    notify(s3, bucket, QUEUE)

    def message():
        found = [body for body in clean.queue.messages() if body.get("Bucket") == bucket]
        return found[0] if found else None

    found = eventually(message, "a test message")
    assert found["Service"] == "Amazon S3" and found["Event"] == "s3:TestEvent"
    assert set(found) == {"Service", "Event", "Time", "Bucket", "RequestId", "HostId"}
    notify(s3, bucket, TOPIC)
    eventually(
        lambda: [body for body in clean.topic.messages() if body.get("Bucket") == bucket], "one for the topic, too"
    )


@pytest.mark.parametrize("name", ["sqs", "sns"])
def test_ntf_7_fifo_is_refused(s3, region, name):
    bucket = region.bucket()
    with pytest.raises(s3.exceptions.ClientError) as caught:
        notify(s3, bucket, f"arn:aws:{name}:us-east-1:{ACCOUNT}:x.fifo")
    assert caught.value.response["Error"]["Code"] == "InvalidArgument"


def test_ntf_3_only_targets_of_the_region_are_taken(s3, region):
    bucket = region.bucket()
    with pytest.raises(s3.exceptions.ClientError) as caught:
        notify(s3, bucket, QUEUE + "x")
    error = caught.value.response["Error"]
    assert error["Message"] == "Unable to validate the following destination configurations"
    assert error["ArgumentValue1"] == "The destination queue does not exist"


def test_ntf_3_buckets_of_other_accounts_may_not_use_a_target(region, clean):
    bobs = region.client(BOB)
    bucket = region.bucket(account=BOB)
    with pytest.raises(bobs.exceptions.ClientError) as caught:
        notify(bobs, bucket, QUEUE)
    assert caught.value.response["Error"]["ArgumentValue1"] == (
        "Permissions on the destination queue do not allow S3 to publish notifications from this bucket"
    )
    notify(bobs, bucket, QUEUE, skip=True)
    before = status(region, QUEUE)["dead"]
    bobs.put_object(Bucket=bucket, Key="k", Body=b"v")
    eventually(lambda: status(region, QUEUE)["dead"] > before, "it becomes a dead letter")
    assert not records(clean.queue.messages(), bucket)
    tern_events(region, "discard", QUEUE)


# Targets


def test_sqs_request_is_signed_and_its_answer_checked(s3, region, clean):
    bucket = region.bucket()
    notify(s3, bucket, QUEUE)
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    wait_for(clean.queue, bucket, 1)
    headers, body = clean.queue.taken()[-1]
    assert headers["x-amz-target"] == "AmazonSQS.SendMessage"
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert json.loads(body)["QueueUrl"] == clean.queue.url
    signed = headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    request = botocore.awsrequest.AWSRequest(
        "POST", clean.queue.url, data=body, headers={name: headers[name] for name in signed if name != "host"}
    )
    request.context["timestamp"] = headers["x-amz-date"]
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials("AKIDQUEUE", "s3cret"), "sqs", "us-east-1")
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    assert headers["authorization"].endswith(f"Signature={signature}")


def test_sns_envelope(s3, region, clean):
    bucket = region.bucket()
    notify(s3, bucket, TOPIC)
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    wait_for(clean.topic, bucket, 1)
    headers, body = clean.topic.taken()[-1]
    envelope = json.loads(body)
    assert envelope["Type"] == "Notification" and envelope["TopicArn"] == TOPIC
    assert envelope["Subject"] == "Amazon S3 Notification"
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert headers["x-amz-sns-topic-arn"] == TOPIC
    assert headers["x-amz-sns-message-id"] == envelope["MessageId"] == str(uuid.UUID(envelope["MessageId"]))


def test_redis_stream(s3, region, event_targets):
    bucket = region.bucket()
    notify(s3, bucket, STREAM)
    for number in range(20):
        s3.put_object(Bucket=bucket, Key=f"k{number % 5}", Body=b"v")

    def entries():
        # Each event stands there with its ID; the stream is in database 1.
        found = event_targets.redis.ask("-n", "1", "XRANGE", "tern", "-", "+")
        fields = [dict(zip(entry[1][::2], entry[1][1::2], strict=True)) for entry in found]
        assert all(len(field["id"]) == 32 for field in fields)
        own = records([json.loads(field["event"]) for field in fields], bucket)
        return own if len(own) >= 20 else None

    found = eventually(entries, "20 entries of the stream")
    for key in {record["s3"]["object"]["key"] for record in found}:
        order = [record["s3"]["object"]["sequencer"] for record in found if record["s3"]["object"]["key"] == key]
        assert order == sorted(order), "TGT-1: the order of a key is kept"


def test_nats_jetstream(s3, region, event_targets):
    client = event_targets.nats.client()
    created = client.request("$JS.API.STREAM.CREATE.EVENTS", {"name": "EVENTS", "subjects": ["tern.>"]})
    assert "error" not in created, created
    bucket = region.bucket()
    notify(s3, bucket, JETSTREAM)
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")

    def message():
        subject = f"tern.{ACCOUNT}.{bucket}.ObjectCreated:Put"
        answer = client.request("$JS.API.STREAM.MSG.GET.EVENTS", {"last_by_subj": subject})
        return answer.get("message")

    found = eventually(message, "a message of the stream")
    (record,) = json.loads(base64.b64decode(found["data"]))["Records"]
    assert record["s3"]["bucket"]["name"] == bucket
    headers = base64.b64decode(found["hdrs"]).decode()
    assert "Nats-Msg-Id: " in headers
    client.close()


def test_nats_core(s3, region, event_targets):
    client = event_targets.nats.client()
    bucket = region.bucket()
    client.subscribe(f"plain.{bucket}.>")
    notify(s3, bucket, CORE)
    assert client.next()[0] == f"plain.{bucket}.TestEvent"
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    subject, payload = client.next()
    assert subject == f"plain.{bucket}.ObjectCreated:Put"
    assert json.loads(payload)["Records"][0]["s3"]["object"]["key"] == "k"
    client.close()


def test_file(s3, region, event_targets):
    bucket = region.bucket()
    notify(s3, bucket, LINES)
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")

    def lines():
        text = event_targets.lines.read_text() if event_targets.lines.exists() else ""
        return records([json.loads(line) for line in text.splitlines()], bucket)

    assert eventually(lines, "a line of the file")[0]["eventName"] == "ObjectCreated:Put"


def test_targets_over_tls(s3, region, clean):
    buckets = [region.bucket() for _ in range(3)]
    client = clean.secure_nats.client()
    client.subscribe(f"plain.{buckets[2]}")
    for bucket, arn in zip(buckets, [SECURE_HOOK, SECURE_STREAM, SECURE_CORE], strict=True):
        notify(s3, bucket, arn)
        s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    wait_for(clean.secure_hook, buckets[0], 1)
    eventually(lambda: records(clean.secure_redis.messages("tern"), buckets[1]), "an entry of the stream")
    assert "TestEvent" in client.next()[1].decode()
    assert json.loads(client.next()[1])["Records"][0]["s3"]["bucket"]["name"] == buckets[2]
    client.close()


def test_a_certificate_of_nobody_known_is_not_taken(s3, region, clean):
    bucket = region.bucket()
    notify(s3, bucket, MISTRUSTED)
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    eventually(lambda: status(region, MISTRUSTED)["lastError"], "the handshake fails")
    assert not records(clean.secure_hook.messages(), bucket)
    assert status(region, MISTRUSTED)["queued"] == 1


# Delivery


def test_tgt_1_a_dead_target_stops_no_other_and_loses_nothing(s3, region, clean):
    first, second = region.bucket(), region.bucket()
    notify(s3, first, HOOK)
    notify(s3, second, QUEUE)
    clean.hook.stop()
    try:
        for number in range(30):
            s3.put_object(Bucket=first, Key=f"k{number}", Body=b"v")
            s3.put_object(Bucket=second, Key=f"k{number}", Body=b"v")
        wait_for(clean.queue, second, 30)
        eventually(lambda: status(region, HOOK)["state"] == "backing off", "the hook rests")
        assert status(region, HOOK)["queued"] >= 30
        assert status(region, HOOK)["lastError"]
    finally:
        clean.hook.start()
    found = wait_for(clean.hook, first, 30)
    assert {record["s3"]["object"]["key"] for record in found} == {f"k{number}" for number in range(30)}
    eventually(lambda: status(region, HOOK)["state"] == "sending", "the hook is well")


def test_tgt_1_redis_down_and_up(s3, region, event_targets):
    bucket = region.bucket()
    notify(s3, bucket, STREAM)
    event_targets.redis.stop()
    try:
        s3.put_object(Bucket=bucket, Key="k", Body=b"v")
        eventually(lambda: status(region, STREAM)["lastError"], "it is seen")
    finally:
        event_targets.redis.start()

    def entries():
        found = event_targets.redis.ask("-n", "1", "XRANGE", "tern", "-", "+")
        fields = [dict(zip(entry[1][::2], entry[1][1::2], strict=True)) for entry in found]
        return records([json.loads(field["event"]) for field in fields], bucket)

    eventually(entries, "the event arrives")


def test_tgt_1_survives_kill_between_write_and_delivery(region, clean):
    s3 = region.client(ALICE)
    bucket = region.bucket()
    notify(s3, bucket, HOOK)
    eventually(lambda: status(region, HOOK)["queued"] <= 1, "nothing of before waits")
    clean.hook.stop()
    for number in range(50):
        s3.put_object(Bucket=bucket, Key=f"k{number}", Body=b"v")
    region.kill()
    clean.hook.start()
    region.start()
    found = wait_for(clean.hook, bucket, 50)
    assert {record["s3"]["object"]["key"] for record in found} == {f"k{number}" for number in range(50)}


def test_ntf_8_every_acknowledged_write_is_told_although_the_process_dies(region, clean):
    """Kills the region again and again, while writers write and events go out."""
    s3 = region.client(ALICE)
    bucket = region.bucket()
    notify(s3, bucket, HOOK)
    acknowledged, lock, over = set(), threading.Lock(), threading.Event()

    def write(writer):
        number = 0
        while not over.is_set():
            number += 1
            key = f"{writer}-{number}"
            try:
                s3.put_object(Bucket=bucket, Key=key, Body=b"v")
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
                over.wait(0.05)
                continue
            with lock:
                acknowledged.add(key)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(3):
            with lock:
                before = len(acknowledged)
            eventually(lambda before=before: len(acknowledged) >= before + 60, "some writes")
            region.kill()
            region.start()
    finally:
        over.set()
        for writer in writers:
            writer.join()

    def told():
        return {record["s3"]["object"]["key"] for record in records(clean.hook.messages(), bucket)}

    eventually(lambda: acknowledged <= told(), lambda: f"not told: {sorted(acknowledged - told())[:5]}")


def test_tgt_4_metrics_of_a_target(s3, region, clean):
    def sample(name):
        text = requests.get(f"http://127.0.0.1:{region.metrics_port}/metrics", timeout=10).text
        line = next(line for line in text.splitlines() if line.startswith(f'{name}{{target="{HOOK}"}}'))
        return float(line.split()[-1])

    bucket = region.bucket()
    notify(s3, bucket, HOOK)
    delivered = sample("tern_events_delivered_total")
    clean.hook.status = 500
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    failed = sample("tern_events_failed_attempts_total")
    eventually(lambda: sample("tern_events_failed_attempts_total") > failed, "a failed attempt is counted")
    assert sample("tern_events_pending") >= 1
    eventually(lambda: sample("tern_events_oldest_seconds") >= 1, "it grows older")
    clean.hook.status = 200
    wait_for(clean.hook, bucket, 1)
    eventually(lambda: sample("tern_events_delivered_total") > delivered, "it is counted")


def test_tgt_2_repetitions_have_the_same_id(s3, region, clean):
    bucket = region.bucket()
    clean.hook.status = 503
    notify(s3, bucket, HOOK)
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")

    def attempts():
        return [headers["x-tern-event-id"] for headers, body, _ in clean.hook.requests if bucket.encode() in body]

    # Events of other tests' buckets may still be on their way.
    eventually(lambda: len(attempts()) >= 3, "some attempts")
    clean.hook.status = 200
    wait_for(clean.hook, bucket, 1)
    assert len(set(attempts())) == 1


def test_tgt_1_dead_letters_are_kept_seen_and_driven_again(s3, region, clean):
    bucket = region.bucket()
    clean.impatient.status = 422
    notify(s3, bucket, IMPATIENT, ["s3:ObjectCreated:Put"])
    s3.put_object(Bucket=bucket, Key="poison", Body=b"v")
    # The test message and the event itself.
    eventually(lambda: status(region, IMPATIENT)["dead"] >= 2, lambda: f"{status(region, IMPATIENT)}")
    listed = json.loads(tern_events(region, "dead", IMPATIENT, "--json"))["deadLetters"]
    letter = next(letter for letter in listed if letter["key"] == "poison")
    assert letter["event"] == "ObjectCreated:Put" and letter["attempts"] >= 1 and "422" in letter["error"]
    clean.impatient.status = 200
    assert "2 put back" in tern_events(region, "redrive", IMPATIENT)

    def arrived():
        found = [body for body in clean.impatient.messages() if body["type"] == "com.amazonaws.s3.ObjectCreated.Put"]
        return [body for body in found if body["source"] == f"arn:aws:s3:::{bucket}"]

    (event,) = eventually(arrived, "it arrives, as a CloudEvent")
    assert event["specversion"] == "1.0" and event["subject"] == "poison"
    assert event["data"]["Records"][0]["s3"]["object"]["key"] == "poison"
    eventually(lambda: status(region, IMPATIENT)["dead"] == 0, "none is left")
    clean.impatient.status = 422
    s3.put_object(Bucket=bucket, Key="again", Body=b"v")
    eventually(lambda: status(region, IMPATIENT)["dead"] == 1, "another")
    assert "1 discarded" in tern_events(region, "discard", IMPATIENT)
    assert status(region, IMPATIENT)["dead"] == 0


def test_a_target_that_answers_410_is_left_alone_until_it_is_driven_again(s3, region, clean):
    bucket = region.bucket()
    clean.hook.status = 410
    notify(s3, bucket, HOOK)
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    eventually(lambda: status(region, HOOK)["state"] == "closed", "it is closed")
    clean.hook.status = 200
    clean.hook.clear()
    s3.put_object(Bucket=bucket, Key="k2", Body=b"v")
    always(lambda: not clean.hook.requests, "nothing is sent", during=2)
    tern_events(region, "redrive", HOOK)
    wait_for(clean.hook, bucket, 2)


def test_events_outlive_their_bucket(s3, region, clean):
    bucket = region.bucket(versioned=False)
    notify(s3, bucket, HOOK, ["s3:ObjectRemoved:*"])
    clean.hook.stop()
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    region.kill()
    region.start()
    clean.hook.start()
    (record,) = wait_for(clean.hook, bucket, 1)
    assert record["eventName"] == "ObjectRemoved:Delete"


def test_removed_configuration_wants_nothing(s3, region, clean):
    bucket = region.bucket()
    notify(s3, bucket, HOOK)
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    wait_for(clean.hook, bucket, 1)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    s3.put_object(Bucket=bucket, Key="k2", Body=b"v")
    always(lambda: len(records(clean.hook.messages(), bucket)) == 1, "nothing more")
