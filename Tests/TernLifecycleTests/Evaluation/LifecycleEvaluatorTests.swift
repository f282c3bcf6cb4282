import TernCore
import TernLifecycle
import Testing

// Swift Testing has tags too.
private typealias Tag = TernCore.Tag

/// Day 0 of the tables; a day has a second, so that times read as days.
private func day(_ number: Int) -> Timestamp { Timestamp(seconds: 1_000_000 + Int64(number)) }

private let standardSize: Int64 = 1 << 20

private func object(
    _ key: String = "logs/a",
    current: Bool = true,
    newer: Int = 0,
    byteCount: Int64 = standardSize,
    storageClass: StorageClass = .standard,
    tags: [Tag] = [],
    held: Bool = false,
    locked: Bool = false,
    restored: Bool = false
) -> LifecycleVersion {
    LifecycleVersion(
        key: ObjectKey(trusted: Array(key.utf8)),
        position: current ? .current(isOnlyVersion: true) : .noncurrent(since: day(0), newerNoncurrent: newer),
        created: day(0), byteCount: byteCount, storageClass: storageClass, tags: tags, isHeldByReplication: held,
        isLocked: locked, isRestored: restored)
}

private func marker(only: Bool = true, current: Bool = true, newer: Int = 0) -> LifecycleVersion {
    LifecycleVersion(
        key: ObjectKey(trusted: Array("logs/a".utf8)),
        position: current ? .current(isOnlyVersion: only) : .noncurrent(since: day(0), newerNoncurrent: newer),
        isDeleteMarker: true, created: day(0))
}

private let everything = LifecycleFilter()

private func expire(_ days: Int, _ filter: LifecycleFilter = everything, id: String = "r") -> LifecycleRule {
    LifecycleRule(id: id, filter: filter, expiration: .at(.days(days)))
}

private func move(
    _ days: Int, to storageClass: StorageClass, _ filter: LifecycleFilter = everything, id: String = "r"
) -> LifecycleRule {
    LifecycleRule(id: id, filter: filter, transitions: [.init(.days(days), to: storageClass)])
}

@Suite("Lifecycle decisions")
struct LifecycleEvaluatorTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var reason: String
        var rules: [LifecycleRule]
        var version: LifecycleVersion
        var versioning = LifecycleVersioning.enabled
        var minimumSize = TransitionMinimumSize.allStorageClasses128K
        var now = 10
        var expected: LifecycleDecision

        var testDescription: String { self.reason }
    }

    private static let nothing = LifecycleDecision(.keep, .nothingDue)

    static let expirations: [Row] = [
        Row(
            reason: "LC-5: in a never-versioned bucket the object goes", rules: [expire(10)], version: object(),
            versioning: .never, expected: LifecycleDecision(.remove, .expiration, ruleID: "r")),
        Row(
            reason: "LC-5: under versioning a delete marker comes", rules: [expire(10)], version: object(),
            expected: LifecycleDecision(.addDeleteMarker, .expiration, ruleID: "r")),
        Row(
            reason: "LC-5: in a suspended bucket too", rules: [expire(10)], version: object(), versioning: .suspended,
            expected: LifecycleDecision(.addDeleteMarker, .expiration, ruleID: "r")),
        Row(reason: "LC-1: not a day too early", rules: [expire(10)], version: object(), now: 9, expected: nothing),
        Row(
            reason: "LC-1: a date is a date for versions of any age",
            rules: [LifecycleRule(id: "r", filter: everything, expiration: .at(.date(day(5))))], version: object(),
            now: 5, expected: LifecycleDecision(.addDeleteMarker, .expiration, ruleID: "r")),
        Row(
            reason: "LC-2: of several expirations the earliest names the rule",
            rules: [expire(9, id: "late"), expire(3, id: "early")], version: object(),
            expected: LifecycleDecision(.addDeleteMarker, .expiration, ruleID: "early")),
        Row(
            reason: "a disabled rule does nothing",
            rules: [LifecycleRule(id: "r", isEnabled: false, filter: everything, expiration: .at(.days(1)))],
            version: object(), expected: nothing),
        Row(
            reason: "LC-5: a current marker gets no marker", rules: [expire(1)], version: marker(only: false),
            expected: nothing),
        Row(
            reason: "LC-5: a marker that is the only version goes at its age", rules: [expire(10)], version: marker(),
            expected: LifecycleDecision(.remove, .expiredObjectDeleteMarker, ruleID: "r")),
        Row(reason: "LC-5: not before", rules: [expire(11)], version: marker(), expected: nothing),
        Row(
            reason: "LC-5: ExpiredObjectDeleteMarker removes it at once",
            rules: [LifecycleRule(id: "r", filter: everything, expiration: .expiredObjectDeleteMarker(true))],
            version: marker(), now: 0, expected: LifecycleDecision(.remove, .expiredObjectDeleteMarker, ruleID: "r")),
        Row(
            reason: "LC-5: but not over noncurrent versions",
            rules: [LifecycleRule(id: "r", filter: everything, expiration: .expiredObjectDeleteMarker(true))],
            version: marker(only: false), expected: nothing),
        Row(
            reason: "LC-5: nor when it says false",
            rules: [LifecycleRule(id: "r", filter: everything, expiration: .expiredObjectDeleteMarker(false))],
            version: marker(), expected: nothing),
        Row(
            reason: "a rule with tags does not select markers",
            rules: [expire(1, LifecycleFilter(tags: [Tag(key: "a", value: "b")]))], version: marker(),
            expected: nothing),
        Row(
            reason: "T-18, U-04: PENDING and FAILED versions stay", rules: [expire(1)], version: object(held: true),
            expected: LifecycleDecision(.keep, .heldByReplication)),
        Row(
            reason: "LC-7: locked versions are not removed", rules: [expire(1)], version: object(locked: true),
            versioning: .never, expected: LifecycleDecision(.keep, .heldByObjectLock)),
        Row(
            reason: "Object Lock does not keep delete markers away", rules: [expire(1)], version: object(locked: true),
            expected: LifecycleDecision(.addDeleteMarker, .expiration, ruleID: "r")),
    ]

    private static func noncurrent(_ days: Int, newer: Int? = nil) -> LifecycleRule {
        LifecycleRule(
            id: "n", filter: everything,
            noncurrentExpiration: .init(noncurrentDays: days, newerNoncurrentVersions: newer))
    }

    static let noncurrentVersions: [Row] = [
        Row(
            reason: "LC-6: removed at its age", rules: [noncurrent(10)], version: object(current: false),
            expected: LifecycleDecision(.remove, .noncurrentVersionExpiration, ruleID: "n")),
        Row(reason: "LC-6: not before", rules: [noncurrent(11)], version: object(current: false), expected: nothing),
        Row(
            reason: "LC-6: the newest ones are retained", rules: [noncurrent(1, newer: 2)],
            version: object(current: false, newer: 1), expected: nothing),
        Row(
            reason: "LC-6: no more than that many", rules: [noncurrent(1, newer: 2)],
            version: object(current: false, newer: 2),
            expected: LifecycleDecision(.remove, .noncurrentVersionExpiration, ruleID: "n")),
        Row(
            reason: "LC-6: and both conditions count", rules: [noncurrent(11, newer: 2)],
            version: object(current: false, newer: 5), expected: nothing),
        Row(
            reason: "LC-6: markers are noncurrent versions too", rules: [noncurrent(1)],
            version: marker(current: false),
            expected: LifecycleDecision(.remove, .noncurrentVersionExpiration, ruleID: "n")),
        Row(
            reason: "current versions are not meant", rules: [noncurrent(1)], version: object(), expected: nothing),
        Row(
            reason: "noncurrent versions do not expire by Expiration", rules: [expire(1)],
            version: object(current: false), expected: nothing),
        Row(
            reason: "LC-2: removal goes before transition",
            rules: [
                LifecycleRule(
                    id: "n", filter: everything, noncurrentExpiration: .init(noncurrentDays: 2),
                    noncurrentTransitions: [.init(noncurrentDays: 1, to: .glacier)])
            ], version: object(current: false),
            expected: LifecycleDecision(.remove, .noncurrentVersionExpiration, ruleID: "n")),
        Row(
            reason: "LC-7: a locked version may still change its class",
            rules: [
                LifecycleRule(
                    id: "n", filter: everything, noncurrentExpiration: .init(noncurrentDays: 2),
                    noncurrentTransitions: [.init(noncurrentDays: 1, to: .glacier)])
            ], version: object(current: false, locked: true),
            expected: LifecycleDecision(.transition(.glacier), .noncurrentVersionTransition, ruleID: "n")),
        Row(
            reason: "LC-6: transitions retain the newest ones too",
            rules: [
                LifecycleRule(
                    id: "n", filter: everything,
                    noncurrentTransitions: [.init(noncurrentDays: 1, newerNoncurrentVersions: 1, to: .glacier)])
            ], version: object(current: false), expected: nothing),
        Row(
            reason: "T-18: noncurrent versions are held too", rules: [noncurrent(1)],
            version: object(current: false, held: true), expected: LifecycleDecision(.keep, .heldByReplication)),
    ]

    static let transitions: [Row] = [
        Row(
            reason: "LC-2: transition goes before a delete marker",
            rules: [expire(2), move(1, to: .glacier, id: "t")], version: object(),
            expected: LifecycleDecision(.transition(.glacier), .transition, ruleID: "t")),
        Row(
            reason: "LC-2: in a never-versioned bucket expiration goes before",
            rules: [expire(2), move(1, to: .glacier, id: "t")], version: object(), versioning: .never,
            expected: LifecycleDecision(.remove, .expiration, ruleID: "r")),
        Row(
            reason: "LC-2: of several the coldest",
            rules: [
                move(1, to: .glacierIR, id: "a"), move(1, to: .deepArchive, id: "b"), move(1, to: .glacier, id: "c"),
            ],
            version: object(), expected: LifecycleDecision(.transition(.deepArchive), .transition, ruleID: "b")),
        Row(
            reason: "LC-3: never to a warmer class", rules: [move(1, to: .standardIA)],
            version: object(storageClass: .glacier), expected: nothing),
        Row(
            reason: "once there, nothing is left to do", rules: [move(1, to: .glacier)],
            version: object(storageClass: .glacier), expected: nothing),
        Row(
            reason: "LC-4: small objects stay", rules: [move(1, to: .glacier)], version: object(byteCount: 131_071),
            expected: nothing),
        Row(
            reason: "LC-4: 128 KiB are not small", rules: [move(1, to: .glacier)], version: object(byteCount: 131_072),
            expected: LifecycleDecision(.transition(.glacier), .transition, ruleID: "r")),
        Row(
            reason: "LC-4: varies_by_storage_class lets small objects into the archives",
            rules: [move(1, to: .glacier)],
            version: object(byteCount: 1), minimumSize: .variesByStorageClass,
            expected: LifecycleDecision(.transition(.glacier), .transition, ruleID: "r")),
        Row(
            reason: "LC-4: but nowhere else", rules: [move(1, to: .glacierIR)], version: object(byteCount: 1),
            minimumSize: .variesByStorageClass, expected: nothing),
        Row(
            reason: "LC-4: a rule that speaks of sizes has no default minimum",
            rules: [move(1, to: .glacierIR, LifecycleFilter(sizeGreaterThan: 10))], version: object(byteCount: 11),
            expected: LifecycleDecision(.transition(.glacierIR), .transition, ruleID: "r")),
        Row(
            reason: "LC-4: size bounds are strict",
            rules: [move(1, to: .glacierIR, LifecycleFilter(sizeGreaterThan: 10))], version: object(byteCount: 10),
            expected: nothing),
        Row(
            reason: "T-18: transitions wait for replication", rules: [move(1, to: .glacier)],
            version: object(held: true), expected: LifecycleDecision(.keep, .heldByReplication)),
        Row(
            reason: "RST-5: a restored copy is left alone", rules: [move(1, to: .deepArchive)],
            version: object(storageClass: .glacier, restored: true), expected: nothing),
        Row(
            reason: "markers have no class", rules: [move(1, to: .glacier)], version: marker(only: false),
            expected: nothing),
    ]

    private static let tagged = LifecycleFilter(
        prefix: "logs/", tags: [Tag(key: "a", value: "1"), Tag(key: "b", value: "2")], sizeLessThan: 100,
        isConjunction: true)

    static let filters: [Row] = [
        Row(
            reason: "the legacy prefix selects",
            rules: [LifecycleRule(id: "r", prefix: "logs/", expiration: .at(.days(1)))], version: object(),
            expected: LifecycleDecision(.addDeleteMarker, .expiration, ruleID: "r")),
        Row(
            reason: "another prefix does not",
            rules: [LifecycleRule(id: "r", prefix: "logs//", expiration: .at(.days(1)))], version: object(),
            expected: nothing),
        Row(
            reason: "And needs all", rules: [expire(1, tagged)],
            version: object(
                byteCount: 99, tags: [Tag(key: "b", value: "2"), Tag(key: "c", value: "3"), Tag(key: "a", value: "1")]),
            expected: LifecycleDecision(.addDeleteMarker, .expiration, ruleID: "r")),
        Row(
            reason: "And misses a tag", rules: [expire(1, tagged)],
            version: object(byteCount: 99, tags: [Tag(key: "b", value: "2")]), expected: nothing),
        Row(
            reason: "And is too large", rules: [expire(1, tagged)],
            version: object(byteCount: 100, tags: [Tag(key: "b", value: "2"), Tag(key: "a", value: "1")]),
            expected: nothing),
    ]

    @Test(
        "Expirations, precedence, noncurrent versions, transitions, filters",
        arguments: expirations + noncurrentVersions + transitions + filters)
    func decisions(_ row: Row) {
        let evaluator = LifecycleEvaluator(
            LifecycleConfiguration(rules: row.rules, minimumSize: row.minimumSize),
            calendar: LifecycleCalendar(daySeconds: 1))
        let decision = evaluator.decide(row.version, versioning: row.versioning, now: day(row.now))
        #expect(decision == row.expected)
    }

    @Test("LC-3: the ways between classes", arguments: StorageClass.allCases)
    func ways(_ source: StorageClass) {
        let allowed: [StorageClass: Set<StorageClass>] = [
            .standard: [.standardIA, .intelligentTiering, .onezoneIA, .glacierIR, .glacier, .deepArchive],
            .reducedRedundancy: [.standardIA, .intelligentTiering, .onezoneIA, .glacierIR, .glacier, .deepArchive],
            .standardIA: [.intelligentTiering, .onezoneIA, .glacierIR, .glacier, .deepArchive],
            .intelligentTiering: [.onezoneIA, .glacierIR, .glacier, .deepArchive],
            .onezoneIA: [.glacier, .deepArchive],
            .glacierIR: [.glacier, .deepArchive],
            .glacier: [.deepArchive],
            .deepArchive: [],
        ]
        for target in StorageClass.allCases {
            let evaluator = LifecycleEvaluator(LifecycleConfiguration(rules: [move(30, to: target)]))
            let decision = evaluator.decide(
                object(storageClass: source), versioning: .enabled, now: day(90 * 86_400))
            let isMoved = decision.action == .transition(target)
            #expect(isMoved == allowed[source]?.contains(target), "\(source) to \(target)")
        }
    }

    @Test("LC-8: the notice of a current version names the earliest rule that matches")
    func notices() {
        let evaluator = LifecycleEvaluator(
            LifecycleConfiguration(rules: [expire(9, id: "a"), expire(3, LifecycleFilter(prefix: "x/"), id: "b")]),
            calendar: LifecycleCalendar(daySeconds: 1))
        #expect(evaluator.expiration(of: object()) == LifecycleNotice(time: day(9), ruleID: "a"))
        #expect(evaluator.expiration(of: object("x/1")) == LifecycleNotice(time: day(3), ruleID: "b"))
        #expect(evaluator.expiration(of: marker()) == nil)
        #expect(LifecycleEvaluator(LifecycleConfiguration(rules: [])).expiration(of: object()) == nil)
    }

    @Test("LC-8: the notice of an upload")
    func uploads() {
        let rule = LifecycleRule(id: "a", filter: LifecycleFilter(prefix: "logs/"), abortDaysAfterInitiation: 7)
        let evaluator = LifecycleEvaluator(
            LifecycleConfiguration(rules: [rule]), calendar: LifecycleCalendar(daySeconds: 1))
        let inside = evaluator.abort(ofUploadTo: ObjectKey(trusted: Array("logs/a".utf8)), initiated: day(0))
        #expect(inside == LifecycleNotice(time: day(7), ruleID: "a"))
        #expect(evaluator.abort(ofUploadTo: ObjectKey(trusted: Array("x".utf8)), initiated: day(0)) == nil)
    }
}
