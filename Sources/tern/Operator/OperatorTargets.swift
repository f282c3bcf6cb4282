import ArgumentParser
import Foundation
import TernCore

/// The options that say which regions an operator asks, and with which key.
struct OperatorOptions: ParsableArguments {
    @Option(
        name: .long, help: "The directory of a development federation. Default: $TERN_DIR, or the working directory.")
    var dir: String?

    @Option(name: .long, help: "The configuration of a region; its federation is asked.")
    var config: String?

    /// The regions to ask: those of the configuration, else of the directory.
    ///
    /// - Throws: ``CommandFailure`` that says what to do when neither is given nor found.
    func targets(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> OperatorTargets {
        if let config = self.config {
            let configuration = try RegionConfiguration.load(config, environment: environment)
            return OperatorTargets(
                regions: configuration.federatedRegions, credential: configuration.federationCredential,
                caFile: configuration.federationCAFile)
        }
        if let directory = self.dir ?? environment["TERN_DIR"] { return try OperatorTargets(DevDirectory(directory)) }
        let here = DevDirectory(".")
        guard here.exists else {
            throw CommandFailure(
                "which regions? Give --dir DIR of a development federation, --config FILE of a region, or run "
                    + "`eval \"$(tern env DIR)\"` first")
        }
        return try OperatorTargets(here)
    }
}

/// Regions, and the credential that they take operators' requests with.
struct OperatorTargets: Sendable {
    var regions: [FederatedRegion]
    var credential: FederationCredential?
    /// Whose certificates the regions' are; the system's where it is `nil`.
    var caFile: String?

    init(regions: [FederatedRegion], credential: FederationCredential?, caFile: String? = nil) {
        self.regions = regions
        self.credential = credential
        self.caFile = caFile
    }

    /// The region of this name, or all.
    func chosen(_ name: String?) throws -> [FederatedRegion] {
        guard let name else { return self.regions }
        let chosen = self.regions.filter { $0.name.description == name }
        if chosen.isEmpty {
            let known = self.regions.map(\.name.description).joined(separator: ", ")
            throw CommandFailure("there is no region \(name); the regions are \(known)")
        }
        return chosen
    }

    init(_ directory: DevDirectory) throws {
        let state = try directory.requiredState()
        self.credential = state.federation
        self.regions = state.regions.map { region in
            FederatedRegion(name: RegionName(trusted: region.name), endpoint: state.endpoint(port: region.port))
        }
        self.caFile = state.tls == true ? directory.authorityFile : nil
    }
}

extension OperatorTargets {
    /// These regions and those that joined since, as the first that answers tells; where none does, these alone.
    func withJoined() async -> OperatorTargets {
        let client = OperatorClient(self)
        for region in self.regions {
            guard let data = try? await client.get("/_tern/v1/regions", from: region),
                let listing = try? JSONDecoder().decode(RegionListing.self, from: data)
            else { continue }
            var targets = self
            for other in listing.regions where other.hasJoined {
                guard let name = RegionName(other.name), !targets.regions.contains(where: { $0.name == name }) else {
                    continue
                }
                targets.regions.append(FederatedRegion(name: name, endpoint: other.endpoint))
            }
            return targets
        }
        return self
    }
}
