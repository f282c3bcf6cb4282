"""Regions with targets for events, and what tests ask of them."""

import json
import subprocess

from event_receivers import Certificate, Nats, QueueStandIn, Receiver, Redis, TopicReceiver
from federation import ALICE, tern_binary
from tls import Authority
from waiting import eventually

ACCOUNT = ALICE.id
HOOK = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:hook"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:news"
STREAM = f"arn:aws:sqs:us-east-1:{ACCOUNT}:stream"
JETSTREAM = f"arn:aws:sns:us-east-1:{ACCOUNT}:jetstream"
CORE = f"arn:aws:sns:us-east-1:{ACCOUNT}:core"
IMPATIENT = f"arn:aws:sqs:us-east-1:{ACCOUNT}:impatient"
SECURE_HOOK = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:secure"
SECURE_STREAM = f"arn:aws:sqs:us-east-1:{ACCOUNT}:secure"
SECURE_CORE = f"arn:aws:sns:us-east-1:{ACCOUNT}:secure"
MISTRUSTED = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:mistrusted"
LINES = f"arn:aws:sqs:us-east-1:{ACCOUNT}:lines"


class Targets:
    """Every target that the tests use, with the lines of the configuration that name them."""

    def __init__(self, directory):
        self.hook = Receiver().start()
        self.queue = QueueStandIn().start()
        self.topic = TopicReceiver().start()
        self.impatient = Receiver().start()
        self.bridge = Receiver().start()
        self.redis = Redis(directory / "redis").start()
        self.nats = Nats(directory / "nats").start()
        self.lines = directory / "events.jsonl"
        self.authority = Authority(directory / "authority")
        certificate = Certificate(self.authority, directory / "tls")
        self.secure_hook = Receiver(tls=certificate).start()
        self.secure_redis = Redis(directory / "secure-redis", tls=certificate).start()
        self.secure_nats = Nats(directory / "secure-nats", tls=certificate).start()

    def configuration(self):
        entries = [
            {"arn": HOOK, "kind": "webhook", "url": self.hook.url, "hmac_secret": "sesame", "bearer_token": "t0ken"},
            {"arn": QUEUE, "kind": "sqs", "url": self.queue.url, "access_key": "AKIDQUEUE", "secret_key": "s3cret"},
            {"arn": TOPIC, "kind": "sns", "url": self.topic.url},
            {"arn": STREAM, "kind": "redis", "url": f"redis://127.0.0.1:{self.redis.port}", "key": "tern",
             "password": self.redis.password, "database": 1, "max_length": 100000},
            {"arn": JETSTREAM, "kind": "nats", "url": f"nats://127.0.0.1:{self.nats.port}", "user": "tern",
             "password": "secret"},
            {"arn": CORE, "kind": "nats", "url": f"nats://127.0.0.1:{self.nats.port}", "user": "tern",
             "password": "secret", "jetstream": False, "subject": "plain.{bucket}.{event}"},
            {"arn": IMPATIENT, "kind": "webhook", "url": self.impatient.url, "max_attempts": 2,
             "format": "cloudevents"},
            {"arn": LINES, "kind": "file", "path": str(self.lines)},
            {"arn": SECURE_HOOK, "kind": "webhook", "url": self.secure_hook.url},
            {"arn": MISTRUSTED, "kind": "webhook", "url": self.secure_hook.url},
            {"arn": SECURE_STREAM, "kind": "redis", "url": f"rediss://127.0.0.1:{self.secure_redis.port}",
             "key": "tern", "password": self.redis.password},
            {"arn": SECURE_CORE, "kind": "nats", "url": f"tls://127.0.0.1:{self.secure_nats.port}", "user": "tern",
             "password": "secret", "jetstream": False, "subject": "plain.{bucket}"},
            {"arn": "eventbridge", "kind": "webhook", "url": self.bridge.url},
        ]  # fmt: skip
        for entry in entries:
            entry["max_backoff_seconds"] = 1
            if entry["arn"] in (SECURE_HOOK, SECURE_STREAM, SECURE_CORE):
                entry["ca_file"] = str(self.authority.certificate)
        # JSON is YAML.
        return "".join(f"  - {json.dumps(entry)}\n" for entry in entries)

    @property
    def receivers(self):
        return [self.hook, self.queue, self.topic, self.impatient, self.bridge, self.secure_hook]

    def reset(self):
        for receiver in self.receivers:
            receiver.status = 200
            receiver.clear()

    def stop(self):
        for target in [*self.receivers, self.redis, self.nats, self.secure_redis, self.secure_nats]:
            target.stop()



def notify(s3, bucket, arn, events=("s3:ObjectCreated:*",), rules=(), skip=False, **more):
    kind, name = {
        "sqs": ("QueueConfigurations", "QueueArn"),
        "sns": ("TopicConfigurations", "TopicArn"),
        "lambda": ("LambdaFunctionConfigurations", "LambdaFunctionArn"),
    }[arn.split(":")[2]]
    entry = {"Id": "the-id", name: arn, "Events": list(events)}
    if rules:
        entry["Filter"] = {"Key": {"FilterRules": [{"Name": name, "Value": value} for name, value in rules]}}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={kind: [entry], **more}, SkipDestinationValidation=skip
    )


def records(messages, bucket):
    """The records of a bucket among messages, without test messages."""
    found = [record for message in messages for record in message.get("Records", [])]
    return [record for record in found if record["s3"]["bucket"]["name"] == bucket]


def wait_for(receiver, bucket, count, **options):
    def enough():
        found = records(receiver.messages(), bucket)
        return found if len(found) >= count else None

    return eventually(enough, lambda: f"{count} records of {bucket}: {receiver.messages()[-5:]}", **options)


def status(region, target):
    output = subprocess.run(
        [tern_binary(), "events", "status", "--json", "--dir", str(region.federation.directory), "--region", region.name],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    (report,) = json.loads(output.stdout)["regions"]
    return next(entry for entry in report["targets"] if entry["target"] == target)


def tern_events(region, *arguments):
    return subprocess.run(
        [tern_binary(), "events", *arguments, "--dir", str(region.federation.directory), "--region", region.name],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
