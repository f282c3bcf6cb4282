import TernCore

extension JSONOutput {
    /// The document in CBOR, as Smithy's RPC protocol has it.
    var cbor: [UInt8] {
        var bytes: [UInt8] = []
        self.write(cbor: &bytes)
        return bytes
    }

    private func write(cbor bytes: inout [UInt8]) {
        switch self {
        case .string(let text): Self.write(text, cbor: &bytes)
        case .integer(let number):
            if number >= 0 {
                Self.head(0, UInt64(number), to: &bytes)
            } else {
                Self.head(1, UInt64(-1 - number), to: &bytes)
            }
        case .number(let number): Self.write(number, cbor: &bytes)
        case .boolean(let value): bytes.append(value ? 0xF5 : 0xF4)
        case .time(let time):
            Self.head(6, 1, to: &bytes)
            Self.write(Double(time.milliseconds) / 1000, cbor: &bytes)
        case .array(let values):
            Self.head(4, UInt64(values.count), to: &bytes)
            for value in values { value.write(cbor: &bytes) }
        case .entries(let entries): JSONOutput.object(entries.map { ($0.key, $0.value) }).write(cbor: &bytes)
        case .object(let members):
            let present = members.compactMap { member in member.value.map { (member.name, $0) } }
            Self.head(5, UInt64(present.count), to: &bytes)
            for (name, value) in present {
                Self.write(name, cbor: &bytes)
                value.write(cbor: &bytes)
            }
        }
    }

    private static func write(_ text: String, cbor bytes: inout [UInt8]) {
        self.head(3, UInt64(text.utf8.count), to: &bytes)
        bytes += Array(text.utf8)
    }

    private static func write(_ number: Double, cbor bytes: inout [UInt8]) {
        bytes.append(0xFB)
        bytes.append(bigEndian: number.bitPattern)
    }

    private static func head(_ type: UInt8, _ argument: UInt64, to bytes: inout [UInt8]) {
        let type = type << 5
        switch argument {
        case 0..<24: bytes.append(type | UInt8(argument))
        case 24...0xFF: bytes += [type | 24, UInt8(argument)]
        case 0x100...0xFFFF:
            bytes.append(type | 25)
            bytes.append(bigEndian: UInt16(argument))
        case 0x10000...0xFFFF_FFFF:
            bytes.append(type | 26)
            bytes.append(bigEndian: UInt32(argument))
        default:
            bytes.append(type | 27)
            bytes.append(bigEndian: argument)
        }
    }
}
