import ArgumentParser
import Foundation
import TernCore

/// `tern iam`.
struct IAMCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "iam", abstract: "Ask what policies decide.", subcommands: [Simulate.self])

    /// `tern iam simulate` (EVL-6).
    struct Simulate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "simulate",
            abstract: "Say whether a principal may do something, and which statement of which policy decides.",
            discussion: """
                A region decides as it does for requests: with the principal's policies and boundary, and with the policy \
                of the bucket or key as they are now. Condition keys have the values that --context gives.

                  tern iam simulate --principal arn:aws:iam::111111111111:role/replication \\
                    --action s3:ReplicateObject --resource 'arn:aws:s3:::photos-replica/cat.jpg'

                It ends with 0 if everything is allowed, with 2 if anything is denied, with 1 on errors.
                """)

        @Option(help: "The ARN of a user, role or account; an account's number; a service; or `anonymous`.")
        var principal: String

        @Option(name: .long, parsing: .singleValue, help: "An action, for example s3:GetObject. May be repeated.")
        var action: [String]

        @Option(
            name: .long, parsing: .singleValue, help: "The ARN of a resource. May be repeated. Default: *, none at all."
        )
        var resource: [String] = []

        @Option(
            name: .long, parsing: .singleValue,
            help: "A condition key and a value, as KEY=VALUE. May be repeated, also for more values of one key.")
        var context: [String] = []

        @Option(help: "A file with a session policy, which cuts what the others allow.")
        var sessionPolicy: String?

        @Option(help: "The region to ask. Default: the first that has the resource.")
        var region: String?

        @OptionGroup var options: OperatorOptions

        @Flag(help: "Print the decisions as JSON.")
        var json = false

        private struct Question: Encodable {
            var principal: String
            var action: String
            var resource: String
            var context: [String: [String]]
            var sessionPolicy: String?
        }

        private struct Decision: Codable {
            struct Statement: Codable {
                var kind: String
                var policy: String
                var statement: String
            }

            var principal: String
            var action: String
            var resource: String
            var decision: String
            var reason: String
            var statements: [Statement]
        }

        func validate() throws {
            guard !self.action.isEmpty else { throw ValidationError("give at least one --action") }
            for pair in self.context where !pair.dropFirst().contains("=") {
                throw ValidationError("--context \(pair): write KEY=VALUE")
            }
        }

        func run() async throws {
            let targets = try await self.options.targets().withJoined()
            var regions = targets.regions
            if let region { regions = regions.filter { $0.name.description == region } }
            guard !regions.isEmpty else {
                let known = targets.regions.map(\.name.description).joined(separator: ", ")
                throw CommandFailure("there is no region \(self.region ?? ""); the regions are \(known)")
            }
            let client = OperatorClient(targets)
            var decisions: [Decision] = []
            for action in self.action {
                for resource in self.resource.isEmpty ? ["*"] : self.resource {
                    let question = Question(
                        principal: self.principal, action: action, resource: resource, context: self.conditions,
                        sessionPolicy: try self.readSessionPolicy())
                    let body = try JSONEncoder().encode(question)
                    let answer = try await Self.ask(regions, body, client)
                    decisions.append(try JSONDecoder().decode(Decision.self, from: answer))
                }
            }
            if self.json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                print(String(decoding: try encoder.encode(["decisions": decisions]), as: UTF8.self))
            } else {
                for decision in decisions { print(Self.text(decision)) }
            }
            if decisions.contains(where: { $0.decision != "allowed" }) { throw ExitCode(2) }
        }

        private var conditions: [String: [String]] {
            var conditions: [String: [String]] = [:]
            for pair in self.context {
                guard let mark = pair.firstIndex(of: "=") else { continue }
                conditions[String(pair[..<mark]), default: []].append(String(pair[pair.index(after: mark)...]))
            }
            return conditions
        }

        private func readSessionPolicy() throws -> String? {
            guard let file = self.sessionPolicy else { return nil }
            do {
                return String(decoding: try Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
            } catch {
                throw CommandFailure("\(file) cannot be read: \(error.localizedDescription)")
            }
        }

        /// The answer of the first region that has the resource.
        private static func ask(_ regions: [FederatedRegion], _ body: Data, _ client: OperatorClient) async throws
            -> Data
        {
            var failure: (any Error)?
            for region in regions {
                do {
                    return try await client.post("/_tern/v1/iam/simulate", body: body, to: region)
                } catch let error as OperatorAnswerError where error.status == 404 || error.status == 400 {
                    failure = CommandFailure(error.body)
                } catch {
                    failure = error
                }
            }
            throw failure ?? CommandFailure("there is no region to ask")
        }

        private static func text(_ decision: Decision) -> String {
            let word =
                switch decision.decision {
                case "allowed": "ALLOWED"
                case "explicitDeny": "DENIED  (explicitly)"
                default: "DENIED"
                }
            var lines = ["\(word)  \(decision.action) on \(decision.resource)", "  \(decision.reason)"]
            for statement in decision.statements {
                lines.append(
                    "  by statement \(statement.statement) of the \(statement.kind) policy \(statement.policy)")
            }
            return lines.joined(separator: "\n")
        }
    }
}
