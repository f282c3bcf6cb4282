import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TernCore
import TernFederation
import TernHTTPServer
import TernObjects
import TernPorts
import TernRecords
import TernReplicationWorkers
import TernS3Protocol
import TernTestSupport
import Testing

private struct SystemClock: WallClock {
    var now: Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

    func sleep(until deadline: Timestamp) async throws {
        try await Task.sleep(for: max(deadline - self.now, .zero))
    }
}

private struct RouterResponder: HTTPResponder {
    let router: PeerRouter

    func respond(to head: HTTPRequestHead, body: any HTTPRequestBody) async -> HTTPAnswer {
        await self.router.handle(head, body: body) ?? HTTPAnswer(status: 404)
    }
}

/// Knows the owner of the tests' buckets, and one stranger.
private struct OneAccount: IdentityStore {
    func accessKey(_ id: String, sessionToken: String?) async throws(SessionTokenProblem) -> AccessKey? { nil }

    func account(_ id: AccountID) async -> Account? {
        ["111111111111", "222222222222"].contains(id.description)
            ? Account(id: id, canonicalID: "", displayName: "", email: "") : nil
    }

    func account(canonicalID: String) async -> Account? { nil }
}

/// Lets the root of the owning account read.
private struct OwnersRead: SourceAuthorizer {
    func authorize(_ request: RemoteSourceRequest, in bucket: BucketState) async throws(S3Error) {
        if request.principal.account?.id != bucket.owner { throw .accessDenied() }
    }
}

/// One region in memory behind a real server.
private struct Node {
    var service: ObjectService
    var region: RegionName
    var server: HTTPServer
    var client: PeerClient
    var router: PeerRouter
    var runtime: ReplicationRuntime
    var metrics: OutcomeMetrics
    /// Used only where the region is not the home region.
    var copy: DirectoryCopy
}

@Suite("Two regions over HTTP", .serialized)
struct LoopbackTests {
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// A home region and another, each behind its own server, with their workers and the directory's follower running.
    private func withRegions(
        secretOfSecond: String = "shared",
        _ body: (_ home: Node, _ other: Node) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let names = ["us-east-1", "eu-west-1"].map { RegionName(trusted: $0) }
        var servers: [HTTPServer] = []
        for _ in names {
            servers.append(
                try await HTTPServer.bind(
                    HTTPServerConfiguration(), on: group, clock: SystemClock(), logger: Self.quiet))
        }
        let endpoints = Dictionary(
            uniqueKeysWithValues: zip(names, servers).map { ($0, "http://127.0.0.1:\($1.port)") })
        let lines = PeerLines(wall: SystemClock())
        let http = HTTPClient(
            eventLoopGroupProvider: .shared(group), configuration: PeerClient.httpConfiguration(lines: lines))
        var nodes: [Node] = []
        for (index, name) in names.enumerated() {
            nodes.append(
                self.makeNode(
                    name, endpoints: endpoints, secret: index == 0 ? "shared" : secretOfSecond,
                    server: servers[index],
                    http: http))
            try await servers[index].serve(RouterResponder(router: nodes[index].router))
        }
        let (home, other) = (nodes[0], nodes[1])
        try await other.copy.connect(to: other.service)
        let follower = DirectoryFollower(
            copy: other.copy, wall: SystemClock(), random: SeededRandom(seed: 5), logger: Self.quiet)
        let result: Result<Void, any Error> = await withTaskGroup(of: Void.self) { group in
            group.addTask { await home.runtime.run() }
            group.addTask { await other.runtime.run() }
            group.addTask { await follower.run() }
            let result: Result<Void, any Error>
            do { result = .success(try await body(home, other)) } catch { result = .failure(error) }
            group.cancelAll()
            return result
        }
        for server in servers { await server.stop(grace: .zero) }
        try await http.shutdown()
        try result.get()
    }

    private func makeNode(
        _ name: RegionName, endpoints: [RegionName: String], secret: String, server: HTTPServer, http: HTTPClient
    ) -> Node {
        let federation = FederationConfiguration(
            region: name, home: RegionName(trusted: "us-east-1"), regions: RegionMap(endpoints),
            accessKeyID: "FEDERATION",
            secret: secret, ownEndpoint: endpoints[name] ?? "")
        let client = PeerClient(federation: federation, http: http, wall: SystemClock())
        let region = TestRegion(
            name.description, clock: SystemClock(), seed: UInt64(name.tag),
            namespace: federation.isHome ? nil : RemoteNamespace(client: client))
        let metrics = OutcomeMetrics(following: region.service.outbox)
        let runtime = ReplicationRuntime(
            service: region.service, transport: HTTPPeerTransport(client: client), wall: SystemClock(),
            random: SeededRandom(seed: 9), logger: Self.quiet)
        let router = PeerRouter(
            federation: federation, service: region.service, metrics: metrics, lanes: runtime,
            identities: OneAccount(), sources: OwnersRead(), wall: SystemClock(), logger: Self.quiet)
        return Node(
            service: region.service, region: name, server: server, client: client, router: router, runtime: runtime,
            metrics: metrics, copy: DirectoryCopy(client: client, wall: SystemClock()))
    }

    /// Runs `work` and returns when so many tasks were settled.
    private func settled(_ count: Int, at node: Node, _ work: () async throws -> Void) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
        node.service.outbox.observe { continuation.yield($0.count) }
        try await work()
        var total = 0
        for await number in stream {
            total += number
            if total >= count { return }
        }
    }

    private func makeBuckets(_ home: Node, _ other: Node) async throws {
        let owner = AccountID(trusted: "111111111111")
        _ = try await home.service.createBucket(
            BucketName(trusted: "source"), owner: owner, locationConstraint: "", tags: [])
        _ = try await other.service.createBucket(
            BucketName(trusted: "replica"), owner: owner, locationConstraint: "eu-west-1", tags: [])
        try await home.service.setVersioning(.enabled, of: "source")
        try await other.service.setVersioning(.enabled, of: "replica")
        try await TestRegion.replicate("source", to: ["replica"], by: home.service)
    }

    @Test("Objects of every size arrive over real connections, and status and explain tell of them")
    func replicates() async throws {
        try await self.withRegions { home, other in
            try await self.makeBuckets(home, other)
            let sizes = [0, 100, 5000, 40_000, 400_000, 40_000_000]
            try await self.settled(sizes.count + 200, at: home) {
                for size in sizes { try await self.put("size-\(size)", count: size, at: home) }
                for index in 0..<200 { try await self.put("many-\(index)", count: 4096, at: home) }
            }
            let bucket = try await other.service.registry.state("replica")
            for size in sizes {
                let found = try await other.service.head(try ObjectKey("size-\(size)"), in: bucket)
                let record = try #require(found).record
                #expect(record.byteCount == Int64(size))
                #expect(record.isReplica)
            }
            let status = try await home.client.send(.status, to: home.region)
            #expect(status.status == 200)
            let text = String(buffer: status.body)
            #expect(text.contains(#""destinationRegion":"eu-west-1""#))
            #expect(text.contains(#""pendingOperations":0"#))
            #expect(text.contains(#""completedOperations":206"#))
            _ = try JSONSerialization.jsonObject(with: Data(status.body.readableBytesView))
            let explained = try await home.client.send(.explain, query: "bucket=source&key=many-7", to: home.region)
            #expect(String(buffer: explained.body).contains(#""data":"COMPLETED""#))
            _ = try JSONSerialization.jsonObject(with: Data(explained.body.readableBytesView))
        }
    }

    private static func root(_ account: String) -> Principal {
        .root(Account(id: AccountID(trusted: account), canonicalID: "", displayName: "", email: ""))
    }

    private func put(_ key: String, count: Int, at node: Node) async throws {
        _ = try await node.service.putObject(
            ObjectKey(key), in: "source", attributes: ObjectAttributes(),
            body: BytesSource([UInt8](repeating: 42, count: count)), digests: ExpectedDigests(), condition: .none)
    }

    @Test("A version is read from its region, in whole and in part, by those who may", arguments: [100, 400_000])
    func remoteSource(size: Int) async throws {
        try await self.withRegions { home, other in
            try await self.makeBuckets(home, other)
            try await self.put("key", count: size, at: home)
            let reader = HTTPRemoteSourceReader(client: other.client)
            var request = RemoteSourceRequest(
                bucket: "source", key: try ObjectKey("key"), version: nil, range: nil,
                principal: Self.root("111111111111"))
            let whole = try await reader.open(request, in: home.region)
            #expect(whole.bucket.versioning == .enabled)
            #expect(whole.version?.byteCount == Int64(size))
            #expect(whole.version?.hasBody == false)
            #expect(try await self.count(whole.body) == size)

            request.range = 10..<Int64(size + 10)
            #expect(try await self.count(try await reader.open(request, in: home.region).body) == size - 10)
            request.key = try ObjectKey("none")
            #expect(try await reader.open(request, in: home.region).version == nil)

            for (account, bucket, code) in [
                ("222222222222", "source", "AccessDenied"), ("333333333333", "source", "AccessDenied"),
                ("111111111111", "nowhere", "NoSuchBucket"),
            ] {
                request.principal = Self.root(account)
                request.bucket = bucket
                #expect(await self.refusal(of: request, by: reader, in: home.region)?.code == code)
            }
            await home.server.stop(grace: .zero)
            #expect(await self.refusal(of: request, by: reader, in: home.region)?.status == 503)
        }
    }

    private func makeRow(_ key: String, at home: Node) async throws {
        var write = ControlWriteRecord()
        write.key = .init(key.utf8)
        write.value = .init("v".utf8)
        #expect(try await home.service.directory.appendControl([write], requiring: []))
    }

    @Test("ACC-9: a region knows whether its copy of the home region's rows is new enough")
    func freshness() async throws {
        try await self.withRegions { home, other in
            let hasTrouble = Mutex(false)
            let told = Mutex<[String]>([])
            other.service.controlChanges.observe { keys in
                if hasTrouble.withLock({ $0 }) { return false }
                told.withLock { $0 += keys.map { String(decoding: $0, as: UTF8.self) } }
                return true
            }
            let before = SystemClock().now + .milliseconds(-1)
            try await self.makeRow("i/1", at: home)
            #expect(await other.copy.catchUp())
            #expect(other.copy.isCurrent(asOf: before))
            #expect(!other.copy.isCurrent(asOf: SystemClock().now + .seconds(60)))
            #expect(try await other.service.directory.controlRow(Array("i/1".utf8)) != nil)
            #expect(told.withLock { $0 }.contains("i/1"))

            // What is stored and could not be read is no fresh copy, and is told again.
            hasTrouble.withLock { $0 = true }
            try await self.makeRow("i/2", at: home)
            #expect(await !other.copy.catchUp())
            hasTrouble.withLock { $0 = false }
            #expect(await other.copy.catchUp())
            #expect(told.withLock { $0 }.contains("i/2"))

            // Many at once are one question, and each is answered by one that was asked after it.
            for number in 3..<8 { try await self.makeRow("i/\(number)", at: home) }
            await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<50 { group.addTask { await other.copy.catchUp() } }
                for await isComplete in group { #expect(isComplete) }
            }
            #expect(try await other.service.directory.lastSequence() == 7)

            await home.server.stop(grace: .zero)
            #expect(await !other.copy.catchUp())
        }
    }

    @Test("A region that is further behind than the home region's log goes back copies the directory anew")
    func farBehind() async throws {
        try await self.withRegions { home, other in
            try await self.makeBuckets(home, other)
            for number in 0..<2500 { try await self.makeRow("i/\(number)", at: home) }
            try await home.service.directory.shortenLog(to: DirectoryLogLimits(changes: 3))
            // The same region, as it was before all this.
            let late = TestRegion("eu-west-1", clock: SystemClock(), seed: 77)
            let told = Mutex<Set<[UInt8]>>([])
            let hasTrouble = Mutex(true)
            late.service.controlChanges.observe { keys in
                if hasTrouble.withLock({ $0 }) { return false }
                told.withLock { $0.formUnion(keys) }
                return true
            }
            let copy = DirectoryCopy(client: other.client, wall: SystemClock())
            try await copy.connect(to: late.service)
            #expect(await !copy.catchUp())
            hasTrouble.withLock { $0 = false }
            #expect(await copy.catchUp())
            #expect(try await late.service.directory.lastSequence() == home.service.directory.lastSequence())
            #expect(told.withLock { $0.count } == 2500)
            #expect(try await late.service.directory.record("source") != nil)
            try await self.makeRow("i/new", at: home)
            #expect(await copy.catchUp())
            #expect(try await late.service.directory.controlRow(Array("i/new".utf8)) != nil)
        }
    }

    private func refusal(
        of request: RemoteSourceRequest, by reader: HTTPRemoteSourceReader, in region: RegionName
    ) async -> S3Error? {
        do {
            _ = try await reader.open(request, in: region)
            return nil
        } catch {
            return error
        }
    }

    private func count(_ body: any HTTPBodySource) async throws -> Int {
        var count = 0
        while let chunk = try await body.next() { count += chunk.readableBytes }
        return count
    }

    @Test("E-04, E-05: destinations are looked up where they are; names are the federation's")
    func directory() async throws {
        try await self.withRegions { home, other in
            try await self.makeBuckets(home, other)
            let lookup = FederatedDestinationLookup(service: home.service, client: home.client, copy: nil)
            let found = try #require(try await lookup.destination("replica"))
            #expect(found.region == "eu-west-1")
            #expect(found.versioning == .enabled)
            #expect(try await lookup.destination("nowhere") == nil)
            // The home region's own bucket is known in the other, once the follower has seen it.
            let there = FederatedDestinationLookup(
                service: other.service, client: other.client, copy: other.copy)
            while try await there.destination("source") == nil { await Task.yield() }
            #expect(try await there.destination("source")?.region == "us-east-1")
            await #expect(throws: S3Error.self) {
                _ = try await other.service.createBucket(
                    BucketName(trusted: "source"), owner: AccountID(trusted: "222222222222"), locationConstraint: "",
                    tags: [])
            }
            try await other.service.deleteBucket("replica")
            #expect(try await home.service.directory.record("replica") == nil)
        }
    }

    @Test("Requests that the federation did not sign are refused, but for health")
    func signatures() async throws {
        try await self.withRegions(secretOfSecond: "another") { home, other in
            let answer = try await other.client.send(.status, to: home.region)
            #expect(answer.status == 403)
            let health = try await other.client.send(.health, to: home.region)
            #expect(health.status == 200)
            let unsigned = HTTPRequestHead(method: "GET", target: "/_tern/v1/status", headers: HeaderFields())
            let refused = await home.router.handle(unsigned, body: BytesSource([]))
            #expect(refused?.status == 403)
            let foreign = HTTPRequestHead(method: "GET", target: "/bucket/key", headers: HeaderFields())
            #expect(await home.router.handle(foreign, body: BytesSource([])) == nil)
            await #expect(throws: S3Error.self) {
                _ = try await other.service.createBucket(
                    BucketName(trusted: "mine"), owner: AccountID(trusted: "111111111111"), locationConstraint: "",
                    tags: [])
            }
        }
    }

    @Test("A region that nobody serves is a network error that says nothing about the content")
    func nobodyThere() async throws {
        try await self.withRegions { home, other in
            await other.server.stop(grace: .zero)
            let error = await #expect(throws: TransportError.self) {
                _ = try await home.client.send(.health, to: other.region)
            }
            #expect(error?.mayBeDueToContent == false, "\(error?.message ?? "")")
        }
    }
}
