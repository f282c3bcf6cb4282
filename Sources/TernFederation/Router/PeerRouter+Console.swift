import NIOCore
import TernCore
package import TernPorts

/// What the console of a region asks: the very documents that the commands of operators get.
extension PeerRouter {
    /// A question that is only read, asked by somebody who has proved to be an operator already.
    ///
    /// - Parameter parameters: As in the query of the request.
    package func answer(_ path: PeerPath, parameters: [String: String] = [:]) async -> HTTPAnswer {
        let query = parameters.sorted { $0.key < $1.key }.map { name, value in
            "\(name)=\(PercentEncoding.encode(value.utf8, keepingSlash: false))"
        }
        guard path.method == "GET",
            let target = RequestTarget("\(PeerPath.prefix)\(path.path)?\(query.joined(separator: "&"))")
        else { return Self.text(400, "\(path.path) is no question") }
        return await self.answered(path, target: target, body: NoBody())
    }
}

private final class NoBody: HTTPRequestBody {
    func next() async throws -> ByteBuffer? { nil }
}
