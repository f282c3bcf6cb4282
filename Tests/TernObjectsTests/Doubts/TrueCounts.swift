import TernReplication
import TernTestSupport
import Testing

@testable import TernObjects

extension TestRegion {
    /// The service's counts of what waits are those that another process would find in the rows.
    func expectTrueCounts(
        of service: ObjectService, operations: Int64, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let recount = self.service(over: self.metadata)
        try await recount.outbox.rebuild(from: recount.registry)
        let counts = Self.pending(of: service)
        #expect(counts == Self.pending(of: recount), sourceLocation: sourceLocation)
        #expect(counts.operations == operations, sourceLocation: sourceLocation)
    }

    private static func pending(of service: ObjectService) -> PendingCount {
        service.outbox.pending.values.flatMap(\.values).reduce(into: PendingCount()) { sum, count in
            sum.operations += count.operations
            sum.bytes += count.bytes
        }
    }
}
