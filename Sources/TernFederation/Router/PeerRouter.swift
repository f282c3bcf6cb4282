package import Logging
import NIOCore
import SwiftProtobuf
import TernCore
package import TernInventory
package import TernObjects
package import TernPorts
import TernRecords
import TernS3Protocol
import TernSigV4

/// Answers the other regions of the federation, and the CLI.
package struct PeerRouter: Sendable {
    let federation: FederationConfiguration
    let service: ObjectService
    let metrics: OutcomeMetrics
    let lanes: (any LaneMonitor)?
    let identities: any IdentityStore
    let sources: any SourceAuthorizer
    let accounts: (any AccountRegistry)?
    /// Who belongs to the federation; `nil` where nobody joins.
    let regions: (any RegionRegistry)?
    let simulator: (any PolicySimulator)?
    /// How replicas are compared with their sources; `nil` where they are not.
    let verification: VerificationContext?
    let events: (any EventOperator)?
    let flow: FlowControl?
    let inventories: InventoryDeliveries?
    let jobFailures: (@Sendable (String) async throws -> JobFailureSummary?)?
    let wall: any WallClock
    let shutdown: ShutdownSignal
    /// Answers what KMS of another region asks; `nil` where there is no KMS.
    let keys: (@Sendable ([UInt8]) async throws -> [UInt8])?
    /// Publishes samples of metrics that another region sends, and tells whether it could; `nil` where none are kept.
    let publish: (@Sendable ([UInt8]) async -> Bool)?
    let logger: Logger
    private let signingKeys = SigningKeyCache(capacity: 64)

    /// - Parameters:
    ///   - lanes: Knows how the lanes do; `nil` where none run.
    ///   - identities: Knows the accounts on whose behalf other regions ask.
    ///   - sources: Decides what they may read.
    ///   - accounts: What the operator's commands about accounts ask.
    ///   - regions: What commands about regions, and those who join, ask.
    ///   - simulator: What `tern iam simulate` asks.
    ///   - inventories: What they ask about inventories; `nil` where none are delivered.
    ///   - jobFailures: Why tasks of a job failed, by the job's ID; `nil` where no jobs run.
    ///   - events: What they ask about events on their way; `nil` where none are sent.
    package init(
        federation: FederationConfiguration,
        service: ObjectService,
        metrics: OutcomeMetrics,
        lanes: (any LaneMonitor)?,
        identities: any IdentityStore,
        sources: any SourceAuthorizer,
        accounts: (any AccountRegistry)? = nil,
        regions: (any RegionRegistry)? = nil,
        simulator: (any PolicySimulator)? = nil,
        verification: VerificationContext? = nil,
        events: (any EventOperator)? = nil,
        flow: FlowControl? = nil,
        inventories: InventoryDeliveries? = nil,
        jobFailures: (@Sendable (String) async throws -> JobFailureSummary?)? = nil,
        wall: any WallClock,
        shutdown: ShutdownSignal = ShutdownSignal(),
        keys: (@Sendable ([UInt8]) async throws -> [UInt8])? = nil,
        publish: (@Sendable ([UInt8]) async -> Bool)? = nil,
        logger: Logger
    ) {
        self.federation = federation
        self.service = service
        self.metrics = metrics
        self.lanes = lanes
        self.identities = identities
        self.sources = sources
        self.accounts = accounts
        self.regions = regions
        self.simulator = simulator
        self.verification = verification
        self.events = events
        self.flow = flow
        self.inventories = inventories
        self.jobFailures = jobFailures
        self.wall = wall
        self.shutdown = shutdown
        self.keys = keys
        self.publish = publish
        self.logger = logger
    }

    /// Whether a request target is for this router.
    package static func owns(_ target: String) -> Bool { target.hasPrefix(PeerPath.prefix) }

    /// Answers a request under `/_tern/v1/`; `nil` for any other.
    package func handle(_ head: HTTPRequestHead, body: any HTTPRequestBody) async -> HTTPAnswer? {
        guard Self.owns(head.target) else { return nil }
        guard let target = RequestTarget(head.target) else {
            return Self.text(400, "the request target cannot be read")
        }
        guard let path = PeerPath(rawValue: String(target.rawPath.dropFirst(PeerPath.prefix.count))) else {
            return Self.text(404, "there is no \(target.rawPath)")
        }
        guard head.method == path.method else { return Self.text(405, "\(path.path) is asked with \(path.method)") }
        if path == .health { return Self.text(200, "ok") }
        // An invitation proves itself.
        if path != .joinRegion, let refusal = self.refusal(of: head, target: target) { return refusal }
        return await self.answered(path, target: target, body: body)
    }

    /// The answer, or why there is none.
    func answered(_ path: PeerPath, target: RequestTarget, body: any HTTPRequestBody) async -> HTTPAnswer {
        do {
            return try await self.answer(path, target: target, body: body)
        } catch let error as FramingError {
            return Self.text(400, error.message)
        } catch let error as S3Error {
            return Self.text(error.status, "\(error.code): \(error.message)")
        } catch is CancellationError {
            return Self.text(503, "this region is shutting down")
        } catch {
            self.logger.info("request of a peer broken off", metadata: ["path": "\(path.path)", "error": "\(error)"])
            return Self.text(400, "the request broke off")
        }
    }

    private func answer(_ path: PeerPath, target: RequestTarget, body: any HTTPRequestBody) async throws -> HTTPAnswer {
        switch path {
        case .replicas: try await self.takeReplicas(body)
        case .sessions: try await self.beginSession(body)
        case .segment: try await self.takeSegment(target, body)
        case .commit: try await self.commitSession(body)
        case .bucket: try await self.describeBucket(target)
        case .source: try await self.openSource(target)
        case .reserve: try await self.reserve(body)
        case .confirm: try await self.confirm(body)
        case .release: try await self.release(body)
        case .changes: try await self.changes(target)
        case .snapshot: try await self.snapshot(target)
        case .keys: try await self.askKeys(body)
        case .metrics: try await self.takeMetrics(body)
        case .report: try await self.report(target)
        case .keyUsage: try await self.keyUsage(target)
        case .accounts: await self.listAccounts()
        case .regions: await self.listRegions()
        case .inviteRegion: try await self.inviteRegion(target)
        case .joinRegion: try await self.joinRegion(body)
        case .removeRegion: try await self.removeRegion(target)
        case .simulate: try await self.simulate(body)
        case .uses: try await self.takeUses(body)
        case .createAccount: try await self.createAccount(target)
        case .verification: try await self.answerVerification(body)
        case .verify: try await self.verify(target)
        case .events: try await self.reportEvents()
        case .deadEvents: try await self.listDeadEvents(target)
        case .redriveEvents: try await self.redriveEvents(target)
        case .discardEvents: try await self.discardEvents(target)
        case .inventories: await self.listInventories(target)
        case .runInventory: await self.runInventory(target)
        case .jobFailures: try await self.tellJobFailures(target)
        case .status: Self.json(try await self.status())
        case .explain: try await self.explain(target)
        case .flow: self.showFlow()
        case .limit: try await self.setLimit(target)
        case .pause: try await self.pauseReplication(target)
        case .resume: try await self.resumeReplication(target)
        case .health: Self.text(200, "ok")
        }
    }

    // MARK: Authentication

    /// The answer to a request that the federation's credential did not sign; `nil` when it did.
    private func refusal(of head: HTTPRequestHead, target: RequestTarget) -> HTTPAnswer? {
        let request = SignedRequest(method: head.method, target: target, headers: head.headers)
        let policy = AuthenticationPolicy(service: FederationConfiguration.signingService, acceptsV2Query: false)
        do {
            guard case .v4Header(let parsed) = try AuthenticationScheme.detect(in: request, policy: policy) else {
                return Self.text(403, "the request is not signed")
            }
            guard parsed.credential.accessKeyID == self.federation.accessKeyID else {
                return Self.text(403, "the access key is not the federation's")
            }
            _ = try parsed.verify(
                request, secret: self.federation.secret, expectedRegion: self.federation.region, now: self.wall.now,
                keys: self.signingKeys)
            return nil
        } catch {
            self.logger.warning(
                "a peer's signature is refused", metadata: ["from": "\(head.remoteAddress)", "code": "\(error.code)"])
            return Self.text(403, "\(error.code): \(error.message)")
        }
    }

    // MARK: Answers

    static func text(_ status: Int, _ text: String) -> HTTPAnswer {
        HTTPAnswer(
            status: status, headers: HeaderFields([.init(name: "content-type", value: "text/plain; charset=utf-8")]),
            body: .bytes(ByteBuffer(string: text)))
    }

    static func json(_ text: String) -> HTTPAnswer {
        HTTPAnswer(
            status: 200, headers: HeaderFields([.init(name: "content-type", value: "application/json")]),
            body: .bytes(ByteBuffer(string: text)))
    }

    static func binary(_ bytes: ByteBuffer) -> HTTPAnswer {
        HTTPAnswer(
            status: 200, headers: HeaderFields([.init(name: "content-type", value: "application/octet-stream")]),
            body: .bytes(bytes))
    }

    /// Reads one message that is a whole body.
    func message<Message: SwiftProtobuf.Message>(_ body: any HTTPRequestBody, as type: Message.Type) async throws
        -> Message
    {
        var buffer = ByteBuffer()
        while var chunk = try await body.next() {
            if buffer.readableBytes + chunk.readableBytes > IngestLimits.recordBytesPerItem {
                throw FramingError("the record is too large")
            }
            buffer.writeBuffer(&chunk)
        }
        return try Frames.message(buffer)
    }
}
