import TernStorage

/// Where the files of a blob store are.
///
/// `blobs/<partition>/<first byte of the blob>/<blob>`, all in hexadecimal: the middle level keeps directories small.
/// `temporary/` has the blobs that are being written.
struct BlobPaths: Sendable {
    let root: String

    var blobs: String { "\(self.root)/blobs" }
    var temporary: String { "\(self.root)/tmp" }
    /// Locked by the process that has the store open.
    var lock: String { "\(self.root)/lock" }

    func directory(of partition: PartitionID) -> String {
        "\(self.blobs)/\(Hexadecimal.encode(partition.prefix))"
    }

    func directory(of partition: PartitionID, firstByte: UInt8) -> String {
        "\(self.directory(of: partition))/\(Hexadecimal.encode([firstByte]))"
    }

    func directory(of id: BlobID, in partition: PartitionID) -> String {
        self.directory(of: partition, firstByte: id.bytes[0])
    }

    func file(of id: BlobID, in partition: PartitionID) -> String {
        "\(self.directory(of: id, in: partition))/\(Hexadecimal.encode(id.bytes))"
    }

    func temporaryFile(of id: BlobID) -> String {
        "\(self.temporary)/\(Hexadecimal.encode(id.bytes))"
    }
}

enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
            for (index, byte) in bytes.enumerated() {
                buffer[index * 2] = self.digits[Int(byte >> 4)]
                buffer[index * 2 + 1] = self.digits[Int(byte & 15)]
            }
            return bytes.count * 2
        }
    }

    /// `nil` unless the text is pairs of lower-case digits, as ``encode(_:)`` makes them.
    static func decode(_ text: String) -> [UInt8]? {
        let utf8 = Array(text.utf8)
        guard utf8.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count / 2)
        for index in stride(from: 0, to: utf8.count, by: 2) {
            guard let high = self.value(utf8[index]), let low = self.value(utf8[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
