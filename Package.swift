// swift-tools-version: 6.2
import PackageDescription

/// One list of settings for every target, so that a warning, an unused import or an unsafe line fails the build.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    // Generic code of one target is specialized where another uses it (docs/performance.md).
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

/// The generated code keeps fields in classes, and would check each access to one at run time; it never holds two.
let records: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
// Signatures by RSA, of tokens of identity providers.
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")

let package = Package(
    name: "tern",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "tern", targets: ["tern"]),
        .executable(name: "tern-simulator", targets: ["tern-simulator"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // 0 words
        .target(name: "TernCore", swiftSettings: strict),

        // 1 pure
        .target(name: "TernReplication", dependencies: ["TernCore"], swiftSettings: strict),
        .target(name: "TernLifecycle", dependencies: ["TernCore"], swiftSettings: strict),
        .target(name: "TernBatch", dependencies: ["TernCore"], swiftSettings: strict),
        .systemLibrary(name: "CZlib", pkgConfig: nil, providers: [.apt(["zlib1g-dev"])]),
        .target(name: "TernCompression", dependencies: ["CZlib"], swiftSettings: strict),
        .target(name: "TernPolicy", dependencies: ["TernCore"], swiftSettings: strict),
        .target(name: "CTernChecksums", cSettings: [.unsafeFlags(["-O2"])]),
        .target(
            name: "TernChecksums",
            dependencies: ["TernCore", "CTernChecksums", crypto],
            swiftSettings: strict
        ),
        .target(
            name: "TernSigV4",
            dependencies: ["TernCore", "TernChecksums", crypto],
            swiftSettings: strict
        ),
        .target(
            name: "TernS3Protocol", dependencies: ["TernCore", "TernReplication", "TernLifecycle", "TernBatch"],
            swiftSettings: strict),
        .target(
            name: "TernRecords",
            dependencies: ["TernCore", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            exclude: [
                "records.proto", "events.proto", "identity.proto", "keys.proto", "metrics.proto", "sessions.proto",
                "verification.proto", "jobs.proto", "inventory.proto", "accesspoints.proto", "flow.proto",
            ],
            swiftSettings: strict + records
        ),

        // 2 ports
        .target(
            name: "TernPorts",
            dependencies: ["TernCore", "TernPolicy", "TernS3Protocol", nioCore],
            swiftSettings: strict
        ),
        .target(
            name: "TernStorage",
            dependencies: ["TernCore", nioCore],
            swiftSettings: strict
        ),

        // 3 services
        .target(
            name: "TernObjects",
            dependencies: [
                "TernCore", "TernChecksums", "TernReplication", "TernLifecycle", "TernPolicy", "TernS3Protocol",
                "TernRecords", "TernPorts", "TernStorage",
                nioCore,
                logging,
                crypto,
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "TernControlPlane",
            dependencies: [
                "TernCore", "TernPolicy", "TernBatch", "TernS3Protocol", "TernRecords", "TernPorts", "TernStorage",
                logging, crypto, cryptoExtras,
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strict
        ),

        // 4 drivers
        .target(
            name: "TernS3API",
            dependencies: [
                "TernCore", "TernChecksums", "TernReplication", "TernLifecycle", "TernPolicy", "TernS3Protocol",
                "TernSigV4", "TernRecords", "TernPorts", "TernStorage", "TernObjects",
                nioCore,
                logging,
            ],
            swiftSettings: strict
        ),

        .target(
            name: "TernControlAPI",
            dependencies: [
                "TernCore", "TernChecksums", "TernPolicy", "TernBatch", "TernS3Protocol", "TernSigV4", "TernRecords",
                "TernPorts", "TernControlPlane", "CZlib", nioCore, logging,
            ],
            swiftSettings: strict
        ),

        .target(
            name: "TernInventory",
            dependencies: [
                "TernCore", "TernCompression", "TernReplication", "TernLifecycle", "TernBatch", "TernS3Protocol",
                "TernRecords", "TernPorts", "TernStorage", "TernObjects", nioCore, logging, crypto,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "TernFederation",
            dependencies: [
                "TernCore", "TernReplication", "TernS3Protocol", "TernSigV4", "TernRecords", "TernPorts", "TernStorage",
                "TernObjects", "TernInventory", nioCore, nioPosix, nioSSL, nioTLS, logging,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "TernBatchWorkers",
            dependencies: [
                "TernCore", "TernChecksums", "TernCompression", "TernBatch", "TernReplication", "TernS3Protocol",
                "TernRecords", "TernPorts", "TernStorage", "TernObjects", "TernControlPlane", nioCore, logging, crypto,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "TernReplicationWorkers",
            dependencies: [
                "TernCore", "TernChecksums", "TernReplication", "TernS3Protocol", "TernRecords", "TernPorts",
                "TernStorage",
                "TernObjects", nioCore, logging,
            ],
            swiftSettings: strict
        ),

        .target(
            name: "TernEventDelivery",
            dependencies: [
                "TernCore", "TernS3Protocol", "TernSigV4", "TernRecords", "TernPorts", "TernStorage", "TernObjects",
                nioCore, nioPosix, nioSSL, logging, crypto,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ],
            swiftSettings: strict
        ),

        // 5 edges
        .target(
            name: "TernHTTPServer",
            dependencies: ["TernCore", "TernPorts", nioCore, nioPosix, nioSSL, nioTLS, logging],
            swiftSettings: strict
        ),
        .target(
            name: "TernConsole", dependencies: ["TernCore", "TernPorts", nioCore, crypto], swiftSettings: strict),
        .systemLibrary(name: "CRocksDB", pkgConfig: nil, providers: [.apt(["librocksdb-dev"])]),
        .target(
            name: "CRocksDBChecksum", dependencies: ["CTernChecksums"], cSettings: [.unsafeFlags(["-O2"])]),
        .target(
            name: "TernStorageRocksDB",
            dependencies: [
                "TernStorage", "CRocksDB", "CRocksDBChecksum", "CTernChecksums", nioCore, nioPosix, logging,
            ],
            swiftSettings: strict
        ),
        .systemLibrary(name: "CZstd", pkgConfig: nil, providers: [.apt(["libzstd-dev"])]),
        .target(
            name: "TernStorageZstd",
            dependencies: ["TernStorage", "CZstd", nioCore],
            swiftSettings: strict
        ),

        // 6 root
        .executableTarget(
            name: "tern",
            dependencies: [
                "TernCore", "TernChecksums", "TernReplication", "TernLifecycle", "TernPolicy", "TernS3Protocol",
                "TernSigV4",
                "TernRecords",
                "TernPorts",
                "TernStorage", "TernBatch", "TernObjects", "TernControlPlane", "TernControlAPI", "TernS3API",
                "TernBatchWorkers", "TernReplicationWorkers", "TernEventDelivery", "TernInventory",
                "TernFederation",
                "TernHTTPServer", "TernConsole", "TernStorageRocksDB", "TernStorageZstd", nioCore, nioPosix, nioSSL,
                logging, crypto,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict
        ),

        // tests
        .target(
            name: "TernSimulator",
            dependencies: [
                "TernCore", "TernRecords", "TernPorts", "TernS3Protocol", "TernReplication", "TernStorage",
                "TernObjects",
                "TernReplicationWorkers", nioCore, logging,
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "tern-simulator",
            dependencies: [
                "TernCore", "TernSimulator", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),

        .target(name: "TernStorageTesting", dependencies: ["TernStorage", nioCore], swiftSettings: strict),
        .target(
            name: "TernTestSupport",
            dependencies: [
                "TernCore", "TernChecksums", "TernReplication", "TernS3Protocol", "TernRecords", "TernPorts",
                "TernStorage", "TernObjects",
                nioCore, logging, crypto, .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "ArchitectureTests", swiftSettings: strict),
        .testTarget(
            name: "TernChecksumsTests", dependencies: ["TernCore", "TernChecksums", "CTernChecksums"],
            swiftSettings: strict),
        .testTarget(
            name: "TernReplicationTests", dependencies: ["TernCore", "TernReplication"], swiftSettings: strict),
        .testTarget(name: "TernBatchTests", dependencies: ["TernCore", "TernBatch"], swiftSettings: strict),
        .testTarget(
            name: "TernBatchWorkersTests",
            dependencies: [
                "TernCore", "TernCompression", "TernBatch", "TernS3Protocol", "TernRecords", "TernPorts", "TernStorage",
                "TernObjects", "TernControlPlane", "TernBatchWorkers", "TernTestSupport", nioCore, logging,
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "TernCompressionTests", dependencies: ["TernCompression"], swiftSettings: strict),
        .testTarget(
            name: "TernInventoryTests",
            dependencies: [
                "TernCore", "TernCompression", "TernBatch", "TernS3Protocol", "TernRecords", "TernPorts", "TernStorage",
                "TernObjects", "TernInventory", "TernTestSupport", nioCore, logging,
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "TernLifecycleTests", dependencies: ["TernCore", "TernLifecycle"], swiftSettings: strict),
        .testTarget(name: "TernPolicyTests", dependencies: ["TernCore", "TernPolicy"], swiftSettings: strict),
        .testTarget(
            name: "TernS3ProtocolTests",
            dependencies: ["TernCore", "TernReplication", "TernLifecycle", "TernBatch", "TernS3Protocol"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TernSigV4Tests",
            dependencies: ["TernCore", "TernChecksums", "TernSigV4", crypto],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TernStorageTests",
            dependencies: ["TernStorage", "TernStorageTesting", nioCore],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TernStorageZstdTests",
            dependencies: ["TernStorage", "TernStorageTesting", "TernStorageZstd", nioCore],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TernStorageRocksDBTests",
            dependencies: [
                "TernStorage", "TernStorageTesting", "TernStorageRocksDB", "CRocksDBChecksum", "CTernChecksums",
                nioCore,
                logging,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TernObjectsTests",
            dependencies: [
                "TernCore", "TernChecksums", "TernReplication", "TernLifecycle", "TernS3Protocol", "TernRecords",
                "TernPorts",
                "TernStorage",
                "TernObjects", "TernTestSupport", nioCore, logging, crypto,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TernReplicationWorkersTests",
            dependencies: [
                "TernCore", "TernChecksums", "TernReplication", "TernS3Protocol", "TernRecords", "TernPorts",
                "TernStorage",
                "TernObjects", "TernReplicationWorkers", "TernTestSupport", nioCore, logging,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TernSimulatorTests",
            dependencies: ["TernSimulator"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TernEventDeliveryTests",
            dependencies: [
                "TernCore", "TernS3Protocol", "TernRecords", "TernPorts", "TernStorage", "TernObjects",
                "TernEventDelivery", "TernTestSupport", nioCore, logging,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TernFederationTests",
            dependencies: [
                "TernCore", "TernReplication", "TernS3Protocol", "TernPorts", "TernRecords", "TernObjects",
                "TernReplicationWorkers", "TernFederation", "TernHTTPServer", "TernTestSupport", nioCore, nioPosix,
                logging,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TernS3APITests",
            dependencies: ["TernCore", "TernPolicy", "TernPorts", "TernS3Protocol", "TernS3API"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TernHTTPServerTests",
            dependencies: ["TernCore", "TernPorts", "TernHTTPServer", nioCore, nioPosix, nioSSL, logging],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TernConsoleTests", dependencies: ["TernCore", "TernPorts", "TernConsole", nioCore],
            swiftSettings: strict),
        .testTarget(
            name: "TernControlPlaneTests",
            dependencies: [
                "TernCore", "TernPolicy", "TernBatch", "TernS3Protocol", "TernPorts", "TernRecords", "TernStorage",
                "TernControlPlane", "TernTestSupport", logging,
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ternTests",
            dependencies: ["tern", "TernCore", "TernControlPlane", "TernEventDelivery", "TernHTTPServer", logging],
            swiftSettings: strict
        ),
    ]
)
