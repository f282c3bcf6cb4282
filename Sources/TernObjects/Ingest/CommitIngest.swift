import Logging
import TernChecksums
import TernCore
import TernRecords
import TernS3Protocol
import TernStorage

extension ObjectService {
    func finish(_ sent: ReplicaRecord) async throws(S3Error) -> IngestResult {
        var replica = sent
        if let problem = self.problem(ofIdentity: replica) { return problem }
        let bucket: BucketState
        switch try await self.destination(of: &replica, stage: .completion) {
        case .refused(let result): return result
        case .open(let state): bucket = state
        }
        let id = replica.version.versionID
        let key = ObjectKey(trusted: Array(replica.key))
        guard let session = try await self.ingestSession(id, in: bucket.partition), session.isAbout(replica) else {
            // An earlier commit whose answer was lost.
            if try await self.version(identity: id, of: key, in: bucket) != nil {
                return await self.refreshReplica(replica).noting(replica)
            }
            return .retry("the session has ended")
        }
        let segments = try await self.arrivedSegments(of: id, in: bucket.partition)
        let layout: BodyLayout
        switch ReplicaAssembly(replica: replica, segments: segments.map(\.record)).result {
        case .incomplete:
            return .retry("segments are missing")
        case .damaged(let problem):
            // Begin anew: these bytes will never do.
            _ = try await self.remove(session, version: id, in: bucket.partition)
            return .retry(problem)
        case .whole(let found):
            layout = found
        }
        var prepared = PreparedReplica(replica: replica, key: key)
        try prepared.take(layout)
        if session.record.hasEncryption { prepared.encryption = session.record.encryption }
        prepared.stage = .completion
        prepared.requirements = [KeyValue(key: session.row, value: session.value)]
        prepared.removals = [session.row] + segments.map(\.row.key)
        switch try await self.place([prepared], in: bucket).first {
        case .placed:
            return IngestResult.done.noting(replica)
        case .notNeeded(let result):
            // Refused meanwhile, or there by another way: what was collected is of no use.
            if result.code != .retry, let session = try await self.ingestSession(id, in: bucket.partition) {
                _ = try await self.remove(session, version: id, in: bucket.partition)
            }
            return result.noting(replica)
        case nil:
            return .retry("not placed")
        }
    }
}

/// Puts the segments of a large replica together, and checks that they are the whole.
struct ReplicaAssembly {
    enum Result {
        case whole(BodyLayout)
        case incomplete
        case damaged(String)
    }

    private struct Sum {
        var byteCount: Int64 = 0
        var crc64nvme: UInt64 = 0
        /// `nil` when it cannot be known.
        var own: [UInt8]?
        var algorithm: ChecksumAlgorithm?

        init(algorithm: ChecksumAlgorithm?) {
            guard let algorithm, algorithm.isCombinable, algorithm != .crc64nvme else { return }
            self.algorithm = algorithm
            self.own = [UInt8](repeating: 0, count: algorithm.byteCount)
        }

        mutating func add(_ segment: IngestSegmentRecord) {
            let count = segment.segment.byteCount
            self.crc64nvme = CRC64NVME.combine(self.crc64nvme, segment.crc64Nvme, secondByteCount: count)
            if let algorithm, let own {
                var digest: [UInt8] = []
                digest.append(bigEndian: segment.ownCrc)
                self.own = algorithm.combine(own, Array(digest.suffix(algorithm.byteCount)), secondByteCount: count)
            }
            self.byteCount += count
        }

        /// Whether the sum contradicts a checksum; one that cannot be combined contradicts nothing.
        func contradicts(_ checksum: Checksum?) -> Bool {
            guard let checksum, checksum.type == .fullObject else { return false }
            if checksum.algorithm == .crc64nvme {
                var digest: [UInt8] = []
                digest.append(bigEndian: self.crc64nvme)
                return digest != checksum.digest
            }
            guard checksum.algorithm == self.algorithm, let own else { return false }
            return own != checksum.digest
        }
    }

    let result: Result

    init(replica: ReplicaRecord, segments: [IngestSegmentRecord]) {
        self.result = Self.assemble(replica, segments)
    }

    private static func assemble(_ replica: ReplicaRecord, _ segments: [IngestSegmentRecord]) -> Result {
        let objectChecksum = replica.version.checksum.checksum
        var parts = replica.parts
        if parts.isEmpty {
            var whole = PartLayout()
            whole.byteCount = replica.version.byteCount
            whole.md5 = replica.version.etagMd5
            if replica.version.hasChecksum { whole.checksum = replica.version.checksum }
            parts = [whole]
        }
        var rest = segments[...]
        var offset: Int64 = 0
        var total = Sum(algorithm: objectChecksum?.algorithm)
        for index in parts.indices {
            let checksum = parts[index].checksum.checksum
            // What a segment recorded is in its part's algorithm; the whole's may be another.
            if let own = checksum?.algorithm, own != objectChecksum?.algorithm { total.own = nil }
            var sum = Sum(algorithm: checksum?.algorithm ?? objectChecksum?.algorithm)
            parts[index].segments = []
            while sum.byteCount < parts[index].byteCount {
                guard let segment = rest.first, segment.offset <= offset else { return .incomplete }
                // Attempts that cut the body differently, of which one came late.
                guard segment.offset == offset else { return .damaged("segments overlap") }
                rest = rest.dropFirst()
                sum.add(segment)
                total.add(segment)
                offset += segment.segment.byteCount
                parts[index].segments.append(segment.segment)
            }
            if sum.byteCount > parts[index].byteCount { return .damaged("a segment crosses the end of its part") }
            if !replica.version.travelsSealed, sum.contradicts(checksum) {
                return .damaged("the checksum of part \(parts[index].number) does not match")
            }
        }
        // Of bytes that travel sealed, what was summed up is not what the checksums are of.
        guard offset == replica.version.byteCount else { return .incomplete }
        if !rest.isEmpty { return .damaged("segments overlap") }
        if !replica.version.travelsSealed, total.contradicts(objectChecksum) {
            return .damaged("the object's checksum does not match")
        }
        return .whole(BodyLayout(parts: parts))
    }
}
