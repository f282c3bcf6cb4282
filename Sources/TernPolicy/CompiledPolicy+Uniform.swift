extension CompiledPolicy {
    /// Whether the policy says the same of every object of a bucket, in every request for the action: then one decision
    /// serves them all.
    ///
    /// Statements about the action must have no conditions, and resources that are all of the bucket's objects or none.
    package func treatsAlike(objectsOf bucket: String, action: String) -> Bool {
        let action = ActionPattern.lowercased(action)
        let objects = Array("arn:aws:s3:::\(bucket)/".utf8)
        return self.document.statements.allSatisfy { statement in
            let isNamed = statement.actions.values.contains { ActionPattern($0).matches(action) }
            guard isNamed != statement.actions.isNegated else { return true }
            return statement.conditions.isEmpty
                && (statement.resources?.values ?? []).allSatisfy { Self.isAllOrNone($0, of: objects) }
        }
    }

    /// Whether a text of `Resource` covers all keys behind `objects`, or none; `false` where it is not certain.
    private static func isAllOrNone(_ text: String, of objects: [UInt8]) -> Bool {
        if text == "*" { return true }
        let bytes = Array(text.utf8)
        let wild = bytes.firstIndex { [UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "$")].contains($0) }
        let literal = bytes[..<(wild ?? bytes.count)]
        // They part somewhere before the key begins: no key is covered.
        if zip(literal, objects).contains(where: { $0 != $1 }) { return true }
        guard let wild else { return literal.count < objects.count }
        let isOneRun = bytes[wild...].elementsEqual([UInt8(ascii: "*")])
        // `…:::buck*` and `…:::bucket/*`, but not `…:::*` in the segments before, nor `…:::bucket/a*`.
        return isOneRun && literal.count <= objects.count && literal.starts(with: "arn:aws:s3:::".utf8)
    }
}
