package import TernControlPlane
package import TernCore
package import TernPorts
import TernS3Protocol

/// IAM over the Query protocol, version 2010-05-08 (specification §3).
///
/// Each region answers what only looks; changes are the home region's.
package struct IdentityService: ControlService {
    private let catalog: IAMCatalog
    private let authorizer: any Authorizer
    private let region: RegionName
    private let home: RegionName
    private let xml = QueryProtocol(namespace: "https://iam.amazonaws.com/doc/2010-05-08/")

    private static let version = "2010-05-08"

    package init(catalog: IAMCatalog, authorizer: any Authorizer, region: RegionName, home: RegionName) {
        self.catalog = catalog
        self.authorizer = authorizer
        self.region = region
        self.home = home
    }

    package var name: String { "iam" }

    /// IAM is signed for us-east-1, wherever it is; some clients take the region that they are configured with.
    package func admits(_ region: RegionName) -> Bool { true }

    package func region(for head: HTTPRequestHead, body: [UInt8]) -> RegionName? {
        guard let parameters = try? QueryParameters(head: head, body: body),
            let operation = IAMOperation.all[parameters["Action"] ?? ""]
        else { return nil }
        return operation.isChange ? self.home : nil
    }

    package func answer(_ error: ControlError, requestID: String) -> HTTPAnswer {
        self.xml.answer(error, requestID: requestID)
    }

    package func answer(_ request: ControlRequest) async -> HTTPAnswer {
        do throws(ControlError) {
            return try await self.perform(request, QueryParameters(head: request.head, body: request.body))
        } catch {
            return self.answer(error, requestID: request.requestID)
        }
    }

    private func perform(
        _ request: ControlRequest, _ parameters: QueryParameters
    ) async throws(ControlError) -> HTTPAnswer {
        let action = parameters["Action"] ?? ""
        let version = parameters["Version"] ?? Self.version
        guard version == Self.version, let operation = IAMOperation.all[action] else {
            throw ControlError(
                "InvalidAction", status: 400, message: "Could not find operation \(action) for version \(version)")
        }
        guard let account = request.principal.account else { throw .accessDenied("Access Denied") }
        try Self.requireLasting(request.principal)
        if operation.isChange, self.region != self.home {
            throw .unavailable("The region \(self.home) has to answer this request.")
        }
        let call = IAMCall(
            catalog: self.catalog, state: self.catalog.state, request: request, parameters: parameters,
            account: account, region: self.region)
        do throws(IAMError) {
            let target = try operation.target(call)
            try await self.authorize("iam:" + operation.name, target, call)
            for (action, target) in target.further { try await self.authorize(action, target, call) }
            let result = try await operation.perform(call)
            return self.xml.answer(action, requestID: request.requestID, result: result)
        } catch {
            throw ControlError(error.code, status: error.status, message: error.message)
        }
    }

    /// Sessions of GetSessionToken and GetFederationToken without MFA do not administer identities (specification §4).
    private static func requireLasting(_ principal: Principal) throws(ControlError) {
        switch principal {
        case .root(_, .some), .user(_, .some):
            throw ControlError(
                "InvalidClientTokenId", status: 403, message: "The security token included in the request is invalid.")
        case .root, .user, .role, .service, .webIdentity, .anonymous:
            return
        }
    }

    private func authorize(
        _ action: String, _ target: IAMTarget, _ call: IAMCall
    ) async throws(IAMError) {
        let context = call.request.conditions.merging(target.conditions) { _, own in own }
        var request = AuthorizationRequest(
            principal: call.principal, action: action, resource: target.arn, resourceOwner: call.account.id,
            context: { context })
        request.requestID = call.request.requestID
        let decision = await self.authorizer.authorize(request)
        if case .denied(let denial) = decision {
            throw IAMError(code: "AccessDenied", status: 403, message: denial.message)
        }
    }
}
