import TernControlPlane
import TernCore
import TernObjects
import TernRecords
import TernS3Protocol

/// The buckets of the federation, as the directory of the home region has them.
struct DirectoryBuckets: BucketDirectory {
    let directory: DirectoryStore

    func place(ofBucket name: String) async throws(ControlLogError) -> BucketPlace? {
        let found: DirectoryRecord?
        do { found = try await self.directory.record(name) } catch { throw ControlLogError(error.message) }
        guard let found, !found.isReserved else { return nil }
        guard let region = RegionName(found.region) else {
            throw ControlLogError("the record of the bucket \(name) is damaged")
        }
        return BucketPlace(owner: AccountID(trusted: found.owner), region: region)
    }
}
