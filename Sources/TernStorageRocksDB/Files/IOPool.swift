import NIOPosix
import TernStorage

/// The threads on which this target blocks: reads that miss the cache, and all file operations.
///
/// Neither an event loop nor a thread of the cooperative pool may wait for a disk, for all other requests would wait
/// with it. The number of threads bounds the operations that are under way; the others queue.
package final class IOPool: Sendable {
    private let threads: NIOThreadPool

    /// - Parameter threadCount: Operations under way at a time: more than processors, for most of them wait.
    package init(threadCount: Int = 8) {
        self.threads = NIOThreadPool(numberOfThreads: threadCount)
        self.threads.start()
    }

    deinit {
        // Operations keep the pool alive until they have their answer, so nothing is lost here.
        self.threads.shutdownGracefully { _ in }
    }

    /// Runs `body` on one of the threads. It always runs, also when the caller's task is cancelled: half a file
    /// operation is worse than one that nobody waits for.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let result: Result<Value, StorageError> = await withCheckedContinuation { continuation in
            self.threads.submit { _ in
                do throws(StorageError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    /// Runs `body` some time, on one of the threads.
    func runDetached(_ body: @escaping @Sendable () -> Void) {
        self.threads.submit { _ in body() }
    }
}
