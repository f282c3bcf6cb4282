import Synchronization

/// Makes everything go wrong that the scenario allows, until it is told to stop.
final class Nemesis: Sendable {
    private let world: World
    private let dice: Dice
    private let isOver = Mutex(false)

    init(world: World) {
        self.world = world
        self.dice = world.parts.dice.fork("nemesis")
    }

    private var mayGoOn: Bool { !self.isOver.withLock { $0 } && !self.world.ledger.hasViolation }

    func stop() { self.isOver.withLock { $0 = true } }

    /// Crashes at commits, which are counted from here on.
    func planCrashes() {
        guard self.world.parts.scenario.hasCrashes else { return }
        for region in self.world.orderedRegions {
            var crashes: [Int: SimulatedDisk.CrashMoment] = [:]
            for _ in 0..<self.dice.below(4) {
                crashes[region.disk.commitCount + 1 + self.dice.below(150)] =
                    self.dice.chance(0.5) ? .beforeCommit : .afterCommit
            }
            region.disk.planCrashes(crashes)
            region.disk.onCrash { [weak region] in await region?.crash() }
        }
    }

    func run() async {
        let scenario = self.world.parts.scenario
        await withDiscardingTaskGroup { group in
            if scenario.hasBadNetwork { group.addTask { await self.changeWeather() } }
            if scenario.hasPartitions { group.addTask { await self.partition() } }
            if scenario.hasBadDisks { group.addTask { await self.changeDisks() } }
            if scenario.hasClockTrouble { group.addTask { await self.stepClocks() } }
            if scenario.hasCrashes { group.addTask { await self.crash() } }
        }
    }

    /// All well again.
    func heal() {
        self.world.parts.links.mendAll()
        self.world.parts.links.set(.calm)
        self.world.parts.access.allowEverything()
        for region in self.world.orderedRegions {
            region.disk.planCrashes([:])
            region.disk.set(.init())
            region.clock.set(skewMilliseconds: 0)
            region.keys.enableEverything()
        }
    }

    private func pause(upTo milliseconds: Int) async {
        await self.world.parts.timeline.pass(milliseconds: Int64(1 + self.dice.below(milliseconds)))
    }

    private func changeWeather() async {
        while self.mayGoOn {
            var weather = Links.Weather()
            weather.delay = self.dice.pick([0, 5, 200, 5000]) ?? 0
            weather.losesRequest = self.dice.pick([0, 0.1, 0.4]) ?? 0
            weather.losesAnswer = self.dice.pick([0, 0.1, 0.4]) ?? 0
            weather.doubles = self.dice.pick([0, 0.2]) ?? 0
            weather.breaks = self.dice.pick([0, 0.1]) ?? 0
            weather.damages = self.dice.pick([0, 0.1]) ?? 0
            self.world.parts.links.set(weather)
            await self.pause(upTo: 8000)
        }
    }

    private func partition() async {
        let regions = self.world.parts.scenario.regions
        while self.mayGoOn {
            await self.pause(upTo: 6000)
            guard let one = self.dice.pick(regions), let other = self.dice.pick(regions), one != other else { continue }
            self.world.parts.trace.note(7, line: "no way from \(one) to \(other)")
            self.world.parts.links.cut(from: one, to: other)
            if self.dice.chance(0.6) { self.world.parts.links.cut(from: other, to: one) }
            await self.pause(upTo: 15_000)
            self.world.parts.links.mend(from: one, to: other)
            self.world.parts.links.mend(from: other, to: one)
        }
    }

    private func changeDisks() async {
        while self.mayGoOn {
            await self.pause(upTo: 6000)
            guard let region = self.dice.pick(self.world.orderedRegions) else { return }
            var mood = SimulatedDisk.Mood()
            mood.slowness = self.dice.pick([0, 3, 50, 1500]) ?? 3
            mood.failures = self.dice.pick([0, 0, 0.02, 0.2]) ?? 0
            mood.isFull = self.dice.pick([0, 0, 0.2, 1]) ?? 0
            region.disk.set(mood)
            await self.pause(upTo: 6000)
            region.disk.set(.init())
        }
    }

    /// Forward and back, by up to four minutes.
    private func stepClocks() async {
        while self.mayGoOn {
            await self.pause(upTo: 10_000)
            guard let region = self.dice.pick(self.world.orderedRegions) else { return }
            let skew = self.dice.chance(0.3) ? 0 : Int64(self.dice.below(480_000)) - 240_000
            self.world.parts.trace.note(8, line: "the clock of \(region.name) is off by \(skew) ms")
            region.clock.set(skewMilliseconds: skew)
        }
    }

    private func crash() async {
        while self.mayGoOn {
            await self.pause(upTo: 30_000)
            if !self.mayGoOn { return }
            guard let region = self.dice.pick(self.world.orderedRegions) else { return }
            // What a process reads when it starts may fail too.
            let failsAtStart = self.world.parts.scenario.hasBadDisks && self.dice.chance(0.5)
            if failsAtStart {
                var mood = SimulatedDisk.Mood()
                mood.failures = self.dice.pick([0.02, 0.2]) ?? 0
                region.disk.set(mood)
            }
            await region.crash()
            guard failsAtStart else { continue }
            await self.pause(upTo: 25_000)
            region.disk.set(.init())
        }
    }
}
