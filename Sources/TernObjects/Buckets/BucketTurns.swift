import Synchronization
import TernS3Protocol

/// Lets one request at a time create or delete the bucket of a name, or count what it has (spec rule ERR-8).
///
/// Creating and deleting consist of several commits, in the home region's directory and in the bucket's partition. Were two of them
/// mixed, a request that took up the reservation of another could write a bucket anew that a third is just clearing away.
/// One process serves all buckets of a region, so its memory is the place to take turns; what a crash leaves is told apart
/// from what is under way by the restart.
final class BucketTurns: Sendable {
    /// The names that are in work, each with those who wait for it, in the order in which they came.
    private let waiting = Mutex<[String: [CheckedContinuation<Void, Never>]]>([:])

    /// Does the work once nobody else is at this name.
    func take<Result: Sendable>(
        _ name: String, _ work: () async throws(S3Error) -> Result
    ) async throws(S3Error) -> Result {
        await self.begin(name)
        defer { self.end(name) }
        return try await work()
    }

    private func begin(_ name: String) async {
        await withCheckedContinuation { continuation in
            let isFree = self.waiting.withLock { waiting in
                if waiting[name] == nil {
                    waiting[name] = []
                    return true
                }
                waiting[name]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func end(_ name: String) {
        let next = self.waiting.withLock { waiting -> CheckedContinuation<Void, Never>? in
            guard var others = waiting[name], !others.isEmpty else {
                waiting[name] = nil
                return nil
            }
            let next = others.removeFirst()
            waiting[name] = others
            return next
        }
        next?.resume()
    }
}
