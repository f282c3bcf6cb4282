import AsyncHTTPClient
import Foundation
import Logging
import NIOPosix
import TernBatch
import TernBatchWorkers
import TernControlAPI
import TernControlPlane
import TernCore
import TernEventDelivery
import TernFederation
import TernHTTPServer
import TernInventory
import TernLifecycle
import TernObjects
import TernPorts
import TernRecords
import TernReplicationWorkers
import TernS3API
import TernS3Protocol
import TernSigV4
import TernStorage
import TernStorageRocksDB
import TernStorageZstd

/// Opens a region: storage, services, drivers, in the order in which they need each other.
///
/// - Throws: ``CommandFailure`` when the storage cannot be opened.
func makeRegion(_ configuration: RegionConfiguration, logger: Logger) async throws -> RunningRegion {
    let authorities = try configuration.federationCAFile.map { try TrustedAuthorities.follow($0, logger: logger) }
    let trust = try currentTrust(configuration, authorities)
    let rootKey = try RootKeySource.read(configuration, environment: ProcessInfo.processInfo.environment)
    if !configuration.allowsClockSetBack { try ClockCheck.verify(dataDirectory: configuration.dataDirectory) }
    let load = ProcessorLoad()
    let activity = ClientActivity(isMachineSaturated: { load.isSaturated })
    let (metadata, blobs) = try await openStorage(configuration, clients: activity, logger: logger)
    let wall = SystemClock()
    let random = SystemRandom()

    // Before the HTTP client: what cannot be opened has nothing to shut down then.
    let configured = try StaticIdentityStore(configuration.accounts)
    let controlLog = DirectoryControlLog(directory: DirectoryStore(metadata: metadata, region: configuration.region))
    let directory = try await openIAM(configuration, log: controlLog, rootKey: rootKey, wall: wall, random: random)
    let lasting = IAMIdentityStore(configured: configured, catalog: directory)
    let policies = PolicyAuthorizer(directory: directory, clock: wall)
    let authorizer: any Authorizer =
        if let file = configuration.auditFile {
            AuditingAuthorizer(
                policies, sink: try AuditFile(path: file, logger: logger), region: configuration.region, clock: wall,
                random: random)
        } else {
            policies
        }
    // Without a root key nothing can be sealed, and there are no sessions.
    let tokens = rootKey.map { SessionTokens(rootKey: $0, directory: directory, accounts: lasting, random: random) }
    let identities = SessionIdentityStore(lasting: lasting, tokens: tokens, clock: wall)
    let keys = try await openKeys(
        configuration, rootKey: rootKey, metadata: metadata, authorizer: authorizer, identities: identities,
        principals: directory, wall: wall, logger: logger)
    let uses = UseRecorder(region: configuration.region, clock: wall)
    let roles = ServiceRoles(directory: directory, authorizer: authorizer, clock: wall, uses: uses)
    let settings = AccountSettings(log: controlLog)
    do {
        try await settings.load()
    } catch {
        throw CommandFailure("the settings of accounts cannot be read: \(error.message)")
    }

    var endpoints: [RegionName: String] = [:]
    for region in configuration.federatedRegions { endpoints[region.name] = region.endpoint }
    let regions = RegionMap(endpoints)
    let joined = JoinedRegions(log: controlLog, regions: regions)
    do {
        try await joined.load()
    } catch {
        throw CommandFailure("the regions that joined cannot be read: \(error.message)")
    }
    let federation = FederationConfiguration(
        region: configuration.region,
        home: configuration.homeRegion,
        regions: regions,
        accessKeyID: configuration.federationCredential?.accessKey ?? "",
        secret: configuration.federationCredential?.secretKey ?? "",
        ownEndpoint: configuration.endpoint
    )
    let lines = PeerLines(wall: wall)
    let http = HTTPClient(
        eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: PeerClient.httpConfiguration(lines: lines))
    let client = PeerClient(federation: federation, http: http, wall: wall, trust: trust, lines: lines)
    keys?.connect(to: FederatedKeyPeers(client: client))
    let copy = federation.isHome ? nil : DirectoryCopy(client: client, wall: wall)
    let freshness: any DirectoryFreshness = copy ?? HomeDirectoryFreshness()
    let accessPoints = try await openAccessPoints(log: controlLog, freshness: freshness)

    var options = ObjectService.Options()
    options.inlineThresholdBytes = configuration.storage.inlineThresholdBytes
    options.calendar = LifecycleCalendar(daySeconds: configuration.lifecycle.dayLengthSeconds)
    options.restoreDelays = configuration.restore.delays
    if let seconds = configuration.testing.replicationTimeThresholdSeconds {
        options.replicationTimeThreshold = .seconds(seconds)
    }
    for pool in configuration.storage.pools {
        for storageClass in pool.classes { options.poolOfClass[storageClass] = pool.name }
    }
    for target in configuration.targets { options.eventTargets[target.arn] = .some(target.accounts) }
    let namespace: (any BucketNamespace)? = federation.isHome ? nil : RemoteNamespace(client: client)
    let service = ObjectService(
        region: configuration.region, metadata: metadata, blobs: blobs, wall: wall, random: random,
        namespace: namespace,
        options: options,
        encryption: EncryptionKeys(
            rootKey: rootKey, keyService: keys, rolePrincipal: { await roles.session(ofRole: $0) }),
        permissions: ReplicationPermissions(
            roles: roles, authorizer: authorizer, freshness: freshness), logger: logger)
    followControlChanges(
        of: service, directory: directory, settings: settings, joined: joined, accessPoints: accessPoints,
        logger: logger)
    try await copy?.connect(to: service)
    try await service.outbox.rebuild(from: service.registry)
    try await service.events.rebuild()
    let events: EventDelivery
    do throws(TargetConfiguration.Problem) {
        events = try EventDelivery(
            targets: configuration.targets, service: service, identities: lasting, wall: wall, random: random,
            logger: logger)
    } catch {
        throw CommandFailure("targets: \(error)")
    }

    let flow = try await openFlow(configuration, service: service, wall: wall)
    let runtime = ReplicationRuntime(
        service: service, transport: HTTPPeerTransport(client: client), wall: wall, random: random, flow: flow,
        clients: activity, logger: logger)
    let forwarder = HTTPRequestForwarder(federation: federation, trust: trust)
    let distances = RegionDistances(client: client, wall: wall)
    let accessLog = AccessLog()
    let replicationLogging = ReplicationLogging(log: accessLog, service: service, identities: identities)
    service.accesses.observe { access, bucket in await replicationLogging.record(access, in: bucket) }
    let s3 = S3Responder(
        service: service,
        identities: identities,
        publicAccess: settings,
        accessPoints: accessPoints,
        principals: directory,
        authorizer: authorizer,
        destinations: FederatedDestinationLookup(service: service, client: client, copy: copy),
        remoteSources: HTTPRemoteSourceReader(client: client),
        forwarder: configuration.proxiesOtherRegions ? forwarder : nil,
        accessPointRouting: AccessPointRouting(
            forwarder: forwarder, distance: { distances.distance(to: $0) }),
        configuration: S3Responder.Configuration(
            baseDomains: configuration.baseDomains, regions: regions,
            acceptsSigV2Query: configuration.authentication.sigV2Query,
            customerKeysRequireTLS: configuration.sseC.requiresTLS),
        activity: activity,
        accessLog: accessLog,
        uses: uses,
        logger: logger
    )
    let documents = HTTPDocumentFetcher(
        places: configuration.webIdentity.endpoints,
        authorities: try TrustedAuthorities.configuration(
            caFile: configuration.webIdentity.caFile, option: "web_identity.ca_file"))
    let sessions = tokens.map {
        SessionService(
            tokens: $0, directory: directory, authorizer: authorizer, clock: wall,
            issuers: IssuerKeys(fetcher: documents, clock: wall))
    }
    let jobs = try await openJobs(
        configuration, service: service, wall: wall, random: random, logger: logger)
    let cloudWatch = try await openMetrics(configuration, metadata: metadata, wall: wall, random: random)
    let control = ControlResponder(
        services: [
            SecurityTokenService(sessions: sessions, identities: identities, region: configuration.region),
            KeyManagementService(keys: keys, region: configuration.region, regions: regions),
            IdentityService(
                catalog: directory, authorizer: authorizer, region: configuration.region,
                home: configuration.homeRegion),
            S3ControlService(
                settings: settings,
                buckets: RegionBuckets(service: service, s3: s3, handsOn: configuration.proxiesOtherRegions),
                accessPoints: MultiRegionAccessPointService(
                    catalog: accessPoints, authorizer: authorizer, principals: directory, random: random),
                jobs: JobControl(
                    store: jobs, authorizer: authorizer,
                    invokesFunctions: configuration.batch.functionRunner != nil,
                    requestsPerSecond: configuration.batch.requestsPerSecond),
                authorizer: authorizer, home: configuration.homeRegion, regions: regions),
            CloudWatchService(
                metrics: cloudWatch, authorizer: authorizer, region: configuration.region, regions: regions),
        ],
        region: configuration.region, identities: identities, authorizer: authorizer,
        forwarder: ControlForwarder(forwarder: forwarder, copy: copy), clock: wall,
        random: random, uses: uses, logger: logger)
    let functions = configuration.batch.functionRunner.map {
        HTTPFunctionRunner(url: $0, timeoutSeconds: configuration.batch.functionTimeoutSeconds)
    }
    var batchOptions = BatchOptions()
    batchOptions.scheduler = JobScheduler(
        replicationJobs: configuration.batch.replicationJobs, otherJobs: configuration.batch.otherJobs)
    batchOptions.functions = functions
    let batch = BatchRuntime(
        BatchContext(
            service: service, store: jobs, roles: roles, responder: s3, authorizer: authorizer, lanes: runtime,
            clients: activity, wall: wall, random: random, options: batchOptions, logger: logger))
    let inventories = InventoryDeliveries(
        context: InventoryContext(
            service: service, identities: lasting, responder: s3, wall: wall,
            pause: LifecycleRunner.pause(for: activity, wall: wall), logger: logger))
    let metrics = OutcomeMetrics()
    service.outbox.observe { settled in metrics.record(settled) }
    let finished = FinishedOperations()
    service.outbox.observe { settled in finished.record(settled) }
    let failures = FailureLog(logger: logger)
    service.outbox.observe { settled in failures.record(settled) }
    let shutdown = ShutdownSignal()
    let verificationPeer = HTTPVerificationPeer(client: client)
    let verification = VerificationContext(
        peer: verificationPeer, pause: VerificationRunner.pause(for: activity, wall: wall))
    let router = PeerRouter(
        federation: federation, service: service, metrics: metrics, lanes: runtime, identities: identities,
        sources: s3, accounts: AccountAdministration(catalog: directory),
        regions: RegionAdministration(
            joined: joined, map: regions, configuration: configuration, directory: service.directory, rootKey: rootKey,
            wall: wall),
        simulator: PolicySimulation(
            catalog: directory, identities: identities, authorizer: policies, s3: s3, keys: keys, wall: wall),
        verification: verification, events: events, flow: flow, inventories: inventories,
        jobFailures: { id in try await RegionConsole.failures(ofJob: id, in: jobs, service) },
        wall: wall, shutdown: shutdown, keys: keys?.answerPeer,
        publish: { bytes in await MetricsPublisher.take(bytes, into: cloudWatch, logger: logger) },
        logger: logger)

    authorities?.startFollowing(on: MultiThreadedEventLoopGroup.singleton.next())
    let background = BackgroundWork(logger: logger)
    background.start { await runtime.run() }
    background.start { await distances.run() }
    background.start { await ReplicationTimer(service: service, wall: wall, logger: logger).run() }
    background.start { await events.run() }
    background.start { await batch.run() }
    let publisher = MetricsPublisher(
        service: service, finished: finished, store: cloudWatch, client: client, wall: wall,
        interval: .seconds(configuration.metrics.intervalSeconds), logger: logger)
    background.start { await publisher.run() }
    background.start { await Maintenance(service: service, wall: wall, logger: logger).run() }
    let reporting = UseReporting(
        recorder: uses, accounts: AccountAdministration(catalog: directory),
        client: federation.isHome ? nil : client, wall: wall, logger: logger)
    background.start { await reporting.run() }
    let lifecycle = LifecycleRunner(
        service: service, interval: .seconds(configuration.lifecycle.effectiveIntervalSeconds), clients: activity,
        wall: wall, logger: logger)
    background.start { await lifecycle.run() }
    background.start { await InventoryRunner(inventories).run() }
    if configuration.verification.versionsPerSecond > 0 {
        let runner = VerificationRunner(
            service: service, peer: verificationPeer, settings: configuration.verification, clients: activity,
            wall: wall, logger: logger)
        background.start { await runner.run() }
    }
    if let keys {
        let maintenance = KeyMaintenance(
            keys: keys, usage: ObjectKeyUsage(service: service), forcesDeletion: configuration.kms.forcesDeletion,
            wall: wall)
        background.start { await maintenance.run() }
    }
    let accessLogs = AccessLogDelivery(
        log: accessLog, service: service, identities: identities, wall: wall,
        interval: .seconds(configuration.accessLogs.deliveryIntervalSeconds), logger: logger)
    background.start { await accessLogs.run() }
    if federation.isHome {
        let work = MultiRegionAccessPointWork(
            catalog: accessPoints, buckets: DirectoryBuckets(directory: service.directory), identities: lasting,
            principals: directory, publicAccess: settings, wall: wall, random: random, logger: logger)
        background.start { await work.run() }
    }
    if let copy {
        let follower = DirectoryFollower(copy: copy, wall: wall, random: random, logger: logger)
        background.start { await follower.run() }
    }
    let page = RegionMetrics(
        region: configuration.region, service: service, outcomes: metrics, requests: s3.requests, lanes: runtime,
        events: events, metadata: metadata, dataDirectory: configuration.dataDirectory, wall: wall)
    return RunningRegion(
        metrics: page,
        console: RegionConsole(router: router, service: service, jobs: jobs, wall: wall),
        responder: RegionResponder(
            peers: router, control: control, s3: s3, seal: ForwardingSeal(secret: federation.secret)),
        prepareToStop: { shutdown.request() },
        stop: {
            await background.stop()
            authorities?.stopFollowing()
            forwarder.shutDown()
            await documents.shutDown()
            await functions?.shutDown()
            try? await http.shutdown()
            await metadata.close()
        }
    )
}
