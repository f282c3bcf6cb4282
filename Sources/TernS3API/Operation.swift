import TernPorts
import TernS3Protocol

/// One operation of the S3 API: how it is recognised, what it needs, what it does.
struct Operation: Sendable {
    typealias Perform = @Sendable (S3Call) async throws(S3Error) -> HTTPAnswer

    /// What Tern makes of an operation.
    enum Support: Sendable {
        case implemented(Perform)
        /// Validated, stored and returned, but nothing acts on it yet.
        case stored(Perform)
        /// Answers 501 `NotImplemented`.
        case notImplemented
    }

    /// The name in the S3 API Reference.
    var name: String
    var route: Route
    /// The IAM action, given whether the request names a version.
    var action: @Sendable (_ hasVersion: Bool) -> String
    var support: Support
    /// What performs it; `nil` for an operation that is refused.
    var perform: Perform? {
        switch self.support {
        case .implemented(let perform), .stored(let perform): perform
        case .notImplemented: nil
        }
    }
    /// Whether the bucket must exist before the operation runs.
    var needsBucket: Bool
    /// Whether the body may be a stream of signed chunks (spec rule SIG-46).
    var acceptsStreams: Bool
    /// Whether the operation finds out by itself who asks, and whether they may.
    var authenticatesItself = false

    init(
        _ name: String,
        _ route: Route,
        action: String,
        versionAction: String? = nil,
        needsBucket: Bool = true,
        acceptsStreams: Bool = false,
        isOnlyStored: Bool = false,
        authenticatesItself: Bool = false,
        perform: @escaping Perform
    ) {
        self.name = name
        self.route = route
        self.action = { hasVersion in hasVersion ? versionAction ?? action : action }
        self.support = isOnlyStored ? .stored(perform) : .implemented(perform)
        self.needsBucket = needsBucket
        self.acceptsStreams = acceptsStreams
        self.authenticatesItself = authenticatesItself
    }

    /// The same under another name: the S3 API has deprecated ones.
    func named(_ name: String) -> Operation {
        var operation = self
        operation.name = name
        return operation
    }

    /// An operation that is known, and refused.
    init(notImplemented name: String, _ route: Route) {
        self.name = name
        self.route = route
        self.action = { _ in "s3:\(name)" }
        self.support = .notImplemented
        self.needsBucket = false
        self.acceptsStreams = false
    }
}
