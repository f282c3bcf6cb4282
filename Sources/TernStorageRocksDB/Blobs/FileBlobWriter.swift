import NIOCore
import Synchronization
import TernStorage

/// Writes one blob; hops to an I/O thread for each 256 KiB or more, not for each piece.
final class FileBlobWriter: BlobWriter {
    private struct State {
        var file: BlobFile
        var isEnded = false
    }

    /// Held during file operations too: a blob has one writer, so nobody waits for the lock.
    private let state: Mutex<State>
    private let pool: IOPool

    private static let hopByteCount = 256 << 10

    init(_ context: FileBlobContext, partition: PartitionID) {
        self.state = Mutex(State(file: BlobFile(context, partition: partition)))
        self.pool = context.pool
    }

    deinit {
        guard let file = self.state.withLock({ $0.isEnded ? nil : $0.file }) else { return }
        self.pool.runDetached {
            var file = file
            file.discard()
        }
    }

    func write(_ bytes: ByteBuffer) async throws(StorageError) {
        let pendingByteCount = self.state.withLock { state in
            precondition(!state.isEnded, "a blob writer was used after its end")
            state.file.append(bytes)
            return state.file.pendingByteCount
        }
        guard pendingByteCount >= Self.hopByteCount else { return }
        try await self.pool.run { () throws(StorageError) in
            try self.state.withLock { state throws(StorageError) in try state.file.flush() }
        }
    }

    func finish() async throws(StorageError) -> BlobID {
        try await self.pool.run { () throws(StorageError) in
            try self.state.withLock { state throws(StorageError) in
                precondition(!state.isEnded, "a blob writer was used after its end")
                state.isEnded = true
                do throws(StorageError) {
                    return try state.file.finish()
                } catch {
                    state.file.discard()
                    throw error
                }
            }
        }
    }

    func discard() async {
        do throws(StorageError) {
            try await self.pool.run { () throws(StorageError) in
                self.state.withLock { state in
                    state.isEnded = true
                    state.file.discard()
                }
            }
        } catch {
            preconditionFailure("discarding throws nothing: \(error)")
        }
    }
}
