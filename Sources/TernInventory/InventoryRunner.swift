import Logging
import TernCore
import TernPorts
import TernS3Protocol

/// Delivers the reports of a region's inventories when they are due.
package struct InventoryRunner: Sendable {
    let deliveries: InventoryDeliveries

    private static let firstDelay = Duration.seconds(5)
    private static let interval = Duration.seconds(60)

    package init(_ deliveries: InventoryDeliveries) {
        self.deliveries = deliveries
    }

    package func run() async {
        let context = self.deliveries.context
        var delay = Self.firstDelay
        while !Task.isCancelled {
            guard (try? await context.wall.sleep(until: context.wall.now + delay)) != nil else { return }
            delay = Self.interval
            do throws(S3Error) {
                try await self.deliveries.deliverDue()
            } catch {
                context.logger.warning(
                    "inventories cannot be read; trying again", metadata: ["error": "\(error.message)"])
            }
        }
    }
}
