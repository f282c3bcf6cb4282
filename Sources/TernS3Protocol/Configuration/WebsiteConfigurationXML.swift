/// The document of PutBucketWebsite (spec s3-api §12.7).
package enum WebsiteConfigurationXML {
    private static let rule = ElementSchema.group([
        .optional(
            "Condition",
            .group([.optional("HttpErrorCodeReturnedEquals", .text), .optional("KeyPrefixEquals", .text)])),
        .one(
            "Redirect",
            .group([
                .optional("HostName", .text), .optional("HttpRedirectCode", .text), .optional("Protocol", .text),
                .optional("ReplaceKeyPrefixWith", .text), .optional("ReplaceKeyWith", .text),
            ])),
    ])

    private static let schema = ElementSchema.group([
        .optional("ErrorDocument", .group([.one("Key", .nonEmptyText)])),
        .optional("IndexDocument", .group([.optional("Suffix", .text)])),
        .optional(
            "RedirectAllRequestsTo", .group([.one("HostName", .nonEmptyText), .optional("Protocol", .text)])),
        .optional("RoutingRules", .group([.many("RoutingRule", 1...10_000, Self.rule)])),
    ])

    /// Checks a client's document and returns it in the form in which it is kept.
    ///
    /// - Throws: `MalformedXML`, `InvalidArgument`, or `InvalidRequest`.
    package static func normalized(_ bytes: [UInt8]) throws(S3Error) -> [UInt8] {
        let root = try self.schema.normalized(RequestDocument.parse(bytes, root: "WebsiteConfiguration"))
        if let redirect = root["RedirectAllRequestsTo"] {
            if root.children.count > 1 { throw .redirectAllWithOtherRules }
            try self.checkProtocol(of: redirect)
            return root.document()
        }
        guard let index = root["IndexDocument"] else { throw .indexDocumentMissing }
        let suffix = index.text(of: "Suffix") ?? ""
        if suffix.isEmpty || suffix.utf8.contains(UInt8(ascii: "/")) { throw .indexDocumentSuffix(suffix) }
        let rules = root["RoutingRules"]?.children ?? []
        if rules.count > 50 { throw .tooManyRoutingRules }
        for rule in rules {
            if let condition = rule["Condition"], condition.children.isEmpty { throw .emptyRoutingCondition }
            guard let redirect = rule["Redirect"] else { throw .malformedXML }
            if redirect["ReplaceKeyPrefixWith"] != nil, redirect["ReplaceKeyWith"] != nil {
                throw .bothKeyReplacements
            }
            try self.checkProtocol(of: redirect)
        }
        return root.document()
    }

    private static func checkProtocol(of redirect: XMLNode) throws(S3Error) {
        guard let name = redirect.text(of: "Protocol") else { return }
        if name != "http", name != "https" { throw .invalidRedirectProtocol }
    }
}
