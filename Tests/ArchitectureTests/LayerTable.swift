import Testing

/// The layers of `docs/architecture.md`: which target may import what. Each target stands behind all that it may import,
/// so that the table cannot have a cycle.
enum LayerTable {
    struct Target: Sendable {
        var name: String
        /// 0 words, 1 pure, 2 ports, 3 services, 4 drivers, 5 edges, 6 root; 7 is for tests only.
        var layer: Int
        /// Targets of this package.
        var targets: Set<String>
        /// Modules of other packages and of the system.
        var libraries: Set<String>

        init(_ name: String, layer: Int, targets: Set<String> = [], libraries: Set<String> = []) {
            self.name = name
            self.layer = layer
            self.targets = targets
            self.libraries = libraries
        }

        var isPure: Bool { self.layer <= 1 }

        /// What the row names, and what every target of its layer may have.
        var allowedImports: Set<String> {
            var allowed = self.targets.union(self.libraries).union(["Swift"])
            if self.layer >= 2 { allowed.insert("Synchronization") }
            if self.layer >= 3 { allowed.insert("FoundationEssentials") }
            return allowed
        }
    }

    private static let protocols: Set<String> = [
        "TernCore", "TernChecksums", "TernReplication", "TernLifecycle", "TernPolicy", "TernS3Protocol", "TernRecords",
    ]
    private static let contracts: Set<String> = ["TernPorts", "TernStorage"]

    /// `Glibc` stands for the C library, whatever it is called where Tern is built.
    static let targets: [Target] = [
        Target("TernCore", layer: 0),

        Target("CTernChecksums", layer: 1),
        Target("TernReplication", layer: 1, targets: ["TernCore"]),
        Target("TernLifecycle", layer: 1, targets: ["TernCore"]),
        Target("TernBatch", layer: 1, targets: ["TernCore"]),
        Target("CZlib", layer: 1),
        Target("TernCompression", layer: 1, targets: ["CZlib"]),
        Target("TernPolicy", layer: 1, targets: ["TernCore"]),
        Target("TernChecksums", layer: 1, targets: ["TernCore", "CTernChecksums"], libraries: ["Crypto"]),
        // The lock of the cache of signing keys.
        Target(
            "TernSigV4",
            layer: 1,
            targets: ["TernCore", "TernChecksums"],
            libraries: ["Crypto", "Synchronization"]
        ),
        Target("TernS3Protocol", layer: 1, targets: ["TernCore", "TernReplication", "TernLifecycle", "TernBatch"]),
        // `Data` of generated messages.
        Target("TernRecords", layer: 1, targets: ["TernCore"], libraries: ["SwiftProtobuf", "FoundationEssentials"]),

        Target("TernPorts", layer: 2, targets: ["TernCore", "TernPolicy", "TernS3Protocol"], libraries: ["NIOCore"]),
        Target("TernStorage", layer: 2, targets: ["TernCore"], libraries: ["NIOCore"]),

        Target(
            "TernObjects",
            layer: 3,
            targets: Self.protocols.union(Self.contracts),
            libraries: ["NIOCore", "Logging", "Crypto", "SwiftProtobuf"]
        ),
        Target(
            "TernControlPlane", layer: 3,
            targets: [
                "TernCore", "TernPolicy", "TernBatch", "TernS3Protocol", "TernRecords", "TernPorts", "TernStorage",
            ],
            libraries: ["Crypto", "CryptoExtras", "Logging", "SwiftProtobuf"]),

        Target(
            "TernS3API",
            layer: 4,
            targets: Self.protocols.union(Self.contracts).union(["TernSigV4", "TernObjects"]),
            libraries: ["NIOCore", "Logging"]
        ),
        Target(
            "TernBatchWorkers", layer: 4,
            targets: Self.protocols.union(Self.contracts).union([
                "TernBatch", "TernCompression", "TernObjects", "TernControlPlane",
            ]),
            libraries: ["NIOCore", "Logging", "Crypto"]),
        Target(
            "TernControlAPI",
            layer: 4,
            targets: [
                "TernCore", "TernChecksums", "TernPolicy", "TernBatch", "TernS3Protocol", "TernSigV4", "TernRecords",
                "TernPorts", "TernControlPlane", "CZlib",
            ],
            libraries: ["NIOCore", "Logging"]
        ),
        Target(
            "TernReplicationWorkers",
            layer: 4,
            targets: Self.protocols.union(Self.contracts).union(["TernObjects"]),
            libraries: ["NIOCore", "Logging"]
        ),
        Target(
            "TernInventory",
            layer: 4,
            targets: Self.contracts.union([
                "TernCore", "TernCompression", "TernReplication", "TernLifecycle", "TernBatch", "TernS3Protocol",
                "TernRecords", "TernObjects",
            ]),
            libraries: ["NIOCore", "Logging", "Crypto"]
        ),
        Target(
            "TernFederation",
            layer: 4,
            targets: Self.protocols.union(Self.contracts).union([
                "TernSigV4", "TernObjects", "TernReplicationWorkers", "TernInventory",
            ]),
            libraries: [
                "NIOCore", "NIOPosix", "NIOHTTP1", "NIOSSL", "NIOTLS", "Logging", "AsyncHTTPClient", "SwiftProtobuf",
                "Foundation", "Glibc",
            ]
        ),
        Target(
            "TernEventDelivery",
            layer: 4,
            targets: Self.contracts.union(["TernCore", "TernS3Protocol", "TernSigV4", "TernRecords", "TernObjects"]),
            libraries: [
                "NIOCore", "NIOPosix", "NIOHTTP1", "NIOSSL", "Logging", "Crypto", "AsyncHTTPClient", "Glibc",
            ]
        ),

        Target(
            "TernHTTPServer",
            layer: 5,
            targets: ["TernCore", "TernPorts"],
            libraries: ["NIOCore", "NIOPosix", "NIOSSL", "NIOTLS", "Logging", "Glibc"]
        ),
        Target("TernConsole", layer: 5, targets: ["TernCore", "TernPorts"], libraries: ["NIOCore", "Crypto"]),
        Target("CRocksDB", layer: 5),
        Target("CRocksDBChecksum", layer: 5, targets: ["CTernChecksums"]),
        Target(
            "TernStorageRocksDB",
            layer: 5,
            targets: ["TernStorage", "CRocksDB", "CRocksDBChecksum", "CTernChecksums"],
            libraries: ["NIOCore", "NIOPosix", "Logging", "Foundation", "Dispatch", "Glibc"]
        ),

        Target("CZstd", layer: 5),
        Target("TernStorageZstd", layer: 5, targets: ["TernStorage", "CZstd"], libraries: ["NIOCore"]),

        Target(
            "tern",
            layer: 6,
            targets: Self.protocols.union(Self.contracts).union([
                "TernSigV4", "TernBatch", "TernObjects", "TernControlPlane", "TernControlAPI", "TernS3API",
                "TernReplicationWorkers", "TernEventDelivery", "TernInventory", "TernFederation", "TernBatchWorkers",
                "TernHTTPServer", "TernConsole", "TernStorageRocksDB", "TernStorageZstd",
            ]),
            libraries: [
                "NIOCore", "NIOPosix", "NIOHTTP1", "NIOSSL", "Logging", "Crypto", "ArgumentParser", "AsyncHTTPClient",
                "UnixSignals",
                "Yams", "Foundation", "Dispatch", "Glibc",
            ]
        ),

        Target(
            "TernSimulator",
            layer: 7,
            targets: Self.protocols.union(Self.contracts).union(["TernObjects", "TernReplicationWorkers"]),
            libraries: ["NIOCore", "Logging", "SwiftProtobuf"]
        ),
        Target(
            "tern-simulator", layer: 7, targets: ["TernCore", "TernSimulator"], libraries: ["ArgumentParser", "Glibc"]),
        Target("TernStorageTesting", layer: 7, targets: ["TernStorage"], libraries: ["NIOCore", "Testing"]),
        Target(
            "TernTestSupport",
            layer: 7,
            targets: Self.protocols.union(Self.contracts).union(["TernObjects"]),
            libraries: ["NIOCore", "Logging", "Crypto", "SwiftProtobuf", "Foundation"]
        ),
    ]
}

extension LayerTable.Target: CustomTestStringConvertible {
    var testDescription: String { self.name }
}
