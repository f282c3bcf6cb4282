import ArgumentParser
import TernCore
import TernSimulator

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Simulates worlds of regions, one for each seed, and looks whether the invariants hold.
@main
struct SimulatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tern-simulator",
        abstract: "Simulates regions that replicate to each other, with everything that goes wrong, from seeds.",
        discussion: """
            One seed is one world: the same seed gives the same run, to the last event. Ends with status 1 if an
            invariant did not hold. See docs/simulation.md.
            """)

    @Option(help: "How many seeds to run.")
    var seeds: UInt64 = 1000

    @Option(help: "The first of them.")
    var firstSeed: UInt64 = 0

    @Option(help: "Run this one seed only.")
    var seed: UInt64?

    @Option(help: "Requests of clients in each world.")
    var operations = 50

    @Option(help: "Worlds simulated at once, each on a thread of its own.")
    var jobs = 1

    @Option(help: "End after this many violated seeds.")
    var maximumViolations = 20

    @Flag(help: "Print everything that happens; with --seed.")
    var trace = false

    @Flag(help: "Print the result of each seed as one line of JSON.")
    var json = false

    @Flag(help: "Run each seed twice and compare the hashes of their traces.")
    var twice = false

    func validate() throws {
        if self.trace, self.seed == nil { throw ValidationError("--trace needs --seed") }
        if self.operations < 1 || self.jobs < 1 || self.seeds < 1 {
            throw ValidationError("--seeds, --operations and --jobs are at least 1")
        }
    }

    func run() async throws {
        Self.makeHashingDeterministic()
        let first = self.seed ?? self.firstSeed
        let end = first + (self.seed == nil ? self.seeds : 1)
        let start = ContinuousClock.now
        var sums = Sums()
        await withTaskGroup(of: Simulation.Result.self) { group in
            var next = first
            while next < min(end, first + UInt64(self.jobs)) {
                let seed = next
                group.addTask { self.simulate(seed) }
                next += 1
            }
            for await result in group {
                sums.add(result)
                self.show(result)
                if sums.seeds % 1000 == 0, !self.json { print(sums.line(since: start)) }
                // A long run is watched through files and pipes.
                if sums.seeds % 1000 == 0 || !result.violations.isEmpty { fflush(nil) }
                if next < end, sums.violated < self.maximumViolations {
                    let seed = next
                    group.addTask { self.simulate(seed) }
                    next += 1
                }
            }
        }
        if self.json { return try self.end(sums) }
        print(sums.line(since: start))
        for (invariant, count) in sums.byInvariant.sorted(by: { $0.key < $1.key }) {
            print("    \(invariant): violated by \(count) seeds")
        }
        try self.end(sums)
    }

    private func end(_ sums: Sums) throws {
        if sums.violated > 0 { throw ExitCode(1) }
    }

    private func simulate(_ seed: UInt64) -> Simulation.Result {
        let printer: @Sendable (String) -> Void = { line in print(line) }
        var result = Simulation(seed: seed, operations: self.operations, printer: self.trace ? printer : nil).run()
        if self.twice {
            let again = Simulation(seed: seed, operations: self.operations).run()
            if again != result { result.noteDifference(from: again) }
        }
        return result
    }

    private func show(_ result: Simulation.Result) {
        if self.json {
            print(result.json)
            return
        }
        if self.seed != nil {
            print(
                "seed \(result.seed): \(result.operations) operations, \(result.commits) commits, \(result.jobs) jobs, "
                    + "\(result.milliseconds) ms of its world, trace \(String(result.traceHash, radix: 16))")
        }
        for violation in result.violations.prefix(self.seed == nil ? 1 : 20) {
            print(
                "seed \(result.seed): \(violation.invariant.rawValue) violated after \(violation.milliseconds) ms: "
                    + violation.message)
        }
    }

    /// Swift gives each process another order of sets and dictionaries, unless it is told not to before it starts.
    private static func makeHashingDeterministic() {
        let name = "SWIFT_DETERMINISTIC_HASHING"
        guard getenv(name) == nil, setenv(name, "1", 1) == 0 else { return }
        var arguments = CommandLine.arguments.map { strdup($0) }
        arguments.append(nil)
        execv("/proc/self/exe", arguments)
        print("The order of dictionaries is random in this process; traces may differ in their hashes.")
    }
}

/// What all seeds came to.
private struct Sums {
    var seeds = 0
    var violated = 0
    var operations = 0
    var commits = 0
    var byInvariant: [String: Int] = [:]

    mutating func add(_ result: Simulation.Result) {
        self.seeds += 1
        self.operations += result.operations
        self.commits += result.commits
        if let first = result.violations.first {
            self.violated += 1
            self.byInvariant[first.invariant.rawValue, default: 0] += 1
        }
    }

    func line(since start: ContinuousClock.Instant) -> String {
        let seconds = Double((ContinuousClock.now - start).components.seconds)
        return
            "\(self.seeds) seeds, \(self.operations) operations, \(self.commits) commits, \(self.violated) violated, "
            + "\(Int(seconds)) s"
    }
}

extension Simulation.Result {
    fileprivate var json: String {
        let violations = self.violations.map {
            "{\"invariant\":\"\($0.invariant.rawValue)\",\"milliseconds\":\($0.milliseconds),"
                + "\"message\":\(JSONString.quoted($0.message))}"
        }
        return "{\"seed\":\(self.seed),\"operations\":\(self.operations),\"commits\":\(self.commits),"
            + "\"jobs\":\(self.jobs),\"milliseconds\":\(self.milliseconds),"
            + "\"trace\":\"\(String(self.traceHash, radix: 16))\",\"violations\":[\(violations.joined(separator: ","))]}"
    }
}
