import TernCore

/// What is no CBOR, or none that a service reads.
struct CBORProblem: Error {}

/// Reads CBOR (RFC 8949), as far as Smithy's RPC protocol uses it: no maps with keys that are no texts, no tags but that
/// of times, no big numbers.
struct CBORDecoder {
    private var rest: ArraySlice<UInt8>

    private static let maximumDepth = 16

    /// Reads one item, which has to be all there is.
    static func decode(_ bytes: [UInt8]) throws(CBORProblem) -> ServiceValue {
        var decoder = CBORDecoder(rest: bytes[...])
        guard let value = try decoder.item(depth: 0), decoder.rest.isEmpty else { throw CBORProblem() }
        return value
    }

    private mutating func byte() throws(CBORProblem) -> UInt8 {
        guard let byte = self.rest.popFirst() else { throw CBORProblem() }
        return byte
    }

    private mutating func bigEndian(_ count: Int) throws(CBORProblem) -> UInt64 {
        guard self.rest.count >= count else { throw CBORProblem() }
        let value = self.rest.prefix(count).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        self.rest = self.rest.dropFirst(count)
        return value
    }

    /// The argument of a head; `nil` for one of indefinite length.
    private mutating func argument(_ information: UInt8) throws(CBORProblem) -> UInt64? {
        switch information {
        case 0..<24: return UInt64(information)
        case 24: return try self.bigEndian(1)
        case 25: return try self.bigEndian(2)
        case 26: return try self.bigEndian(4)
        case 27: return try self.bigEndian(8)
        case 31: return nil
        default: throw CBORProblem()
        }
    }

    private mutating func definite(_ information: UInt8) throws(CBORProblem) -> UInt64 {
        guard let argument = try self.argument(information) else { throw CBORProblem() }
        return argument
    }

    /// `nil` at the end of something of indefinite length.
    private mutating func item(depth: Int) throws(CBORProblem) -> ServiceValue? {
        guard depth < Self.maximumDepth else { throw CBORProblem() }
        let head = try self.byte()
        let information = head & 0x1F
        switch head >> 5 {
        case 0:
            guard let value = Int64(exactly: try self.definite(information)) else { throw CBORProblem() }
            return .integer(value)
        case 1:
            guard let value = Int64(exactly: try self.definite(information)) else { throw CBORProblem() }
            return .integer(-1 - value)
        case 2: return .bytes(try self.bytes(information, type: 2))
        case 3:
            guard let text = String(validating: try self.bytes(information, type: 3), as: UTF8.self) else {
                throw CBORProblem()
            }
            return .string(text)
        case 4: return .array(try self.array(information, depth: depth))
        case 5: return .object(try self.map(information, depth: depth))
        case 6: return try self.tagged(information, depth: depth)
        default: return try self.simple(information)
        }
    }

    private mutating func bytes(_ information: UInt8, type: UInt8) throws(CBORProblem) -> [UInt8] {
        if let count = try self.argument(information) {
            guard count <= UInt64(self.rest.count) else { throw CBORProblem() }
            defer { self.rest = self.rest.dropFirst(Int(count)) }
            return Array(self.rest.prefix(Int(count)))
        }
        var bytes: [UInt8] = []
        while true {
            let head = try self.byte()
            if head == 0xFF { return bytes }
            guard head >> 5 == type, head & 0x1F != 31 else { throw CBORProblem() }
            bytes += try self.bytes(head & 0x1F, type: type)
        }
    }

    private mutating func array(_ information: UInt8, depth: Int) throws(CBORProblem) -> [ServiceValue] {
        var values: [ServiceValue] = []
        guard let count = try self.argument(information) else {
            while let value = try self.item(depth: depth + 1) { values.append(value) }
            return values
        }
        // Each item has a byte at least.
        guard count <= UInt64(self.rest.count) else { throw CBORProblem() }
        for _ in 0..<count { values.append(try self.inner(depth)) }
        return values
    }

    private mutating func map(_ information: UInt8, depth: Int) throws(CBORProblem) -> [String: ServiceValue] {
        var members: [String: ServiceValue] = [:]
        let count = try self.argument(information)
        if let count, count > UInt64(self.rest.count) { throw CBORProblem() }
        var read: UInt64 = 0
        while count.map({ read < $0 }) ?? true {
            guard let name = try self.item(depth: depth + 1) else {
                guard count == nil else { throw CBORProblem() }
                return members
            }
            guard case .string(let text) = name,
                members.updateValue(try self.inner(depth), forKey: text) == nil
            else { throw CBORProblem() }
            read += 1
        }
        return members
    }

    private mutating func inner(_ depth: Int) throws(CBORProblem) -> ServiceValue {
        guard let value = try self.item(depth: depth + 1) else { throw CBORProblem() }
        return value
    }

    private mutating func tagged(_ information: UInt8, depth: Int) throws(CBORProblem) -> ServiceValue {
        guard try self.definite(information) == 1, let time = try self.inner(depth).timestamp else {
            throw CBORProblem()
        }
        return .time(time)
    }

    private mutating func simple(_ information: UInt8) throws(CBORProblem) -> ServiceValue? {
        switch information {
        case 20: return .boolean(false)
        case 21: return .boolean(true)
        case 22, 23: return .null
        case 25: return .number(Self.half(UInt16(try self.bigEndian(2))))
        case 26: return .number(Double(Float(bitPattern: UInt32(try self.bigEndian(4)))))
        case 27: return .number(Double(bitPattern: try self.bigEndian(8)))
        case 31: return nil
        default: throw CBORProblem()
        }
    }

    private static func half(_ bits: UInt16) -> Double {
        let sign: Double = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 0x1F)
        let fraction = Double(bits & 0x3FF)
        switch exponent {
        case 0: return sign * fraction * 0x1p-24
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default:
            let scale = Double(sign: .plus, exponent: exponent - 25, significand: 1)
            return sign * (1024 + fraction) * scale
        }
    }
}
