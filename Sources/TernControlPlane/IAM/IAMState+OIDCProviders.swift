package import TernRecords

/// Providers of OpenID Connect: whose tokens the trust policies of roles may name.
///
/// Source: AWS IAM API Reference, CreateOpenIDConnectProvider.
extension IAMState {
    static let oidcProviderLimit = 100
    private static let clientIDLimit = 100
    private static let thumbprintLimit = 5

    package func oidcProvider(arn: String, in account: String) throws(IAMError) -> IAMOIDCProviderRecord {
        let prefix = "arn:aws:iam::\(account):\(IAMOIDCProviderRecord.kind)/"
        guard arn.utf8.count >= 20, arn.utf8.count <= 2048, arn.hasPrefix("arn:") else {
            throw .invalidInput("Invalid ARN: \(arn)")
        }
        guard arn.hasPrefix(prefix),
            let found = self.oidcProviders.named(String(arn.dropFirst(prefix.count)), in: account), found.arn == arn
        else { throw .noSuchEntity("OpenIDConnect Provider not found for arn \(arn)") }
        return found
    }

    /// The name of a provider by the URL of its issuer.
    package static func oidcProviderName(url: String) throws(IAMError) -> String {
        try IAMNames.checkLength(url, "url", 1...255)
        let scheme = "https://"
        let rest = url.dropFirst(scheme.count)
        let isPlain = rest.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard url.hasPrefix(scheme), isPlain, let host = rest.split(separator: "/").first, host.contains("."),
            !rest.hasPrefix("/"), !rest.contains(where: { "?#@:".contains($0) })
        else { throw .validation("Invalid Open ID Connect Provider URL") }
        return String(rest.last == "/" ? rest.dropLast() : rest)
    }

    /// - Parameter new: With all that it is to have.
    package func createOIDCProvider(
        _ new: IAMOIDCProviderRecord
    ) throws(IAMError) -> IAMPlan<IAMOIDCProviderRecord> {
        try Self.checkThumbprints(new.thumbprints)
        try Self.checkClientIDs(new.clientIds)
        try IAMNames.checkTags(new.tags)
        guard self.oidcProviders.named(new.name, in: new.account) == nil else {
            throw .alreadyExists("Provider with url https://\(new.name) already exists.")
        }
        guard self.oidcProviders.count(in: new.account) < Self.oidcProviderLimit else {
            throw .quota("OpenIdConnectProvidersPerAccount", Self.oidcProviderLimit)
        }
        return IAMPlan([try new.write()], new)
    }

    /// One that is not there is as good as deleted.
    package func deleteOIDCProvider(arn: String, in account: String) throws(IAMError) -> IAMPlan<Void> {
        do throws(IAMError) {
            return IAMPlan([try self.oidcProvider(arn: arn, in: account).removal], ())
        } catch {
            if error.code == "NoSuchEntity" { return IAMPlan([], ()) }
            throw error
        }
    }

    package func updateThumbprints(
        _ thumbprints: [String], ofOIDCProvider arn: String, in account: String
    ) throws(IAMError) -> IAMPlan<Void> {
        var provider = try self.oidcProvider(arn: arn, in: account)
        try Self.checkThumbprints(thumbprints)
        provider.thumbprints = thumbprints
        return IAMPlan([try provider.write()], ())
    }

    /// One that is there already stays.
    package func addClientID(
        _ id: String, toOIDCProvider arn: String, in account: String
    ) throws(IAMError) -> IAMPlan<Void> {
        var provider = try self.oidcProvider(arn: arn, in: account)
        if provider.clientIds.contains(id) { return IAMPlan([], ()) }
        provider.clientIds.append(id)
        try Self.checkClientIDs(provider.clientIds)
        return IAMPlan([try provider.write()], ())
    }

    /// One that is not there is as good as removed.
    package func removeClientID(
        _ id: String, fromOIDCProvider arn: String, in account: String
    ) throws(IAMError) -> IAMPlan<Void> {
        var provider = try self.oidcProvider(arn: arn, in: account)
        provider.clientIds.removeAll { $0 == id }
        return IAMPlan([try provider.write()], ())
    }

    private static func checkThumbprints(_ thumbprints: [String]) throws(IAMError) {
        guard thumbprints.count <= Self.thumbprintLimit else {
            throw .invalidInput("Thumbprint list must contain fewer than \(Self.thumbprintLimit) entries.")
        }
        for thumbprint in thumbprints {
            try IAMNames.checkLength(thumbprint, "thumbprintList", 40...40)
        }
    }

    private static func checkClientIDs(_ ids: [String]) throws(IAMError) {
        guard ids.count <= Self.clientIDLimit else {
            throw .quota("ClientIdsPerOpenIdConnectProvider", Self.clientIDLimit)
        }
        for id in ids { try IAMNames.checkLength(id, "clientID", 1...255) }
    }
}
