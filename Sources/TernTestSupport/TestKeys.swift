import Crypto
import Foundation
import Synchronization
package import TernCore
package import TernPorts

/// A root key of a seed.
package struct TestRootKey: RootKey {
    private let key: SymmetricKey

    package init(seed: UInt8) {
        self.key = SymmetricKey(data: [UInt8](repeating: seed, count: 32))
    }

    package func seal(_ plaintext: [UInt8], label: String) -> [UInt8] {
        guard
            let box = try? AES.GCM.seal(plaintext, using: self.key, authenticating: Array(label.utf8)),
            let bytes = box.combined
        else { return [] }
        return Array(bytes)
    }

    package func open(_ sealed: [UInt8], label: String) -> [UInt8]? {
        guard let box = try? AES.GCM.SealedBox(combined: sealed),
            let plain = try? AES.GCM.open(box, using: self.key, authenticating: Array(label.utf8))
        else { return nil }
        return Array(plain)
    }

    package func derive(label: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(label.utf8), using: self.key))
    }
}

/// KMS of one region with keys by name, which remembers how it was asked.
package final class TestKeyService: KeyService {
    package struct Call: Sendable {
        package var isDecryption: Bool
        package var use: KeyUse
    }

    private struct State {
        var failure: KeyServiceError?
        var calls: [Call] = []
    }

    private let root = TestRootKey(seed: 200)
    private let region: String
    private let state = Mutex(State())

    package init(region: String = "us-east-1") {
        self.region = region
    }

    /// What every call fails with from now on; `nil` for nothing.
    package var failure: KeyServiceError? {
        get { self.state.withLock { $0.failure } }
        set { self.state.withLock { $0.failure = newValue } }
    }

    /// The calls so far.
    package var calls: [Call] { self.state.withLock { $0.calls } }

    private func note(_ call: Call) throws(KeyServiceError) {
        let failure = self.state.withLock { state -> KeyServiceError? in
            state.calls.append(call)
            return state.failure
        }
        if let failure { throw failure }
    }

    private static func label(_ use: KeyUse) -> String {
        use.context.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\n")
    }

    package func generateDataKey(
        under key: String?, of account: AccountID, for use: KeyUse
    ) async throws(KeyServiceError) -> DataKey {
        try self.note(Call(isDecryption: false, use: use))
        let name = key ?? "alias/aws/s3"
        let arn = name.hasPrefix("arn:") ? name : "arn:aws:kms:\(self.region):\(account):key/\(name)"
        let plain = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        return DataKey(plaintext: plain, wrapped: self.root.seal(plain, label: Self.label(use)), keyARN: arn)
    }

    package func decrypt(_ wrapped: [UInt8], for use: KeyUse) async throws(KeyServiceError) -> [UInt8] {
        try self.note(Call(isDecryption: true, use: use))
        guard let plain = self.root.open(wrapped, label: Self.label(use)) else {
            throw KeyServiceError(code: "InvalidCiphertextException", message: "")
        }
        return plain
    }
}
