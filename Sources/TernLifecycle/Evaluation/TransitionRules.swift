package import TernCore

extension StorageClass {
    /// The classes that lifecycle may move an object of this class to (LC-3).
    package var lifecycleTargets: Set<StorageClass> {
        switch self {
        case .standard, .reducedRedundancy:
            [.standardIA, .intelligentTiering, .onezoneIA, .glacierIR, .glacier, .deepArchive]
        case .standardIA: [.intelligentTiering, .onezoneIA, .glacierIR, .glacier, .deepArchive]
        case .intelligentTiering: [.onezoneIA, .glacierIR, .glacier, .deepArchive]
        case .onezoneIA, .glacierIR: [.glacier, .deepArchive]
        case .glacier: [.deepArchive]
        case .deepArchive: []
        }
    }

    /// Colder classes have higher numbers (LC-2).
    var coldness: Int {
        switch self {
        case .standard, .reducedRedundancy: 0
        case .standardIA: 1
        case .intelligentTiering: 2
        case .onezoneIA: 3
        case .glacierIR: 4
        case .glacier: 5
        case .deepArchive: 6
        }
    }
}

extension LifecycleConfiguration {
    /// Whether an object of this size may be transitioned by `rule` (LC-4). A rule that speaks of sizes itself has no
    /// default minimum.
    func admits(byteCount: Int64, to storageClass: StorageClass, by rule: LifecycleRule) -> Bool {
        if rule.selection.hasSize || byteCount >= TransitionMinimumSize.byteCount { return true }
        return self.minimumSize == .variesByStorageClass && storageClass.isArchive
    }
}
