import TernCore
import TernObjects
import TernPorts
import TernS3Protocol
import TernSigV4

/// Who makes a request, and what the signature says of its body.
struct Caller: Sendable {
    var principal: Principal
    var payload: PayloadMode
    var signing: SigningContext?
    var hoistedHeaders: [HeaderFields.Field]
    /// `nil` for anonymous requests.
    var mechanism: VerifiedRequest.Mechanism?

    /// As conditions of policies name it.
    var authentication = RequestAuthentication()

    /// As access logs name it; empty for anonymous requests.
    var signatureVersion: String {
        switch self.mechanism {
        case .v4Header, .v4Query, .v4aHeader, .v4aQuery: "SigV4"
        case .v2Header, .v2Query: "SigV2"
        case nil: ""
        }
    }

    /// As access logs name it; empty for anonymous requests.
    var authenticationType: String {
        switch self.mechanism {
        case .v4Header, .v4aHeader, .v2Header: "AuthHeader"
        case .v4Query, .v4aQuery, .v2Query: "QueryString"
        case nil: ""
        }
    }
}

extension S3Responder {
    /// Verifies the request's signature (spec §2), against the bucket's region if there is a bucket (RGN-5).
    func authenticate(
        _ head: HTTPRequestHead, target: RequestTarget, place: Place, location: BucketLocation?
    ) async throws(S3Error) -> Caller {
        let request = SignedRequest(
            method: head.method, target: target, headers: head.headers,
            virtualHostBucket: place.isVirtualHosted ? place.bucket : nil)
        let scheme: AuthenticationScheme
        do {
            try request.checkHeaderSectionSize()
            let policy = AuthenticationPolicy(
                acceptsV2Query: self.configuration.acceptsSigV2Query && place.accessPoint == nil)
            scheme = try AuthenticationScheme.detect(in: request, policy: policy)
        } catch {
            throw S3Error(error)
        }
        if case .anonymous = scheme {
            return Caller(
                principal: .anonymous, payload: try AnonymousRequest.payload(head.headers), signing: nil,
                hoistedHeaders: [])
        }
        let region =
            place.accessPoint == nil
            ? self.expectedRegion(scheme, location) : self.expectedRegion(throughAccessPoint: scheme)
        do {
            return try await self.verify(scheme, request: request, region: region, now: self.service.clock.now)
        } catch {
            throw S3Error(error)
        }
    }

    /// Has it noted that the caller of a request did not prove who it is.
    func note(
        _ error: S3Error, _ head: HTTPRequestHead, target: RequestTarget, operation: Operation, requestID: String
    ) {
        let request = SignedRequest(method: head.method, target: target, headers: head.headers)
        let policy = AuthenticationPolicy(acceptsV2Query: self.configuration.acceptsSigV2Query)
        let scheme = try? AuthenticationScheme.detect(in: request, policy: policy)
        self.authorizer.note(
            FailedAuthentication(
                error, head: head, accessKeyID: scheme?.accessKeyID ?? "", operation: operation.name,
                requestID: requestID))
    }

    /// A bucket elsewhere is answered with a redirect, for which a signature of either region will do.
    private func expectedRegion(_ scheme: AuthenticationScheme, _ location: BucketLocation?) -> RegionName {
        guard case .elsewhere(let region) = location else { return self.service.region }
        switch scheme {
        case .v4Header(let parsed), .v4Query(let parsed):
            return parsed.admits(region) ? region : self.service.region
        case .anonymous, .v2Header, .v2Query:
            return self.service.region
        }
    }

    private func verify(
        _ scheme: AuthenticationScheme, request: SignedRequest, region: RegionName, now: Timestamp
    ) async throws(SigningError) -> Caller {
        // Anonymous requests do not come here.
        guard let accessKeyID = scheme.accessKeyID else { throw .invalidAccessKeyID("") }
        // The faults that need no secret come before an unknown key.
        switch scheme {
        case .v4Header(let parsed), .v4Query(let parsed): try parsed.validate(expectedRegion: region, now: now)
        case .v2Header(let parsed), .v2Query(let parsed): try parsed.validate(now: now)
        case .anonymous: break
        }
        let key = try await self.identities.key(accessKeyID, sessionToken: scheme.securityToken)
        let verified: VerifiedRequest
        switch scheme {
        case .v4Header(let parsed), .v4Query(let parsed):
            verified = try parsed.verify(request, secret: key.secret, expectedRegion: region, now: now, keys: self.keys)
        case .v2Header(let parsed), .v2Query(let parsed):
            verified = try parsed.verify(request, secret: key.secret, now: now)
        case .anonymous:
            throw .invalidAccessKeyID(accessKeyID)
        }
        self.environment.uses?.note(key.principal, accessKeyID: accessKeyID, service: "s3")
        return Caller(
            principal: key.principal, payload: verified.payload, signing: verified.signing,
            hoistedHeaders: verified.hoistedHeaders, mechanism: verified.mechanism,
            authentication: RequestAuthentication(
                type: verified.mechanism.authType, version: verified.mechanism.signatureVersion,
                presignedAt: verified.mechanism.authType == "REST-QUERY-STRING" ? verified.signedAt : nil))
    }
}

extension IdentityStore {
    /// The access key with its session token; an unknown key, a wrong token and an expired one each have their own error.
    func key(_ id: String, sessionToken: String?) async throws(SigningError) -> AccessKey {
        let token = sessionToken?.isEmpty == false ? sessionToken : nil
        let key: AccessKey?
        do throws(SessionTokenProblem) {
            key = try await self.accessKey(id, sessionToken: token)
        } catch {
            switch error {
            case .invalid: throw .invalidToken(token ?? "")
            case .expired: throw .expiredToken(token ?? "")
            }
        }
        guard let key else { throw .invalidAccessKeyID(id) }
        return key
    }
}

extension FailedAuthentication {
    init(_ error: S3Error, head: HTTPRequestHead, accessKeyID: String, operation: String, requestID: String) {
        var context: [String: [String]] = [:]
        if let address = head.clientAddress { context["aws:SourceIp"] = [address] }
        context["aws:UserAgent"] = head.headers["user-agent"].map { [$0] }
        self.init(
            code: error.code, message: error.message, accessKeyID: accessKeyID, action: "s3:" + operation,
            requestID: requestID, context: context)
    }
}
