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
]

let package = Package(
    name: "tern",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "tern", targets: ["tern"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
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
        .target(name: "CTernChecksums", cSettings: [.unsafeFlags(["-O2"])]),
        .target(
            name: "TernChecksums",
            dependencies: ["TernCore", "CTernChecksums", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict
        ),
        .target(
            name: "TernSigV4",
            dependencies: ["TernCore", "TernChecksums", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict
        ),
        .target(name: "TernS3Protocol", dependencies: ["TernCore", "TernReplication"], swiftSettings: strict),
        .target(
            name: "TernRecords",
            dependencies: ["TernCore", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            exclude: ["records.proto"],
            swiftSettings: strict
        ),

        // 2 ports
        .target(
            name: "TernPorts",
            dependencies: ["TernCore", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: strict
        ),
        .target(
            name: "TernStorage",
            dependencies: ["TernCore", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: strict
        ),

        // 3 services
        .target(
            name: "TernObjects",
            dependencies: [
                "TernCore", "TernChecksums", "TernReplication", "TernS3Protocol", "TernRecords", "TernPorts", "TernStorage",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "TernS3API",
            dependencies: [
                "TernCore", "TernChecksums", "TernReplication", "TernS3Protocol", "TernSigV4", "TernRecords", "TernPorts",
                "TernStorage", "TernObjects",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),

        // 6 root
        .executableTarget(
            name: "tern",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict
        )
    ]
)
