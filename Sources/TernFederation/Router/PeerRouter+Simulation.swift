import NIOCore
import TernCore
import TernPorts
import TernS3Protocol

extension PeerRouter {
    /// Bytes of a question: a session policy is the longest of it.
    private static let questionByteLimit = 64 * 1024

    func simulate(_ body: any HTTPRequestBody) async throws -> HTTPAnswer {
        guard let simulator = self.simulator else { return Self.text(404, "this region has no policies") }
        let question = try Self.question(try await Self.bytes(of: body, limit: Self.questionByteLimit))
        let decision = try await simulator.decide(question)
        var json = JSONText()
        json.object { json in
            json.member("principal", question.principal)
            json.member("action", question.action)
            json.member("resource", question.resource)
            json.member("decision", decision.outcome.rawValue)
            json.member("reason", decision.reason)
            json.array("statements", decision.statements) { json, statement in
                json.object { json in
                    json.member("kind", statement.kind)
                    json.member("policy", statement.policy)
                    json.member("statement", statement.statement)
                }
            }
        }
        return Self.json(json.text)
    }

    static func bytes(of body: any HTTPRequestBody, limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try await body.next() {
            if bytes.count + chunk.readableBytes > limit { throw FramingError("the request is too large") }
            bytes += chunk.readableBytesView
        }
        return bytes
    }

    private static func question(_ bytes: [UInt8]) throws(FramingError) -> SimulationQuestion {
        guard let json = try? JSONParser.parse(bytes), let principal = json["principal"]?.string,
            let action = json["action"]?.string, let resource = json["resource"]?.string
        else { throw FramingError("a question has a principal, an action and a resource") }
        var question = SimulationQuestion(
            principal: principal, action: action, resource: resource, sessionPolicy: json["sessionPolicy"]?.string)
        if let context = json["context"] {
            guard case .object(let members) = context else { throw FramingError("the context is an object") }
            for member in members {
                guard let values = member.value.strings else {
                    throw FramingError("the value of \(member.name) is a string or an array of strings")
                }
                question.context[member.name] = values
            }
        }
        return question
    }
}
