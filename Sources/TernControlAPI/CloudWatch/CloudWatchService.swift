import NIOCore
package import TernControlPlane
package import TernCore
package import TernPorts

/// CloudWatch, as far as metrics go (specification §8): over AWS JSON, Smithy's RPC with CBOR, and the Query protocol.
package struct CloudWatchService: ControlService {
    private let metrics: MetricStore
    private let authorizer: any Authorizer
    private let region: RegionName
    private let regions: RegionMap

    /// - Parameter regions: Those of the federation.
    package init(
        metrics: MetricStore, authorizer: any Authorizer, region: RegionName, regions: RegionMap
    ) {
        self.metrics = metrics
        self.authorizer = authorizer
        self.region = region
        self.regions = regions
    }

    package var name: String { "monitoring" }

    package func admits(_ region: RegionName) -> Bool { region == self.region }

    /// Metrics are of one region: the one that the request is signed for (CW-4).
    package func region(for head: HTTPRequestHead, body: [UInt8]) -> RegionName? {
        self.signedRegion(of: head, body: body, among: self.regions)
    }

    /// Whether a path is one of Smithy's RPC protocol.
    package static func owns(_ target: String) -> Bool { target.hasPrefix(CloudWatchProtocol.rpcPrefix) }

    package func answer(_ error: ControlError, requestID: String) -> HTTPAnswer {
        CloudWatchProtocol.query.answer(CloudWatchError(error), requestID: requestID)
    }

    package func answer(_ error: ControlError, to head: HTTPRequestHead, requestID: String) -> HTTPAnswer {
        CloudWatchProtocol(head).answer(CloudWatchError(error), requestID: requestID)
    }

    package func answer(_ request: ControlRequest) async -> HTTPAnswer {
        let form = CloudWatchProtocol(request.head)
        do throws(CloudWatchError) {
            guard request.head.method == "POST" || request.head.method == "GET" else {
                throw CloudWatchError("InvalidAction", "The operation is asked with POST.")
            }
            let (name, value) = try form.decode(request.head, body: Self.plainBody(of: request))
            let result = try await self.perform(name, CloudWatchParameters(value: value), request)
            return form.answer(name, result, requestID: request.requestID)
        } catch {
            return form.answer(error, requestID: request.requestID)
        }
    }

    /// The most that a compressed request may hold.
    private static let maximumPlainBytes = 4 << 20

    private static func plainBody(of request: ControlRequest) throws(CloudWatchError) -> [UInt8] {
        switch request.head.headers["content-encoding"]?.lowercased() {
        case nil, "", "identity": return request.body
        case "gzip":
            guard let body = Gunzip.decode(request.body, limit: Self.maximumPlainBytes) else {
                throw CloudWatchError("SerializationException", "The request is no gzip, or too large.")
            }
            return body
        default:
            throw CloudWatchError("SerializationException", "Requests can be compressed by gzip only.")
        }
    }

    private func perform(
        _ name: String, _ parameters: CloudWatchParameters, _ request: ControlRequest
    ) async throws(CloudWatchError) -> JSONOutput? {
        guard let account = request.principal.account?.id else {
            throw CloudWatchError("AccessDenied", status: 403, "The caller has no account.")
        }
        let call = CloudWatchCall(
            metrics: self.metrics, account: account, now: request.now, parameters: parameters)
        switch name {
        case "ListMetrics":
            try await self.authorize(name, request)
            return try await call.listMetrics()
        case "GetMetricStatistics":
            try await self.authorize(name, request)
            return try await call.getMetricStatistics()
        case "GetMetricData":
            try await self.authorize(name, request)
            return try await call.getMetricData()
        case "PutMetricData":
            let namespace = try parameters.required("Namespace")
            try await self.authorize(name, request, ["cloudwatch:namespace": [namespace]])
            try await call.putMetricData(namespace: namespace)
            return nil
        default:
            throw CloudWatchError("InvalidAction", "The operation \(name) is not supported.")
        }
    }

    private func authorize(
        _ name: String, _ request: ControlRequest, _ conditions: [String: [String]] = [:]
    ) async throws(CloudWatchError) {
        let context = request.conditions.merging(conditions) { _, own in own }
        var question = AuthorizationRequest(
            principal: request.principal, action: "cloudwatch:" + name, resource: "*",
            resourceOwner: request.principal.account?.id, context: { context })
        question.requestID = request.requestID
        if case .denied(let denial) = await self.authorizer.authorize(question) {
            throw CloudWatchError("AccessDenied", status: 403, denial.message)
        }
    }
}

/// One request of an authorized caller.
struct CloudWatchCall: Sendable {
    let metrics: MetricStore
    let account: AccountID
    let now: Timestamp
    let parameters: CloudWatchParameters

    /// Errors of the store, as clients see them.
    func stored<Result: Sendable>(
        _ body: () async throws(MetricStoreProblem) -> Result
    ) async throws(CloudWatchError) -> Result {
        do throws(MetricStoreProblem) { return try await body() } catch { throw CloudWatchError(error) }
    }

    /// The series of one metric, one for each unit in which data came, in the order of the units.
    func series(
        namespace: String, name: String, dimensions: [MetricSeries.Dimension], unit: String?
    ) async -> [MetricSeries] {
        let found = await self.metrics.series(of: self.account) { series in
            series.name == name && series.namespace == namespace && series.dimensions == dimensions
                && (unit == nil || series.unit == unit)
        }
        return found.map(\.series).sorted { $0.unit < $1.unit }
    }
}
