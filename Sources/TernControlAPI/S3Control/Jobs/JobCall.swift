import TernBatch
import TernControlPlane
import TernCore
import TernPorts
import TernRecords
import TernS3Protocol

/// One request about jobs.
struct JobCall: Sendable {
    let control: JobControl
    let request: ControlRequest
    let account: AccountID
    let target: RequestTarget

    // MARK: CreateJob

    /// Source: Amazon S3 API Reference, CreateJob; spec rules BR-CJ-1 to BR-CJ-6.
    func create() async throws(ControlError) -> [UInt8] {
        let body = self.request.body
        let wanted: JobRequest
        let document: XMLNode
        do throws(S3Error) {
            wanted = try JobRequest(decoding: body)
            document = try RequestDocument.parse(body, root: "CreateJobRequest")
        } catch {
            throw ControlError(error)
        }
        try await self.authorizeCreation(wanted)
        if case .invokeFunction = wanted.operation, !self.control.invokesFunctions {
            throw .badRequest("LambdaInvoke needs something that runs functions, and none is configured.")
        }
        do throws(JobStoreError) {
            return JobXML.created(
                id: try await self.control.store.create(
                    account: self.account, body: body, request: wanted, document: document))
        } catch {
            throw ControlError(error)
        }
    }

    // MARK: DescribeJob and ListJobs

    func describe(_ id: String) async throws(ControlError) -> [UInt8] {
        let job = try await self.job(id, allowing: "s3:DescribeJob")
        return JobXML.described(job.shown, at: self.request.now)
    }

    /// How many jobs a page has, where the request does not say it, and at most.
    private static let maximumResults = 1000

    /// Spec rule BR-LJ-1.
    func list() async throws(ControlError) -> [UInt8] {
        try await self.authorize("s3:ListJobs", on: "*")
        var statuses: Set<JobStatus> = []
        for item in self.target.query where item.name == "jobStatuses" {
            guard let status = JobStatus(rawValue: item.value ?? "") else {
                throw .invalidRequest("\(item.value ?? "") is no status of a job.")
            }
            statuses.insert(status)
        }
        var limit = Self.maximumResults
        if let text = self.target["maxResults"] {
            guard let number = Int(text), (0...Self.maximumResults).contains(number) else {
                throw .invalidRequest("maxResults must be a number from 0 to \(Self.maximumResults).")
            }
            // A page without jobs would not lead to the next one.
            if number > 0 { limit = number }
        }
        var position: JobPosition?
        if let token = self.target["nextToken"] {
            guard let given = JobPosition(token: token) else {
                throw ControlError("InvalidNextTokenException", status: 400, message: "The token is not valid.")
            }
            position = given
        }
        do throws(JobStoreError) {
            let page = try await self.control.store.jobs(
                of: self.account, statuses: statuses, after: position, limit: limit)
            return JobXML.listed(page.jobs.map(\.shown), nextToken: page.next?.token)
        } catch {
            throw ControlError(error)
        }
    }

    // MARK: UpdateJobPriority and UpdateJobStatus

    /// Spec rule BR-US-2.
    func updatePriority(of id: String) async throws(ControlError) -> [UInt8] {
        guard let priority = Int(self.target["priority"] ?? ""), (0...2_147_483_647).contains(priority) else {
            throw .badRequest("priority must be a number from 0 to 2147483647.")
        }
        _ = try await self.job(
            id, allowing: "s3:UpdateJobPriority", conditions: [.existing],
            context: ["s3:RequestJobPriority": ["\(priority)"]])
        let job = try await self.change { store throws(JobStoreError) in
            try await store.setPriority(priority, of: id, account: self.account)
        }
        return JobXML.priorityUpdated(id: job.id, priority: job.state.priority)
    }

    /// Spec rule BR-US-1.
    func updateStatus(of id: String) async throws(ControlError) -> [UInt8] {
        let reason = self.target["statusUpdateReason"]
        if let reason, !(1...256).contains(reason.unicodeScalars.count) {
            throw .badRequest("statusUpdateReason must have 1 to 256 characters.")
        }
        let event: JobState.Event
        switch self.target["requestedJobStatus"] {
        case "Ready": event = .confirmed(reason: reason)
        case "Cancelled": event = .cancelRequested(reason: reason)
        default: throw .badRequest("requestedJobStatus must be one of Ready, Cancelled.")
        }
        _ = try await self.job(id, allowing: "s3:UpdateJobStatus", conditions: [.existing, .suspendedCause])
        let job = try await self.change { store throws(JobStoreError) in
            try await store.apply(event, to: id, account: self.account)
        }
        return JobXML.statusUpdated(id: job.id, status: job.state.status, reason: job.state.statusReason)
    }

    // MARK: Tags

    func tags(of id: String) async throws(ControlError) -> [UInt8] {
        JobXML.tagging(try await self.job(id, allowing: "s3:GetJobTagging").tags)
    }

    func putTags(of id: String) async throws(ControlError) {
        let tags: [Tag]
        do throws(S3Error) {
            tags = try JobXML.tags(decoding: self.request.body)
        } catch {
            throw ControlError(error)
        }
        _ = try await self.job(
            id, allowing: "s3:PutJobTagging", conditions: [.existing], context: Self.context(ofRequested: tags))
        _ = try await self.change { store throws(JobStoreError) in
            try await store.setTags(tags, of: id, account: self.account)
        }
    }

    func deleteTags(of id: String) async throws(ControlError) {
        _ = try await self.job(id, allowing: "s3:DeleteJobTagging", conditions: [.existing])
        _ = try await self.change { store throws(JobStoreError) in
            try await store.setTags([], of: id, account: self.account)
        }
    }

    private func change(
        _ body: (JobStore) async throws(JobStoreError) -> JobStore.Job?
    ) async throws(ControlError) -> JobStore.Job {
        let job: JobStore.Job?
        do throws(JobStoreError) {
            job = try await body(self.control.store)
        } catch {
            throw ControlError(error)
        }
        guard let job else { throw .noSuchJob }
        return job
    }
}

extension JobStore.Job {
    /// As descriptions and lists show it.
    fileprivate var shown: JobDescription {
        let manifest = self.record.manifest
        // A preparation that was broken off begins anew, and may find something else (§4.6).
        let isPrepared = self.state.status != .new && self.state.status != .preparing
        return JobDescription(
            id: self.id, arn: self.arn, state: self.state, request: self.request, document: self.document,
            generatedManifest: isPrepared && self.record.hasManifest
                ? JobDescription.GeneratedLocation(
                    bucket: manifest.bucket, key: manifest.key, etag: manifest.etag,
                    versionID: manifest.version.isEmpty ? nil : manifest.version) : nil)
    }
}

extension ControlError {
    fileprivate static func invalidRequest(_ message: String) -> ControlError {
        ControlError("InvalidRequestException", status: 400, message: message)
    }

    /// Spec rule BR-US-1.
    static func text(for transition: JobState.IllegalTransition) -> String {
        if transition.status.isTerminal { return "The job is in a terminal state" }
        return switch transition.event {
        case .confirmed: "Only a job that is Suspended can become Ready; this one is \(transition.status.rawValue)."
        default: "The status \(transition.status.rawValue) of the job does not allow it."
        }
    }
}
