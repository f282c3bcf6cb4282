import TernCore
import TernObjects
import TernRecords
import TernS3Protocol
import TernTestSupport

extension PropertyRun {
    private func anyQuery() -> (query: ListQuery, prefix: String, delimiter: String) {
        let prefix = self.choose(Self.prefixes)
        let delimiter = self.choose(Self.delimiters)
        var query = ListQuery()
        query.prefix = Array(prefix.utf8)
        query.delimiter = Array(delimiter.utf8)
        query.limit = self.choose([0, 1, 1, 2, 3, 5, 1000])
        return (query, prefix, delimiter)
    }

    private func compare(
        _ what: String, _ items: [(key: String, text: String)], _ query: ListQuery, _ prefix: String,
        _ delimiter: String, found: [NaiveS3.Line], isTruncated: Bool
    ) {
        let expected = NaiveS3.page(items, prefix: prefix, delimiter: delimiter, limit: query.limit)
        let asked = "\(what) prefix \(prefix) delimiter \(delimiter) limit \(query.limit)"
        self.expect(found == expected.lines, "\(asked): \(found); expected \(expected.lines)")
        self.expect(isTruncated == expected.isTruncated, "\(asked): truncated \(isTruncated)")
    }

    private static func line(_ entry: ListEntry<ListedVersion>) -> NaiveS3.Line {
        switch entry {
        case .commonPrefix(let prefix): .prefix(String(decoding: prefix, as: UTF8.self))
        case .item(let item):
            .item(
                key: item.key.description,
                NaiveS3.text(
                    NaiveS3.Version(
                        serial: 0, reference: item.record.reference, isDeleteMarker: item.record.isDeleteMarker,
                        body: [UInt8](repeating: 0, count: Int(item.record.byteCount)), etag: item.record.etag),
                    isLatest: item.isLatest))
        }
    }

    func listObjects() async throws {
        let (query, prefix, delimiter) = self.anyQuery()
        let marker = self.choose(Self.keys + Self.prefixes)
        var items = self.model.objects
        let start: ListStart
        switch self.random.next(below: 3) {
        case 0:
            start = .after(Array(marker.utf8))
            items = items.filter { NaiveS3.precedes(marker, $0.key) }
        case 1 where !marker.isEmpty:
            start = .afterPrefix(Array(marker.utf8))
            items = items.filter { NaiveS3.precedes(marker, $0.key) && !NaiveS3.has($0.key, prefix: marker) }
        default:
            start = .beginning
        }
        let state = try await self.service.registry.state(Self.bucket)
        let page = try await self.service.listObjects(query, from: start, in: state)
        self.compare(
            "objects from \(start)", items, query, prefix, delimiter, found: page.entries.map(Self.line),
            isTruncated: page.isTruncated)
    }

    func listVersions() async throws {
        let (query, prefix, delimiter) = self.anyQuery()
        let marker = self.choose(Self.keys)
        var items = self.model.versions
        let start: VersionListStart
        let stack = self.model.stacks[marker] ?? []
        switch self.random.next(below: 4) {
        case 0:
            start = .afterKey(Array(marker.utf8))
            items = items.filter { NaiveS3.precedes(marker, $0.key) }
        case 1 where !stack.isEmpty:
            let place = self.random.next(below: stack.count)
            start = .afterVersion(key: try ObjectKey(marker), stack[place].reference)
            let below = stack[(place + 1)...].map { (key: marker, text: NaiveS3.text($0, isLatest: false)) }
            items = below + items.filter { NaiveS3.precedes(marker, $0.key) }
        case 2:
            start = .afterPrefix(Array(marker.utf8))
            items = items.filter { NaiveS3.precedes(marker, $0.key) && !NaiveS3.has($0.key, prefix: marker) }
        default:
            start = .beginning
        }
        let state = try await self.service.registry.state(Self.bucket)
        let page = try await self.service.listVersions(query, from: start, in: state)
        self.compare(
            "versions from \(start)", items, query, prefix, delimiter, found: page.entries.map(Self.line),
            isTruncated: page.isTruncated)
    }

    func listUploads() async throws {
        let (query, prefix, delimiter) = self.anyQuery()
        let marker = self.choose(Self.keys)
        var items = self.model.uploadLines
        let start: UploadListStart
        switch self.random.next(below: 4) {
        case 0:
            start = .afterKey(Array(marker.utf8))
            items = items.filter { NaiveS3.precedes(marker, $0.key) }
        case 1 where !items.isEmpty:
            let place = self.random.next(below: items.count)
            guard let id = VersionID(wireForm: items[place].text) else { return }
            start = .afterUpload(key: try ObjectKey(items[place].key), id)
            items = Array(items[(place + 1)...])
        default:
            start = .beginning
        }
        let state = try await self.service.registry.state(Self.bucket)
        let page = try await self.service.listUploads(query, from: start, in: state)
        let found = page.entries.map { entry -> NaiveS3.Line in
            switch entry {
            case .commonPrefix(let prefix): .prefix(String(decoding: prefix, as: UTF8.self))
            case .item(let upload):
                .item(key: String(decoding: upload.key, as: UTF8.self), upload.id.versionID.wireForm)
            }
        }
        self.compare(
            "uploads from \(start)", items, query, prefix, delimiter, found: found, isTruncated: page.isTruncated)
    }
}
