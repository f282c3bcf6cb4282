/// A partition of a ``MetadataStore`` as it was at one moment, whatever is committed meanwhile: for walks that take longer
/// than one scan.
///
/// An open view keeps the engine from forgetting what was replaced or deleted since, on disk and not in memory. So it is
/// closed on every way out, by `defer`, and one that is dropped closes itself. It ends with the process at the latest, and
/// goes with the store: scans then throw ``StorageError/Code/closed``.
package protocol MetadataView: Sendable {
    /// The first `limit` entries of each range, in ascending order of keys.
    ///
    /// - Throws: ``StorageError/Code/viewGone`` when the view was closed, or the engine could not keep its moment, as
    ///   after it had to open its files anew.
    func scan(_ ranges: [KeyRange], limit: Int) async throws(StorageError) -> [[KeyValue]]

    /// Lets the moment go. Waits for nothing, also not for scans that are under way, which end as they would have; may be
    /// called again.
    func close()
}

extension MetadataView {
    /// The first `limit` entries of the range, in ascending order of keys.
    package func scan(_ range: KeyRange, limit: Int) async throws(StorageError) -> [KeyValue] {
        try await self.scan([range], limit: limit).first ?? []
    }
}
