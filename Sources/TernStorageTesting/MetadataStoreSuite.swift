package import TernStorage
import Testing

/// What every ``MetadataStore`` does, as checks that an engine's tests run one by one.
///
/// ```swift
/// @Test(arguments: MetadataStoreSuite.Check.allCases)
/// func conforms(_ check: MetadataStoreSuite.Check) async throws {
///     try await MetadataStoreSuite(isDurable: false) { MemoryMetadataStore() }.run(check)
/// }
/// ```
package struct MetadataStoreSuite: Sendable {
    package enum Check: String, CaseIterable, Sendable {
        case aKeyHasTheLastValueWrittenToIt
        case keysAreOrderedAsUnsignedBytes
        case aRangeIncludesItsLowerBoundAndNotItsUpper
        case aScanEndsAtItsLimit
        case aDeletedKeyIsGone
        case ofTwoWritesToOneKeyTheLaterStands
        case absentHoldsOnlyWithoutAValue
        case equalsHoldsOnlyForTheSameValue
        case aRefusedBatchChangesNothing
        case aBatchIsVisibleAsAWhole
        case keysAndValuesAreAnyBytes
        case aValueMayBeEmpty
        case aValueMayBeLarge
        case sizesOutsideTheLimitsAreRefused
        case partitionsDoNotSeeEachOther
        case partitionsOfAKindAreListed
        case noIncrementOfACounterIsLost
        case ofRivalsForOneKeyOneWins
        case scansSeeWholeCommits
        case rangesScannedTogetherAreOfOneMoment
        case aViewKeepsItsMomentWhateverIsCommitted
        case aViewSeesWholeCommits
        case eachViewHasItsOwnMomentAndPartition
        case aClosedViewRefusesItsScans
        case aViewGoesWithItsStore
        case everyCallAfterCloseThrowsClosed
        case closeWaitsForCommits
        case commitsOutliveTheStore
    }

    /// Opens the store of one test; called again after a close, it opens the same store.
    let open: @Sendable () async throws -> any MetadataStore
    /// Whether commits outlive the store that made them.
    let isDurable: Bool
    /// Whether the engine can read a partition as of one moment for as long as it takes; one that cannot must say so.
    let hasViews: Bool

    package init(
        isDurable: Bool, hasViews: Bool = true, open: @escaping @Sendable () async throws -> any MetadataStore
    ) {
        self.open = open
        self.isDurable = isDurable
        self.hasViews = hasViews
    }

    package func run(_ check: Check) async throws {
        let store = try await self.open()
        switch check {
        case .aKeyHasTheLastValueWrittenToIt: try await self.checkValues(store)
        case .keysAreOrderedAsUnsignedBytes: try await self.checkOrder(store)
        case .aRangeIncludesItsLowerBoundAndNotItsUpper: try await self.checkRanges(store)
        case .aScanEndsAtItsLimit: try await self.checkLimits(store)
        case .aDeletedKeyIsGone: try await self.checkDeletion(store)
        case .ofTwoWritesToOneKeyTheLaterStands: try await self.checkWriteOrder(store)
        case .absentHoldsOnlyWithoutAValue: try await self.checkAbsent(store)
        case .equalsHoldsOnlyForTheSameValue: try await self.checkEquals(store)
        case .aRefusedBatchChangesNothing: try await self.checkAtomicity(store)
        case .aBatchIsVisibleAsAWhole: try await self.checkWholeBatch(store)
        case .keysAndValuesAreAnyBytes: try await self.checkAnyBytes(store)
        case .aValueMayBeEmpty: try await self.checkEmptyValue(store)
        case .aValueMayBeLarge: try await self.checkLargeValue(store)
        case .sizesOutsideTheLimitsAreRefused: try await self.checkSizeLimits(store)
        case .partitionsDoNotSeeEachOther: try await self.checkIsolation(store)
        case .partitionsOfAKindAreListed: try await self.checkPartitions(store)
        case .noIncrementOfACounterIsLost: try await self.checkCounter(store)
        case .ofRivalsForOneKeyOneWins: try await self.checkRivals(store)
        case .scansSeeWholeCommits: try await self.checkScansUnderWrites(store)
        case .rangesScannedTogetherAreOfOneMoment: try await self.checkScansTogether(store)
        case .aViewKeepsItsMomentWhateverIsCommitted: try await self.ifViews(store, self.checkViewUnderWrites)
        case .aViewSeesWholeCommits: try await self.ifViews(store, self.checkViewsOfWholeCommits)
        case .eachViewHasItsOwnMomentAndPartition: try await self.ifViews(store, self.checkSeveralViews)
        case .aClosedViewRefusesItsScans: try await self.ifViews(store, self.checkClosedView)
        case .aViewGoesWithItsStore: try await self.ifViews(store, self.checkViewOfClosedStore)
        case .everyCallAfterCloseThrowsClosed: try await self.checkClosed(store)
        case .closeWaitsForCommits: try await self.checkCloseUnderCommits(store)
        case .commitsOutliveTheStore: try await self.checkDurability(store)
        }
        await store.close()
    }

    package static let partition = PartitionID(kind: .bucket, id: 7)
}
