/// The sizes that every ``MetadataStore`` accepts.
package enum MetadataLimits {
    /// The longest key, in bytes. The shortest has one.
    package static let keyByteCountMax = 4_096
    /// The longest value, in bytes.
    package static let valueByteCountMax = 64 << 20
}

extension MetadataBatch {
    /// Refuses keys and values outside ``MetadataLimits``, so that all engines refuse the same ones.
    package func checkSizes() throws(StorageError) {
        for precondition in self.preconditions { try Self.checkKey(precondition.key) }
        for write in self.writes {
            switch write {
            case .put(let key, let value):
                try Self.checkKey(key)
                guard value.count <= MetadataLimits.valueByteCountMax else {
                    throw StorageError(.io, "a value of \(value.count) bytes is over the limit")
                }
            case .delete(let key):
                try Self.checkKey(key)
            }
        }
    }

    private static func checkKey(_ key: [UInt8]) throws(StorageError) {
        guard !key.isEmpty, key.count <= MetadataLimits.keyByteCountMax else {
            throw StorageError(.io, "a key has \(key.count) bytes; 1 to \(MetadataLimits.keyByteCountMax) are allowed")
        }
    }
}

extension MetadataBatch.Precondition {
    package var key: [UInt8] {
        switch self {
        case .absent(let key), .equals(let key, _): key
        }
    }

    /// The value that the key must have: `nil` means absent.
    package var value: [UInt8]? {
        switch self {
        case .absent: nil
        case .equals(_, let value): value
        }
    }
}
