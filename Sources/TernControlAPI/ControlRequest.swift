package import TernCore
package import TernPorts

/// A request to the control plane whose signature was verified.
package struct ControlRequest: Sendable {
    package var head: HTTPRequestHead
    package var body: [UInt8]
    package var principal: Principal
    package var accessKeyID: String
    /// For the answer's `x-amzn-RequestId` and documents: a UUID.
    package var requestID: String
    package var now: Timestamp

    package init(
        head: HTTPRequestHead, body: [UInt8], principal: Principal, accessKeyID: String, requestID: String,
        now: Timestamp
    ) {
        self.head = head
        self.body = body
        self.principal = principal
        self.accessKeyID = accessKeyID
        self.requestID = requestID
        self.now = now
    }

    /// The condition keys that follow from the connection (specification §6.1).
    package var conditions: [String: [String]] { Self.conditions(of: self.head) }

    static func conditions(of head: HTTPRequestHead) -> [String: [String]] {
        var context: [String: [String]] = ["aws:SecureTransport": [head.isSecure ? "true" : "false"]]
        if !head.remoteAddress.isEmpty { context["aws:SourceIp"] = [head.remoteAddress] }
        context["aws:UserAgent"] = head.headers["user-agent"].map { [$0] }
        return context
    }
}

/// An error of a control-plane service, as its protocol shows it.
package struct ControlError: Error, Hashable, Sendable {
    package var code: String
    package var status: Int
    package var message: String
    /// Further elements of the document, where the protocol has them.
    package var details: [Detail] = []

    package struct Detail: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(_ code: String, status: Int, message: String) {
        self.code = code
        self.status = status
        self.message = message
    }

    /// The service cannot answer now; clients try again.
    package static func unavailable(_ message: String) -> ControlError {
        ControlError("ServiceUnavailable", status: 503, message: message)
    }

    package static func accessDenied(_ message: String) -> ControlError {
        ControlError("AccessDenied", status: 403, message: message)
    }
}

/// One service of the control plane: IAM, STS, KMS, CloudWatch.
package protocol ControlService: Sendable {
    /// In the credential scope of requests: `iam`, `sts`, `kms`, `monitoring`.
    var name: String { get }

    /// What the service is found by; its name, unless that is another service's too.
    var key: String { get }

    /// Whether a request may be signed for this region.
    func admits(_ region: RegionName) -> Bool

    /// The region whose answer it is, if not this one: the request is handed on as it came. `nil` to answer here.
    func region(for head: HTTPRequestHead, body: [UInt8]) async -> RegionName?

    func answer(_ request: ControlRequest) async -> HTTPAnswer

    /// The answer to a request that nobody signed; `nil` where it has to be signed.
    func answerUnsigned(_ head: HTTPRequestHead, body: [UInt8], requestID: String) async -> HTTPAnswer?

    /// An error in the form of the service's protocol.
    func answer(_ error: ControlError, requestID: String) -> HTTPAnswer

    /// The same, where the service has several protocols: in that of the request.
    func answer(_ error: ControlError, to head: HTTPRequestHead, requestID: String) -> HTTPAnswer
}

extension ControlService {
    package var key: String { self.name }

    package func answer(_ error: ControlError, to head: HTTPRequestHead, requestID: String) -> HTTPAnswer {
        self.answer(error, requestID: requestID)
    }

    package func answerUnsigned(_ head: HTTPRequestHead, body: [UInt8], requestID: String) async -> HTTPAnswer? { nil }
}
