import TernCore
import TernReplication
import Testing

@testable import TernBatchWorkers

@Suite("Why versions are left out, for the log")
struct ExclusionCountsTests {
    private static func rule(_ verdict: RuleDecision.Verdict) throws -> RuleDecision {
        RuleDecision(
            ruleID: "r", destinationBucket: try #require(BucketName("destination")), verdict: verdict)
    }

    @Test("BR-MG-3, BR-EL-1: each version counts once for each cause, whatever rules there are")
    func counts() throws {
        var counts = ExclusionCounts()
        #expect(counts.isEmpty)
        counts.add(try [Self.rule(.skip(.ruleDisabled)), Self.rule(.skip(.ruleDisabled))])
        counts.add(try [Self.rule(.skip(.archivedStorageClass(.glacier))), Self.rule(.skip(.outsidePrefix))])
        counts.add(try [Self.rule(.skip(.archivedStorageClass(.deepArchive)))])
        counts.add("filter")
        counts.add(try [Self.rule(.replicate)])
        #expect(counts.description == "archivedStorageClass 2, filter 1, outsidePrefix 1, ruleDisabled 1")
    }

    @Test("The same of rows that run at once")
    func shared() async throws {
        let counts = SharedExclusionCounts()
        counts.add([])
        #expect(counts.counts.isEmpty)
        let rules = try [Self.rule(.skip(.nullVersion))]
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<100 { group.addTask { counts.add(rules) } }
        }
        #expect(counts.counts.description == "nullVersion 100")
    }
}
