import Logging
import NIOCore
import Synchronization
import TernBatch
import TernCompression
import TernControlPlane
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@testable import TernBatchWorkers

/// A region with a bucket, and a job that makes its list of it.
struct PreparationScene {
    static let bucket = "photos"

    let region: TestRegion
    let output = ManifestOutput()
    let clock = ManualClock()

    init(hasViews: Bool = true, versioned: Bool = true) async throws {
        self.region = TestRegion(
            "us-east-1", clock: self.clock, seed: 11, metadata: MemoryMetadataStore(hasViews: hasViews))
        for name in [Self.bucket, "ops"] {
            let bucketName = try #require(BucketName(name))
            _ = try await self.region.service.createBucket(
                bucketName, owner: TestRegion.account, locationConstraint: "", tags: [])
        }
        try await self.region.service.setVersioning(.enabled, of: "ops")
        if versioned { try await self.region.service.setVersioning(.enabled, of: Self.bucket) }
    }

    private var logger: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    // MARK: The process

    /// What a process works with that has begun over the store.
    func process(over store: any MetadataStore) async throws -> BatchContext {
        let service = ObjectService(
            region: self.region.name, metadata: store, blobs: self.region.blobs, wall: self.clock,
            random: self.region.random, logger: self.logger)
        let jobs = try await JobStore.open(
            metadata: store, region: self.region.name, wall: self.clock, random: self.region.random,
            logger: self.logger)
        var context = BatchContext(
            service: service, store: jobs, roles: EveryRole(), responder: self.output, authorizer: EverythingAllowed(),
            lanes: NoLanes(), wall: self.clock, random: self.region.random, logger: self.logger)
        context.options.fileBytes = 20_000
        return context
    }

    /// - Parameters:
    ///   - report: Whether all tasks are reported, to the bucket `ops`.
    ///   - confirmed: Whether it waits for nobody.
    func makeJob(
        operation: String = "<S3ReplicateObject/>", filter: String = "", report: Bool = false, confirmed: Bool = false,
        in context: BatchContext
    ) async throws -> JobStore.Job {
        let reported = """
            <Bucket>arn:aws:s3:::ops</Bucket><Format>Report_CSV_20180820</Format><Enabled>true</Enabled>\
            <ReportScope>AllTasks</ReportScope>
            """
        let body = Array(
            """
            <CreateJobRequest xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/">\
            <Operation>\(operation)</Operation><Report>\(report ? reported : "<Enabled>false</Enabled>")</Report>\
            <ConfirmationRequired>\(!confirmed)</ConfirmationRequired>\
            <ClientRequestToken>t</ClientRequestToken><Priority>1</Priority>\
            <RoleArn>arn:aws:iam::111111111111:role/batch</RoleArn>\
            <ManifestGenerator><S3JobManifestGenerator><SourceBucket>arn:aws:s3:::\(Self.bucket)</SourceBucket>\
            <ManifestOutputLocation><Bucket>arn:aws:s3:::ops</Bucket>\
            <ManifestFormat>S3InventoryReport_CSV_20211130</ManifestFormat></ManifestOutputLocation>\
            <Filter>\(filter)</Filter><EnableManifestOutput>true</EnableManifestOutput>\
            </S3JobManifestGenerator></ManifestGenerator></CreateJobRequest>
            """.utf8)
        let id = try await context.store.create(
            account: TestRegion.account, body: body, request: try JobRequest(decoding: body),
            document: try RequestDocument.parse(body, root: "CreateJobRequest"))
        return try await self.job(id, in: context)
    }

    func job(_ id: String, in context: BatchContext) async throws -> JobStore.Job {
        try #require(try await context.store.job(id, of: TestRegion.account))
    }

    /// - Returns: What the preparation came to: its number of tasks, or why it broke off.
    func prepare(
        _ job: JobStore.Job, in context: BatchContext, control: JobControl = JobControl()
    ) async -> Result<Int64, JobInterruption> {
        do throws(JobInterruption) {
            return .success(try await JobPreparation(context: context, job: job, control: control).run())
        } catch {
            return .failure(error)
        }
    }

    // MARK: What there is

    /// Every version of the bucket, as ``tasks(of:)`` has it.
    func versions() async throws -> [String] {
        let bucket = try await self.region.service.registry.state(Self.bucket)
        var found: [String] = []
        var start = VersionListStart.beginning
        while true {
            let page = try await self.region.service.listVersions(ListQuery(), from: start, in: bucket)
            for case .item(let version) in page.entries {
                found.append("\(version.key) \(version.record.reference.wireForm)")
                start = .afterIdentity(key: version.key, version.record.versionID)
            }
            if !page.isTruncated { return found }
        }
    }

    /// The tasks of a job that are durable, in order.
    func tasks(of job: JobStore.Job) async throws -> [String] {
        let rows = JobRows(metadata: self.region.metadata, partition: job.partition)
        var found: [String] = []
        var next: [UInt8]?
        while let chunk = try await rows.nextChunk(from: next) {
            found += chunk.tasks.map(Self.text)
            next = chunk.next
        }
        return found
    }

    func progress(of job: JobStore.Job) async throws -> JobProgressRecord {
        try await JobRows(metadata: self.region.metadata, partition: job.partition).progress()
    }

    /// The rows of the manifest that the job has written, in order.
    func manifest(of job: JobStore.Job) throws -> [String] {
        let places = GeneratedManifest(prefix: nil, jobID: job.id)
        let manifest = try InventoryManifest(decoding: try self.output.object(places.manifestKey))
        var found: [BatchTask] = []
        for file in manifest.files {
            var reader = ManifestReader(schema: try ManifestSchema(fileSchema: manifest.fileSchema))
            let gzip = try #require(GzipReader())
            let problem = try gzip.read(try self.output.object(file.key)) { part in
                try reader.read(part, into: &found)
            }
            #expect(problem == nil)
            try reader.finish(into: &found)
        }
        return found.map(Self.text)
    }

    private static func text(_ task: BatchTask) -> String {
        "\(String(decoding: task.encodedKey, as: UTF8.self)) \(task.versionID ?? "?")"
    }
}

/// Keeps what is put, by its key; or refuses it.
final class ManifestOutput: RoleRequestResponder {
    private let objects = Mutex<[String: [UInt8]]>([:])
    private let refuses = Mutex(false)
    private let interruption = Mutex<(suffix: String, body: @Sendable () -> Void)?>(nil)

    var keys: Set<String> { self.objects.withLock { Set($0.keys) } }
    func refuse() { self.refuses.withLock { $0 = true } }

    /// The first object whose key ends so is not written: `body` is called instead.
    func interrupt(_ suffix: String, _ body: @escaping @Sendable () -> Void) {
        self.interruption.withLock { $0 = (suffix, body) }
    }

    func object(_ key: String) throws -> [UInt8] {
        try #require(self.objects.withLock { $0["/ops/\(key)"] }, "\(key) was not written")
    }

    func respond(
        to head: HTTPRequestHead, body: any HTTPRequestBody, as inside: InsideRequest
    ) async -> HTTPAnswer {
        if self.refuses.withLock({ $0 }) {
            let document = "<Error><Code>AccessDenied</Code><Message>No</Message></Error>"
            return HTTPAnswer(status: 403, body: .bytes(ByteBuffer(string: document)))
        }
        let interruption = self.interruption.withLock { found -> (@Sendable () -> Void)? in
            guard let due = found, head.target.hasSuffix(due.suffix) else { return nil }
            found = nil
            return due.body
        }
        if let interruption {
            interruption()
            let document = "<Error><Code>InternalError</Code><Message>No</Message></Error>"
            return HTTPAnswer(status: 500, body: .bytes(ByteBuffer(string: document)))
        }
        var bytes: [UInt8] = []
        while let piece = try? await body.next() { bytes.append(contentsOf: piece.readableBytesView) }
        self.objects.withLock { [bytes] in $0[head.target] = bytes }
        return HTTPAnswer(status: 200)
    }
}

private struct EveryRole: RoleAssumer {
    func assume(
        role arn: String, by service: String, sourceARN: String, sourceAccount: AccountID
    ) async -> Principal? { .service(service) }

    func session(ofRole arn: String) async -> Principal? { nil }
}

private struct EverythingAllowed: Authorizer {
    func authorize(_ request: AuthorizationRequest) async -> AuthorizationDecision { .allowed }
    func mentions(_ keyPrefix: String, policiesOf principal: Principal) async -> Bool { false }
}

private struct NoLanes: LaneMonitor {
    func report(on lane: LaneID) -> LaneReport? { nil }
}
