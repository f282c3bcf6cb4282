import TernCore

/// The XML of GetObjectRetention and PutObjectRetention (spec rule LCK-13).
package enum RetentionXML {
    /// Reads `Retention{Mode, RetainUntilDate}`; `nil` for an empty one, which removes the retention.
    ///
    /// - Throws: `MalformedXML`, also where one of the two is missing or the mode is unknown.
    package static func decode(_ bytes: [UInt8]) throws(S3Error) -> Retention? {
        let root = try RequestDocument.parse(bytes, root: "Retention")
        let mode = try root.leafText(of: "Mode")
        let date = try root.leafText(of: "RetainUntilDate")
        if mode == nil, date == nil { return nil }
        guard let mode, let date, let known = RetentionMode(rawValue: mode), let until = Timestamp(iso8601: date) else {
            throw .malformedXML
        }
        return Retention(mode: known, until: until)
    }

    package static func encode(_ retention: Retention) -> [UInt8] {
        var writer = XMLWriter(capacity: 256)
        writer.openRoot("Retention")
        writer.element("Mode", retention.mode.rawValue)
        writer.element("RetainUntilDate", retention.until)
        writer.close("Retention")
        return writer.finish()
    }
}

/// The XML of GetObjectLegalHold and PutObjectLegalHold (spec rule LCK-13).
package enum LegalHoldXML {
    /// Reads `LegalHold{Status}`: whether it is `ON`.
    ///
    /// - Throws: `MalformedXML`, also without a status.
    package static func decode(_ bytes: [UInt8]) throws(S3Error) -> Bool {
        let root = try RequestDocument.parse(bytes, root: "LegalHold")
        switch try root.leafText(of: "Status") {
        case "ON": return true
        case "OFF": return false
        default: throw .malformedXML
        }
    }

    package static func encode(isOn: Bool) -> [UInt8] {
        var writer = XMLWriter(capacity: 160)
        writer.openRoot("LegalHold")
        writer.element("Status", isOn ? "ON" : "OFF")
        writer.close("LegalHold")
        return writer.finish()
    }
}
