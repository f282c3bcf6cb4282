import FoundationEssentials
import TernCore
import TernPolicy
import TernPorts

/// A decision as a line of JSON, in the form of CloudTrail's records (specification §11).
///
/// Source: AWS CloudTrail user guide, "CloudTrail record contents".
struct AuditRecord: Encodable, Sendable {
    struct Identity: Encodable, Sendable {
        var type: String
        var principalId: String?
        var arn: String?
        var accountId: String?
        /// Of callers that did not prove who they are.
        var accessKeyId: String?
        var userName: String?
        var sessionContext: SessionContext?
        /// The service that acts by the role.
        var invokedBy: String?
    }

    struct SessionContext: Encodable, Sendable {
        var sessionIssuer: Issuer?
        var attributes: [String: String]
    }

    struct Issuer: Encodable, Sendable {
        var type: String
        var principalId: String
        var arn: String
        var accountId: String
        var userName: String
    }

    struct Resource: Encodable, Sendable {
        var ARN: String
        var accountId: String?
    }

    struct Decision: Encodable, Sendable {
        var decision: String
        /// Which kind of policy, or what else.
        var decidedBy: String
        var policy: String?
        var statement: String?
    }

    var eventVersion = "1.11"
    var userIdentity: Identity
    var eventTime: String
    var eventSource: String
    var eventName: String
    var awsRegion: String
    var sourceIPAddress: String
    var userAgent: String?
    var requestParameters: [String: String]?
    var errorCode: String?
    var errorMessage: String?
    var requestID: String?
    var eventID: String
    var resources: [Resource]
    var eventType = "AwsApiCall"
    var recipientAccountId: String?
    var additionalEventData: Decision
}

extension AuditRecord {
    init(
        _ request: AuthorizationRequest, _ decision: PolicyDecision, message: String?, region: RegionName,
        now: Timestamp, eventID: String
    ) {
        let context = request.context()
        let address = context["aws:SourceIp"]?.first
        let action = request.action.split(separator: ":", maxSplits: 1).map(String.init)
        let service = action.first ?? ""
        self.userIdentity = Identity(request.principal, isServiceCall: address == nil)
        self.eventTime = "\(now.iso8601.prefix(19))Z"
        self.eventSource = "\(service).amazonaws.com"
        self.eventName = action.count == 2 ? action[1] : request.action
        self.awsRegion = region.description
        self.sourceIPAddress = address ?? self.userIdentity.invokedBy ?? "AWS Internal"
        self.userAgent = context["aws:UserAgent"]?.first
        if service == "s3", let path = request.resource.split(separator: ":", maxSplits: 5).last, path != "*" {
            let parts = path.split(separator: "/", maxSplits: 1).map(String.init)
            self.requestParameters = ["bucketName": parts.first ?? ""]
            if parts.count == 2 { self.requestParameters?["key"] = parts[1] }
        }
        if !decision.isAllowed {
            self.errorCode = "AccessDenied"
            self.errorMessage = message
        }
        self.requestID = request.requestID.isEmpty ? nil : request.requestID
        self.eventID = eventID
        self.resources = [Resource(ARN: request.resource, accountId: request.resourceOwner?.description)]
        if let point = request.accessPoint {
            self.resources.append(Resource(ARN: point.resource, accountId: point.account.description))
        }
        self.recipientAccountId = (request.resourceOwner ?? request.principal.account?.id)?.description
        self.additionalEventData = Decision(decision)
    }

    /// Of a request whose caller did not prove who it is.
    init(_ failure: FailedAuthentication, region: RegionName, now: Timestamp, eventID: String) {
        let action = failure.action.split(separator: ":", maxSplits: 1).map(String.init)
        self.userIdentity = Identity(
            type: "Unknown", accessKeyId: failure.accessKeyID.isEmpty ? nil : failure.accessKeyID)
        self.eventTime = "\(now.iso8601.prefix(19))Z"
        self.eventSource = "\(action.first ?? "").amazonaws.com"
        self.eventName = action.count == 2 ? action[1] : failure.action
        self.awsRegion = region.description
        self.sourceIPAddress = failure.context["aws:SourceIp"]?.first ?? "AWS Internal"
        self.userAgent = failure.context["aws:UserAgent"]?.first
        self.errorCode = failure.code
        self.errorMessage = failure.message
        self.requestID = failure.requestID.isEmpty ? nil : failure.requestID
        self.eventID = eventID
        self.resources = []
        self.additionalEventData = Decision(decision: "refused", decidedBy: "authentication")
    }

    /// The line, without its end.
    func line() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }
}

extension AuditRecord.Decision {
    init(_ decision: PolicyDecision) {
        switch decision {
        case .allowed(let reason):
            self.init(decision: "allowed", decidedBy: "")
            switch reason {
            case .root: self.decidedBy = "root"
            case .identity(let statement), .resource(let statement): self.take(statement)
            case .both(let identity, let resource):
                // Both sides had to agree; the resource's is named, which is the other account's.
                self.decidedBy = "both"
                if let statement = resource ?? identity {
                    self.policy = statement.policy
                    self.statement = statement.statement
                }
            case .accessControlList: self.decidedBy = "acl"
            }
        case .denied(let reason):
            switch reason {
            case .explicit(let statement):
                self.init(decision: "explicitDeny", decidedBy: "")
                self.take(statement)
            case .notAllowed(let kind): self.init(decision: "implicitDeny", decidedBy: kind.rawValue)
            case .restrictedPublicBucket: self.init(decision: "explicitDeny", decidedBy: "publicAccessBlock")
            }
        }
    }

    private mutating func take(_ statement: DecidingStatement) {
        self.decidedBy = statement.kind.rawValue
        self.policy = statement.policy
        self.statement = statement.statement
    }
}

extension AuditRecord.Identity {
    /// - Parameter isServiceCall: No client is behind it.
    init(_ principal: Principal, isServiceCall: Bool) {
        self.init(type: "")
        let account = principal.account
        self.accountId = account?.id.description
        self.principalId = principal.userID
        self.arn = principal.arn
        switch principal {
        case .root: self.type = "Root"
        case .user(let user, _):
            self.type = "IAMUser"
            self.userName = user.name
        case .role(let role, _):
            self.type = "AssumedRole"
            if isServiceCall { self.invokedBy = "s3.amazonaws.com" }
            self.sessionContext = AuditRecord.SessionContext(
                sessionIssuer: AuditRecord.Issuer(
                    type: "Role", principalId: role.id, arn: role.arn, accountId: role.account.id.description,
                    userName: role.name), attributes: [:])
        case .service(let name):
            self.type = "AWSService"
            self.principalId = nil
            self.arn = nil
            self.invokedBy = name
        case .webIdentity(let identity):
            self.type = "WebIdentityUser"
            self.arn = nil
            self.userName = identity.subject
        case .anonymous:
            self.type = "AWSAccount"
            self.principalId = ""
            self.arn = nil
            self.accountId = "ANONYMOUS_PRINCIPAL"
        }
        if principal.federatedName != nil {
            self.type = "FederatedUser"
            self.userName = nil
        }
        if let session = principal.session {
            var context = self.sessionContext ?? AuditRecord.SessionContext(sessionIssuer: nil, attributes: [:])
            context.attributes = [
                "creationDate": "\(session.issuedAt.iso8601.prefix(19))Z", "mfaAuthenticated": "false",
            ]
            self.sessionContext = context
        }
    }
}
