package import TernCore
package import TernRecords
package import TernS3Protocol
package import TernStorage

/// Where the bytes of a version are: its parts, each with its segments.
///
/// A plain object is one part with number 0. Layouts of more than one segment are kept in rows of their own, so that a
/// listing does not drag ten thousand parts through memory.
package struct BodyLayout: Sendable {
    package var parts: [PartLayout]

    package init(parts: [PartLayout]) {
        self.parts = parts
    }

    package var byteCount: Int64 { self.parts.reduce(0) { $0 + $1.byteCount } }

    package var segments: [BodySegment] { self.parts.flatMap(\.segments) }

    /// Puts others in the place of all segments, in their order.
    mutating func replaceSegments(by segments: [BodySegment]) {
        var next = segments.makeIterator()
        for part in self.parts.indices {
            for index in self.parts[part].segments.indices {
                if let segment = next.next() { self.parts[part].segments[index] = segment }
            }
        }
    }

    /// Parts in one layout row.
    package static let partsPerRow = 500

    /// The layout rows to put for a version.
    package func rows(for version: VersionID) throws(S3Error) -> [KeyValue] {
        var rows: [KeyValue] = []
        for start in stride(from: 0, to: self.parts.count, by: Self.partsPerRow) {
            var chunk = LayoutChunk()
            chunk.parts = Array(self.parts[start..<min(start + Self.partsPerRow, self.parts.count)])
            rows.append(KeyValue(key: Keyspace.layout(version, chunk: rows.count), value: try encodeRecord(chunk)))
        }
        return rows
    }
}

extension ObjectService {
    /// The layout of a version; `nil` when a row is missing because the version was just removed.
    package func layout(of record: VersionRecord, in partition: PartitionID) async throws(S3Error) -> BodyLayout? {
        guard record.layoutRows > 0 else {
            var part = PartLayout()
            part.byteCount = record.byteCount
            part.md5 = record.etagMd5
            if record.hasChecksum { part.checksum = record.checksum }
            if record.hasBody { part.segments = [record.body] }
            return BodyLayout(parts: [part])
        }
        let rows = try await self.metadata.entries(
            KeyRange(prefix: Keyspace.layoutPrefix(record.versionID)), in: partition, limit: Int(record.layoutRows))
        guard rows.count == Int(record.layoutRows) else { return nil }
        var parts: [PartLayout] = []
        for row in rows {
            let chunk: LayoutChunk = try decodeRecord(row.value)
            parts.append(contentsOf: chunk.parts)
        }
        return BodyLayout(parts: parts)
    }

    /// Adds the removal of a version's body to a batch. Returns the blobs to delete once the batch is committed.
    package func removeBody(
        of record: VersionRecord,
        from batch: inout MetadataBatch
    ) async throws(S3Error) -> [BlobID] {
        var segments: [BodySegment] = []
        if record.layoutRows > 0 {
            segments = try await self.layout(of: record, in: batch.partition)?.segments ?? []
            for chunk in 0..<Int(record.layoutRows) { batch.delete(Keyspace.layout(record.versionID, chunk: chunk)) }
        } else if record.hasBody {
            segments = [record.body]
        }
        return Self.removeSegments(segments, from: &batch)
    }

    /// Adds the removal of segments to a batch. Returns the blobs to delete once the batch is committed.
    package static func removeSegments(_ segments: [BodySegment], from batch: inout MetadataBatch) -> [BlobID] {
        var blobs: [BlobID] = []
        for segment in segments {
            switch segment.place {
            case .inlineID(let id):
                batch.delete(Keyspace.body(Array(id)))
            case .blobID(let id):
                guard let blob = BlobID(Array(id)) else { continue }
                batch.delete(Keyspace.blobOwner(blob))
                blobs.append(blob)
            case nil:
                break
            }
        }
        return blobs
    }
}
