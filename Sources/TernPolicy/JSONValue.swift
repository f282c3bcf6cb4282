/// A value of JSON as policies use it. Numbers keep their text: a policy compares them as decimals.
enum JSONValue: Hashable, Sendable {
    case object([Member])
    case array([JSONValue])
    case string(String)
    case number(String)
    case boolean(Bool)
    case null

    struct Member: Hashable, Sendable {
        var name: String
        var value: JSONValue
    }
}
