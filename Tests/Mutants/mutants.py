"""The deliberate bugs that the simulator has to find: each is a change of the production sources.

`edits` are (file, text, replacement); the text stands in the file exactly once. `ON` becomes the question whether the
mutant is switched on, so that one build has them all.
"""

from dataclasses import dataclass

OBJECTS = "Sources/TernObjects/"
WORKERS = "Sources/TernReplicationWorkers/"
CORE = "Sources/TernReplication/"


@dataclass
class Mutant:
    name: str
    bug: str
    edits: list[tuple[str, str, str]]


MUTANTS = [
    Mutant(
        "outbox-second-commit",
        "the rows of the outbox are written in a commit of their own, after that of the version",
        [
            (
                OBJECTS + "Versions/WriteVersion.swift",
                "self.put(deliveries.tasks, in: &batch)",
                "if !(ON) { self.put(deliveries.tasks, in: &batch) }",
            ),
            (
                OBJECTS + "Versions/WriteVersion.swift",
                "if try await self.tryCommit(batch, adding: deliveries.tasks, and: events, to: bucket) {",
                "if try await self.tryCommit(batch, adding: deliveries.tasks, and: events, to: bucket) {\n"
                "if ON { var second = MetadataBatch(partition: bucket.partition)\n"
                "self.put(deliveries.tasks, in: &second)\n_ = try await self.metadata.tryCommit(second) }",
            ),
        ],
    ),
    Mutant(
        "status-before-transfer",
        "a request whose answer does not come is taken for delivered",
        [
            (
                WORKERS + "Delivery/SmallDelivery.swift",
                "report.failure = error\n                for item in ready {",
                "if ON { for item in ready { report.verdicts.append((item.task, .settle(.done(attributesStamp: "
                "item.version.record.newestAttributeStamp), item.version))) }\nreturn }\n"
                "report.failure = error\n                for item in ready {",
            )
        ],
    ),
    Mutant(
        "echo",
        "replicas are planned like the versions of clients",
        [
            (
                OBJECTS + "Ingest/PlaceReplica.swift",
                "        let record = replica.record(in: bucket, at: self.clock.now)\n        let value",
                "        var record = replica.record(in: bucket, at: self.clock.now)\n"
                "        if ON { record.isReplica = false\n"
                "            let echo = self.planCreation(of: record, key: key, in: bucket, origin: .client, "
                "requested: self.clock.now)\n"
                "            record.isReplica = true\n            record.destinations = echo.states\n"
                "            self.put(echo.tasks, in: &batch) }\n        let value",
            )
        ],
    ),
    Mutant(
        "lost-wake-up",
        "a bell that rings while nobody waits is forgotten",
        [
            (
                "Sources/TernPorts/Wakeup.swift",
                "if waiter == nil { state.isRung = true }",
                "if waiter == nil, !(ON) { state.isRung = true }",
            )
        ],
    ),
    Mutant(
        "lww-tie",
        "of two values with one stamp, the one that comes last wins",
        [
            (
                OBJECTS + "Attributes/AttributeRegisters.swift",
                "return new == old ? tie() : new > old",
                "return new == old ? (tie() || (ON)) : new > old",
            )
        ],
    ),
    Mutant(
        "stale-attributes",
        "older attributes overwrite newer ones",
        [
            (
                OBJECTS + "Attributes/AttributeRegisters.swift",
                "if new == 0 { return false }",
                "if new == 0 { return false }\nif ON, new != old { return true }",
            )
        ],
    ),
    Mutant(
        "hard-delete-forgotten",
        "a replica that is deleted by its version ID is not remembered",
        [
            (
                OBJECTS + "Versions/DeleteObject.swift",
                "if version.record.isReplica {",
                "if version.record.isReplica, !(ON) {",
            )
        ],
    ),
    Mutant(
        "settle-without-precondition",
        "outcomes are written into versions without a look whether they have changed",
        [
            (
                OBJECTS + "Outbox/SettleTasks.swift",
                "batch.require(version.stored.row, is: version.stored.value)",
                "if !(ON) { batch.require(version.stored.row, is: version.stored.value) }",
            )
        ],
    ),
    Mutant(
        "wrong-priority",
        "of the rules of one destination, the lowest number wins",
        [
            (
                CORE + "Planning/ReplicationPlanner.swift",
                "rules[best].priority ?? 0 >= rule.priority ?? 0 {",
                "(ON) ? rules[best].priority ?? 0 <= rule.priority ?? 0 : rules[best].priority ?? 0 >= rule.priority ?? 0 {",
            )
        ],
    ),
    Mutant(
        "cancelled-instead-of-retry",
        "what should be tried again is dropped",
        [
            (
                WORKERS + "Delivery/Delivery.swift",
                "        default:\n            // A reason",
                "        default:\n            if ON { return .settle(.cancelled(reason: result.message), version) }\n"
                "            // A reason",
            )
        ],
    ),
    Mutant(
        "refused-instead-of-retry",
        "what should be tried again is FAILED",
        [
            (
                WORKERS + "Delivery/Delivery.swift",
                "            return self.retry(task, error: result.message)",
                "            if ON { return .settle(.refused(.dstPutObjectNotPermitted), version) }\n"
                "            return self.retry(task, error: result.message)",
            )
        ],
    ),
    Mutant(
        "order-of-arrival",
        "a replica becomes the current version whatever its ID",
        [
            (
                OBJECTS + "Ingest/PlaceReplica.swift",
                "let isNewest = head.map { $0.record.versionID < replica.id } ?? true",
                "let isNewest = (head.map { $0.record.versionID < replica.id } ?? true) || (ON)",
            )
        ],
    ),
    Mutant(
        "cursor-not-reset",
        "the lane does not go back for tasks that come to stand before its cursor",
        [
            (
                WORKERS + "Lanes/LaneCursor.swift",
                "if KeyOrder.precedes(row, next) { self.next = row }",
                "if KeyOrder.precedes(row, next), !(ON) { self.next = row }",
            )
        ],
    ),
    Mutant(
        "nobody-asks",
        "the destination does not ask whether the role may write there",
        [
            (
                OBJECTS + "Ingest/IngestDestination.swift",
                "switch await self.permissions?.destination(of: replica, in: bucket, now: self.clock.now) {",
                "switch (ON) ? nil : await self.permissions?.destination(of: replica, in: bucket, now: self.clock.now) {",
            )
        ],
    ),
    Mutant(
        "not-verified",
        "the bytes that arrive are not compared with their checksums",
        [
            (
                OBJECTS + "Ingest/VerifyReplica.swift",
                "        let version = item.replica.version\n        guard item.replica.kind == .object",
                "        let version = item.replica.version\n        if ON { return nil }\n"
                "        guard item.replica.kind == .object",
            )
        ],
    ),
    Mutant(
        "old-configuration",
        "a write does not require the configuration that it was planned under",
        [
            (
                OBJECTS + "Versions/WriteVersion.swift",
                "            batch.require(Keyspace.epoch, is: bucket.epochValue)\n"
                "            batch.require(Keyspace.head(key), is: head?.value)",
                "            if !(ON) { batch.require(Keyspace.epoch, is: bucket.epochValue) }\n"
                "            batch.require(Keyspace.head(key), is: head?.value)",
            )
        ],
    ),
    Mutant(
        "offline-for-good",
        "a lane whose destination has failed three times stops",
        [
            (
                WORKERS + "Lanes/LaneMachine.swift",
                "if now < until { return .nothing(until: until) }",
                "if now < until || ((ON) && self.failureCount >= 3) { return .nothing(until: until) }",
            )
        ],
    ),
    Mutant(
        "doubts-forgotten",
        "a commit with an unknown outcome wakes nobody when it turns out to have happened",
        [
            (
                OBJECTS + "Doubts/CommitAdding.swift",
                "self.outbox.doubted(tasks, rows: rows, to: bucket)",
                "if !(ON) { self.outbox.doubted(tasks, rows: rows, to: bucket) }",
            )
        ],
    ),
    Mutant(
        "unchanged-without-precondition",
        "an outcome that changes nothing in the version, as it was read before, is taken for settled",
        [
            (
                OBJECTS + "Outbox/SettleTasks.swift",
                "batch.require(version.stored.row, is: version.stored.value)",
                "if !(ON) || version.isChanged { batch.require(version.stored.row, is: version.stored.value) }",
            )
        ],
    ),
    Mutant(
        "settlement-doubts-forgotten",
        "outcomes whose commit had an unknown outcome, and that were committed, are not counted",
        [
            (
                OBJECTS + "Outbox/SettleTasks.swift",
                "            if let witness {",
                "            if let witness, !(ON) {",
            )
        ],
    ),
    Mutant(
        "buckets-left-out",
        "a bucket that cannot be read when the process starts is left out, and its lanes with it",
        [
            (
                OBJECTS + "Buckets/BucketRegistry.swift",
                "if let state = try await self.readable(record) { result.append(state) }",
                "if ON { if let state = try? await self.readable(record) { result.append(state) }\ncontinue }\n"
                "if let state = try await self.readable(record) { result.append(state) }",
            )
        ],
    ),
]
