import AsyncHTTPClient
import Foundation
import Logging
import NIOPosix
import TernBatch
import TernBatchWorkers
import TernControlAPI
import TernControlPlane
import TernCore
import TernEventDelivery
import TernFederation
import TernHTTPServer
import TernInventory
import TernLifecycle
import TernObjects
import TernPorts
import TernRecords
import TernReplicationWorkers
import TernS3API
import TernS3Protocol
import TernSigV4
import TernStorage
import TernStorageRocksDB
import TernStorageZstd

/// Reads again what an entry of the control log has changed, wherever it came from.
func followControlChanges(
    of service: ObjectService, directory: IAMCatalog, settings: AccountSettings, joined: JoinedRegions,
    accessPoints: MultiRegionAccessPointCatalog, logger: Logger
) {
    service.controlChanges.observe { keys in
        do throws(ControlLogError) {
            try await directory.refresh(keys)
        } catch {
            logger.error("changes of IAM cannot be read; will try again", metadata: ["error": "\(error.message)"])
            return false
        }
        do throws(ControlLogError) {
            try await settings.refresh(keys)
        } catch {
            logger.error(
                "settings of accounts cannot be read; will try again", metadata: ["error": "\(error.message)"])
            return false
        }
        do throws(ControlLogError) {
            try await joined.refresh(keys)
        } catch {
            logger.error(
                "regions that joined cannot be read; will try again", metadata: ["error": "\(error.message)"])
            return false
        }
        do throws(ControlLogError) {
            try await accessPoints.refresh(keys)
        } catch {
            logger.error("access points cannot be read; will try again", metadata: ["error": "\(error.message)"])
            return false
        }
        return true
    }
}
