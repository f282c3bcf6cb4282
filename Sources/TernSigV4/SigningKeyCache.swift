package import Crypto
import Synchronization

/// Remembers signing keys, because deriving one costs four HMACs and most requests share a few.
///
/// It holds a bounded number; when full, it forgets some. The secret is part of the question, so that a key of a
/// replaced secret is never found.
package final class SigningKeyCache: Sendable {
    private struct Question: Hashable {
        var credential: Credential
        var secret: String

        /// The access key and the date tell nearly all questions apart.
        func hash(into hasher: inout Hasher) {
            hasher.combine(self.credential.accessKeyID)
            hasher.combine(self.credential.date)
        }
    }

    private let capacity: Int
    private let keys = Mutex<[Question: SigningKey]>([:])
    /// Of version 4A, which derives its keys from the secret and the access key alone.
    private let publicKeys = Mutex<[[String]: P256.Signing.PublicKey]>([:])

    /// - Parameter capacity: The number of keys to keep; each takes about half a kilobyte. With fewer than there are
    ///   access keys in use, keys are derived again and again.
    package init(capacity: Int = 4096) {
        precondition(capacity > 0)
        self.capacity = capacity
    }

    /// The number of keys held.
    package var count: Int { self.keys.withLock { $0.count } }

    /// The public key of an access key with this secret, for version 4A.
    package func publicKey(secret: String, accessKeyID: String) -> P256.Signing.PublicKey? {
        let question = [accessKeyID, secret]
        if let key = self.publicKeys.withLock({ $0[question] }) { return key }
        guard let key = AsymmetricKey.publicKey(secret: secret, accessKeyID: accessKeyID) else { return nil }
        self.publicKeys.withLock { keys in
            if keys.count >= self.capacity { keys.remove(at: keys.startIndex) }
            keys[question] = key
        }
        return key
    }

    /// The signing key of a credential with this secret.
    package func key(secret: String, credential: Credential) -> SigningKey {
        let question = Question(credential: credential, secret: secret)
        if let key = self.keys.withLock({ $0[question] }) { return key }
        let key = SigningKey(secret: secret, credential: credential)
        self.keys.withLock { keys in
            if keys.count >= self.capacity {
                // Keys of past days are never asked for again; without any, one is as good as another.
                keys = keys.filter { $0.key.credential.date >= credential.date }
                if keys.count >= self.capacity { keys.remove(at: keys.startIndex) }
            }
            keys[question] = key
        }
        return key
    }
}
