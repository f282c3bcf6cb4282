import Synchronization
package import TernCore
package import TernPorts
package import TernRecords

/// Gathers uses of access keys and roles in this region, each once an hour at most.
package final class UseRecorder: CredentialUses {
    private struct State {
        /// When each was noted last.
        var noted: [String: Int64] = [:]
        /// What the home region has not been told yet.
        var waiting: [String: IAMUseRecord] = [:]
    }

    private let region: RegionName
    private let clock: any WallClock
    private let state = Mutex(State())

    /// Uses that are less apart are one.
    package static let resolutionMilliseconds: Int64 = 3_600_000
    private static let maximumNoted = 100_000
    /// What is told at once.
    private static let batchLimit = 1000

    package init(region: RegionName, clock: any WallClock) {
        self.region = region
        self.clock = clock
    }

    package func note(_ principal: Principal, accessKeyID: String?, service: String) {
        let id: String
        if case .role(let role, _) = principal {
            id = role.id
        } else if let accessKeyID, principal.session == nil {
            id = accessKeyID
        } else {
            return
        }
        let now = self.clock.now.milliseconds
        self.state.withLock { state in
            if let last = state.noted[id], now - last < Self.resolutionMilliseconds, now >= last { return }
            if state.noted.count >= Self.maximumNoted {
                state.noted.removeAll()
                state.waiting.removeAll()
            }
            state.noted[id] = now
            var use = IAMUseRecord()
            use.id = id
            use.usedMs = now
            use.service = service
            use.region = self.region.description
            state.waiting[id] = use
        }
    }

    /// What is to be told now. Whoever cannot tell it gives it back.
    package func take() -> [IAMUseRecord] {
        self.state.withLock { state in
            let taken = Array(state.waiting.values.prefix(Self.batchLimit))
            for use in taken { state.waiting[use.id] = nil }
            return taken
        }
    }

    package func giveBack(_ uses: [IAMUseRecord]) {
        self.state.withLock { state in
            for use in uses where state.noted[use.id] != nil && state.waiting[use.id] == nil {
                state.waiting[use.id] = use
            }
        }
    }
}
