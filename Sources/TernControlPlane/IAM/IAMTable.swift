/// The entities of one kind, by ID and by account and name.
package struct IAMTable<Entity: IAMEntity>: Sendable {
    private var entities: [String: Entity] = [:]
    /// IDs by lower-case name, by account.
    private var names: [String: [String: String]] = [:]

    package subscript(id id: String) -> Entity? { self.entities[id] }

    package func named(_ name: String, in account: String) -> Entity? {
        self.names[account]?[name.lowercased()].flatMap { self.entities[$0] }
    }

    /// All of an account, in the order of their names.
    package func all(in account: String) -> [Entity] {
        (self.names[account] ?? [:]).sorted { $0.key < $1.key }.compactMap { self.entities[$0.value] }
    }

    package func count(in account: String) -> Int { self.names[account]?.count ?? 0 }

    /// The entity of this ARN, its path included.
    package func entity(arn: String) -> Entity? {
        guard let parsed = IAMARN(arn), parsed.kind == Entity.kind else { return nil }
        guard let found = self.named(parsed.name, in: parsed.account), found.arn == arn else { return nil }
        return found
    }

    mutating func put(_ entity: Entity) {
        self.remove(entity.id)
        self.entities[entity.id] = entity
        self.names[entity.account, default: [:]][entity.name.lowercased()] = entity.id
    }

    mutating func remove(_ id: String) {
        guard let old = self.entities.removeValue(forKey: id) else { return }
        let name = old.name.lowercased()
        // Rows of several changes may be read in any order: the name may be another entity's by now.
        if self.names[old.account]?[name] == id { self.names[old.account]?[name] = nil }
    }
}

/// An ARN of IAM: `arn:aws:iam::ACCOUNT:KIND/PATH/NAME`.
package struct IAMARN: Hashable, Sendable {
    /// 12 digits, or `aws`.
    package var account: String
    package var kind: String
    package var path: String
    package var name: String

    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[1] == "aws", parts[2] == "iam", parts[3].isEmpty,
            let slash = parts[5].firstIndex(of: "/"), let last = parts[5].lastIndex(of: "/")
        else { return nil }
        self.account = String(parts[4])
        self.kind = String(parts[5][..<slash])
        self.path = String(parts[5][slash...last])
        self.name = String(parts[5][parts[5].index(after: last)...])
        guard !self.name.isEmpty else { return nil }
    }
}
