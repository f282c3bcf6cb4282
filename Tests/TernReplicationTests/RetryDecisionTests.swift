import TernReplication
import Testing

/// Spec rules T-08, F-01 to F-40, L-16.
@Suite struct RetryDecisionTests {
    struct Row: Sendable {
        let cause: DeliveryCause
        let live: RetryDecision
        let batch: RetryDecision
        let why: String
    }

    @Test(
        "T-08: what the customer can mend fails, all else is tried again",
        arguments: [
            Row(cause: .delivered, live: .done, batch: .done, why: "done"),
            Row(cause: .alreadyAtDestination, live: .done, batch: .done, why: "P-21"),
            Row(cause: .sourceVersionGone, live: .cancelled, batch: .refused(.srcVersionNotFound), why: "F-40"),
            Row(cause: .sourceBucketGone, live: .cancelled, batch: .refused(.srcBucketNotFound), why: "I-14, F-21"),
            Row(cause: .failure(.srcKeyNotFound), live: .cancelled, batch: .refused(.srcKeyNotFound), why: "F-29"),
            Row(
                cause: .failure(.srcObjectNotFound),
                live: .cancelled,
                batch: .refused(.srcObjectNotFound),
                why: "F-32"
            ),
            Row(
                cause: .failure(.srcVersionNotFound),
                live: .cancelled,
                batch: .refused(.srcVersionNotFound),
                why: "F-34"
            ),
            Row(
                cause: .failure(.dstObjectHardDeleted),
                live: .done,
                batch: .refused(.dstObjectHardDeleted),
                why: "L-16"
            ),
            Row(
                cause: .failure(.srcReplicationNotPending),
                live: .done,
                batch: .refused(.srcReplicationNotPending),
                why: "F-33"
            ),
            Row(cause: .sourceBodyDamaged, live: .retry, batch: .retry, why: "the operator can mend it"),
            Row(cause: .sourceUnavailable, live: .retry, batch: .retry, why: "temporary"),
            Row(cause: .networkError, live: .retry, batch: .retry, why: "temporary"),
            Row(cause: .timeout, live: .retry, batch: .retry, why: "temporary"),
            Row(cause: .serverError, live: .retry, batch: .retry, why: "temporary"),
            Row(cause: .throttled, live: .retry, batch: .retry, why: "temporary"),
            Row(cause: .transferDamaged, live: .retry, batch: .retry, why: "temporary"),
            Row(cause: .conflict, live: .retry, batch: .retry, why: "temporary"),
            Row(cause: .clockRefused, live: .retry, batch: .retry, why: "clocks are mended"),
            Row(cause: .peerAuthenticationFailed, live: .retry, batch: .retry, why: "the operator can mend it"),
            Row(cause: .peerUnknown, live: .retry, batch: .retry, why: "the operator can mend it"),
            Row(cause: .protocolViolation, live: .retry, batch: .retry, why: "gateways are upgraded"),
            Row(cause: .shuttingDown, live: .retry, batch: .retry, why: "another gateway goes on"),
        ]
    )
    func table(_ row: Row) {
        #expect(RetryDecision(row.cause) == row.live, "\(row.why)")
        #expect(RetryDecision(row.cause, origin: .batch) == row.batch, "\(row.why)")
    }

    @Test("T-09: every other reason of S3 is final", arguments: ReplicationFailureReason.allCases)
    func reasons(_ reason: ReplicationFailureReason) {
        #expect(RetryDecision(.failure(reason), origin: .batch) == .refused(reason))
        let exceptions: [ReplicationFailureReason] = [
            .srcKeyNotFound, .srcObjectNotFound, .srcVersionNotFound, .dstObjectHardDeleted, .srcReplicationNotPending,
        ]
        if !exceptions.contains(reason) { #expect(RetryDecision(.failure(reason)) == .refused(reason)) }
    }

    @Test("§5: the codes of the failure reasons, verbatim")
    func codes() {
        #expect(
            ReplicationFailureReason.allCases.map(\.rawValue) == [
                "AssumeRoleNotPermitted", "DstBucketInvalidRegion", "DstBucketNotFound",
                "DstBucketObjectLockConfigMissing",
                "DstBucketUnversioned", "DstDelObjNotPermitted", "DstKmsKeyInvalidState", "DstKmsKeyNotFound",
                "DstMultipartInitNotPermitted", "DstMultipartUploadNotPermitted", "DstMultipartCompleteNotPermitted",
                "DstObjectHardDeleted", "DstPutAclNotPermitted", "DstPutLegalHoldNotPermitted",
                "DstPutObjectNotPermitted",
                "DstPutRetentionNotPermitted", "DstPutTaggingNotPermitted", "DstVersionNotFound",
                "InitiateReplicationNotPermitted",
                "SrcBucketInvalidRegion", "SrcBucketNotFound", "SrcBucketReplicationConfigMissing",
                "SrcGetAclNotPermitted",
                "SrcGetLegalHoldNotPermitted", "SrcGetObjectNotPermitted", "SrcGetRetentionNotPermitted",
                "SrcGetTaggingNotPermitted",
                "SrcHeadObjectNotPermitted", "SrcKeyNotFound", "SrcKmsKeyInvalidState", "SrcObjectNotEligible",
                "SrcObjectNotFound",
                "SrcReplicationNotPending", "SrcVersionNotFound", "SrcAnnotationNotFound",
                "SrcGetObjectAnnotationNotPermitted",
                "DstPutObjectAnnotationNotPermitted", "SrcAnnotationEncryptionUnsupported", "AnnotationLimitExceeded",
            ]
        )
        #expect(ReplicationFailureReason.allCases.count(where: \.isBatchOnly) == 4)
    }

    @Test("The upper bound doubles up to the ceiling and stays there")
    func bounds() {
        let schedule = RetrySchedule()
        let seconds = (1...10).map { schedule.delay(afterAttempt: $0, jitter: 1) }
        #expect(
            seconds == [
                .milliseconds(500), .seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(16), .seconds(32),
                .seconds(60),
                .seconds(60), .seconds(60),
            ]
        )
        #expect(schedule.delay(afterAttempt: .max, jitter: 1) == .seconds(60))
        #expect(schedule.delay(afterAttempt: 0, jitter: 1) == .milliseconds(500))
    }

    @Test("Full jitter: the delay is a fraction of its bound", arguments: [0.0, 0.25, 0.5, 0.999])
    func jitter(_ fraction: Double) {
        let delay = RetrySchedule().delay(afterAttempt: 3, jitter: fraction)
        #expect(delay == .seconds(2) * fraction)
    }

    @Test("A jitter out of range is clamped")
    func clamped() {
        #expect(RetrySchedule().delay(afterAttempt: 1, jitter: -1) == .zero)
        #expect(RetrySchedule().delay(afterAttempt: 1, jitter: 7) == .milliseconds(500))
    }
}
