import TernCore

/// Random UUIDs (version 4): request IDs, IDs of jobs.
package enum RandomUUID {
    package static func make(_ random: any RandomSource) -> String {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: random.next())
        bytes.append(bigEndian: random.next())
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let hex = Array(bytes.lowercaseHex.utf8)
        var text: [UInt8] = []
        for (index, character) in hex.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(character)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
