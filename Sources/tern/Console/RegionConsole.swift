import Foundation
import NIOCore
import TernBatch
import TernBatchWorkers
import TernConsole
import TernControlPlane
import TernCore
import TernFederation
import TernObjects
import TernPorts
import TernS3Protocol
import TernStorage

/// What the console of a region shows, from where the commands of operators have it: the answers of ``PeerRouter``, the
/// versions themselves, and the store of the jobs.
struct RegionConsole: ConsoleSource {
    /// Versions that one question about failures looks at: a walk over all of a large region would keep clients waiting.
    private static let versionsPerQuestion = 20_000
    private static let resultRowsPerJob = 500

    let router: PeerRouter
    let service: ObjectService
    let jobs: JobStore
    let wall: any WallClock

    func answer(_ question: ConsoleQuestion) async throws(ConsoleProblem) -> String {
        switch question {
        case .overview:
            return try await self.overview()
        case .failures(let wanted):
            return try await self.failures(wanted)
        case .explanation(let bucket, let key, let versionID):
            var parameters = ["bucket": bucket, "key": key]
            parameters["versionId"] = versionID
            return try Self.text(await self.router.answer(.explain, parameters: parameters))
        case .jobs(let token, let limit):
            return try await self.jobList(after: token, limit: limit)
        case .job(let id):
            return try await self.job(id)
        case .events:
            return try Self.text(await self.router.answer(.events))
        case .deadLetters(let target, let limit):
            return try Self.text(
                await self.router.answer(.deadEvents, parameters: ["target": target, "limit": "\(limit)"]))
        }
    }

    // MARK: Answers

    private func overview() async throws(ConsoleProblem) -> String {
        do {
            let status = try JSONDecoder().decode(RegionStatus.self, from: Data(try await self.router.status().utf8))
            let buckets = try await self.service.registry.all()
            return try Self.json(
                ConsoleOverview(
                    status, time: self.wall.now.iso8601, buckets: buckets.count,
                    replicatingBuckets: buckets.filter { $0.replication != nil }.count,
                    openJobs: self.jobs.openJobs.count))
        } catch {
            throw Self.problem(error)
        }
    }

    private func failures(_ question: ConsoleQuestion.FailureQuestion) async throws(ConsoleProblem) -> String {
        let place: FailurePlace?
        if let cursor = question.cursor {
            guard let found = FailurePlace(cursor: cursor), question.bucket == nil || question.bucket == found.bucket
            else { throw .badRequest("The cursor is not one of this question.") }
            place = found
        } else {
            place = nil
        }
        do {
            if let bucket = question.bucket {
                guard case .here = try await self.service.registry.locate(bucket) else {
                    throw ConsoleProblem.notFound("The bucket is in another region.")
                }
            }
            let page = try await self.service.failedDeliveries(
                in: question.bucket, reason: question.reason, after: place, limit: question.limit,
                budget: Self.versionsPerQuestion)
            return try Self.json(ConsoleFailures(page))
        } catch {
            throw Self.problem(error)
        }
    }

    private func jobList(after token: String?, limit: Int) async throws(ConsoleProblem) -> String {
        let position = token.flatMap { JobPosition(token: $0) }
        if token != nil, position == nil { throw .badRequest("The cursor is not one of this question.") }
        do {
            let page = try await self.jobs.jobs(after: position, limit: limit)
            return try Self.json(ConsoleJobs(jobs: page.jobs.map { ConsoleJob($0) }, next: OrNull(page.next?.token)))
        } catch {
            throw Self.problem(error)
        }
    }

    /// Why tasks of a job failed, which `tern batch` asks too; `nil` where there is no such job.
    static func failures(
        ofJob id: String, in jobs: JobStore, _ service: ObjectService
    ) async throws -> JobFailureSummary? {
        guard let job = try await jobs.job(id) else { return nil }
        let found = try await TaskFailureCounts.read(of: job, in: service.metadata, rows: Self.resultRowsPerJob)
        return JobFailureSummary(counts: found.counts, isPartial: found.isPartial)
    }

    private func job(_ id: String) async throws(ConsoleProblem) -> String {
        do {
            guard let job = try await self.jobs.job(id) else {
                throw ConsoleProblem.notFound("There is no such job.")
            }
            var document = ConsoleJob(job)
            let failures = try await TaskFailureCounts.read(
                of: job, in: self.service.metadata, rows: Self.resultRowsPerJob)
            document.failedTasksByReason = failures.counts
            document.failedTasksArePartial = failures.isPartial
            return try Self.json(document)
        } catch {
            throw Self.problem(error)
        }
    }

    // MARK: Texts

    /// What a peer would be answered; other statuses are problems with the same message.
    private static func text(_ answer: HTTPAnswer) throws(ConsoleProblem) -> String {
        guard case .bytes(let bytes) = answer.body else {
            throw ConsoleProblem(status: 500, code: "InternalError", message: "The answer has no document.")
        }
        let text = String(buffer: bytes)
        switch answer.status {
        case 200: return text
        case 404: throw .notFound(text)
        case 400: throw .badRequest(text)
        default: throw ConsoleProblem(status: answer.status, code: "Unavailable", message: text)
        }
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .useDefaultKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func problem(_ error: any Error) -> ConsoleProblem {
        switch error {
        case let problem as ConsoleProblem: problem
        case let error as S3Error where error.status == 404: .notFound(error.message)
        case let error as S3Error: ConsoleProblem(status: error.status, code: error.code, message: error.message)
        default: ConsoleProblem(status: 500, code: "InternalError", message: "\(error)")
        }
    }
}
