/// How urgent a replication task is. Clients come before all of them.
package enum TrafficClass: UInt8, Sendable, Hashable, CaseIterable, Comparable {
    /// Of rules with S3 Replication Time Control: there is a deadline.
    case timed = 0
    /// Of all other rules.
    case live = 1
    /// Of jobs over what is there already.
    case batch = 2

    package static func < (left: TrafficClass, right: TrafficClass) -> Bool { left.rawValue < right.rawValue }

    /// The share of a limited line that a lane of the class has beside others. Every class has one, so that none waits
    /// forever.
    package var weight: Int64 {
        switch self {
        case .timed: 64
        case .live: 8
        case .batch: 1
        }
    }
}
