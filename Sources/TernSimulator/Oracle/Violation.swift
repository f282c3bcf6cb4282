/// The invariants that are watched, by the numbers of the design.
package enum Invariant: String, Sendable, Hashable, CaseIterable {
    case lostIntent = "no lost intent"
    case statusTruth = "status truth"
    case convergence = "convergence"
    case echo = "no echo"
    case resurrection = "no resurrection"
    case availability = "source availability"
    case isolation = "isolation"
    case memory = "bounded memory and steps"
    case permission = "permission"
    case durability = "durability"
    /// What a region counts as waiting is what its outboxes have.
    case counts = "true counts"
    case determinism = "determinism"
    /// Everything settles once the faults are over: the other half of 2 and 7.
    case liveness = "liveness"
}

/// An invariant that did not hold, and when in the simulated world.
package struct Violation: Sendable, Hashable {
    package var invariant: Invariant
    package var message: String
    package var milliseconds: Int64
}
