import TernCore
import TernPorts

/// A caller as one region tells another of it: the other one has the same accounts, users and roles.
enum PrincipalCoding {
    static func text(_ principal: Principal, context: [String: [String]]) -> String {
        var json = JSONText()
        json.object { json in
            switch principal {
            case .root(let account, _):
                json.member("type", "root")
                json.member("account", account.id.description)
            case .user(let user, _):
                json.member("type", "user")
                self.write(user.account, user.name, user.path, user.id, to: &json)
            case .role(let role, _):
                json.member("type", "role")
                self.write(role.account, role.name, role.path, role.id, to: &json)
            case .service(let name):
                json.member("type", "service")
                json.member("name", name)
            case .webIdentity, .anonymous:
                // A web identity has to take a session before another region is asked for anything.
                json.member("type", "anonymous")
            }
            if let session = principal.session { json.object("session") { self.write(session, to: &$0) } }
            self.write("context", context, to: &json)
        }
        return json.text
    }

    private static func write(_ account: Account, _ name: String, _ path: String, _ id: String, to json: inout JSONText)
    {
        json.member("account", account.id.description)
        json.member("name", name)
        json.member("path", path)
        json.member("id", id)
    }

    private static func write(_ session: TemporarySession, to json: inout JSONText) {
        json.member("name", session.name)
        json.member("issuedMs", "\(session.issuedAt.milliseconds)")
        self.write("policies", ["": session.policies], to: &json)
        self.write("tags", session.tags.mapValues { [$0] }, to: &json)
        self.write("transitive", ["": session.transitiveTagKeys.sorted()], to: &json)
        if let identity = session.sourceIdentity { json.member("sourceIdentity", identity) }
        if session.isFederated { json.member("federated", "true") }
        self.write("context", session.context.mapValues { [$0] }, to: &json)
    }

    /// Names with their values, as pairs: a name is not unique in all that is written so.
    private static func write(_ name: String, _ lists: [String: [String]], to json: inout JSONText) {
        let pairs = lists.sorted { $0.key < $1.key }.flatMap { key, values in values.map { (key, $0) } }
        json.array(name, pairs) { json, pair in
            json.object { json in
                json.member("k", pair.0)
                json.member("v", pair.1)
            }
        }
    }

    /// The caller and the condition keys; `nil` for what is no such text or names an account that is not known here.
    static func read(_ text: String, _ identities: any IdentityStore) async -> (Principal, [String: [String]])? {
        guard let json = try? JSONParser.parse(Array(text.utf8)), let type = json["type"]?.string else { return nil }
        let context = self.lists(json["context"])
        if type == "anonymous" { return (.anonymous, context) }
        if type == "service" { return json["name"]?.string.map { (.service($0), context) } }
        guard let number = json["account"]?.string.flatMap({ AccountID($0) }),
            let account = await identities.account(number)
        else { return nil }
        let session = json["session"].flatMap { self.session($0) }
        if type == "root" { return (.root(account, session), context) }
        guard let name = json["name"]?.string, let path = json["path"]?.string, let id = json["id"]?.string else {
            return nil
        }
        switch type {
        case "user":
            return (.user(UserIdentity(account: account, name: name, path: path, id: id), session), context)
        case "role":
            guard let session else { return nil }
            return (.role(RoleIdentity(account: account, name: name, path: path, id: id), session), context)
        default:
            return nil
        }
    }

    private static func session(_ json: JSONValue) -> TemporarySession? {
        guard let name = json["name"]?.string, let issued = json["issuedMs"]?.string.flatMap({ Int64($0) }) else {
            return nil
        }
        return TemporarySession(
            name: name, issuedAt: Timestamp(milliseconds: issued), policies: self.lists(json["policies"])[""] ?? [],
            tags: self.lists(json["tags"]).compactMapValues(\.first),
            transitiveTagKeys: Set(self.lists(json["transitive"])[""] ?? []),
            sourceIdentity: json["sourceIdentity"]?.string, isFederated: json["federated"] != nil,
            context: self.lists(json["context"]).compactMapValues(\.first))
    }

    private static func lists(_ json: JSONValue?) -> [String: [String]] {
        guard case .array(let pairs)? = json else { return [:] }
        var lists: [String: [String]] = [:]
        for pair in pairs {
            guard let key = pair["k"]?.string, let value = pair["v"]?.string else { continue }
            lists[key, default: []].append(value)
        }
        return lists
    }
}
