import Synchronization
import TernStorage

/// Makes the directories of blobs, and knows which of them are durable.
final class BlobDirectories: Sendable {
    private let durable: Mutex<Set<String>> = Mutex([])

    /// Forgetting costs a sync for each directory; remembering costs memory.
    private static let rememberedCountMax = 100_000

    /// Makes a directory and its parent; their names are durable when this returns. Blocks.
    func make(_ path: String) throws(StorageError) {
        if self.durable.withLock({ $0.contains(path) }) { return }
        try FileSystem.makeDirectories(path)
        // Another thread may have made them a moment ago and not have synced yet, so their existence proves nothing.
        let parent = FileSystem.parent(of: path)
        try FileSystem.syncDirectory(parent)
        try FileSystem.syncDirectory(FileSystem.parent(of: parent))
        self.durable.withLock { durable in
            if durable.count >= Self.rememberedCountMax { durable.removeAll() }
            durable.insert(path)
        }
    }
}
