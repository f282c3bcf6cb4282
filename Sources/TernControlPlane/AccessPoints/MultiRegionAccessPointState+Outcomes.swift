import TernCore
import TernPorts
import TernRecords
import TernS3Protocol

extension MultiRegionAccessPointState {
    private enum Change {
        case put(MultiRegionAccessPointRecord)
        case remove(MultiRegionAccessPointRecord)
    }

    /// Ends a request: its outcome, and what it changes.
    func ending(
        _ request: MultiRegionAccessPointRequestRecord, with effort: MultiRegionAccessPointWork.Effort, now: Int64,
        makeAlias: () -> String
    ) throws(S3Error) -> MultiRegionAccessPointPlan<Void> {
        var outcome = request
        outcome.endedMs = now
        var writes: [ControlWrite]
        switch self.change(by: request, effort, makeAlias) {
        case .success(.put(let record)):
            outcome.status = .succeeded
            outcome.regions = record.regions.map(\.region)
            writes = [try record.write()]
        case .success(.remove(let record)):
            outcome.status = .succeeded
            outcome.regions = record.regions.map(\.region)
            writes = record.removal
        case .failure(let failure):
            outcome.status = .failed
            outcome.errorCode = failure.code
            outcome.errorMessage = failure.message
            outcome.errorResource = failure.resource
            writes = try self.takingBack(request)
        }
        writes.append(try outcome.write())
        return MultiRegionAccessPointPlan(writes, ())
    }

    private func change(
        by request: MultiRegionAccessPointRequestRecord, _ effort: MultiRegionAccessPointWork.Effort,
        _ makeAlias: () -> String
    ) -> Result<Change, MultiRegionAccessPointFailure> {
        let account = AccountID(trusted: request.account)
        let known = self.record(named: request.accessPointName, in: account)
        switch (effort, request.parameters) {
        case (.fail(let failure), _):
            return .failure(failure)
        case (.create(let regions), .creation(let wanted)):
            if let known, known.status != .creating { return .failure(.alreadyOwned(wanted.name)) }
            // One that another request left in the making may have other buckets: its alias alone is taken over.
            var record = MultiRegionAccessPointRecord(
                wanted, of: account, alias: known?.alias ?? self.freeAlias(makeAlias), createdMs: request.createdMs)
            record.status = .ready
            record.regions = regions
            return .success(.put(record))
        case (.delete, _):
            guard let known else { return .failure(.noSuchAccessPoint(request.accessPointName)) }
            return .success(.remove(known))
        case (.setPolicy(let bindings), .policyChange(let wanted)):
            guard var record = known else { return .failure(.noSuchAccessPoint(wanted.name)) }
            record.establishedPolicy = wanted.policy
            record.establishedBindings = bindings
            return .success(.put(record))
        case (.create, _), (.setPolicy, _):
            return .failure(.noSuchAccessPoint(request.accessPointName))
        }
    }

    /// Takes back what was shown when the request was taken.
    private func takingBack(_ request: MultiRegionAccessPointRequestRecord) throws(S3Error) -> [ControlWrite] {
        guard var record = self.record(named: request.accessPointName, in: AccountID(trusted: request.account)) else {
            return []
        }
        switch request.parameters {
        case .creation where record.status == .creating:
            return record.removal
        case .policyChange(let wanted) where record.proposedPolicy == wanted.policy:
            record.proposedPolicy = record.establishedPolicy
            return [try record.write()]
        default:
            return []
        }
    }
}

extension MultiRegionAccessPointRequestRecord {
    /// The name of the access point that it is about.
    package var accessPointName: String {
        switch self.parameters {
        case .creation(let wanted): wanted.name
        case .deletion(let wanted): wanted.name
        case .policyChange(let wanted): wanted.name
        case nil: ""
        }
    }
}
