import TernCore
import TernS3Protocol

/// Which page of a list is wanted.
struct MultiRegionAccessPointPage: Hashable, Sendable {
    private static let maximumResults = 1000

    /// The last name of the page before; empty for the first page.
    var after = ""
    var limit = Self.maximumResults

    init(_ target: RequestTarget) throws(S3Error) {
        if let text = target["maxResults"] {
            guard let number = Int(text), (0...Self.maximumResults).contains(number) else {
                throw .invalidRequest("maxResults must be a number between 0 and \(Self.maximumResults).")
            }
            // An empty page would have nothing to go on from.
            if number > 0 { self.limit = number }
        }
        if let token = target["nextToken"] {
            guard let bytes = [UInt8](hex: token.utf8), let name = String(validating: bytes, as: UTF8.self),
                MultiRegionAccessPointDocuments.isName(name)
            else { throw .invalidRequest("The nextToken is not valid.") }
            self.after = name
        }
    }

    static func token(after name: String) -> String { Array(name.utf8).lowercaseHex }
}
