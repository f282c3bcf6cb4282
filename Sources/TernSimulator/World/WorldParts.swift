import Logging

/// What all parts of a world share.
struct WorldParts: Sendable {
    var scenario: Scenario
    var dice: Dice
    var timeline: Timeline
    var queue: JobQueue
    var trace: Trace
    var links: Links
    var access: SimulatedAccess
    var logger: Logger
}
