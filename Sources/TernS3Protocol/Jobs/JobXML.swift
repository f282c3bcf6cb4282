package import TernBatch
package import TernCore

/// A job as DescribeJob and ListJobs show it.
package struct JobDescription: Sendable {
    package var id: String
    package var arn: String
    package var state: JobState
    package var request: JobRequest
    /// The body of CreateJob: its parameters are repeated.
    package var document: XMLNode
    /// The manifest that the job wrote.
    package var generatedManifest: GeneratedLocation?

    /// Where a generated manifest is.
    package struct GeneratedLocation: Hashable, Sendable {
        package var bucket: String
        package var key: String
        /// Without quotes.
        package var etag: String
        package var versionID: String?

        package init(bucket: String, key: String, etag: String, versionID: String?) {
            self.bucket = bucket
            self.key = key
            self.etag = etag
            self.versionID = versionID
        }
    }

    package init(
        id: String, arn: String, state: JobState, request: JobRequest, document: XMLNode,
        generatedManifest: GeneratedLocation?
    ) {
        self.id = id
        self.arn = arn
        self.state = state
        self.request = request
        self.document = document
        self.generatedManifest = generatedManifest
    }
}

/// The answers of S3 Control about jobs (batch-replication §1).
package enum JobXML {
    /// The namespace of S3 Control.
    package static let namespace: StaticString = "http://awss3control.amazonaws.com/doc/2018-08-20/"

    package static func created(id: String) -> [UInt8] {
        var xml = XMLWriter()
        xml.openRoot("CreateJobResult", namespace: Self.namespace)
        xml.element("JobId", id)
        xml.close("CreateJobResult")
        return xml.finish()
    }

    /// DescribeJob (spec rules BR-DJ-1 to BR-DJ-3, §4.6).
    package static func described(_ job: JobDescription, at now: Timestamp) -> [UInt8] {
        let state = job.state
        var xml = XMLWriter()
        xml.openRoot("DescribeJobResult", namespace: Self.namespace)
        xml.open("Job")
        xml.element("JobId", job.id)
        xml.element("ConfirmationRequired", job.request.confirmationRequired)
        xml.element("Description", ifPresent: job.request.description)
        xml.element("JobArn", job.arn)
        xml.element("Status", state.status.rawValue)
        for member in JobEcho.members where member != "ManifestGenerator" {
            if let node = job.document[member] { JobEcho.write(node, to: &xml) }
        }
        xml.element("Priority", state.priority)
        xml.open("ProgressSummary")
        self.write(state.progress, to: &xml)
        xml.open("Timers")
        xml.element("ElapsedTimeInActiveSeconds", state.activeSeconds(at: now))
        xml.close("Timers")
        xml.close("ProgressSummary")
        xml.element("StatusUpdateReason", ifPresent: state.statusReason)
        if state.failures.isEmpty {
            xml.empty("FailureReasons")
        } else {
            xml.open("FailureReasons")
            for failure in state.failures {
                xml.open("member")
                xml.element("FailureCode", failure.code)
                xml.element("FailureReason", failure.reason)
                xml.close("member")
            }
            xml.close("FailureReasons")
        }
        xml.element("CreationTime", exactly: state.created)
        if let terminated = state.terminated { xml.element("TerminationDate", exactly: terminated) }
        xml.element("RoleArn", job.request.roleARN)
        if let suspended = state.suspended {
            xml.element("SuspendedDate", exactly: suspended)
            xml.element("SuspendedCause", JobState.awaitingConfirmation)
        }
        if let node = job.document["ManifestGenerator"] { JobEcho.write(node, to: &xml) }
        if let location = job.generatedManifest { self.write(location, to: &xml) }
        xml.close("Job")
        xml.close("DescribeJobResult")
        return xml.finish()
    }

    /// ListJobs.
    package static func listed(_ jobs: [JobDescription], nextToken: String?) -> [UInt8] {
        var xml = XMLWriter()
        xml.openRoot("ListJobsResult", namespace: Self.namespace)
        xml.element("NextToken", ifPresent: nextToken)
        if jobs.isEmpty {
            xml.empty("Jobs")
        } else {
            xml.open("Jobs")
            for job in jobs {
                xml.open("member")
                xml.element("JobId", job.id)
                xml.element("Description", ifPresent: job.request.description)
                xml.element("Operation", job.request.operation.name)
                xml.element("Priority", job.state.priority)
                xml.element("Status", job.state.status.rawValue)
                xml.element("CreationTime", exactly: job.state.created)
                if let terminated = job.state.terminated { xml.element("TerminationDate", exactly: terminated) }
                xml.open("ProgressSummary")
                self.write(job.state.progress, to: &xml)
                xml.close("ProgressSummary")
                xml.close("member")
            }
            xml.close("Jobs")
        }
        xml.close("ListJobsResult")
        return xml.finish()
    }

    package static func priorityUpdated(id: String, priority: Int) -> [UInt8] {
        var xml = XMLWriter()
        xml.openRoot("UpdateJobPriorityResult", namespace: Self.namespace)
        xml.element("JobId", id)
        xml.element("Priority", priority)
        xml.close("UpdateJobPriorityResult")
        return xml.finish()
    }

    package static func statusUpdated(id: String, status: JobStatus, reason: String?) -> [UInt8] {
        var xml = XMLWriter()
        xml.openRoot("UpdateJobStatusResult", namespace: Self.namespace)
        xml.element("JobId", id)
        xml.element("Status", status.rawValue)
        xml.element("StatusUpdateReason", ifPresent: reason)
        xml.close("UpdateJobStatusResult")
        return xml.finish()
    }

    package static func tagging(_ tags: [Tag]) -> [UInt8] {
        var xml = XMLWriter()
        xml.openRoot("GetJobTaggingResult", namespace: Self.namespace)
        if tags.isEmpty {
            xml.empty("Tags")
        } else {
            xml.open("Tags")
            for tag in tags {
                xml.open("member")
                xml.element("Key", tag.key)
                xml.element("Value", tag.value)
                xml.close("member")
            }
            xml.close("Tags")
        }
        xml.close("GetJobTaggingResult")
        return xml.finish()
    }

    /// The tags of a PutJobTagging request; more than 50 are an error of their own.
    package static func tags(decoding body: [UInt8]) throws(S3Error) -> [Tag] {
        let root = JobNode(try RequestDocument.parse(body, root: "PutJobTaggingRequest"))
        try root.requireOnly("Tags")
        if root.list("Tags")?.count ?? 0 > JobRequest.maximumTags {
            throw S3Error(
                code: "TooManyTagsException", status: 400,
                message: "A job can have at most \(JobRequest.maximumTags) tags.")
        }
        guard let tags = try root.tags("Tags", maximum: JobRequest.maximumTags) else {
            throw .badJobRequest("Tags is required.")
        }
        return tags
    }

    private static func write(_ progress: JobProgress, to xml: inout XMLWriter) {
        xml.element("TotalNumberOfTasks", progress.total)
        xml.element("NumberOfTasksSucceeded", progress.succeeded)
        xml.element("NumberOfTasksFailed", progress.failed)
    }

    private static func write(_ location: JobDescription.GeneratedLocation, to xml: inout XMLWriter) {
        xml.open("GeneratedManifestDescriptor")
        xml.element("Format", GeneratedManifest.format)
        xml.open("Location")
        xml.element("ObjectArn", "arn:aws:s3:::\(location.bucket)/\(location.key)")
        xml.element("ObjectVersionId", ifPresent: location.versionID)
        xml.element("ETag", location.etag)
        xml.close("Location")
        xml.close("GeneratedManifestDescriptor")
    }
}
