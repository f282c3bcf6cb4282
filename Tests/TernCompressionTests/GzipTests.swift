import TernCompression
import Testing

@Suite("gzip")
struct GzipTests {
    /// Text that compresses and bytes that do not, by a generator that always gives the same.
    private static func sample(_ count: Int) -> [UInt8] {
        var state: UInt64 = 7
        return (0..<count).map { index in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return index % 300 < 150 ? UInt8(index % 26) + 97 : UInt8(truncatingIfNeeded: state >> 33)
        }
    }

    private static func read(_ bytes: [UInt8], pieces: Int) throws -> [UInt8] {
        let reader = try #require(GzipReader())
        var result: [UInt8] = []
        var position = 0
        while position < bytes.count {
            let end = min(position + pieces, bytes.count)
            #expect(reader.read(Array(bytes[position..<end])) { result.append(contentsOf: $0) } == nil)
            position = end
        }
        #expect(reader.isComplete)
        return result
    }

    @Test("What is written in pieces is read as it was", arguments: [0, 1, 1000, 70_000, 1_000_000], [1000, 65_536])
    func pieces(count: Int, piece: Int) throws {
        let sample = Self.sample(count)
        let writer = try #require(GzipWriter())
        var file: [UInt8] = []
        var position = 0
        while position < count {
            let end = min(position + piece, count)
            writer.write(Array(sample[position..<end]), to: &file)
            position = end
        }
        writer.finish(to: &file)
        #expect(writer.byteCount == Int64(count))
        #expect(GzipReader.isGzip(file))
        #expect(try Self.read(file, pieces: 777) == sample)
    }

    @Test("What is written at once is read as it was, and several members are one text")
    func members() throws {
        let sample = Self.sample(10_000)
        let file = try #require(Gzip.encode(sample))
        #expect(try Self.read(file + file, pieces: 100) == sample + sample)
    }

    @Test("A damaged file is found out, and one that is cut off is not complete")
    func damage() throws {
        var file = try #require(Gzip.encode(Self.sample(10_000)))
        let cut = try #require(GzipReader())
        #expect(cut.read(Array(file.dropLast(4))) { _ in } == nil)
        #expect(!cut.isComplete)
        file[file.count - 5] ^= 1
        let reader = try #require(GzipReader())
        #expect(reader.read(file) { _ in } == .damaged)
    }
}
