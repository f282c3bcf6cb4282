import FoundationEssentials
import NIOCore
import TernChecksums
package import TernCore
package import TernObjects
import TernRecords

extension IngestItem {
    /// A replica of an object, from bucket `src` for bucket `dst`, as a source would send it.
    package static func sample(
        _ key: String, bytes: [UInt8], stamp: HybridTimestamp, random: UInt64
    ) -> IngestItem {
        var replica = ReplicaRecord()
        replica.sourceBucket = "src"
        replica.destinationBucket = "dst"
        replica.key = .init(Array(key.utf8))
        replica.kind = .object
        replica.version.id = VersionIdentity(VersionID(stamp: stamp, origin: 7, random: random))
        replica.version.lastModifiedMs = stamp.milliseconds
        replica.version.byteCount = Int64(bytes.count)
        var md5 = MD5Hasher()
        bytes.withUnsafeBytes { md5.update($0) }
        replica.version.etagMd5 = .init(md5.finalize())
        replica.version.checksum = ChecksumValue(
            Checksum(algorithm: .sha256, digest: ChecksumHasher.hash(bytes, .sha256)))
        return IngestItem(replica: replica, body: ByteBuffer(bytes: bytes))
    }

    /// The same as a delete marker.
    package var asDeleteMarker: IngestItem {
        var item = self
        item.replica.kind = .deleteMarker
        item.replica.version.isDeleteMarker = true
        item.replica.version.byteCount = 0
        item.replica.version.clearChecksum()
        item.replica.version.etagMd5 = .init()
        item.body = ByteBuffer()
        return item
    }
}
