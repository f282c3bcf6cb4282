package import TernCore

/// What the headers of a write say about the lock of the version that it creates (spec rule LCK-5).
package struct ObjectLockHeaders: Hashable, Sendable {
    package var retention: Retention?
    /// Whether the legal hold is to be on; `nil` where the request does not say.
    package var legalHold: Bool?

    package static let mode = "x-amz-object-lock-mode"
    package static let retainUntil = "x-amz-object-lock-retain-until-date"
    package static let hold = "x-amz-object-lock-legal-hold"
    private static let prefix = "x-amz-object-lock-"

    /// `nil` for a request without such headers.
    ///
    /// - Throws: `InvalidArgument`.
    package init?(_ headers: HeaderFields, now: Timestamp) throws(S3Error) {
        guard headers.fields.contains(where: { $0.name.hasPrefix(Self.prefix) }) else { return nil }
        let mode = headers[Self.mode]
        let date = headers[Self.retainUntil]
        switch (mode, date) {
        case (nil, nil): break
        case (.some, nil): throw .lockHeadersIncomplete(missing: Self.retainUntil)
        case (nil, .some): throw .lockHeadersIncomplete(missing: Self.mode)
        case (let mode?, let date?):
            guard let known = RetentionMode(rawValue: mode) else { throw .unknownRetentionMode(mode) }
            guard let until = Timestamp(iso8601: date) else { throw .retainUntilDateNotISO8601(date) }
            guard until > now else { throw .retainUntilDateInThePast(header: date) }
            self.retention = Retention(mode: known, until: until)
        }
        switch headers[Self.hold] {
        case nil: break
        case "ON": self.legalHold = true
        case "OFF": self.legalHold = false
        case .some(let value): throw .unknownLegalHold(value)
        }
        if self.retention == nil, self.legalHold == nil { return nil }
    }
}
