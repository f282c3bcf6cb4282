package import Logging
package import TernCore
package import TernObjects
package import TernPorts
import TernRecords
package import TernS3Protocol

/// What operations work with: the same for all requests of a region.
package final class CallEnvironment: Sendable {
    let service: ObjectService
    let accounts: any IdentityStore
    let uses: (any CredentialUses)?
    let publicAccess: any AccountPublicAccess
    let accessPoints: any MultiRegionAccessPoints
    /// Whom policies may name.
    let principals: any PrincipalDirectory
    let authorizer: any Authorizer
    let destinations: any DestinationLookup
    let remoteSources: any RemoteSourceReader
    /// Whether signatures of version 2 are taken.
    let acceptsSigV2: Bool
    /// Whether keys of customers must come over TLS, or from this machine.
    let customerKeysRequireTLS: Bool
    /// The regions of the federation.
    let regions: RegionMap
    /// Which hosts are buckets' own.
    let resolver: AddressResolver
    let logger: Logger

    init(
        service: ObjectService, accounts: any IdentityStore, uses: (any CredentialUses)?,
        publicAccess: any AccountPublicAccess, accessPoints: any MultiRegionAccessPoints,
        principals: any PrincipalDirectory, authorizer: any Authorizer,
        destinations: any DestinationLookup, remoteSources: any RemoteSourceReader, acceptsSigV2: Bool,
        customerKeysRequireTLS: Bool, regions: RegionMap, resolver: AddressResolver, logger: Logger
    ) {
        self.service = service
        self.accounts = accounts
        self.uses = uses
        self.publicAccess = publicAccess
        self.accessPoints = accessPoints
        self.principals = principals
        self.authorizer = authorizer
        self.destinations = destinations
        self.remoteSources = remoteSources
        self.acceptsSigV2 = acceptsSigV2
        self.customerKeysRequireTLS = customerKeysRequireTLS
        self.regions = regions
        self.resolver = resolver
        self.logger = logger
    }
}

extension CallEnvironment {
    /// What is blocked in a bucket: by itself, or by its account (spec s3-api §9.3).
    func publicAccessBlock(of bucket: BucketState) -> PublicAccessBlock {
        bucket.publicAccessBlock.union(self.publicAccess.publicAccessBlock(of: bucket.owner))
    }
}

/// One authenticated and authorized request, on its way through an operation.
package struct S3Call: Sendable {
    package let environment: CallEnvironment
    package var head: HTTPRequestHead
    package var target: RequestTarget
    /// The request's headers, with those that a presigned URL carries in its query (spec rule SIG-32).
    package var headers: HeaderFields
    package var principal: Principal
    package var authentication: RequestAuthentication
    package var requestID: String
    package var payload: RequestPayload
    /// The bucket's name, for operations on a bucket or object.
    package var bucketName: String
    /// The bucket, for operations that need it to exist.
    package var existingBucket: BucketState?
    package var objectKey: ObjectKey?
    /// What becomes known of the request, for its access log.
    package var trace: RequestTrace
    /// Whether the bucket stood in the host name.
    package var isVirtualHosted: Bool
    /// The access point that the request came through; the bucket is the one behind it in this region.
    package var accessPoint: MultiRegionAccessPoint?
    /// Condition keys that a request from inside the process brings with it.
    package var givenConditions: [String: [String]] = [:]
    /// Whether a request from inside the process may have archived bytes without a restore.
    package var readsArchives = false

    package var service: ObjectService { self.environment.service }
    package var accounts: any IdentityStore { self.environment.accounts }
    package var authorizer: any Authorizer { self.environment.authorizer }
    package var destinations: any DestinationLookup { self.environment.destinations }
    package var remoteSources: any RemoteSourceReader { self.environment.remoteSources }
    package var acceptsSigV2: Bool { self.environment.acceptsSigV2 }
    package var regions: Set<RegionName> { self.environment.regions.names }
    package var resolver: AddressResolver { self.environment.resolver }
    package var logger: Logger { self.environment.logger }

    /// Scheme and authority under which the client reached us, for `Location`.
    package var baseURL: String {
        "\(self.head.isSecure ? "https" : "http")://\(self.head.headers["host"] ?? "")"
    }

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
        // Services pay nothing.
        if case .service = self.principal { return }
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

    /// The account that began an upload. Source: Amazon S3 API Reference, Initiator; spec LST-8, §6.6.
    func write(initiator: AccountID, to xml: inout XMLWriter) async {
        let account = await self.accounts.account(initiator)
        xml.open("Initiator")
        xml.element("ID", account?.canonicalID ?? "")
        xml.element("DisplayName", account?.displayName ?? "")
        xml.close("Initiator")
    }
}
