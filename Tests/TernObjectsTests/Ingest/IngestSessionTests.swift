import FoundationEssentials
import NIOCore
import Synchronization
import TernChecksums
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernTestSupport
import Testing

@Suite("Sessions for large replicas")
struct IngestSessionTests {
    let clock = ManualClock()

    func makeDestination() async throws -> TestRegion {
        let region = TestRegion("eu-west-1", clock: self.clock, seed: 42)
        try await region.makeBucket("dst")
        return region
    }

    func digest(_ bytes: [UInt8], _ algorithm: ChecksumAlgorithm) -> [UInt8] { ChecksumHasher.hash(bytes, algorithm) }

    func md5(_ bytes: [UInt8]) -> [UInt8] {
        var hasher = MD5Hasher()
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.finalize()
    }

    /// A multipart object of parts of these bytes.
    func replica(_ parts: [[UInt8]], algorithm: ChecksumAlgorithm) -> ReplicaRecord {
        var replica = ReplicaRecord()
        replica.destinationBucket = "dst"
        replica.key = .init(Array("large".utf8))
        replica.kind = .object
        let stamp = HybridTimestamp(milliseconds: self.clock.now.milliseconds, counter: 0)
        replica.version.id = VersionIdentity(VersionID(stamp: stamp, origin: 7, random: 1))
        replica.version.byteCount = Int64(parts.reduce(0) { $0 + $1.count })
        replica.version.etagMd5 = .init(self.md5(parts.flatMap { self.md5($0) }))
        replica.version.etagPartCount = UInt32(parts.count)
        replica.version.checksum = ChecksumValue(
            Checksum(algorithm: algorithm, digest: self.digest(parts.flatMap { $0 }, algorithm)))
        replica.parts = parts.enumerated().map { index, bytes in
            var part = PartLayout()
            // Clients may leave numbers out.
            part.number = UInt32(index * 3 + 1)
            part.byteCount = Int64(bytes.count)
            part.md5 = .init(self.md5(bytes))
            part.checksum = ChecksumValue(Checksum(algorithm: algorithm, digest: self.digest(bytes, algorithm)))
            return part
        }
        return replica
    }

    func stream(_ bytes: [UInt8]) -> BytesSource {
        var crc = CRC64NVME()
        bytes.withUnsafeBytes { crc.update($0) }
        var buffer = ByteBuffer(bytes: bytes)
        buffer.writeInteger(crc.value)
        return BytesSource(buffer, chunkBytes: 10_007)
    }

    func send(_ range: Range<Int>, of bytes: [UInt8], _ replica: ReplicaRecord, to region: TestRegion) async
        -> IngestResult
    {
        let address = SegmentAddress(
            destinationBucket: "dst", version: replica.version.versionID, offset: Int64(range.lowerBound),
            byteCount: Int64(range.count))
        return await region.service.ingestSegment(address, body: self.stream(Array(bytes[range])))
    }

    /// The bytes with a checksum behind each block, as a source sends them.
    func blocks(_ bytes: [UInt8], of size: Int) -> [UInt8] {
        var crc = CRC64NVME()
        var sent: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let block = Array(bytes[start..<min(start + size, bytes.count)])
            block.withUnsafeBytes { crc.update($0) }
            sent += block
            sent.append(bigEndian: crc.value)
        }
        return sent
    }

    func address(_ range: Range<Int>, of replica: ReplicaRecord, block: Int) -> SegmentAddress {
        var address = SegmentAddress(
            destinationBucket: "dst", version: replica.version.versionID, offset: Int64(range.lowerBound),
            byteCount: Int64(range.count))
        address.blockBytes = Int64(block)
        return address
    }

    @Test(
        "Of a segment that breaks off, the blocks that came are kept, and the rest makes it whole",
        arguments: [
            (sent: 1007, kept: 0), (sent: 1008, kept: 1000), (sent: 2500, kept: 2000), (sent: 69_000, kept: 68_000),
            (sent: 70_552, kept: 69_000), (sent: 70_559, kept: 69_000),
        ], [ChecksumAlgorithm.crc64nvme, .crc32, .sha256])
    func keepsBlocks(_ row: (sent: Int, kept: Int), _ algorithm: ChecksumAlgorithm) async throws {
        let region = try await self.makeDestination()
        let bytes = self.parts.flatMap { $0 }
        let replica = self.replica(self.parts, algorithm: algorithm)
        _ = await region.service.beginIngest(replica)
        let second = 100_000..<170_000
        let wire = self.blocks(Array(bytes[second]), of: 1000)
        #expect(wire.count == Int(self.address(second, of: replica, block: 1000).wireByteCount))
        let broken = await region.service.ingestSegment(
            self.address(second, of: replica, block: 1000), body: BreakingSource(Array(wire.prefix(row.sent))))
        #expect(broken.code == .retry)
        let arrived = await region.service.beginIngest(replica).arrived
        #expect(arrived == (row.kept == 0 ? [] : [100_000..<Int64(100_000 + row.kept)]))
        // Of any size and blocks.
        for (range, block) in [(0..<100_000, 0), ((100_000 + row.kept)..<170_000, 16_384), (170_000..<170_011, 5)] {
            let body =
                block == 0
                ? self.stream(Array(bytes[range]))
                : BytesSource(ByteBuffer(bytes: self.blocks(Array(bytes[range]), of: block)), chunkBytes: 997)
            let result = await region.service.ingestSegment(
                self.address(range, of: replica, block: block), body: body)
            #expect(result.code == .done)
        }
        #expect(await region.service.commitIngest(replica).code == .done)
        let record = try #require(try await region.stack("large", in: "dst").first)
        #expect(try await region.body(of: record, in: "dst") == bytes)
    }

    @Test("A block whose checksum is wrong, and what is behind it, is not kept; nor what comes too much")
    func keepsNoDamage() async throws {
        let region = try await self.makeDestination()
        let bytes = self.parts.flatMap { $0 }
        let replica = self.replica(self.parts, algorithm: .crc64nvme)
        _ = await region.service.beginIngest(replica)
        var wire = self.blocks(Array(bytes[0..<100_000]), of: 1000)
        wire[5 * 1008 + 17] ^= 1
        let damaged = await region.service.ingestSegment(
            self.address(0..<100_000, of: replica, block: 1000), body: BytesSource(ByteBuffer(bytes: wire)))
        #expect(damaged.code == .retry)
        let long = self.blocks(Array(bytes[170_000..<170_011]), of: 4) + [0]
        let tooLong = await region.service.ingestSegment(
            self.address(170_000..<170_011, of: replica, block: 4), body: BytesSource(ByteBuffer(bytes: long)))
        #expect(tooLong.code == .retry)
        let arrived = await region.service.beginIngest(replica).arrived
        #expect(arrived == [0..<5000, 170_000..<170_011])
    }

    @Test("What breaks off after the source began anew is not kept: the source has cut it otherwise by now")
    func keepsNothingOfAnEarlierAttempt() async throws {
        let region = try await self.makeDestination()
        let bytes = self.parts.flatMap { $0 }
        let replica = self.replica(self.parts, algorithm: .crc64nvme)
        _ = await region.service.beginIngest(replica)
        let wire = self.blocks(Array(bytes[0..<100_000]), of: 1000)
        let service = region.service
        let clock = self.clock
        let source = BreakingSource(Array(wire.prefix(50_000))) {
            clock.advance(by: .milliseconds(1))
            #expect(await service.beginIngest(replica).arrived == [])
        }
        let broken = await region.service.ingestSegment(
            self.address(0..<100_000, of: replica, block: 1000), body: source)
        #expect(broken.code == .retry)
        #expect(await region.service.beginIngest(replica).arrived == [])
    }

    let parts = [
        [UInt8](repeating: 1, count: 100_000), [UInt8](repeating: 2, count: 70_000), [UInt8](repeating: 3, count: 11),
    ]

    @Test(
        "P-08: segments in any order and twice make the object, its parts kept exactly",
        arguments: [ChecksumAlgorithm.crc64nvme, .crc32, .crc32c, .sha256])
    func assembles(_ algorithm: ChecksumAlgorithm) async throws {
        let region = try await self.makeDestination()
        let bytes = self.parts.flatMap { $0 }
        let replica = self.replica(self.parts, algorithm: algorithm)
        #expect(await region.service.beginIngest(replica) == IngestProgress(result: .done))
        #expect(await self.send(170_000..<170_011, of: bytes, replica, to: region).code == .done)
        #expect(await self.send(50_000..<100_000, of: bytes, replica, to: region).code == .done)
        #expect(await region.service.commitIngest(replica).code == .retry)
        #expect(await self.send(0..<50_000, of: bytes, replica, to: region).code == .done)
        #expect(await self.send(0..<50_000, of: bytes, replica, to: region).code == .done)
        #expect(await region.service.beginIngest(replica).arrived.map(\.lowerBound) == [0, 50_000, 170_000])
        #expect(await self.send(100_000..<170_000, of: bytes, replica, to: region).code == .done)
        #expect(try await region.stack("large", in: "dst").isEmpty)
        #expect(await region.service.commitIngest(replica).code == .done)
        #expect(await region.service.commitIngest(replica).code == .done)

        let record = try #require(try await region.stack("large", in: "dst").first)
        #expect(record.etag.hasSuffix("-3"))
        #expect(try await region.body(of: record, in: "dst") == bytes)
        let bucket = try await region.service.registry.state("dst")
        let layout = try #require(try await region.service.layout(of: record, in: bucket.partition))
        #expect(layout.parts.map(\.number) == [1, 4, 7])
        #expect(layout.parts.map(\.md5) == replica.parts.map(\.md5))
        #expect(layout.parts.map(\.checksum) == replica.parts.map(\.checksum))
        #expect(try await region.rowCount(.ingestSegment, in: "dst") == 0)
        #expect(try await region.rowCount(.ingestSession, in: "dst") == 0)
        let progress = await region.service.beginIngest(replica)
        #expect(progress.isComplete)
    }

    @Test("A segment that was damaged on its way, is too long, too short or out of its part is not taken")
    func badSegmentsAreRefused() async throws {
        let region = try await self.makeDestination()
        let bytes = self.parts.flatMap { $0 }
        let replica = self.replica(self.parts, algorithm: .crc64nvme)
        _ = await region.service.beginIngest(replica)
        #expect(await self.send(90_000..<110_000, of: bytes, replica, to: region).code == .retry)
        #expect(await self.send(0..<0, of: bytes, replica, to: region).code == .retry)
        let address = SegmentAddress(
            destinationBucket: "dst", version: replica.version.versionID, offset: 0, byteCount: 100_000)
        var damaged = ByteBuffer(bytes: self.parts[0])
        damaged.writeInteger(UInt64(1))
        #expect(await region.service.ingestSegment(address, body: BytesSource(damaged)).code == .retry)
        #expect(await region.service.ingestSegment(address, body: self.stream(Array(bytes[0..<99_999]))).code == .retry)
        #expect(
            await region.service.ingestSegment(address, body: self.stream(Array(bytes[0..<100_001]))).code == .retry)
        #expect(try await region.rowCount(.ingestSegment, in: "dst") == 0)
        #expect(try await region.rowCount(.blobOwner, in: "dst") == 0)
    }

    @Test(
        "Segments that do not add up to the object's checksum end the session, which begins anew",
        arguments: [ChecksumAlgorithm.crc64nvme, .crc32, .crc32c])
    func wrongChecksumStartsOver(_ algorithm: ChecksumAlgorithm) async throws {
        let region = try await self.makeDestination()
        var bytes = self.parts.flatMap { $0 }
        let replica = self.replica(self.parts, algorithm: algorithm)
        bytes[120_000] ^= 1
        _ = await region.service.beginIngest(replica)
        for range in [0..<100_000, 100_000..<170_000, 170_000..<170_011] {
            #expect(await self.send(range, of: bytes, replica, to: region).code == .done)
        }
        #expect(await region.service.commitIngest(replica).code == .retry)
        #expect(try await region.stack("large", in: "dst").isEmpty)
        #expect(try await region.rowCount(.blobOwner, in: "dst") == 0)
        #expect(await region.service.beginIngest(replica).arrived.isEmpty)
    }

    @Test("A session without progress for a day is collected, with all that has arrived")
    func staleSessionsAreCollected() async throws {
        let region = try await self.makeDestination()
        let bytes = self.parts.flatMap { $0 }
        let replica = self.replica(self.parts, algorithm: .crc64nvme)
        _ = await region.service.beginIngest(replica)
        let bucket = try await region.service.registry.state("dst")
        self.clock.advance(by: .seconds(23 * 3600))
        // Progress: it has another day.
        #expect(await self.send(0..<100_000, of: bytes, replica, to: region).code == .done)
        self.clock.advance(by: .seconds(23 * 3600))
        #expect(try await region.service.collectStaleIngests(in: bucket) == 0)
        self.clock.advance(by: .seconds(2 * 3600))
        #expect(try await region.service.collectStaleIngests(in: bucket) == 1)
        #expect(try await region.rowCount(.ingestSession, in: "dst") == 0)
        #expect(try await region.rowCount(.ingestSegment, in: "dst") == 0)
        #expect(try await region.rowCount(.blobOwner, in: "dst") == 0)
        #expect(await self.send(100_000..<170_000, of: bytes, replica, to: region).code == .retry)
    }
}

/// Gives some bytes, and then breaks as a connection does.
private final class BreakingSource: HTTPBodySource {
    private struct Break: Error {}

    private let bytes: ByteBuffer
    private let isGiven = Mutex(false)
    private let atBreak: @Sendable () async -> Void

    init(_ bytes: [UInt8], atBreak: @escaping @Sendable () async -> Void = {}) {
        self.bytes = ByteBuffer(bytes: bytes)
        self.atBreak = atBreak
    }

    func next() async throws -> ByteBuffer? {
        let isFirst = self.isGiven.withLock { given in
            defer { given = true }
            return !given
        }
        if isFirst { return self.bytes }
        await self.atBreak()
        throw Break()
    }
}
