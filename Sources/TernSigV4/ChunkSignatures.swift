import TernChecksums
package import TernCore

/// The signatures of a body's chunks, each of which signs the one before (spec rule SIG-43).
package struct ChunkSignatures: Sendable {
    private static let emptyDigest = SHA256Hasher().finalize().lowercaseHexBytes

    /// A signature of version 4A is filled up with `*` to this many bytes (spec §2.5).
    static let asymmetricByteCount = 144

    package let context: SigningContext
    /// The latest signature, in hexadecimal ASCII; at first, the request's own.
    package private(set) var previous: [UInt8]

    package init(_ context: SigningContext) {
        self.context = context
        self.previous = context.seedSignature
    }

    /// Signs the next chunk.
    ///
    /// - Parameter digest: The SHA-256 of the chunk's data, raw; that of no bytes for the last chunk.
    /// - Returns: 64 hexadecimal digits in ASCII.
    package mutating func sign(chunkDigest digest: [UInt8]) -> [UInt8] {
        self.sign(self.stringToSign(chunkDigest: digest))
    }

    /// Signs the trailer, behind the last chunk.
    ///
    /// - Parameter fields: The trailing fields, names in lower case.
    package mutating func sign(trailer fields: [HeaderFields.Field]) -> [UInt8] {
        self.sign(self.stringToSign(trailer: fields))
    }

    mutating func sign(_ stringToSign: [UInt8]) -> [UInt8] {
        guard case .hmac(let key) = self.context.key else { preconditionFailure("a public key signs nothing") }
        self.previous = key.signature(stringToSign)
        return self.previous
    }

    var isAsymmetric: Bool {
        if case .ecdsa = self.context.key { true } else { false }
    }

    /// Whether a signature is right; the next one then builds upon it.
    mutating func accept(_ provided: [UInt8], for stringToSign: [UInt8]) -> Bool {
        // SIG-53: the next signature builds upon this one without what fills it up.
        let signature = self.isAsymmetric ? Array(provided.prefix { $0 != UInt8(ascii: "*") }) : provided
        guard self.context.key.accepts(signature, for: stringToSign) else { return false }
        self.previous = signature
        return true
    }

    private var algorithm: String { self.isAsymmetric ? "AWS4-ECDSA-P256-SHA256" : "AWS4-HMAC-SHA256" }

    func stringToSign(chunkDigest digest: [UInt8]) -> [UInt8] {
        var text = self.prefix("\(self.algorithm)-PAYLOAD")
        text.append(contentsOf: Self.emptyDigest)
        text.append(UInt8(ascii: "\n"))
        text.append(contentsOf: digest.lowercaseHexBytes)
        return text
    }

    func stringToSign(trailer fields: [HeaderFields.Field]) -> [UInt8] {
        var canonical: [UInt8] = []
        for field in fields.sorted(by: { $0.name < $1.name }) {
            canonical.append(text: field.name)
            canonical.append(UInt8(ascii: ":"))
            canonical.append(text: field.value)
            canonical.append(UInt8(ascii: "\n"))
        }
        var text = self.prefix("\(self.algorithm)-TRAILER")
        text.append(contentsOf: SHA256Hasher.hash(canonical).lowercaseHexBytes)
        return text
    }

    /// The first four lines.
    private func prefix(_ algorithm: String) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(320)
        text.append(text: algorithm)
        text.append(UInt8(ascii: "\n"))
        text.append(text: self.context.amzDate)
        text.append(UInt8(ascii: "\n"))
        text.append(text: self.context.scope)
        text.append(UInt8(ascii: "\n"))
        text.append(contentsOf: self.previous)
        text.append(UInt8(ascii: "\n"))
        return text
    }
}
