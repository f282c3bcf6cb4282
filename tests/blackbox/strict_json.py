"""Compares the JSON that a control-plane client receives with the service model: no unknown member, no wrong type."""

import json
import numbers

# Errors that any JSON service may answer, beside those of its model.
COMMON_ERRORS = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "NotAuthorizedException",
    "SerializationException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationException",
}

# Members without which an answer is wrong, whatever the request was.
ALWAYS_PRESENT = {
    "KeyMetadata": {
        "AWSAccountId",
        "KeyId",
        "Arn",
        "CreationDate",
        "Enabled",
        "Description",
        "KeyUsage",
        "KeyState",
        "Origin",
        "KeyManager",
        "CustomerMasterKeySpec",
        "KeySpec",
        "EncryptionAlgorithms",
        "MultiRegion",
        "CurrentKeyMaterialId",
    },
    "ListKeysResponse": {"Keys", "Truncated"},
    "ListAliasesResponse": {"Aliases", "Truncated"},
    "ListResourceTagsResponse": {"Tags", "Truncated"},
    "ListKeyPoliciesResponse": {"PolicyNames", "Truncated"},
    "ListGrantsResponse": {"Grants", "Truncated"},
    "EncryptResponse": {"CiphertextBlob", "KeyId", "EncryptionAlgorithm"},
    "DecryptResponse": {"Plaintext", "KeyId", "EncryptionAlgorithm", "KeyMaterialId"},
    "GenerateDataKeyResponse": {"CiphertextBlob", "Plaintext", "KeyId", "KeyMaterialId"},
    "GenerateDataKeyWithoutPlaintextResponse": {"CiphertextBlob", "KeyId", "KeyMaterialId"},
    "GetKeyRotationStatusResponse": {"KeyRotationEnabled", "KeyId"},
    "ScheduleKeyDeletionResponse": {"KeyId", "KeyState", "PendingWindowInDays"},
}


def watch(client):
    """Checks every answer that the client gets from now on."""
    service = client.meta.service_model
    errors = {shape.name for shape in service.error_shapes} | COMMON_ERRORS

    def check(operation_model, response_dict, **_):
        headers = {name.lower(): value for name, value in response_dict["headers"].items()}
        assert headers["content-type"] == f"application/x-amz-json-{service.metadata['jsonVersion']}"
        assert len(headers["x-amzn-requestid"]) == 36
        body = response_dict["body"]
        if response_dict["status_code"] >= 300:
            document = json.loads(body)
            assert set(document) <= {"__type", "message"}, document
            assert document["__type"] in errors, document
            return
        assert response_dict["status_code"] == 200
        shape = operation_model.output_shape
        if shape is None:
            assert body == b"", (operation_model.name, body)
            return
        check_value(json.loads(body), shape, operation_model.name)

    client.meta.events.register(f"before-parse.{service.service_name}", check)


def check_value(value, shape, place):
    if shape.type_name == "structure":
        assert isinstance(value, dict), (place, value)
        assert set(value) <= set(shape.members), (place, set(value) - set(shape.members))
        missing = (set(shape.required_members) | ALWAYS_PRESENT.get(shape.name, set())) - set(value)
        assert not missing, (place, missing)
        for name, member in value.items():
            check_value(member, shape.members[name], f"{place}.{name}")
    elif shape.type_name == "list":
        assert isinstance(value, list), (place, value)
        for member in value:
            check_value(member, shape.member, f"{place}[]")
    elif shape.type_name == "map":
        assert isinstance(value, dict), (place, value)
        for member in value.values():
            check_value(member, shape.value, f"{place}{{}}")
    elif shape.type_name in ("string", "blob"):
        assert isinstance(value, str), (place, value)
        assert not getattr(shape, "enum", None) or value in shape.enum, (place, value)
    elif shape.type_name == "boolean":
        assert isinstance(value, bool), (place, value)
    elif shape.type_name in ("integer", "long"):
        assert isinstance(value, int) and not isinstance(value, bool), (place, value)
    elif shape.type_name in ("timestamp", "double", "float"):
        assert isinstance(value, numbers.Real) and not isinstance(value, bool), (place, value)
    else:
        raise AssertionError((place, shape.type_name))
