import FoundationEssentials
import Synchronization
import TernControlPlane
import TernCore
import TernPorts
import TernTestSupport
import Testing

private final class Lines: AuditSink {
    private let lines = Mutex<[[UInt8]]>([])

    func write(_ line: [UInt8]) { self.lines.withLock { $0.append(line) } }

    var all: [[UInt8]] { self.lines.withLock { $0 } }
}

@Suite("The audit")
struct AuditTests {
    @Test(
        "Each decision is one line of JSON, whatever a client calls its objects",
        arguments: ["plain", "new\nline", "quote\"\\", "\u{2028}\u{0}\r", "\u{1F600}/e\u{301}", ""])
    func oneLine(key: String) async throws {
        let fixture = try await IAMFixture()
        let sink = Lines()
        let clock = ManualClock()
        let authorizer = AuditingAuthorizer(
            PolicyAuthorizer(directory: fixture.catalog, clock: clock), sink: sink,
            region: RegionName(trusted: "us-east-1"), clock: clock, random: SeededRandom(seed: 1))
        #expect(authorizer.wantsEveryRequest)
        let resource = "arn:aws:s3:::bucket/" + key
        let owners: [(AccountID, Bool)] = [(IAMFixture.alice.id, true), (IAMFixture.bob.id, false)]
        for (owner, isAllowed) in owners {
            var request = AuthorizationRequest(
                principal: .root(IAMFixture.alice), action: "s3:GetObject", resource: resource, resourceOwner: owner,
                context: { ["aws:UserAgent": ["a\nb"]] })
            request.requestID = "REQUEST"
            #expect((await authorizer.authorize(request) == .allowed) == isAllowed)
        }
        #expect(sink.all.count == 2)
        for (line, isAllowed) in zip(sink.all, [true, false]) {
            #expect(!line.contains(0x0A) && !line.contains(0x0D))
            let record = try JSONParser.parse(line)
            #expect(record["resources"]?[0]?["ARN"]?.string == resource)
            #expect(record["requestID"]?.string == "REQUEST")
            #expect(record["userAgent"]?.string == "a\nb")
            #expect((record["errorCode"]?.string == "AccessDenied") == !isAllowed)
        }
    }
}

extension JSONValue {
    fileprivate subscript(index: Int) -> JSONValue? {
        guard case .array(let values) = self, values.indices.contains(index) else { return nil }
        return values[index]
    }
}
