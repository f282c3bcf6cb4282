import ArgumentParser
import Foundation
import TernCore
import TernS3Protocol

/// `tern batch`.
struct BatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch", abstract: "Create and watch jobs of S3 Batch Operations.",
        discussion: """
            tern batch replicate --bucket photos --status NONE --report-bucket ops --wait
            tern batch list
            tern batch show JOB
            tern batch report JOB
            """,
        subcommands: [Replicate.self, List.self, Show.self, Report.self, Confirm.self, Cancel.self])

    /// `tern batch replicate`.
    struct Replicate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "replicate",
            abstract: "Replicate what a bucket has already, by its own replication rules.",
            discussion: """
                The job takes the versions that the bucket's enabled rules select: all of them, or those of some \
                replication statuses. NONE is what was never replicated, FAILED what failed, COMPLETED what a new \
                destination is to get, REPLICA what came from elsewhere. The exit code is 2 where tasks failed.
                """)

        @OptionGroup var options: ClientOptions

        @Option(name: .long, help: "The source bucket.")
        var bucket: String

        @Option(
            name: .long,
            help:
                "The ARN of the role that the job acts as; it must trust batchoperations.s3.amazonaws.com. Default: the role of the bucket's rules."
        )
        var role: String?

        @Option(name: .long, parsing: .upToNextOption, help: "NONE, FAILED, COMPLETED, REPLICA. Default: all.")
        var status: [String] = []

        @Option(name: .long, help: "Only keys that begin with this.")
        var prefix: String?

        @Option(name: .long, help: "Only versions from before this time, such as 2026-01-31T00:00:00Z.")
        var createdBefore: String?

        @Option(name: .long, help: "Only versions from after this time.")
        var createdAfter: String?

        @Option(name: .long, help: "The bucket of the completion report. Default: no report.")
        var reportBucket: String?

        @Option(name: .long, help: "What the report's keys begin with.")
        var reportPrefix = "batch-reports"

        @Option(name: .long, help: "The larger the more urgent.")
        var priority = 10

        @Option(name: .long, help: "What it is for.")
        var description: String?

        @Flag(help: "Wait until the job has ended, and show how far it is.")
        var wait = false

        @Flag(help: "Print one JSON document.")
        var json = false

        private static let statuses = ManifestFilter.ReplicationStatus.allCases.map(\.rawValue)

        private var wantedStatuses: [String] {
            self.status.flatMap { $0.split(separator: ",") }.map { $0.uppercased() }
        }

        func validate() throws {
            for status in self.wantedStatuses where !Self.statuses.contains(status) {
                throw ValidationError("\(status) is none of \(Self.statuses.joined(separator: ", ")).")
            }
        }

        func run() async throws {
            let jobs = try await JobClient(try await self.options.client())
            var role = self.role
            if role == nil { role = try await jobs.replicationRole(of: self.bucket) }
            let id = try await jobs.create(self.document(role: role ?? ""))
            guard self.wait else {
                if self.json { try JobPrinter.printJSON(try await jobs.describe(id)) } else { print(id) }
                return
            }
            if !self.json {
                print("job \(id)")
                // Whoever reads it in a file wants it before the job has ended.
                fflush(nil)
            }
            let job = try await JobWatch(jobs: jobs, writesLines: !self.json).run(id)
            if self.json {
                try JobPrinter.printJSON(job)
            } else {
                JobPrinter.print(job)
                if job.failed > 0 { try await JobPrinter.printReasons(of: job, jobs, self.options) }
            }
            if job.status != "Complete" { throw ExitCode(1) }
            if job.failed > 0 { throw ExitCode(2) }
        }

        private func document(role: String) -> [UInt8] {
            var xml = XMLWriter()
            xml.openRoot("CreateJobRequest", namespace: JobXML.namespace)
            xml.element("ConfirmationRequired", false)
            xml.open("Operation")
            xml.empty("S3ReplicateObject")
            xml.close("Operation")
            xml.open("Report")
            xml.element("Enabled", self.reportBucket != nil)
            if let bucket = self.reportBucket {
                xml.element("Bucket", "arn:aws:s3:::\(bucket)")
                xml.element("Format", "Report_CSV_20180820")
                xml.element("Prefix", self.reportPrefix)
                xml.element("ReportScope", "AllTasks")
            }
            xml.close("Report")
            xml.element("ClientRequestToken", UUID().uuidString)
            xml.element("Description", ifPresent: self.description)
            xml.element("Priority", self.priority)
            xml.element("RoleArn", role)
            xml.open("ManifestGenerator")
            xml.open("S3JobManifestGenerator")
            xml.element("SourceBucket", "arn:aws:s3:::\(self.bucket)")
            xml.open("Filter")
            xml.element("EligibleForReplication", true)
            xml.element("CreatedAfter", ifPresent: self.createdAfter)
            xml.element("CreatedBefore", ifPresent: self.createdBefore)
            if !self.wantedStatuses.isEmpty {
                xml.open("ObjectReplicationStatuses")
                for status in self.wantedStatuses { xml.element("member", status) }
                xml.close("ObjectReplicationStatuses")
            }
            if let prefix {
                xml.open("KeyNameConstraint")
                xml.open("MatchAnyPrefix")
                xml.element("member", prefix)
                xml.close("MatchAnyPrefix")
                xml.close("KeyNameConstraint")
            }
            xml.close("Filter")
            xml.element("EnableManifestOutput", false)
            xml.close("S3JobManifestGenerator")
            xml.close("ManifestGenerator")
            xml.close("CreateJobRequest")
            return xml.finish()
        }
    }

    /// `tern batch list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List jobs, from the newest to the oldest.")

        @OptionGroup var options: ClientOptions

        @Option(name: .long, parsing: .upToNextOption, help: "Only jobs of these statuses, such as Active.")
        var status: [String] = []

        @Flag(help: "Print one JSON document.")
        var json = false

        func run() async throws {
            let jobs = try await JobClient(try await self.options.client()).list(statuses: self.status)
            if self.json { return try JobPrinter.printJSON(jobs) }
            var rows = [["priority", "tasks", "succeeded", "failed", "status", "operation", "created", "job"]]
            for job in jobs {
                rows.append([
                    "\(job.priority)", "\(job.total)", "\(job.succeeded)", "\(job.failed)", job.status, job.operation,
                    job.created, job.id,
                ])
            }
            print(TextTable.lines(rows, rightAligned: 0...3).joined(separator: "\n"))
        }
    }

    /// `tern batch show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show a job, and with --wait watch it until it ends.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The job's ID.")
        var job: String

        @Flag(help: "Wait until the job has ended.")
        var wait = false

        @Flag(help: "Print one JSON document.")
        var json = false

        func run() async throws {
            let jobs = try await JobClient(try await self.options.client())
            let watch = JobWatch(jobs: jobs, writesLines: !self.json)
            let job = self.wait ? try await watch.run(self.job) : try await jobs.describe(self.job)
            if self.json { try JobPrinter.printJSON(job) } else { JobPrinter.print(job) }
        }
    }

    /// `tern batch report`.
    struct Report: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "report", abstract: "Sum up a job's completion report: its failures by reason.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The job's ID.")
        var job: String

        @Flag(help: "Print the rows of the tasks that failed.")
        var rows = false

        func run() async throws {
            let jobs = try await JobClient(try await self.options.client())
            let job = try await jobs.describe(self.job)
            if self.rows {
                return try await jobs.report(of: job) { row in
                    if row.count == 7, row[3] == "failed" { print(row.joined(separator: "\t")) }
                }
            }
            JobPrinter.print(job)
            try await JobPrinter.printReasons(of: job, jobs, self.options)
        }
    }

    /// `tern batch confirm`.
    struct Confirm: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "confirm", abstract: "Let a job run that waits for its confirmation.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The job's ID.")
        var job: String

        func run() async throws {
            try await JobClient(try await self.options.client()).confirm(self.job)
        }
    }

    /// `tern batch cancel`.
    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "cancel", abstract: "Cancel a job.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The job's ID.")
        var job: String

        func run() async throws {
            try await JobClient(try await self.options.client()).cancel(self.job)
        }
    }
}
