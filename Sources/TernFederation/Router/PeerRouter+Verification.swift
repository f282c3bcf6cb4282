import Logging
import NIOCore
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplication
import TernS3Protocol

extension PeerRouter {
    /// The destination's side: answers what the source's region asks about its replicas.
    func answerVerification(_ body: any HTTPRequestBody) async throws -> HTTPAnswer {
        let query = try await self.message(body, as: VerificationQuery.self)
        let pause: VerificationPause = self.verification?.pause ?? { @Sendable in true }
        let answer = try await self.service.answer(query, pause: pause)
        return Self.binary(ByteBuffer(bytes: try Frames.bytes(of: answer)))
    }

    /// The operator's question: compares a bucket of this region with the destinations of its rules.
    func verify(_ target: RequestTarget) async throws(S3Error) -> HTTPAnswer {
        guard let context = self.verification else { return Self.text(404, "this region compares no replicas") }
        guard let name = target["bucket"], !name.isEmpty else { return Self.text(400, "a bucket is needed") }
        let bucket: BucketState
        do throws(S3Error) {
            switch try await self.service.registry.locate(name) {
            case .here(let state): bucket = state
            case .elsewhere(let record): return Self.text(404, "the bucket is in region \(record.region)")
            }
        } catch  where error.code == "NoSuchBucket" {
            return Self.text(404, "there is no bucket \(name)")
        }
        let rule = target["rule"].flatMap { $0.isEmpty ? nil : $0 }
        let lanes = ObjectService.lanes(of: bucket, ruleID: rule)
        if lanes.isEmpty {
            return Self.text(
                409, rule.map { "the bucket has no replication rule \($0)" } ?? "the bucket has no replication rules")
        }
        var options = BucketVerification.Options()
        options.ruleID = rule
        options.repairs = target["repair"] == "true"
        if options.repairs {
            self.logger.notice("verification with repair asked for", metadata: ["bucket": "\(name)"])
        }
        let lines = VerificationLines(lanes, service: self.service, context: context, options: options)
        return HTTPAnswer(
            status: 200, headers: HeaderFields([.init(name: "content-type", value: "application/x-ndjson")]),
            body: .chunked(source: lines))
    }
}

/// The lines that tell of a comparison, made as they are read: who stops reading stops the comparison.
private actor VerificationLines: HTTPBodySource {
    private var waiting: ArraySlice<LaneID>
    private var current: BucketVerification?
    /// What the last comparison counted, so that progress has an end to be measured against.
    private var expected: UInt64?
    private let service: ObjectService
    private let context: VerificationContext
    private let options: BucketVerification.Options

    init(
        _ lanes: [LaneID], service: ObjectService, context: VerificationContext, options: BucketVerification.Options
    ) {
        self.waiting = lanes[...]
        self.service = service
        self.context = context
        self.options = options
    }

    func next() async throws -> ByteBuffer? {
        guard var verification = self.current else { return try await self.begin() }
        var text = ""
        do {
            for finding in try await verification.step() { text += Self.line(finding) }
            if verification.isDone {
                text += try await self.end(verification)
                self.current = nil
            } else {
                text += self.progress(verification)
                self.current = verification
            }
        } catch let error as VerificationError {
            self.current = nil
            text += Self.line { json in
                json.member("type", "error")
                json.member("destinationBucket", verification.lane.destinationBucket)
                json.member("code", error.code.rawValue)
                json.member("message", error.message)
            }
        }
        return ByteBuffer(string: text)
    }

    private func begin() async throws -> ByteBuffer? {
        guard let lane = self.waiting.popFirst() else { return nil }
        let last = try await self.service.verificationRecord(of: lane)
        self.expected = last.hasLastCounts && self.options.ruleID == nil ? last.lastCounts.versions : nil
        self.current = BucketVerification(
            lane: lane, service: self.service, peer: self.context.peer, options: self.options,
            pause: self.context.pause)
        return ByteBuffer(
            string: Self.line { json in
                json.member("type", "begin")
                json.member("sourceBucket", lane.sourceBucket)
                json.member("destinationBucket", lane.destinationBucket)
                json.member("expectedVersions", self.expected.map { Int64(clamping: $0) })
            })
    }

    private func progress(_ verification: BucketVerification) -> String {
        Self.line { json in
            json.member("type", "progress")
            json.member("versions", Int64(clamping: verification.counts.versions))
            json.member("divergent", Int64(clamping: verification.counts.divergent))
        }
    }

    private func end(_ verification: BucketVerification) async throws -> String {
        // A comparison of one rule says nothing about the whole.
        if self.options.ruleID == nil {
            try await self.service.verificationFinished(verification, keepingPosition: true)
        }
        let counts = verification.counts
        return Self.line { json in
            json.member("type", "end")
            json.member("sourceBucket", verification.lane.sourceBucket)
            json.member("destinationBucket", verification.lane.destinationBucket)
            json.member("versions", Int64(clamping: counts.versions))
            json.member("divergent", Int64(clamping: counts.divergent))
            for kind in VerificationFinding.Kind.allCases {
                json.member(kind.rawValue, Int64(clamping: counts.count(of: kind)))
            }
            json.member("requeued", Int64(verification.requeued))
            json.member("requests", Int64(verification.requests))
            json.member("wireBytes", Int64(verification.wireBytes))
        }
    }

    private static func line(_ finding: VerificationFinding) -> String {
        self.line { json in
            json.member("type", "finding")
            json.member("kind", finding.kind.rawValue)
            json.member("key", finding.place.key.description)
            json.member("versionId", finding.place.version.wireForm)
            json.member("isDeleteMarker", finding.isDeleteMarker)
            json.member("ruleId", finding.ruleID.isEmpty ? nil : finding.ruleID)
            json.strings("attributes", finding.attributes.map(\.word))
            json.member("reason", finding.reason.isEmpty ? nil : finding.reason)
            json.member("repair", finding.repair?.rawValue)
        }
    }

    private static func line(_ members: (inout JSONText) -> Void) -> String {
        var json = JSONText()
        json.object { members(&$0) }
        return json.text + "\n"
    }
}

extension VersionChange.Attribute {
    fileprivate var word: String {
        switch self {
        case .tags: "tags"
        case .acl: "acl"
        case .retention: "retention"
        case .legalHold: "legalHold"
        }
    }
}
