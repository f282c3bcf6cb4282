import Logging
import Synchronization
package import TernCore
import TernObjects
import TernPorts
import TernRecords
package import TernS3Protocol

/// The inventories of a region: begins deliveries, by schedule or by hand, and tells how they stand.
package final class InventoryDeliveries: Sendable {
    /// How an inventory stands.
    package struct Status: Sendable {
        package var configuration: InventoryConfiguration
        /// When the last report began, and its manifest; `nil` before the first.
        package var last: Timestamp?
        package var destinationBucket: String
        package var manifestKey: String
        package var rows: Int
        /// Why the last attempt delivered nothing; empty where it did.
        package var problem: String
        /// When the next report is due; `nil` where there will be none.
        package var next: Timestamp?
    }

    package let context: InventoryContext
    private let turns = InventoryTurns()
    private let noted = Mutex<Set<String>>([])

    package init(context: InventoryContext) {
        self.context = context
    }

    /// Begins a report now.
    package func begin(bucket name: String, id: String) async throws(InventoryProblem) -> InventoryDelivery {
        let bucket = try await self.bucket(name)
        let stored: (configuration: InventoryConfiguration, record: InventoryDeliveryRecord)?
        do throws(S3Error) {
            stored = try await self.stored(id, of: bucket)
        } catch {
            throw InventoryProblem(.failed, error.message)
        }
        guard let (configuration, record) = stored else {
            throw InventoryProblem(.refused, "the bucket \(name) has no inventory configuration \(id)")
        }
        guard configuration.isDelivered else {
            throw InventoryProblem(
                .refused, "reports in the format \(configuration.format.rawValue) are not written; use CSV")
        }
        guard let turn = self.turns.take("\(name)/\(id)") else {
            throw InventoryProblem(.refused, "a report of this configuration is being written already")
        }
        return InventoryDelivery(
            configuration, of: bucket, expectedRows: record.lastStartedMs == 0 ? nil : Int(clamping: record.rows),
            turn: turn, context: self.context)
    }

    private func stored(
        _ id: String, of bucket: BucketState
    ) async throws(S3Error) -> (InventoryConfiguration, InventoryDeliveryRecord)? {
        let service = self.context.service
        guard let document = try await service.namedConfiguration(.inventory, id: id, of: bucket) else { return nil }
        return (
            try InventoryConfiguration(decoding: document), try await service.inventoryDelivery(id, of: bucket)
        )
    }

    /// The inventories of a bucket, by ID.
    package func list(bucket name: String) async throws(InventoryProblem) -> [Status] {
        let bucket = try await self.bucket(name)
        do throws(S3Error) {
            return try await self.statuses(of: bucket)
        } catch {
            throw InventoryProblem(.failed, error.message)
        }
    }

    /// The inventories of the region's buckets whose reports are due, one after the other.
    package func deliverDue() async throws(S3Error) {
        for bucket in try await self.context.service.registry.all() {
            if Task.isCancelled { return }
            for status in try await self.statuses(of: bucket) {
                self.noteFormat(of: status.configuration, bucket)
                guard let next = status.next, next <= self.context.wall.now else { continue }
                await self.deliver(status.configuration.id, of: bucket)
            }
        }
    }

    /// Says once that a configuration is stored and nothing else (decision TD-13).
    private func noteFormat(of configuration: InventoryConfiguration, _ bucket: BucketState) {
        guard configuration.isEnabled, !configuration.isDelivered,
            self.noted.withLock({ $0.insert("\(bucket.name)/\(configuration.id)").inserted })
        else { return }
        self.context.logger.notice(
            "an inventory has a format that is not written, and delivers nothing",
            metadata: [
                "bucket": "\(bucket.name)", "configuration": "\(configuration.id)",
                "format": "\(configuration.format.rawValue)",
            ])
    }

    private func deliver(_ id: String, of bucket: BucketState) async {
        // The delivery itself tells of what goes wrong; it may have begun by hand meanwhile, or the bucket be gone.
        guard let delivery = try? await self.begin(bucket: bucket.name, id: id) else { return }
        while !Task.isCancelled {
            guard case .progress? = try? await delivery.step() else { return }
        }
    }

    private func statuses(of bucket: BucketState) async throws(S3Error) -> [Status] {
        let service = self.context.service
        var result: [Status] = []
        let found = try await service.namedConfigurations(
            .inventory, of: bucket, after: nil, limit: NamedConfigurationKind.maximumCount)
        for (id, document) in found {
            let configuration = try InventoryConfiguration(decoding: document)
            let record = try await service.inventoryDelivery(id, of: bucket)
            result.append(
                Status(
                    configuration: configuration, last: record.schedule.last,
                    destinationBucket: record.destinationBucket, manifestKey: record.manifestKey,
                    rows: Int(clamping: record.rows), problem: record.problem,
                    next: record.schedule.next(of: configuration, now: self.context.wall.now)))
        }
        return result
    }

    private func bucket(_ name: String) async throws(InventoryProblem) -> BucketState {
        do throws(S3Error) {
            switch try await self.context.service.registry.locate(name) {
            case .here(let bucket): return bucket
            case .elsewhere(let record):
                throw S3Error.invalidRequest("the bucket \(name) is in the region \(record.region)")
            }
        } catch {
            throw InventoryProblem(
                .noBucket, error.code == "NoSuchBucket" ? "there is no bucket \(name)" : error.message)
        }
    }
}

/// Which configurations have a report in the making: one at a time each.
final class InventoryTurns: Sendable {
    private let taken = Mutex<Set<String>>([])

    /// `nil` where somebody has it.
    func take(_ name: String) -> InventoryTurn? {
        guard self.taken.withLock({ $0.insert(name).inserted }) else { return nil }
        return InventoryTurn(name: name, turns: self)
    }

    fileprivate func giveBack(_ name: String) {
        self.taken.withLock { _ = $0.remove(name) }
    }
}

/// Ends with whoever holds it, however that ends.
final class InventoryTurn: Sendable {
    private let name: String
    private let turns: InventoryTurns

    fileprivate init(name: String, turns: InventoryTurns) {
        self.name = name
        self.turns = turns
    }

    deinit { self.turns.giveBack(self.name) }
}
