import FoundationEssentials
import SwiftProtobuf
package import TernCore
package import TernPorts
import TernRecords

/// New temporary credentials.
package struct SessionCredentials: Sendable {
    package var accessKeyID: String
    package var secretAccessKey: String
    package var sessionToken: String
    package var expiration: Timestamp
}

/// What a session is made for.
struct SessionGrant: Sendable {
    enum Subject: Sendable {
        case root(AccountID)
        case user(UserIdentity)
        case role(RoleIdentity)
    }

    var subject: Subject
    var name: String
    var policies: [String] = []
    var policyARNs: [String] = []
    var tags: [String: String] = [:]
    var transitiveTagKeys: Set<String> = []
    var sourceIdentity: String?
    var isFederated = false
    var context: [String: String] = [:]
    var durationSeconds: Int64
}

/// Makes and opens session tokens: self-contained and sealed, so that every region reads them without asking another
/// (STS-4).
package struct SessionTokens: Sendable {
    private let rootKey: any RootKey
    private let directory: any PrincipalDirectory
    private let accounts: any IdentityStore
    private let random: any RandomSource

    private static let label = "session token"

    package init(
        rootKey: any RootKey, directory: any PrincipalDirectory, accounts: any IdentityStore, random: any RandomSource
    ) {
        self.rootKey = rootKey
        self.directory = directory
        self.accounts = accounts
        self.random = random
    }

    func make(_ grant: SessionGrant, now: Timestamp) throws(SessionError) -> SessionCredentials {
        var record = SessionTokenRecord()
        record.accessKeyID = "ASIA" + RandomText.make(16, of: RandomText.identifiers, self.random)
        record.secret = RandomText.make(40, of: RandomText.secrets, self.random)
        switch grant.subject {
        case .root(let account): record.account = account.description
        case .user(let user):
            record.account = user.account.id.description
            record.userID = user.id
        case .role(let role):
            record.account = role.account.id.description
            record.roleID = role.id
        }
        record.sessionName = grant.name
        record.issuedMs = now.milliseconds
        record.expiresMs = now.milliseconds + grant.durationSeconds * 1000
        record.policies = grant.policies
        record.policyArns = grant.policyARNs
        record.tags = grant.tags
        record.transitiveTagKeys = grant.transitiveTagKeys.sorted()
        record.sourceIdentity = grant.sourceIdentity ?? ""
        record.isFederated = grant.isFederated
        record.context = grant.context
        let bytes: [UInt8]
        do {
            bytes = try record.serializedBytes()
        } catch {
            throw .internalFailure("the token cannot be written: \(error)")
        }
        return SessionCredentials(
            accessKeyID: record.accessKeyID, secretAccessKey: record.secret,
            sessionToken: Base64.encode(self.rootKey.seal(bytes, label: Self.label)),
            expiration: Timestamp(milliseconds: record.expiresMs))
    }

    /// The access key of a token; `nil` where its user or role is gone (STS-5).
    func open(_ token: String, accessKeyID: String, now: Timestamp) async throws(SessionTokenProblem) -> AccessKey? {
        guard let sealed = Base64.decode(token), let bytes = self.rootKey.open(sealed, label: Self.label),
            let record = try? SessionTokenRecord(serializedBytes: bytes), record.accessKeyID == accessKeyID
        else { throw .invalid }
        guard now.milliseconds < record.expiresMs else { throw .expired }
        guard let id = AccountID(record.account), let account = await self.accounts.account(id) else { return nil }
        let session = TemporarySession(
            name: record.sessionName, issuedAt: Timestamp(milliseconds: record.issuedMs),
            // A policy that is gone allows nothing: what is no JSON is refused by who evaluates it.
            policies: record.policies + record.policyArns.map { self.directory.managedPolicy(arn: $0) ?? "" },
            tags: record.tags, transitiveTagKeys: Set(record.transitiveTagKeys),
            sourceIdentity: record.sourceIdentity.isEmpty ? nil : record.sourceIdentity,
            isFederated: record.isFederated, context: record.context)
        guard let principal = self.principal(record, account: account, session: session) else { return nil }
        return AccessKey(id: accessKeyID, secret: record.secret, principal: principal)
    }

    private func principal(
        _ record: SessionTokenRecord, account: Account, session: TemporarySession
    ) -> Principal? {
        if record.userID.isEmpty, record.roleID.isEmpty { return .root(account, session) }
        let isRole = !record.roleID.isEmpty
        let id = isRole ? record.roleID : record.userID
        guard let arn = self.directory.arn(uniqueID: id), let (path, name) = EntityARN.pathAndName(arn) else {
            return nil
        }
        return isRole
            ? .role(RoleIdentity(account: account, name: name, path: path, id: id), session)
            : .user(UserIdentity(account: account, name: name, path: path, id: id), session)
    }
}

/// ARNs of users and roles taken apart (ACC-6).
enum EntityARN {
    /// `/path/` and name of `arn:aws:iam::ACCOUNT:role/path/name`.
    static func pathAndName(_ arn: String) -> (path: String, name: String)? {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, let first = parts[5].firstIndex(of: "/"), let last = parts[5].lastIndex(of: "/") else {
            return nil
        }
        let name = String(parts[5][parts[5].index(after: last)...])
        return name.isEmpty ? nil : (String(parts[5][first...last]), name)
    }
}
