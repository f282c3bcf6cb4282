/// Why a command cannot do what it was asked to, and what to do about it; for people.
struct CommandFailure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}
