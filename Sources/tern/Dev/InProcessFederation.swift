import Logging
import TernCore
import TernHTTPServer

/// The regions of a development federation in this process, each with its own storage and its own port.
struct InProcessFederation: Sendable {
    let configurations: [RegionConfiguration]
    private let servers: [RegionServer]

    /// Binds every port before any region starts, so that each can be told the endpoints of all.
    static func start(_ plan: DevPlan, in directory: DevDirectory, logger: Logger) async throws -> InProcessFederation {
        var bound: [HTTPServer] = []
        var started: [RegionServer] = []
        do {
            for region in plan.regions { bound.append(try await self.bind(region, plan, directory, logger)) }
            let ports = Dictionary(uniqueKeysWithValues: zip(plan.regions.map(\.name), bound.map(\.port)))
            let configurations = plan.configurations(
                in: directory, ports: ports, consolePorts: try FreePorts.chooseForConsoles(plan, ports: ports),
                hasPIDFiles: false)
            try plan.write(configurations, to: directory)
            for (configuration, server) in zip(configurations, bound) {
                started.append(try await RegionServer.start(configuration, on: server, logger: logger))
            }
            return InProcessFederation(configurations: configurations, servers: started)
        } catch {
            for server in started { await server.stop() }
            for server in bound.dropFirst(started.count) { await server.stop(grace: .zero) }
            throw error
        }
    }

    private static func bind(
        _ region: DevRegion, _ plan: DevPlan, _ directory: DevDirectory, _ logger: Logger
    ) async throws -> HTTPServer {
        let configuration = plan.configurations(in: directory, ports: [:], hasPIDFiles: false)
            .first { $0.region == region.name }
        guard var configuration else { throw CommandFailure("\(region.name) is not planned") }
        if region.port == 0, let port = plan.earlierPorts[region.name] {
            configuration.listen.port = port
            if let server = try? await RegionServer.bind(configuration, logger: logger) { return server }
            configuration.listen.port = 0
        }
        return try await RegionServer.bind(configuration, logger: logger)
    }

    func stop() async {
        await withDiscardingTaskGroup { group in
            for server in self.servers { group.addTask { await server.stop() } }
        }
    }
}
