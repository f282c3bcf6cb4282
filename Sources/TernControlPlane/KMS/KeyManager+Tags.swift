package import TernCore
package import TernPorts
import TernRecords

extension KeyManager {
    package func tag(_ id: String, _ tags: [Tag], _ caller: KeyCaller) async throws(KeyServiceError) {
        let found = try await self.find(id, caller, action: "kms:TagResource", .own)
        try await self.authorize("TagResource", on: found, caller, extra: Self.context(requestTags: tags))
        try self.check(tags: tags)
        try await self.modify(found.key.id) { record throws(KeyServiceError) in
            try self.requireNotPending(record)
            var all = record.tags
            for tag in tags {
                if let index = all.firstIndex(where: { $0.key == tag.key }) {
                    all[index].value = tag.value
                } else {
                    all.append(TagPair(tag))
                }
            }
            guard all.count <= self.limits.tagsPerKey else { throw .tag("Too many tags") }
            record.tags = all
        }
    }

    package func untag(_ id: String, keys: [String], _ caller: KeyCaller) async throws(KeyServiceError) {
        let found = try await self.find(id, caller, action: "kms:UntagResource", .own)
        try await self.authorize("UntagResource", on: found, caller, extra: ["aws:TagKeys": keys])
        if keys.contains(where: Self.isReserved) { throw .tag("Tags beginning with aws: are reserved") }
        try await self.modify(found.key.id) { record throws(KeyServiceError) in
            try self.requireNotPending(record)
            record.tags.removeAll { keys.contains($0.key) }
        }
    }

    package func tags(
        _ id: String, _ page: KeyPageRequest, _ caller: KeyCaller
    ) async throws(KeyServiceError) -> KeyPage<Tag> {
        let found = try await self.find(id, caller, action: "kms:ListResourceTags", .own)
        try await self.authorize("ListResourceTags", on: found, caller)
        let tags = found.key.record.tags.map { Tag(key: $0.key, value: $0.value) }.sorted { $0.key < $1.key }
        return try KeyPage(tags, limit: page.limit, marker: page.marker, name: \.key)
    }

    func check(tags: [Tag]) throws(KeyServiceError) {
        if tags.contains(where: { Self.isReserved($0.key) }) { throw .tag("Tags beginning with aws: are reserved") }
        guard Set(tags.map(\.key)).count == tags.count else { throw .tag("Duplicate tag keys") }
        guard tags.count <= self.limits.tagsPerKey else { throw .tag("Too many tags") }
    }

    private static func isReserved(_ key: String) -> Bool { key.lowercased().hasPrefix("aws:") }

    static func context(requestTags tags: [Tag]) -> [String: [String]] {
        if tags.isEmpty { return [:] }
        var context = ["aws:TagKeys": tags.map(\.key)]
        for tag in tags { context["aws:RequestTag/\(tag.key)"] = [tag.value] }
        return context
    }
}
