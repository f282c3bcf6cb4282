import FoundationEssentials
import NIOCore
import TernCore
import TernObjects
import TernRecords
import TernTestSupport
import Testing

@testable import TernFederation

@Suite("Frames between regions")
struct FramesTests {
    func items(_ count: Int) -> [IngestItem] {
        (0..<count).map { index in
            var replica = ReplicaRecord()
            replica.key = .init(Array("key\(index)".utf8))
            replica.kind = index % 3 == 0 ? .deleteMarker : .object
            return IngestItem(
                replica: replica, body: ByteBuffer(bytes: [UInt8](repeating: UInt8(index % 256), count: index * 7)))
        }
    }

    @Test("Items come out as they went in, however the stream is cut", arguments: [1, 2, 3, 5, 64, 4096, 1 << 20])
    func roundTrip(chunkBytes: Int) async throws {
        let items = self.items(40)
        var reader = ItemReader(BytesSource(try Frames.encode(items), chunkBytes: chunkBytes))
        var read: [IngestItem] = []
        while let item = try await reader.next() { read.append(item) }
        #expect(read.map(\.replica) == items.map(\.replica))
        #expect(read.map { Array($0.body.readableBytesView) } == items.map { Array($0.body.readableBytesView) })
    }

    @Test("A stream that ends within an item is an error, wherever it is cut")
    func cutStreams() async throws {
        let whole = try Frames.encode(self.items(3))
        for length in 1..<whole.readableBytes {
            guard let cut = whole.getSlice(at: 0, length: length) else { continue }
            var reader = ItemReader(BytesSource(cut))
            var count = 0
            do {
                while try await reader.next() != nil { count += 1 }
                // Only between items may it end.
                #expect(try Frames.encode(Array(self.items(count))).readableBytes == length)
            } catch is FramingError {
                continue
            }
        }
    }

    @Test("Limits on items, bodies and records hold")
    func limits() async throws {
        var many = ItemReader(BytesSource(try Frames.encode(self.items(0) + (0..<257).map { _ in self.items(1)[0] })))
        await #expect(throws: FramingError.self) { while try await many.next() != nil {} }
        var huge = ByteBuffer()
        huge.writeInteger(UInt32.max)
        huge.writeBytes([1, 2, 3])
        var reader = ItemReader(BytesSource(huge))
        await #expect(throws: FramingError.self) { _ = try await reader.next() }
    }

    @Test("Progress of a session on the wire")
    func progress() throws {
        let progress = IngestProgress(
            result: .refused("DstBucketNotFound"), isComplete: true,
            arrived: [0..<33_554_432, 33_554_432..<50_000_000, 1 << 40..<(1 << 40) + 1])
        var buffer = try ProgressCoding.encode(progress)
        #expect(try ProgressCoding.decode(&buffer) == progress)
    }

    @Test("JSON escapes what it must")
    func json() {
        var json = JSONText()
        json.object { json in
            json.member("a\"b", "line\nnul\u{0}\\")
            json.member("n", Int64(3))
            json.array("list", [1, 2]) { json, number in json.object { $0.member("x", Int64(number)) } }
            json.object("empty") { _ in }
            json.null("nothing")
            json.member("d", 1.239)
        }
        #expect(
            json.text
                == #"{"a\"b":"line\nnul\u0000\\","n":3,"list":[{"x":1},{"x":2}],"empty":{},"nothing":null,"d":1.24}"#)
    }
}
