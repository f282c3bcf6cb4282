import Synchronization
import TernCore
import TernPorts

/// KMS of one region: a few keys that are switched off, marked for deletion and back again.
///
/// Its seals keep nothing secret, and cost nothing.
final class SimulatedKeys: KeyService {
    enum KeyState: String, Sendable, CaseIterable {
        case enabled
        case disabled
        case pendingDeletion
        case missing

        var error: KeyServiceError? {
            switch self {
            case .enabled: nil
            case .disabled: KeyServiceError(code: "DisabledException", message: "the key is disabled")
            case .pendingDeletion: KeyServiceError(code: "KMSInvalidStateException", message: "the key will be deleted")
            case .missing: KeyServiceError(code: "NotFoundException", message: "there is no such key")
            }
        }
    }

    private struct State {
        var states: [String: KeyState] = [:]
        var lastBad: [String: Int64] = [:]
    }

    private let dice: Dice
    private let timeline: Timeline
    private let state = Mutex(State())

    init(dice: Dice, timeline: Timeline) {
        self.dice = dice
        self.timeline = timeline
    }

    static func arn(region: String, number: Int) -> String {
        "arn:aws:kms:\(region):111111111111:key/0000000\(number)-0000-0000-0000-000000000000"
    }

    func set(_ key: String, _ keyState: KeyState) {
        let now = self.timeline.now
        self.state.withLock { state in
            if let old = state.states[key], old != .enabled { state.lastBad[key] = now }
            state.states[key] = keyState
        }
    }

    func enableEverything() {
        let now = self.timeline.now
        self.state.withLock { state in
            for (key, keyState) in state.states where keyState != .enabled { state.lastBad[key] = now }
            state.states = [:]
        }
    }

    /// Whether any of its keys was of no use at some moment since `time`.
    func wasBad(since time: Int64) -> Bool {
        self.state.withLock { state in
            state.states.values.contains { $0 != .enabled } || state.lastBad.values.contains { $0 >= time }
        }
    }

    private func check(_ key: String) throws(KeyServiceError) {
        if let error = self.state.withLock({ $0.states[key] })?.error { throw error }
    }

    func generateDataKey(
        under key: String?, of account: AccountID, for use: KeyUse
    ) async throws(KeyServiceError) -> DataKey {
        let arn = key ?? "arn:aws:kms:local:\(account):key/aws-s3"
        try self.check(arn)
        var plaintext: [UInt8] = []
        for _ in 0..<4 {
            let word = self.dice.next()
            for shift in stride(from: 0, to: 64, by: 8) {
                plaintext.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return DataKey(plaintext: plaintext, wrapped: plaintext + Array(arn.utf8), keyARN: arn)
    }

    func decrypt(_ wrapped: [UInt8], for use: KeyUse) async throws(KeyServiceError) -> [UInt8] {
        guard wrapped.count > 32 else { throw KeyServiceError(code: "InvalidCiphertextException", message: "") }
        try self.check(String(decoding: wrapped[32...], as: UTF8.self))
        return Array(wrapped[..<32])
    }
}

/// A root key that seals by writing the label in front.
struct SimulatedRootKey: RootKey {
    func seal(_ plaintext: [UInt8], label: String) -> [UInt8] { Array(label.utf8) + [0] + plaintext }

    func open(_ sealed: [UInt8], label: String) -> [UInt8]? {
        let prefix = Array(label.utf8) + [0]
        return sealed.starts(with: prefix) ? Array(sealed.dropFirst(prefix.count)) : nil
    }

    func derive(label: String) -> [UInt8] {
        var hash = TraceHash()
        hash.add(label)
        return [UInt8](repeating: UInt8(truncatingIfNeeded: hash.value), count: 32)
    }
}
