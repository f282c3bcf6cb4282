import FoundationEssentials
import TernCore
import TernPorts
import TernRecords
import TernS3Protocol

extension ObjectService {
    /// Decides how a new body is encrypted, and makes its data key; `nil` for a body that is stored as it is.
    ///
    /// That is so only where the region has no root key and neither the request nor the bucket asks for encryption.
    ///
    /// - Parameter existing: The keys of a body whose stored bytes are taken over: they are sealed anew, if that will do.
    ///   Whether they were, ``NewEncryption/cipher`` and the record's layers tell.
    /// - Throws: KMS's errors as S3 has them (SSE-2, SSE-3); `NotImplemented` where the region lacks a key.
    func newEncryption(
        _ request: EncryptionRequest, for key: ObjectKey, in bucket: BucketState, reusing existing: BodyCipher? = nil
    ) async throws(S3Error) -> NewEncryption? {
        switch request.method {
        case .sseS3:
            return try self.sseS3(reusing: existing)
        case .kms(let choice):
            return try await self.kms(choice, layers: 1, request.caller, for: key, in: bucket, reusing: existing)
        case .doubleKMS(let choice):
            return try await self.kms(choice, layers: 2, request.caller, for: key, in: bucket, reusing: existing)
        case .customerKey(let customerKey):
            return try self.customer(customerKey, in: bucket, reusing: existing)
        case .bucketDefault:
            guard let preset = bucket.features.encryption else {
                return self.encryption.rootKey == nil ? nil : try self.sseS3(reusing: existing)
            }
            let choice = EncryptionRequest.KMSChoice(keyID: preset.keyID, usesBucketKey: preset.usesBucketKey)
            switch preset.method {
            case .sseS3:
                return try self.sseS3(reusing: existing)
            case .kms:
                return try await self.kms(choice, layers: 1, request.caller, for: key, in: bucket, reusing: existing)
            case .doubleKMS:
                return try await self.kms(choice, layers: 2, request.caller, for: key, in: bucket, reusing: existing)
            }
        }
    }

    private static func cipher(reusing existing: BodyCipher?, layers: Int) -> BodyCipher {
        if let existing, existing.layers == layers { return existing }
        return .random(layers: layers)
    }

    private func sseS3(reusing existing: BodyCipher?) throws(S3Error) -> NewEncryption {
        guard let existing, existing.layers == 1 else {
            var record = EncryptionRecord()
            record.kind = .sseS3
            record.keySalt = BodyCipher.makeSalt()
            guard let cipher = self.encryption.dataKey(salt: record.keySalt) else { throw .encryptionNotConfigured }
            return NewEncryption(record: record, cipher: cipher)
        }
        guard let wrapping = self.encryption.currentWrappingKey(now: self.clock.now) else {
            throw .encryptionNotConfigured
        }
        guard let sealed = wrapping.key.seal(existing.innerBytes) else { throw .internalError }
        var record = EncryptionRecord()
        record.kind = .sseS3
        record.sealedKey = sealed
        record.wrappingKey = wrapping.sealed
        return NewEncryption(record: record, cipher: existing)
    }

    private func customer(
        _ key: CustomerKey, in bucket: BucketState, reusing existing: BodyCipher?
    ) throws(S3Error) -> NewEncryption {
        if bucket.features.encryption?.blocksCustomerKeys == true { throw .accessDenied() }
        let cipher = Self.cipher(reusing: existing, layers: 1)
        var record = EncryptionRecord()
        record.kind = .sseC
        record.customerSalt = BodyCipher.makeSalt()
        guard let sealed = WrappingKey(customerKey: key, salt: record.customerSalt).seal(cipher.innerBytes) else {
            throw .internalError
        }
        record.sealedKey = sealed
        return NewEncryption(record: record, cipher: cipher)
    }

    private func kms(
        _ choice: EncryptionRequest.KMSChoice, layers: Int, _ caller: KeyCaller, for key: ObjectKey,
        in bucket: BucketState, reusing existing: BodyCipher?
    ) async throws(S3Error) -> NewEncryption {
        let cipher = Self.cipher(reusing: existing, layers: layers)
        var record = EncryptionRecord()
        record.kind = layers == 1 ? .sseKms : .dsseKms
        // DSSE-KMS has no bucket keys (§10.1).
        record.bucketKey =
            layers == 1 && (choice.usesBucketKey ?? bucket.features.encryption?.usesBucketKey ?? false)
        record.kmsContext = choice.context.sorted { $0.key < $1.key }.map { HeaderPair(name: $0.key, value: $0.value) }
        let use = try self.keyUse(of: record, key: key, in: bucket, by: caller)
        let made: EncryptionKeys.KMSKey?
        do {
            made = try await self.encryption.makeKMSKey(
                under: choice.keyID, of: caller.principal.account?.id ?? bucket.owner, for: use,
                bucketKeyOf: record.bucketKey ? bucket.record.bucketID : nil, now: self.clock.now)
        } catch {
            throw S3Error(error)
        }
        guard let made else { throw .encryptionNotConfigured }
        guard let sealed = made.key.seal(cipher.innerBytes) else { throw .internalError }
        record.sealedKey = sealed
        record.wrappingKey = made.wrapped
        record.kmsKeyArn = made.keyARN
        if let outer = cipher.outerBytes {
            guard let wrapping = self.encryption.currentWrappingKey(now: self.clock.now) else {
                throw .encryptionNotConfigured
            }
            guard let outerSealed = wrapping.key.seal(outer) else { throw .internalError }
            record.outerSealedKey = outerSealed
            record.outerWrappingKey = wrapping.sealed
        }
        return NewEncryption(record: record, cipher: cipher)
    }

    /// What KMS is told of the use of a key (KMS-20): the object's ARN, or with a bucket key the bucket's.
    func keyUse(
        of record: EncryptionRecord, key: ObjectKey, in bucket: BucketState, by caller: KeyCaller
    ) throws(S3Error) -> KeyUse {
        if caller.principal == .anonymous || !caller.isSignedByVersion4 { throw .kmsWithoutSignature }
        let arn = "arn:aws:s3:::\(bucket.name)" + (record.bucketKey ? "" : "/\(key)")
        var context: [String: String] = [:]
        for pair in record.kmsContext { context[pair.name] = pair.value }
        context["aws:s3:arn"] = arn
        return KeyUse(
            principal: caller.principal, context: context, viaService: "s3.\(self.region).amazonaws.com",
            requestContext: caller.requestContext(), isForReplica: caller.isReplicating, requestID: caller.requestID)
    }
}
