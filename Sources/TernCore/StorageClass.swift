/// The storage classes that an object in a general-purpose bucket can have.
///
/// Source: Amazon S3 API Reference, PutObject, `x-amz-storage-class`.
package enum StorageClass: String, Sendable, CaseIterable, Hashable {
    case standard = "STANDARD"
    case reducedRedundancy = "REDUCED_REDUNDANCY"
    case standardIA = "STANDARD_IA"
    case onezoneIA = "ONEZONE_IA"
    case intelligentTiering = "INTELLIGENT_TIERING"
    case glacier = "GLACIER"
    case deepArchive = "DEEP_ARCHIVE"
    case glacierIR = "GLACIER_IR"

    /// Whether objects of the class cannot be read, or live-replicated, until restored (spec rule L-09).
    package var isArchive: Bool { self == .glacier || self == .deepArchive }
}
