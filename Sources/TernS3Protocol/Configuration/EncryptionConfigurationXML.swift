/// The document of PutBucketEncryption (spec s3-api §10.4).
package enum EncryptionConfigurationXML {
    private static let root = "ServerSideEncryptionConfiguration"

    private static let schema = ElementSchema.group([
        .one(
            "Rule",
            .group([
                .optional(
                    "ApplyServerSideEncryptionByDefault",
                    .group([
                        .one("SSEAlgorithm", .choice(["AES256", "aws:kms", "aws:kms:dsse"])),
                        .optional("KMSMasterKeyID", .nonEmptyText),
                    ])),
                .optional("BucketKeyEnabled", .boolean),
                .optional(
                    "BlockedEncryptionTypes",
                    .group([.many("EncryptionType", 1...2, .choice(["NONE", "SSE-C"]))])),
            ]))
    ])

    /// What a GET answers while nothing was set: every object is under SSE-S3.
    package static var unset: [UInt8] {
        var rule = XMLNode(name: "Rule")
        rule.children = [self.byDefault, XMLNode(name: "BucketKeyEnabled", text: "false")]
        var node = XMLNode(name: self.root)
        node.children = [rule]
        return node.document()
    }

    private static var byDefault: XMLNode {
        XMLNode(
            name: "ApplyServerSideEncryptionByDefault",
            children: [XMLNode(name: "SSEAlgorithm", text: "AES256")])
    }

    /// Checks a client's document and returns it in the form in which it is kept, with the defaults that a GET shows.
    ///
    /// - Throws: `MalformedXML`; `InvalidArgument` for a key that the algorithm has no use for.
    package static func normalized(_ bytes: [UInt8]) throws(S3Error) -> [UInt8] {
        var root = try self.schema.normalized(RequestDocument.parse(bytes, root: self.root))
        var rule = root.children[0]
        if let applied = rule["ApplyServerSideEncryptionByDefault"] {
            if applied["KMSMasterKeyID"] != nil, applied.text(of: "SSEAlgorithm") == "AES256" {
                throw .kmsKeyWithoutKMS
            }
        } else {
            rule.children.insert(self.byDefault, at: 0)
        }
        if rule["BucketKeyEnabled"] == nil {
            rule.children.insert(XMLNode(name: "BucketKeyEnabled", text: "false"), at: 1)
        }
        root.children = [rule]
        return root.document()
    }
}

/// What a bucket's encryption configuration says of new objects (spec s3-api §10.4).
package struct BucketEncryption: Hashable, Sendable {
    package enum Method: String, Hashable, Sendable {
        case sseS3 = "AES256"
        case kms = "aws:kms"
        case doubleKMS = "aws:kms:dsse"
    }

    package var method: Method
    /// `nil` for the account's `alias/aws/s3`.
    package var keyID: String?
    package var usesBucketKey: Bool
    /// Whether keys of customers are refused (`BlockedEncryptionTypes`).
    package var blocksCustomerKeys: Bool

    package init(
        method: Method, keyID: String? = nil, usesBucketKey: Bool = false, blocksCustomerKeys: Bool = false
    ) {
        self.method = method
        self.keyID = keyID
        self.usesBucketKey = usesBucketKey
        self.blocksCustomerKeys = blocksCustomerKeys
    }

    /// Reads a document that was found valid when it was stored.
    package init(stored bytes: [UInt8]) throws(S3Error) {
        let rule = try RequestDocument.parse(bytes, root: "ServerSideEncryptionConfiguration")["Rule"]
        let applied = rule?["ApplyServerSideEncryptionByDefault"]
        guard let method = Method(rawValue: applied?.text(of: "SSEAlgorithm") ?? Method.sseS3.rawValue) else {
            throw .internalError
        }
        self.method = method
        self.keyID = applied?.text(of: "KMSMasterKeyID")
        self.usesBucketKey = rule?.text(of: "BucketKeyEnabled") == "true"
        self.blocksCustomerKeys =
            rule?["BlockedEncryptionTypes"]?.children.contains { $0.text == "SSE-C" } ?? false
    }
}

extension S3Error {
    /// §10.4
    package static let kmsKeyWithoutKMS = S3Error(
        code: "InvalidArgument", status: 400,
        message: "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
        details: [Detail("ArgumentName", "ApplyServerSideEncryptionByDefault")])
}
