/// The sizes and times of a ``FileBlobStore``.
package struct FileBlobOptions: Sendable {
    /// New bytes are refused when the device would have less than this left, so that the metadata store, which has to
    /// write even to delete, can go on.
    package var reserveByteCount: Int64 = 64 << 20
    /// How long an operation may take from the end of a blob to the commit that names it. Blobs of this process that are
    /// younger are no candidates for the collector. Too short: the collector deletes data that is about to be named.
    package var gracePeriod = Duration.seconds(3_600)
    /// File operations under way at a time. Most of them wait for the disk, and share its syncs when they are many.
    package var ioThreadCount = 16

    package init() {}
}
