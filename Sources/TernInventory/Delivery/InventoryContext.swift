package import Logging
package import TernObjects
package import TernPorts

/// What deliveries need of their region.
package struct InventoryContext: Sendable {
    package struct Options: Sendable {
        /// The size of a data file before it is compressed, in bytes.
        package var fileBytes = 16 << 20
        package var versionsPerPage = 1000

        package init() {}
    }

    package var service: ObjectService
    package var identities: any IdentityStore
    /// Writes the reports, as the service `s3.amazonaws.com`.
    package var responder: any RoleRequestResponder
    package var wall: any WallClock
    /// Between pages: rests while clients keep the region busy; whether to go on.
    package var pause: @Sendable () async -> Bool
    package var options = Options()
    package var logger: Logger

    package init(
        service: ObjectService, identities: any IdentityStore, responder: any RoleRequestResponder,
        wall: any WallClock, pause: @escaping @Sendable () async -> Bool, logger: Logger
    ) {
        self.service = service
        self.identities = identities
        self.responder = responder
        self.wall = wall
        self.pause = pause
        self.logger = logger
    }
}
