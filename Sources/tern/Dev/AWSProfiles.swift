import TernControlPlane

/// Profiles of AWS's tools: `REGION` for the first account, and `REGION-ACCOUNTID` for each.
struct AWSProfiles {
    private let profiles: [(name: String, region: RegionConfiguration, account: ConfiguredAccount)]

    init(_ configurations: [RegionConfiguration]) {
        self.profiles = configurations.flatMap { configuration in
            let first = configuration.accounts.prefix(1).map { ("\(configuration.region)", configuration, $0) }
            let each = configuration.accounts.map { ("\(configuration.region)-\($0.id)", configuration, $0) }
            // An account with two keys has one profile, with the first.
            var names: Set<String> = []
            return (first + each).filter { names.insert($0.0).inserted }
        }
    }

    /// The text of `~/.aws/config`'s kind.
    ///
    /// Clients of S3 Control put the account before the host, which an address of numbers cannot have: for them the
    /// endpoint is a name, whose certificate is valid for what they make of it.
    var config: String {
        let profiles = self.profiles.map { profile in
            """
            [profile \(profile.name)]
            region = \(profile.region.region)
            endpoint_url = \(profile.region.endpoint)
            \(profile.region.federationCAFile.map { "ca_bundle = \($0)\n" } ?? "")s3 =
              addressing_style = path
            services = \(profile.region.region)

            """
        }
        var seen: Set<String> = []
        let services = self.profiles.compactMap { profile -> String? in
            guard seen.insert("\(profile.region.region)").inserted else { return nil }
            return """
                [services \(profile.region.region)]
                s3_control =
                  endpoint_url = \(profile.region.endpoint.replacing("//127.0.0.1:", with: "//s3.localhost:"))

                """
        }
        return (profiles + services).joined(separator: "\n")
    }

    /// The text of `~/.aws/credentials`' kind.
    var credentials: String {
        self.profiles.map { profile in
            """
            [\(profile.name)]
            aws_access_key_id = \(profile.account.accessKey)
            aws_secret_access_key = \(profile.account.secretKey)

            """
        }.joined(separator: "\n")
    }
}
