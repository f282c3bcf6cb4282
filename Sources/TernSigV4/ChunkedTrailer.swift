package import TernCore

/// What followed the last chunk of an `aws-chunked` body (spec rule SIG-45).
package struct ChunkedTrailer: Hashable, Sendable {
    /// The trailing fields, names in lower case, without the trailer's own signature.
    package var fields: [HeaderFields.Field]
    /// The trailing checksum; whoever computes the body's compares it.
    package var checksum: Checksum?
}

extension ChunkedTrailer {
    /// The names that `x-amz-trailer` announces, in lower case.
    ///
    /// - Throws: SIG-45, if one is not that of a checksum, or there are several.
    static func announcedNames(_ headers: HeaderFields) throws(SigningError) -> [String] {
        var names: [String] = []
        for value in headers.values("x-amz-trailer") {
            for part in value.split(separator: ",") {
                let name = part.lowercased().filter { $0 != " " }
                if name.isEmpty { continue }
                guard self.algorithm(name) != nil else { throw .trailerNotSupported }
                names.append(name)
            }
        }
        if names.count > 1 { throw .severalChecksums }
        return names
    }

    /// Checks that the fields are those announced, and reads the checksum.
    init(_ fields: [HeaderFields.Field], announced: [String]) throws(SigningError) {
        guard fields.map(\.name).sorted() == announced.sorted() else { throw .malformedTrailer }
        self.fields = fields
        for field in fields {
            guard let algorithm = Self.algorithm(field.name) else { continue }
            guard let digest = Base64.decode(field.value), digest.count == algorithm.byteCount else {
                throw .invalidTrailingChecksum(field.name)
            }
            self.checksum = Checksum(algorithm: algorithm, digest: digest)
        }
    }

    private static func algorithm(_ name: String) -> ChecksumAlgorithm? {
        ChecksumAlgorithm.allCases.first { $0.headerName == name }
    }
}
