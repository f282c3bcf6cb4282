package import TernRecords

extension IAMState {
    /// Adds tags, or gives those that are there new values. Keys are the same without regard to case.
    package func tag<Entity: IAMTagged>(_ entity: Entity, _ tags: [TagPair]) throws(IAMError) -> IAMPlan<Void> {
        try IAMNames.checkTags(tags)
        var changed = entity
        for tag in tags {
            let key = tag.key.lowercased()
            if let index = changed.tags.firstIndex(where: { $0.key.lowercased() == key }) {
                changed.tags[index] = tag
            } else {
                changed.tags.append(tag)
            }
        }
        guard changed.tags.count <= IAMNames.tagLimit else {
            throw .limitExceeded("The number of tags has reached the maximum limit.")
        }
        return IAMPlan([try changed.write()], ())
    }

    /// Keys that are not there are passed over.
    package func untag<Entity: IAMTagged>(_ entity: Entity, _ keys: [String]) throws(IAMError) -> IAMPlan<Void> {
        guard keys.count <= IAMNames.tagLimit else {
            throw .constraint(
                "\(keys.count) keys", "tagKeys",
                "Member must have length less than or equal to \(IAMNames.tagLimit)")
        }
        for (index, key) in keys.enumerated() {
            try IAMNames.checkLength(key, "tagKeys.\(index + 1).member", 1...128)
        }
        let removed = Set(keys.map { $0.lowercased() })
        var changed = entity
        changed.tags.removeAll { removed.contains($0.key.lowercased()) }
        return IAMPlan([try changed.write()], ())
    }

    /// A policy of the account itself, to tag it.
    package func taggablePolicy(_ arn: String, in account: String) throws(IAMError) -> IAMPolicyRecord {
        try self.ownPolicy(arn, in: account)
    }
}
