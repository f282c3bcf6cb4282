import Crypto
import NIOCore
import Synchronization
import TernCore
import TernObjects
import TernPorts
import TernS3Protocol

/// Writes the objects of a report into its destination, by ordinary requests of the service `s3.amazonaws.com`: the
/// destination's policy decides whether they are taken (batch-replication §8.2).
struct ReportWriter: Sendable {
    static let service = "s3.amazonaws.com"

    let responder: any RoleRequestResponder
    let configuration: InventoryConfiguration
    /// The bucket that is listed.
    let source: BucketState

    func put(_ key: String, _ bytes: [UInt8], type: String) async throws(InventoryProblem) {
        var headers = HeaderFields([
            .init(name: "content-type", value: type), .init(name: "content-length", value: "\(bytes.count)"),
            // Buckets with a default retention want a digest.
            .init(name: "content-md5", value: Base64.encode(Array(Insecure.MD5.hash(data: bytes)))),
            .init(name: "x-amz-acl", value: "bucket-owner-full-control"),
        ])
        switch self.configuration.encryption {
        case .bucketDefault: break
        case .sseS3: headers.append("x-amz-server-side-encryption", "AES256")
        case .sseKMS(let keyID):
            headers.append("x-amz-server-side-encryption", "aws:kms")
            headers.append("x-amz-server-side-encryption-aws-kms-key-id", keyID)
        }
        let bucket = self.configuration.destinationBucket
        let target = "/\(bucket)/" + PercentEncoding.encode(key.utf8, keepingSlash: true)
        let answer = await self.responder.respond(
            to: HTTPRequestHead(method: "PUT", target: target, headers: headers, isSecure: true),
            body: ReportBody(bytes),
            as: InsideRequest(
                principal: .service(Self.service),
                conditions: [
                    "aws:SourceArn": ["arn:aws:s3:::\(self.source.name)"],
                    "aws:SourceAccount": [self.source.owner.description],
                ]))
        if (200..<300).contains(answer.status) { return }
        throw Self.problem(answer, bucket: bucket)
    }

    private static func problem(_ answer: HTTPAnswer, bucket: String) -> InventoryProblem {
        var text = "\(answer.status)"
        if case .bytes(let buffer) = answer.body, let node = try? XMLParser.parse(Array(buffer.readableBytesView)),
            let code = node.text(of: "Code")
        {
            text = "\(code): \(node.text(of: "Message") ?? "")"
        }
        if answer.status == 403 {
            text +=
                "; its policy, and that of a KMS key, must allow the service \(Self.service) (aws:SourceArn, aws:SourceAccount, s3:x-amz-acl)"
        }
        return InventoryProblem(.failed, "the bucket \(bucket) refuses the report: \(text)")
    }
}

/// A body that is in memory.
private final class ReportBody: HTTPRequestBody {
    private let rest: Mutex<ByteBuffer?>

    init(_ bytes: [UInt8]) {
        self.rest = Mutex(bytes.isEmpty ? nil : ByteBuffer(bytes: bytes))
    }

    func next() async throws -> ByteBuffer? {
        self.rest.withLock { rest in
            defer { rest = nil }
            return rest
        }
    }
}
