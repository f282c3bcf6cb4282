package import TernCore

/// Reading the parameters of a job, with S3 Control's answer to what is wrong with them: 400 `BadRequestException`
/// (spec rule BR-CJ-2), which names the member.
struct JobNode {
    let node: XMLNode
    /// For messages: `Report.Bucket`.
    let path: String

    init(_ node: XMLNode, path: String = "") {
        self.node = node
        self.path = path
    }

    func name(of member: String) -> String { self.path.isEmpty ? member : "\(self.path).\(member)" }

    func child(_ member: String) -> JobNode? {
        self.node[member].map { JobNode($0, path: self.name(of: member)) }
    }

    func required(_ member: String) throws(S3Error) -> JobNode {
        guard let child = self.child(member) else { throw .badJobRequest("\(self.name(of: member)) is required.") }
        return child
    }

    /// Refuses members that the operation does not have.
    func requireOnly(_ members: String...) throws(S3Error) {
        var seen: Set<String> = []
        for child in self.node.children {
            guard members.contains(child.name) else {
                throw .badJobRequest("\(self.name(of: child.name)) is not known.")
            }
            guard seen.insert(child.name).inserted else {
                throw .badJobRequest("\(self.name(of: child.name)) is given more than once.")
            }
        }
    }

    /// The text of a leaf, of a number of characters.
    func text(_ member: String, _ length: ClosedRange<Int>) throws(S3Error) -> String? {
        guard let child = self.node[member] else { return nil }
        guard child.children.isEmpty, length.contains(child.text.unicodeScalars.count) else {
            throw .badJobRequest(
                "\(self.name(of: member)) must have \(length.lowerBound) to \(length.upperBound) characters.")
        }
        return child.text
    }

    func requiredText(_ member: String, _ length: ClosedRange<Int>) throws(S3Error) -> String {
        guard let text = try self.text(member, length) else {
            throw .badJobRequest("\(self.name(of: member)) is required.")
        }
        return text
    }

    /// One of the values of an enumeration.
    func choice(_ member: String, _ values: [String]) throws(S3Error) -> String? {
        guard let child = self.node[member] else { return nil }
        guard values.contains(child.text) else {
            throw .badJobRequest("\(self.name(of: member)) must be one of \(values.joined(separator: ", ")).")
        }
        return child.text
    }

    func boolean(_ member: String) throws(S3Error) -> Bool? {
        guard let text = try self.choice(member, ["true", "false"]) else { return nil }
        return text == "true"
    }

    func integer(_ member: String, _ range: ClosedRange<Int64>) throws(S3Error) -> Int64? {
        guard let child = self.node[member] else { return nil }
        guard let number = Int64(child.text), range.contains(number) else {
            throw .badJobRequest(
                "\(self.name(of: member)) must be a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    func time(_ member: String) throws(S3Error) -> Timestamp? {
        guard let child = self.node[member] else { return nil }
        guard let time = Timestamp(iso8601: child.text) else {
            throw .badJobRequest("\(self.name(of: member)) must be a time of ISO 8601.")
        }
        return time
    }

    func account(_ member: String) throws(S3Error) -> AccountID? {
        guard let child = self.node[member] else { return nil }
        guard let account = AccountID(child.text) else {
            throw .badJobRequest("\(self.name(of: member)) must have 12 digits.")
        }
        return account
    }

    /// The bucket of an ARN.
    func bucket(_ member: String) throws(S3Error) -> BucketName? {
        guard let text = try self.text(member, 1...128) else { return nil }
        guard let bucket = Self.resource(of: text).flatMap({ BucketName($0) }) else {
            throw .badJobRequest("\(self.name(of: member)) must be the ARN of a bucket.")
        }
        return bucket
    }

    /// What follows `arn:aws:s3:::`; `nil` for another ARN.
    static func resource(of arn: String) -> String? {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", !parts[1].isEmpty, parts[2] == "s3", parts[3].isEmpty,
            parts[4].isEmpty, !parts[5].isEmpty
        else { return nil }
        return String(parts[5])
    }

    /// The elements of a list, whatever they are called (spec rule BR-API-6).
    func list(_ member: String) -> [JobNode]? {
        self.node[member].map { list in
            list.children.map { JobNode($0, path: self.name(of: member)) }
        }
    }

    /// A set of tags.
    func tags(_ member: String, maximum: Int) throws(S3Error) -> [Tag]? {
        guard let entries = self.list(member) else { return nil }
        guard entries.count <= maximum else {
            throw .badJobRequest("\(self.name(of: member)) has more than \(maximum) tags.")
        }
        var tags: [Tag] = []
        for entry in entries {
            tags.append(
                Tag(
                    key: try entry.requiredText("Key", 1...128), value: try entry.requiredText("Value", 0...256)))
        }
        try TagRules.checkJobTags(tags)
        return tags
    }
}

extension TagRules {
    /// Characters and unique keys; S3 Control has its own words for both.
    package static func checkJobTags(_ tags: [Tag]) throws(S3Error) {
        do throws(S3Error) {
            try self.check(tags, of: .bucket)
        } catch {
            throw .badJobRequest(error.message)
        }
    }
}

extension S3Error {
    /// What is wrong with a request about jobs.
    package static func badJobRequest(_ message: String) -> S3Error {
        S3Error(code: "BadRequestException", status: 400, message: message)
    }
}
