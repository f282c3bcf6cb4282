package import Logging
import NIOCore
import TernCore
package import TernObjects
package import TernPorts
import TernRecords
package import TernS3Protocol
import TernSigV4

/// Answers S3 requests: parse → recognise → authenticate → find the bucket → authorize → perform (spec rule ERR-3).
///
/// A class, because each request would copy a struct of so many parts.
package final class S3Responder: HTTPResponder, RoleRequestResponder {
    package struct Configuration: Sendable {
        /// Base domains of virtual-hosted requests, without ports.
        package var baseDomains: [String]
        /// The federation's regions and their S3 endpoints, for redirects; this one among them.
        package var regions: RegionMap
        package var acceptsSigV2Query: Bool
        /// Whether keys of customers (SSE-C) must come over TLS, or from this machine.
        package var customerKeysRequireTLS: Bool

        package init(
            baseDomains: [String], regions: RegionMap, acceptsSigV2Query: Bool = true,
            customerKeysRequireTLS: Bool = true
        ) {
            self.customerKeysRequireTLS = customerKeysRequireTLS
            self.baseDomains = baseDomains
            self.regions = regions
            self.acceptsSigV2Query = acceptsSigV2Query
        }
    }

    let service: ObjectService
    let identities: any IdentityStore
    let authorizer: any Authorizer
    let forwarder: (any RequestForwarder)?
    let accessPointRouting: AccessPointRouting?
    let configuration: Configuration
    let resolver: AddressResolver
    let keys = SigningKeyCache()
    let activity: ClientActivity
    let accessLog: AccessLog
    /// How the requests of each operation ended.
    package let requests = OperationCounts()
    let logger: Logger
    let environment: CallEnvironment

    /// - Parameters:
    ///   - forwarder: Hands requests on to the regions of their buckets; `nil` where clients are redirected.
    ///   - accessPointRouting: Hands requests through Multi-Region Access Points on; `nil` where nothing does.
    package init(
        service: ObjectService,
        identities: any IdentityStore,
        publicAccess: any AccountPublicAccess,
        accessPoints: any MultiRegionAccessPoints,
        principals: any PrincipalDirectory,
        authorizer: any Authorizer,
        destinations: any DestinationLookup,
        remoteSources: any RemoteSourceReader,
        forwarder: (any RequestForwarder)?,
        accessPointRouting: AccessPointRouting?,
        configuration: Configuration,
        activity: ClientActivity = ClientActivity(),
        accessLog: AccessLog = AccessLog(),
        uses: (any CredentialUses)? = nil,
        logger: Logger
    ) {
        self.service = service
        self.identities = identities
        self.authorizer = authorizer
        self.forwarder = forwarder
        self.accessPointRouting = accessPointRouting
        self.configuration = configuration
        self.activity = activity
        self.accessLog = accessLog
        let regions = configuration.regions
        self.resolver = AddressResolver(
            baseDomains: configuration.baseDomains,
            isRegion: { RegionName($0).map(regions.contains) ?? false })
        self.logger = logger
        self.environment = CallEnvironment(
            service: service, accounts: identities, uses: uses, publicAccess: publicAccess,
            accessPoints: accessPoints, principals: principals, authorizer: authorizer, destinations: destinations,
            remoteSources: remoteSources, acceptsSigV2: configuration.acceptsSigV2Query,
            customerKeysRequireTLS: configuration.customerKeysRequireTLS, regions: regions,
            resolver: self.resolver, logger: logger)
    }

    package func respond(to head: HTTPRequestHead, body: any HTTPRequestBody) async -> HTTPAnswer {
        self.activity.requestBegan(after: head.pause)
        defer { self.activity.requestEnded() }
        return await self.respond(to: head, body: body, actor: nil)
    }

    /// As a client's, but that clients go before it.
    package func respond(
        to head: HTTPRequestHead, body: any HTTPRequestBody, as inside: InsideRequest
    ) async -> HTTPAnswer {
        await self.respond(to: head, body: body, actor: inside)
    }

    /// - Parameter actor: Who makes the request, where no signature has to say it.
    private func respond(
        to head: HTTPRequestHead, body: any HTTPRequestBody, actor: InsideRequest?
    ) async -> HTTPAnswer {
        let requestID = RequestID.make(self.service.clock.randomBits())
        let hostID = RequestID.hostID(self.service.clock.randomBits(), self.service.clock.randomBits())
        let began = self.service.clock.now
        let start = ContinuousClock.now
        let trace = RequestTrace(head: head, requestID: requestID, hostID: hostID)
        var errorCode: String?
        var answer: HTTPAnswer
        do {
            answer = try await self.answer(to: head, body: body, requestID: requestID, trace: trace, actor: actor)
        } catch {
            errorCode = error.code
            answer = self.render(error, method: head.method, requestID: requestID, hostID: hostID)
            self.log(error, head: head, requestID: requestID)
        }
        let known = trace.known
        self.requests.add(known.operation, status: answer.status, duration: ContinuousClock.now - start)
        // A forwarded request has the IDs under which the other region's log tells of it.
        if answer.headers.contains("x-amz-request-id") { return answer }
        answer.headers.append("x-amz-request-id", requestID)
        answer.headers.append("x-amz-id-2", hostID)
        answer.headers.append("server", "Tern")
        guard let bucket = known.bucket else { return answer }
        if known.isRequesterCharged, answer.status < 300 {
            answer.headers.append("x-amz-request-charged", "requester")
        }
        if let cors = bucket.features.cors { Self.appendCrossOrigin(cors, head: head, to: &answer) }
        guard let logging = bucket.features.logging else { return answer }
        return await self.logged(
            answer, to: head, known: known, bucket: bucket, logging: logging, errorCode: errorCode, began: began)
    }

    private func log(_ error: S3Error, head: HTTPRequestHead, requestID: String) {
        let level: Logger.Level = error.status >= 500 && error.status != 501 ? .error : .info
        self.logger.log(
            level: level, "request refused",
            metadata: [
                "request-id": "\(requestID)", "method": "\(head.method)", "target": "\(head.target)",
                "status": "\(error.status)", "code": "\(error.code)", "peer": "\(head.remoteAddress)",
            ])
    }

    /// The error document; none for HEAD, whose clients see the status only (spec rule ERR-2).
    private func render(_ error: S3Error, method: String, requestID: String, hostID: String) -> HTTPAnswer {
        var headers = error.headers
        headers.set("content-type", "application/xml")
        if method == "HEAD" { return HTTPAnswer(status: error.status, headers: headers) }
        let document = error.document(requestID: requestID, hostID: hostID)
        return HTTPAnswer(status: error.status, headers: headers, body: .bytes(ByteBuffer(bytes: document)))
    }

    // MARK: The way of a request

    private func answer(
        to head: HTTPRequestHead, body: any HTTPRequestBody, requestID: String, trace: RequestTrace,
        actor: InsideRequest?
    ) async throws(S3Error) -> HTTPAnswer {
        guard let target = RequestTarget(head.target) else { throw .invalidURI(head.target) }
        var place = try await self.place(of: head, target: target)
        if head.method == "OPTIONS", place.accessPoint == nil {
            var bucket: BucketState?
            switch try await self.locate(place.bucket) {
            case .here(let state): bucket = state
            case .elsewhere(let region):
                // Browsers do not follow the redirect of a preflight.
                guard self.forwarder != nil, !head.headers.contains(ForwardedRequest.markerHeader) else {
                    throw self.redirect(place.bucket ?? "", region: region)
                }
                return try await self.forward(head, body: body, to: region, by: self.forwarder)
            case .missing, nil: break
            }
            trace.note(bucket: bucket, key: place.key, operation: nil)
            return try self.preflight(head, place: place, bucket: bucket)
        }
        guard
            let operation = OperationTable.match(
                method: head.method, resource: place.resource, target: target, headers: head.headers),
            place.accessPoint == nil || operation.isOfAccessPoints
        else { throw .methodNotAllowed(head.method, on: place.errorResource) }

        let location: BucketLocation?
        switch place.accessPoint {
        case .known(let point):
            switch try self.step(through: point, head, target: target) {
            case .handOn(let region):
                try self.checkSigned(head, target: target)
                return try await self.forward(head, body: body, to: region, by: self.accessPointRouting?.forwarder)
            case .here(let bucket, let owner):
                place.bucket = bucket
                location = try await self.bucket(behind: point, name: bucket, owner: owner)
                trace.note(accessPoint: point)
            }
        case .unknown:
            location = nil
        case nil:
            location = try await self.locate(place.bucket)
            if let region = self.forwardingTarget(of: head, target: target, operation: operation, location: location) {
                return try await self.forward(head, body: body, to: region, by: self.forwarder)
            }
        }
        if case .here(let state) = location {
            trace.note(bucket: state, key: place.key, operation: operation)
        } else {
            trace.note(bucket: nil, key: place.key, operation: operation)
        }
        let caller: Caller
        do {
            if let actor {
                caller = Caller(principal: actor.principal, payload: .unsigned, signing: nil, hoistedHeaders: [])
            } else {
                caller = try await self.authenticate(head, target: target, place: place, location: location)
            }
        } catch {
            self.note(error, head, target: target, operation: operation, requestID: requestID)
            throw self.withRegion(error, operation: operation, location: location)
        }
        trace.note(
            principal: caller.principal, signature: caller.signatureVersion,
            authentication: caller.authenticationType)
        switch place.accessPoint {
        case .unknown(let alias): throw .noSuchMultiRegionAccessPoint(alias)
        case .known where caller.principal == .anonymous: throw .accessDenied()
        case .known, nil: break
        }
        guard let perform = operation.perform else {
            if caller.principal == .anonymous {
                try AnonymousRequest.check(operation, target: target)
                throw .accessDenied()
            }
            throw .notImplemented
        }
        if caller.payload.isStreaming, !operation.acceptsStreams { throw S3Error(SigningError.streamingNotAllowed) }
        if head.headers.contains("x-amz-copy-source"), operation.route.header == nil { throw .copySourceOnOtherRequest }

        var bucket: BucketState?
        switch location {
        case .here(let state): bucket = state
        case .elsewhere(let region):
            // CreateBucket decides by itself what an existing name means.
            if operation.needsBucket { throw self.redirect(place.bucket ?? "", region: region) }

        case .missing, nil:
            if operation.needsBucket { throw .noSuchBucket(place.bucket ?? "") }
        }
        if let expected = head.headers["x-amz-expected-bucket-owner"] { try self.checkOwner(expected, bucket: bucket) }
        var call = S3Call(
            environment: self.environment, head: head, target: target, headers: head.headers,
            principal: caller.principal, authentication: caller.authentication, requestID: requestID,
            payload: RequestPayload(
                head: head, body: body, mode: caller.payload, signing: caller.signing,
                acceptsStreams: operation.acceptsStreams),
            bucketName: place.bucket ?? "", existingBucket: bucket, objectKey: place.key, trace: trace,
            isVirtualHosted: place.isVirtualHosted)
        if case .known(let point) = place.accessPoint { call.accessPoint = point }
        if let actor {
            call.givenConditions = actor.conditions
            call.readsArchives = actor.readsArchives
        }
        for field in caller.hoistedHeaders { call.headers.append(field.name, field.value) }
        if operation.authenticatesItself { return try await perform(call) }
        if caller.principal == .anonymous { try AnonymousRequest.check(operation, target: target) }
        do {
            try call.checkRequesterPays()
            if !operation.authorizesItself { try await self.authorize(operation, call: call, bucket: bucket) }
        } catch {
            throw self.withRegion(error, operation: operation, location: location)
        }
        return try await perform(call)
    }

    /// What the address of a request leads to.
    struct Place {
        var resource: Route.Resource
        var bucket: String?
        var key: ObjectKey?
        var isVirtualHosted: Bool
        /// The Multi-Region Access Point that was addressed; the bucket becomes known when its route is.
        var accessPoint: AddressedAccessPoint?

        var errorResource: S3Error.ResourceType {
            switch self.resource {
            case .service: .service
            case .bucket: .bucket
            case .object: .object
            }
        }
    }

    private func place(of head: HTTPRequestHead, target: RequestTarget) async throws(S3Error) -> Place {
        var address = try self.resolver.resolve(host: head.headers["host"], rawPath: target.rawPath)
        if let name = self.resolver.foreignHost(head.headers["host"]),
            case .here? = try await self.locate(name.description)
        {
            address = try self.resolver.resolve(cname: name, rawPath: target.rawPath)
            if case .bucket = address {
                return Place(resource: .bucket, bucket: name.description, key: nil, isVirtualHosted: true)
            }
        }
        switch address {
        case .accessPoint(let alias, let key):
            return Place(
                resource: key == nil ? .bucket : .object, bucket: nil, key: key, isVirtualHosted: true,
                accessPoint: self.accessPoint(alias: alias) ?? .unknown(alias))
        case .service:
            return Place(resource: .service, bucket: nil, key: nil, isVirtualHosted: false)
        case .bucket(let name):
            return Place(
                resource: .bucket, bucket: name, key: nil, isVirtualHosted: target.rawPath == "/",
                accessPoint: self.accessPoint(alias: name))
        case .object(let name, let key):
            let isPathStyle = target.rawPath.hasPrefix("/\(name)/")
            return Place(
                resource: .object, bucket: name, key: key, isVirtualHosted: !isPathStyle,
                accessPoint: self.accessPoint(alias: name))
        case .other:
            throw .notImplemented
        }
    }

    /// Where the named bucket is.
    enum BucketLocation {
        case here(BucketState)
        case elsewhere(RegionName)
        case missing
    }

    func locate(_ name: String?) async throws(S3Error) -> BucketLocation? {
        guard let name else { return nil }
        do {
            switch try await self.service.registry.locate(name) {
            case .here(let state): return .here(state)
            case .elsewhere(let record): return .elsewhere(RegionName(trusted: record.region))
            }
        } catch  where error.code == "NoSuchBucket" {
            return .missing
        }
    }

    private func redirect(_ bucket: String, region: RegionName) -> S3Error {
        .permanentRedirect(
            bucket: bucket, endpoint: self.configuration.regions[region] ?? region.description, region: region)
    }

    /// RGN-3: HeadBucket tells the bucket's region even to those whom it refuses.
    private func withRegion(_ error: S3Error, operation: Operation, location: BucketLocation?) -> S3Error {
        guard operation.name == "HeadBucket" else { return error }
        switch location {
        case .here: return error.withHeader("x-amz-bucket-region", self.service.region.description)
        case .elsewhere(let region): return error.withHeader("x-amz-bucket-region", region.description)
        case .missing, nil: return error
        }
    }

    private func checkOwner(_ expected: String, bucket: BucketState?) throws(S3Error) {
        guard let account = AccountID(expected) else { throw .invalidBucketOwner(expected) }
        if let bucket, bucket.owner != account { throw .accessDenied() }
    }

    private func authorize(_ operation: Operation, call: S3Call, bucket: BucketState?) async throws(S3Error) {
        let action = operation.action(call.target.has("versionId"))
        if operation.needsBucket, let bucket {
            try await call.authorize(action, bucket: bucket, key: call.objectKey)
            return
        }
        // Whoever has a bucket of the name: creating one is a matter of the caller's own account.
        let resource = call.bucketName.isEmpty ? "*" : call.bucketName
        try await call.authorizeInOwnAccount(action, resource: "arn:aws:s3:::\(resource)")
    }
}
