package import TernCore

/// The parameters that all lists of keys share (spec rules LST-1 to LST-3).
package struct ListParameters: Hashable, Sendable {
    /// Keys must begin with these bytes.
    package var prefix: [UInt8]
    /// Rolls keys up; empty for none.
    package var delimiter: [UInt8]
    /// 0 to 1,000: what the answer echoes.
    package var maximum: Int
    /// Whether keys are percent-encoded in the answer.
    package var isURLEncoded: Bool

    package init(
        prefix: [UInt8] = [],
        delimiter: [UInt8] = [],
        maximum: Int = S3Limits.listPage,
        isURLEncoded: Bool = false
    ) {
        self.prefix = prefix
        self.delimiter = delimiter
        self.maximum = maximum
        self.isURLEncoded = isURLEncoded
    }

    /// - Parameter maximumParameter: `max-keys` or `max-uploads`.
    /// - Throws: `InvalidArgument`.
    package init(_ target: RequestTarget, maximumParameter: String = "max-keys") throws(S3Error) {
        self.prefix = target.bytes("prefix")
        self.delimiter = target.bytes("delimiter")
        self.maximum = try Self.count(target, maximumParameter)
        switch target["encoding-type"] {
        case nil: self.isURLEncoded = false
        case "url": self.isURLEncoded = true
        case .some(let value): throw .invalidEncodingType(value)
        }
    }

    /// A number of entries: 1,000 if absent or more.
    ///
    /// - Throws: `InvalidArgument` for a negative number or none.
    package static func count(_ target: RequestTarget, _ parameter: String) throws(S3Error) -> Int {
        guard let text = target[parameter], !text.isEmpty else { return S3Limits.listPage }
        guard let number = Int32(text) else { throw .notACount(parameter, value: text) }
        if number < 0 { throw .negativeCount(parameter, value: text) }
        return min(Int(number), S3Limits.listPage)
    }

    /// Writes a key, prefix, delimiter or marker in the encoding that the client asked for (LST-3).
    package func write(_ name: StaticString, _ bytes: [UInt8], to writer: inout XMLWriter) {
        if self.isURLEncoded {
            writer.element(name, urlEncoded: bytes)
        } else {
            writer.element(name, bytes: bytes)
        }
    }
}

/// ListObjects, the first version (LST-5).
package struct ListObjectsParameters: Hashable, Sendable {
    package var common: ListParameters
    /// The list begins behind it.
    package var marker: [UInt8]

    package init(_ target: RequestTarget) throws(S3Error) {
        self.common = try ListParameters(target)
        self.marker = target.bytes("marker")
    }
}

/// ListObjectsV2 (LST-6).
package struct ListObjectsV2Parameters: Hashable, Sendable {
    package var common: ListParameters
    /// As the client sent it, for the echo.
    package var continuationToken: String?
    /// What the token says; wins over `startAfter`.
    package var continuation: ContinuationToken?
    /// `nil` if absent, and if there is a token, which it is then not echoed beside.
    package var startAfter: [UInt8]?
    package var fetchOwner: Bool

    package init(_ target: RequestTarget) throws(S3Error) {
        self.common = try ListParameters(target)
        self.fetchOwner = target["fetch-owner"] == "true"
        if let text = target["continuation-token"] {
            guard let token = ContinuationToken(wireForm: text) else { throw .invalidContinuationToken(text) }
            self.continuationToken = text
            self.continuation = token
            self.startAfter = nil
        } else {
            self.continuationToken = nil
            self.continuation = nil
            self.startAfter = target.has("start-after") ? target.bytes("start-after") : nil
        }
    }
}

/// ListObjectVersions (LST-7).
package struct ListObjectVersionsParameters: Hashable, Sendable {
    package var common: ListParameters
    package var keyMarker: [UInt8]
    /// As the client sent it, unchecked; empty if there is none.
    package var versionIDMarker: String

    package init(_ target: RequestTarget) throws(S3Error) {
        self.common = try ListParameters(target)
        self.keyMarker = target.bytes("key-marker")
        self.versionIDMarker = target["version-id-marker"] ?? ""
        if !self.versionIDMarker.isEmpty, self.keyMarker.isEmpty {
            throw .versionIDMarkerWithoutKeyMarker(self.versionIDMarker)
        }
    }
}

/// ListMultipartUploads (LST-8).
package struct ListMultipartUploadsParameters: Hashable, Sendable {
    package var common: ListParameters
    package var keyMarker: [UInt8]
    /// As the client sent it, unchecked; empty if there is none or no key marker, without which it means nothing.
    package var uploadIDMarker: String

    package init(_ target: RequestTarget) throws(S3Error) {
        self.common = try ListParameters(target, maximumParameter: "max-uploads")
        self.keyMarker = target.bytes("key-marker")
        self.uploadIDMarker = self.keyMarker.isEmpty ? "" : target["upload-id-marker"] ?? ""
    }
}

/// ListParts (spec §6.6).
package struct ListPartsParameters: Hashable, Sendable {
    package var maximum: Int
    /// The list begins behind it.
    package var partNumberMarker: Int

    package init(_ target: RequestTarget) throws(S3Error) {
        self.maximum = try ListParameters.count(target, "max-parts")
        guard let text = target["part-number-marker"], !text.isEmpty else {
            self.partNumberMarker = 0
            return
        }
        guard let number = Int32(text) else { throw .notACount("part-number-marker", value: text) }
        if number < 0 { throw .negativeCount("part-number-marker", value: text) }
        self.partNumberMarker = Int(number)
    }
}

extension RequestTarget {
    /// The parameter's value as bytes; empty if it is absent.
    fileprivate func bytes(_ name: String) -> [UInt8] {
        Array((self[name] ?? "").utf8)
    }
}
