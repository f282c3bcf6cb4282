import NIOCore

extension BenchRun {
    /// What encryption at rest costs: PUT and GET on two regions, of which one has no root key and so stores in clear.
    ///
    /// In turns, as the machine's speed drifts within seconds; and each pair of turns begins with the other region.
    func encryption(_ machine: MachineLimits) async throws -> [BenchResult] {
        guard let clear = self.target.clear else {
            Self.say("no region that stores in clear: encryption is measured on regions of the benchmark's own only")
            return []
        }
        try await clear.makeBucket(self.plainBucket, isVersioned: false)
        let small = try await self.putAndGet(
            clear, prefix: "small", bytes: self.size.smallBytes, operations: self.size.operations,
            turns: max(2, min(20, self.size.operations / 3000)), concurrency: self.size.concurrency)
        var large = try await self.putAndGet(
            clear, prefix: "large", bytes: self.size.largeBytes, operations: self.size.largeOperations,
            turns: max(1, self.size.largeOperations / 4), concurrency: 4)
        for index in large.indices where !large[index].ratios.isEmpty {
            large[index].ratios["AES-256-GCM"] = large[index].bytesPerSecond / machine.aesBytesPerSecond
        }
        return small + large
    }

    private func putAndGet(
        _ clear: BenchRegion, prefix: String, bytes: Int, operations: Int, turns: Int, concurrency: Int
    ) async throws -> [BenchResult] {
        let bucket = "/\(self.plainBucket)/\(prefix)"
        let label = Quantity.bytes(Double(bytes))
        let body = Self.randomBytes(bytes)
        let load = Turns(count: turns, operations: operations, concurrency: concurrency)
        let put = try await self.alternate(load, clear) { region, keys in
            try keys.map { try region.signer.request("PUT", "\(bucket)/\(Self.key($0))", body: body) }
        }
        let get = try await self.alternate(load, clear) { region, keys in
            try keys.map { try region.signer.request("GET", "\(bucket)/\(Self.key($0))") }
        }
        return put.results("PUT \(label)", bytes) + get.results("GET \(label)", 0)
    }

    private struct Turns {
        var count: Int
        var operations: Int
        var concurrency: Int
    }

    /// Loads of the source and of the region in clear.
    private struct Pair {
        var sealed = LoadRun()
        var clear = LoadRun()

        func results(_ name: String, _ bytesPerOperation: Int) -> [BenchResult] {
            let clear = self.clear.result("\(name) in clear", bytesPerOperation: bytesPerOperation)
            var sealed = self.sealed.result("\(name) encrypted", bytesPerOperation: bytesPerOperation)
            sealed.ratios["in clear"] = sealed.operationsPerSecond / clear.operationsPerSecond
            return [clear, sealed]
        }
    }

    private func alternate(
        _ turns: Turns, _ clear: BenchRegion, _ requests: (BenchRegion, Range<Int>) throws -> [LoadRequest]
    ) async throws -> Pair {
        let step = max(1, turns.operations / turns.count)
        var pair = Pair()
        for turn in 0..<turns.count {
            let keys = turn * step..<(turn + 1) * step
            for isSealed in turn.isMultiple(of: 2) ? [true, false] : [false, true] {
                let region = isSealed ? self.target.source : clear
                let run = try await self.loadRun(
                    isSealed ? "encrypted" : "in clear", requests(region, keys), concurrency: turns.concurrency,
                    on: region)
                if isSealed { pair.sealed.add(run) } else { pair.clear.add(run) }
            }
        }
        return pair
    }
}
