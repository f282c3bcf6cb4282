"""KMS (identity-and-control §7, KMS-*)."""

import base64
import datetime
import json
import pathlib
import re
import subprocess
import sys
import uuid

import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import clients
import pytest
import requests
import strict_json
from federation import ALICE, BOB, tern_binary
from s3 import fails


def client_of(region, account=ALICE, token=None):
    keys = account if isinstance(account, tuple) else (account.access_key, account.secret_key)
    client = clients.client(
        "kms",
        endpoint_url=region.endpoint,
        region_name=region.name,
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        aws_session_token=token,
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )
    strict_json.watch(client)
    return client


@pytest.fixture
def kms(home):
    return client_of(home)


@pytest.fixture
def bobs(home):
    return client_of(home, BOB)


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["KeyId"]


def arn(key, account=ALICE, region="us-east-1"):
    return f"arn:aws:kms:{region}:{account.id}:key/{key}"


def in_pages(client, operation, result, name):
    """The names in all pages of a list."""
    return [entry[name] for page in client.get_paginator(operation).paginate() for entry in page[result]]


def test_KMS_2_a_key_is_described(kms):
    made = kms.create_key(Description='a "key" – ключ\n', Tags=[{"TagKey": "team", "TagValue": "red"}])["KeyMetadata"]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made["KeyId"])
    assert made["Arn"] == arn(made["KeyId"])
    now = datetime.datetime.now(datetime.UTC)
    assert abs(made["CreationDate"] - now) < datetime.timedelta(seconds=60)
    assert made["CreationDate"].tzinfo
    described = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert described == made
    assert {
        name: made[name] for name in ("AWSAccountId", "Enabled", "KeyUsage", "KeyState", "Origin", "KeyManager")
    } == {
        "AWSAccountId": ALICE.id,
        "Enabled": True,
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": "Enabled",
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
    }
    assert made["Description"] == 'a "key" – ключ\n'
    assert made["KeySpec"] == made["CustomerMasterKeySpec"] == "SYMMETRIC_DEFAULT"
    assert made["EncryptionAlgorithms"] == ["SYMMETRIC_DEFAULT"]
    assert made["MultiRegion"] is False and "MultiRegionConfiguration" not in made and "DeletionDate" not in made
    assert kms.list_resource_tags(KeyId=made["KeyId"])["Tags"] == [{"TagKey": "team", "TagValue": "red"}]


def test_KMS_1_and_KMS_7_names_of_keys(kms, key, home):
    alias = f"alias/{uuid.uuid4()}"
    kms.create_alias(AliasName=alias, TargetKeyId=arn(key))
    for name in (key, arn(key), alias, f"arn:aws:kms:us-east-1:{ALICE.id}:{alias}"):
        assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == key
    absent = str(uuid.uuid4())
    for name, message in {
        "fake-key-id": "Invalid keyId 'fake-key-id'",
        absent: f"Key '{arn(absent)}' does not exist",
        arn(absent): f"Key '{arn(absent)}' does not exist",
        arn(key, region="eu-west-1"): "Invalid arn eu-west-1",
        "alias/absent": f"Alias arn:aws:kms:us-east-1:{ALICE.id}:alias/absent is not found.",
    }.items():
        with fails(400, "NotFoundException", message):
            kms.describe_key(KeyId=name)
    # What concerns the configuration of a key takes no alias.
    with fails(400, "NotFoundException", f"Invalid keyId '{alias}'"):
        kms.get_key_policy(KeyId=alias)


def test_KMS_3_keys_of_others_cannot_be_told_from_absent_ones(kms, bobs, key):
    texts = set()
    for name in (key, str(uuid.uuid4())):
        for call in (bobs.describe_key, bobs.get_key_policy, bobs.disable_key):
            with pytest.raises(bobs.exceptions.ClientError) as failure:
                call(KeyId=arn(name))
            assert failure.value.response["Error"]["Code"] == "AccessDeniedException"
            texts.add(failure.value.response["Error"]["Message"].split(" on this resource ")[1])
    assert len(texts) == 1
    assert key in in_pages(kms, "list_keys", "Keys", "KeyId")
    assert key not in in_pages(bobs, "list_keys", "Keys", "KeyId")


def test_KMS_3_both_accounts_must_agree(kms, bobs, key):
    sealed = kms.encrypt(KeyId=key, Plaintext=b"data")["CiphertextBlob"]
    with fails(400, "AccessDeniedException"):
        bobs.decrypt(CiphertextBlob=sealed)
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    assert policy["Statement"][0] == {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    policy["Statement"].append(
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{BOB.id}:root"},
            "Action": ["kms:Decrypt"],
            "Resource": "*",
        }
    )
    text = json.dumps(policy, indent=1)
    kms.put_key_policy(KeyId=key, Policy=text)
    assert kms.get_key_policy(KeyId=key)["Policy"] == text
    assert kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]
    assert bobs.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"data"
    with fails(400, "AccessDeniedException"):
        bobs.encrypt(KeyId=arn(key), Plaintext=b"data")


def test_KMS_3_even_the_root_is_limited_by_the_key_policy(kms):
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"},
                "Action": ["kms:Describe*", "kms:PutKeyPolicy"],
                "Resource": "*",
            }
        ],
    }
    made = kms.create_key(Policy=json.dumps(policy))["KeyMetadata"]["KeyId"]
    message = (
        f"User: arn:aws:iam::{ALICE.id}:root is not authorized to perform: kms:Encrypt on resource: {arn(made)} "
        "because no resource-based policy allows the kms:Encrypt action"
    )
    with fails(400, "AccessDeniedException", message):
        kms.encrypt(KeyId=made, Plaintext=b"data")


def test_KMS_4_a_policy_must_not_lock_its_author_out(kms, key):
    closed = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": BOB.id}, "Action": "kms:*", "Resource": "*"},
            ],
        }
    )
    message = "The new key policy will not allow you to update the key policy in the future."
    with fails(400, "MalformedPolicyDocumentException", message):
        kms.put_key_policy(KeyId=key, Policy=closed)
    with fails(400, "MalformedPolicyDocumentException", message):
        kms.create_key(Policy=closed)
    for text in (
        "{",
        "[]",
        "{}",
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    ):
        with fails(400, "MalformedPolicyDocumentException"):
            kms.put_key_policy(KeyId=key, Policy=text)
    kms.put_key_policy(KeyId=key, Policy=closed, BypassPolicyLockoutSafetyCheck=True)
    with fails(400, "AccessDeniedException"):
        kms.get_key_policy(KeyId=key)
    with fails(400, "NotFoundException"):
        kms.get_key_policy(KeyId=kms.create_key()["KeyMetadata"]["KeyId"], PolicyName="other")


def test_KMS_5_and_KMS_6_encryption_context(kms, key):
    context = {"purpose": "test", "ключ": "значение"}
    sealed = kms.encrypt(KeyId=key, Plaintext=b"\x00data", EncryptionContext=context)
    assert sealed["KeyId"] == arn(key) and sealed["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=context)
    assert opened["Plaintext"] == b"\x00data" and opened["KeyId"] == arn(key)
    for other in ({}, {"purpose": "test"}, {**context, "more": ""}, {**context, "purpose": "Test"}):
        with fails(400, "InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=other)
    for blob in (b"x", b"\x02" * 200, sealed["CiphertextBlob"][:-1], sealed["CiphertextBlob"] + b"\x00"):
        with fails(400, "InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    assert len({kms.encrypt(KeyId=key, Plaintext=b"same")["CiphertextBlob"] for _ in range(5)}) == 5


def test_KMS_6_limits_and_wrong_keys(kms, key):
    assert (
        len(kms.decrypt(CiphertextBlob=kms.encrypt(KeyId=key, Plaintext=bytes(4096))["CiphertextBlob"])["Plaintext"])
        == 4096
    )
    message = (
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: "
        "Member must have length less than or equal to 4096"
    )
    with fails(400, "ValidationException", message):
        kms.encrypt(KeyId=key, Plaintext=bytes(4097))
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"data")["CiphertextBlob"]
    message = "The key ID in the request does not identify a CMK that can perform this operation."
    with fails(400, "IncorrectKeyException", message):
        kms.decrypt(CiphertextBlob=sealed, KeyId=other)
    assert kms.decrypt(CiphertextBlob=sealed, KeyId=arn(key))["Plaintext"] == b"data"
    with fails(400, "InvalidKeyUsageException"):
        kms.encrypt(KeyId=key, Plaintext=b"data", EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    with fails(400, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set."):
        kms.encrypt(KeyId=key, Plaintext=b"data", DryRun=True)


def test_data_keys(kms, key):
    context = {"a": "b"}
    for parameters, length in (({"KeySpec": "AES_256"}, 32), ({"KeySpec": "AES_128"}, 16), ({"NumberOfBytes": 24}, 24)):
        made = kms.generate_data_key(KeyId=key, EncryptionContext=context, **parameters)
        assert len(made["Plaintext"]) == length
        assert (
            kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)["Plaintext"]
            == made["Plaintext"]
        )
        hidden = kms.generate_data_key_without_plaintext(KeyId=key, **parameters)
        assert "Plaintext" not in hidden
        assert len(kms.decrypt(CiphertextBlob=hidden["CiphertextBlob"])["Plaintext"]) == length
    for parameters in ({}, {"KeySpec": "AES_256", "NumberOfBytes": 32}):
        with fails(400, "ValidationException"):
            kms.generate_data_key(KeyId=key, **parameters)
    with fails(400, "ValidationException"):
        kms.generate_data_key(KeyId=key, NumberOfBytes=1025)
    assert len(kms.generate_random(NumberOfBytes=33)["Plaintext"]) == 33


def test_ReEncrypt(kms, key):
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"data", EncryptionContext={"a": "1"})["CiphertextBlob"]
    again = kms.re_encrypt(
        CiphertextBlob=sealed,
        SourceEncryptionContext={"a": "1"},
        DestinationKeyId=other,
        DestinationEncryptionContext={"b": "2"},
    )
    assert again["SourceKeyId"] == arn(key) and again["KeyId"] == arn(other)
    opened = kms.decrypt(CiphertextBlob=again["CiphertextBlob"], EncryptionContext={"b": "2"})
    assert opened["Plaintext"] == b"data" and opened["KeyId"] == arn(other)
    with fails(400, "InvalidCiphertextException"):
        kms.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=other)


def test_KMS_7_states(kms, key):
    sealed = kms.encrypt(KeyId=key, Plaintext=b"data")["CiphertextBlob"]
    uses = [
        lambda: kms.encrypt(KeyId=key, Plaintext=b"data"),
        lambda: kms.decrypt(CiphertextBlob=sealed),
        lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256"),
        lambda: kms.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=key),
    ]
    kms.disable_key(KeyId=key)
    described = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert described["KeyState"] == "Disabled" and described["Enabled"] is False
    for use in uses:
        with fails(400, "DisabledException", f"{arn(key)} is disabled."):
            use()
    kms.enable_key(KeyId=key)
    for use in uses:
        use()


def test_KMS_8_deletion(kms, key):
    sealed = kms.encrypt(KeyId=key, Plaintext=b"data")["CiphertextBlob"]
    for days in (6, 31):
        with fails(400, "ValidationException"):
            kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=days)
    answer = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert answer["KeyId"] == arn(key)
    assert answer["KeyState"] == "PendingDeletion" and answer["PendingWindowInDays"] == 7
    left = answer["DeletionDate"] - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(days=6, hours=23) < left < datetime.timedelta(days=7, seconds=5)
    described = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert described["KeyState"] == "PendingDeletion" and described["DeletionDate"] == answer["DeletionDate"]
    message = f"{arn(key)} is pending deletion."
    for use in (
        lambda: kms.encrypt(KeyId=key, Plaintext=b"data"),
        lambda: kms.decrypt(CiphertextBlob=sealed),
        lambda: kms.enable_key(KeyId=key),
        lambda: kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}]),
        lambda: kms.create_alias(AliasName=f"alias/{key}", TargetKeyId=key),
        lambda: kms.schedule_key_deletion(KeyId=key),
    ):
        with fails(400, "KMSInvalidStateException", message):
            use()
    assert kms.cancel_key_deletion(KeyId=key)["KeyId"] == arn(key)
    described = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert described["KeyState"] == "Disabled" and "DeletionDate" not in described
    with fails(400, "KMSInvalidStateException"):
        kms.cancel_key_deletion(KeyId=key)
    assert kms.schedule_key_deletion(KeyId=key)["PendingWindowInDays"] == 30


def test_KMS_7_aliases(kms, bobs, key):
    name = f"alias/{uuid.uuid4()}"
    prefix = (
        'Alias must start with the prefix "alias/". Please see '
        "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
    )
    with fails(400, "ValidationException", prefix):
        kms.create_alias(AliasName="name", TargetKeyId=key)
    with fails(400, "NotAuthorizedException"):
        kms.create_alias(AliasName="alias/aws/mine", TargetKeyId=key)
    kms.create_alias(AliasName=name, TargetKeyId=key)
    with fails(
        400, "AlreadyExistsException", f"An alias with the name arn:aws:kms:us-east-1:{ALICE.id}:{name} already exists"
    ):
        kms.create_alias(AliasName=name, TargetKeyId=key)
    [listed] = kms.list_aliases(KeyId=key)["Aliases"]
    assert listed["AliasName"] == name and listed["TargetKeyId"] == key
    assert listed["AliasArn"] == f"arn:aws:kms:us-east-1:{ALICE.id}:{name}"
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName=name, TargetKeyId=other)
    assert kms.encrypt(KeyId=name, Plaintext=b"data")["KeyId"] == arn(other)
    assert name in in_pages(kms, "list_aliases", "Aliases", "AliasName")
    assert name not in in_pages(bobs, "list_aliases", "Aliases", "AliasName")
    with fails(400, "NotFoundException", f"Alias arn:aws:kms:us-east-1:{BOB.id}:{name} is not found."):
        bobs.delete_alias(AliasName=name)
    kms.delete_alias(AliasName=name)
    with fails(400, "NotFoundException"):
        kms.delete_alias(AliasName=name)


def test_the_managed_key_of_s3_is_made_on_first_use_and_nobody_changes_it(bobs):
    described = bobs.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert described["KeyManager"] == "AWS"
    key = described["KeyId"]
    assert bobs.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"] == key
    for call in (
        lambda: bobs.disable_key(KeyId=key),
        lambda: bobs.schedule_key_deletion(KeyId=key),
        lambda: bobs.encrypt(KeyId=key, Plaintext=b"data"),
        lambda: bobs.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}]),
    ):
        with fails(400, "AccessDeniedException"):
            call()
    assert bobs.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True


def test_KMS_7_tags(kms, key):
    for tags, message in (
        ([("a", "1"), ("a", "2")], "Duplicate tag keys"),
        ([("aws:a", "1")], "Tags beginning with aws: are reserved"),
        ([(f"k{index}", "") for index in range(51)], "Too many tags"),
    ):
        with fails(400, "TagException", message):
            kms.tag_resource(KeyId=key, Tags=[{"TagKey": name, "TagValue": value} for name, value in tags])
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": f"k{index:02}", "TagValue": "v"} for index in range(7)])
    found, marker = [], {}
    while True:
        page = kms.list_resource_tags(KeyId=key, Limit=3, **marker)
        found += [tag["TagKey"] for tag in page["Tags"]]
        assert page["Truncated"] == ("NextMarker" in page)
        if not page["Truncated"]:
            break
        marker = {"Marker": page["NextMarker"]}
    assert found == [f"k{index:02}" for index in range(7)]
    kms.untag_resource(KeyId=key, TagKeys=found[1:])
    assert [tag["TagKey"] for tag in kms.list_resource_tags(KeyId=key)["Tags"]] == ["k00"]


def test_keys_are_listed_in_pages(kms):
    made = {kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(5)}
    pages = list(kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2}))
    assert all(len(page["Keys"]) <= 2 for page in pages)
    listed = [entry["KeyId"] for page in pages for entry in page["Keys"]]
    assert made <= set(listed) and len(listed) == len(set(listed)) and listed == sorted(listed)
    with fails(400, "InvalidMarkerException"):
        kms.list_keys(Marker="?")
    with fails(400, "ValidationException"):
        kms.list_keys(Limit=1001)


def test_rotation(kms, key):
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key)
    status = kms.get_key_rotation_status(KeyId=key)
    assert status["KeyRotationEnabled"] is True and status["RotationPeriodInDays"] == 365
    assert status["NextRotationDate"] > datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=364)
    before = kms.encrypt(KeyId=key, Plaintext=b"data")["CiphertextBlob"]
    first = kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"]
    kms.rotate_key_on_demand(KeyId=key)
    second = kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"]
    assert first != second
    assert kms.decrypt(CiphertextBlob=before)["KeyMaterialId"] == first
    [rotation] = kms.list_key_rotations(KeyId=key)["Rotations"]
    assert rotation["RotationType"] == "ON_DEMAND" and rotation["KeyMaterialId"] == second
    kms.disable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False


def test_grants(kms, bobs, key):
    sealed = kms.encrypt(KeyId=key, Plaintext=b"data", EncryptionContext={"a": "1"})["CiphertextBlob"]
    grant = kms.create_grant(
        KeyId=key,
        GranteePrincipal=f"arn:aws:iam::{BOB.id}:root",
        Operations=["Decrypt", "DescribeKey"],
        Constraints={"EncryptionContextEquals": {"a": "1"}},
        Name="for-bob",
    )
    opened = bobs.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "1"}, GrantTokens=[grant["GrantToken"]])
    assert opened["Plaintext"] == b"data"
    with fails(400, "AccessDeniedException"):
        bobs.encrypt(KeyId=arn(key), Plaintext=b"data")
    with fails(400, "InvalidGrantTokenException"):
        bobs.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "1"}, GrantTokens=["bm9uZQ=="])
    [listed] = kms.list_grants(KeyId=key)["Grants"]
    assert listed["GrantId"] == grant["GrantId"] and listed["KeyId"] == arn(key) and listed["Name"] == "for-bob"
    kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
    with fails(400, "AccessDeniedException"):
        bobs.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "1"})


@pytest.mark.parametrize(
    "parameters",
    [
        {"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"},
        {"CustomerMasterKeySpec": "HMAC_256"},
        {"Origin": "EXTERNAL"},
        {"CustomKeyStoreId": "cks-1"},
    ],
)
def test_what_is_not_supported_says_so(kms, parameters):
    with fails(400, "UnsupportedOperationException"):
        kms.create_key(**parameters)


def test_operations_that_are_not_supported_say_so(kms, key):
    for call in (
        lambda: kms.get_public_key(KeyId=key),
        lambda: kms.generate_mac(KeyId=key, Message=b"m", MacAlgorithm="HMAC_SHA_256"),
        lambda: kms.describe_custom_key_stores(),
    ):
        with fails(400, "UnsupportedOperationException"):
            call()


def post(region, body, target="TrentService.ListKeys", account=ALICE, scope="us-east-1"):
    """A request by hand, signed as the SDKs do."""
    request = botocore.awsrequest.AWSRequest(
        "POST",
        region.endpoint + "/",
        data=body,
        headers={"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target},
    )
    credentials = botocore.credentials.Credentials(account.access_key, account.secret_key)
    botocore.auth.SigV4Auth(credentials, "kms", scope).add_auth(request)
    return requests.post(request.url, data=body, headers=dict(request.headers), timeout=10)


@pytest.mark.parametrize(
    ("target", "body", "code"),
    [
        ("TrentService.NoSuchOperation", b"{}", "UnknownOperationException"),
        ("Other.ListKeys", b"{}", "UnknownOperationException"),
        ("TrentService.ListKeys", b"[]", "SerializationException"),
        ("TrentService.ListKeys", b"{", "SerializationException"),
        ("TrentService.ListKeys", b"[" * 100_000, "SerializationException"),
        ("TrentService.ListKeys", b'{"Limit":"3"}', "SerializationException"),
        ("TrentService.ListKeys", b'{"Limit":1e400}', "SerializationException"),
        ("TrentService.Encrypt", b'{"KeyId":"x","Plaintext":"*"}', "SerializationException"),
        ("TrentService.Encrypt", b'{"KeyId":5,"Plaintext":"AAAA"}', "SerializationException"),
        ("TrentService.Encrypt", b'{"Plaintext":"AAAA"}', "ValidationException"),
        ("TrentService.DescribeKey", b'{"KeyId":""}', "ValidationException"),
        ("TrentService.DescribeKey", b'{"KeyId":"\\u0000\\"</a>"}', "NotFoundException"),
        ("TrentService.Decrypt", b'{"CiphertextBlob":"AAAA","EncryptionContext":{"a":1}}', "SerializationException"),
    ],
)
def test_hostile_requests_get_an_error_of_the_protocol(home, target, body, code):
    answer = post(home, body, target)
    assert answer.status_code == 400
    assert answer.json()["__type"] == code
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"


def test_refused_signatures_in_the_form_of_the_protocol(home):
    wrong = type(ALICE)(ALICE.id, ALICE.access_key, "wrong" * 8, "", "")
    assert post(home, b"{}", account=wrong).json()["__type"] == "InvalidSignatureException"
    unknown = type(ALICE)(ALICE.id, "AKIAUNKNOWN", "wrong" * 8, "", "")
    assert post(home, b"{}", account=unknown).json()["__type"] == "UnrecognizedClientException"
    assert post(home, b"{}", scope="mars-1").json()["__type"] == "InvalidSignatureException"


def test_a_request_signed_for_another_region_is_handed_on_to_it(federation, home):
    key = client_of(federation["eu-west-1"]).create_key()["KeyMetadata"]["KeyId"]
    answer = post(home, json.dumps({"KeyId": key}).encode(), "TrentService.DescribeKey", scope="eu-west-1")
    assert answer.status_code == 200, answer.text
    assert answer.json()["KeyMetadata"]["Arn"] == arn(key, region="eu-west-1")


def test_the_aws_cli(federation, scratch):
    def aws(*arguments):
        result = subprocess.run(
            [sys.executable, "-m", "awscli", "kms", *arguments, "--profile", "us-east-1", "--output", "json"],
            env=federation.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout) if result.stdout else None

    key = aws("create-key", "--description", "by the CLI")["KeyMetadata"]["KeyId"]
    aws("create-alias", "--alias-name", f"alias/{key}", "--target-key-id", key)
    plain = scratch / "plain"
    plain.write_bytes(b"data")
    sealed = aws(
        "encrypt", "--key-id", f"alias/{key}", "--plaintext", f"fileb://{plain}", "--encryption-context", "a=b"
    )
    blob = scratch / "sealed"
    blob.write_bytes(base64.b64decode(sealed["CiphertextBlob"]))
    opened = aws("decrypt", "--ciphertext-blob", f"fileb://{blob}", "--encryption-context", "a=b")
    assert base64.b64decode(opened["Plaintext"]) == b"data"
    assert (
        aws("schedule-key-deletion", "--key-id", key, "--pending-window-in-days", "7")["KeyState"] == "PendingDeletion"
    )


def test_a_restart_keeps_keys_and_without_the_root_key_nothing_opens(make_federation):
    federation = make_federation(names=("us-east-1",))
    region = federation["us-east-1"]
    kms = client_of(region)
    key = kms.create_key(Description="kept")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/kept", TargetKeyId=key)
    sealed = kms.encrypt(KeyId=key, Plaintext=b"data", EncryptionContext={"a": "b"})["CiphertextBlob"]
    region.kill()
    region.start()
    kms = client_of(region)
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "b"})["Plaintext"] == b"data"
    assert kms.describe_key(KeyId="alias/kept")["KeyMetadata"]["Description"] == "kept"
    region.terminate()

    # The root key is beside the data, for its owner alone, and nothing of it is in the data.
    root = federation.directory / "root.key"
    assert root.stat().st_mode & 0o777 == 0o600
    text = root.read_text().strip()
    for path in region.data_directory.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert bytes.fromhex(text) not in data and text.encode() not in data, path

    # Another root key: the region does not start, and says why. Its own again: all is there.
    root.write_text("00" * 32 + "\n")
    process = federation.spawn("other-key", ["serve", "--config", str(region.config_path)])
    assert process.wait(timeout=30) != 0
    log = process.stderr_path.read_text() + process.stdout_path.read_text()
    assert "root key is not the one" in log and "00000000" not in log
    root.write_text(text + "\n")

    # None: S3 is served, and whatever needs the key says so.
    configuration = pathlib.Path(region.config_path)
    lines = configuration.read_text().splitlines(keepends=True)
    configuration.write_text("".join(line for line in lines if "root_key_file" not in line))
    region.start()
    region.bucket()
    with fails(400, "UnsupportedOperationException"):
        client_of(region).decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "b"})
    region.terminate()
    configuration.write_text("".join(lines))
    region.start()
    opened = client_of(region).decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "b"})
    assert opened["Plaintext"] == b"data"


def test_KMS_9_keys_of_several_regions(federation, home):
    here, there = client_of(home), client_of(federation["eu-west-1"])
    made = here.create_key(MultiRegion=True)["KeyMetadata"]
    key = made["KeyId"]
    assert re.fullmatch("mrk-[0-9a-f]{32}", key)
    assert made["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "PRIMARY",
        "PrimaryKey": {"Arn": arn(key), "Region": "us-east-1"},
        "ReplicaKeys": [],
    }
    answer = here.replicate_key(
        KeyId=key, ReplicaRegion="eu-west-1", Description="there", Tags=[{"TagKey": "a", "TagValue": "b"}]
    )
    abroad_arn = arn(key, region="eu-west-1")
    assert answer["ReplicaKeyMetadata"]["Arn"] == abroad_arn and answer["ReplicaTags"]
    replica = there.describe_key(KeyId=key)["KeyMetadata"]
    assert replica["Arn"] == abroad_arn and replica["Description"] == "there"
    assert replica["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "REPLICA",
        "PrimaryKey": {"Arn": arn(key), "Region": "us-east-1"},
        "ReplicaKeys": [{"Arn": abroad_arn, "Region": "eu-west-1"}],
    }
    sealed = here.encrypt(KeyId=key, Plaintext=b"data", EncryptionContext={"a": "b"})["CiphertextBlob"]
    opened = there.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "b"})
    assert opened["Plaintext"] == b"data" and opened["KeyId"] == abroad_arn
    with fails(400, "AlreadyExistsException"):
        here.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    single = here.create_key()["KeyMetadata"]["KeyId"]
    with fails(400, "UnsupportedOperationException", f"{arn(single)} is not a multi-region primary key."):
        here.replicate_key(KeyId=single, ReplicaRegion="eu-west-1")
    # A key of one region is none of another.
    with fails(400, "NotFoundException"):
        there.describe_key(KeyId=single)
    here.update_primary_region(KeyId=key, PrimaryRegion="eu-west-1")
    assert there.describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"
    assert here.describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"


def test_KMS_20_and_KMS_23_objects_under_a_key(home, s3, bucket, kms, key):
    s3.put_object(Bucket=bucket, Key="k", Body=b"data", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assert s3.get_object(Bucket=bucket, Key="k")["SSEKMSKeyId"] == arn(key)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"data"
    s3.put_object(Bucket=bucket, Key="managed", Body=b"data", ServerSideEncryption="aws:kms")
    managed = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["Arn"]
    assert s3.get_object(Bucket=bucket, Key="managed")["SSEKMSKeyId"] == managed
    version = s3.head_object(Bucket=bucket, Key="k")["VersionId"]
    usage = subprocess.run(
        [tern_binary(), "kms", "usage", arn(key), "--dir", str(home.federation.directory)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert usage.stdout == f"version\ts3://{bucket}/k?versionId={version}\n"
    kms.disable_key(KeyId=key)
    with pytest.raises(s3.exceptions.ClientError) as failure:
        s3.put_object(Bucket=bucket, Key="k", Body=b"new", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assert failure.value.response["Error"]["Code"] == "KMS.DisabledException"
    kms.enable_key(KeyId=key)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"data"


def test_KMS_21_which_actions_on_a_key_reads_uploads_and_copies_need(home, s3, bucket, kms, key):
    iam = home.service("iam")
    name = f"user-{uuid.uuid4()}"
    iam.create_user(UserName=name)
    keys = iam.create_access_key(UserName=name)["AccessKey"]
    client = home.service("s3", (keys["AccessKeyId"], keys["SecretAccessKey"]))
    under_key = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": arn(key)}

    def permit(*actions):
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*", *actions], "Resource": "*"}]}
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(document))

    def refused(action, call, **parameters):
        with pytest.raises(client.exceptions.ClientError) as caught:
            call(Bucket=bucket, **parameters)
        error = caught.value.response["Error"]
        assert error["Code"] == "AccessDenied" and f"kms:{action}" in error["Message"], error

    # A new object needs a data key, and reading it to open that.
    permit("kms:Decrypt")
    refused("GenerateDataKey", client.put_object, Key="k", Body=b"v", **under_key)
    refused("GenerateDataKey", client.create_multipart_upload, Key="parts", **under_key)
    permit("kms:GenerateDataKey")
    client.put_object(Bucket=bucket, Key="k", Body=b"v", **under_key)
    refused("Decrypt", client.get_object, Key="k")
    # Parts, too, have to open the key of their upload; so has its completion.
    upload = client.create_multipart_upload(Bucket=bucket, Key="parts", **under_key)["UploadId"]
    part = {"Key": "parts", "UploadId": upload, "PartNumber": 1}
    refused("Decrypt", client.upload_part, Body=b"part", **part)
    permit("kms:GenerateDataKey", "kms:Decrypt")
    etag = client.upload_part(Bucket=bucket, Body=b"part", **part)["ETag"]
    whole = {"Key": "parts", "UploadId": upload, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": etag}]}}
    permit("kms:GenerateDataKey")
    refused("Decrypt", client.complete_multipart_upload, **whole)
    permit("kms:Decrypt")
    client.complete_multipart_upload(Bucket=bucket, **whole)
    assert client.get_object(Bucket=bucket, Key="parts")["Body"].read() == b"part"
    # A copy needs both: the one of its source, the other of itself.
    copy = {"Key": "copy", "CopySource": f"{bucket}/k", **under_key}
    refused("GenerateDataKey", client.copy_object, **copy)
    permit("kms:GenerateDataKey")
    refused("Decrypt", client.copy_object, **copy)
    permit("kms:GenerateDataKey", "kms:Decrypt")
    client.copy_object(Bucket=bucket, **copy)


def test_KMS_3_users_need_the_key_policy_and_their_own(home, kms, key):
    iam = clients.client(
        "iam",
        endpoint_url=home.endpoint,
        region_name="us-east-1",
        aws_access_key_id=ALICE.access_key,
        aws_secret_access_key=ALICE.secret_key,
    )
    name = f"user-{uuid.uuid4()}"
    user = iam.create_user(UserName=name)["User"]["Arn"]
    keys = iam.create_access_key(UserName=name)["AccessKey"]
    users = client_of(home, (keys["AccessKeyId"], keys["SecretAccessKey"]))
    reason = "because no identity-based policy allows the kms:Encrypt action"
    with fails(
        400,
        "AccessDeniedException",
        f"User: {user} is not authorized to perform: kms:Encrypt on resource: {arn(key)} {reason}",
    ):
        users.encrypt(KeyId=key, Plaintext=b"data")
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(allow))
    sealed = users.encrypt(KeyId=key, Plaintext=b"data")["CiphertextBlob"]
    # A key whose policy names nobody of the account is closed to the user's own policy.
    policy = json.loads(kms.get_key_policy(KeyId=key)["Policy"])
    policy["Statement"][0]["Action"] = ["kms:PutKeyPolicy", "kms:GetKeyPolicy"]
    kms.put_key_policy(KeyId=key, Policy=json.dumps(policy))
    with fails(400, "AccessDeniedException"):
        users.decrypt(CiphertextBlob=sealed)
    # One that names the user is enough by itself.
    iam.delete_user_policy(UserName=name, PolicyName="all")
    policy["Statement"].append(
        {"Effect": "Allow", "Principal": {"AWS": user}, "Action": "kms:Decrypt", "Resource": "*"}
    )
    kms.put_key_policy(KeyId=key, Policy=json.dumps(policy))
    assert users.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"data"
    # IAM-26: who is made anew under the name is somebody else, and the policy shows that.
    iam.delete_access_key(UserName=name, AccessKeyId=keys["AccessKeyId"])
    iam.delete_user(UserName=name)
    iam.create_user(UserName=name)
    keys = iam.create_access_key(UserName=name)["AccessKey"]
    with fails(400, "AccessDeniedException"):
        client_of(home, (keys["AccessKeyId"], keys["SecretAccessKey"])).decrypt(CiphertextBlob=sealed)
    shown = json.loads(kms.get_key_policy(KeyId=key)["Policy"])["Statement"][1]["Principal"]["AWS"]
    assert re.fullmatch(r"AIDA[A-Z0-9]{17}", shown)
    policy["Statement"][1]["Principal"]["AWS"] = f"arn:aws:iam::{ALICE.id}:user/nobody"
    message = "Policy contains a statement with one or more invalid principals."
    with fails(400, "MalformedPolicyDocumentException", message):
        kms.put_key_policy(KeyId=key, Policy=json.dumps(policy))
