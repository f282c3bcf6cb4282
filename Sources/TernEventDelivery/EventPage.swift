package import TernCore
package import TernObjects
import TernRecords

/// Says what to do with the events at the front of a lane: a pure function of what they are and of the time.
///
/// The events of one object key are sent in their order: one whose turn has not come yet holds back those behind it of the
/// same key, and no others (TGT-1).
package struct EventPage: Sendable {
    /// To be sent now, each of another key.
    package private(set) var sendable: [StoredEvent] = []
    /// Too old to be sent.
    package private(set) var expired: [StoredEvent] = []
    /// The first that stays whatever becomes of those that are sent.
    package private(set) var firstHeld: [UInt8]?
    /// Whether some wait for nothing but those that are sent now.
    package private(set) var hasMore = false
    /// When the first of those comes whose rest is not over.
    package private(set) var nextAttempt: Timestamp?

    /// - Parameters:
    ///   - limit: How many may be sent at once.
    ///   - retention: How old an event may grow.
    package init(_ events: [StoredEvent], at now: Timestamp, limit: Int, retention: Duration) {
        var resting: Set<[UInt8]> = []
        var sent: Set<[UInt8]> = []
        for event in events {
            if now - event.waitingSince > retention {
                self.expired.append(event)
                continue
            }
            let key = Array(event.record.key)
            let notBefore = Timestamp(milliseconds: event.record.notBeforeMs)
            if resting.contains(key) {
                self.hold(event)
            } else if now < notBefore {
                resting.insert(key)
                self.nextAttempt = self.nextAttempt.map { min($0, notBefore) } ?? notBefore
                self.hold(event)
            } else if sent.contains(key) {
                self.hasMore = true
                self.hold(event)
            } else if self.sendable.count >= limit {
                self.hasMore = true
                self.hold(event)
                return
            } else {
                sent.insert(key)
                self.sendable.append(event)
            }
        }
    }

    private mutating func hold(_ event: StoredEvent) {
        if self.firstHeld == nil { self.firstHeld = event.row }
    }
}
