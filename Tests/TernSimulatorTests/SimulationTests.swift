import TernSimulator
import Testing

@Suite("Simulation")
struct SimulationTests {
    @Test("Invariants 1 to 9 and 11 hold in the worlds of some seeds", arguments: UInt64(0)..<24)
    func invariantsHold(seed: UInt64) {
        let result = Simulation(seed: seed).run()
        #expect(result.violations == [])
        #expect(result.operations > 20)
    }

    @Test("Invariant 12: the same seed gives the same run, to the last event", arguments: UInt64(100)..<108)
    func runsAreDeterministic(seed: UInt64) {
        let first = Simulation(seed: seed).run()
        let second = Simulation(seed: seed).run()
        #expect(first.traceHash == second.traceHash)
        #expect(first == second)
    }

    @Test("Two seeds are two worlds")
    func seedsDiffer() {
        #expect(Simulation(seed: 1).run().traceHash != Simulation(seed: 2).run().traceHash)
    }
}
