package import TernCore
import TernObjects
package import TernPorts
import TernS3Protocol
import TernSigV4

/// How requests through Multi-Region Access Points reach other regions.
package struct AccessPointRouting: Sendable {
    let forwarder: any RequestForwarder
    let distance: @Sendable (RegionName) -> Double?

    /// - Parameters:
    ///   - forwarder: Hands requests on: they are never redirected (MRP-14).
    ///   - distance: How far another region is away, in any unit; `nil` where that is not known.
    package init(
        forwarder: any RequestForwarder, distance: @escaping @Sendable (RegionName) -> Double?
    ) {
        self.forwarder = forwarder
        self.distance = distance
    }
}

extension Operation {
    /// Whether the operation is served through Multi-Region Access Points (MRP-13).
    var isOfAccessPoints: Bool { Self.namesOfAccessPoints.contains(self.name) }

    private static let namesOfAccessPoints: Set<String> = [
        "GetObject", "HeadObject", "PutObject", "DeleteObject", "CopyObject",
        "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging", "GetObjectAcl", "PutObjectAcl",
        "GetObjectRetention", "PutObjectRetention", "GetObjectLegalHold", "PutObjectLegalHold", "RestoreObject",
        "CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "AbortMultipartUpload",
        "ListParts", "ListMultipartUploads", "ListObjectsV2",
    ]
}

extension S3Responder {
    /// A Multi-Region Access Point as a request addressed it.
    enum AddressedAccessPoint {
        case known(MultiRegionAccessPoint)
        case unknown(String)
    }

    /// What an alias leads to; `nil` where it is none of an access point, as all names of buckets.
    func accessPoint(alias: String) -> AddressedAccessPoint? {
        guard alias.hasSuffix(AddressResolver.accessPointSuffix) else { return nil }
        return self.environment.accessPoints.multiRegionAccessPoint(alias: alias).map { .known($0) }
    }

    /// What an access point makes of a request that reached this region.
    enum AccessPointStep {
        /// The bucket behind it in this region.
        case here(bucket: String, owner: AccountID)
        case handOn(RegionName)
    }

    /// Where a request through an access point is answered (MRP-14, MRP-15).
    ///
    /// A region that another one handed the request on to answers it, whatever it knows of the routes itself: else a
    /// change that came to the two at different times would let the request fall between them.
    ///
    /// - Throws: `ServiceUnavailable` where it would have to be handed on once more.
    func step(
        through point: MultiRegionAccessPoint, _ head: HTTPRequestHead, target: RequestTarget
    ) throws(S3Error) -> AccessPointStep {
        let own = point.route(in: self.service.region)
        if head.isHandedOn, let own { return .here(bucket: own.bucket, owner: own.bucketAccount) }
        // The next page of a list of uploads comes from where its last one came from.
        let upload = (target["uploadId"] ?? target["upload-id-marker"]).flatMap { point.route(ofUpload: $0) }
        let distance = self.accessPointRouting?.distance ?? { _ in nil }
        guard let route = upload ?? point.destination(from: self.service.region, distance: distance) else {
            throw .noActiveRoute
        }
        if route.region == self.service.region { return .here(bucket: route.bucket, owner: route.bucketAccount) }
        if head.headers.contains(ForwardedRequest.markerHeader) { throw .noActiveRoute }
        return .handOn(route.region)
    }

    /// Refuses what no signature of the access point could be in, before it is handed on; whether the signature is right
    /// is seen where the bucket is (MRP-13).
    func checkSigned(_ head: HTTPRequestHead, target: RequestTarget) throws(S3Error) {
        let request = SignedRequest(method: head.method, target: target, headers: head.headers)
        let scheme: AuthenticationScheme
        do {
            try request.checkHeaderSectionSize()
            scheme = try AuthenticationScheme.detect(in: request, policy: AuthenticationPolicy(acceptsV2Query: false))
        } catch {
            throw S3Error(error)
        }
        if case .anonymous = scheme { throw .accessDenied() }
    }

    /// The region for which a request through an access point has to be signed: any of the federation.
    func expectedRegion(throughAccessPoint scheme: AuthenticationScheme) -> RegionName {
        switch scheme {
        case .v4Header(let parsed), .v4Query(let parsed):
            if parsed.admits(self.service.region) { return self.service.region }
            return self.configuration.regions.names.first { parsed.admits($0) } ?? self.service.region
        case .anonymous, .v2Header, .v2Query:
            return self.service.region
        }
    }

    /// The bucket behind an access point; one that another account made anew under its name is not it.
    func bucket(
        behind point: MultiRegionAccessPoint, name: String, owner: AccountID
    ) async throws(S3Error) -> BucketLocation {
        if case .here(let state)? = try await self.locate(name), state.owner == owner { return .here(state) }
        return .missing
    }
}

extension S3Error {
    fileprivate static let noActiveRoute = S3Error(
        code: "ServiceUnavailable", status: 503,
        message: "No active region of the Multi-Region Access Point can take the request. Please retry.")
}
