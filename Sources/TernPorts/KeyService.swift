package import TernCore

/// For whom and for what a key is used (KMS-20): what key policies and identity policies judge.
package struct KeyUse: Sendable {
    package var principal: Principal
    /// The encryption context: the same pairs are needed to decrypt (KMS-5).
    package var context: [String: String]
    /// `s3.REGION.amazonaws.com` where S3 asks on behalf of the principal; `nil` for a caller of KMS itself.
    package var viaService: String?
    /// Global condition keys of the request that leads to this use.
    package var requestContext: [String: [String]]
    /// Whether a rule's role asks, for a replica: then `kms:Encrypt` makes a data key as well (live-replication ).
    package var isForReplica: Bool
    /// Of the request that leads to this use; empty where the server acts by itself.
    package var requestID: String

    package init(
        principal: Principal, context: [String: String], viaService: String? = nil,
        requestContext: [String: [String]] = [:], isForReplica: Bool = false, requestID: String = ""
    ) {
        self.requestID = requestID
        self.isForReplica = isForReplica
        self.principal = principal
        self.context = context
        self.viaService = viaService
        self.requestContext = requestContext
    }
}

/// A new data key: its bytes, and how they are kept.
package struct DataKey: Sendable {
    /// 32 bytes; never stored.
    package var plaintext: [UInt8]
    /// The ciphertext blob of KMS (KMS-6).
    package var wrapped: [UInt8]
    /// The ARN of the KMS key.
    package var keyARN: String

    package init(plaintext: [UInt8], wrapped: [UInt8], keyARN: String) {
        self.plaintext = plaintext
        self.wrapped = wrapped
        self.keyARN = keyARN
    }
}

/// An error of KMS, with its code and message as they stand on the wire: `NotFoundException`, `DisabledException`,
/// `KMSInvalidStateException`, `AccessDeniedException`, `InvalidCiphertextException`…
package struct KeyServiceError: Error, Hashable, Sendable {
    package var code: String
    package var message: String

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}

/// KMS as the object store asks it, on behalf of callers.
package protocol KeyService: Sendable {
    /// Makes a data key under a KMS key, if the principal may (`kms:GenerateDataKey`; for replicas `kms:Encrypt` too).
    ///
    /// - Parameter key: ID, ARN, alias name or alias ARN; `nil` for the account's `alias/aws/s3`, made on first use.
    func generateDataKey(under key: String?, of account: AccountID, for use: KeyUse) async throws(KeyServiceError)
        -> DataKey
    /// Opens a wrapped data key, if the principal may (`kms:Decrypt`).
    func decrypt(_ wrapped: [UInt8], for use: KeyUse) async throws(KeyServiceError) -> [UInt8]
}

/// The key that seals what must not lie in clear beside the data: data keys of SSE-S3, key material of KMS, secrets of
/// access keys (ACC-8, KMS-25). It comes from a file or the environment.
package protocol RootKey: Sendable {
    /// AES-256-GCM with a fresh nonce; `label` is authenticated and has to be given again.
    func seal(_ plaintext: [UInt8], label: String) -> [UInt8]
    /// `nil` for what was not sealed with this key and label, or was changed since.
    func open(_ sealed: [UInt8], label: String) -> [UInt8]?
    /// 32 bytes that only who has the key can compute, others for each label.
    func derive(label: String) -> [UInt8]
}
