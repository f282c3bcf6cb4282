import TernBatch
import TernControlPlane
import TernCore
import TernPorts
import TernS3Protocol

/// What callers need for their requests about jobs (batch-replication §7.3).
extension JobCall {
    /// What a policy may ask of the job that is there, beside its tags.
    enum JobConditions {
        /// s3:ExistingJobPriority and s3:ExistingJobOperation
        case existing
        /// s3:JobSuspendedCause
        case suspendedCause
    }

    /// A job that the caller may do this to. Who may not is not told whether there is one.
    func job(
        _ id: String, allowing action: String, conditions: Set<JobConditions> = [], context: [String: [String]] = [:]
    ) async throws(ControlError) -> JobStore.Job {
        let job: JobStore.Job?
        do throws(JobStoreError) {
            job = Self.isID(id) ? try await self.control.store.job(id, of: self.account) : nil
        } catch {
            throw ControlError(error)
        }
        var context = context
        if let job { context.merge(Self.context(of: job, conditions)) { given, _ in given } }
        try await self.authorize(
            action, on: job?.arn ?? self.control.store.arn(ofJob: id, of: self.account), context: context)
        guard let job else { throw .noSuchJob }
        return job
    }

    /// BR-API-5
    private static func isID(_ text: String) -> Bool {
        (5...36).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private static func context(of job: JobStore.Job, _ conditions: Set<JobConditions>) -> [String: [String]] {
        var context: [String: [String]] = [:]
        for tag in job.tags { context["aws:ResourceTag/\(tag.key)"] = [tag.value] }
        if conditions.contains(.existing) {
            context["s3:ExistingJobPriority"] = ["\(job.state.priority)"]
            context["s3:ExistingJobOperation"] = [job.request.operation.name]
        }
        if conditions.contains(.suspendedCause), job.state.suspended != nil {
            context["s3:JobSuspendedCause"] = [JobState.awaitingConfirmation]
        }
        return context
    }

    /// What a policy may ask of the tags of a request.
    static func context(ofRequested tags: [Tag]) -> [String: [String]] {
        guard !tags.isEmpty else { return [:] }
        var context = ["aws:TagKeys": tags.map(\.key)]
        for tag in tags { context["aws:RequestTag/\(tag.key)"] = [tag.value] }
        return context
    }

    /// Spec rule BR-CJ-4.
    func authorizeCreation(_ wanted: JobRequest) async throws(ControlError) {
        let tags = Self.context(ofRequested: wanted.tags)
        var context = tags
        context["s3:RequestJobPriority"] = ["\(wanted.priority)"]
        context["s3:RequestJobOperation"] = [wanted.operation.name]
        try await self.authorize("s3:CreateJob", on: "*", context: context)
        if !wanted.tags.isEmpty {
            try await self.authorize(
                "s3:PutJobTagging", on: self.control.store.arn(ofJob: "*", of: self.account), context: tags)
        }
        guard ARN.account(of: wanted.roleARN) == self.account else {
            throw .accessDenied("Cross-account pass role is not allowed")
        }
        // AWS does not say to whom the role is passed: conditions on iam:PassedToService never match.
        try await self.authorize("iam:PassRole", on: wanted.roleARN)
    }

    func authorize(
        _ action: String, on resource: String, context: [String: [String]] = [:]
    ) async throws(ControlError) {
        let request = self.request
        var question = AuthorizationRequest(
            principal: request.principal, action: action, resource: resource, resourceOwner: self.account,
            context: { request.conditions.merging(context) { _, new in new } })
        question.requestID = request.requestID
        if case .denied(let denial) = await self.control.authorizer.authorize(question) {
            throw .accessDenied(denial.message)
        }
    }
}
