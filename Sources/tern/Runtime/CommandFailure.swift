/// Why a command cannot do what it was asked to, and what to do about it; for people.
struct CommandFailure: Error, CustomStringConvertible {
    var description: String
    /// Whether the same may succeed a little later: nobody answered, or the server had trouble.
    var mayPass: Bool

    init(_ description: String, mayPass: Bool = false) {
        self.description = description
        self.mayPass = mayPass
    }
}
