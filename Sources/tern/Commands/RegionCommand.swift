import ArgumentParser
import Foundation
import TernCore

/// `tern region`.
struct RegionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "region", abstract: "Invite, list and remove the regions of a federation.",
        subcommands: [Invite.self, List.self, Remove.self])

    /// `tern region invite`.
    struct Invite: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "invite", abstract: "Make an invitation for `tern join`.",
            discussion: """
                It is printed, and kept nowhere. Whoever has it can learn the federation's credential and the accounts of \
                its configuration while it is good: carry it as you would carry a password. The root key is not in it.
                """)

        private struct Answer: Decodable { var token: String }

        @Argument(help: "The name of the region that is to join.")
        var name: String

        @Option(help: "How long it is good for: seconds, or 30m, 12h, 7d.", transform: Invite.seconds)
        var valid: Int = 3600

        @OptionGroup var options: OperatorOptions

        static func seconds(_ text: String) throws -> Int {
            let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
            let unit = text.last.flatMap { units[$0] }
            let number = Int(unit == nil ? text : String(text.dropLast())) ?? 0
            let seconds = (0...604_800).contains(number) ? number * (unit ?? 1) : 0
            guard (60...604_800).contains(seconds) else {
                throw ValidationError("write seconds, or 30m, 12h, 7d: from one minute to seven days")
            }
            return seconds
        }

        func run() async throws {
            let targets = try self.options.targets()
            let name = PercentEncoding.encode(self.name.utf8, keepingSlash: false)
            let data = try await OperatorClient(targets).askHome(
                "/_tern/v1/regions/invite?name=\(name)&seconds=\(self.valid)", method: "POST", among: targets.regions)
            print(try JSONDecoder().decode(Answer.self, from: data).token)
        }
    }

    /// `tern region list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the regions that a region knows.")

        @OptionGroup var options: OperatorOptions

        @Option(name: .long, help: "The region to ask. Default: the first that answers.")
        var region: String?

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            var targets = try self.options.targets()
            if let region = self.region { targets.regions.removeAll { $0.name.description != region } }
            let client = OperatorClient(targets)
            var failure = CommandFailure("the federation has no region \(self.region ?? "")")
            for region in targets.regions {
                do {
                    let data = try await client.get("/_tern/v1/regions", from: region)
                    try self.show(data)
                    return
                } catch let error as CommandFailure {
                    failure = error
                }
            }
            throw failure
        }

        private func show(_ data: Data) throws {
            if self.json {
                print(String(decoding: data, as: UTF8.self))
                return
            }
            let listing = try JSONDecoder().decode(RegionListing.self, from: data)
            for region in listing.regions {
                let word = region.name == listing.home ? "home" : region.hasJoined ? "joined" : "configured"
                print("\(region.name)  \(region.endpoint)  \(word)")
            }
        }
    }

    /// `tern region remove`.
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove a region that joined and has no buckets.",
            discussion: """
                It still knows the federation's credential: exchange that in every region if it must not.
                """)

        @Argument(help: "The name of the region.")
        var name: String

        @OptionGroup var options: OperatorOptions

        func run() async throws {
            let targets = try self.options.targets()
            let name = PercentEncoding.encode(self.name.utf8, keepingSlash: false)
            _ = try await OperatorClient(targets).askHome(
                "/_tern/v1/regions/remove?name=\(name)", method: "POST", among: targets.regions)
        }
    }
}

/// What `GET /_tern/v1/regions` answers.
struct RegionListing: Codable, Equatable, Sendable {
    struct Region: Codable, Equatable, Sendable {
        var name: String
        var endpoint: String
        var hasJoined: Bool
    }

    var home: String
    var regions: [Region]
}
