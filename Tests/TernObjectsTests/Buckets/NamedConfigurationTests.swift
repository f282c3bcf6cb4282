import TernCore
import TernObjects
import TernS3Protocol
import TernTestSupport
import Testing

@Suite("Configurations with IDs")
struct NamedConfigurationTests {
    @Test("§14: a bucket has a thousand of each kind, and one more is TooManyConfigurations")
    func limit() async throws {
        let region = TestRegion("us-east-1", clock: ManualClock(), seed: 1)
        try await region.makeBucket("photos")
        func put(_ id: Int, _ kind: NamedConfigurationKind, _ document: String = "") async throws(S3Error) {
            try await region.service.putNamedConfiguration(
                kind, id: "id\(id)", document: Array(document.utf8), of: "photos")
        }
        for kind in NamedConfigurationKind.allCases {
            for id in 0..<1000 { try await put(id, kind) }
            await #expect(throws: S3Error.tooManyConfigurations) { try await put(1000, kind) }
            // One that is there is replaced, and one that goes makes room.
            try await put(7, kind, "new")
            let bucket = try await region.service.registry.state("photos")
            #expect(try await region.service.namedConfiguration(kind, id: "id7", of: bucket) == Array("new".utf8))
            #expect(try await region.service.namedConfiguration(kind, id: "id1000", of: bucket) == nil)
            try await region.service.deleteNamedConfiguration(kind, id: "id3", of: "photos")
            try await put(1000, kind)
        }
    }
}
