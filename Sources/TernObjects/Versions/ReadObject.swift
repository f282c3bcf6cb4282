import Logging
package import NIOCore
package import TernCore
package import TernPorts
package import TernRecords
package import TernS3Protocol
package import TernStorage

/// A version's body, ready to be sent.
package enum OpenedBody: Sendable {
    case none
    case bytes(ByteBuffer)
    case stream(any HTTPBodySource)
}

extension ObjectService {
    /// Opens a range of a version's body; `nil` when the version was removed since its record was read.
    ///
    /// Throws `InternalError` when the stored bytes are damaged: no wrong byte is ever returned.
    ///
    /// - Parameter cipher: What ``cipher(of:key:in:access:)`` gave for the record.
    package func openBody(
        of record: VersionRecord,
        layout known: BodyLayout? = nil,
        range: Range<Int64>,
        cipher: BodyCipher?,
        in partition: PartitionID,
        inlineRow: [UInt8]? = nil
    ) async throws(S3Error) -> OpenedBody? {
        if range.isEmpty { return OpenedBody.none }
        guard record.hasEncryption == (cipher != nil) else { throw .internalError }
        var segments: [BodySegment] = record.hasBody ? [record.body] : []
        if let known {
            segments = known.segments
        } else if record.layoutRows > 0 {
            guard let layout = try await self.layout(of: record, in: partition) else { return nil }
            segments = layout.segments
        }
        if segments.count == 1, let segment = segments.first, case .inlineID(let id) = segment.place {
            var stored = id.elementsEqual(record.versionID.newestFirstBytes) ? inlineRow : nil
            if stored == nil { stored = try await self.metadata.value(Keyspace.body(Array(id)), in: partition) }
            guard let bytes = stored else { return nil }
            do {
                return .bytes(try segment.bytes(range, ofStored: bytes, cipher: cipher))
            } catch {
                self.logger.error(
                    "a body cannot be read", metadata: ["error": "\(error)", "id": "\(Array(id).lowercaseHex)"])
                throw .internalError
            }
        }
        return try await self.stream(segments, range: range, cipher: cipher, in: partition)
    }

    /// All stored bytes of a body, as they lie: of a version under SSE-C nobody can be given more.
    package func openStoredBody(_ layout: BodyLayout, in partition: PartitionID) async throws(S3Error) -> OpenedBody? {
        let byteCount = StoredStretches(layout.segments).storedByteCount
        if byteCount == 0 { return OpenedBody.none }
        return try await self.stream(
            layout.segments.map(\.asStored), range: 0..<byteCount, cipher: nil, in: partition)
    }

    private func stream(
        _ segments: [BodySegment], range: Range<Int64>, cipher: BodyCipher?, in partition: PartitionID
    ) async throws(S3Error) -> OpenedBody? {
        let reader = BodyReader(
            segments: segments, range: range, cipher: cipher, metadata: self.metadata, blobs: self.blobs,
            partition: partition, logger: self.logger)
        do {
            try await reader.prepare()
        } catch  where error.code == .notFound {
            return nil
        } catch {
            self.logger.error("a body cannot be read", metadata: ["error": "\(error)"])
            throw S3Error(error)
        }
        return .stream(reader)
    }

    /// The version that a read names: the current one, or one by its ID.
    ///
    /// Delete markers are returned like versions; what they mean depends on the operation (spec rules VER-10 to VER-12).
    package func find(
        _ reference: VersionReference?,
        of key: ObjectKey,
        in bucket: BucketState
    ) async throws(S3Error) -> StoredVersion? {
        guard let reference else { return try await self.head(key, in: bucket) }
        return try await self.version(reference, of: key, in: bucket)
    }
}
