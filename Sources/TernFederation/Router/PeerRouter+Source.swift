import NIOCore
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension PeerRouter {
    /// A version of this region's as the source of a copy in another: the bucket's record and the version's, each in a
    /// frame, then the bytes. An empty second frame says that there is no such version.
    ///
    /// The asking region knows who calls; whether the caller may read is decided here, where the bucket is.
    func openSource(_ target: RequestTarget) async throws -> HTTPAnswer {
        guard let (caller, context) = await PrincipalCoding.read(target["caller"] ?? "", self.identities) else {
            return Self.refuse(403, .accessDenied, "Access Denied")
        }
        guard let request = SourceQuery(target, caller, context)?.request else {
            throw FramingError("a source needs bucket and key, and what else is given must make sense")
        }
        guard case .here(let bucket)? = try await self.locate(request.bucket) else {
            return Self.refuse(404, .noSuchBucket, "there is no such bucket in this region")
        }
        if let denial = try await self.denial(of: request, bucket: bucket) {
            return Self.refuse(403, .accessDenied, denial)
        }
        var frames = ByteBuffer()
        var description = BucketRecord()
        description.name = bucket.name
        description.region = bucket.record.region
        description.owner = bucket.record.owner
        description.versioning = bucket.versioning
        Frames.append(try Frames.bytes(of: description), to: &frames)

        guard let version = try await self.service.find(request.version, of: request.key, in: bucket) else {
            return Self.without(version: frames)
        }
        let record = version.record
        var bytes: Range<Int64> = 0..<0
        var body = OpenedBody.none
        if !record.isDeleteMarker {
            bytes = request.bytes(of: record)
            let cipher: BodyCipher?
            do {
                cipher = try await self.cipher(of: record, for: request, in: bucket)
            } catch {
                // What the caller is to be told: of the key, or of their right to use it.
                guard error.status < 500 || error == .customerKeyElsewhere else { throw error }
                return Self.refuse(error.status, .encrypted, "\(error.code)\n\(error.message)")
            }
            guard
                let opened = try await self.service.openBody(
                    of: record, range: bytes, cipher: cipher, in: bucket.partition)
            else {
                return Self.without(version: frames)
            }
            body = opened
        }
        var told = record
        told.clearBody()
        told.layoutRows = 0
        told.destinations = []
        if record.hasEncryption { told.encryption = record.encryption.withoutKeys }
        Frames.append(try Frames.bytes(of: told), to: &frames)
        var answer = Self.binary(ByteBuffer())
        answer.body = .stream(
            byteCount: Int64(frames.readableBytes) + Int64(bytes.count),
            source: PrefixedSource(frames, OpenedBodySource(body)))
        return answer
    }

    private func locate(_ bucket: String) async throws(S3Error) -> BucketRegistry.Location? {
        do {
            return try await self.service.registry.locate(bucket)
        } catch  where error.code == "NoSuchBucket" {
            return nil
        }
    }

    /// Why the caller may not read; `nil` if they may.
    private func denial(of request: RemoteSourceRequest, bucket: BucketState) async throws(S3Error) -> String? {
        do throws(S3Error) {
            try await self.sources.authorize(request, in: bucket)
            return nil
        } catch {
            if error.code == "AccessDenied" { return error.message }
            throw error
        }
    }

    /// Opens a version on behalf of the caller. What is under a key of the customer's cannot be opened from another
    /// region yet.
    private func cipher(
        of record: VersionRecord, for request: RemoteSourceRequest, in bucket: BucketState
    ) async throws(S3Error) -> BodyCipher? {
        if record.travelsSealed { throw .customerKeyElsewhere }
        let context = request.context
        return try await self.service.cipher(
            of: record, key: request.key, in: bucket,
            access: KeyAccess(KeyCaller(request.principal, requestContext: { context })))
    }

    private static func without(version frames: ByteBuffer) -> HTTPAnswer {
        var frames = frames
        Frames.append([], to: &frames)
        return Self.binary(frames)
    }

    private static func refuse(_ status: Int, _ refusal: SourceRefusal, _ message: String) -> HTTPAnswer {
        var answer = Self.text(status, message)
        answer.headers.append(SourceRefusal.header, refusal.rawValue)
        return answer
    }
}

/// Some bytes, and then a body.
private actor PrefixedSource: HTTPBodySource {
    private var prefix: ByteBuffer?
    private let rest: any HTTPBodySource

    init(_ prefix: ByteBuffer, _ rest: any HTTPBodySource) {
        self.prefix = prefix
        self.rest = rest
    }

    func next() async throws -> ByteBuffer? {
        if let prefix = self.prefix {
            self.prefix = nil
            return prefix
        }
        return try await self.rest.next()
    }
}
