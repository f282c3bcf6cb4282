import TernPorts
import TernS3Protocol

/// One operation of the S3 API: how it is recognised, what it needs, what it does.
///
/// A class, because each request carries its operation along.
final class Operation: Sendable {
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
    let name: String
    let route: Route
    /// The IAM action, given whether the request names a version.
    let action: @Sendable (_ hasVersion: Bool) -> String
    let support: Support
    /// What performs it; `nil` for an operation that is refused.
    var perform: Perform? {
        switch self.support {
        case .implemented(let perform), .stored(let perform): perform
        case .notImplemented: nil
        }
    }
    /// Whether the bucket must exist before the operation runs.
    let needsBucket: Bool
    /// Whether the body may be a stream of signed chunks (spec rule SIG-46).
    let acceptsStreams: Bool
    /// Whether the operation finds out by itself who asks, and whether they may.
    let authenticatesItself: Bool
    /// Whether the operation asks for permission by itself, since it depends on the body or on each key.
    let authorizesItself: Bool

    init(
        _ name: String,
        _ route: Route,
        action: String,
        versionAction: String? = nil,
        needsBucket: Bool = true,
        acceptsStreams: Bool = false,
        isOnlyStored: Bool = false,
        authenticatesItself: Bool = false,
        authorizesItself: Bool = false,
        perform: @escaping Perform
    ) {
        self.name = name
        self.route = route
        self.action = { hasVersion in hasVersion ? versionAction ?? action : action }
        self.support = isOnlyStored ? .stored(perform) : .implemented(perform)
        self.needsBucket = needsBucket
        self.acceptsStreams = acceptsStreams
        self.authenticatesItself = authenticatesItself
        self.authorizesItself = authorizesItself
    }

    /// The same under another name: the S3 API has deprecated ones.
    func named(_ name: String) -> Operation { Operation(copying: self, name: name) }

    private init(copying other: Operation, name: String) {
        self.name = name
        self.route = other.route
        self.action = other.action
        self.support = other.support
        self.needsBucket = other.needsBucket
        self.acceptsStreams = other.acceptsStreams
        self.authenticatesItself = other.authenticatesItself
        self.authorizesItself = other.authorizesItself
    }

    /// An operation that is known, and refused.
    init(notImplemented name: String, _ route: Route) {
        self.name = name
        self.route = route
        self.action = { _ in "s3:\(name)" }
        self.support = .notImplemented
        self.needsBucket = false
        self.acceptsStreams = false
        self.authenticatesItself = false
        self.authorizesItself = false
    }
}
