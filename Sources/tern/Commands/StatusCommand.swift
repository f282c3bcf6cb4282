import ArgumentParser
import Foundation
import TernCore

/// `tern status`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the regions and how far behind replication is.",
        discussion: "On a terminal the table is renewed each second until Ctrl-C; --no-watch shows it once."
    )

    @OptionGroup var options: OperatorOptions

    @Option(name: .long, help: ArgumentHelp("Ask this region only. May be repeated.", valueName: "URL"))
    var endpoint: [String] = []

    @Flag(help: "Print one JSON document.")
    var json = false

    @Flag(inversion: .prefixedNo, help: "Renew the table each second. Default: on a terminal.")
    var watch: Bool?

    func run() async throws {
        let (regions, client) = try await self.targets()
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let isWatching = self.watch ?? (isTerminal && !self.json)
        while true {
            let status = await Self.ask(regions, client)
            if self.json {
                print(try Self.json(status))
            } else {
                // Home, the table with each line cleared to its end, then everything below cleared: no flicker.
                let table =
                    isWatching && isTerminal
                    ? "\u{1B}[H" + status.table.replacing("\n", with: "\u{1B}[K\n") + "\u{1B}[K\u{1B}[J" : status.table
                print(table)
            }
            fflush(nil)
            if !isWatching { return }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func targets() async throws -> ([FederatedRegion], OperatorClient) {
        if self.endpoint.isEmpty {
            let targets = try await self.options.targets().withJoined()
            return (targets.regions, OperatorClient(targets))
        }
        let client = OperatorClient(try? self.options.targets())
        var regions: [FederatedRegion] = []
        for endpoint in self.endpoint { regions.append(try await client.region(at: endpoint)) }
        return (regions, client)
    }

    /// Asks all regions at once; one that does not answer is down.
    private static func ask(_ regions: [FederatedRegion], _ client: OperatorClient) async -> FederationStatus {
        let answers = await withTaskGroup(of: (Int, RegionStatus).self) { group in
            for (index, region) in regions.enumerated() {
                group.addTask {
                    do {
                        let data = try await client.get("/_tern/v1/status", from: region)
                        return (index, try JSONDecoder().decode(RegionStatus.self, from: data))
                    } catch {
                        let status = RegionStatus(
                            region: region.name.description, endpoint: region.endpoint, healthy: false, rules: [],
                            error: "\(error)")
                        return (index, status)
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        return FederationStatus(
            regions: regions.enumerated().compactMap { index, region in
                var status = answers[index]
                status?.name = region.name.description
                return status
            })
    }

    private static func json(_ status: FederationStatus) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(status), as: UTF8.self)
    }
}
