import Synchronization
import TernCore
package import TernObjects
import TernPorts

/// What becomes known of a request on its way: its answer, whatever that is, needs some of it for CORS, and its access
/// log the rest.
package final class RequestTrace: EventOrigin {
    struct State: Sendable {
        var bucket: BucketState?
        var operation: Operation?
        var key: ObjectKey?
        var principal = Principal.anonymous
        /// Empty for anonymous requests.
        var signatureVersion = ""
        var authenticationType = ""
        var isRequesterCharged = false
        /// The ARN of the access point that the request came through; empty without.
        var accessPoint = ""
    }

    private let state = Mutex(State())
    private let head: HTTPRequestHead
    private let requestID: String
    private let hostID: String

    init(head: HTTPRequestHead, requestID: String, hostID: String) {
        self.head = head
        self.requestID = requestID
        self.hostID = hostID
    }

    /// Whom events name as their cause.
    package var eventRequester: EventRequester {
        EventRequester(
            principal: self.known.principal, sourceAddress: S3Responder.withoutPort(self.head.remoteAddress),
            requestID: self.requestID, hostID: self.hostID, traceHeader: self.head.headers["x-amzn-trace-id"] ?? "")
    }

    var known: State { self.state.withLock { $0 } }

    func note(bucket: BucketState?, key: ObjectKey?, operation: Operation?) {
        self.state.withLock { state in
            state.bucket = bucket
            state.key = key
            state.operation = operation
        }
    }

    func note(key: ObjectKey) {
        self.state.withLock { $0.key = key }
    }

    func note(principal: Principal, signature: String, authentication: String) {
        self.state.withLock { state in
            state.principal = principal
            state.signatureVersion = signature
            state.authenticationType = authentication
        }
    }

    func note(accessPoint: MultiRegionAccessPoint) {
        self.state.withLock { $0.accessPoint = accessPoint.arn }
    }

    func noteRequesterPays() {
        self.state.withLock { $0.isRequesterCharged = true }
    }
}
