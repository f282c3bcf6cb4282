package import Logging
import TernCore
package import TernPorts
import TernRecords
package import TernS3Protocol

/// Does what was asked of Multi-Region Access Points: one request after the other, in the order in which they were taken.
/// Home region only.
///
/// The outcome of a request and what it changes are one commit, so that a request is done once, whenever the process ends.
package struct MultiRegionAccessPointWork: Sendable {
    private let catalog: MultiRegionAccessPointCatalog
    private let buckets: any BucketDirectory
    private let check: MultiRegionAccessPointPolicyCheck
    private let wall: any WallClock
    private let random: any RandomSource
    private let logger: Logger

    private static let retryDelay = Duration.seconds(1)

    package init(
        catalog: MultiRegionAccessPointCatalog, buckets: any BucketDirectory, identities: any IdentityStore,
        principals: any PrincipalDirectory, publicAccess: any AccountPublicAccess, wall: any WallClock,
        random: any RandomSource, logger: Logger
    ) {
        self.catalog = catalog
        self.buckets = buckets
        self.check = MultiRegionAccessPointPolicyCheck(
            identities: identities, principals: principals, publicAccess: publicAccess)
        self.wall = wall
        self.random = random
        self.logger = logger
    }

    /// Works until cancelled.
    package func run() async {
        while !Task.isCancelled {
            do throws(MultiRegionAccessPointWorkError) {
                try await self.workOff()
                await self.catalog.taken.wait()
            } catch {
                self.logger.error(
                    "a request for an access point cannot be worked on; will try again",
                    metadata: ["error": "\(error.message)"])
                // Cancellation is seen by the loop.
                try? await self.wall.sleep(until: self.wall.now + Self.retryDelay)
            }
        }
    }

    /// Does all that waits.
    package func workOff() async throws(MultiRegionAccessPointWorkError) {
        while let request = self.catalog.state.nextRequest {
            if Task.isCancelled { return }
            try await self.work(on: request)
        }
    }

    private func work(on request: MultiRegionAccessPointRequestRecord) async throws(MultiRegionAccessPointWorkError) {
        let effort: Effort
        do throws(ControlLogError) {
            effort = try await self.effort(for: request)
        } catch {
            throw MultiRegionAccessPointWorkError(message: error.message)
        }
        let now = self.wall.now.milliseconds
        let random = self.random
        do throws(S3Error) {
            try await self.catalog.change { state throws(S3Error) in
                // It may have been done by a commit whose outcome was not known.
                guard state.requests[request.id]?.status == .new else { return MultiRegionAccessPointPlan([], ()) }
                return try state.ending(request, with: effort, now: now) {
                    MultiRegionAccessPointIDs.makeAlias(random)
                }
            }
        } catch {
            throw MultiRegionAccessPointWorkError(message: error.message)
        }
    }

    // MARK: What has to be found out first

    /// What a request comes to, as far as the state of the access points does not decide it.
    enum Effort: Sendable {
        case create([MultiRegionAccessPointRegion])
        case delete
        case setPolicy([IAMPrincipalBinding])
        case fail(MultiRegionAccessPointFailure)
    }

    private func effort(
        for request: MultiRegionAccessPointRequestRecord
    ) async throws(ControlLogError) -> Effort {
        switch request.parameters {
        case .creation(let wanted):
            return try await self.creation(wanted, of: AccountID(trusted: request.account))
        case .policyChange(let wanted):
            let record = self.catalog.state.record(named: wanted.name, in: AccountID(trusted: request.account))
            guard let record else { return .fail(.noSuchAccessPoint(wanted.name)) }
            do throws(MultiRegionAccessPointFailure) {
                return .setPolicy(try await self.check.bindings(of: wanted.policy, for: record))
            } catch {
                return .fail(error)
            }
        case .deletion, nil:
            return .delete
        }
    }

    private func creation(
        _ wanted: MultiRegionAccessPointCreation, of account: AccountID
    ) async throws(ControlLogError) -> Effort {
        var regions: [MultiRegionAccessPointRegion] = []
        for sent in wanted.regions {
            guard let place = try await self.buckets.place(ofBucket: sent.bucket) else {
                return .fail(.noSuchBucket(sent.bucket))
            }
            if place.owner.description != (sent.account.isEmpty ? account.description : sent.account) {
                return .fail(sent.account.isEmpty ? .foreignBucket(sent.bucket) : .otherOwner(sent.bucket))
            }
            if regions.contains(where: { $0.region == place.region.description }) {
                return .fail(.sameRegion(sent.bucket))
            }
            var region = MultiRegionAccessPointRegion()
            region.region = place.region.description
            region.bucket = sent.bucket
            region.bucketAccount = place.owner.description
            region.trafficDial = 100
            regions.append(region)
        }
        return .create(regions)
    }
}

/// The storage of this region did not do what it was asked.
package struct MultiRegionAccessPointWorkError: Error, Hashable, Sendable {
    package var message: String
}

/// The texts of chance by which access points and requests are known (MRP-1).
package enum MultiRegionAccessPointIDs {
    private static let letters = Array("abcdefghijklmnopqrstuvwxyz".utf8)
    private static let characters = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)

    /// The end of a request's token.
    package static func makeRequestID(_ random: any RandomSource) -> String {
        RandomText.make(40, of: RandomText.identifiers, random)
    }

    package static func makeAlias(_ random: any RandomSource) -> String {
        RandomText.make(1, of: self.letters, random) + RandomText.make(12, of: self.characters, random)
            + MultiRegionAccessPoint.aliasSuffix
    }
}
