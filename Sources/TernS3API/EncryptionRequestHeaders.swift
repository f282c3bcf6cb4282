import FoundationEssentials
import TernChecksums
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

/// The headers of encryption at rest (spec s3-api §10).
enum EncryptionHeader {
    static let method = "x-amz-server-side-encryption"
    static let keyID = "x-amz-server-side-encryption-aws-kms-key-id"
    static let context = "x-amz-server-side-encryption-context"
    static let bucketKey = "x-amz-server-side-encryption-bucket-key-enabled"
    static let customer = "x-amz-server-side-encryption-customer-"
    static let copySource = "x-amz-copy-source-server-side-encryption-customer-"

    /// The longest context, in base64.
    static let maximumContextBytes = 8192

    /// Which of the headers a request has, found in one pass.
    struct Presence {
        var hasMethod = false
        var hasCustomerKey = false

        init(_ headers: HeaderFields) {
            for field in headers.fields where field.name.hasPrefix(EncryptionHeader.method) {
                if field.name.hasPrefix(EncryptionHeader.customer) {
                    self.hasCustomerKey = true
                } else {
                    self.hasMethod = true
                }
            }
        }
    }
}

extension S3Call {
    /// On whose behalf KMS is asked.
    var keyCaller: KeyCaller {
        let conditions = self.conditions
        return KeyCaller(
            self.principal, isSignedByVersion4: self.authentication.version != "AWS", requestID: self.requestID,
            requestContext: { conditions.common() })
    }

    /// How the request wants a new object to be encrypted.
    func encryptionRequest() throws(S3Error) -> EncryptionRequest {
        let present = EncryptionHeader.Presence(self.headers)
        if present.hasCustomerKey {
            guard let key = try self.customerKey(EncryptionHeader.customer, isRead: false) else {
                throw .customerKeyNotGiven
            }
            return EncryptionRequest(.customerKey(key), by: self.keyCaller)
        }
        guard present.hasMethod else { return EncryptionRequest(.bucketDefault, by: self.keyCaller) }
        return EncryptionRequest(try self.encryptionMethod(), by: self.keyCaller)
    }

    private func encryptionMethod() throws(S3Error) -> EncryptionRequest.Method {
        var choice = EncryptionRequest.KMSChoice(keyID: self.headers[EncryptionHeader.keyID])
        if let text = self.headers[EncryptionHeader.context] { choice.context = try Self.context(text) }
        if let text = self.headers[EncryptionHeader.bucketKey] {
            guard let isEnabled = Bool(text.lowercased()) else { throw .invalidBucketKeyEnabled(text) }
            choice.usesBucketKey = isEnabled
        }
        switch self.headers[EncryptionHeader.method] {
        case "AES256":
            guard choice.keyID == nil, choice.context.isEmpty, choice.usesBucketKey != true else {
                throw .kmsKeyWithoutMethod
            }
            return .sseS3
        case "aws:kms":
            return .kms(choice)
        case "aws:kms:dsse":
            if choice.usesBucketKey == true { throw .bucketKeyWithDoubleEncryption }
            return .doubleKMS(choice)
        case .some(let value):
            throw .unknownEncryption(value)
        case nil:
            // A bucket key alone changes what the bucket's default says of it, and nothing else.
            guard choice.keyID == nil, choice.context.isEmpty, let preset = try self.bucket().features.encryption,
                preset.method == .kms
            else { throw .kmsKeyWithoutMethod }
            choice.keyID = preset.keyID
            return .kms(choice)
        }
    }

    /// The pairs of an encryption context: base64 of a JSON object of texts.
    private static func context(_ text: String) throws(S3Error) -> [String: String] {
        guard text.utf8.count <= EncryptionHeader.maximumContextBytes, let bytes = Base64.decode(text),
            let json = try? JSONParser.parse(bytes), case .object(let members) = json
        else { throw .invalidEncryptionContext }
        var context: [String: String] = [:]
        for member in members {
            guard case .string(let value) = member.value else { throw .invalidEncryptionContext }
            context[member.name] = value
        }
        return context
    }

    /// What a read brings to open its object.
    func keyAccess() throws(S3Error) -> KeyAccess {
        let present = EncryptionHeader.Presence(self.headers)
        if present.hasMethod { throw .encryptionHeaderOnRead }
        guard present.hasCustomerKey else { return KeyAccess(self.keyCaller) }
        return KeyAccess(self.keyCaller, customerKey: try self.customerKey(EncryptionHeader.customer, isRead: true))
    }

    /// What a part brings: nothing but a customer's key, which is one to write with.
    func partKeyAccess() throws(S3Error) -> KeyAccess {
        let present = EncryptionHeader.Presence(self.headers)
        if present.hasMethod { throw .encryptionHeaderOnRead }
        guard present.hasCustomerKey else { return KeyAccess(self.keyCaller) }
        return KeyAccess(self.keyCaller, customerKey: try self.customerKey(EncryptionHeader.customer, isRead: false))
    }

    /// What a copy brings to open its source (CPY-9).
    func copySourceAccess() throws(S3Error) -> KeyAccess {
        KeyAccess(self.keyCaller, customerKey: try self.customerKey(EncryptionHeader.copySource, isRead: true))
    }

    /// The customer's key under headers of this prefix; `nil` where there are none (§10.3).
    private func customerKey(_ prefix: String, isRead: Bool) throws(S3Error) -> CustomerKey? {
        let algorithm = self.headers[prefix + "algorithm"]
        let keyText = self.headers[prefix + "key"]
        let md5Text = self.headers[prefix + "key-md5"]
        if algorithm == nil, keyText == nil, md5Text == nil { return nil }
        if self.environment.customerKeysRequireTLS, !self.head.isSecure, !self.head.isFromLoopback {
            throw .customerKeyWithoutTLS
        }
        if prefix == EncryptionHeader.customer, let method = self.headers[EncryptionHeader.method] {
            throw .customerKeyWithOtherMethod(method)
        }
        guard let algorithm else { throw .customerAlgorithmMissing }
        guard algorithm == "AES256" else { throw .customerAlgorithmInvalid(algorithm) }
        guard let keyText else { throw .customerKeyNotGiven }
        guard let md5Text else { throw isRead ? .customerKeyWrong : .customerKeyInvalid }
        guard let bytes = Base64.decode(keyText), bytes.count == CustomerKey.byteCount else {
            throw .customerKeyInvalid
        }
        var md5 = MD5Hasher()
        bytes.withUnsafeBytes { md5.update($0) }
        guard Base64.decode(md5Text) == md5.finalize() else { throw .customerKeyMD5Mismatch }
        return CustomerKey(bytes: bytes, md5: md5Text)
    }
}

extension HTTPRequestHead {
    /// Whether the request did not come over a network.
    fileprivate var isFromLoopback: Bool {
        self.remoteAddress.hasPrefix("127.") || self.remoteAddress == "::1"
            || self.remoteAddress.hasPrefix("::ffff:127.")
    }
}

extension HeaderFields {
    /// How a version, or upload, is encrypted, in the answer to the request that makes it: with the context that it sent.
    mutating func appendEncryption(of record: VersionRecord, for call: S3Call, customerKey: CustomerKey?) {
        self.appendEncryption(of: record, customerKey: customerKey)
        if record.encryption.isUnderKMS, let context = call.headers[EncryptionHeader.context] {
            self.append(EncryptionHeader.context, context)
        }
    }

    /// How a version, or upload, is encrypted (§10.1).
    mutating func appendEncryption(of record: VersionRecord, customerKey: CustomerKey?) {
        if record.hasEncryption { self.appendEncryption(record.encryption, customerKey: customerKey) }
    }

    mutating func appendEncryption(_ record: EncryptionRecord, customerKey: CustomerKey?) {
        if let name = record.methodName { self.append(EncryptionHeader.method, name) }
        switch record.kind {
        case .sseKms, .dsseKms:
            self.append(EncryptionHeader.keyID, record.kmsKeyArn)
            if record.bucketKey { self.append(EncryptionHeader.bucketKey, "true") }
        case .sseC:
            self.append(EncryptionHeader.customer + "algorithm", "AES256")
            if let customerKey { self.append(EncryptionHeader.customer + "key-md5", customerKey.md5) }
        case .none, .sseS3, .UNRECOGNIZED:
            break
        }
    }
}

extension EncryptionRequest {
    /// The customer's key that the new object is under.
    var customerKey: CustomerKey? {
        if case .customerKey(let key) = self.method { key } else { nil }
    }
}
