import Crypto
import TernCore

/// Lets one region tell another where a request that it hands on came from: policies look at the client's address and at
/// whether its connection was encrypted.
///
/// The seal covers the request's own line and signature, so that it is of no use for any other request; and only regions
/// of the federation, which have the secret, can make one. A client that writes the header is taken for who it is.
package struct ForwardingSeal: Sendable {
    package static let header = "x-tern-forwarded-for"

    private let key: SymmetricKey

    /// - Parameter secret: The federation's; with none, nothing is believed.
    package init?(secret: String) {
        guard !secret.isEmpty else { return nil }
        self.key = SymmetricKey(data: Array("tern-forwarding:\(secret)".utf8))
    }

    /// The value of ``header``: `secure` or `plain`, the address, and the seal.
    package func seal(
        address: String, isSecure: Bool, method: String, target: String, authorization: String?
    ) -> String {
        let origin = "\(isSecure ? "secure" : "plain") \(address)"
        let code = HMAC<SHA256>.authenticationCode(
            for: Self.message(origin, method, target, authorization), using: self.key)
        return "\(origin) \(Array(code).lowercaseHex)"
    }

    /// Where the request came from; `nil` for a value that no region of the federation wrote for it.
    package func open(
        _ value: String, method: String, target: String, authorization: String?
    ) -> (address: String, isSecure: Bool)? {
        let parts = value.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, let code = [UInt8](hex: parts[2].utf8),
            HMAC<SHA256>.isValidAuthenticationCode(
                code, authenticating: Self.message("\(parts[0]) \(parts[1])", method, target, authorization),
                using: self.key)
        else { return nil }
        return (String(parts[1]), parts[0] == "secure")
    }

    private static func message(
        _ origin: String, _ method: String, _ target: String, _ authorization: String?
    ) -> [UInt8] {
        Array("\(origin)\n\(method)\n\(target)\n\(authorization ?? "")".utf8)
    }
}
