import TernCore
import TernReplication
import Testing

/// Spec live-replication §1.3 and §2.
@Suite struct ReplicationPlannerTests {
    static let key = ObjectKey(trusted: Array("logs/a".utf8))
    static let tagged = ObjectTag(key: "class", value: "gold")

    static func rule(
        _ id: String = "r",
        priority: Int = 1,
        isEnabled: Bool = true,
        filter: RuleFilter = .all,
        deleteMarkers: Bool = false,
        kms: Bool? = nil,
        replicas: Bool? = nil,
        to bucket: BucketName = .dst,
        change: (inout Destination) -> Void = { _ in }
    ) -> ReplicationRule {
        var destination = Destination(bucket: bucket)
        change(&destination)
        return ReplicationRule(
            id: id,
            priority: priority,
            isEnabled: isEnabled,
            filter: filter,
            deleteMarkerReplication: deleteMarkers,
            sourceSelectionCriteria: kms == nil && replicas == nil
                ? nil : SourceSelectionCriteria(sseKmsEncryptedObjects: kms, replicaModifications: replicas),
            destination: destination
        )
    }

    static func v1(prefix: String = "", replicas: Bool? = nil) -> ReplicationRule {
        ReplicationRule(
            id: "v1", prefix: prefix,
            sourceSelectionCriteria: replicas.map { SourceSelectionCriteria(replicaModifications: $0) },
            destination: Destination(bucket: .dst))
    }

    static func change(
        _ kind: VersionChange.Kind = .created(.client),
        tags: [ObjectTag] = [],
        storageClass: StorageClass = .standard,
        encryption: VersionChange.Encryption = .none,
        isReplica: Bool = false,
        isNull: Bool = false
    ) -> VersionChange {
        VersionChange(
            kind: kind,
            key: Self.key,
            tags: tags,
            storageClass: storageClass,
            encryption: encryption,
            isReplica: isReplica,
            isNullVersion: isNull
        )
    }

    static func plan(_ rules: [ReplicationRule], _ change: VersionChange) -> ReplicationPlan {
        ReplicationPlanner.plan(configuration: ReplicationConfiguration(role: role, rules: rules), change: change)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let rules: [ReplicationRule]
        let change: VersionChange
        let verdicts: [RuleDecision.Verdict]

        init(_ name: String, _ rules: [ReplicationRule], _ change: VersionChange, _ verdicts: RuleDecision.Verdict...) {
            self.name = name
            self.rules = rules
            self.change = change
            self.verdicts = verdicts
        }

        var testDescription: String { self.name }
    }

    @Test("Every rule gets its verdict, with the reason", arguments: selection + newVersions + markers + attributes)
    func verdicts(_ row: Row) {
        let plan = Self.plan(row.rules, row.change)
        #expect(plan.decisions.map(\.verdict) == row.verdicts)
        #expect(plan.decisions.map(\.ruleID) == row.rules.map(\.id))
        let replicating = plan.decisions.filter { $0.verdict == .replicate }
        #expect(plan.tasks.map(\.ruleID) == replicating.map(\.ruleID))
        #expect(plan.tasks.map(\.destinationBucket) == replicating.map(\.destinationBucket))
    }

    static let selection: [Row] = [
        Row("C-50 prefix", [rule(filter: .prefix("logs/"))], change(), .replicate),
        Row("C-50 other prefix", [rule(filter: .prefix("x"))], change(), .skip(.outsidePrefix)),
        Row("C-50, C-56 tags at creation", [rule(filter: .tag(tagged))], change(tags: [tagged]), .replicate),
        Row("C-56, L-13 no tags at creation", [rule(filter: .tag(tagged))], change(), .skip(.tagsDoNotMatch)),
        Row("C-50 disabled", [rule(isEnabled: false)], change(), .skip(.ruleDisabled)),
        Row(
            "C-51 two destinations",
            [rule("a", priority: 1), rule("b", priority: 2, to: .other)],
            change(),
            .replicate,
            .replicate
        ),
        Row(
            "C-52 one destination, highest priority",
            [rule("a", priority: 1), rule("b", priority: 2)],
            change(),
            .skip(.supersededByPriority(ruleID: "b")),
            .replicate
        ),
        Row(
            "C-52 in the other order",
            [rule("b", priority: 9), rule("a", priority: 1)],
            change(),
            .replicate,
            .skip(.supersededByPriority(ruleID: "b"))
        ),
        Row(
            "C-53 priority does not count across destinations",
            [
                rule("a", priority: 1), rule("b", priority: 100, to: .other),
                rule("c", priority: 50, filter: .prefix("x")),
            ],
            change(),
            .replicate,
            .replicate,
            .skip(.outsidePrefix)
        ),
        Row(
            "C-54 a disabled rule with higher priority",
            [rule("a", priority: 1), rule("b", priority: 2, isEnabled: false)],
            change(),
            .replicate,
            .skip(.ruleDisabled)
        ),
        Row(
            "C-50, Q-07 criteria count before priority",
            [rule("a", priority: 1, kms: true), rule("b", priority: 2)],
            change(encryption: .sseKMS),
            .replicate,
            .skip(.kmsWithoutOptIn)
        ),
        Row("C-20 V1", [v1(prefix: "logs/")], change(), .replicate),
        Row("C-20 V1 elsewhere", [v1(prefix: "x")], change(), .skip(.outsidePrefix)),
    ]

    static let newVersions: [Row] = [
        Row("L-01 a new version", [rule()], change(), .replicate),
        Row("L-04 SSE-S3", [rule()], change(encryption: .sseS3), .replicate),
        Row("L-05 SSE-C", [rule()], change(encryption: .sseC), .replicate),
        Row("L-06 SSE-KMS without opt-in", [rule()], change(encryption: .sseKMS), .skip(.kmsWithoutOptIn)),
        Row("L-06 SSE-KMS with opt-in off", [rule(kms: false)], change(encryption: .sseKMS), .skip(.kmsWithoutOptIn)),
        Row("L-06 SSE-KMS with opt-in", [rule(kms: true)], change(encryption: .sseKMS), .replicate),
        Row("L-07 DSSE-KMS without opt-in", [rule()], change(encryption: .dsseKMS), .skip(.kmsWithoutOptIn)),
        Row("L-07 DSSE-KMS with opt-in", [rule(kms: true)], change(encryption: .dsseKMS), .replicate),
        Row("L-08 a replica", [rule()], change(.created(.replication), isReplica: true), .skip(.isReplica)),
        Row(
            "L-08, L-72 a replica, though RMS",
            [rule(replicas: true)],
            change(.created(.replication), isReplica: true),
            .skip(.isReplica)
        ),
        Row("L-73 written by replication", [rule()], change(.created(.replication)), .skip(.writtenByReplication)),
        Row("L-09 GLACIER", [rule()], change(storageClass: .glacier), .skip(.archivedStorageClass(.glacier))),
        Row(
            "L-09 DEEP_ARCHIVE",
            [rule()],
            change(storageClass: .deepArchive),
            .skip(.archivedStorageClass(.deepArchive))
        ),
        Row("L-10 GLACIER_IR", [rule()], change(storageClass: .glacierIR), .replicate),
        Row("L-10 INTELLIGENT_TIERING", [rule()], change(storageClass: .intelligentTiering), .replicate),
        Row("L-17 the null version", [rule()], change(isNull: true), .skip(.nullVersion)),
    ]

    static let markers: [Row] = [
        Row("L-30 V1", [v1()], change(.deleteMarkerCreated(.client)), .replicate),
        Row("L-30 V2, off", [rule()], change(.deleteMarkerCreated(.client)), .skip(.deleteMarkerReplicationDisabled)),
        Row("L-30 V2, on", [rule(deleteMarkers: true)], change(.deleteMarkerCreated(.client)), .replicate),
        Row("L-31 V1, lifecycle", [v1()], change(.deleteMarkerCreated(.lifecycle)), .skip(.madeByLifecycle)),
        Row(
            "L-31 V2, lifecycle",
            [rule(deleteMarkers: true)],
            change(.deleteMarkerCreated(.lifecycle)),
            .skip(.madeByLifecycle)
        ),
        Row(
            "L-41 a replica",
            [rule(deleteMarkers: true)],
            change(.deleteMarkerCreated(.replication), isReplica: true),
            .skip(.isReplica)
        ),
        Row(
            "C-55 tag filter",
            [rule(filter: .tag(tagged))],
            change(.deleteMarkerCreated(.client)),
            .skip(.deleteMarkerUnderTagFilter)
        ),
        Row(
            "C-55 the tag rule does not shadow",
            [rule("a", priority: 1, deleteMarkers: true), rule("b", priority: 2, filter: .tag(tagged))],
            change(.deleteMarkerCreated(.client)),
            .replicate,
            .skip(.deleteMarkerUnderTagFilter)
        ),
        Row(
            "C-55 the winner decides, even with no",
            [rule("a", priority: 1, deleteMarkers: true), rule("b", priority: 2)],
            change(.deleteMarkerCreated(.client)),
            .skip(.supersededByPriority(ruleID: "b")),
            .skip(.deleteMarkerReplicationDisabled)
        ),
    ]

    static let toDst = VersionChange.Kind.tagsChanged(previouslyAdmittedDestinations: [.dst])
    static let nowhere = VersionChange.Kind.tagsChanged(previouslyAdmittedDestinations: [])

    static func acl(_ admitted: VersionChange.AdmittedDestination...) -> VersionChange.Kind {
        .attributeChanged(.acl, .client, admittedDestinations: admitted)
    }

    static let attributes: [Row] = [
        Row("L-50 admitted", [rule()], change(toDst), .replicate),
        Row(
            "L-50 to the admitted destination only",
            [rule("a"), rule("b", priority: 2, to: .other)],
            change(toDst),
            .replicate,
            .skip(.neverAdmitted)
        ),
        Row("L-53 never admitted", [rule()], change(nowhere), .skip(.neverAdmitted)),
        Row(
            "L-54 matches for the first time",
            [rule(filter: .tag(tagged))],
            change(nowhere, tags: [tagged]),
            .skip(.neverAdmitted)
        ),
        Row("L-55 the tag went away", [rule(filter: .tag(tagged))], change(toDst), .skip(.tagsDoNotMatch)),
        Row("L-50 rule disabled since", [rule(isEnabled: false)], change(toDst), .skip(.ruleDisabled)),
        Row("L-50 KMS version", [rule(kms: true)], change(toDst, encryption: .sseKMS), .replicate),
        Row("L-50 archived since", [rule()], change(toDst, storageClass: .glacier), .replicate),
        Row("L-51 ACL", [rule()], change(acl(.init(bucket: .dst))), .replicate),
        Row(
            "L-51, L-60 first replicated with override",
            [rule()],
            change(acl(.init(bucket: .dst, hadOwnerOverride: true))),
            .skip(.ownerOverridden)
        ),
        Row(
            "L-60 first replicated before the override",
            [rule { $0.ownerOverride = true }],
            change(acl(.init(bucket: .dst))),
            .replicate
        ),
        Row(
            "L-52 retention",
            [rule()],
            change(.attributeChanged(.retention, .client, admittedDestinations: [.init(bucket: .dst)])),
            .replicate
        ),
        Row(
            "L-52 legal hold",
            [rule()],
            change(.attributeChanged(.legalHold, .client, admittedDestinations: [.init(bucket: .dst)])),
            .replicate
        ),
        Row(
            "L-58 lifecycle",
            [rule()],
            change(.attributeChanged(.tags, .lifecycle, admittedDestinations: [.init(bucket: .dst)])),
            .skip(.madeByLifecycle)
        ),
        Row(
            "L-70 replica without RMS",
            [rule()],
            change(nowhere, isReplica: true),
            .skip(.replicaModificationsDisabled)
        ),
        Row(
            "L-70 replica with RMS off",
            [rule(replicas: false)],
            change(nowhere, isReplica: true),
            .skip(.replicaModificationsDisabled)
        ),
        Row("C-24 replica with RMS in V1", [v1(replicas: true)], change(nowhere, isReplica: true), .replicate),
        Row("L-71 replica with RMS", [rule(replicas: true)], change(nowhere, isReplica: true), .replicate),
        Row(
            "L-71 RMS counts before priority",
            [rule("a", priority: 1, replicas: true), rule("b", priority: 2)],
            change(nowhere, isReplica: true),
            .replicate,
            .skip(.replicaModificationsDisabled)
        ),
        Row(
            "L-73 no echo",
            [rule(replicas: true)],
            change(.attributeChanged(.tags, .replication, admittedDestinations: []), isReplica: true),
            .skip(.writtenByReplication)
        ),
        Row(
            "L-75 ACL of a replica under override",
            [rule(replicas: true) { $0.ownerOverride = true }],
            change(acl(), isReplica: true),
            .skip(.ownerOverridden)
        ),
    ]

    @Test("No configuration plans nothing")
    func noConfiguration() {
        #expect(ReplicationPlanner.plan(configuration: nil, change: Self.change()) == ReplicationPlan())
    }

    @Test("C-52: the winner's destination settings govern the task")
    func settings() {
        let winner = Self.rule("b", priority: 2, kms: true) {
            $0.storageClass = .standardIA
            $0.ownerOverride = true
            $0.account = "222222222222"
            $0.replicaKMSKeyID = keyARN
            $0.replicationTime = ReplicationTime(isEnabled: true)
            $0.metrics = ReplicationMetrics(isEnabled: true, hasEventThreshold: true)
        }
        let plan = Self.plan([Self.rule("a"), winner], Self.change())
        #expect(
            plan.tasks == [
                PlannedTask(
                    kind: .object,
                    ruleID: "b",
                    destinationBucket: .dst,
                    role: role,
                    storageClass: .standardIA,
                    ownerOverride: true,
                    account: "222222222222",
                    replicaKMSKeyID: keyARN,
                    rtc: true,
                    metrics: true
                )
            ]
        )
    }

    @Test("L-38: delete markers are outside replication time control")
    func markersAreNotTimed() {
        let rule = Self.rule(deleteMarkers: true) {
            $0.replicationTime = ReplicationTime(isEnabled: true)
            $0.metrics = ReplicationMetrics(isEnabled: true, hasEventThreshold: true)
        }
        let plan = Self.plan([rule], Self.change(.deleteMarkerCreated(.client)))
        #expect(plan.tasks.map(\.rtc) == [false])
        #expect(plan.tasks.map(\.metrics) == [true])
    }

    @Test("R-23: each kind of task has its s3Operation")
    func operations() {
        #expect(
            PlannedTask.Kind.allCases.map(\.s3Operation) == [
                "OBJECT_PUT", "DELETE_MARKER", "TAGGING_PUT", "ACL_PUT", "RETENTION_PUT", "LEGAL_HOLD_PUT",
            ]
        )
    }

    @Test("Every reason has a sentence of its own")
    func sentences() {
        let reasons: [SkipReason] = [
            .ruleDisabled, .outsidePrefix, .tagsDoNotMatch, .deleteMarkerUnderTagFilter,
            .deleteMarkerReplicationDisabled, .isReplica,
            .replicaModificationsDisabled, .writtenByReplication, .madeByLifecycle, .archivedStorageClass(.glacier),
            .kmsWithoutOptIn,
            .nullVersion, .neverAdmitted, .ownerOverridden, .supersededByPriority(ruleID: "x"),
        ]
        #expect(Set(reasons.map(\.sentence)).count == reasons.count)
        #expect(reasons.allSatisfy { $0.sentence.hasSuffix(".") })
    }
}
