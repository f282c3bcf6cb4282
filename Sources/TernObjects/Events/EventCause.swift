import TernCore
package import TernPorts

/// What events say of whoever caused them.
package struct EventRequester: Sendable {
    /// `nil` for what the server did by itself.
    package var principal: Principal?
    package var sourceAddress: String
    package var requestID: String
    package var hostID: String
    /// `X-Amzn-Trace-Id`; empty where the request had none.
    package var traceHeader: String

    package init(
        principal: Principal?, sourceAddress: String = "", requestID: String = "", hostID: String = "",
        traceHeader: String = ""
    ) {
        self.principal = principal
        self.sourceAddress = sourceAddress
        self.requestID = requestID
        self.hostID = hostID
        self.traceHeader = traceHeader
    }

    /// `userIdentity.principalId` (spec s3-api NTF-21); empty for what the server did by itself.
    var principalID: String {
        switch self.principal {
        case nil, .service?: ""
        case .anonymous?: "Anonymous"
        case let principal?: "AWS:\(principal.userID)"
        }
    }

    /// The account or service that asked, as the EventBridge names it (NTF-26); empty for the server itself.
    var requester: String {
        switch self.principal {
        case nil: ""
        case .service(let name)?: name
        case .anonymous?: "anonymous"
        case let principal?: principal.account?.id.description ?? ""
        }
    }
}

/// Knows who causes a change, should somebody want an event of it.
package protocol EventOrigin: AnyObject, Sendable {
    var eventRequester: EventRequester { get }
}

/// What an event says of how it came about. Costs nothing where no bucket wants events.
package struct EventCause: Sendable {
    package enum Operation: UInt8, Sendable {
        case putObject
        case postObject
        case copyObject
        case completeMultipartUpload
        /// Any other, that of itself makes only one type of event.
        case other
        case lifecycle
        /// A replica that arrives.
        case replication
    }

    package var operation: Operation
    /// `nil` for what the server does by itself.
    package var origin: (any EventOrigin)?

    package init(_ operation: Operation, by origin: (any EventOrigin)? = nil) {
        self.operation = operation
        self.origin = origin
    }

    /// Done by the server itself.
    package static let server = EventCause(.other)
    static let lifecycle = EventCause(.lifecycle)
}

/// Whoever is known from the start.
final class KnownEventOrigin: EventOrigin {
    let eventRequester: EventRequester

    init(_ requester: EventRequester) {
        self.eventRequester = requester
    }
}
