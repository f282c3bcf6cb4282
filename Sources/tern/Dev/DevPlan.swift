import Foundation
import Logging
import TernControlPlane
import TernCore
import TernHTTPServer
import TernLifecycle

/// A region that `tern dev` was asked for.
struct DevRegion: Equatable, Sendable {
    var name: RegionName
    /// 0 takes a free port, the one of the last run if it can be had.
    var port: Int

    /// Reads `NAME:PORT`.
    init(option text: String) throws {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let name = RegionName(String(parts[0])), let port = Int(parts[1]),
            (0...65535).contains(port)
        else {
            throw CommandFailure("--region \(text): write NAME:PORT, such as us-east-1:9000; port 0 takes a free one")
        }
        guard !name.isOfOtherPartition else {
            throw CommandFailure(
                "--region \(text): AWS's tools make ARNs of another partition for \(name); choose another name")
        }
        self.name = name
        self.port = port
    }

    init(name: RegionName, port: Int) {
        self.name = name
        self.port = port
    }
}

/// What a development federation consists of: from the options, else from the last run in the directory, else new.
struct DevPlan: Sendable {
    var regions: [DevRegion]
    var accounts: [ConfiguredAccount]
    var credential: FederationCredential
    /// The ports of the last run, which are tried first where any free port will do.
    var earlierPorts: [RegionName: Int]
    var log: RegionConfiguration.Log
    /// Whether the regions speak HTTPS.
    var isSecure: Bool
    /// How long a lifecycle day is.
    var dayLengthSeconds = LifecycleCalendar.standardDaySeconds
    var allowsClockSetBack = false
    /// Whether each region has a console.
    var hasConsole = false
    /// The ports of the consoles in the last run, which are tried first.
    var earlierConsolePorts: [RegionName: Int]
    /// Whether the regions have the directory's root key, and encrypt.
    var hasRootKey = true

    init(
        directory: DevDirectory, regionOptions: [String], accountOptions: [String], tlsOption: Bool? = nil,
        log: RegionConfiguration.Log
    ) throws {
        let state = try directory.state()
        self.isSecure = tlsOption ?? state?.tls ?? false
        let earlier = try state?.regions.map { region in
            guard let name = RegionName(region.name), (1...65535).contains(region.port) else {
                throw CommandFailure(
                    "dev.json names the region `\(region.name)`, which is not valid; remove the file to begin anew")
            }
            return DevRegion(name: name, port: region.port)
        }
        self.earlierPorts = Dictionary((earlier ?? []).map { ($0.name, $0.port) }) { first, _ in first }
        self.earlierConsolePorts = Dictionary(
            (state?.regions ?? []).compactMap { region in
                RegionName(region.name).flatMap { name in region.consolePort.map { (name, $0) } }
            }
        ) { first, _ in first }
        if regionOptions.isEmpty {
            self.regions =
                earlier ?? [
                    DevRegion(name: .usEast1, port: 9000),
                    DevRegion(name: RegionName(trusted: "eu-west-1"), port: 9001),
                ]
        } else {
            self.regions = try regionOptions.map(DevRegion.init(option:))
        }
        let names = Set(self.regions.map(\.name))
        guard names.count == self.regions.count else { throw CommandFailure("--region: name each region once") }
        let fixedPorts = self.regions.map(\.port).filter { $0 != 0 }
        guard Set(fixedPorts).count == fixedPorts.count else {
            throw CommandFailure("--region: give each region a port of its own, or 0 for a free one")
        }

        if accountOptions.isEmpty {
            self.accounts = try directory.accounts()?.map { try $0.configured() } ?? [.generated()]
        } else {
            self.accounts = try accountOptions.map(ConfiguredAccount.init(option:))
        }
        guard !self.accounts.isEmpty else {
            throw CommandFailure("\(directory.accountsFile) is empty; remove it, or name accounts with --account")
        }
        do {
            _ = try StaticIdentityStore(self.accounts)
        } catch {
            throw CommandFailure("accounts: \(error)")
        }
        self.credential =
            state?.federation
            ?? FederationCredential(accessKey: "TERN" + RandomKey.accessKey(), secretKey: RandomKey.secret())
        self.log = log
    }

    /// The configurations of all regions, each with the endpoints of all.
    ///
    /// - Parameters:
    ///   - ports: The real port of each region.
    ///   - consolePorts: That of the console of each region that has one.
    func configurations(
        in directory: DevDirectory, ports: [RegionName: Int], consolePorts: [RegionName: Int] = [:], hasPIDFiles: Bool
    ) -> [RegionConfiguration] {
        let home = self.regions[0].name
        let state = self.state(self.regions.map { DevRegion(name: $0.name, port: ports[$0.name] ?? $0.port) })
        let federated = self.regions.map { region in
            FederatedRegion(name: region.name, endpoint: state.endpoint(port: ports[region.name] ?? region.port))
        }
        return self.regions.map { region in
            var configuration = RegionConfiguration(
                region: region.name,
                listen: ListenAddress(host: "127.0.0.1", port: ports[region.name] ?? region.port),
                dataDirectory: directory.file("\(region.name)"),
                pidFile: hasPIDFiles ? directory.pidFile(region.name) : nil,
                homeRegion: home,
                federatedRegions: federated,
                federationCredential: self.credential,
                accounts: self.accounts
            )
            if self.isSecure {
                configuration.tls = directory.tlsFiles(region.name)
                configuration.federationCAFile = directory.authorityFile
            }
            configuration.log = self.log
            configuration.lifecycle.dayLengthSeconds = self.dayLengthSeconds
            configuration.allowsClockSetBack = self.allowsClockSetBack
            configuration.storage.cacheMiB = 32
            if let port = consolePorts[region.name] {
                configuration.console.listen = ListenAddress(host: "127.0.0.1", port: port)
            }
            if self.hasRootKey { configuration.kms.rootKeyFile = directory.rootKeyFile }
            return configuration
        }
    }

    private func state(_ regions: [DevRegion]) -> DevDirectory.State {
        DevDirectory.State(
            regions: regions.map { DevDirectory.State.Region(name: $0.name.description, port: $0.port) },
            federation: self.credential, tls: self.isSecure)
    }

    /// Writes everything that another process, or the next run, needs to know.
    func write(_ configurations: [RegionConfiguration], to directory: DevDirectory) throws {
        var state = self.state(configurations.map { DevRegion(name: $0.region, port: $0.listen.port) })
        for (index, configuration) in configurations.enumerated() {
            state.regions[index].consolePort = configuration.console.listen?.port
        }
        try directory.write(state)
        try directory.write(self.accounts)
        try directory.write(configurations)
    }
}
