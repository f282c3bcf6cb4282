import TernControlPlane
import TernCore
import TernPorts
import TernRecords

/// A request to IAM, with what its operation needs.
struct IAMCall: Sendable {
    let catalog: IAMCatalog
    /// As of the request's arrival.
    let state: IAMState
    let request: ControlRequest
    let parameters: QueryParameters
    let account: Account
    let region: RegionName

    var accountID: String { self.account.id.description }
    var principal: Principal { self.request.principal }
    var now: Int64 { self.request.now.milliseconds }

    // MARK: Parameters

    func required(_ name: String) throws(IAMError) -> String {
        do throws(ControlError) { return try self.parameters.required(name) } catch { throw IAMError(error) }
    }

    func optional(_ name: String) -> String? { self.parameters[name] }

    /// The tags of `Tags`, as they are kept.
    func tags() throws(IAMError) -> [TagPair] {
        let tags: [Tag]
        do throws(ControlError) { tags = try self.parameters.tags() } catch { throw IAMError(error) }
        return tags.map { tag in
            var pair = TagPair()
            pair.key = tag.key
            pair.value = tag.value
            return pair
        }
    }

    /// - Throws: `MalformedInput` for what is neither `true` nor `false`.
    func flag(_ name: String) throws(IAMError) -> Bool {
        switch self.parameters[name]?.lowercased() {
        case nil, "false": return false
        case "true": return true
        default: throw IAMError(code: "MalformedInput", status: 400, message: "\(name) is not a boolean.")
        }
    }

    func integer(_ name: String) throws(IAMError) -> Int? {
        guard let text = self.parameters[name] else { return nil }
        guard let number = Int(text) else {
            throw IAMError(code: "MalformedInput", status: 400, message: "\(name) is not a number.")
        }
        return number
    }

    /// One of the values that the model knows.
    func choice(_ name: String, _ values: [String]) throws(IAMError) -> String? {
        guard let value = self.parameters[name] else { return nil }
        guard values.contains(value) else {
            throw .constraint(
                value, name.prefix(1).lowercased() + name.dropFirst(),
                "Member must satisfy enum value set: [\(values.joined(separator: ", "))]")
        }
        return value
    }

    /// `PathPrefix`, or all.
    func pathPrefix() throws(IAMError) -> String {
        guard let prefix = self.parameters["PathPrefix"] else { return "/" }
        guard prefix.hasPrefix("/"), prefix.utf8.count <= 512 else {
            throw .validation("The specified value for pathPrefix is invalid. It must begin with /.")
        }
        return prefix
    }

    /// The name of a user: given, or the caller's own.
    func userName() throws(IAMError) -> String {
        if let name = self.parameters["UserName"] { return name }
        guard case .user(let user, _) = self.principal else {
            throw .validation("Must specify userName when calling with non-User credentials")
        }
        // Its name may be another by now.
        return self.state.users[id: user.id]?.name ?? user.name
    }

    /// Whether the caller means the account's root by giving no user's name.
    var meansRoot: Bool {
        guard case .root = self.principal else { return false }
        return self.parameters["UserName"] == nil
    }

    // MARK: Changes

    func change<Result: Sendable>(
        _ plan: (IAMState) throws(IAMError) -> IAMPlan<Result>
    ) async throws(IAMError) -> Result {
        try await self.catalog.change(plan)
    }
}

extension IAMError {
    init(_ error: ControlError) {
        self.init(code: error.code, status: error.status, message: error.message)
    }
}
