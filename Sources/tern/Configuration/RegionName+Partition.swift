import TernCore

extension RegionName {
    /// The beginnings of names for which AWS's tools make ARNs of another partition than `aws`, which policies and
    /// configurations here would not match (ACC-3).
    private static let beginningsOfOtherPartitions = ["cn-", "us-gov-", "us-iso", "eu-isoe-"]

    /// Whether AWS's tools take a region of this name for one of another partition than `aws`.
    var isOfOtherPartition: Bool {
        Self.beginningsOfOtherPartitions.contains { self.description.hasPrefix($0) }
    }
}
