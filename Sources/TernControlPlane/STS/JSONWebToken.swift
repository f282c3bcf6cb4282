import TernCore

/// A signed token in its compact form, taken apart and not yet believed.
///
/// Source: RFC 7515 §3.1, RFC 7519 §4.1.
struct JSONWebToken: Sendable {
    /// Those that are verified here.
    enum Algorithm: String, Sendable {
        case rs256 = "RS256"
        case es256 = "ES256"
    }

    var algorithm: Algorithm
    /// Which of the issuer's keys signed it; empty where it does not say.
    var keyID: String
    var claims: JSONValue
    /// What the signature is over.
    var signed: [UInt8]
    var signature: [UInt8]

    /// Tokens are longer than that nowhere; STS takes no longer ones.
    static let maximumByteCount = 20_000

    /// `nil` for what is no such token, or signed in another way.
    init?(_ text: String) {
        guard text.utf8.count <= Self.maximumByteCount else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.decode(parts[0]), let claims = Self.decode(parts[1]),
            let signature = Self.decode(parts[2]), let head = try? JSONParser.parse(header),
            let algorithm = head["alg"]?.string.flatMap({ Algorithm(rawValue: $0) }),
            let payload = try? JSONParser.parse(claims), case .object = payload,
            // Extensions that must be understood are not.
            head["crit"] == nil
        else { return nil }
        self.algorithm = algorithm
        self.keyID = head["kid"]?.string ?? ""
        self.claims = payload
        self.signed = Array("\(parts[0]).\(parts[1])".utf8)
        self.signature = signature
    }

    /// Base64 for URLs, without padding.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var standard = text.map { character -> Character in
            switch character {
            case "-": "+"
            case "_": "/"
            // Those of the standard alphabet are not of this one.
            case "+", "/", "=": "!"
            default: character
            }
        }
        standard.append(contentsOf: String(repeating: "=", count: (4 - standard.count % 4) % 4))
        return Base64.decode(String(standard))
    }

    /// A claim that is a time, in seconds since 1970.
    func seconds(_ claim: String) -> Int64? {
        guard case .number(let text)? = self.claims[claim], let value = Double(text), value.magnitude < 1e15 else {
            return nil
        }
        return Int64(value)
    }
}
