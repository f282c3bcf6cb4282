"""A scripted call for each operation that is served: how it is made, and what its answers must hold.

The modules `scripted_*` fill `SCRIPTS`. A script calls its operation as often as it takes to see every member that the
service model documents, over all answers together. Members that are not sent stand in `unseen`, each with the reason;
those that stand in every answer, whatever was asked, are in `always`.
"""

import base64
from dataclasses import dataclass

import wire_paths
from federation import ALICE, fresh_name

SCRIPTS = {}


@dataclass(frozen=True)
class Script:
    run: object
    always: frozenset
    unseen: dict


def script(operation, *, always=(), unseen=None):
    """Registers the function below as the script of the operation; it takes a `Stage`."""

    def register(function):
        assert operation not in SCRIPTS, operation
        SCRIPTS[operation] = Script(function, frozenset(always), dict(unseen or {}))
        return function

    return register


# Reasons why a documented member is not sent.

NEVER_CHARGED = {"x-amz-request-charged": "the owner is not charged, and no other account has access"}
LATER = "§7.1: later; no client sends it by default"
LATER_CHECKSUMS = ("SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128")
NO_LATER_HEADERS = {f"x-amz-checksum-{name.lower()}": LATER for name in LATER_CHECKSUMS}
NO_DISPLAY_NAME = "LST-4, ACL-5: no longer sent by S3 since November 2025"
CHECKSUMS = ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")


# A key that the client keeps for itself.
CUSTOMER_KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"k" * 32}
# The account's own key of KMS, as the bucket's.
KMS_KEY = {"ServerSideEncryption": "aws:kms", "BucketKeyEnabled": True}
KMS_CONTEXT = {**KMS_KEY, "SSEKMSEncryptionContext": base64.b64encode(b'{"a":"b"}').decode()}


def no_later_elements(path):
    return {f"{path}Checksum{name}": LATER for name in LATER_CHECKSUMS}


@dataclass
class Response:
    status: int
    headers: dict
    body: object


class Stage:
    """Two regions, and everything that the first account was answered there."""

    def __init__(self, federation, model):
        self.federation = federation
        self.model = model
        self.responses = {}
        self.home = federation["us-east-1"]
        self.abroad = federation["eu-west-1"]
        self.canonical_id = federation.canonical_ids[ALICE.id]
        self.s3 = self.home.client(ALICE, user_agent_extra=fresh_name())
        self.s3.meta.events.register("before-parse.s3", self._record, unique_id="tern-scripted")

    def _record(self, operation_model, response_dict, **_):
        response = Response(response_dict["status_code"], response_dict["headers"], response_dict["body"])
        self.responses.setdefault(operation_model.name, []).append(response)

    def successes(self, operation):
        return [response for response in self.responses.get(operation, []) if response.status < 300]

    def bucket(self, *, versioned=True, **parameters):
        return self.home.bucket(versioned=versioned, **parameters)

    def bucket_abroad(self):
        return self.abroad.bucket()

    def acls_allowed(self):
        """A bucket whose ACLs may grant something to everybody."""
        bucket = self.bucket(ObjectOwnership="ObjectWriter")
        self.s3.delete_public_access_block(Bucket=bucket)
        return bucket

    def check(self, operation):
        """Compares what was received in the operation's script with what it must hold."""
        script = SCRIPTS[operation]
        operation_model = self.model.operation_model(operation)
        successes = self.successes(operation)
        assert successes, f"{operation} was never answered with a success"
        seen = [wire_paths.received(operation_model, each.headers, each.body) for each in successes]
        for paths in seen:
            missing = script.always - paths
            assert not missing, f"an answer to {operation} is without {sorted(missing)}: {sorted(paths)}"
        documented = wire_paths.documented(operation_model)
        unknown = set(script.unseen) - documented
        assert not unknown, f"not in the model of {operation}: {sorted(unknown)}"
        missing = documented - set(script.unseen) - set().union(*seen)
        assert not missing, f"{operation} never answered {sorted(missing)}"
        stale = set(script.unseen) & set().union(*seen)
        assert not stale, f"{operation} does answer {sorted(stale)}"

