package import TernCore

/// Where the parts of a report are (batch-replication §8.3).
package struct InventoryPlaces: Hashable, Sendable {
    /// `prefix/bucket/id/`
    private let folder: String
    /// When the scan began.
    private let started: Timestamp

    /// - Parameter prefix: A slash at its end is not doubled.
    package init(prefix: String, bucket: String, id: String, started: Timestamp) {
        var folder = prefix
        if !folder.isEmpty, !folder.hasSuffix("/") { folder += "/" }
        self.folder = "\(folder)\(bucket)/\(id)/"
        self.started = started
    }

    package var manifestKey: String { "\(self.folder)\(self.date)T\(self.time)Z/manifest.json" }
    package var checksumKey: String { "\(self.folder)\(self.date)T\(self.time)Z/manifest.checksum" }
    package var symlinkKey: String { "\(self.folder)hive/dt=\(self.date)-\(self.time)/symlink.txt" }
    package var dataPrefix: String { self.folder + "data/" }

    /// The key of a data file, under a random name in the form of a UUID (RFC 9562, version 4).
    package func dataKey(_ bits: (UInt64, UInt64)) -> String {
        let high = bits.0 & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = bits.1 & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        var bytes: [UInt8] = []
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: high >> UInt64(shift)))
        }
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: low >> UInt64(shift)))
        }
        var uuid = ""
        for (index, range) in [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].enumerated() {
            if index > 0 { uuid += "-" }
            uuid += Array(bytes[range]).lowercaseHex
        }
        return "\(self.dataPrefix)\(uuid).csv.gz"
    }

    private var date: String {
        var text: [UInt8] = []
        text.append(decimal: self.started.civilFields.year, width: 4)
        text.append(UInt8(ascii: "-"))
        text.append(decimal: self.started.civilFields.month, width: 2)
        text.append(UInt8(ascii: "-"))
        text.append(decimal: self.started.civilFields.day, width: 2)
        return String(decoding: text, as: UTF8.self)
    }

    private var time: String {
        var text: [UInt8] = []
        text.append(decimal: self.started.civilFields.hour, width: 2)
        text.append(UInt8(ascii: "-"))
        text.append(decimal: self.started.civilFields.minute, width: 2)
        return String(decoding: text, as: UTF8.self)
    }
}
