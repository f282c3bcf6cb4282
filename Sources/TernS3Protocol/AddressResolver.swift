package import TernCore

/// Which bucket and key a request means (spec rules ADR-1 to ADR-8).
package struct AddressResolver: Sendable {
    /// What the address of a request says.
    package enum Address: Hashable, Sendable {
        /// The service itself: ListBuckets.
        case service
        /// A bucket, by the name that the client gave, which may not be one that a bucket can have.
        case bucket(String)
        case object(bucket: String, key: ObjectKey)
        /// A Multi-Region Access Point by its host, `{alias}.accesspoint.s3-global.…`, or an object behind it
        /// (identity-and-control MRP-10, MRP-11). The alias ends with ``accessPointSuffix``.
        case accessPoint(alias: String, key: ObjectKey?)
        /// A host that is no S3 endpoint of buckets.
        case other(OtherHost)
    }

    package enum OtherHost: Hashable, Sendable {
        /// `{name}-{account}.s3-accesspoint.…`
        case accessPoint(String)
        /// `{bucket}.s3-website…`
        case website(bucket: String)
        /// `{account}.s3-control.…`
        case control(account: String)
    }

    /// In lower case, longest first.
    private let baseDomains: [String]
    private let isRegion: @Sendable (String) -> Bool

    /// - Parameters:
    ///   - baseDomains: Such as `s3.us-east-1.tern.example`, `tern.example` or `localhost`, without ports.
    ///   - isRegion: Whether the federation has a region, which endpoint names such as `s3.{region}` may have in them.
    package init(baseDomains: [String], isRegion: @escaping @Sendable (String) -> Bool) {
        self.baseDomains = baseDomains.map { $0.lowercased() }.sorted { $0.utf8.count > $1.utf8.count }
        self.isRegion = isRegion
    }

    /// - Parameters:
    ///   - host: The `Host` header; `nil` if there is none.
    ///   - rawPath: The path as the client wrote it, still percent-encoded.
    /// - Throws: `InvalidURI` for a path that cannot be decoded, or `KeyTooLongError`.
    package func resolve(host: String?, rawPath: String) throws(S3Error) -> Address {
        guard rawPath.utf8.first == UInt8(ascii: "/") else { throw .invalidURI(rawPath) }
        let path = rawPath.utf8.dropFirst()
        switch self.place(ofHost: host) {
        case .endpoint:
            return try self.pathStyle(path, rawPath: rawPath)
        case .bucket(let bucket):
            return try Self.address(bucket: bucket, rawKey: path, rawPath: rawPath)
        case .accessPoint(let alias):
            guard case .object(_, let key) = try Self.address(bucket: alias, rawKey: path, rawPath: rawPath) else {
                return .accessPoint(alias: alias, key: nil)
            }
            return .accessPoint(alias: alias, key: key)
        case .other(let other):
            return .other(other)
        }
    }

    /// What the alias of every Multi-Region Access Point ends with, and no bucket's name (MRP-1, ADR-11).
    package static let accessPointSuffix = ".mrap"

    /// The host, if it is a name that belongs to none of the base domains: in CNAME style it is itself a bucket's name
    /// (ADR-4). Whether there is such a bucket is for the caller to look up, and then to resolve again with
    /// ``resolve(cname:rawPath:)``.
    package func foreignHost(_ header: String?) -> BucketName? {
        guard let header else { return nil }
        let host = Self.name(ofHost: header)
        // Nobody may take the name of an access point by creating a bucket of it.
        if self.accessPoint(ofHost: host) != nil { return nil }
        for base in self.baseDomains where host == base || host.hasSuffix("." + base) { return nil }
        // An IPv4 address is no bucket name, nor is an IPv6 address.
        return BucketName(host)
    }

    /// The address of a request whose host is a bucket's name.
    package func resolve(cname bucket: BucketName, rawPath: String) throws(S3Error) -> Address {
        guard rawPath.utf8.first == UInt8(ascii: "/") else { throw .invalidURI(rawPath) }
        return try Self.address(bucket: bucket.description, rawKey: rawPath.utf8.dropFirst(), rawPath: rawPath)
    }

    private func pathStyle(_ path: Substring.UTF8View, rawPath: String) throws(S3Error) -> Address {
        if path.isEmpty { return .service }
        let slash = path.firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex
        guard let bucket = PercentEncoding.decodeText(path[..<slash]) else { throw .invalidURI(rawPath) }
        return try Self.address(bucket: bucket, rawKey: path[slash...].dropFirst(), rawPath: rawPath)
    }

    /// The key is the decoded bytes, without any normalisation (ADR-6).
    private static func address(bucket: String, rawKey: Substring.UTF8View, rawPath: String) throws(S3Error) -> Address
    {
        if rawKey.isEmpty { return .bucket(bucket) }
        guard let bytes = PercentEncoding.decode(rawKey) else { throw .invalidURI(rawPath) }
        do {
            return .object(bucket: bucket, key: try ObjectKey(bytes))
        } catch {
            switch error {
            case .tooLong(let byteCount): throw .keyTooLong(byteCount: byteCount)
            case .empty, .notUTF8, .containsNUL: throw .invalidURI(rawPath)
            }
        }
    }

    // MARK: Hosts

    private enum HostPlace {
        case endpoint
        case bucket(String)
        case accessPoint(alias: String)
        case other(OtherHost)
    }

    private func place(ofHost header: String?) -> HostPlace {
        guard let header else { return .endpoint }
        let host = Self.name(ofHost: header)
        if let alias = self.accessPoint(ofHost: host) { return .accessPoint(alias: alias) }
        for base in self.baseDomains {
            if host == base { return .endpoint }
            guard host.hasSuffix("." + base) else { continue }
            let labels = host.dropLast(base.utf8.count + 1)
            // Before a base domain that is itself an endpoint's name, such as `s3.tern.example`, only buckets stand.
            return Self.isEndpointName(base) ? .bucket(String(labels)) : self.place(ofLabels: labels)
        }
        // An IP address, or a name that is not ours: path style.
        return .endpoint
    }

    /// The host in lower case, without port and final dot. An IPv6 address keeps its brackets.
    private static func name(ofHost header: String) -> String {
        var name = header.lowercased()[...]
        if let colon = name.lastIndex(of: ":"), !name.hasSuffix("]") { name = name[..<colon] }
        if name.hasSuffix(".") { name = name.dropLast() }
        return String(name)
    }

    /// The alias in the host of a Multi-Region Access Point (ADR-3): below AWS's own domain, which clients that are given
    /// an ARN always use (MRP-10), or below the domain of the federation's own endpoints.
    private func accessPoint(ofHost host: String) -> String? {
        let labels = "\(Self.accessPointSuffix).accesspoint.s3-global."
        guard let dot = host.firstIndex(of: "."), dot != host.startIndex, host[dot...].hasPrefix(labels) else {
            return nil
        }
        let domain = host[dot...].dropFirst(labels.count)
        guard domain == "amazonaws.com" || self.baseDomains.contains(where: { self.isEndpoint($0, of: domain) }) else {
            return nil
        }
        return host[..<dot] + Self.accessPointSuffix
    }

    /// Whether a base domain is the domain itself or the name of an S3 endpoint below it, such as `s3.tern-1.{domain}`.
    private func isEndpoint(_ base: String, of domain: Substring) -> Bool {
        if base == domain { return true }
        guard base.hasSuffix(".\(domain)") else { return false }
        let labels = base.dropLast(domain.utf8.count + 1).split(separator: ".").map(String.init)
        return self.service(labels[...]) == .s3
    }

    private static func isEndpointName(_ base: String) -> Bool {
        base.hasPrefix("s3.") || base.hasPrefix("s3-")
    }

    /// What stands before a base domain: an endpoint's name, or a bucket, with or without an endpoint's name behind it
    /// (ADR-2, ADR-3).
    private func place(ofLabels labels: Substring) -> HostPlace {
        let parts = labels.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        for start in parts.indices {
            guard let service = self.service(parts[start...]) else { continue }
            let name = parts[..<start].joined(separator: ".")
            switch service {
            case .s3: return name.isEmpty ? .endpoint : .bucket(name)
            case .accessPoint: if !name.isEmpty { return .other(.accessPoint(name)) }
            case .website: if !name.isEmpty { return .other(.website(bucket: name)) }
            case .control: if !name.isEmpty { return .other(.control(account: name)) }
            }
        }
        return .bucket(String(labels))
    }

    private enum Service {
        case s3
        case accessPoint
        case website
        case control
    }

    /// The service whose endpoint these labels name in full, or `nil`.
    private func service(_ labels: ArraySlice<String>) -> Service? {
        guard let first = labels.first else { return nil }
        let rest = Array(labels.dropFirst())
        let isRegion = rest.count == 1 && self.isRegion(rest[0])
        switch first {
        case "s3":
            if rest.isEmpty || isRegion { return .s3 }
            return rest.count == 2 && rest[0] == "dualstack" && self.isRegion(rest[1]) ? .s3 : nil
        case "s3-accelerate":
            return rest.isEmpty ? .s3 : nil
        case "s3-accesspoint":
            return rest.isEmpty || isRegion ? .accessPoint : nil
        case "s3-website":
            return rest.isEmpty || isRegion ? .website : nil
        case "s3-control":
            return rest.isEmpty || isRegion ? .control : nil
        default:
            guard rest.isEmpty else { return nil }
            if first.hasPrefix("s3-website-"), self.isRegion(String(first.dropFirst("s3-website-".count))) {
                return .website
            }
            return first.hasPrefix("s3-") && self.isRegion(String(first.dropFirst("s3-".count))) ? .s3 : nil
        }
    }
}
