import TernCore
import TernObjects
import TernReplication

extension RegionConfiguration {
    /// The limits of the section `replication`.
    mutating func readReplication(_ section: YAMLSection) throws {
        for entry in try section.sections("limits") {
            let (destination, limit) = try Self.bandwidthLimit(entry)
            guard self.bandwidthLimits.updateValue(limit, forKey: destination) == nil else {
                throw section.failure("limits", "has the same destination twice; name each once")
            }
        }
        try section.finish()
    }

    private static func bandwidthLimit(
        _ section: YAMLSection
    ) throws -> (destination: FlowDestination, limit: BandwidthLimit) {
        let bucket = try section.string("destination_bucket")
        let region = try section.string("destination_region")
        let destination: FlowDestination
        switch (bucket, region) {
        case (let name?, nil):
            guard BucketName(name) != nil else {
                throw section.failure("destination_bucket", "is `\(name)`, which is no bucket name")
            }
            destination = .bucket(name)
        case (nil, let name?):
            guard RegionName(name) != nil else {
                throw section.failure("destination_region", "is `\(name)`, which is no region name")
            }
            destination = .region(name)
        default:
            throw section.failure("destination_region", "or destination_bucket is needed, one of the two")
        }
        let rateText = try section.string("rate") ?? "unlimited"
        guard let rate = BandwidthLimit.rate(rateText) else {
            throw section.failure("rate", "is `\(rateText)`; write bytes a second, such as 500KB, 10MiB or unlimited")
        }
        var windows: [BandwidthLimit.Window] = []
        for text in try section.strings("windows") ?? [] {
            guard let window = BandwidthLimit.Window(text) else {
                throw section.failure(
                    "windows", "contains `\(text)`; write HH:MM-HH:MM=RATE, such as \"08:00-18:00=2MB\"")
            }
            windows.append(window)
        }
        let zone = try section.string("zone") ?? BandwidthLimit.utc
        guard TimeZones.offset(zone, SystemClock().now) != nil else {
            throw section.failure("zone", "is `\(zone)`, which is no time zone, such as UTC or Europe/Berlin")
        }
        try section.finish()
        let limit = BandwidthLimit(bytesPerSecond: rate, windows: windows, zone: zone)
        guard limit.isValid else {
            throw section.failure("windows", "are more than \(BandwidthLimit.maximumWindows)")
        }
        return (destination, limit)
    }

    /// The section `replication`, as ``readReplication(_:)`` reads it; empty where there are no limits.
    var bandwidthLines: [String] {
        if self.bandwidthLimits.isEmpty { return [] }
        var lines = ["replication:", "  limits:"]
        for (destination, limit) in self.bandwidthLimits.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            switch destination {
            case .bucket(let name): lines.append("    - destination_bucket: \(JSONString.quoted(name))")
            case .region(let name): lines.append("    - destination_region: \(JSONString.quoted(name))")
            }
            lines.append("      rate: \(BandwidthLimit.text(ofRate: limit.bytesPerSecond))")
            let windows = limit.windows.map { JSONString.quoted($0.text) }.joined(separator: ", ")
            lines += ["      windows: [\(windows)]", "      zone: \(JSONString.quoted(limit.zone))"]
        }
        return lines
    }
}
