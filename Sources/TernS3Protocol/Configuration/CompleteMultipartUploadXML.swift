package import TernCore

/// The body of CompleteMultipartUpload (spec rules MPU-10 to MPU-12).
package struct CompleteMultipartUploadXML: Hashable, Sendable {
    package struct Part: Hashable, Sendable {
        package var number: Int
        /// Without quotes.
        package var etag: String
        /// The checksums that the client names for the part, as written.
        package var checksums: [ChecksumAlgorithm: String]

        package init(number: Int, etag: String, checksums: [ChecksumAlgorithm: String] = [:]) {
            self.number = number
            self.etag = etag
            self.checksums = checksums
        }
    }

    /// At least one, in ascending order of their numbers.
    package var parts: [Part]

    package init(parts: [Part]) {
        self.parts = parts
    }

    /// - Parameter uploadID: For the error.
    /// - Throws: `MalformedXML`, also for no body; `InvalidRequest` for no part; `InvalidPartOrder`.
    package init(decoding bytes: [UInt8], uploadID: String) throws(S3Error) {
        if bytes.isEmpty { throw .malformedXML }
        let root = try RequestDocument.parse(bytes, root: "CompleteMultipartUpload")
        self.parts = []
        for node in root.children where node.name == "Part" {
            guard let number = try node.integer(of: "PartNumber"), let etag = try node.leafText(of: "ETag") else {
                throw .malformedXML
            }
            if self.parts.count == S3Limits.partCount { throw .malformedXML }
            var part = Part(number: number, etag: ETagText.unquoted(etag))
            for child in node.children where child.name.hasPrefix("Checksum") {
                guard let algorithm = ChecksumAlgorithm.allCases.first(where: { $0.elementName == child.name }) else {
                    continue
                }
                part.checksums[algorithm] = try child.leafText()
            }
            self.parts.append(part)
        }
        if self.parts.isEmpty { throw .noParts }
        for (left, right) in zip(self.parts, self.parts.dropFirst()) where left.number >= right.number {
            throw .invalidPartOrder(uploadID: uploadID)
        }
    }
}
