import NIOCore
import TernCore
import TernObjects
import TernPorts
import TernS3Protocol

extension PeerRouter {
    /// The most that a record of a key, with its policy and all its bytes, takes.
    private static let maximumKeyRequestBytes = 1 << 20

    func askKeys(_ body: any HTTPRequestBody) async throws -> HTTPAnswer {
        guard let keys = self.keys else { return Self.text(404, "this region has no root key, and so no keys") }
        var bytes: [UInt8] = []
        while let chunk = try await body.next() {
            guard bytes.count + chunk.readableBytes <= Self.maximumKeyRequestBytes else {
                throw FramingError("the request is too large")
            }
            bytes += chunk.readableBytesView
        }
        return Self.binary(ByteBuffer(bytes: try await keys(bytes)))
    }

    private static let maximumUsageLimit = 10_000

    /// What of this region can be read only with a key (KMS-8).
    func keyUsage(_ target: RequestTarget) async throws(S3Error) -> HTTPAnswer {
        guard let arn = target["key"], !arn.isEmpty, let limit = Int(target["limit"] ?? "1000"),
            (1...Self.maximumUsageLimit).contains(limit)
        else { return Self.text(400, "key and a limit of 1 to \(Self.maximumUsageLimit) are needed") }
        // One more says whether there are more.
        let items = try await self.service.items(encryptedWithKey: arn, limit: limit + 1)
        var json = JSONText()
        json.object { json in
            json.member("key", arn)
            json.array("items", Array(items.prefix(limit))) { json, item in
                json.object { json in
                    json.member("kind", item.kind.rawValue)
                    json.member("bucket", item.bucket)
                    json.member("key", item.key.description)
                    json.member("versionId", item.version?.wireForm)
                }
            }
            json.member("isTruncated", items.count > limit)
        }
        return Self.json(json.text)
    }
}
