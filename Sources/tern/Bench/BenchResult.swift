/// One measured run.
struct BenchResult: Codable, Sendable {
    var name: String
    var operations: Int
    var errors: Int
    var seconds: Double
    var operationsPerSecond: Double
    var bytesPerSecond: Double
    var p50Ms: Double
    var p90Ms: Double
    var p99Ms: Double
    var maxMs: Double
    /// The result as a multiple of a limit of this machine, or of another result; the key says which.
    var ratios: [String: Double] = [:]

    /// - Parameter bytesPerOperation: What each operation moves, beside its answer's body.
    init(name: String, samples: [LoadSample], seconds: Double, bytesPerOperation: Int) {
        let good = samples.filter { (200..<300).contains($0.status) }
        self.init(
            name: name,
            milliseconds: good.map { Double($0.nanoseconds) / 1e6 },
            errors: samples.count - good.count,
            seconds: seconds,
            byteCount: good.reduce(0) { $0 + Double($1.bodyByteCount + bytesPerOperation) }
        )
    }

    init(name: String, milliseconds: [Double], errors: Int, seconds: Double, byteCount: Double) {
        let sorted = milliseconds.sorted()
        let percentile = { (fraction: Double) -> Double in
            sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * fraction))]
        }
        self.name = name
        self.operations = sorted.count
        self.errors = errors
        self.seconds = seconds
        self.operationsPerSecond = seconds > 0 ? Double(sorted.count) / seconds : 0
        self.bytesPerSecond = seconds > 0 ? byteCount / seconds : 0
        self.p50Ms = percentile(0.5)
        self.p90Ms = percentile(0.9)
        self.p99Ms = percentile(0.99)
        self.maxMs = sorted.last ?? 0
    }
}

/// Everything that `tern bench` measured.
struct BenchReport: Codable, Sendable {
    var machine: MachineLimits
    var results: [BenchResult]

    /// The table for people.
    var table: String {
        let machine = [
            "this machine: \(Quantity.decimal(self.machine.fdatasyncPerSecond)) fdatasync/s",
            "\(Quantity.bytes(self.machine.sequentialWriteBytesPerSecond))/s sequential writes",
            "\(Quantity.bytes(self.machine.md5BytesPerSecond))/s MD5",
            "\(Quantity.bytes(self.machine.aesBytesPerSecond))/s AES-256-GCM",
            "\(Quantity.bytes(self.machine.loopbackBytesPerSecond))/s loopback",
        ].joined(separator: ", ")
        let header = ["", "OPS", "OPS/S", "BYTES/S", "P50", "P90", "P99", "MAX", "ERRORS", "RATIOS"]
        let rows = self.results.map { result in
            // A rate alone has no latencies.
            let latencies = [result.p50Ms, result.p90Ms, result.p99Ms, result.maxMs].map {
                result.maxMs > 0 ? Quantity.milliseconds($0) : "-"
            }
            return [
                result.name, String(result.operations), Quantity.decimal(result.operationsPerSecond),
                "\(Quantity.bytes(result.bytesPerSecond))/s",
            ] + latencies + [
                String(result.errors),
                result.ratios.sorted { $0.key < $1.key }.map { "\(Quantity.decimal($0.value)) × \($0.key)" }
                    .joined(separator: ", "),
            ]
        }
        return ([machine, ""] + TextTable.lines([header] + rows, rightAligned: 1...8)).joined(separator: "\n")
    }
}
