package import TernControlPlane
package import TernCore
package import TernPorts
import TernS3Protocol

/// STS over the Query protocol, version 2011-06-15 (specification §4).
package struct SecurityTokenService: ControlService {
    private let sessions: SessionService?
    private let identities: any IdentityStore
    private let region: RegionName
    private let xml = QueryProtocol(namespace: "https://sts.amazonaws.com/doc/2011-06-15/")

    /// - Parameter sessions: `nil` where there is no root key: then nothing can be sealed.
    package init(sessions: SessionService?, identities: any IdentityStore, region: RegionName) {
        self.sessions = sessions
        self.identities = identities
        self.region = region
    }

    package var name: String { "sts" }

    /// The global endpoint is us-east-1's; regional ones are signed for their region.
    package func admits(_ region: RegionName) -> Bool { region == .usEast1 || region == self.region }

    package func region(for head: HTTPRequestHead, body: [UInt8]) -> RegionName? { nil }

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

    /// Web identities prove themselves by a token, and sign nothing.
    package func answerUnsigned(_ head: HTTPRequestHead, body: [UInt8], requestID: String) async -> HTTPAnswer? {
        guard let parameters = try? QueryParameters(head: head, body: body),
            parameters["Action"] == Self.webIdentityAction
        else { return nil }
        do throws(ControlError) {
            return try await self.assumeRoleWithWebIdentity(
                parameters, context: ControlRequest.conditions(of: head), requestID: requestID)
        } catch {
            return self.answer(error, requestID: requestID)
        }
    }

    private static let webIdentityAction = "AssumeRoleWithWebIdentity"

    private func perform(
        _ request: ControlRequest, _ parameters: QueryParameters
    ) async throws(ControlError) -> HTTPAnswer {
        let action = parameters["Action"] ?? ""
        switch action {
        case "GetCallerIdentity":
            let principal = request.principal
            return self.xml.answer(action, requestID: request.requestID) { xml in
                xml.element("Arn", principal.arn)
                xml.element("UserId", principal.userID)
                xml.element("Account", principal.account?.id.description ?? "")
            }
        case "AssumeRole":
            return try await self.assumeRole(request, parameters)
        case Self.webIdentityAction:
            return try await self.assumeRoleWithWebIdentity(
                parameters, context: request.conditions, requestID: request.requestID)
        case "GetFederationToken":
            return try await self.federationToken(request, parameters)
        case "GetSessionToken":
            let seconds = try Self.seconds(parameters)
            let service = try self.service()
            let credentials = try Self.converting { () throws(SessionError) in
                try service.sessionToken(durationSeconds: seconds, caller: request.principal)
            }
            return self.xml.answer(action, requestID: request.requestID) { Self.write(credentials, to: &$0) }
        case "GetAccessKeyInfo":
            return try await self.accessKeyInfo(request, parameters)
        default:
            throw ControlError(
                "InvalidAction", status: 400, message: "Could not find operation \(action) for version 2011-06-15")
        }
    }

    private func service() throws(ControlError) -> SessionService {
        guard let sessions = self.sessions else {
            throw .unavailable("Temporary credentials need a root key, and this region is configured without one.")
        }
        return sessions
    }

    /// Source: AWS STS API Reference, AssumeRole.
    private func assumeRole(
        _ request: ControlRequest, _ parameters: QueryParameters
    ) async throws(ControlError) -> HTTPAnswer {
        for name in ["SerialNumber", "TokenCode"] where parameters[name] != nil {
            throw ControlError(
                "AccessDenied", status: 403,
                message: "MultiFactorAuthentication failed with invalid MFA one time pass code.")
        }
        var assumption = AssumeRoleRequest(
            roleARN: try parameters.required("RoleArn"), sessionName: try parameters.required("RoleSessionName"))
        assumption.requestID = request.requestID
        assumption.durationSeconds = try Self.seconds(parameters)
        assumption.policy = parameters["Policy"]
        assumption.policyARNs = parameters.structures("PolicyArns", ["arn"]).compactMap { $0["arn"] }
        assumption.tags = try parameters.tags()
        assumption.transitiveTagKeys = parameters.list("TransitiveTagKeys")
        assumption.externalID = parameters["ExternalId"]
        assumption.sourceIdentity = parameters["SourceIdentity"]
        let service = try self.service()
        let wanted = assumption
        let assumed: AssumedRole
        do throws(SessionError) {
            assumed = try await service.assumeRole(wanted, caller: request.principal, context: request.conditions)
        } catch {
            throw ControlError(error.code, status: error.status, message: error.message)
        }
        return self.xml.answer("AssumeRole", requestID: request.requestID) { xml in
            Self.write(assumed.principal, to: &xml)
            Self.write(assumed.credentials, to: &xml)
            xml.element("PackedPolicySize", assumed.packedPolicySize)
            xml.element("SourceIdentity", ifPresent: wanted.sourceIdentity)
        }
    }

    /// Source: AWS STS API Reference, AssumeRoleWithWebIdentity.
    private func assumeRoleWithWebIdentity(
        _ parameters: QueryParameters, context: [String: [String]], requestID: String
    ) async throws(ControlError) -> HTTPAnswer {
        // Of providers that speak OAuth 2.0 without OpenID Connect.
        if parameters["ProviderId"] != nil {
            throw ControlError(
                "InvalidParameterValue", status: 400, message: "ProviderId is for providers that are not served here.")
        }
        var wanted = WebIdentityRequest(
            roleARN: try parameters.required("RoleArn"), sessionName: try parameters.required("RoleSessionName"),
            token: try parameters.required("WebIdentityToken"))
        wanted.requestID = requestID
        wanted.durationSeconds = try Self.seconds(parameters)
        wanted.policy = parameters["Policy"]
        wanted.policyARNs = parameters.structures("PolicyArns", ["arn"]).compactMap { $0["arn"] }
        let service = try self.service()
        let request = wanted
        let assumed: AssumedWebIdentity
        do throws(SessionError) {
            assumed = try await service.assumeRoleWithWebIdentity(request, context: context)
        } catch {
            throw ControlError(error.code, status: error.status, message: error.message)
        }
        return self.xml.answer(Self.webIdentityAction, requestID: requestID) { xml in
            xml.element("SubjectFromWebIdentityToken", assumed.identity.subject)
            xml.element("Audience", assumed.identity.audience)
            Self.write(assumed.role.principal, to: &xml)
            Self.write(assumed.role.credentials, to: &xml)
            xml.element("Provider", assumed.identity.provider)
            xml.element("PackedPolicySize", assumed.role.packedPolicySize)
            xml.element("SourceIdentity", ifPresent: assumed.sourceIdentity)
        }
    }

    private static func write(_ role: Principal, to xml: inout XMLWriter) {
        xml.open("AssumedRoleUser")
        xml.element("AssumedRoleId", role.userID)
        xml.element("Arn", role.arn)
        xml.close("AssumedRoleUser")
    }

    /// Source: AWS STS API Reference, GetFederationToken.
    private func federationToken(
        _ request: ControlRequest, _ parameters: QueryParameters
    ) async throws(ControlError) -> HTTPAnswer {
        var wanted = FederationTokenRequest(name: try parameters.required("Name"))
        wanted.requestID = request.requestID
        wanted.durationSeconds = try Self.seconds(parameters)
        wanted.policy = parameters["Policy"]
        wanted.policyARNs = parameters.structures("PolicyArns", ["arn"]).compactMap { $0["arn"] }
        wanted.tags = try parameters.tags()
        let service = try self.service()
        let made: AssumedRole
        do throws(SessionError) {
            made = try await service.federationToken(wanted, caller: request.principal, context: request.conditions)
        } catch {
            throw ControlError(error.code, status: error.status, message: error.message)
        }
        return self.xml.answer("GetFederationToken", requestID: request.requestID) { xml in
            Self.write(made.credentials, to: &xml)
            xml.open("FederatedUser")
            xml.element("FederatedUserId", made.principal.userID)
            xml.element("Arn", made.principal.arn)
            xml.close("FederatedUser")
            xml.element("PackedPolicySize", made.packedPolicySize)
        }
    }

    /// Source: AWS STS API Reference, GetAccessKeyInfo.
    private func accessKeyInfo(
        _ request: ControlRequest, _ parameters: QueryParameters
    ) async throws(ControlError) -> HTTPAnswer {
        let id = try parameters.required("AccessKeyId")
        // Keys of sessions stand in their tokens only.
        let key = try? await self.identities.accessKey(id, sessionToken: nil)
        guard let account = key?.principal.account else {
            throw ControlError("ValidationError", status: 400, message: "Invalid Access Key ID")
        }
        return self.xml.answer("GetAccessKeyInfo", requestID: request.requestID) {
            $0.element("Account", account.id.description)
        }
    }

    private static func seconds(_ parameters: QueryParameters) throws(ControlError) -> Int64? {
        guard let text = parameters["DurationSeconds"] else { return nil }
        guard let seconds = Int64(text) else {
            throw ControlError("MalformedInput", status: 400, message: "DurationSeconds is not a number.")
        }
        return seconds
    }

    private static func converting<Value>(
        _ work: () throws(SessionError) -> Value
    ) throws(ControlError) -> Value {
        do throws(SessionError) {
            return try work()
        } catch {
            throw ControlError(error.code, status: error.status, message: error.message)
        }
    }

    private static func write(_ credentials: SessionCredentials, to xml: inout XMLWriter) {
        xml.open("Credentials")
        xml.element("AccessKeyId", credentials.accessKeyID)
        xml.element("SecretAccessKey", credentials.secretAccessKey)
        xml.element("SessionToken", credentials.sessionToken)
        xml.element("Expiration", credentials.expiration)
        xml.close("Credentials")
    }
}
