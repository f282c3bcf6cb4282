import Logging
import NIOCore
import Synchronization
import TernBatch
import TernCompression
import TernCore
import TernInventory
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

/// Takes what is put, and remembers it in order.
private final class Destination: RoleRequestResponder {
    struct Put: Sendable {
        var target: String
        var headers: HeaderFields
        var principal: Principal
        var conditions: [String: [String]]
        var bytes: [UInt8]
    }

    private let stored = Mutex<[Put]>([])
    private let refuses = Mutex(false)

    var puts: [Put] { self.stored.withLock { $0 } }
    func refuse(_ refuses: Bool) { self.refuses.withLock { $0 = refuses } }

    func respond(
        to head: HTTPRequestHead, body: any HTTPRequestBody, as inside: InsideRequest
    ) async -> HTTPAnswer {
        if self.refuses.withLock({ $0 }) {
            return HTTPAnswer(
                status: 403,
                body: .bytes(ByteBuffer(string: "<Error><Code>AccessDenied</Code><Message>No</Message></Error>")))
        }
        var bytes: [UInt8] = []
        while let piece = try? await body.next() { bytes.append(contentsOf: piece.readableBytesView) }
        let put = Put(
            target: head.target, headers: head.headers, principal: inside.principal, conditions: inside.conditions,
            bytes: bytes)
        self.stored.withLock { $0.append(put) }
        return HTTPAnswer(status: 200)
    }
}

private struct NoAccounts: IdentityStore {
    func accessKey(_ id: String, sessionToken: String?) async throws(SessionTokenProblem) -> AccessKey? { nil }
    func account(_ id: AccountID) async -> Account? {
        Account(id: id, canonicalID: "c\(id)", displayName: "", email: "")
    }
    func account(canonicalID: String) async -> Account? { nil }
}

@Suite("Delivery of inventories")
struct InventoryDeliveryTests {
    private let clock = ManualClock()
    private let region: TestRegion
    private let destination = Destination()

    init() async throws {
        self.region = TestRegion("us-east-1", clock: self.clock, seed: 3)
        try await self.region.makeBucket("photos")
        try await self.region.makeBucket("ops")
    }

    private func deliveries(fileBytes: Int = 16 << 20, page: Int = 3) -> InventoryDeliveries {
        var context = InventoryContext(
            service: self.region.service, identities: NoAccounts(), responder: self.destination, wall: self.clock,
            pause: { true }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        context.options.fileBytes = fileBytes
        context.options.versionsPerPage = page
        return InventoryDeliveries(context: context)
    }

    private func configure(_ document: [UInt8]) async throws {
        try await self.region.service.putNamedConfiguration(.inventory, id: "i", document: document, of: "photos")
    }

    private func run(_ deliveries: InventoryDeliveries) async throws -> InventoryReport {
        let delivery = try await deliveries.begin(bucket: "photos", id: "i")
        while true {
            if case .delivered(let report) = try await delivery.step() { return report }
        }
    }

    private func text(_ gzip: [UInt8]) throws -> String {
        let reader = try #require(GzipReader())
        var text: [UInt8] = []
        #expect(reader.read(gzip) { text.append(contentsOf: $0) } == nil)
        return String(decoding: text, as: UTF8.self)
    }

    @Test("§8.2, §8.3: files, manifest, links, and the checksum last, as s3.amazonaws.com on behalf of the source")
    func layout() async throws {
        for number in 0..<10 { try await self.region.put("k\(number)", in: "photos", bytes: [1]) }
        try await self.region.put("k3", in: "photos", bytes: [1, 2])
        try await self.configure(InventoryConfigurationTests.document(fields: [.size]))
        let report = try await self.run(self.deliveries(fileBytes: 300))
        let puts = self.destination.puts
        #expect(report.rows == 11 && report.files > 1 && puts.count == report.files + 3)
        for put in puts {
            #expect(put.principal == .service("s3.amazonaws.com"))
            #expect(put.conditions["aws:SourceArn"] == ["arn:aws:s3:::photos"])
            #expect(put.conditions["aws:SourceAccount"] == [TestRegion.account.description])
            #expect(put.headers["x-amz-acl"] == "bucket-owner-full-control")
        }
        let manifest = try InventoryManifest(decoding: puts[report.files].bytes)
        #expect(manifest.version == "2016-11-30" && manifest.created == self.clock.now)
        #expect(manifest.sourceBucket == "photos" && manifest.destinationBucket == "ops")
        #expect(manifest.fileSchema == "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size")
        #expect(manifest.files.map { "/ops/\($0.key)" } == puts.prefix(report.files).map(\.target))
        #expect(manifest.files.map(\.byteCount) == puts.prefix(report.files).map { Int64($0.bytes.count) })
        let names = puts.suffix(3).map { String($0.target.split(separator: "/").last ?? "") }
        #expect(names == ["manifest.json", "symlink.txt", "manifest.checksum"])
        let lines = try puts.prefix(report.files).flatMap { try self.text($0.bytes).split(separator: "\n") }
        #expect(lines.count == 11)
        #expect(lines.filter { $0.contains("\"k3\"") }.count == 2)
        #expect(puts.prefix(report.files).allSatisfy { (try? self.text($0.bytes).utf8.count) ?? 999 <= 300 })
    }

    @Test("§8.1: the prefix selects keys, and Current has neither old versions nor markers")
    func current() async throws {
        for key in ["a/1", "b/1", "b/2", "b/3", "c/1"] { try await self.region.put(key, in: "photos", bytes: [1]) }
        try await self.region.put("b/2", in: "photos", bytes: [2])
        try await self.configure(InventoryConfigurationTests.document(versions: "Current", prefix: "b/"))
        let report = try await self.run(self.deliveries(page: 2))
        #expect(report.rows == 3 && report.files == 1)
        #expect(
            try self.text(self.destination.puts[0].bytes)
                == "\"photos\",\"b/1\"\n\"photos\",\"b/2\"\n\"photos\",\"b/3\"\n")
    }

    @Test(
        "§8.2: a report has the bucket of one moment, whatever is written or deleted meanwhile",
        arguments: ["All", "Current"])
    func moment(versions: String) async throws {
        for number in 0..<8 { try await self.region.put("k\(number)", in: "photos", bytes: [1]) }
        try await self.configure(InventoryConfigurationTests.document(destination: "photos", versions: versions))
        let deliveries = self.deliveries(fileBytes: 200)
        let delivery = try await deliveries.begin(bucket: "photos", id: "i")
        guard case .progress(rows: 3) = try await delivery.step() else {
            Issue.record("the first page is not three rows")
            return
        }
        #expect(self.region.metadata.openViewCount == 1)
        for key in ["k1", "k5"] {
            _ = try await self.region.service.deleteCurrent(ObjectKey(key), in: "photos", condition: .none)
        }
        let version = try #require(try await self.region.stack("k6", in: "photos").first)
        _ = try await self.region.service.deleteVersion(
            version.reference, of: ObjectKey("k6"), in: "photos", condition: .none)
        for key in ["k7", "k5x", "z"] { try await self.region.put(key, in: "photos", bytes: [2]) }
        while case .progress = try await delivery.step() {}
        #expect(self.region.metadata.openViewCount == 0)
        let data = self.destination.puts.filter { $0.target.hasSuffix(".csv.gz") }
        let keys = try data.flatMap { put in
            try self.text(put.bytes).split(separator: "\n").map { $0.split(separator: "\"")[2] }
        }
        #expect(keys == (0..<8).map { "k\($0)" })
    }

    @Test("§8.2: a report that fails, or that nobody takes further, keeps no view of the bucket")
    func viewsEnd() async throws {
        for number in 0..<8 { try await self.region.put("k\(number)", in: "photos", bytes: [1]) }
        try await self.configure(InventoryConfigurationTests.document())
        let deliveries = self.deliveries(fileBytes: 60)
        var delivery: InventoryDelivery? = try await deliveries.begin(bucket: "photos", id: "i")
        _ = try await delivery?.step()
        #expect(self.region.metadata.openViewCount == 1)
        delivery = nil
        #expect(self.region.metadata.openViewCount == 0)
        self.destination.refuse(true)
        try await deliveries.deliverDue()
        #expect(try await deliveries.list(bucket: "photos").first?.problem.isEmpty == false)
        #expect(self.region.metadata.openViewCount == 0)
    }

    @Test("§8.2: the schedule outlives a restart, and goes with the configuration")
    func schedule() async throws {
        try await self.configure(InventoryConfigurationTests.document())
        let deliveries = self.deliveries()
        try await deliveries.deliverDue()
        let first = self.destination.puts.count
        #expect(first == 3)
        try await deliveries.deliverDue()
        try await self.deliveries().deliverDue()
        #expect(self.destination.puts.count == first)
        self.clock.advance(by: .seconds(86_400))
        try await deliveries.deliverDue()
        #expect(self.destination.puts.count == 2 * first)
        try await self.region.service.deleteNamedConfiguration(.inventory, id: "i", of: "photos")
        try await self.configure(InventoryConfigurationTests.document())
        let status = try #require(try await deliveries.list(bucket: "photos").first)
        #expect(status.last == nil && status.next == self.clock.now)
    }

    @Test("§8.2: what the destination refuses is told, and tried again in an hour")
    func refusal() async throws {
        try await self.configure(InventoryConfigurationTests.document())
        self.destination.refuse(true)
        let deliveries = self.deliveries()
        try await deliveries.deliverDue()
        let status = try #require(try await deliveries.list(bucket: "photos").first)
        #expect(status.problem.contains("AccessDenied: No"))
        #expect(status.next == self.clock.now + .seconds(3600))
        self.destination.refuse(false)
        self.clock.advance(by: .seconds(3600))
        try await deliveries.deliverDue()
        #expect(try await deliveries.list(bucket: "photos").first?.problem == "")
    }

    @Test("§8.2: AccountId is verified; TD-13: other formats, and a second report at the same time, are refused")
    func refused() async throws {
        let deliveries = self.deliveries()
        func refusal() async throws -> String? {
            do throws(InventoryProblem) {
                _ = try await deliveries.begin(bucket: "photos", id: "i").step()
            } catch {
                return error.message
            }
            return nil
        }
        #expect(try await refusal() == "the bucket photos has no inventory configuration i")
        try await self.configure(InventoryConfigurationTests.document(more: "<AccountId>999999999999</AccountId>"))
        #expect(try await refusal() == "the destination bucket ops does not belong to the account 999999999999")
        try await self.configure(InventoryConfigurationTests.document(format: "ORC"))
        #expect(try await refusal() == "reports in the format ORC are not written; use CSV")
        try await self.configure(InventoryConfigurationTests.document(destination: "nowhere"))
        #expect(try await refusal()?.hasPrefix("the destination bucket nowhere") == true)
        try await self.configure(InventoryConfigurationTests.document())
        let running = try await deliveries.begin(bucket: "photos", id: "i")
        #expect(try await refusal() == "a report of this configuration is being written already")
        _ = try await running.step()
        #expect(self.destination.puts.count == 3)
    }
}
