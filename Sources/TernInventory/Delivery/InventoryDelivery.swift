import Crypto
import Logging
import TernBatch
import TernCompression
import TernCore
import TernLifecycle
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

/// Makes one report, page by page: whoever calls ``step()`` sets the pace, and whoever stops leaves data files that no
/// manifest names.
///
/// In memory is what one data file compresses to. What is listed is the bucket as it was when the first page was, though
/// S3 promises less.
package actor InventoryDelivery {
    package enum Step: Sendable {
        case progress(rows: Int)
        case delivered(InventoryReport)
    }

    package nonisolated let configuration: InventoryConfiguration
    /// Rows of the report before; `nil` without one.
    package nonisolated let expectedRows: Int?
    private let context: InventoryContext
    private var bucket: BucketState
    private let turn: InventoryTurn
    private let started: Timestamp
    private let places: InventoryPlaces
    private let schema: InventorySchema
    private let writer: ReportWriter
    private var file: ReportFile?
    private var files: [InventoryManifest.File] = []
    private var rows = 0
    private var isChecked = false
    /// Opened with the first page.
    private var view: BucketView?
    private var last: ListedVersion?
    private var canonicalIDs: [AccountID: String] = [:]

    init(
        _ configuration: InventoryConfiguration, of bucket: BucketState, expectedRows: Int?, turn: InventoryTurn,
        context: InventoryContext
    ) {
        self.configuration = configuration
        self.expectedRows = expectedRows
        self.context = context
        self.bucket = bucket
        self.turn = turn
        self.started = context.wall.now
        self.places = InventoryPlaces(
            prefix: configuration.destinationPrefix, bucket: bucket.name, id: configuration.id, started: self.started)
        self.schema = InventorySchema(
            bucket: bucket.name, includesAllVersions: configuration.includesAllVersions, fields: configuration.fields)
        self.writer = ReportWriter(responder: context.responder, configuration: configuration, source: bucket)
    }

    /// Lists one page. After ``Step/delivered(_:)``, or an error, there is none.
    package func step() async throws(InventoryProblem) -> Step {
        do throws(InventoryProblem) {
            return try await self.advance()
        } catch {
            self.view?.close()
            await self.keep { record in record.problem = error.message }
            self.context.logger.notice(
                "an inventory is not delivered",
                metadata: [
                    "bucket": "\(self.bucket.name)", "configuration": "\(self.configuration.id)",
                    "reason": "\(error.message)",
                ])
            throw error
        }
    }

    private func advance() async throws(InventoryProblem) -> Step {
        if !self.isChecked { try await self.checkDestination() }
        self.isChecked = true
        guard await self.context.pause() else { throw InventoryProblem(.failed, "the region is shutting down") }
        let page = try await self.page()
        for case .item(let version) in page.entries {
            self.last = version
            try await self.add(version)
        }
        if page.isTruncated { return .progress(rows: self.rows) }
        self.view?.close()
        return .delivered(try await self.finish())
    }

    private func checkDestination() async throws(InventoryProblem) {
        let name = self.configuration.destinationBucket
        let location: BucketRegistry.Location
        do throws(S3Error) {
            location = try await self.context.service.registry.locate(name)
        } catch {
            throw InventoryProblem(.failed, "the destination bucket \(name): \(error.message)")
        }
        guard case .here(let destination) = location else {
            throw InventoryProblem(.failed, "the destination bucket \(name) is not in the region of its source")
        }
        if let owner = self.configuration.destinationOwner, destination.owner.description != owner {
            throw InventoryProblem(.failed, "the destination bucket \(name) does not belong to the account \(owner)")
        }
    }

    private func page() async throws(InventoryProblem) -> ListPage<ListedVersion> {
        var query = ListQuery()
        query.limit = self.context.options.versionsPerPage
        query.prefix = Array(self.configuration.prefix.utf8)
        do throws(S3Error) {
            let view = try await self.openView()
            if self.configuration.includesAllVersions { return try await view.versions(query, after: self.last) }
            return try await view.objects(query, after: self.last)
        } catch {
            throw InventoryProblem(.failed, "the bucket cannot be listed: \(error.message)")
        }
    }

    private func openView() async throws(S3Error) -> BucketView {
        if let view { return view }
        let view = try await self.context.service.view(of: self.bucket)
        self.view = view
        self.bucket = view.bucket
        return view
    }

    private func add(_ version: ListedVersion) async throws(InventoryProblem) {
        var row: [UInt8] = []
        self.schema.append(await self.item(version), to: &row)
        if let file, file.byteCount + Int64(row.count) > Int64(self.context.options.fileBytes) {
            try await self.writeFile()
        }
        if self.file == nil {
            guard let file = ReportFile() else { throw InventoryProblem(.failed, "there is no memory to compress") }
            self.file = file
        }
        self.file?.append(row)
        self.rows += 1
    }

    private func item(_ version: ListedVersion) async -> InventoryItem {
        let record = version.record
        let isEnforced = self.bucket.ownership == .bucketOwnerEnforced
        let owner = await self.canonicalID(
            of: isEnforced || record.owner.isEmpty ? self.bucket.owner : AccountID(trusted: record.owner))
        let list = isEnforced ? nil : record.accessControlList
        var expiration: Timestamp?
        if version.isLatest, !record.isDeleteMarker, self.configuration.fields.contains(.lifecycleExpirationDate) {
            expiration = self.context.service.expiration(of: record, key: version.key, in: self.bucket)?.time
        }
        return InventoryItem(
            key: version.key, record: record, isLatest: version.isLatest, owner: owner,
            list: list ?? .ownerOnly(owner), expiration: expiration)
    }

    private func canonicalID(of account: AccountID) async -> String {
        if let known = self.canonicalIDs[account] { return known }
        let id = await self.context.identities.account(account)?.canonicalID ?? ""
        self.canonicalIDs[account] = id
        return id
    }

    private func writeFile() async throws(InventoryProblem) {
        guard var file = self.file else { return }
        self.file = nil
        let bytes = file.finish()
        let clock = self.context.service.clock
        let key = self.places.dataKey((clock.randomBits(), clock.randomBits()))
        try await self.writer.put(key, bytes, type: "application/gzip")
        self.files.append(
            InventoryManifest.File(
                key: key, byteCount: Int64(bytes.count), md5: Array(Insecure.MD5.hash(data: bytes)).lowercaseHex))
    }

    /// The checksum comes last: who waits for it finds all the others (batch-replication §8.3).
    private func finish() async throws(InventoryProblem) -> InventoryReport {
        try await self.writeFile()
        let destination = self.configuration.destinationBucket
        let manifest = InventoryManifest(
            sourceBucket: self.bucket.name, destinationBucket: destination, version: "2016-11-30",
            created: self.started, fileSchema: self.schema.text, files: self.files
        ).encode()
        try await self.writer.put(self.places.manifestKey, manifest, type: "application/json")
        let links = self.files.map { "s3://\(destination)/\($0.key)\n" }.joined()
        try await self.writer.put(self.places.symlinkKey, Array(links.utf8), type: "text/plain")
        let digest = Array(Insecure.MD5.hash(data: manifest)).lowercaseHexBytes
        try await self.writer.put(self.places.checksumKey, digest, type: "text/plain")
        let report = InventoryReport(
            destinationBucket: destination, manifestKey: self.places.manifestKey, started: self.started,
            rows: self.rows, files: self.files.count, byteCount: self.files.reduce(0) { $0 + $1.byteCount })
        await self.keep { record in record.note(report) }
        self.context.logger.info(
            "an inventory is delivered",
            metadata: [
                "bucket": "\(self.bucket.name)", "configuration": "\(self.configuration.id)",
                "manifest": "s3://\(destination)/\(report.manifestKey)", "rows": "\(report.rows)",
            ])
        return report
    }

    private func keep(_ change: (inout InventoryDeliveryRecord) -> Void) async {
        do throws(S3Error) {
            var record = try await self.context.service.inventoryDelivery(self.configuration.id, of: self.bucket)
            record.attemptedMs = self.started.milliseconds
            change(&record)
            try await self.context.service.keep(record, ofInventory: self.configuration.id, in: self.bucket.name)
        } catch {
            // Then it is delivered once more.
            self.context.logger.warning(
                "the delivery of an inventory cannot be recorded",
                metadata: ["bucket": "\(self.bucket.name)", "error": "\(error.message)"])
        }
    }
}

/// A data file in the making.
private struct ReportFile {
    private let writer: GzipWriter
    private var bytes: [UInt8] = []
    private var waiting: [UInt8] = []

    init?() {
        guard let writer = GzipWriter() else { return nil }
        self.writer = writer
    }

    /// Before compression.
    var byteCount: Int64 { self.writer.byteCount + Int64(self.waiting.count) }

    mutating func append(_ row: [UInt8]) {
        self.waiting.append(contentsOf: row)
        if self.waiting.count >= 64 << 10 { self.compress() }
    }

    mutating func finish() -> [UInt8] {
        self.compress()
        self.writer.finish(to: &self.bytes)
        return self.bytes
    }

    private mutating func compress() {
        self.writer.write(self.waiting, to: &self.bytes)
        self.waiting.removeAll(keepingCapacity: true)
    }
}
