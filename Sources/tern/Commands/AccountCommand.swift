import ArgumentParser
import Foundation
import TernCore

/// `tern account`.
struct AccountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "Make and list the accounts of a federation.",
        subcommands: [Create.self, List.self])

    /// An account as regions tell of it.
    private struct Entry: Codable {
        var id: String
        var canonicalId: String
        var name: String
        var email: String
        var accessKey: String?
        var secretKey: String?
    }

    /// `tern account create`.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Make an account, and an access key of its root.",
            discussion:
                "The home region makes it; the others know it within a second. The secret key is shown this once.")

        @OptionGroup var options: OperatorOptions

        @Option(name: .long, help: "What the account is called.")
        var name: String

        @Option(name: .long, help: "Its email: no other account has it.")
        var email: String

        @Option(name: .long, help: "Its number, 12 digits. Default: one that is free.")
        var id: String?

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let targets = try self.options.targets()
            let client = OperatorClient(targets)
            var query = "name=\(encoded(self.name))&email=\(encoded(self.email))"
            if let id = self.id { query += "&id=\(encoded(id))" }
            let data = try await client.askHome(
                "/_tern/v1/accounts/create?" + query, method: "POST", among: targets.regions)
            let entry = try JSONDecoder().decode(Entry.self, from: data)
            if self.json {
                print(try AccountCommand.text(entry))
                return
            }
            print(
                """
                account       \(entry.id)
                canonical ID  \(entry.canonicalId)
                access key    \(entry.accessKey ?? "")
                secret key    \(entry.secretKey ?? "")
                """)
        }

        private func encoded(_ text: String) -> String { PercentEncoding.encode(text.utf8, keepingSlash: false) }
    }

    /// `tern account list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the accounts that a region knows: the first that answers.")

        private struct Listing: Codable { var accounts: [Entry] }

        @OptionGroup var options: OperatorOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let targets = try self.options.targets()
            let client = OperatorClient(targets)
            var failure = CommandFailure("the federation has no region")
            for region in targets.regions {
                do {
                    let data = try await client.get("/_tern/v1/accounts", from: region)
                    try self.show(JSONDecoder().decode(Listing.self, from: data))
                    return
                } catch let error as CommandFailure {
                    failure = error
                }
            }
            throw failure
        }

        private func show(_ listing: Listing) throws {
            if self.json {
                print(try AccountCommand.text(listing))
                return
            }
            for account in listing.accounts {
                print("\(account.id)  \(account.canonicalId)  \(account.name)  \(account.email)")
            }
        }
    }

    private static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
