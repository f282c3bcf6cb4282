import NIOCore
package import TernControlPlane
package import TernCore
package import TernPorts

/// KMS over JSON 1.1 (specification §7).
package struct KeyManagementService: ControlService {
    let keys: KeyManager?
    private let region: RegionName
    private let regions: RegionMap

    private static let targetPrefix = "TrentService."

    /// - Parameters:
    ///   - keys: `nil` where there is no root key: then there are no keys.
    ///   - regions: Those of the federation.
    package init(keys: KeyManager?, region: RegionName, regions: RegionMap) {
        self.keys = keys
        self.region = region
        self.regions = regions
    }

    package var name: String { "kms" }

    package func admits(_ region: RegionName) -> Bool { region == self.region }

    /// The one that the request is signed for: Terraform replicates a key with the endpoint of the replica's region and
    /// the signature of the primary's.
    package func region(for head: HTTPRequestHead, body: [UInt8]) -> RegionName? {
        self.signedRegion(of: head, body: body, among: self.regions)
    }

    package func answer(_ request: ControlRequest) async -> HTTPAnswer {
        do throws(KeyServiceError) {
            guard let answer = try await self.perform(request) else { return Self.document(200, []) }
            return Self.document(200, answer.bytes)
        } catch {
            return Self.answer(error)
        }
    }

    private func perform(_ request: ControlRequest) async throws(KeyServiceError) -> JSONOutput? {
        guard request.head.method == "POST", let target = request.head.headers["x-amz-target"],
            target.hasPrefix(Self.targetPrefix),
            let operation = KMSOperation(rawValue: String(target.dropFirst(Self.targetPrefix.count)))
        else { throw KeyServiceError(code: "UnknownOperationException", message: "") }
        guard let keys = self.keys else { throw .noRootKey }
        guard let account = request.principal.account?.id else {
            throw KeyServiceError(code: "AccessDeniedException", message: "The caller has no account.")
        }
        var context = request.conditions
        context["aws:RequestedRegion"] = [self.region.description]
        let call = KMSCall(
            keys: keys,
            caller: KeyCaller(
                principal: request.principal, account: account, context: context, requestID: request.requestID),
            parameters: try KMSParameters(request.body))
        return try await call.perform(operation)
    }

    // MARK: Errors

    /// The codes of the JSON protocol for what is refused before the service is asked.
    package func answer(_ error: ControlError, requestID: String) -> HTTPAnswer {
        let code =
            switch error.code {
            case "InvalidClientTokenId": "UnrecognizedClientException"
            case "SignatureDoesNotMatch": "InvalidSignatureException"
            case "AccessDenied", "ExpiredToken", "MissingAuthenticationToken", "IncompleteSignature",
                "ServiceUnavailable":
                error.code + "Exception"
            default: error.code
            }
        return Self.answer(
            KeyServiceError(code: code, message: error.message), status: error.status == 403 ? 400 : error.status)
    }

    private static func answer(_ error: KeyServiceError, status: Int? = nil) -> HTTPAnswer {
        let body = JSONOutput.object([
            ("__type", .string(error.code)), ("message", error.message.isEmpty ? nil : .string(error.message)),
        ])
        return self.document(status ?? (error.code == "KMSInternalException" ? 500 : 400), body.bytes)
    }

    private static func document(_ status: Int, _ bytes: [UInt8]) -> HTTPAnswer {
        HTTPAnswer(
            status: status,
            headers: HeaderFields([.init(name: "content-type", value: "application/x-amz-json-1.1")]),
            body: .bytes(ByteBuffer(bytes: bytes)))
    }
}
