import TernCore
import TernObjects
import TernPorts

extension Delivery {
    /// Waits until so many bytes may be sent to the region.
    ///
    /// - Parameter rules: Whose tasks they are of.
    /// - Returns: Whether they may; `false` where the lane ends, or a rule was paused meanwhile.
    func awaitTurn(bytes: () -> Int64, to region: RegionName, rules: () -> Set<String>) async -> Bool {
        guard let flow = self.context.flow else { return true }
        let gates = flow.gates(bucket: self.lane.destinationBucket, region: region)
        if gates.isEmpty { return true }
        let count = bytes()
        let rules = rules()
        for gate in gates {
            do {
                let isGranted = try await gate.pass(
                    lane: self.lane.number, traffic: self.lane.traffic, bytes: count,
                    isWanted: { !self.isPaused(rules) })
                if !isGranted { return false }
            } catch {
                return false
            }
        }
        return true
    }

    /// Whether one of the rules rests.
    func isPaused(_ rules: Set<String>) -> Bool {
        guard let flow = self.context.flow else { return false }
        let pause = flow.pause(of: self.lane, at: self.context.wall.now)
        return pause.isWhole || !pause.rules.isDisjoint(with: rules)
    }
}

extension LaneID {
    /// Tells lanes apart where they share a line; that two have one number is unlikely, and harmless.
    fileprivate var number: Int { Int(truncatingIfNeeded: self.sourceBucketID ^ self.hash.rawValue) }
}
