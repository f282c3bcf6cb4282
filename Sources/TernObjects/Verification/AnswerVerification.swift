import TernCore
package import TernRecords
package import TernS3Protocol
import TernStorage

/// Called between pages of a comparison, so that clients go first; `false` ends the work.
package typealias VerificationPause = @Sendable () async -> Bool

/// What both sides of a comparison keep to.
package enum VerificationLimits {
    /// Ranges in one question, places in one question, and versions in one answer.
    package static let ranges = 512
    package static let places = 512
    package static let versions = 512
    /// Versions that one answer looks at; it ends early behind them.
    package static let examined = 20_000
    /// How long one answer takes; it ends early behind that.
    package static let answerTime = Duration.seconds(3)
    /// Versions read at once.
    package static let page = 256
}

extension ObjectService {
    /// The destination's side of a comparison: answers what the source's region asks about its replicas.
    ///
    /// An answer may end before the question does, and then says where: so that no question takes long, however busy the
    /// region is.
    package func answer(
        _ query: VerificationQuery, pause: @escaping VerificationPause = { true }
    ) async throws(S3Error) -> VerificationAnswer {
        guard query.bounds.count <= VerificationLimits.ranges, query.versions.count <= VerificationLimits.places else {
            throw .invalidArgument("The question is about more than fits into one answer.")
        }
        var answer = VerificationAnswer()
        guard let bucket = try await self.verifiedBucket(query.destinationBucket) else {
            answer.isBucketGone = true
            return answer
        }
        answer.takesAcl = bucket.ownership != .bucketOwnerEnforced
        switch query.kind {
        case .facts: break
        case .digests: try await self.addDigests(to: &answer, query, in: bucket, pause: pause)
        case .versions: try await self.addVersions(to: &answer, query, in: bucket, pause: pause)
        case .lookup:
            for record in query.versions {
                answer.versions.append(try await self.lookUp(try VersionPlace(record), in: bucket))
            }
        case .UNRECOGNIZED: throw .invalidArgument("The kind of question is not known here.")
        }
        return answer
    }

    private func verifiedBucket(_ name: String) async throws(S3Error) -> BucketState? {
        do {
            return try await self.registry.state(name)
        } catch  where error.code == "NoSuchBucket" {
            return nil
        }
    }

    private func addDigests(
        to answer: inout VerificationAnswer, _ query: VerificationQuery, in bucket: BucketState,
        pause: @escaping VerificationPause
    ) async throws(S3Error) {
        let bounds = try Self.bounds(of: query)
        guard let last = bounds.last else { return }
        let filter = ReplicaFilter(query)
        let after = query.hasAfter ? try VersionPlace(query.after) : nil
        var digests = [RangeDigest()]
        var scan = VerificationScan(
            service: self, bucket: bucket, range: VersionRange(after: after, through: last), pause: pause)
        while let version = try await scan.next() {
            let place = version.place
            while let bound = bounds[digests.count - 1], bound < place { digests.append(RangeDigest()) }
            guard filter.includes(version.record) else { continue }
            digests[digests.count - 1].add(
                VersionFingerprint(version.record, at: place, includesACL: answer.takesAcl))
        }
        if scan.endedEarly {
            guard let reached = scan.position else { throw .slowDown }
            answer.reached = reached.record
        } else {
            while digests.count < bounds.count { digests.append(RangeDigest()) }
        }
        answer.digests = digests.map(\.record)
    }

    private func addVersions(
        to answer: inout VerificationAnswer, _ query: VerificationQuery, in bucket: BucketState,
        pause: @escaping VerificationPause
    ) async throws(S3Error) {
        guard let through = try Self.bounds(of: query).last else { return }
        let filter = ReplicaFilter(query)
        let after = query.hasAfter ? try VersionPlace(query.after) : nil
        var scan = VerificationScan(
            service: self, bucket: bucket, range: VersionRange(after: after, through: through), pause: pause)
        while answer.versions.count < VerificationLimits.versions {
            guard let version = try await scan.next() else { break }
            let place = version.place
            guard filter.includes(version.record) else { continue }
            let fingerprint = VersionFingerprint(version.record, at: place, includesACL: answer.takesAcl)
            var found = VerifiedVersionRecord()
            found.place = place.record
            found.presence = .present
            found.high = fingerprint.high
            found.low = fingerprint.low
            answer.versions.append(found)
        }
        if scan.endedEarly || answer.versions.count == VerificationLimits.versions {
            guard let reached = scan.position else { throw .slowDown }
            answer.reached = reached.record
        }
    }

    private func lookUp(_ place: VersionPlace, in bucket: BucketState) async throws(S3Error) -> VerifiedVersionRecord {
        var answer = VerifiedVersionRecord()
        answer.place = place.record
        if let version = try await self.version(identity: place.version, of: place.key, in: bucket) {
            answer.presence = .present
            VersionParts(version.record).write(to: &answer)
        } else if try await self.metadata.value(
            Keyspace.tombstone(place.key, place.version), in: bucket.partition) != nil
        {
            answer.presence = .deleted
        }
        return answer
    }

    /// The ends of the ranges that a question is about; `nil` is the bucket's end, and only the last one may be it.
    private static func bounds(of query: VerificationQuery) throws(S3Error) -> [VersionPlace?] {
        var bounds: [VersionPlace?] = []
        for record in query.bounds { bounds.append(try VersionPlace(record)) }
        if query.isOpen { bounds.append(nil) }
        return bounds
    }
}

/// Tells the replicas of one source bucket from all else in a destination bucket.
private struct ReplicaFilter {
    let source: UInt64
    let origin: UInt32

    init(_ query: VerificationQuery) {
        self.source = ReplicaSourceHash(query.sourceBucket).rawValue
        self.origin = query.sourceOrigin
    }

    func includes(_ record: VersionRecord) -> Bool {
        guard record.isReplica else { return false }
        return record.replicaSource == 0 ? record.id.origin == self.origin : record.replicaSource == self.source
    }
}

extension ListedVersion {
    package var place: VersionPlace { VersionPlace(key: self.key, version: self.record.versionID) }
}

/// Walks the versions of a range a page at a time, and rests between the pages.
package struct VerificationScan {
    private let service: ObjectService
    private let bucket: BucketState
    private let range: VersionRange
    private let pause: VerificationPause
    private let limit: Int
    private let deadline: Timestamp
    private var page: ArraySlice<ListedVersion> = []
    private var hasMore = true
    private var examined = 0
    /// The last version that was given.
    package private(set) var position: VersionPlace?
    /// Whether the scan ended at a limit, with versions of the range left.
    package private(set) var endedEarly = false

    package init(
        service: ObjectService, bucket: BucketState, range: VersionRange, limit: Int = VerificationLimits.examined,
        pause: @escaping VerificationPause
    ) {
        self.service = service
        self.bucket = bucket
        self.range = range
        self.pause = pause
        self.limit = limit
        self.deadline = service.clock.now + VerificationLimits.answerTime
    }

    /// The next version of the range; `nil` at its end, or where the scan ends early.
    package mutating func next() async throws(S3Error) -> ListedVersion? {
        while self.page.isEmpty {
            guard self.hasMore else { return nil }
            if self.examined > 0 {
                guard self.examined < self.limit, self.service.clock.now < self.deadline, await self.pause() else {
                    self.endedEarly = true
                    return nil
                }
            }
            try await self.read()
        }
        guard let version = self.page.popFirst() else { return nil }
        if self.range.ends(before: version.place) {
            self.page = []
            self.hasMore = false
            return nil
        }
        self.position = version.place
        return version
    }

    private mutating func read() async throws(S3Error) {
        var query = ListQuery()
        query.limit = VerificationLimits.page
        var start = VersionListStart.beginning
        if let place = self.position ?? self.range.after {
            start = .afterIdentity(key: place.key, place.version)
        }
        let page = try await self.service.listVersions(query, from: start, in: self.bucket)
        self.page =
            page.entries.compactMap { entry in
                if case .item(let version) = entry { version } else { nil }
            }[...]
        self.examined += self.page.count
        self.hasMore = page.isTruncated
    }
}
