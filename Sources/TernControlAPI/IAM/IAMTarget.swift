import TernControlPlane
import TernPorts
import TernRecords

/// What an operation is authorized for: a resource, and the condition keys that follow from it and from the request.
struct IAMTarget: Sendable {
    var arn: String
    var conditions: [String: [String]] = [:]
    /// What has to be allowed as well.
    var further: [(action: String, target: IAMTarget)] = []

    init(_ arn: String) { self.arn = arn }

    /// `*`, for operations on the account as a whole.
    static let everything = IAMTarget("*")

    /// An entity by the name in a parameter, whether it exists or not.
    static func existing<Entity: IAMEntity>(_ type: Entity.Type, _ parameter: String? = nil)
        -> @Sendable (IAMCall) throws(IAMError)
        -> IAMTarget
    {
        { call throws(IAMError) in
            let name = try call.required(parameter ?? type.nameParameter)
            return self.named(type, name, call)
        }
    }

    static func named<Entity: IAMEntity>(_ type: Entity.Type, _ name: String, _ call: IAMCall) -> IAMTarget {
        guard let entity = call.state[table: type].named(name, in: call.accountID) else {
            return IAMTarget("arn:aws:iam::\(call.accountID):\(type.kind)/\(name)")
        }
        return self.of(entity)
    }

    static func of(_ entity: some IAMEntity) -> IAMTarget {
        var target = IAMTarget(entity.arn)
        if let tagged = entity as? any IAMTagged { target.addResourceTags(tagged.tags) }
        if let bounded = entity as? any IAMBounded, !bounded.boundary.isEmpty {
            target.conditions["iam:PermissionsBoundary"] = [bounded.boundary]
        }
        return target
    }

    /// A user by name, or the caller.
    static let user: @Sendable (IAMCall) throws(IAMError) -> IAMTarget = { call throws(IAMError) in
        if call.meansRoot { return IAMTarget(call.account.rootARN) }
        return Self.named(IAMUserRecord.self, try call.userName(), call)
    }

    /// A managed policy by `PolicyArn`.
    static let policy: @Sendable (IAMCall) throws(IAMError) -> IAMTarget = { call throws(IAMError) in
        let arn = try call.required("PolicyArn")
        return call.state.managedPolicy(arn, for: call.accountID).map { Self.of($0) } ?? IAMTarget(arn)
    }

    /// An entity that is to be made.
    static func new<Entity: IAMEntity>(_ type: Entity.Type) -> @Sendable (IAMCall) throws(IAMError) -> IAMTarget {
        { call throws(IAMError) in
            let name = try call.required(type.nameParameter)
            let path = call.optional("Path") ?? "/"
            var target = IAMTarget("arn:aws:iam::\(call.accountID):\(type.kind)\(path)\(name)")
            target.addRequestTags(try call.tags())
            target.conditions["iam:PermissionsBoundary"] = call.optional("PermissionsBoundary").map { [$0] }
            return target
        }
    }

    /// All entities of a kind.
    static func list<Entity: IAMEntity>(_ type: Entity.Type) -> @Sendable (IAMCall) throws(IAMError) -> IAMTarget {
        { call throws(IAMError) in
            IAMTarget("arn:aws:iam::\(call.accountID):\(type.kind)\(call.optional("PathPrefix") ?? "/")")
        }
    }

    mutating func addRequestTags(_ tags: [TagPair]) {
        guard !tags.isEmpty else { return }
        for tag in tags { self.conditions["aws:RequestTag/" + tag.key] = [tag.value] }
        self.conditions["aws:TagKeys"] = tags.map(\.key)
    }

    private mutating func addResourceTags(_ tags: [TagPair]) {
        for tag in tags {
            self.conditions["aws:ResourceTag/" + tag.key] = [tag.value]
            self.conditions["iam:ResourceTag/" + tag.key] = [tag.value]
        }
    }
}

extension IAMEntity {
    /// `UserName`, as parameters and answers call it.
    static var nameParameter: String { self.title + "Name" }
}
