import NIOCore
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

/// Invariant 11, at the end: every version has the bytes that its client sent, all of them, in every bucket.
struct BodyReading: Sendable {
    let world: World

    func check() async {
        for bucket in self.world.parts.scenario.buckets {
            guard let service = self.world.regions[bucket.region]?.service else { continue }
            let copies = self.world.ledger.read { book in
                (book.bucket(named: bucket.name)?.versions.values).map { Array($0) } ?? []
            }
            for copy in copies.sorted(by: { $0.id < $1.id }) where !copy.record.isDeleteMarker {
                guard let content = self.world.content(of: copy.id) else { continue }
                do {
                    let bytes = try await self.read(copy, in: bucket.name, service)
                    if bytes != content {
                        self.world.ledger.report(
                            .durability,
                            "\(copy.id) in \(bucket.name) has other bytes: \(bytes?.readableBytes ?? -1) of "
                                + "\(content.readableBytes)")
                    }
                } catch {
                    self.world.ledger.report(.durability, "\(copy.id) in \(bucket.name) cannot be read: \(error)")
                }
            }
        }
    }

    private func read(_ copy: Copy, in bucket: String, _ service: ObjectService) async throws -> ByteBuffer? {
        let state = try await service.registry.state(bucket)
        let key = try ObjectKey(copy.key)
        let cipher = try await service.cipher(of: copy.record, key: key, in: state, access: KeyAccess(.objectStore))
        let opened = try await service.openBody(
            of: copy.record, range: 0..<copy.record.byteCount, cipher: cipher, in: state.partition)
        switch opened {
        case nil: return nil
        case .some(.none): return ByteBuffer()
        case .bytes(let bytes): return bytes
        case .stream(let stream):
            var bytes = ByteBuffer()
            while var chunk = try await stream.next() { bytes.writeBuffer(&chunk) }
            return bytes
        }
    }
}
