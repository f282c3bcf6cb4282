import Logging
import TernControlPlane
import TernCore
import TernHTTPServer

extension RegionConfiguration {
    /// This configuration as a file that ``init(yaml:file:)`` reads back the same.
    var yaml: String {
        let quoted = JSONString.quoted
        var lines = [
            "region: \(self.region)",
            "listen: \(quoted(self.listen.text))",
            "data_directory: \(quoted(self.dataDirectory))",
        ]
        if let pidFile = self.pidFile { lines.append("pid_file: \(quoted(pidFile))") }
        if let tls = self.tls {
            lines += ["tls:", "  certificate: \(quoted(tls.certificate))", "  key: \(quoted(tls.key))"]
        }
        lines += [
            "base_domains: [\(self.baseDomains.map(quoted).joined(separator: ", "))]",
            "home_region: \(self.homeRegion)",
            "federation:",
            "  regions:",
        ]
        for region in self.federatedRegions {
            lines += ["    - name: \(region.name)", "      endpoint: \(quoted(region.endpoint))"]
        }
        if let caFile = self.federationCAFile { lines.append("  ca_file: \(quoted(caFile))") }
        if let credential = self.federationCredential {
            lines += [
                "  credential:", "    access_key: \(quoted(credential.accessKey))",
                "    secret_key: \(quoted(credential.secretKey))",
            ]
        }
        if let access = self.crossRegionAccess { lines.append("cross_region_access: \(access.rawValue)") }
        if self.allowsClockSetBack { lines.append("allow_clock_set_back: true") }
        lines.append("accounts:")
        for account in self.accounts {
            lines += [
                "  - id: \(quoted(account.id.description))",
                "    access_key: \(quoted(account.accessKey))",
                "    secret_key: \(quoted(account.secretKey))",
                "    name: \(quoted(account.displayName))",
                "    email: \(quoted(account.email))",
            ]
        }
        lines += [
            "log:",
            "  level: \(self.log.level.rawValue)",
            "  format: \(self.log.format.rawValue)",
            "limits:",
            "  connections: \(self.limits.connections)",
            "  header_bytes: \(self.limits.headerBytes)",
            "  header_timeout_seconds: \(self.limits.headerTimeoutSeconds)",
            "  idle_timeout_seconds: \(self.limits.idleTimeoutSeconds)",
            "  body_timeout_seconds: \(self.limits.bodyTimeoutSeconds)",
            "  write_timeout_seconds: \(self.limits.writeTimeoutSeconds)",
            "  shutdown_grace_seconds: \(self.limits.shutdownGraceSeconds)",
            "storage:",
            "  inline_threshold_bytes: \(self.storage.inlineThresholdBytes)",
            "  cache_mib: \(self.storage.cacheMiB)",
            "  reserve_mib: \(self.storage.reserveMiB)",
        ]
        lines += self.poolLines
        lines += self.bandwidthLines
        lines += [
            "lifecycle:",
            "  day_length_seconds: \(self.lifecycle.dayLengthSeconds)",
            "  interval_seconds: \(self.lifecycle.intervalSeconds)",
            "batch:",
            "  replication_jobs: \(self.batch.replicationJobs)",
            "  other_jobs: \(self.batch.otherJobs)",
            "  requests_per_second: \(self.batch.requestsPerSecond)",
            "  function_timeout_seconds: \(self.batch.functionTimeoutSeconds)",
        ]
        if let url = self.batch.functionRunner { lines.append("  function_runner: \(url)") }
        lines += [
            "verification:",
            "  versions_per_second: \(self.verification.versionsPerSecond)",
            "  interval_seconds: \(self.verification.intervalSeconds)",
            "restore:",
            "  delays:",
            "    expedited_seconds: \(self.restore.expeditedSeconds)",
            "    standard_seconds: \(self.restore.standardSeconds)",
            "    bulk_seconds: \(self.restore.bulkSeconds)",
            "logging:",
            "  delivery_interval_seconds: \(self.accessLogs.deliveryIntervalSeconds)",
            "metrics:",
            "  interval_seconds: \(self.metrics.intervalSeconds)",
        ]
        if let listen = self.metrics.listen { lines.append("  listen: \(quoted(listen.text))") }
        lines += self.consoleLines
        if let threshold = self.testing.replicationTimeThresholdSeconds {
            lines += ["testing:", "  replication_time_threshold_seconds: \(threshold)"]
        }
        lines += [
            "auth:",
            "  sigv2_query: \(self.authentication.sigV2Query)",
        ]
        if let file = self.auditFile { lines += ["audit:", "  file: \(quoted(file))"] }
        lines += self.webIdentityLines
        if !self.sseC.requiresTLS { lines += ["sse_c:", "  require_tls: false"] }
        lines += ["kms:", "  force_delete: \(self.kms.forcesDeletion)"]
        if let file = self.kms.rootKeyFile { lines.append("  root_key_file: \(quoted(file))") }
        lines += self.targetLines
        return lines.joined(separator: "\n") + "\n"
    }

    private var consoleLines: [String] {
        if self.console == Console() { return [] }
        var lines = ["console:"]
        if let listen = self.console.listen { lines.append("  listen: \(JSONString.quoted(listen.text))") }
        if let file = self.console.tokenFile { lines.append("  token_file: \(JSONString.quoted(file))") }
        return lines
    }

    private var webIdentityLines: [String] {
        if self.webIdentity == WebIdentityIssuers() { return [] }
        var lines = ["web_identity:"]
        if let file = self.webIdentity.caFile { lines.append("  ca_file: \(JSONString.quoted(file))") }
        if !self.webIdentity.endpoints.isEmpty { lines.append("  issuers:") }
        for (host, endpoint) in self.webIdentity.endpoints.sorted(by: { $0.key < $1.key }) {
            lines += ["    - host: \(JSONString.quoted(host))", "      endpoint: \(JSONString.quoted(endpoint))"]
        }
        return lines
    }

    private var poolLines: [String] {
        if self.storage.pools.isEmpty { return [] }
        return ["  pools:"]
            + self.storage.pools.flatMap { pool in
                [
                    "    - name: \(pool.name)",
                    "      directory: \(JSONString.quoted(pool.directory))",
                    "      compression: \(pool.compression.rawValue)",
                    "      classes: [\(pool.classes.map(\.rawValue).joined(separator: ", "))]",
                ]
            }
    }
}
