/// The XML of GetBucketVersioning and PutBucketVersioning (spec s3-api §3.2b, VER-1, VER-4).
package struct VersioningConfigurationXML: Hashable, Sendable {
    package enum Status: String, Hashable, Sendable {
        case enabled = "Enabled"
        case suspended = "Suspended"
    }

    /// `nil` if versioning was never set: a GET then returns an empty document.
    package var status: Status?
    /// `nil` if it was never set.
    package var mfaDelete: Bool?

    package init(status: Status?, mfaDelete: Bool? = nil) {
        self.status = status
        self.mfaDelete = mfaDelete
    }

    /// Reads a client's document; `status` is then there.
    ///
    /// - Throws: `IllegalVersioningConfigurationException` without `Status`, `MalformedXML` for a status that is neither,
    ///   `NotImplemented` for `MfaDelete: Enabled`, since Tern has no MFA devices.
    package init(decoding bytes: [UInt8]) throws(S3Error) {
        let root = try RequestDocument.parse(bytes, root: "VersioningConfiguration")
        switch try root.leafText(of: "MfaDelete") {
        case nil: self.mfaDelete = nil
        case "Disabled": self.mfaDelete = false
        case "Enabled": throw .mfaNotImplemented
        default: throw .malformedXML
        }
        guard let text = try root.leafText(of: "Status") else { throw .versioningStatusMissing }
        guard let status = Status(rawValue: text) else { throw .malformedXML }
        self.status = status
    }

    package func encode() -> [UInt8] {
        var writer = XMLWriter(capacity: 256)
        writer.openRoot("VersioningConfiguration")
        writer.element("Status", ifPresent: self.status?.rawValue)
        if let mfaDelete = self.mfaDelete { writer.element("MfaDelete", mfaDelete ? "Enabled" : "Disabled") }
        writer.close("VersioningConfiguration")
        return writer.finish()
    }
}
