package import TernRecords

/// How the plain bytes of a body and those that are stored lie beside each other, where they travel as they are stored.
///
/// That is so for versions under SSE-C: nobody keeps their key, so what is sent to another region is what lies here
/// (live-replication rule L-05).
package struct StoredStretches: Sendable {
    private struct Stretch {
        var segment: BodySegment
        var plainStart: Int64
        var storedStart: Int64
    }

    private let stretches: [Stretch]
    package let plainByteCount: Int64
    package let storedByteCount: Int64

    /// - Parameter segments: Segments of one layer of encryption, in their order.
    package init(_ segments: [BodySegment]) {
        var stretches: [Stretch] = []
        var plain: Int64 = 0
        var stored: Int64 = 0
        for segment in segments where segment.byteCount > 0 {
            stretches.append(Stretch(segment: segment, plainStart: plain, storedStart: stored))
            plain += segment.byteCount
            stored += Self.storedByteCount(of: segment.byteCount)
        }
        self.stretches = stretches
        self.plainByteCount = plain
        self.storedByteCount = stored
    }

    /// The stored bytes of a full chunk: what cuts between blocks must not cut.
    package static let storedChunkBytes = Int64(SegmentCipher.chunkBytes + SegmentCipher.tagBytes)

    package static func storedByteCount(of byteCount: Int64) -> Int64 {
        SealedSegment.storedByteCount(of: byteCount, overhead: SegmentCipher.tagBytes)
    }

    /// The stored bytes of a range of plain ones; `nil` where that would cut a chunk or cross the end of a segment.
    package func stored(_ plain: Range<Int64>) -> Range<Int64>? {
        guard let stretch = self.stretch(of: plain) else { return nil }
        let chunk = Int64(SegmentCipher.chunkBytes)
        let start =
            stretch.storedStart
            + (plain.lowerBound - stretch.plainStart) / chunk * (chunk + Int64(SegmentCipher.tagBytes))
        return start..<start + Self.storedByteCount(of: Int64(plain.count))
    }

    /// The segment, without a place, that a range of plain bytes becomes when it is kept on its own.
    func segment(of plain: Range<Int64>) -> BodySegment? {
        guard let stretch = self.stretch(of: plain) else { return nil }
        let offset = plain.lowerBound - stretch.plainStart
        var segment = BodySegment()
        segment.byteCount = Int64(plain.count)
        segment.cipherSalt = stretch.segment.cipherSalt
        segment.firstChunk = stretch.segment.firstChunk + UInt64(offset) / UInt64(SegmentCipher.chunkBytes)
        segment.isContinued =
            stretch.segment.isContinued || offset + Int64(plain.count) < stretch.segment.byteCount
        return segment
    }

    private func stretch(of plain: Range<Int64>) -> Stretch? {
        var low = 0
        var high = self.stretches.count
        while low < high {
            let middle = (low + high) / 2
            if self.stretches[middle].plainStart <= plain.lowerBound { low = middle + 1 } else { high = middle }
        }
        guard low > 0, !plain.isEmpty else { return nil }
        let stretch = self.stretches[low - 1]
        let chunk = Int64(SegmentCipher.chunkBytes)
        let start = plain.lowerBound - stretch.plainStart
        let end = plain.upperBound - stretch.plainStart
        guard start >= 0, start % chunk == 0, end <= stretch.segment.byteCount,
            end == stretch.segment.byteCount || end % chunk == 0
        else { return nil }
        return stretch
    }
}

extension BodySegment {
    /// The segment as its stored bytes: read so, they come as they lie.
    package var asStored: BodySegment {
        var segment = self
        segment.byteCount = StoredStretches.storedByteCount(of: self.byteCount)
        return segment
    }

    /// The segment without its place.
    var withoutPlace: BodySegment {
        var segment = self
        segment.place = nil
        segment.pool = ""
        return segment
    }
}

extension VersionRecord {
    /// Whether the bytes travel as they are stored.
    package var travelsSealed: Bool { self.hasEncryption && self.encryption.kind == .sseC }
}
