import SwiftProtobuf
import TernCore
import TernPorts
package import TernRecords
package import TernS3Protocol

extension MultiRegionAccessPointState {
    /// How many access points an account may have (MRP-1).
    package static let maximumPerAccount = 100
    /// How many regions one may have (N-11).
    package static let maximumRegions = 17
    /// How long is known what came of a request.
    static let requestRetention = Duration.seconds(90 * 86400)
    private static let maximumForgotten = 100

    /// Takes an asynchronous request, unless it was taken before (MRP-2): what it shows at once, and a row that says that
    /// it is to be done.
    ///
    /// - Parameters:
    ///   - request: Without a sequence.
    ///   - makeAlias: Gives another one at each call.
    /// - Returns: The ID of the request, or of that which was taken before.
    package func taking(
        _ request: MultiRegionAccessPointRequestRecord, makeAlias: () -> String
    ) throws(S3Error) -> MultiRegionAccessPointPlan<String> {
        if let known = self.request(clientToken: request.clientToken, of: request.account) {
            guard known.parameters == request.parameters else { throw .clientTokenReused }
            return MultiRegionAccessPointPlan([], known.id)
        }
        var request = request
        request.sequence = self.generation + 1
        var writes = [try request.write()] + self.oldRequests(before: request.createdMs)
        let account = AccountID(trusted: request.account)
        switch request.parameters {
        case .creation(let wanted):
            guard self.count(in: account) < Self.maximumPerAccount else { throw .tooManyMultiRegionAccessPoints }
            if self.record(named: wanted.name, in: account) == nil {
                let record = MultiRegionAccessPointRecord(
                    wanted, of: account, alias: self.freeAlias(makeAlias), createdMs: request.createdMs)
                writes.append(try record.write())
            }
        case .deletion(let wanted):
            guard var record = self.record(named: wanted.name, in: account) else {
                throw .noSuchMultiRegionAccessPoint(wanted.name)
            }
            if record.status == .ready {
                record.status = .deleting
                writes.append(try record.write())
            }
        case .policyChange(let wanted):
            guard var record = self.record(named: wanted.name, in: account) else {
                throw .noSuchMultiRegionAccessPoint(wanted.name)
            }
            record.proposedPolicy = wanted.policy
            writes.append(try record.write())
        case nil:
            throw .malformedXML
        }
        return MultiRegionAccessPointPlan(writes, request.id)
    }

    /// One that no access point ever had.
    func freeAlias(_ makeAlias: () -> String) -> String {
        var alias = makeAlias()
        while self.isTaken(alias: alias) { alias = makeAlias() }
        return alias
    }

    /// Requests that were done so long ago that nobody asks for them any more.
    private func oldRequests(before now: Int64) -> [ControlWrite] {
        let limit = now - Self.requestRetention.wholeMilliseconds
        return self.requests.values.filter { $0.status != .new && $0.endedMs < limit }.prefix(Self.maximumForgotten)
            .map { ControlWrite(key: Self.requestKey($0.id), value: nil) }
    }
}

extension MultiRegionAccessPointRecord {
    /// One in the making: its buckets are not looked at yet.
    init(_ wanted: MultiRegionAccessPointCreation, of account: AccountID, alias: String, createdMs: Int64) {
        self.init()
        self.account = account.description
        self.name = wanted.name
        self.alias = alias
        self.createdMs = createdMs
        self.status = .creating
        self.publicAccessBlock =
            wanted.hasPublicAccessBlock ? wanted.publicAccessBlock : PublicAccessBlockRecord(.everything)
        self.regions = wanted.regions.map { sent in
            var region = MultiRegionAccessPointRegion()
            region.bucket = sent.bucket
            region.bucketAccount = sent.account.isEmpty ? account.description : sent.account
            region.trafficDial = 100
            return region
        }
    }

    func write() throws(S3Error) -> ControlWrite {
        ControlWrite(key: MultiRegionAccessPointState.pointKey(self.alias), value: try accessPointBytes(self))
    }

    /// Takes it away, and keeps its alias from being given again.
    var removal: [ControlWrite] {
        [
            ControlWrite(key: MultiRegionAccessPointState.pointKey(self.alias), value: nil),
            ControlWrite(key: MultiRegionAccessPointState.retiredKey(self.alias), value: []),
        ]
    }
}

extension MultiRegionAccessPointRequestRecord {
    func write() throws(S3Error) -> ControlWrite {
        ControlWrite(key: MultiRegionAccessPointState.requestKey(self.id), value: try accessPointBytes(self))
    }
}

private func accessPointBytes(_ message: some SwiftProtobuf.Message) throws(S3Error) -> [UInt8] {
    do { return try message.serializedBytes() } catch { throw .accessPointsNotStored }
}
