import Synchronization
package import TernReplication

/// How a task ended that a job started.
package enum StartedTaskEnd: Hashable, Sendable {
    case done
    case refused(ReplicationFailureReason)
    /// The version, or its bucket, was deleted meanwhile.
    case sourceGone
    /// The destination cannot be reached. The task waits on in the outbox, where it came to.
    case unavailable
}

/// Tells jobs how the tasks ended that they have started.
///
/// In memory alone: a job whose process was killed starts the rows anew that have no result, which is harmless (spec rules
/// BR-RS-1, BR-RR-1).
package final class StartedTasks: Sendable {
    /// The tasks of one part of a job, which are waited for together.
    private struct Group {
        var open: Set<UInt64> = []
        var ended: [(UInt64, StartedTaskEnd)] = []
        var waiter: CheckedContinuation<Void, Never>?
        var isRung = false
    }

    private struct State {
        var nextGroup = 0
        var groups: [Int: Group] = [:]
        var groupOfTask: [UInt64: Int] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    package func openGroup() -> Int {
        self.state.withLock { state in
            state.nextGroup += 1
            state.groups[state.nextGroup] = Group()
            return state.nextGroup
        }
    }

    /// Forgets a group: what ends of it now interests nobody.
    package func closeGroup(_ number: Int) {
        let waiter = self.state.withLock { state in
            guard let group = state.groups.removeValue(forKey: number) else {
                return nil as CheckedContinuation<Void, Never>?
            }
            for task in group.open { state.groupOfTask[task] = nil }
            return group.waiter
        }
        waiter?.resume()
    }

    /// Before the commit that makes the tasks, so that none can end unseen.
    func expect(_ tasks: [UInt64], in number: Int) {
        self.state.withLock { state in
            guard state.groups[number] != nil else { return }
            for task in tasks { state.groupOfTask[task] = number }
            state.groups[number]?.open.formUnion(tasks)
        }
    }

    /// The commit did not happen.
    func forget(_ tasks: [UInt64]) {
        self.state.withLock { state in
            for task in tasks {
                guard let number = state.groupOfTask.removeValue(forKey: task) else { continue }
                state.groups[number]?.open.remove(task)
            }
        }
    }

    /// Notes how tasks ended; of those that nobody waits for nothing.
    package func ended(_ tasks: [(UInt64, StartedTaskEnd)]) {
        let waiters = self.state.withLock { state in
            var rung: Set<Int> = []
            for (task, end) in tasks {
                guard let number = state.groupOfTask.removeValue(forKey: task) else { continue }
                state.groups[number]?.open.remove(task)
                state.groups[number]?.ended.append((task, end))
                rung.insert(number)
            }
            return rung.compactMap { Self.ring($0, &state) }
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Wakes who waits for a group, without anything having ended.
    package func ring(_ number: Int) {
        self.state.withLock { Self.ring(number, &$0) }?.resume()
    }

    private static func ring(_ number: Int, _ state: inout State) -> CheckedContinuation<Void, Never>? {
        guard let group = state.groups[number] else { return nil }
        state.groups[number]?.waiter = nil
        if group.waiter == nil { state.groups[number]?.isRung = true }
        return group.waiter
    }

    /// Waits until something of the group has ended, or it is rung.
    ///
    /// - Returns: What ended since the last call. One caller at a time for each group.
    package func next(of number: Int) async -> [(UInt64, StartedTaskEnd)] {
        await withCheckedContinuation { continuation in
            let isReady = self.state.withLock { state in
                guard let group = state.groups[number] else { return true }
                if group.isRung || !group.ended.isEmpty {
                    state.groups[number]?.isRung = false
                    return true
                }
                state.groups[number]?.waiter = continuation
                return false
            }
            if isReady { continuation.resume() }
        }
        return self.state.withLock { state in
            guard let ended = state.groups[number]?.ended else { return [] }
            state.groups[number]?.ended = []
            state.groups[number]?.isRung = false
            return ended
        }
    }
}
