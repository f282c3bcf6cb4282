package import TernCore

/// The conditions of a GET or HEAD (spec §5.1).
package struct ReadConditions: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        case proceed
        /// 304, without a body.
        case notModified
        /// 412; `condition` is the header's name as the error shows it.
        case failed(condition: String)
    }

    package var ifMatch: String?
    package var ifNoneMatch: String?
    package var ifModifiedSince: Timestamp?
    package var ifUnmodifiedSince: Timestamp?

    /// Reads the headers; a date that is none is as good as absent.
    package init(_ headers: HeaderFields) {
        self.init(headers, prefix: "")
    }

    init(_ headers: HeaderFields, prefix: String) {
        self.ifMatch = Self.list(headers, prefix + "if-match")
        self.ifNoneMatch = Self.list(headers, prefix + "if-none-match")
        self.ifModifiedSince = headers[prefix + "if-modified-since"].flatMap { Timestamp(httpDate: $0) }
        self.ifUnmodifiedSince = headers[prefix + "if-unmodified-since"].flatMap { Timestamp(httpDate: $0) }
    }

    package var isEmpty: Bool {
        self.ifMatch == nil && self.ifNoneMatch == nil && self.ifModifiedSince == nil && self.ifUnmodifiedSince == nil
    }

    private static func list(_ headers: HeaderFields, _ name: String) -> String? {
        let values = headers.values(name)
        return values.isEmpty ? nil : values.joined(separator: ",")
    }

    /// - Parameters:
    ///   - etag: The version's ETag, without quotes.
    ///   - lastModified: The version's creation time; compared in whole seconds, as clients see it.
    ///   - now: A later `If-Modified-Since` is ignored.
    package func evaluate(etag: String, lastModified: Timestamp, now: Timestamp) -> Outcome {
        if let ifMatch = self.ifMatch {
            if !ETagText.isMatch(etag, in: ifMatch) { return .failed(condition: "If-Match") }
        } else if let date = self.ifUnmodifiedSince, lastModified.seconds > date.seconds {
            return .failed(condition: "If-Unmodified-Since")
        }
        if let ifNoneMatch = self.ifNoneMatch {
            if ETagText.isMatch(etag, in: ifNoneMatch) { return .notModified }
        } else if let date = self.ifModifiedSince, date <= now, lastModified.seconds <= date.seconds {
            return .notModified
        }
        return .proceed
    }
}

/// The conditions of PutObject, CopyObject's destination and CompleteMultipartUpload (spec rules CND-1 to CND-3).
package enum WriteCondition: Hashable, Sendable {
    case none
    /// `If-None-Match: *`
    case absent
    /// `If-Match`: the ETag, without quotes.
    case etag(String)

    /// Reads the headers. This comes before any evaluation.
    ///
    /// - Throws: `NotImplemented` for values that the API does not take, and for both headers.
    package init(_ headers: HeaderFields) throws(S3Error) {
        let ifMatch = headers["if-match"]
        let ifNoneMatch = headers["if-none-match"]
        switch (ifMatch, ifNoneMatch) {
        case (nil, nil):
            self = .none
        case (.some, .some):
            throw .multipleConditionalHeaders
        case (nil, .some(let value)):
            guard value.trimmingBlanks == "*" else { throw .unsupportedConditionValue(header: "If-None-Match") }
            self = .absent
        case (.some(let value), nil):
            let etag = ETagText.unquoted(value)
            if etag == "*" || etag.isEmpty { throw .unsupportedConditionValue(header: "If-Match") }
            self = .etag(etag)
        }
    }

    /// - Parameter currentETag: The ETag of the latest version, without quotes; `nil` if the key is absent or its latest
    ///   version is a delete marker.
    /// - Throws: `PreconditionFailed`, or `NoSuchKey` if there is nothing to match.
    package func evaluate(currentETag: String?, key: ObjectKey) throws(S3Error) {
        switch self {
        case .none:
            break
        case .absent:
            if currentETag != nil { throw .preconditionFailed(condition: "If-None-Match") }
        case .etag(let etag):
            guard let currentETag else { throw .noSuchKey(key) }
            if etag != currentETag { throw .preconditionFailed(condition: "If-Match") }
        }
    }
}

/// The condition of DeleteObject, and of an entry of DeleteObjects (spec rule CND-6).
package enum DeleteCondition: Hashable, Sendable {
    case none
    /// `If-Match: *`: any version, or none.
    case any
    /// The ETag, without quotes.
    case etag(String)

    /// The `ETag` of an entry of DeleteObjects.
    package init(etag: String?) {
        guard let etag else {
            self = .none
            return
        }
        let unquoted = ETagText.unquoted(etag)
        self = unquoted == "*" ? .any : .etag(unquoted)
    }

    /// - Throws: `NotImplemented` for the conditions of directory buckets.
    package init(_ headers: HeaderFields) throws(S3Error) {
        for name in ["x-amz-if-match-last-modified-time", "x-amz-if-match-size"] where headers.contains(name) {
            throw .notImplemented(header: name)
        }
        self.init(etag: headers["if-match"])
    }

    /// - Parameter currentETag: The ETag of the latest version, without quotes; `nil` if there is none or it is a delete
    ///   marker.
    /// - Throws: `PreconditionFailed`.
    /// - Returns: Whether there is anything to delete: with a condition and nothing to protect, no delete marker is
    ///   written.
    package func evaluate(currentETag: String?) throws(S3Error) -> Bool {
        switch self {
        case .none:
            return true
        case .any:
            return currentETag != nil
        case .etag(let etag):
            guard let currentETag else { return false }
            if etag != currentETag { throw .preconditionFailed(condition: "If-Match") }
            return true
        }
    }
}

/// The `x-amz-copy-source-if-*` headers (spec rule CND-7).
package struct CopySourceConditions: Hashable, Sendable {
    private let conditions: ReadConditions

    package init(_ headers: HeaderFields) {
        self.conditions = ReadConditions(headers, prefix: "x-amz-copy-source-")
    }

    /// Every failure is a 412, also where a GET would answer 304.
    ///
    /// `If-Match` that holds outweighs `If-Unmodified-Since` that does not; no other pair outweighs.
    ///
    /// - Parameters: As for ``ReadConditions/evaluate(etag:lastModified:now:)``, of the source.
    /// - Throws: `PreconditionFailed`.
    package func evaluate(etag: String, lastModified: Timestamp, now: Timestamp) throws(S3Error) {
        if let ifMatch = self.conditions.ifMatch {
            if !ETagText.isMatch(etag, in: ifMatch) { throw Self.failed("If-Match") }
        } else if let date = self.conditions.ifUnmodifiedSince, lastModified.seconds > date.seconds {
            throw Self.failed("If-Unmodified-Since")
        }
        if let ifNoneMatch = self.conditions.ifNoneMatch, ETagText.isMatch(etag, in: ifNoneMatch) {
            throw Self.failed("If-None-Match")
        }
        if let date = self.conditions.ifModifiedSince, date <= now, lastModified.seconds <= date.seconds {
            throw Self.failed("If-Modified-Since")
        }
    }

    private static func failed(_ name: String) -> S3Error {
        .preconditionFailed(condition: "x-amz-copy-source-\(name)")
    }
}
