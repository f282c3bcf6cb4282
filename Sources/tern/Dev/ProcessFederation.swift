import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import TernCore

/// The regions of a development federation, each in a process of its own: `tern serve --config DIR/<region>.yaml`.
///
/// The regions live independently of this process: if it is killed they go on, and the next `tern dev` in the
/// directory finds them by their PID files and replaces them. A region that was killed may be started again by hand.
struct ProcessFederation: Sendable {
    let configurations: [RegionConfiguration]
    private let directory: DevDirectory
    private let logger: Logger

    static func start(_ plan: DevPlan, in directory: DevDirectory, logger: Logger) async throws -> ProcessFederation {
        let leftOver = try await Self.stopRegions(plan.regions.map { directory.pidFile($0.name) }, limit: .seconds(15))
        if leftOver > 0 {
            logger.info("stopped regions that an earlier run left behind", metadata: ["count": "\(leftOver)"])
        }

        let ports = try FreePorts.choose(plan.regions, earlier: plan.earlierPorts)
        let configurations = plan.configurations(
            in: directory, ports: ports, consolePorts: try FreePorts.chooseForConsoles(plan, ports: ports),
            hasPIDFiles: true)
        try plan.write(configurations, to: directory)
        let federation = ProcessFederation(configurations: configurations, directory: directory, logger: logger)
        do {
            let processes = try configurations.map(federation.launch)
            for (configuration, process) in zip(configurations, processes) {
                try await federation.waitUntilHealthy(configuration, process)
            }
            return federation
        } catch {
            await federation.stop()
            throw error
        }
    }

    private func launch(_ configuration: RegionConfiguration) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Bundle.main.executablePath ?? CommandLine.arguments[0])
        process.arguments = ["serve", "--config", self.directory.configurationFile(configuration.region)]
        process.standardInput = FileHandle.nullDevice
        // Its `ready` line is for whoever starts it by hand.
        process.standardOutput = FileHandle.nullDevice
        let logger = self.logger
        let region = configuration.region
        process.terminationHandler = { process in
            logger.log(
                level: process.terminationStatus == 0 ? .info : .warning, "region ended",
                metadata: ["region": "\(region)", "status": "\(process.terminationStatus)"])
        }
        do {
            try process.run()
        } catch {
            throw CommandFailure("cannot start the process of \(region): \(error)")
        }
        return process
    }

    private func waitUntilHealthy(_ configuration: RegionConfiguration, _ process: Process) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        var request = HTTPClientRequest(url: "\(configuration.endpoint)/_tern/v1/health")
        request.tlsConfiguration = try TrustedAuthorities.configuration(caFile: configuration.federationCAFile)
        while ContinuousClock.now < deadline {
            guard process.isRunning else {
                throw CommandFailure("\(configuration.region) did not start; its log above says why")
            }
            let answer = try? await HTTPClient.shared.execute(request, timeout: .seconds(5))
            if let answer {
                _ = try? await answer.body.collect(upTo: 65536)
                if answer.status == .ok { return }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw CommandFailure("\(configuration.region) did not become healthy within 60 s; its log above may say why")
    }

    /// Stops one region, as an outage.
    func stop(_ configuration: RegionConfiguration) async throws {
        guard let pidFile = configuration.pidFile else { return }
        _ = try await Self.stopRegions([pidFile], limit: .seconds(Self.stopLimitSeconds([configuration])))
    }

    /// Starts a region that was stopped, and waits until it is healthy.
    func restart(_ configuration: RegionConfiguration) async throws {
        try await self.waitUntilHealthy(configuration, self.launch(configuration))
    }

    func stop() async {
        _ = try? await Self.stopRegions(
            self.configurations.compactMap(\.pidFile), limit: .seconds(Self.stopLimitSeconds(self.configurations)))
    }

    static func stopLimitSeconds(_ configurations: [RegionConfiguration]) -> Int {
        (configurations.map(\.limits.shutdownGraceSeconds).max() ?? 0) + 12
    }

    /// Ends the processes that hold the PID files: asks first, and kills what has not ended at the limit.
    ///
    /// - Returns: How many were asked.
    private static func stopRegions(_ pidFiles: [String], limit: Duration) async throws -> Int {
        let owners = pidFiles.compactMap { PIDFile.owner(of: $0) }
        for owner in owners { kill(owner, SIGTERM) }
        let deadline = ContinuousClock.now + limit
        while pidFiles.contains(where: { PIDFile.owner(of: $0) != nil }) {
            if ContinuousClock.now > deadline {
                for file in pidFiles { if let owner = PIDFile.owner(of: file) { kill(owner, SIGKILL) } }
                break
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        return owners.count
    }
}

/// Finds ports for processes that are about to start.
enum FreePorts {
    /// A real port for each region: the one asked for, that of the last run, or any that is free.
    static func choose(_ regions: [DevRegion], earlier: [RegionName: Int]) throws -> [RegionName: Int] {
        var held: [Int32] = []
        // All are held until the last is chosen, so that no two regions get the same.
        defer { for descriptor in held { close(descriptor) } }
        var ports: [RegionName: Int] = [:]
        for region in regions {
            let wishes = region.port != 0 ? [region.port] : [earlier[region.name], 0].compactMap { $0 }
            var choice: (descriptor: Int32, port: Int)?
            for wish in wishes where choice == nil { choice = self.bind(wish) }
            guard let bound = choice else {
                throw CommandFailure(
                    "\(region.name): 127.0.0.1:\(region.port) is in use; choose another with --region \(region.name):PORT"
                )
            }
            held.append(bound.descriptor)
            ports[region.name] = bound.port
        }
        return ports
    }

    /// How far the port of a region's console is above the region's own.
    private static let consoleDistance = 100

    /// A port for the console of each region, if they have one: that of the last run, or one a little above the region's,
    /// or any that is free.
    static func chooseForConsoles(_ plan: DevPlan, ports: [RegionName: Int]) throws -> [RegionName: Int] {
        guard plan.hasConsole else { return [:] }
        var held: [Int32] = []
        defer { for descriptor in held { close(descriptor) } }
        var chosen: [RegionName: Int] = [:]
        for region in plan.regions {
            let near = ports[region.name].map { $0 + Self.consoleDistance }
            let wishes = [plan.earlierConsolePorts[region.name], near, 0].compactMap { $0 }
            for wish in wishes where wish <= 65535 && !ports.values.contains(wish) && chosen[region.name] == nil {
                guard let bound = self.bind(wish) else { continue }
                held.append(bound.descriptor)
                chosen[region.name] = bound.port
            }
            guard chosen[region.name] != nil else {
                throw CommandFailure("\(region.name): no port is free for its console")
            }
        }
        return chosen
    }

    private static func bind(_ port: Int) -> (descriptor: Int32, port: Int)? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bindSocket(descriptor, pointer, length) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard bound else {
            close(descriptor)
            return nil
        }
        return (descriptor, Int(in_port_t(bigEndian: address.sin_port)))
    }
}

/// The system's `bind`, which a member of the same name hides.
private func bindSocket(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> Int32 {
    bind(descriptor, address, length)
}
