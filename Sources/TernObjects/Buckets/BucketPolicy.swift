import FoundationEssentials
import TernCore
import TernPolicy
package import TernRecords
package import TernS3Protocol

extension ObjectService {
    /// Stores a bucket's policy, as the client wrote it, and the unique IDs of the users and roles that it names (IAM-26).
    ///
    /// - Parameters:
    ///   - bindings: The unique IDs, by ARN.
    ///   - check: Looks at the bucket's configuration as of the commit.
    ///
    /// Source: Amazon S3 API Reference, PutBucketPolicy.
    package func setPolicy(
        _ json: [UInt8]?, bindings: [String: String], of bucketName: String,
        check: (BucketRecord) throws(S3Error) -> Void = { _ throws(S3Error) in }
    ) async throws(S3Error) {
        try await self.changeBucket(bucketName) { record throws(S3Error) in
            try check(record)
            let names = [BucketDocument.policy.rawValue, BucketDocument.policyPrincipals.rawValue]
            record.documents.removeAll { names.contains($0.name) }
            guard let json else { return }
            var entry = ConfigurationDocument()
            entry.name = BucketDocument.policy.rawValue
            entry.document = .init(json)
            record.documents.append(entry)
            guard !bindings.isEmpty else { return }
            entry.name = BucketDocument.policyPrincipals.rawValue
            entry.document = .init(PolicyBindings.encode(bindings))
            record.documents.append(entry)
        }
    }
}

/// The unique IDs of a policy's users and roles, as they are kept beside it: lines of ARN, space, ID.
package enum PolicyBindings {
    static func encode(_ bindings: [String: String]) -> [UInt8] {
        Array(bindings.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined().utf8)
    }

    package static func decode(_ bytes: [UInt8]) -> [String: String] {
        var bindings: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            guard let space = line.lastIndex(of: " ") else { continue }
            bindings[String(line[..<space])] = String(line[line.index(after: space)...])
        }
        return bindings
    }
}

extension CompiledPolicy {
    /// The policy of a bucket as it is stored. One that cannot be read any more denies everything: its owner's root can
    /// still replace it.
    init(stored json: [UInt8], bindings: [String: String]) throws(S3Error) {
        do {
            try self.init(json: json, kind: .bucket, name: "bucket policy", bindings: bindings)
        } catch {
            let closed = #"{"Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}"#
            do {
                try self.init(json: Array(closed.utf8), kind: .bucket, name: "unreadable bucket policy")
            } catch {
                throw .internalError
            }
        }
    }
}
