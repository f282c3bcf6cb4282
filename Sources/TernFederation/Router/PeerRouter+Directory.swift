import NIOCore
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension PeerRouter {
    /// How often a waiting poll looks for changes.
    private static let lookInterval = Duration.milliseconds(100)
    private static let changesPerAnswer = 500

    func describeBucket(_ target: RequestTarget) async throws -> HTTPAnswer {
        do {
            let bucket = try await self.service.registry.state(target["name"] ?? "")
            var record = BucketRecord()
            record.name = bucket.name
            record.region = bucket.record.region
            record.owner = bucket.record.owner
            record.versioning = bucket.versioning
            return Self.binary(ByteBuffer(bytes: try Frames.bytes(of: record)))
        } catch let error as S3Error where error.code == "NoSuchBucket" {
            return Self.text(404, "there is no such bucket in this region")
        }
    }

    func reserve(_ body: any HTTPRequestBody) async throws -> HTTPAnswer {
        try self.requireHome()
        let wanted = try await self.message(body, as: DirectoryRecord.self)
        let record: DirectoryRecord
        let word: String
        switch try await self.service.directory.reserve(wanted) {
        case .reserved(let found): (record, word) = (found, "reserved")
        case .exists(let found): (record, word) = (found, "exists")
        }
        var answer = Self.binary(ByteBuffer(bytes: try Frames.bytes(of: record)))
        answer.headers.append(RemoteNamespace.reservationHeader, word)
        return answer
    }

    func confirm(_ body: any HTTPRequestBody) async throws -> HTTPAnswer {
        try self.requireHome()
        let record = try await self.message(body, as: DirectoryRecord.self)
        try await self.service.directory.confirm(record.name, bucketID: record.bucketID)
        return Self.text(200, "confirmed")
    }

    func release(_ body: any HTTPRequestBody) async throws -> HTTPAnswer {
        try self.requireHome()
        let record = try await self.message(body, as: DirectoryRecord.self)
        try await self.service.directory.release(record.name, bucketID: record.bucketID)
        return Self.text(200, "released")
    }

    /// Changes behind `after`, at once if there are any, or as soon as there are, or none when the wait is over.
    func changes(_ target: RequestTarget) async throws -> HTTPAnswer {
        try self.requireHome()
        guard let after = UInt64(target["after"] ?? "0"), let wait = Int64(target["wait"] ?? "0") else {
            throw FramingError("after and wait are numbers")
        }
        let deadline = self.wall.now + .milliseconds(min(max(wait, 0), PeerPath.maximumWaitMilliseconds))
        while true {
            let last = try await self.service.directory.lastSequence()
            let log = try await self.service.directory.log(after: after, limit: Self.changesPerAnswer)
            guard case .changes(let changes) = log else {
                var answer = Self.binary(ByteBuffer())
                answer.headers.append(PeerPath.shortenedHeader, "true")
                return answer
            }
            if !changes.isEmpty || self.wall.now >= deadline || self.shutdown.isRequested {
                var answer = Self.binary(try Frames.encode(changes))
                answer.headers.append(PeerPath.sequenceHeader, String(last))
                return answer
            }
            try await self.wall.sleep(until: min(self.wall.now + Self.lookInterval, deadline))
        }
    }

    /// A page of the directory's rows.
    func snapshot(_ target: RequestTarget) async throws -> HTTPAnswer {
        try self.requireHome()
        var after: [UInt8]?
        if let text = target["after"] {
            guard let key = [UInt8](hex: text.utf8) else { throw FramingError("after is not hexadecimal") }
            after = key
        }
        // Before the rows: what changes meanwhile is in the log behind it.
        let last = try await self.service.directory.lastSequence()
        let page = try await self.service.directory.snapshotPage(after: after)
        var answer = Self.binary(try Frames.encode(page.rows))
        answer.headers.append(PeerPath.sequenceHeader, String(last))
        if page.isLast { answer.headers.append(PeerPath.lastPageHeader, "true") }
        return answer
    }

    func requireHome() throws(S3Error) {
        if self.federation.isHome { return }
        throw S3Error(
            code: "NotHomeRegion", status: 409,
            message: "Region \(self.federation.region) does not keep the directory; \(self.federation.home) does.")
    }
}
