import Crypto
import TernCore
import TernS3Protocol

/// The documents of the operations' requests.
enum OperationXML {
    static func legalHold(isOn: Bool) -> [UInt8] {
        var xml = XMLWriter()
        xml.openRoot("LegalHold")
        xml.element("Status", isOn ? "ON" : "OFF")
        xml.close("LegalHold")
        return xml.finish()
    }

    /// Empty, it removes the retention.
    static func retention(_ retention: Retention?) -> [UInt8] {
        var xml = XMLWriter()
        xml.openRoot("Retention")
        if let retention {
            xml.element("Mode", retention.mode.rawValue)
            xml.element("RetainUntilDate", retention.until)
        }
        xml.close("Retention")
        return xml.finish()
    }

    static func encryption(keyARN: String, bucketKey: Bool) -> [UInt8] {
        var xml = XMLWriter()
        xml.openRoot("ObjectEncryption")
        xml.open("SSE-KMS")
        xml.element("KMSKeyArn", keyARN)
        xml.element("BucketKeyEnabled", bucketKey)
        xml.close("SSE-KMS")
        xml.close("ObjectEncryption")
        return xml.finish()
    }

    static func restore(_ restore: JobRestore) -> [UInt8] {
        var xml = XMLWriter()
        xml.openRoot("RestoreRequest")
        if let days = restore.days, days > 0 { xml.element("Days", days) }
        xml.open("GlacierJobParameters")
        xml.element("Tier", restore.tier == "BULK" ? "Bulk" : "Standard")
        xml.close("GlacierJobParameters")
        xml.close("RestoreRequest")
        return xml.finish()
    }

    static func accessControl(owner: String, grants: [JobGrant]) -> [UInt8] {
        var xml = XMLWriter()
        xml.openRoot("AccessControlPolicy")
        xml.open("Owner")
        xml.element("ID", owner)
        xml.close("Owner")
        xml.open("AccessControlList")
        for grant in grants {
            xml.open("Grant")
            switch grant.kind {
            case .id:
                xml.open(
                    "Grantee",
                    attributes: "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"")
                xml.element("ID", grant.identifier)
            case .emailAddress:
                xml.open(
                    "Grantee",
                    attributes:
                        "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"AmazonCustomerByEmail\"")
                xml.element("EmailAddress", grant.identifier)
            case .uri:
                xml.open(
                    "Grantee", attributes: "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"Group\"")
                xml.element("URI", grant.identifier)
            }
            xml.close("Grantee")
            xml.element("Permission", grant.permission.rawValue)
            xml.close("Grant")
        }
        xml.close("AccessControlList")
        xml.close("AccessControlPolicy")
        return xml.finish()
    }
}

enum ContentMD5 {
    static func value(of body: [UInt8]) -> String { Base64.encode(Array(Insecure.MD5.hash(data: body))) }
}
