"""Writers that remember exactly what was acknowledged, for tests that kill the server under them."""

import threading
from dataclasses import dataclass, field

import botocore.exceptions
from s3 import MIB, all_versions, body_of, etag_of, in_parallel, multipart_etag, part_result, pattern
from waiting import eventually

# What a request may meet while a region is killed, paused or restarted. Everything else is a failure of the test.
UNREACHABLE = (
    botocore.exceptions.EndpointConnectionError,
    botocore.exceptions.ConnectionClosedError,
    botocore.exceptions.ConnectTimeoutError,
    botocore.exceptions.ReadTimeoutError,
    botocore.exceptions.HTTPClientError,
    botocore.exceptions.ResponseStreamingError,
    botocore.exceptions.IncompleteReadError,
)


@dataclass
class Write:
    """One acknowledged write."""

    key: str
    version: str
    seed: int
    size: int
    parts: tuple = ()
    is_marker: bool = False

    @property
    def bodies(self):
        return [pattern(size, f"{self.seed}.{number}") for number, size in enumerate(self.parts)] or [
            pattern(self.size, self.seed)
        ]

    @property
    def body(self):
        return b"".join(self.bodies)

    @property
    def etag(self):
        return multipart_etag(self.bodies) if self.parts else etag_of(self.body)


@dataclass
class Load:
    """Writes to one bucket from several threads until it is stopped."""

    client: object
    bucket: str
    threads: int = 4
    keys: int = 40
    sizes: tuple = (0, 100, 4096, 40_000, 300_000)
    with_markers: bool = True
    with_multipart: bool = False
    acknowledged: list = field(default_factory=list)
    unknown: int = 0
    failures: list = field(default_factory=list)

    def __enter__(self):
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._workers = [
            threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(self.threads)
        ]
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for worker in self._workers:
            worker.join(120)
        assert not any(worker.is_alive() for worker in self._workers), "a writer hangs"
        assert not self.failures, self.failures[:3]

    def wait_for(self, count, within=60):
        """Until that many more writes were acknowledged."""
        target = len(self.acknowledged) + count
        eventually(
            lambda: len(self.acknowledged) >= target or self.failures,
            lambda: f"{target} writes; {len(self.acknowledged)} so far",
            within=within,
        )
        assert not self.failures, self.failures[:3]

    def _run(self, worker):
        step = 0
        while not self._stop.is_set():
            seed = worker * 1_000_000 + step
            step += 1
            key = f"k{(seed * 7919) % self.keys:03}"
            try:
                write = self._write(seed, key)
            except UNREACHABLE:
                # Nobody knows whether it was done: it may be there, whole, or not at all.
                with self._lock:
                    self.unknown += 1
                self._stop.wait(0.05)
                continue
            except botocore.exceptions.ClientError as error:
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if status >= 500:
                    with self._lock:
                        self.unknown += 1
                    self._stop.wait(0.05)
                    continue
                self.failures.append(error)
                return
            except Exception as error:
                self.failures.append(error)
                return
            with self._lock:
                self.acknowledged.append(write)

    def _write(self, seed, key):
        if self.with_markers and seed % 11 == 10:
            version = self.client.delete_object(Bucket=self.bucket, Key=key)["VersionId"]
            return Write(key, version, seed, 0, is_marker=True)
        if self.with_multipart and seed % 17 == 16:
            return self._multipart(seed, key)
        size = self.sizes[seed % len(self.sizes)]
        answer = self.client.put_object(
            Bucket=self.bucket, Key=key, Body=pattern(size, seed), Metadata={"seed": str(seed)}
        )
        return Write(key, answer["VersionId"], seed, size)

    def _multipart(self, seed, key):
        sizes = (5 * MIB, 1000)
        upload = self.client.create_multipart_upload(Bucket=self.bucket, Key=key, Metadata={"seed": str(seed)})[
            "UploadId"
        ]
        listed = []
        for number, size in enumerate(sizes):
            answer = self.client.upload_part(
                Bucket=self.bucket,
                Key=key,
                UploadId=upload,
                PartNumber=number + 1,
                Body=pattern(size, f"{seed}.{number}"),
            )
            listed.append({"PartNumber": number + 1, **part_result(answer)})
        done = self.client.complete_multipart_upload(
            Bucket=self.bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": listed}
        )
        return Write(key, done["VersionId"], seed, sum(sizes), sizes)


def verify(client, bucket, writes, *, status=None):
    """Every acknowledged write is there: version ID, ETag, body; and its replication status, if one is expected."""
    listed = {(entry["Key"], entry["VersionId"]): entry for entry in all_versions(client, bucket)}

    def check(write):
        entry = listed.get((write.key, write.version))
        assert entry, f"lost: {write}"
        assert entry["IsMarker"] == write.is_marker, write
        if write.is_marker:
            return
        assert (entry["ETag"], entry["Size"]) == (write.etag, write.size), (write, entry)
        got = client.get_object(Bucket=bucket, Key=write.key, VersionId=write.version)
        assert body_of(got) == write.body, f"wrong bytes: {write}"
        assert got["Metadata"] == {"seed": str(write.seed)}, write
        if status is not None:
            assert got.get("ReplicationStatus") == status, (write, got.get("ReplicationStatus"))

    in_parallel(check, writes, workers=8)


def pending(client, bucket):
    """The versions that are not settled yet."""
    versions = [entry for entry in all_versions(client, bucket) if not entry["IsMarker"]]

    def status(entry):
        return client.head_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"]).get(
            "ReplicationStatus"
        )

    states = in_parallel(status, versions, workers=8)
    return [
        (entry["Key"], entry["VersionId"]) for entry, state in zip(versions, states, strict=True) if state == "PENDING"
    ]
