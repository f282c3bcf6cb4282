import Logging
import NIOCore
import NIOPosix
import TernConsole
import TernCore
import TernHTTPServer
import TernPorts

/// What serves the requests of a region, and how it is stopped.
struct RunningRegion: Sendable {
    var metrics: RegionMetrics
    var console: RegionConsole
    var responder: any HTTPResponder
    /// Ends waits that would keep requests running.
    var prepareToStop: @Sendable () -> Void
    /// Stops what runs in the background and closes the storage. Called when no request runs any more.
    var stop: @Sendable () async -> Void
}

/// One region behind its HTTP server.
struct RegionServer: Sendable {
    let configuration: RegionConfiguration
    private let server: HTTPServer
    /// Serves `/metrics`; `nil` where nothing does.
    private let metricsServer: HTTPServer?
    /// Serves the console; `nil` where nothing does.
    private let consoleServer: HTTPServer?
    private let region: RunningRegion

    /// Binds the region's address.
    ///
    /// - Throws: ``CommandFailure`` when it cannot be had.
    static func bind(_ configuration: RegionConfiguration, logger: Logger) async throws -> HTTPServer {
        do {
            return try await HTTPServer.bind(
                configuration.serverConfiguration, on: MultiThreadedEventLoopGroup.singleton, clock: SystemClock(),
                logger: logger)
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw CommandFailure(
                "\(configuration.region): \(configuration.listen.text) is in use; stop what listens there, or choose another port"
            )
        } catch let error as TLSFileError {
            throw CommandFailure("\(configuration.region): the TLS certificate cannot be used: \(error)")
        } catch {
            throw CommandFailure("\(configuration.region): cannot listen on \(configuration.listen.text): \(error)")
        }
    }

    /// Binds the address, opens the region, and serves it.
    static func start(_ configuration: RegionConfiguration, logger: Logger) async throws -> RegionServer {
        try await self.start(configuration, on: self.bind(configuration, logger: logger), logger: logger)
    }

    /// Opens the region and serves it on an address that is bound already.
    static func start(
        _ configuration: RegionConfiguration, on server: HTTPServer, logger: Logger
    ) async throws -> RegionServer {
        var logger = logger
        logger[metadataKey: "region"] = "\(configuration.region)"
        var bound: [HTTPServer] = [server]
        do {
            let metricsServer = try await self.bindMetrics(configuration, logger: logger)
            if let metricsServer { bound.append(metricsServer) }
            let token = try configuration.console.listen.map { _ in try ConsoleTokenFile.token(configuration) }
            let consoleServer = try await self.bindConsole(configuration, logger: logger)
            if let consoleServer { bound.append(consoleServer) }
            let region = try await makeRegion(configuration, logger: logger)
            let responder = HealthResponder(region: configuration.region, next: region.responder)
            try await server.serve(responder)
            logger.info("serving", metadata: ["listen": "\(configuration.listen.text)"])
            if let metricsServer {
                let traffic = server.traffic
                let metrics = region.metrics
                try await metricsServer.serve(MetricsResponder { await metrics.page(traffic: traffic) })
            }
            if let consoleServer, let token {
                try await consoleServer.serve(ConsoleResponder(token: token, source: region.console))
                logger.info(
                    "console",
                    metadata: [
                        "address": "\(configuration.consoleEndpoint ?? "")",
                        "token": "\(configuration.consoleTokenFile)",
                    ])
            }
            return RegionServer(
                configuration: configuration, server: server, metricsServer: metricsServer,
                consoleServer: consoleServer, region: region)
        } catch {
            for server in bound { await server.stop(grace: .zero) }
            throw error
        }
    }

    /// Binds the address of `/metrics`, if there is one.
    private static func bindMetrics(_ configuration: RegionConfiguration, logger: Logger) async throws -> HTTPServer? {
        guard let listen = configuration.metrics.listen else { return nil }
        do {
            return try await HTTPServer.bind(
                HTTPServerConfiguration(host: listen.host, port: listen.port),
                on: MultiThreadedEventLoopGroup.singleton, clock: SystemClock(), logger: logger)
        } catch {
            throw CommandFailure("\(configuration.region): cannot serve metrics on \(listen.text): \(error)")
        }
    }

    /// Binds the address of the console, if there is one.
    private static func bindConsole(_ configuration: RegionConfiguration, logger: Logger) async throws -> HTTPServer? {
        guard let listen = configuration.console.listen else { return nil }
        var server = HTTPServerConfiguration(host: listen.host, port: listen.port)
        server.tls = configuration.tls
        // A few people, not clients.
        server.connectionLimit = 100
        do {
            return try await HTTPServer.bind(
                server, on: MultiThreadedEventLoopGroup.singleton, clock: SystemClock(), logger: logger)
        } catch {
            throw CommandFailure("\(configuration.region): cannot serve the console on \(listen.text): \(error)")
        }
    }

    /// Lets running requests finish, then closes the region.
    func stop() async {
        self.region.prepareToStop()
        await self.metricsServer?.stop(grace: .zero)
        await self.consoleServer?.stop(grace: .zero)
        await self.server.stop(grace: .seconds(self.configuration.limits.shutdownGraceSeconds))
        await self.region.stop()
    }
}

/// Answers `GET /_tern/v1/health` itself, and hands everything else on. No bucket can have that name.
struct HealthResponder: HTTPResponder {
    let region: RegionName
    let next: any HTTPResponder

    func respond(to head: HTTPRequestHead, body: any HTTPRequestBody) async -> HTTPAnswer {
        guard head.target == "/_tern/v1/health", head.method == "GET" || head.method == "HEAD" else {
            return await self.next.respond(to: head, body: body)
        }
        let text = "{\"region\":\"\(self.region)\",\"status\":\"ok\",\"healthy\":true}\n"
        let headers = HeaderFields([.init(name: "content-type", value: "application/json")])
        return HTTPAnswer(status: 200, headers: headers, body: .bytes(ByteBuffer(string: text)))
    }
}
