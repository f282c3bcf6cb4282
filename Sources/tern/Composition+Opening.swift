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

/// The metrics of CloudWatch.
func openMetrics(
    _ configuration: RegionConfiguration, metadata: any MetadataStore, wall: SystemClock, random: SystemRandom
) async throws -> MetricStore {
    do throws(MetricStoreProblem) {
        return try await MetricStore.open(metadata: metadata, wall: wall, random: random)
    } catch {
        throw CommandFailure("\(configuration.region): the metrics cannot be read: \(error)")
    }
}

/// The jobs of S3 Batch Operations.
func openJobs(
    _ configuration: RegionConfiguration, service: ObjectService, wall: SystemClock, random: SystemRandom,
    logger: Logger
) async throws -> JobStore {
    do throws(JobStoreError) {
        return try await JobStore.open(
            metadata: service.metadata, region: configuration.region, wall: wall, random: random,
            events: JobEvents(service: service, random: random), logger: logger)
    } catch {
        throw CommandFailure("\(configuration.region): the jobs cannot be read: \(error)")
    }
}

/// The pauses and limits of replication; those of buckets that are gone are forgotten.
func openFlow(
    _ configuration: RegionConfiguration, service: ObjectService, wall: SystemClock
) async throws -> FlowControl {
    let flow = FlowControl(
        metadata: service.metadata, wall: wall, defaults: configuration.bandwidthLimits, zoneOffset: TimeZones.offset)
    do throws(S3Error) {
        let buckets = Set(try await service.registry.all().map(\.record.bucketID))
        try await flow.load { buckets.contains($0) }
    } catch {
        throw CommandFailure("pauses and limits of replication cannot be read: \(error.message)")
    }
    return flow
}

/// KMS of the region; `nil` where there is no root key.
func openKeys(
    _ configuration: RegionConfiguration, rootKey: AESRootKey?, metadata: any MetadataStore,
    authorizer: any Authorizer, identities: any IdentityStore, principals: any PrincipalDirectory,
    wall: any WallClock, logger: Logger
) async throws -> KeyManager? {
    guard let rootKey else { return nil }
    do throws(KeyManagerProblem) {
        return try await KeyManager.open(
            region: configuration.region, rootKey: rootKey, metadata: metadata, authorizer: authorizer,
            identities: identities, principals: principals, wall: wall, logger: logger)
    } catch {
        throw CommandFailure("\(configuration.region): \(error)")
    }
}

/// Reads the rows of IAM.
func openIAM(
    _ configuration: RegionConfiguration, log: DirectoryControlLog, rootKey: AESRootKey?, wall: SystemClock,
    random: SystemRandom
) async throws -> IAMCatalog {
    let catalog = IAMCatalog(
        log: log, configured: configuration.accounts.map(\.account), rootKey: rootKey, wall: wall, random: random)
    do {
        try await catalog.load()
    } catch {
        throw CommandFailure("accounts and IAM cannot be read: \(error.message)")
    }
    return catalog
}

/// Reads the rows of Multi-Region Access Points.
func openAccessPoints(
    log: DirectoryControlLog, freshness: any DirectoryFreshness
) async throws -> MultiRegionAccessPointCatalog {
    let catalog = MultiRegionAccessPointCatalog(log: log, freshness: freshness)
    do {
        try await catalog.load()
    } catch {
        throw CommandFailure("the access points cannot be read: \(error.message)")
    }
    return catalog
}

/// What the certificates of other regions are believed by: those of `federation.ca_file`, or else the system's, which are
/// read only where a region is reached by `https`.
func currentTrust(
    _ configuration: RegionConfiguration, _ authorities: FollowedFiles<PeerTrust>?
) throws -> CurrentPeerTrust? {
    if let authorities { return { authorities.value } }
    guard configuration.federatedRegions.contains(where: { $0.endpoint.hasPrefix("https:") }) else { return nil }
    let system = try PeerTrust(authorities: nil)
    return { system }
}

func openStorage(
    _ configuration: RegionConfiguration, clients: ClientActivity, logger: Logger
) async throws -> (RocksDBMetadataStore, any BlobStore) {
    do throws(StorageError) {
        var options = RocksDBOptions()
        options.cacheByteCount = configuration.storage.cacheMiB << 20
        options.commitsToGather = { clients.commitsToGather }
        let metadata = try await RocksDBMetadataStore.open(
            directory: configuration.dataDirectory + "/metadata", logger: logger, options: options)
        var blobOptions = FileBlobOptions()
        blobOptions.reserveByteCount = Int64(configuration.storage.reserveMiB) << 20
        let blobs = try await FileBlobStore.open(
            directory: configuration.dataDirectory, logger: logger, options: blobOptions)
        var pools: [String: any BlobStore] = [:]
        for pool in configuration.storage.pools {
            let files = try await FileBlobStore.open(directory: pool.directory, logger: logger, options: blobOptions)
            pools[pool.name] = pool.compression == .zstd ? CompressedBlobStore(files) : files
        }
        return (metadata, BlobPools(standard: blobs, named: pools))
    } catch {
        throw CommandFailure("\(configuration.region): the storage cannot be opened: \(error.message)")
    }
}
