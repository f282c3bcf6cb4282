import NIOCore
import TernBatch
import TernCore
import TernS3Protocol

/// S3ComputeObjectChecksum: reads an object and tells its checksum in the report.
struct ChecksumOperation: ObjectOperation {
    private let checksum: JobChecksum

    init(_ checksum: JobChecksum) throws(JobInterruption) {
        self.checksum = checksum
        guard ObjectHasher(checksum.algorithm) != nil else {
            throw .failed(
                JobFailure(code: "NotImplemented", reason: "\(checksum.algorithm) is not supported by this server."))
        }
    }

    func perform(on target: ObjectTarget, with client: RoleClient) async throws(RoleRequestFailure) -> String {
        let head = try await client.send(target.request("HEAD"))
        if head.headers["x-amz-server-side-encryption-customer-algorithm"] != nil {
            throw RoleRequestFailure(
                status: 400, code: "InvalidRequest", message: "Objects under SSE-C are not supported")
        }
        let etag = head.headers["etag"] ?? ""
        let digest: [UInt8]
        var suffix = ""
        if self.checksum.isComposite {
            let parts = try await self.partCount(of: target, client)
            var digests: [UInt8] = []
            for part in 1...parts {
                digests += try await self.digest(of: target, "partNumber=\(part)", etag, client)
            }
            digest = Self.hash(digests, self.checksum.algorithm)
            suffix = "-\(parts)"
        } else {
            digest = try await self.digest(of: target, nil, etag, client)
        }
        var json = JSONWriter()
        json.openObject()
        json.member("checksum_base64", Base64.encode(digest) + suffix)
        json.member("checksum_hex", digest.lowercaseHex + suffix)
        json.member("etag", etag)
        json.member("checksumAlgorithm", self.checksum.algorithm)
        json.member("checksumType", self.checksum.isComposite ? "COMPOSITE" : "FULL_OBJECT")
        json.closeObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private func partCount(of target: ObjectTarget, _ client: RoleClient) async throws(RoleRequestFailure) -> Int {
        let head = try await client.send(target.request("HEAD", "partNumber=1"))
        return head.headers["x-amz-mp-parts-count"].flatMap { Int($0) } ?? 1
    }

    /// Of the version that was looked at first.
    private func digest(
        of target: ObjectTarget, _ part: String?, _ etag: String, _ client: RoleClient
    ) async throws(RoleRequestFailure) -> [UInt8] {
        var request = target.request("GET", part)
        if !etag.isEmpty { request.headers.set("if-match", etag) }
        let response = try await client.send(request)
        guard var hasher = ObjectHasher(self.checksum.algorithm) else { return [] }
        let pieces = BodyPieces(response.body)
        while let piece = try await pieces.next() { hasher.update(piece) }
        return hasher.finalize()
    }

    private static func hash(_ bytes: [UInt8], _ algorithm: String) -> [UInt8] {
        guard var hasher = ObjectHasher(algorithm) else { return [] }
        hasher.update(ByteBuffer(bytes: bytes))
        return hasher.finalize()
    }
}
