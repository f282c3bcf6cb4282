package import Logging
import NIOCore
import Synchronization
import TernChecksums
package import TernCore
package import TernPorts
import TernSigV4

/// Answers what is signed for a service of the control plane: one port serves them all beside S3 (specification §1).
package final class ControlResponder: Sendable {
    /// The largest body, in bytes: policies and a little more.
    private static let maximumBodyByteCount = 1 << 20

    private let services: [String: any ControlService]
    private let region: RegionName
    private let identities: any IdentityStore
    private let authorizer: any Authorizer
    private let forwarder: any RequestForwarder
    private let clock: any WallClock
    private let random: any RandomSource
    private let logger: Logger
    private let uses: (any CredentialUses)?
    private let keys = SigningKeyCache(capacity: 256)

    /// - Parameter forwarder: Hands on what another region has to answer.
    package init(
        services: [any ControlService], region: RegionName, identities: any IdentityStore,
        authorizer: any Authorizer, forwarder: any RequestForwarder, clock: any WallClock, random: any RandomSource,
        uses: (any CredentialUses)? = nil, logger: Logger
    ) {
        self.uses = uses
        self.services = Dictionary(services.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        self.region = region
        self.identities = identities
        self.authorizer = authorizer
        self.forwarder = forwarder
        self.clock = clock
        self.random = random
        self.logger = logger
    }

    /// The answer; `nil` for a request that is none of the control plane's.
    package func respond(to head: HTTPRequestHead, body: any HTTPRequestBody) async -> HTTPAnswer? {
        guard let (service, target) = self.service(for: head) else { return nil }
        let requestID = RandomUUID.make(self.random)
        var answer: HTTPAnswer
        do throws(ControlError) {
            answer = try await self.answer(head, target: target, body: body, service: service, requestID: requestID)
        } catch {
            answer = service.answer(error, to: head, requestID: requestID)
            self.logger.info(
                "request refused",
                metadata: ["service": "\(service.name)", "code": "\(error.code)", "request-id": "\(requestID)"])
        }
        answer.headers.set("x-amzn-requestid", requestID)
        return answer
    }

    /// By the service that the request is signed for; S3 Control, which is signed for S3, by its path and the header that
    /// all its requests have (BR-API-1).
    private func service(for head: HTTPRequestHead) -> (any ControlService, RequestTarget)? {
        if head.target.hasPrefix(S3ControlService.pathPrefix), head.headers.contains(S3ControlService.accountHeader) {
            guard let control = self.services[S3ControlService.key], let target = RequestTarget(head.target) else {
                return nil
            }
            return (control, target)
        }
        let isRemoteCall = CloudWatchService.owns(head.target)
        guard head.target == "/" || head.target.hasPrefix("/?") || isRemoteCall,
            let target = RequestTarget(head.target)
        else { return nil }
        let name =
            AuthenticationScheme.service(
                of: SignedRequest(method: head.method, target: target, headers: head.headers))
            ?? (Self.isUnsignedForm(head) ? "sts" : "")
        guard let service = self.services[name], !isRemoteCall || service is CloudWatchService else { return nil }
        return (service, target)
    }

    /// Whether it has the form of a request to STS that nobody signed. S3 knows no such request.
    private static func isUnsignedForm(_ head: HTTPRequestHead) -> Bool {
        guard head.method == "POST", head.target == "/", !head.headers.contains("authorization") else { return false }
        let type = head.headers["content-type"]?.lowercased() ?? ""
        return type.hasPrefix("application/x-www-form-urlencoded")
    }

    private func answer(
        _ head: HTTPRequestHead, target: RequestTarget, body: any HTTPRequestBody, service: any ControlService,
        requestID: String
    ) async throws(ControlError) -> HTTPAnswer {
        let bytes = try await self.read(body)
        if let region = await service.region(for: head, body: bytes), region != self.region,
            !head.headers.contains(ForwardedRequest.markerHeader)
        {
            return try await self.forward(head, bytes, to: region)
        }
        if !head.headers.contains("authorization"),
            let answer = await service.answerUnsigned(head, body: bytes, requestID: requestID)
        {
            return answer
        }
        let (principal, accessKeyID): (Principal, String)
        do throws(ControlError) {
            (principal, accessKeyID) = try await self.authenticate(head, target: target, body: bytes, service: service)
        } catch {
            self.note(error, head, target: target, body: bytes, service: service, requestID: requestID)
            throw error
        }
        self.uses?.note(principal, accessKeyID: accessKeyID, service: service.name)
        return await service.answer(
            ControlRequest(
                head: head, body: bytes, principal: principal, accessKeyID: accessKeyID, requestID: requestID,
                now: self.clock.now))
    }

    private func read(_ body: any HTTPRequestBody) async throws(ControlError) -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            while let chunk = try await body.next() {
                if bytes.count + chunk.readableBytes > Self.maximumBodyByteCount {
                    throw ControlError("RequestEntityTooLarge", status: 413, message: "The request is too large.")
                }
                bytes.append(contentsOf: chunk.readableBytesView)
            }
            return bytes
        } catch let error as ControlError {
            throw error
        } catch {
            throw ControlError("RequestTimeout", status: 400, message: "The request was not received in time.")
        }
    }

    private func forward(
        _ head: HTTPRequestHead, _ bytes: [UInt8], to region: RegionName
    ) async throws(ControlError) -> HTTPAnswer {
        do throws(ForwardingError) {
            return try await self.forwarder.forward(head, body: BufferedBody(bytes), to: region)
        } catch {
            throw .unavailable(
                "The region \(region) has to answer this request, and it cannot be reached. Please retry.")
        }
    }

    private func authenticate(
        _ head: HTTPRequestHead, target: RequestTarget, body: [UInt8], service: any ControlService
    ) async throws(ControlError) -> (Principal, String) {
        let request = SignedRequest(method: head.method, target: target, headers: head.headers)
        let digest = SHA256Hasher.hash(body)
        var policy = AuthenticationPolicy(service: service.name, acceptsV2Query: false)
        policy.bodySHA256 = digest
        do throws(SigningError) {
            let scheme = try AuthenticationScheme.detect(in: request, policy: policy)
            let parsed: ParsedV4
            switch scheme {
            case .v4Header(let header): parsed = header
            case .v4Query(let query): parsed = query
            case .anonymous, .v2Header, .v2Query:
                throw SigningError(
                    "MissingAuthenticationToken", status: 403,
                    message: "Request is missing Authentication Token")
            }
            guard let region = RegionName(parsed.credential.region), service.admits(region) else {
                throw SigningError(
                    "SignatureDoesNotMatch", status: 403,
                    message: "Credential should be scoped to a valid region.")
            }
            try parsed.validate(expectedRegion: region, now: self.clock.now)
            let id = parsed.credential.accessKeyID
            let key = try await self.key(id, sessionToken: parsed.securityToken)
            let verified = try parsed.verify(
                request, secret: key.secret, expectedRegion: region, now: self.clock.now, keys: self.keys)
            // Unsigned bodies are for streams of objects only.
            guard case .sha256(let signed) = verified.payload, signed == digest else {
                throw SigningError(
                    "SignatureDoesNotMatch", status: 403,
                    message:
                        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
                )
            }
            return (key.principal, id)
        } catch {
            throw Self.queryForm(of: error)
        }
    }

    /// Has it noted that the caller of a request did not prove who it is.
    private func note(
        _ error: ControlError, _ head: HTTPRequestHead, target: RequestTarget, body: [UInt8],
        service: any ControlService, requestID: String
    ) {
        let signed = SignedRequest(method: head.method, target: target, headers: head.headers)
        var policy = AuthenticationPolicy(service: service.name, acceptsV2Query: false)
        policy.bodySHA256 = SHA256Hasher.hash(body)
        let scheme = try? AuthenticationScheme.detect(in: signed, policy: policy)
        self.authorizer.note(
            FailedAuthentication(
                code: error.code, message: error.message, accessKeyID: scheme?.accessKeyID ?? "",
                action: service.name + ":" + Self.operationName(head, body: body), requestID: requestID,
                context: ControlRequest.conditions(of: head)))
    }

    /// What the request asks for, as far as it says so in the way of these services.
    private static func operationName(_ head: HTTPRequestHead, body: [UInt8]) -> String {
        let name: String
        if let target = head.headers["x-amz-target"] {
            name = target.split(separator: ".").last.map(String.init) ?? target
        } else if let action = (try? QueryParameters(head: head, body: body))?["Action"] {
            name = action
        } else {
            name = head.method + " " + head.target.prefix { $0 != "?" }
        }
        return String(name.prefix(Self.maximumNameLength))
    }

    /// Anybody can send a name.
    private static let maximumNameLength = 128

    private func key(_ id: String, sessionToken: String?) async throws(SigningError) -> AccessKey {
        let unknown = SigningError(
            "InvalidClientTokenId", status: 403, message: "The security token included in the request is invalid.")
        let token = sessionToken?.isEmpty == false ? sessionToken : nil
        let key: AccessKey?
        do throws(SessionTokenProblem) {
            key = try await self.identities.accessKey(id, sessionToken: token)
        } catch {
            switch error {
            case .invalid: throw unknown
            case .expired:
                throw SigningError(
                    "ExpiredToken", status: 403, message: "The security token included in the request is expired")
            }
        }
        guard let key else { throw unknown }
        return key
    }

    /// IAM-6: the codes of these services differ from S3's.
    private static func queryForm(of error: SigningError) -> ControlError {
        switch error.code {
        case "SignatureDoesNotMatch", "InvalidClientTokenId", "ExpiredToken", "MissingAuthenticationToken":
            ControlError(error.code, status: 403, message: error.message)
        case "RequestTimeTooSkewed":
            ControlError("SignatureDoesNotMatch", status: 403, message: error.message)
        default:
            ControlError("IncompleteSignature", status: 400, message: error.message)
        }
    }
}

/// A body that was read already.
private final class BufferedBody: HTTPRequestBody {
    private let bytes: Mutex<ByteBuffer?>

    init(_ bytes: [UInt8]) { self.bytes = Mutex(ByteBuffer(bytes: bytes)) }

    func next() async throws -> ByteBuffer? { self.bytes.withLock { $0.take() } }
}
