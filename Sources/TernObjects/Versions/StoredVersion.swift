package import TernCore
package import TernRecords

/// A version as it stands in the store, with the row that it was read from.
package struct StoredVersion: Sendable {
    package var key: ObjectKey
    package var record: VersionRecord
    /// Whether it is the current version of its key.
    package var isLatest: Bool
    /// The row's key and value, for the precondition of a change.
    package var row: [UInt8]
    package var value: [UInt8]

    package init(key: ObjectKey, record: VersionRecord, isLatest: Bool, row: [UInt8], value: [UInt8]) {
        self.key = key
        self.record = record
        self.isLatest = isLatest
        self.row = row
        self.value = value
    }
}
