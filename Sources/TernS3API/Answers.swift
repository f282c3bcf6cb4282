import NIOCore
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplication
import TernS3Protocol

extension HTTPAnswer {
    /// An answer with an XML document.
    static func xml(_ bytes: consuming [UInt8], headers: HeaderFields = HeaderFields()) -> HTTPAnswer {
        var headers = headers
        headers.set("content-type", "application/xml")
        return HTTPAnswer(status: 200, headers: headers, body: .bytes(ByteBuffer(bytes: bytes)))
    }

    /// 200 without a body.
    static var ok: HTTPAnswer { HTTPAnswer(status: 200) }

    /// 204.
    static var noContent: HTTPAnswer { HTTPAnswer(status: 204) }

    func with(_ name: String, _ value: String) -> HTTPAnswer {
        var copy = self
        copy.headers.set(name, value)
        return copy
    }
}

extension HeaderFields {
    /// `x-amz-version-id`, unless the bucket was never versioned (spec rule VER-11).
    mutating func appendVersion(of record: VersionRecord, in bucket: BucketState) {
        if bucket.versioning != .never { self.append("x-amz-version-id", record.reference.wireForm) }
    }

    /// The headers of a version on GET and HEAD (spec §5.4), apart from length and range.
    mutating func appendObject(_ record: VersionRecord, in bucket: BucketState) {
        self.append("etag", "\"\(record.etag)\"")
        self.append("last-modified", record.lastModified.httpDate)
        self.append("accept-ranges", "bytes")
        self.appendVersion(of: record, in: bucket)
        for entry in record.systemMetadata { self.append(entry.name, entry.value) }
        UserMetadata.append(record.userMetadata.map { .init(name: $0.name, value: $0.value) }, to: &self)
        if record.storageClassValue != .standard { self.append("x-amz-storage-class", record.storageClass) }
        if !record.tags.isEmpty { self.append("x-amz-tagging-count", "\(record.tags.count)") }
        if let status = record.replicationStatus { self.append("x-amz-replication-status", status.rawValue) }
    }

    /// `x-amz-checksum-…` and its type.
    mutating func appendChecksum(_ checksum: Checksum?, withType: Bool = true) {
        guard let checksum else { return }
        self.append(checksum.algorithm.headerName, checksum.wireForm)
        if withType { self.append("x-amz-checksum-type", checksum.type.rawValue) }
    }
}

extension XMLWriter {
    /// A checksum as an element such as `ChecksumCRC32`.
    mutating func checksum(_ checksum: Checksum?, withType: Bool = true) {
        guard let checksum else { return }
        self.element(dynamic: checksum.algorithm.elementName, checksum.wireForm)
        if withType { self.element("ChecksumType", checksum.type.rawValue) }
    }
}
