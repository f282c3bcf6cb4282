import TernCore
package import TernPorts
package import TernRecords

/// For whom KMS is asked (KMS-20).
package struct KeyCaller: Sendable {
    package var principal: Principal
    /// Global condition keys of the request, made when KMS is asked.
    package var requestContext: @Sendable () -> [String: [String]]

    /// SSE-KMS needs a signature of version 4.
    package var isSignedByVersion4: Bool
    /// Whether it is the role of a rule, which writes a replica.
    package var isReplicating = false
    /// Of the client's request; empty where the server acts by itself.
    package var requestID: String

    package init(
        _ principal: Principal, isSignedByVersion4: Bool = true, requestID: String = "",
        requestContext: @escaping @Sendable () -> [String: [String]] = { [:] }
    ) {
        self.principal = principal
        self.isSignedByVersion4 = isSignedByVersion4
        self.requestID = requestID
        self.requestContext = requestContext
    }

    /// The object store itself, which writes where no client asks, such as access logs.
    package static let objectStore = KeyCaller(.service("s3.amazonaws.com"))
}

/// A key that a client keeps for itself and sends with each request (SSE-C).
package struct CustomerKey: Sendable {
    package static let byteCount = 32

    /// 32 bytes; never stored or logged.
    package let bytes: [UInt8]
    /// In base64, as the client sent it and gets it back.
    package let md5: String

    package init(bytes: [UInt8], md5: String) {
        self.bytes = bytes
        self.md5 = md5
    }
}

/// What reading an encrypted body may need.
package struct KeyAccess: Sendable {
    package var caller: KeyCaller
    package var customerKey: CustomerKey?

    package init(_ caller: KeyCaller, customerKey: CustomerKey? = nil) {
        self.caller = caller
        self.customerKey = customerKey
    }
}

/// How a client wants a new object to be encrypted.
package struct EncryptionRequest: Sendable {
    package enum Method: Sendable {
        /// Nothing was said: the bucket decides.
        case bucketDefault
        case sseS3
        case kms(KMSChoice)
        /// DSSE-KMS
        case doubleKMS(KMSChoice)
        case customerKey(CustomerKey)
    }

    /// What a request says of a KMS key.
    package struct KMSChoice: Hashable, Sendable {
        /// ID, ARN, alias name or alias ARN; `nil` for `alias/aws/s3`.
        package var keyID: String?
        /// Additional pairs of the encryption context.
        package var context: [String: String]
        /// `nil` where the bucket decides.
        package var usesBucketKey: Bool?

        package init(keyID: String? = nil, context: [String: String] = [:], usesBucketKey: Bool? = nil) {
            self.keyID = keyID
            self.context = context
            self.usesBucketKey = usesBucketKey
        }
    }

    package var method: Method
    package var caller: KeyCaller

    package init(_ method: Method = .bucketDefault, by caller: KeyCaller = .objectStore) {
        self.method = method
        self.caller = caller
    }

    /// Whether the request says anything.
    package var isExplicit: Bool {
        if case .bucketDefault = self.method { false } else { true }
    }
}

/// How the body of a version that is being written is encrypted.
package struct NewEncryption: Sendable {
    package var record: EncryptionRecord
    package var cipher: BodyCipher

    /// What stands as the ETag's bytes for a body of this MD5 (MET-6).
    func etag(_ md5: [UInt8]) -> [UInt8] {
        self.record.hasOpaqueETag ? self.cipher.opaque(md5) : md5
    }
}
