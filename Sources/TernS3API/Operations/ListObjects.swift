import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, ListObjects; spec rules LST-1 to LST-5.
    static let listObjects = Operation("ListObjects", Route("GET", .bucket), action: "s3:ListBucket") {
        call throws(S3Error) in
        let parameters = try ListObjectsParameters(call.target)
        let common = parameters.common
        let query = ListQuery(common)
        var start = ListStart.beginning
        if !parameters.marker.isEmpty {
            // A marker at or inside a common prefix skips that whole prefix.
            if parameters.marker.starts(with: common.prefix), let prefix = query.commonPrefix(of: parameters.marker) {
                start = .afterPrefix(prefix)
            } else {
                start = .after(parameters.marker)
            }
        }
        let bucket = try call.bucket()
        let page = try await call.service.listObjects(query, from: start, in: bucket)
        let owners = await ListedOwners(of: page, in: bucket, for: call)

        var xml = XMLWriter(capacity: 512 + page.entries.count * 400)
        xml.openRoot("ListBucketResult")
        xml.element("Name", bucket.name)
        common.write("Prefix", common.prefix, to: &xml)
        common.write("Marker", parameters.marker, to: &xml)
        xml.element("MaxKeys", common.maximum)
        if !common.delimiter.isEmpty { common.write("Delimiter", common.delimiter, to: &xml) }
        xml.element("IsTruncated", page.isTruncated)
        if common.isURLEncoded { xml.element("EncodingType", "url") }
        if page.isTruncated, !common.delimiter.isEmpty, let last = page.entries.last {
            common.write("NextMarker", last.place, to: &xml)
        }
        xml.contents(of: page, common: common, owners: owners, restoreAt: call.restoreStatusTime)
        xml.close("ListBucketResult")
        return .xml(xml.finish(), headers: call.listHeaders)
    }

    /// Source: Amazon S3 API Reference, ListObjectsV2; spec rules LST-1 to LST-6.
    static let listObjectsV2 = Operation(
        "ListObjectsV2", Route("GET", .bucket, query: "list-type=2"), action: "s3:ListBucket"
    ) { call throws(S3Error) in
        let parameters = try ListObjectsV2Parameters(call.target)
        let common = parameters.common
        let start: ListStart
        switch parameters.continuation {
        case .afterKey(let key): start = .after(key)
        case .afterPrefix(let prefix): start = .afterPrefix(prefix)
        case nil: start = parameters.startAfter.map { .after($0) } ?? .beginning
        }
        let bucket = try call.bucket()
        let page = try await call.service.listObjects(ListQuery(common), from: start, in: bucket)
        let owners = parameters.fetchOwner ? await ListedOwners(of: page, in: bucket, for: call) : nil

        var xml = XMLWriter(capacity: 512 + page.entries.count * 400)
        xml.openRoot("ListBucketResult")
        xml.element("Name", bucket.name)
        common.write("Prefix", common.prefix, to: &xml)
        if let startAfter = parameters.startAfter { common.write("StartAfter", startAfter, to: &xml) }
        xml.element("ContinuationToken", ifPresent: parameters.continuationToken)
        if page.isTruncated, let last = page.entries.last {
            xml.element("NextContinuationToken", last.continuation.wireForm)
        }
        xml.element("KeyCount", page.entries.count)
        xml.element("MaxKeys", common.maximum)
        if !common.delimiter.isEmpty { common.write("Delimiter", common.delimiter, to: &xml) }
        xml.element("IsTruncated", page.isTruncated)
        if common.isURLEncoded { xml.element("EncodingType", "url") }
        xml.contents(of: page, common: common, owners: owners, restoreAt: call.restoreStatusTime)
        xml.close("ListBucketResult")
        return .xml(xml.finish(), headers: call.listHeaders)
    }
}

extension ListQuery {
    init(_ parameters: ListParameters) {
        self.init()
        self.prefix = parameters.prefix
        self.delimiter = parameters.delimiter
        self.limit = parameters.maximum
    }
}

extension ListEntry<ListedVersion> {
    /// The key or common prefix, as a marker for the next page.
    var place: [UInt8] {
        switch self {
        case .item(let item): item.key.bytes
        case .commonPrefix(let prefix): prefix
        }
    }

    fileprivate var continuation: ContinuationToken {
        switch self {
        case .item(let item): .afterKey(item.key.bytes)
        case .commonPrefix(let prefix): .afterPrefix(prefix)
        }
    }
}

extension S3Call {
    /// Lists tell their region, but not in us-east-1.
    var listHeaders: HeaderFields {
        var headers = HeaderFields()
        if self.service.region != .usEast1 { headers.append("x-amz-bucket-region", self.service.region.description) }
        return headers
    }
}

extension S3Call {
    /// The time as of which lists tell of restores; `nil` where the client did not ask for it (RST-7).
    var restoreStatusTime: Timestamp? {
        let wanted = self.headers["x-amz-optional-object-attributes"]?.split(separator: ",") ?? []
        let isWanted = wanted.contains { $0.filter { !$0.isWhitespace } == "RestoreStatus" }
        return isWanted ? self.now : nil
    }
}

extension XMLWriter {
    /// `Contents`, then `CommonPrefixes`, which strict clients want last (spec rule ERR-12).
    fileprivate mutating func contents(
        of page: ListPage<ListedVersion>, common: ListParameters, owners: ListedOwners?, restoreAt now: Timestamp?
    ) {
        for entry in page.entries {
            guard case .item(let item) = entry else { continue }
            self.open("Contents")
            common.write("Key", item.key.bytes, to: &self)
            self.listed(item.record)
            if let owners { self.owner(owners[item.record]) }
            self.element("StorageClass", item.record.storageClassValue.rawValue)
            self.restoreStatus(of: item.record, at: now)
            self.close("Contents")
        }
        self.commonPrefixes(of: page, common: common)
    }

    mutating func commonPrefixes<Item>(of page: ListPage<Item>, common: ListParameters) {
        for entry in page.entries {
            guard case .commonPrefix(let prefix) = entry else { continue }
            self.open("CommonPrefixes")
            common.write("Prefix", prefix, to: &self)
            self.close("CommonPrefixes")
        }
    }

    /// What `Contents` and `Version` have in common.
    mutating func listed(_ record: VersionRecord) {
        self.element("LastModified", record.lastModified)
        self.element("ETag", quoting: record.etag)
        if let checksum = record.checksum.checksum {
            self.element("ChecksumAlgorithm", checksum.algorithm.rawValue)
            self.element("ChecksumType", checksum.type.rawValue)
        }
        self.element("Size", record.byteCount)
    }

    /// `RestoreStatus`, where it was asked for and there is one (RST-7).
    mutating func restoreStatus(of record: VersionRecord, at now: Timestamp?) {
        guard let now, let status = record.restoreStatus(at: now) else { return }
        self.open("RestoreStatus")
        switch status {
        case .inProgress:
            self.element("IsRestoreInProgress", true)
        case .available(let end):
            self.element("IsRestoreInProgress", false)
            self.element("RestoreExpiryDate", end)
        }
        self.close("RestoreStatus")
    }

    mutating func owner(_ canonicalID: String) {
        self.open("Owner")
        self.element("ID", canonicalID)
        self.close("Owner")
    }
}
