import TernCore
import TernObjects
import TernS3Protocol

/// IDs of multipart uploads that were begun through an access point: behind the bucket's own ID stands the region, so
/// that parts follow their upload there, also when routes change meanwhile (MRP-14).
enum UploadOrigin {
    /// Stands in no ID and no name of a region.
    private static let separator: Character = "."

    /// The region that an ID names; `nil` for the ID of a bucket.
    static func region(of uploadID: String) -> RegionName? {
        uploadID.firstIndex(of: self.separator).flatMap { RegionName(String(uploadID[uploadID.index(after: $0)...])) }
    }

    static func add(_ region: RegionName, to uploadID: String) -> String { "\(uploadID)\(self.separator)\(region)" }

    /// The ID as the bucket has it, if it is one of this region; any other stays as it is, and is not found.
    static func remove(_ region: RegionName, from uploadID: String) -> String {
        guard self.region(of: uploadID) == region, let end = uploadID.firstIndex(of: self.separator) else {
            return uploadID
        }
        return String(uploadID[..<end])
    }
}

extension S3Call {
    /// The ID of an upload as the client is told it.
    func wireForm(ofUpload id: VersionID) -> String {
        self.accessPoint == nil ? id.wireForm : UploadOrigin.add(self.service.region, to: id.wireForm)
    }

    /// The ID of an upload as the bucket has it. Uploads that were begun through an access point can be gone on with at
    /// the bucket itself, and the other way round.
    func localForm(ofUpload text: String) -> String { UploadOrigin.remove(self.service.region, from: text) }

    /// The upload that the request names.
    func upload(in bucket: BucketState) async throws(S3Error) -> StoredUpload {
        let text = self.target["uploadId"] ?? ""
        return try await self.service.upload(self.localForm(ofUpload: text), of: try self.key(), in: bucket)
    }
}
