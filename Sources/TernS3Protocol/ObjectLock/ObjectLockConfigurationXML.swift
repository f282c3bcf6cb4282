/// The Object Lock configuration of a bucket that has it enabled, which is for good (spec rules LCK-1, LCK-3).
package struct ObjectLockConfiguration: Hashable, Sendable {
    /// `nil` where new versions get no retention by themselves.
    package var defaultRetention: DefaultRetention?

    package init(defaultRetention: DefaultRetention? = nil) {
        self.defaultRetention = defaultRetention
    }

    /// Reads `ObjectLockConfiguration{ObjectLockEnabled, Rule?{DefaultRetention{Mode, Days xor Years}}}`.
    ///
    /// - Throws: `MalformedXML`; `InvalidArgument` for a period that is not positive or too large.
    package init(decoding bytes: [UInt8]) throws(S3Error) {
        let root = try RequestDocument.parse(bytes, root: "ObjectLockConfiguration")
        guard try root.leafText(of: "ObjectLockEnabled") == "Enabled" else { throw .malformedXML }
        self.init()
        guard let rule = root["Rule"] else { return }
        guard let retention = rule["DefaultRetention"], let modeText = try retention.leafText(of: "Mode"),
            let mode = RetentionMode(rawValue: modeText)
        else { throw .malformedXML }
        let period: DefaultRetention.Period
        switch (try retention.integer(of: "Days"), try retention.integer(of: "Years")) {
        case (let days?, nil):
            try Self.check(days, maximum: DefaultRetention.maximumDays)
            period = .days(days)
        case (nil, let years?):
            try Self.check(years, maximum: DefaultRetention.maximumYears)
            period = .years(years)
        default:
            throw .malformedXML
        }
        self.defaultRetention = DefaultRetention(mode: mode, period: period)
    }

    private static func check(_ count: Int, maximum: Int) throws(S3Error) {
        if count <= 0 { throw .defaultRetentionNotPositive }
        if count > maximum { throw .defaultRetentionTooLarge }
    }

    /// The document of GetObjectLockConfiguration.
    package func encode() -> [UInt8] {
        var writer = XMLWriter(capacity: 384)
        writer.openRoot("ObjectLockConfiguration")
        writer.element("ObjectLockEnabled", "Enabled")
        if let retention = self.defaultRetention {
            writer.open("Rule")
            writer.open("DefaultRetention")
            writer.element("Mode", retention.mode.rawValue)
            switch retention.period {
            case .days(let days): writer.element("Days", days)
            case .years(let years): writer.element("Years", years)
            }
            writer.close("DefaultRetention")
            writer.close("Rule")
        }
        writer.close("ObjectLockConfiguration")
        return writer.finish()
    }
}
