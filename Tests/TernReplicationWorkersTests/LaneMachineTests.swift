import TernCore
import Testing

@testable import TernReplicationWorkers

@Suite("A lane's state machine")
struct LaneMachineTests {
    static let start = Timestamp(milliseconds: 1_000_000)

    @Test("A failure stops the lane for a while, and time alone lets one request through")
    func backsOffAndProbes() {
        var machine = LaneMachine()
        machine.workFound()
        #expect(machine.permit(at: Self.start) == .unlimited)
        machine.destinationFailed("refused", jitter: 0.5, at: Self.start)
        let until = Self.start + .milliseconds(100)
        #expect(machine.permit(at: Self.start) == .nothing(until: until))
        #expect(machine.permit(at: until) == .single)
        #expect(machine.state == .probing)
        machine.destinationAnswered()
        #expect(machine.permit(at: until) == .unlimited)
        #expect(machine.lastError.isEmpty)
    }

    @Test("The delay grows to its ceiling and no further, whatever the number of failures")
    func delayIsBounded() {
        var machine = LaneMachine()
        var now = Self.start
        for _ in 0..<200 {
            machine.destinationFailed("down", jitter: 0.999, at: now)
            guard case .backingOff(let until) = machine.state else { Issue.record("not backing off"); return }
            #expect(until - now <= LaneMachine.delayCeiling)
            #expect(until - now >= LaneMachine.delayFloor)
            now = until
            #expect(machine.permit(at: now) == .single)
        }
    }

    @Test("Requests that fail together count once")
    func failuresTogetherCountOnce() {
        var machine = LaneMachine()
        machine.workFound()
        for _ in 0..<8 { machine.destinationFailed("down", jitter: 0.9, at: Self.start) }
        #expect(machine.failureCount == 1)
    }

    @Test("No state is without a way out", arguments: UInt64(0)..<50)
    func everyStateEnds(seed: UInt64) {
        var machine = LaneMachine()
        var now = Self.start
        var bits = seed
        for _ in 0..<500 {
            bits = bits &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            switch bits >> 60 {
            case 0..<4: machine.workFound()
            case 4..<7: machine.workExhausted()
            case 7..<11: machine.destinationFailed("down", jitter: Double(bits >> 11 & 1023) / 1024, at: now)
            case 11..<13: machine.destinationAnswered()
            default: now = now + .milliseconds(Int64(bits >> 40 & 4095))
            }
            machine.workFound()
            let later = now + LaneMachine.delayCeiling
            if case .nothing(let until) = machine.permit(at: now) { #expect(until <= later) }
            var future = machine
            #expect(future.permit(at: later) != .nothing(until: later))
        }
    }

    @Test("The window grows with full requests, halves on failure and keeps its bounds")
    func windowAdapts() {
        var window = RequestWindow(range: 1...8)
        #expect(window.limit == 2)
        for _ in 0..<20 { window.succeeded(wasFull: true) }
        #expect(window.limit == 8)
        window.succeeded(wasFull: false)
        #expect(window.limit == 8)
        for _ in 0..<20 { window.failed() }
        #expect(window.limit == 1)
    }
}
