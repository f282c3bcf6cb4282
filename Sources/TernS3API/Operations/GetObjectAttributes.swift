import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetObjectAttributes; spec §7.5.
    static let getObjectAttributes = Operation(
        "GetObjectAttributes", Route("GET", .object, query: "attributes"), action: "s3:GetObjectAttributes",
        versionAction: "s3:GetObjectVersionAttributes"
    ) { call throws(S3Error) in
        let wanted = try wantedAttributes(call)
        let maximum = min(try number(call, "x-amz-max-parts", default: 1000), 1000)
        let marker = try number(call, "x-amz-part-number-marker", default: 0)
        try await call.authorize(
            call.target.has("versionId") ? "s3:GetObjectVersion" : "s3:GetObject", bucket: try call.bucket(),
            key: try call.key())
        let version = try await call.readableVersion()
        let record = version.record
        let access = try call.keyAccess()
        try call.service.checkCustomerKey(access.customerKey, of: record)
        let bucket = try call.bucket()
        var layout: BodyLayout?
        if wanted.contains("ObjectParts"), record.etagPartCount > 0 {
            layout = try await call.service.layout(of: record, in: bucket.partition)
        }

        var xml = XMLWriter()
        xml.openRoot("GetObjectAttributesResponse")
        if wanted.contains("ETag") { xml.element("ETag", record.etag) }
        if wanted.contains("Checksum"), let checksum = record.checksum.checksum {
            xml.open("Checksum")
            // Here a composite stands without its `-N`, which ObjectParts tells.
            xml.element(dynamic: checksum.algorithm.elementName, Base64.encode(checksum.digest))
            xml.element("ChecksumType", checksum.type.rawValue)
            xml.close("Checksum")
        }
        if let layout { parts(layout, after: marker, maximum: maximum, to: &xml) }
        if wanted.contains("StorageClass") { xml.element("StorageClass", record.storageClassValue.rawValue) }
        if wanted.contains("ObjectSize") { xml.element("ObjectSize", record.byteCount) }
        xml.close("GetObjectAttributesResponse")

        var headers = HeaderFields()
        headers.append("last-modified", record.lastModified.httpDate)
        headers.appendVersion(of: record, in: bucket)
        return .xml(xml.finish(), headers: headers)
    }

    private static let names: Set<String> = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]

    private static func wantedAttributes(_ call: S3Call) throws(S3Error) -> Set<String> {
        let list = call.headers.values("x-amz-object-attributes").joined(separator: ",")
        let wanted = list.split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
        if wanted.isEmpty { throw .objectAttributesMissing }
        for name in wanted where !self.names.contains(name) { throw .invalidAttributeName }
        return Set(wanted)
    }

    private static func parts(_ layout: BodyLayout, after marker: Int, maximum: Int, to xml: inout XMLWriter) {
        xml.open("ObjectParts")
        xml.element("PartsCount", layout.parts.count)
        if layout.parts.contains(where: \.hasChecksum) {
            let following = layout.parts.filter { Int($0.number) > marker }
            let listed = following.prefix(maximum)
            xml.element("PartNumberMarker", marker)
            xml.element("NextPartNumberMarker", listed.last.map { Int($0.number) } ?? 0)
            xml.element("MaxParts", maximum)
            xml.element("IsTruncated", following.count > listed.count)
            for part in listed {
                xml.open("Part")
                xml.element("PartNumber", Int(part.number))
                xml.element("Size", part.byteCount)
                xml.checksum(part.checksum.checksum, withType: false)
                xml.close("Part")
            }
        }
        xml.close("ObjectParts")
    }

    private static func number(_ call: S3Call, _ name: String, default fallback: Int) throws(S3Error) -> Int {
        guard let text = call.headers[name] else { return fallback }
        guard let value = Int32(text) else { throw .notACount(name, value: text) }
        if value < 0 { throw .negativeCount(name, value: text) }
        return Int(value)
    }
}
