import TernCore
import TernRecords
import TernReplication
import TernS3Protocol

// What is asked of the destination: its digests of ranges.
extension BucketVerification {
    mutating func findDestination() async throws {
        do throws(S3Error) {
            switch try await self.service.registry.locate(self.lane.destinationBucket) {
            case .here: self.place = nil
            case .elsewhere(let record): self.place = RegionName(trusted: record.region)
            }
        } catch  where error.code == "NoSuchBucket" {
            throw Self.destinationGone(self.lane)
        }
        self.takesACL = try await self.ask(.facts) { _ in }.takesAcl
    }

    static func destinationGone(_ lane: LaneID) -> VerificationError {
        VerificationError(.destinationGone, "the destination bucket \(lane.destinationBucket) does not exist")
    }

    mutating func ask(
        _ kind: VerificationQuery.Kind, _ fill: (inout VerificationQuery) -> Void
    ) async throws -> VerificationAnswer {
        var query = VerificationQuery()
        query.kind = kind
        query.sourceBucket = self.lane.sourceBucket
        query.destinationBucket = self.lane.destinationBucket
        query.sourceOrigin = self.service.region.tag
        fill(&query)
        let answer: VerificationAnswer
        if let place {
            do throws(TransportError) {
                let reply = try await self.peer.ask(query, of: place)
                answer = reply.answer
                self.requests += 1
                self.wireBytes += reply.wireBytes
            } catch {
                throw VerificationError(.peer, error.message)
            }
        } else {
            answer = try await self.service.answer(query, pause: self.pause)
        }
        if answer.isBucketGone { throw Self.destinationGone(self.lane) }
        return answer
    }

    /// The destination's digests of ranges that follow each other.
    mutating func digests(after: VersionPlace?, bounds: [VersionPlace?]) async throws -> [RangeDigest] {
        var digests = [RangeDigest](repeating: RangeDigest(), count: bounds.count)
        var first = 0
        var after = after
        while true {
            let asked = bounds[first...]
            let answer = try await self.ask(.digests) { query in
                if let after { query.after = after.record }
                query.bounds = asked.compactMap { $0?.record }
                query.isOpen = asked.last == .some(nil)
            }
            guard answer.digests.count <= asked.count else { throw Self.nonsense }
            for (index, digest) in answer.digests.enumerated() { digests[first + index].add(RangeDigest(digest)) }
            guard answer.hasReached else { return digests }
            let reached = answer.reached.place
            guard !answer.digests.isEmpty, after.map({ $0 < reached }) ?? true else { throw Self.nonsense }
            after = reached
            first += answer.digests.count - 1
        }
    }

    static let nonsense = VerificationError(.peer, "the destination's answer makes no sense")

    /// The ranges of the block that have to be looked at version by version.
    mutating func rangesThatDiffer() async throws -> [VersionRange] {
        let block = self.block
        guard let last = block.ranges.last else { return [] }
        let whole = try await self.digests(after: block.after, bounds: [last.through])
        if whole == [block.digest] {
            return block.ranges.indices.filter { block.ranges[$0].isUnsettled }.map(block.range)
        }
        if block.ranges.count == 1 { return [block.range(0)] }
        let digests = try await self.digests(after: block.after, bounds: block.ranges.map(\.through))
        return block.ranges.indices.filter { block.ranges[$0].isUnsettled || block.ranges[$0].digest != digests[$0] }
            .map(block.range)
    }
}
