import Foundation
import TernChecksums
import TernCore
import TernSigV4
import Testing

/// One request of `Fixtures/botocore.txt`.
struct SignedByBotocore: Sendable, CustomTestStringConvertible {
    var kind = ""
    var method = ""
    var target = ""
    var bucket: String?
    var body: String?
    var headers = HeaderFields()

    var testDescription: String { "\(self.kind) \(self.method) \(self.target)" }

    static let all: [SignedByBotocore] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/botocore.txt")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        var records: [SignedByBotocore] = []
        for block in text.components(separatedBy: "\n\n") where block.hasPrefix("kind") {
            var record = SignedByBotocore()
            for line in block.split(separator: "\n") {
                guard let space = line.firstIndex(of: " ") else { continue }
                let value = String(line[line.index(after: space)...])
                switch line[..<space] {
                case "kind": record.kind = value
                case "method": record.method = value
                case "target": record.target = value
                case "bucket": record.bucket = value
                case "body": record.body = value
                default:
                    let halves = value.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                    record.headers.append(String(halves[0]), String(halves[1]))
                }
            }
            records.append(record)
        }
        return records
    }()
}

@Suite("Requests signed by botocore")
struct BotocoreTests {
    static let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    static let now = Timestamp(seconds: 1_773_500_966 + 60)

    @Test("The fixture is there")
    func fixture() {
        #expect(SignedByBotocore.all.count > 90)
    }

    @Test(
        "SIG-2 to SIG-8, SIG-30, SIG-60: each verifies, and none does with another secret",
        arguments: SignedByBotocore.all)
    func verifies(_ record: SignedByBotocore) throws {
        let target = try #require(RequestTarget(record.target))
        let request = SignedRequest(
            method: record.method, target: target, headers: record.headers, virtualHostBucket: record.bucket)
        // The other services' requests do not tell the digest of their body.
        let policy = AuthenticationPolicy(
            service: record.kind == "v4-sts" ? "sts" : "s3", bodySHA256: record.body.map { SHA256Hasher.hash($0.utf8) })
        let scheme = try AuthenticationScheme.detect(in: request, policy: policy)
        #expect(scheme.accessKeyID == "AKIAIOSFODNN7EXAMPLE")

        func verify(_ secret: String) throws -> VerifiedRequest {
            switch scheme {
            case .v4Header(let parsed), .v4Query(let parsed):
                try parsed.verify(request, secret: secret, expectedRegion: .usEast1, now: Self.now)
            case .v2Query(let parsed), .v2Header(let parsed):
                try parsed.verify(request, secret: secret, now: Self.now)
            case .anonymous:
                throw SigningError("Anonymous", status: 0, message: "")
            }
        }
        let verified = try verify(Self.secret)
        let mechanisms: [String: VerifiedRequest.Mechanism] = [
            "v4-header": .v4Header, "v4-sts": .v4Header, "v4-query": .v4Query, "v2-query": .v2Query,
        ]
        #expect(verified.mechanism == mechanisms[record.kind])
        let error = #expect(throws: SigningError.self) { try verify("another") }
        #expect(error?.code == "SignatureDoesNotMatch")
    }
}
