package import TernPorts

/// How the requests of each operation of S3 ended in one region.
package final class OperationCounts: Sendable {
    /// By the operation. Never changed, so that no request waits for another.
    private let counts: [ObjectIdentifier: RequestCounts]
    /// Requests that are none of an operation on a bucket of this region: malformed, unknown, handed on, or preflights.
    private let other = RequestCounts("Other")

    init() {
        var byName: [String: RequestCounts] = [:]
        var counts: [ObjectIdentifier: RequestCounts] = [:]
        for operation in OperationTable.all {
            let own = byName[operation.name] ?? RequestCounts(operation.name)
            byName[operation.name] = own
            counts[ObjectIdentifier(operation)] = own
        }
        self.counts = counts
    }

    func add(_ operation: Operation?, status: Int, duration: Duration) {
        let counts = operation.flatMap { self.counts[ObjectIdentifier($0)] } ?? self.other
        counts.add(status: status, duration: duration)
    }

    /// Those of the operations that were asked for, by name.
    package var all: [RequestCounts] {
        var seen: Set<ObjectIdentifier> = []
        return (Array(self.counts.values) + [self.other])
            .filter { seen.insert(ObjectIdentifier($0)).inserted && $0.values.contains { $0 > 0 } }
            .sorted { $0.name < $1.name }
    }
}
