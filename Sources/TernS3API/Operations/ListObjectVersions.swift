import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, ListObjectVersions; spec rule LST-7.
    static let listObjectVersions = Operation(
        "ListObjectVersions", Route("GET", .bucket, query: "versions"), action: "s3:ListBucketVersions"
    ) { call throws(S3Error) in
        let parameters = try ListObjectVersionsParameters(call.target)
        let common = parameters.common
        let query = ListQuery(common)
        let bucket = try call.bucket()
        let page = try await call.service.listVersions(query, from: try start(parameters, query: query), in: bucket)
        let owners = await ListedOwners(of: page, in: bucket, for: call)

        var xml = XMLWriter(capacity: 512 + page.entries.count * 500)
        xml.openRoot("ListVersionsResult")
        xml.element("Name", bucket.name)
        common.write("Prefix", common.prefix, to: &xml)
        common.write("KeyMarker", parameters.keyMarker, to: &xml)
        xml.element("VersionIdMarker", parameters.versionIDMarker)
        if page.isTruncated, let last = page.entries.last {
            common.write("NextKeyMarker", last.place, to: &xml)
            if case .item(let item) = last { xml.element("NextVersionIdMarker", item.record.reference.wireForm) }
        }
        xml.element("MaxKeys", common.maximum)
        if !common.delimiter.isEmpty { common.write("Delimiter", common.delimiter, to: &xml) }
        if common.isURLEncoded { xml.element("EncodingType", "url") }
        xml.element("IsTruncated", page.isTruncated)
        for entry in page.entries {
            guard case .item(let item) = entry else { continue }
            write(item, owner: owners[item.record], common: common, restoreAt: call.restoreStatusTime, to: &xml)
        }
        xml.commonPrefixes(of: page, common: common)
        xml.close("ListVersionsResult")
        return .xml(xml.finish(), headers: call.listHeaders)
    }

    private static func start(
        _ parameters: ListObjectVersionsParameters, query: ListQuery
    ) throws(S3Error) -> VersionListStart {
        if parameters.keyMarker.isEmpty { return .beginning }
        if !parameters.versionIDMarker.isEmpty {
            guard let reference = VersionReference(wireForm: parameters.versionIDMarker),
                let key = try? ObjectKey(parameters.keyMarker)
            else {
                throw .invalidArgument(
                    "Invalid version id specified", name: "version-id-marker", value: parameters.versionIDMarker)
            }
            return .afterVersion(key: key, reference)
        }
        if parameters.keyMarker.starts(with: query.prefix), let prefix = query.commonPrefix(of: parameters.keyMarker) {
            return .afterPrefix(prefix)
        }
        return .afterKey(parameters.keyMarker)
    }

    private static func write(
        _ item: ListedVersion, owner: String, common: ListParameters, restoreAt now: Timestamp?,
        to xml: inout XMLWriter
    ) {
        if item.record.isDeleteMarker {
            xml.open("DeleteMarker")
            common.write("Key", item.key.bytes, to: &xml)
            xml.element("VersionId", item.record.reference.wireForm)
            xml.element("IsLatest", item.isLatest)
            xml.element("LastModified", item.record.lastModified)
            xml.owner(owner)
            xml.close("DeleteMarker")
        } else {
            xml.open("Version")
            common.write("Key", item.key.bytes, to: &xml)
            xml.element("VersionId", item.record.reference.wireForm)
            xml.element("IsLatest", item.isLatest)
            xml.listed(item.record)
            xml.owner(owner)
            xml.element("StorageClass", item.record.storageClassValue.rawValue)
            xml.restoreStatus(of: item.record, at: now)
            xml.close("Version")
        }
    }
}
