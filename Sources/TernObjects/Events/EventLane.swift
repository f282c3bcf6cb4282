package import TernCore
package import TernRecords
package import TernStorage

/// One queue of events: from one bucket, or from the region's jobs, to one target. The bucket may be gone.
package struct EventLane: Hashable, Sendable {
    package var partition: PartitionID
    /// The ARN; ``NotificationRules/eventBridgeTarget`` for the EventBridge.
    package var target: String

    package init(partition: PartitionID, target: String) {
        self.partition = partition
        self.target = target
    }

    package var hash: EventTargetHash { EventTargetHash(self.target) }
}

/// Events that a commit added, for whoever sends them.
package struct AddedEvents: Sendable {
    struct Added: Sendable {
        var target: String
        var row: [UInt8]
    }

    var events: [Added] = []

    package init() {}

    package mutating func append(_ other: AddedEvents) {
        self.events += other.events
    }

    package var isEmpty: Bool { self.events.isEmpty }
}

/// An event as it stands in the store.
package struct StoredEvent: Sendable {
    package var row: [UInt8]
    package var value: [UInt8]
    package var record: EventRecord

    package init(row: [UInt8], value: [UInt8], record: EventRecord) {
        self.row = row
        self.value = value
        self.record = record
    }

    /// When it may be sent, out of its row.
    package var due: HybridTimestamp { Self.due(ofRow: self.row) }

    static func due(ofRow row: [UInt8]) -> HybridTimestamp {
        let start = 1 + MemoryLayout<UInt64>.size
        guard row.count >= start + 8 else { return .zero }
        return HybridTimestamp(rawValue: UInt64(bigEndianBytes: row[start..<start + 8]))
    }
}
