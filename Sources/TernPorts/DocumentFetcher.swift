/// Reads small documents of the web by HTTPS, such as the keys of identity providers.
package protocol DocumentFetcher: Sendable {
    /// - Parameters:
    ///   - url: Begins with `https://`. Redirects are not followed.
    ///   - limit: Bytes that the document may have.
    func fetch(_ url: String, limit: Int) async throws(DocumentProblem) -> [UInt8]
}

/// Why a document could not be read.
package struct DocumentProblem: Error, Hashable, Sendable {
    package var message: String

    package init(_ message: String) {
        self.message = message
    }
}
