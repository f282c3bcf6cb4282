/// A user of an identity provider, who proved it by a token of OpenID Connect, and has no account here.
package struct WebIdentity: Hashable, Sendable {
    /// The ARN of the provider as IAM has it.
    package var provider: String
    /// The URL of the provider without its scheme: the prefix of its condition keys.
    package var issuer: String
    package var audience: String
    package var subject: String

    package init(provider: String, issuer: String, audience: String, subject: String) {
        self.provider = provider
        self.issuer = issuer
        self.audience = audience
        self.subject = subject
    }

    /// What trust policies, and later the policies of the session, see of the token.
    package var conditions: [String: String] {
        [
            "\(self.issuer):aud": self.audience, "\(self.issuer):sub": self.subject,
            "aws:FederatedProvider": self.provider,
        ]
    }
}

/// A provider of OpenID Connect as IAM has it.
package struct WebIdentityProvider: Hashable, Sendable {
    package var arn: String
    /// The audiences that tokens may be for.
    package var clientIDs: [String]

    package init(arn: String, clientIDs: [String]) {
        self.arn = arn
        self.clientIDs = clientIDs
    }
}
