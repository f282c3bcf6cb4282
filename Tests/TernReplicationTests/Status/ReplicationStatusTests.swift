import TernCore
import TernReplication
import Testing

/// Spec live-replication §3.
@Suite struct ReplicationStatusTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let states: [ComponentState]
        var isReplica = false
        let status: ReplicationStatus?

        var testDescription: String { self.name }
    }

    @Test(
        "Aggregation: FAILED before PENDING before REPLICA before COMPLETED",
        arguments: [
            Row(name: "T-03 never admitted", states: [], status: nil),
            Row(name: "T-03 nothing but none", states: [.none, .none], status: nil),
            Row(name: "T-05 pending", states: [.pending], status: .pending),
            Row(name: "T-06 one of two", states: [.completed, .pending], status: .pending),
            Row(name: "T-06 all", states: [.completed, .completed, .none], status: .completed),
            Row(name: "T-07 one failed", states: [.completed, .failed], status: .failed),
            Row(name: "T-07 failed while another is pending", states: [.pending, .failed], status: .failed),
            Row(name: "T-10 replica", states: [], isReplica: true, status: .replica),
            Row(name: "T-11 replica with a change on its way", states: [.pending], isReplica: true, status: .pending),
            Row(name: "T-11 replica with a failed change", states: [.failed], isReplica: true, status: .failed),
            Row(name: "T-11 replica after success", states: [.completed], isReplica: true, status: .replica),
        ]
    )
    func aggregate(_ row: Row) {
        #expect(ReplicationStatus.aggregate(row.states, isReplica: row.isReplica) == row.status)
    }

    @Test("The aggregate is the least of the states, in every order")
    func exhaustive() {
        let order: [ComponentState] = [.failed, .pending, .completed, .none]
        let statuses: [ReplicationStatus?] = [.failed, .pending, .completed, nil]
        for first in ComponentState.allCases {
            for second in ComponentState.allCases {
                for third in ComponentState.allCases {
                    let worst = order.firstIndex { [first, second, third].contains($0) } ?? 3
                    #expect(ReplicationStatus.aggregate([first, second, third], isReplica: false) == statuses[worst])
                }
            }
        }
    }

    @Test("T-02: the values on the wire")
    func wire() {
        #expect(ReplicationStatus.allCases.map(\.rawValue) == ["PENDING", "COMPLETED", "FAILED", "REPLICA"])
    }

    private func aggregate(_ status: DestinationStatus) -> ReplicationStatus? {
        ReplicationStatus.aggregate([status], isReplica: false)
    }

    @Test("T-05, T-06, T-12, T-13, T-14: the life of a destination")
    func life() {
        var status = DestinationStatus(destinationBucket: .dst, ruleID: "r")
        #expect(self.aggregate(status) == nil)
        #expect(!status.isAdmitted)
        status.admit(.data)
        #expect(self.aggregate(status) == .pending)
        status.settle(.data, .retry)
        #expect(self.aggregate(status) == .pending)
        status.settle(.data, .done)
        #expect(self.aggregate(status) == .completed)
        status.admit(.tags)
        #expect(self.aggregate(status) == .pending, "T-12")
        status.settle(.tags, .refused(.srcGetTaggingNotPermitted))
        #expect(self.aggregate(status) == .failed, "T-15")
        #expect(status.failureReason == .srcGetTaggingNotPermitted)
        status.admit(.tags)
        status.settle(.tags, .done)
        #expect(self.aggregate(status) == .completed, "T-14")
        #expect(status.failureReason == nil)
    }

    @Test("T-13: a later success of the tags does not clear a failure of the data")
    func failedDataStays() {
        var status = DestinationStatus(destinationBucket: .dst, ruleID: "r")
        status.admit(.data)
        status.settle(.data, .refused(.dstBucketNotFound))
        status.admit(.tags)
        status.settle(.tags, .done)
        #expect(self.aggregate(status) == .failed)
        #expect(status.failureReason == .dstBucketNotFound)
        #expect(status[.data] == .failed)
        #expect(status[.tags] == .completed)
    }

    @Test("T-07: one failed destination fails the version")
    func twoDestinations() {
        var first = DestinationStatus(destinationBucket: .dst, ruleID: "a")
        var second = DestinationStatus(destinationBucket: .other, ruleID: "b")
        first.admit(.data)
        second.admit(.data)
        first.settle(.data, .done)
        #expect(ReplicationStatus.aggregate([first, second], isReplica: false) == .pending)
        second.settle(.data, .refused(.assumeRoleNotPermitted))
        #expect(ReplicationStatus.aggregate([first, second], isReplica: false) == .failed)
    }

    @Test("Each kind of task has its component")
    func components() {
        #expect(
            PlannedTask.Kind.allCases.map { DestinationStatus.Component($0) } == [
                .data, .data, .tags, .acl, .retention, .legalHold,
            ]
        )
    }
}
