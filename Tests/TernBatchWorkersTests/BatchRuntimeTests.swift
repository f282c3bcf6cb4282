import TernBatch
import TernControlPlane
import TernCore
import TernTestSupport
import Testing

@testable import TernBatchWorkers

@Suite("The runtime of jobs, over months")
struct BatchRuntimeTests {
    private static let day = Duration.seconds(86400)
    /// Longer than it takes until somebody looks at times.
    private static let look = Duration.seconds(60)

    /// A region that runs its jobs, and tells which statuses they enter.
    private final class Running: Sendable {
        let scene: PreparationScene
        let context: BatchContext
        private let statuses: AsyncStream<JobStatus>
        private let task: Task<Void, Never>

        /// - Parameter scene: With the jobs that a process left there; one of its own with an object otherwise.
        init(in scene: PreparationScene? = nil) async throws {
            if let scene {
                self.scene = scene
            } else {
                self.scene = try await PreparationScene()
                try await self.scene.region.put("key", in: PreparationScene.bucket, bytes: [1])
            }
            let context = try await self.scene.process(over: self.scene.region.metadata)
            self.context = context
            let (statuses, continuation) = AsyncStream.makeStream(of: JobStatus.self)
            context.store.observe { _, entered in
                for status in entered { continuation.yield(status) }
            }
            self.statuses = statuses
            self.task = Task { [context] in await BatchRuntime(context).run() }
        }

        deinit { self.task.cancel() }

        /// As when the process ends.
        func stop() { self.task.cancel() }

        func ended() async { await self.task.value }

        /// The statuses up to this one.
        func entered(_ status: JobStatus) async -> [JobStatus] {
            var found: [JobStatus] = []
            for await next in self.statuses {
                found.append(next)
                if next == status { break }
            }
            return found
        }

        /// Lets time pass, and whoever looks at times look.
        func pass(_ time: Duration) async {
            self.scene.clock.advance(by: time)
            while self.scene.clock.sleeperCount == 0 { await Task.yield() }
        }
    }

    @Test("BR-ST-3, BR-ST-4: who is not confirmed within 30 days fails, and 90 days later the job is gone")
    func unconfirmed() async throws {
        let running = try await Running()
        let store = running.context.store
        let job = try await running.scene.makeJob(in: running.context)
        #expect(await running.entered(.suspended) == [.new, .preparing, .suspended])

        await running.pass(Self.day * 30 - Self.look)
        #expect(try await running.scene.job(job.id, in: running.context).state.status == .suspended)
        running.scene.clock.advance(by: Self.look * 2)
        #expect(await running.entered(.failed) == [.failed])
        let failed = try await running.scene.job(job.id, in: running.context)
        #expect(failed.state.failures == [.notConfirmed])
        #expect(failed.state.progress == JobProgress(total: 1))

        await running.pass(Self.day * 90 - Self.look)
        #expect(try await store.job(job.id, of: TestRegion.account) != nil)
        running.scene.clock.advance(by: Self.look * 2)
        #expect(try await store.job(job.id, of: TestRegion.account) == nil)
        #expect(try await store.jobs(of: TestRegion.account, limit: 10).jobs.isEmpty)
        // Nor is anything of it kept.
        running.scene.clock.advance(by: .seconds(3600))
        while try await !running.scene.tasks(of: job).isEmpty { await Task.yield() }
    }

    @Test("BR-RS-1, BR-RP-1: a report that a crash cuts off is written again under the same keys, with each row once")
    func reportTwice() async throws {
        let scene = try await PreparationScene()
        let keys = (0..<5).map { "key\($0)" }
        for key in keys { try await scene.region.put(key, in: PreparationScene.bucket, bytes: [1]) }
        var running = try await Running(in: scene)
        let job = try await scene.makeJob(
            operation: "<S3DeleteObjectTagging/>", report: true, confirmed: true, in: running.context)
        let manifest = CompletionReport(prefix: nil, jobID: job.id).manifestKey
        scene.output.interrupt(manifest) { [running] in running.stop() }
        #expect(
            await running.entered(.completing) == [.new, .preparing, .ready, .active, .completing])
        await running.ended()
        let folder = "/ops/job-\(job.id)/"
        let written = scene.output.keys.filter { $0.hasPrefix(folder) }
        #expect(!written.contains("/ops/\(manifest)"))
        #expect(try await scene.job(job.id, in: running.context).state.status == .completing)

        running = try await Running(in: scene)
        #expect(await running.entered(.complete) == [.complete])
        let all = scene.output.keys.filter { $0.hasPrefix(folder) }
        #expect(all == written.union(["/ops/\(manifest)"]))
        var rows: [Substring] = []
        for name in all where name.contains("/results/") {
            let file = try scene.output.object(String(name.dropFirst("/ops/".count)))
            rows += String(decoding: file, as: UTF8.self).split(separator: "\n").map { $0.split(separator: ",")[1] }
        }
        #expect(rows.sorted() == keys.map { Substring($0) })
        let ended = try await scene.job(job.id, in: running.context)
        #expect(ended.state.progress == JobProgress(total: 5, succeeded: 5))
    }
}
