import Synchronization
import TernCore
package import TernPorts

/// The keys of identity providers, read from where the providers say, and kept for an hour.
///
/// Source: OpenID Connect Discovery 1.0 §4.
package final class IssuerKeys: Sendable {
    private struct Entry: Sendable {
        var keys: [JSONWebKey] = []
        var problem: DocumentProblem?
        var read: Timestamp
    }

    private let fetcher: any DocumentFetcher
    private let clock: any WallClock
    private let entries = Mutex<[String: Entry]>([:])
    private let turns = Mutex<[String: AsyncLock]>([:])

    private static let lifetime = Duration.seconds(3600)
    /// How soon an issuer is asked again for a key that it did not have: anybody can send tokens.
    private static let patience = Duration.seconds(30)
    private static let maximumIssuers = 1000
    private static let maximumKeys = 100
    private static let documentLimit = 64 << 10

    package init(fetcher: any DocumentFetcher, clock: any WallClock) {
        self.fetcher = fetcher
        self.clock = clock
    }

    /// The keys that may have signed a token of the issuer.
    func keys(for token: JSONWebToken, of issuer: String) async throws(DocumentProblem) -> [JSONWebKey] {
        if let known = self.known(for: token, of: issuer) { return try Self.usable(known, token) }
        // One at a time: tokens that come together are all served by the first one's reading.
        let turn = self.turn(of: issuer)
        await turn.acquire()
        defer { turn.release() }
        if let known = self.known(for: token, of: issuer) { return try Self.usable(known, token) }
        var entry = Entry(read: self.clock.now)
        do throws(DocumentProblem) {
            entry.keys = try await self.read(issuer)
        } catch {
            entry.problem = error
        }
        let new = entry
        self.entries.withLock { entries in
            if entries.count >= Self.maximumIssuers { entries = [:] }
            entries[issuer] = new
        }
        return try Self.usable(new, token)
    }

    private func turn(of issuer: String) -> AsyncLock {
        self.turns.withLock { turns in
            if let known = turns[issuer] { return known }
            if turns.count >= Self.maximumIssuers { turns = [:] }
            let turn = AsyncLock()
            turns[issuer] = turn
            return turn
        }
    }

    /// What is known, as long as it need not be read again for this token.
    private func known(for token: JSONWebToken, of issuer: String) -> Entry? {
        guard let entry = self.entries.withLock({ $0[issuer] }) else { return nil }
        let age = self.clock.now - entry.read
        if age < .zero || age >= Self.lifetime { return nil }
        let hasKey = entry.problem == nil && !Self.matching(entry.keys, token).isEmpty
        return hasKey || age < Self.patience ? entry : nil
    }

    private static func usable(_ entry: Entry, _ token: JSONWebToken) throws(DocumentProblem) -> [JSONWebKey] {
        if let problem = entry.problem { throw problem }
        return self.matching(entry.keys, token)
    }

    private static func matching(_ keys: [JSONWebKey], _ token: JSONWebToken) -> [JSONWebKey] {
        token.keyID.isEmpty ? keys : keys.filter { $0.id == token.keyID }
    }

    private func read(_ issuer: String) async throws(DocumentProblem) -> [JSONWebKey] {
        let url = "https://\(issuer)"
        let description = try await self.document(url + "/.well-known/openid-configuration")
        guard let own = description["issuer"]?.string, own == url || own == url + "/" else {
            throw DocumentProblem("the configuration of \(url) is of another issuer")
        }
        guard let place = description["jwks_uri"]?.string, place.hasPrefix("https://") else {
            throw DocumentProblem("the configuration of \(url) does not say where its keys are")
        }
        guard case .array(let keys)? = try await self.document(place)["keys"] else {
            throw DocumentProblem("\(place) holds no keys")
        }
        return keys.prefix(Self.maximumKeys).compactMap { JSONWebKey($0) }
    }

    private func document(_ url: String) async throws(DocumentProblem) -> JSONValue {
        let bytes = try await self.fetcher.fetch(url, limit: Self.documentLimit)
        guard let json = try? JSONParser.parse(bytes) else { throw DocumentProblem("\(url) is no JSON") }
        return json
    }
}
