import FoundationEssentials
import Logging
package import TernCore
import TernPorts
package import TernRecords
package import TernS3Protocol

extension ObjectService {
    /// Opens the data keys of a version's body; `nil` for one that is not encrypted.
    ///
    /// KMS is asked on behalf of the caller (KMS-21); a key of the customer's is held against the one that was used.
    package func cipher(
        of version: VersionRecord, key: ObjectKey, in bucket: BucketState, access: KeyAccess
    ) async throws(S3Error) -> BodyCipher? {
        guard version.hasEncryption else {
            if access.customerKey != nil { throw .encryptionParametersNotApplicable }
            return nil
        }
        return try await self.cipher(of: version.encryption, key: key, in: bucket, access: access)
    }

    func cipher(
        of record: EncryptionRecord, key: ObjectKey, in bucket: BucketState, access: KeyAccess
    ) async throws(S3Error) -> BodyCipher {
        if access.customerKey != nil, record.kind != .sseC { throw .encryptionParametersNotApplicable }
        let inner: [UInt8]?
        switch record.kind {
        case .sseS3 where !record.keySalt.isEmpty:
            guard let cipher = self.encryption.dataKey(salt: record.keySalt) else {
                self.logger.error("a version is encrypted, and this region has no root key")
                throw .internalError
            }
            return cipher
        case .sseS3:
            inner = try self.wrappingKey(record.wrappingKey).open(record.sealedKey)
        case .sseC:
            guard let key = access.customerKey else { throw .customerKeyMissing }
            // The seal is the test of the key: nothing of the key itself is kept.
            guard let opened = WrappingKey(customerKey: key, salt: record.customerSalt).open(record.sealedKey) else {
                throw .customerKeyWrong
            }
            inner = opened
        case .sseKms, .dsseKms:
            guard let service = self.encryption.keyService else {
                self.logger.error("a version is under a KMS key, and this region has no KMS")
                throw .internalError
            }
            let use = try self.keyUse(of: record, key: key, in: bucket, by: access.caller)
            do {
                inner = WrappingKey(try await service.decrypt(Array(record.wrappingKey), for: use))
                    .open(record.sealedKey)
            } catch {
                throw S3Error(error)
            }
        case .none, .UNRECOGNIZED:
            self.logger.error("a version is encrypted in a way that is not known here")
            throw .internalError
        }
        var bytes = inner ?? []
        if record.kind == .dsseKms {
            bytes += try self.wrappingKey(record.outerWrappingKey).open(record.outerSealedKey) ?? []
        }
        guard let cipher = BodyCipher(keyBytes: bytes), cipher.layers == record.layers else {
            self.logger.error("the data key of a version cannot be opened", metadata: ["key": "\(key)"])
            throw .internalError
        }
        return cipher
    }

    /// Checks what a request brings for a version whose bytes it does not want, such as HeadObject.
    ///
    /// KMS is not asked: nothing is decrypted.
    package func checkCustomerKey(_ customerKey: CustomerKey?, of version: VersionRecord) throws(S3Error) {
        let record = version.encryption
        guard version.hasEncryption, record.kind == .sseC else {
            if customerKey != nil { throw .encryptionParametersNotApplicable }
            return
        }
        guard let customerKey else { throw .customerKeyMissing }
        guard WrappingKey(customerKey: customerKey, salt: record.customerSalt).open(record.sealedKey) != nil else {
            throw .customerKeyWrong
        }
    }

    private func wrappingKey(_ sealed: Data) throws(S3Error) -> WrappingKey {
        if let key = self.encryption.wrappingKey(sealed: sealed) { return key }
        self.logger.error(
            "a version is encrypted under a root key that this region does not have",
            metadata: ["has-root-key": "\(self.encryption.rootKey != nil)"])
        throw .internalError
    }
}

extension S3Error {
    /// What S3 makes of an error of KMS (SSE-2, SSE-3).
    init(_ error: KeyServiceError) {
        switch error.code {
        case "AccessDeniedException", "AccessDenied":
            self = .accessDenied(error.message)
        case "KMSInternalException", "DependencyTimeoutException", "KeyUnavailableException":
            self = S3Error(code: "KMS.\(error.code)", status: 503, message: error.message)
        default:
            self = S3Error(code: "KMS.\(error.code)", status: 400, message: error.message)
        }
    }
}
