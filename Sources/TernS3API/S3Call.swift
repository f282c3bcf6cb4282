package import Logging
package import TernCore
package import TernObjects
package import TernPorts
import TernRecords
package import TernS3Protocol

/// One authenticated and authorized request, on its way through an operation.
package struct S3Call: Sendable {
    package var head: HTTPRequestHead
    package var target: RequestTarget
    /// The request's headers, with those that a presigned URL carries in its query (spec rule SIG-32).
    package var headers: HeaderFields
    package var principal: Principal
    package var requestID: String
    package var service: ObjectService
    package var payload: RequestPayload
    package var logger: Logger
    /// The bucket's name, for operations on a bucket or object.
    package var bucketName: String
    /// The bucket, for operations that need it to exist.
    package var existingBucket: BucketState?
    package var objectKey: ObjectKey?
    package var accounts: any IdentityStore
    package var authorizer: any Authorizer
    package var destinations: any DestinationLookup
    package var remoteSources: any RemoteSourceReader
    /// What becomes known of the request, for its access log.
    package var trace: RequestTrace
    /// Whether signatures of version 2 are taken.
    package var acceptsSigV2: Bool
    /// The regions of the federation.
    package var regions: Set<RegionName>
    /// Which hosts are buckets' own.
    package var resolver: AddressResolver
    /// Scheme and authority under which the client reached us, for `Location`.
    package var baseURL: String
    /// Whether the bucket stood in the host name.
    package var isVirtualHosted: Bool

    /// The URL of a bucket's own host; `nil` where the client used a host that has none below it.
    func hostURL(of name: BucketName) -> String? {
        guard let host = self.head.headers["host"],
            case .bucket(name.description)? = try? self.resolver.resolve(host: "\(name).\(host)", rawPath: "/")
        else { return nil }
        return "\(self.head.isSecure ? "https" : "http")://\(name).\(host)/"
    }

    package var now: Timestamp { self.service.clock.now }

    /// The bucket; the dispatcher has made sure that it is there.
    package func bucket() throws(S3Error) -> BucketState {
        guard let bucket = self.existingBucket else { throw .noSuchBucket(self.bucketName) }
        return bucket
    }

    /// The key; routes of objects always have one.
    package func key() throws(S3Error) -> ObjectKey {
        guard let key = self.objectKey else { throw .invalidURI(self.target.rawPath) }
        return key
    }

    /// The version that `versionId` names, if it is given (spec rule VER-13).
    package func versionReference() throws(S3Error) -> VersionReference? {
        guard let text = self.target["versionId"] else { return nil }
        return try Self.parseVersion(text, in: try self.bucket())
    }

    static func parseVersion(_ text: String, in bucket: BucketState) throws(S3Error) -> VersionReference {
        if text.isEmpty { throw .emptyVersionID }
        guard let reference = VersionReference(wireForm: text) else { throw .invalidVersionID(text) }
        if bucket.versioning == .never, reference != .null { throw .invalidVersionID(text) }
        return reference
    }

    /// The caller's account; anonymous callers were turned away before.
    package func account() throws(S3Error) -> Account {
        guard let account = self.principal.account else { throw .accessDenied() }
        return account
    }

    /// Spec s3-api §1.3, §12.7: in a Requester Pays bucket, whoever is not its owner must say that they will pay.
    func checkRequesterPays() throws(S3Error) {
        guard let bucket = self.existingBucket, bucket.features.isRequesterPays,
            self.principal.account?.id != bucket.owner
        else { return }
        guard self.principal != .anonymous, self.headers["x-amz-request-payer"]?.lowercased() == "requester" else {
            throw .accessDenied()
        }
        self.trace.noteRequesterPays()
    }

    /// The canonical ID of an account, as listings show it.
    package func canonicalID(of account: AccountID) async -> String {
        await self.accounts.account(account)?.canonicalID ?? ""
    }
}
