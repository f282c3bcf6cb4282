import TernS3Protocol
import TernStorage

/// Where a listing reads the rows of a bucket.
enum ListingRows: Sendable {
    /// As the bucket is at each reading.
    case now(any MetadataStore, PartitionID)
    /// As it was when the view was opened.
    case view(any MetadataView)

    /// The first `limit` entries of each range, all as of one moment.
    func entries(_ ranges: [KeyRange], limit: Int) async throws(S3Error) -> [[KeyValue]] {
        switch self {
        case .now(let metadata, let partition): try await metadata.entries(ranges, in: partition, limit: limit)
        case .view(let view): try await view.entries(ranges, limit: limit)
        }
    }

    /// The first `limit` entries of the range.
    func entries(_ range: KeyRange, limit: Int) async throws(S3Error) -> [KeyValue] {
        switch self {
        case .now(let metadata, let partition): try await metadata.entries(range, in: partition, limit: limit)
        case .view(let view): try await view.entries([range], limit: limit).first ?? []
        }
    }
}
