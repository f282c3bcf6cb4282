import TernCore
import TernPolicy

/// A second reading of the specification (§5, §6.3, §6.4, KMS-3, STS-1), as plain as can be: the decisions of the engine
/// are compared with it. It shares no code with the engine but the words for callers and the JSON parser.
struct NaivePolicy {
    struct Statement {
        var allows: Bool
        /// Kind and name, as written; `nil` in policies of identities. `"*"` alone is of kind `AWS`.
        var principals: [(kind: String, name: String)]?
        var isNotPrincipal = false
        var actions: [String]
        var isNotAction: Bool
        var resources: [String]?
        var isNotResource = false
        var conditions: [NaiveCondition]
    }

    var hasVariables: Bool
    var statements: [Statement]
    /// Unique IDs by ARN (IAM-26).
    var bindings: [String: String]

    init(_ json: JSONValue, bindings: [String: String] = [:]) {
        self.bindings = bindings
        self.hasVariables = json["Version"] == .string("2012-10-17")
        self.statements = []
        guard let statement = json["Statement"] else { return }
        if case .array(let all) = statement {
            self.statements = all.map(Self.statement)
        } else {
            self.statements = [Self.statement(statement)]
        }
    }

    private static func statement(_ json: JSONValue) -> Statement {
        var conditions: [NaiveCondition] = []
        if case .object(let blocks)? = json["Condition"] {
            for block in blocks {
                guard case .object(let keys) = block.value else { continue }
                for key in keys {
                    conditions.append(
                        NaiveCondition(name: block.name, key: key.name.lowercased(), values: Self.texts(key.value)))
                }
            }
        }
        var statement = Statement(
            allows: json["Effect"] == .string("Allow"),
            actions: Self.texts(json["Action"] ?? json["NotAction"] ?? .null), isNotAction: json["NotAction"] != nil,
            conditions: conditions)
        if let resources = json["Resource"] ?? json["NotResource"] {
            statement.resources = Self.texts(resources)
            statement.isNotResource = json["NotResource"] != nil
        }
        if let principals = json["Principal"] ?? json["NotPrincipal"] {
            statement.isNotPrincipal = json["NotPrincipal"] != nil
            if case .object(let kinds) = principals {
                statement.principals = kinds.flatMap { kind in Self.texts(kind.value).map { (kind.name, $0) } }
            } else {
                statement.principals = [("AWS", "*")]
            }
        }
        return statement
    }

    private static func texts(_ json: JSONValue) -> [String] {
        switch json {
        case .array(let values): values.flatMap(Self.texts)
        case .string(let text), .number(let text): [text]
        case .boolean(let value): [value ? "true" : "false"]
        case .object, .null: []
        }
    }

    // MARK: Does a statement apply?

    /// How a statement names the caller, in the order of the table of §6.4, the weakest first.
    enum Naming: Int, Comparable {
        case account
        case everyone
        case role
        case self_

        static func < (one: Naming, other: Naming) -> Bool { one.rawValue < other.rawValue }
    }

    func denies(_ request: PolicyRequest) -> Bool {
        self.statements.contains { !$0.allows && self.applies($0, request) }
    }

    func allows(_ request: PolicyRequest) -> Bool {
        self.statements.contains { $0.allows && self.applies($0, request) }
    }

    /// The strongest naming of the statements that allow.
    func grant(_ request: PolicyRequest) -> Naming? {
        self.statements.filter { $0.allows && self.applies($0, request) }.compactMap { self.naming($0, request) }.max()
    }

    private func applies(_ statement: Statement, _ request: PolicyRequest) -> Bool {
        let action = NaiveText.glob(request.action.lowercased())
        let isAction = statement.actions.contains { text in
            NaiveText.matches(NaiveText.glob(text.lowercased()), action.map(\.literal))
        }
        if isAction == statement.isNotAction { return false }
        if let resources = statement.resources {
            let isResource = resources.contains { self.matches(resource: $0, request) }
            if isResource == statement.isNotResource { return false }
        }
        if statement.principals != nil, self.naming(statement, request) == nil { return false }
        return statement.conditions.allSatisfy { $0.isTrue(request, hasVariables: self.hasVariables) }
    }

    private func matches(resource text: String, _ request: PolicyRequest) -> Bool {
        if text == "*" { return true }
        let wanted = NaiveText.sixParts(text)
        let found = NaiveText.sixParts(request.resource)
        if wanted.count != 6 || found.count != 6 { return false }
        for index in 0..<5
        where !NaiveText.matches(NaiveText.glob(wanted[index]), found[index].unicodeScalars.map { $0 }) {
            return false
        }
        guard let rest = NaiveText.pieces(wanted[5], request, hasVariables: self.hasVariables) else { return false }
        return NaiveText.matches(rest, found[5].unicodeScalars.map { $0 })
    }

    private func naming(_ statement: Statement, _ request: PolicyRequest) -> Naming? {
        guard let principals = statement.principals else { return nil }
        let namings = principals.map { self.naming($0.kind, $0.name, request.caller) }
        if !statement.isNotPrincipal { return namings.compactMap { $0 }.max() }
        // POL-6: spared is who is listed with everything that it is.
        if principals.contains(where: { $0.kind == "AWS" && $0.name == "*" }) { return nil }
        let account = principals.contains { principal in
            guard let own = request.caller.account else { return false }
            return principal.kind == "AWS" && [own.description, "arn:aws:iam::\(own):root"].contains(principal.name)
                || principal.kind == "CanonicalUser" && principal.name == request.caller.canonicalID
        }
        let isSpared =
            switch request.caller.kind {
            case .root: account
            case .user, .federatedUser: account && namings.contains(.self_)
            case .roleSession: account && namings.contains(.self_) && namings.contains(.role)
            case .service, .webIdentity: namings.contains(.self_)
            case .anonymous: false
            }
        return isSpared ? nil : .everyone
    }

    private func naming(_ kind: String, _ name: String, _ caller: PolicyCaller) -> Naming? {
        var isRoot = false
        if case .root = caller.kind { isRoot = true }
        switch kind {
        case "Service":
            if case .service(let own) = caller.kind, own == name { return .self_ }
            return nil
        case "Federated":
            if case .webIdentity(let own) = caller.kind, own == name { return .self_ }
            return nil
        case "CanonicalUser":
            guard let own = caller.canonicalID, own == name else { return nil }
            return isRoot ? .self_ : .account
        case "AWS": break
        default: return nil
        }
        if name == "*" { return .everyone }
        if let account = caller.account, name == "\(account)" || name == "arn:aws:iam::\(account):root" {
            return isRoot ? .self_ : .account
        }
        switch caller.kind {
        case .user(let arn, let uniqueID):
            if name == uniqueID { return .self_ }
            // A name that was bound means that one user, whatever is called so now.
            if name.contains(":user/"), let bound = self.bindings[name] { return bound == uniqueID ? .self_ : nil }
            return name == arn ? .self_ : nil
        case .roleSession(let roleARN, let uniqueID, let sessionARN):
            if name == sessionARN { return .self_ }
            if name == uniqueID { return .role }
            if name.contains(":role/"), let bound = self.bindings[name] { return bound == uniqueID ? .role : nil }
            return name == roleARN ? .role : nil
        case .federatedUser(let arn): return name == arn ? .self_ : nil
        case .root, .service, .webIdentity, .anonymous: return nil
        }
    }
}

/// One key under one operator (§5.2).
struct NaiveCondition {
    var name: String
    var key: String
    var values: [String]

    func isTrue(_ request: PolicyRequest, hasVariables: Bool) -> Bool {
        let found = request.context[self.key] ?? []
        var name = self.name
        let isAll = name.hasPrefix("ForAllValues:")
        let isAny = name.hasPrefix("ForAnyValue:")
        if isAll || isAny { name = String(name.split(separator: ":")[1]) }
        let ifExists = name.hasSuffix("IfExists")
        if ifExists { name = String(name.dropLast(8)) }
        if name == "Null" { return self.values.contains { $0.lowercased() == (found.isEmpty ? "true" : "false") } }
        let isNegated = name.contains("Not")
        if found.isEmpty { return isAll || ifExists || (isNegated && !isAny) }
        let results = found.map { value in
            self.values.contains {
                Self.matches(name.replacing("Not", with: ""), $0, value, request, hasVariables: hasVariables)
            } != isNegated
        }
        return isAll ? !results.contains(false) : results.contains(true)
    }

    /// Whether a value of the request meets one of the policy, by an operator that is not negated.
    private static func matches(
        _ name: String, _ wanted: String, _ value: String, _ request: PolicyRequest, hasVariables: Bool
    ) -> Bool {
        if name.hasPrefix("Numeric") {
            guard let one = NaiveText.number(value), let other = NaiveText.number(wanted) else { return false }
            return self.compare(name.dropFirst("Numeric".count), one, other)
        }
        if name.hasPrefix("Date") {
            guard let one = NaiveText.seconds(value), let other = NaiveText.seconds(wanted) else { return false }
            return self.compare(name.dropFirst("Date".count), one, other)
        }
        switch name {
        case "Bool": return value.lowercased() == wanted.lowercased()
        case "BinaryEquals": return NaiveText.bits(base64: value) == NaiveText.bits(base64: wanted)
        case "IpAddress":
            guard let one = NaiveText.bits(address: value), let other = NaiveText.bits(address: wanted) else {
                return false
            }
            return one.isVersion6 == other.isVersion6 && one.bits.hasPrefix(other.bits)
        default: break
        }
        guard let pieces = NaiveText.pieces(wanted, request, hasVariables: hasVariables) else { return false }
        let scalars = value.unicodeScalars.map { $0 }
        switch name {
        case "StringEquals": return pieces.map(\.literal) == scalars
        case "StringEqualsIgnoreCase":
            var text = String.UnicodeScalarView()
            text.append(contentsOf: pieces.map(\.literal))
            return String(text).lowercased().unicodeScalars.elementsEqual(value.lowercased().unicodeScalars)
        case "StringLike": return NaiveText.matches(pieces, scalars)
        default:
            // ARNs: both forms have wildcards.
            let wanted = NaiveText.sixParts(pieces)
            let found = NaiveText.sixParts(value)
            return wanted.count == 6 && found.count == 6
                && zip(wanted, found).allSatisfy { NaiveText.matches($0, $1.unicodeScalars.map { $0 }) }
        }
    }

    private static func compare<Value: Comparable>(_ relation: Substring, _ one: Value, _ other: Value) -> Bool {
        switch relation {
        case "LessThan": one < other
        case "LessThanEquals": one < other || one == other
        case "GreaterThan": other < one
        case "GreaterThanEquals": other < one || one == other
        default: one == other
        }
    }
}

/// All policies that concern a caller and a resource, and what the specification makes of them.
struct NaiveEvaluation {
    var identity: [NaivePolicy] = []
    var boundary: NaivePolicy?
    var session: [NaivePolicy]?
    var resource: NaivePolicy?
    var role = PolicyEvaluation.ResourcePolicyRole.optional
    var resourceMayAllow = true
    var restrictsPublic = false
    var accessControlList: AccessControlListGrant?

    struct Verdict {
        var isAllowed = false
        /// The kinds of policies that deny.
        var denying: Set<PolicyKind> = []
        var isRestricted = false
        var identityAllows = false
        var resourceAllows = false
        var boundaryCuts = false
        var sessionCuts = false
    }

    func verdict(_ request: PolicyRequest) -> Verdict {
        var verdict = Verdict()
        let caller = request.caller
        let isOwn = request.resourceAccount == nil || caller.account == request.resourceAccount
        var isRoot = false
        var isService = false
        var isAnonymous = false
        switch caller.kind {
        case .root: isRoot = true
        case .service: isService = true
        case .anonymous: isAnonymous = true
        default: break
        }
        let isOwnersRoot = isRoot && request.resourceAccount == caller.account
        let resourceKind: PolicyKind = self.role == .trust ? .trust : .resource

        // Explicit denials.
        if self.identity.contains(where: { $0.denies(request) }) { verdict.denying.insert(.identity) }
        if self.boundary?.denies(request) == true { verdict.denying.insert(.boundary) }
        if self.session?.contains(where: { $0.denies(request) }) == true { verdict.denying.insert(.session) }
        if self.resource?.denies(request) == true {
            let mends = ["s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy"]
                .contains(request.action.lowercased())
            // ACC-4.
            if !(isOwnersRoot && mends && self.role == .optional) { verdict.denying.insert(resourceKind) }
        }

        // What each side says.
        var grant = self.resourceMayAllow ? self.resource?.grant(request) : nil
        // STS-1: trust is for principals that proved who they are.
        if isAnonymous, self.role == .trust { grant = nil }
        verdict.identityAllows = self.identity.contains { $0.allows(request) }
        verdict.resourceAllows = grant != nil
        verdict.boundaryCuts = self.boundary.map { !$0.allows(request) } ?? false
        verdict.sessionCuts = self.session.map { policies in !policies.contains { $0.allows(request) } } ?? false
        let isCut = verdict.boundaryCuts || verdict.sessionCuts

        if !verdict.denying.isEmpty { return verdict }
        // RestrictPublicBuckets.
        if self.restrictsPublic, !isService, caller.account == nil || caller.account != request.resourceAccount {
            verdict.isRestricted = true
            return verdict
        }
        let acl = self.accessControlList != nil
        if isAnonymous || isService {
            verdict.isAllowed = grant != nil || acl
        } else if isRoot {
            // KMS-3 limits even the root of the key's account.
            verdict.isAllowed = (isOwn && self.role == .optional) || grant != nil || acl
        } else if !isOwn {
            verdict.isAllowed = (grant != nil || acl) && verdict.identityAllows && !isCut
        } else {
            // §6.4.
            switch grant {
            case .self_: verdict.isAllowed = true
            case .role, .everyone: verdict.isAllowed = !isCut
            case .account: verdict.isAllowed = verdict.identityAllows && !isCut
            case nil: verdict.isAllowed = self.role == .optional && verdict.identityAllows && !isCut
            }
            // A grant to the account itself is for the account's policies to hand on.
            if self.accessControlList == .everyone, !isCut { verdict.isAllowed = true }
        }
        return verdict
    }
}
