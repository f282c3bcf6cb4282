import Crypto
import NIOCore
import TernBatch
import TernCompression
import TernControlPlane
import TernCore
import TernS3Protocol

/// Reads a manifest that the client has made, as the job's role, in memory of a few pieces whatever its length.
struct ManifestSource: Sendable {
    let context: BatchContext
    let client: RoleClient
    let manifest: JobManifest
    let control: JobControl

    func read(into sink: TaskSink) async throws(JobInterruption) {
        let response = try await self.open(
            bucket: self.manifest.bucket.description, key: self.manifest.key, version: self.manifest.versionID)
        let etag = (response.headers["etag"] ?? "").filter { $0 != "\"" }
        guard etag == self.manifest.etag else { throw .failed(.manifestETagMismatch) }
        try self.checkEncryption(response.headers)
        switch self.manifest.schema {
        case let schema?:
            var reader = ManifestReader(schema: schema)
            let pieces = BodyPieces(response.body)
            try await self.read(pieces, &reader, into: sink, checks: nil)
            try await self.finish(&reader, sink)
        case nil:
            try await self.readInventory(response, into: sink)
        }
        if await sink.count == 0 { throw .failed(.emptyManifest) }
    }

    // MARK: Inventory

    private func readInventory(_ response: RoleClient.Response, into sink: TaskSink) async throws(JobInterruption) {
        let bytes: [UInt8]
        do throws(RoleRequestFailure) {
            bytes = try await RoleClient.bytes(response.body)
        } catch {
            throw .trouble(error.message)
        }
        let inventory: InventoryManifest
        let schema: ManifestSchema
        do throws(JobFailure) {
            inventory = try InventoryManifest(decoding: bytes)
            schema = try Self.schema(of: inventory)
        } catch {
            throw .failed(error)
        }
        guard BucketName(inventory.destinationBucket) != nil else {
            throw .failed(.invalidManifest("Invalid Manifest Content: destinationBucket is not the ARN of a bucket"))
        }
        var bucket: [UInt8]?
        for file in inventory.files {
            guard let key = Self.key(file.key) else { throw .failed(.invalidManifest("Invalid Manifest Content")) }
            let response = try await self.open(bucket: inventory.destinationBucket, key: key, version: nil)
            var reader = ManifestReader(schema: schema, bucket: bucket)
            try await self.read(BodyPieces(response.body), &reader, into: sink, checks: file)
            try await self.finish(&reader, sink)
            bucket = reader.bucket
        }
    }

    private static func schema(of inventory: InventoryManifest) throws(JobFailure) -> ManifestSchema {
        do throws(ManifestSchema.Problem) {
            return try ManifestSchema(fileSchema: inventory.fileSchema)
        } catch {
            switch error {
            case .missingFields(let names):
                throw .invalidManifest("Required fields are missing in the schema: \(names.joined(separator: ", "))")
            case .duplicateField(let name):
                throw .invalidManifest("The schema has \(name) more than once")
            }
        }
    }

    private static func key(_ text: String) -> ObjectKey? {
        do throws(ObjectKey.Problem) {
            return try ObjectKey(text)
        } catch {
            return nil
        }
    }

    // MARK: Files

    /// BR-MF-1, BR-MF-2.
    private func open(
        bucket: String, key: ObjectKey, version: String?
    ) async throws(JobInterruption) -> RoleClient.Response {
        var request = RoleClient.Request("GET", bucket: bucket, key: key)
        if let version {
            request.query = "versionId=" + PercentEncoding.encode(Array(version.utf8), keepingSlash: false)
        }
        do throws(RoleRequestFailure) {
            return try await self.client.send(request)
        } catch {
            if TaskRetry.isTransient(status: error.status, code: error.code) { throw .trouble(error.message) }
            switch error.status {
            case 403: throw .failed(.manifestForbidden())
            case 404, 405, 301: throw .failed(.manifestNotFound("\(error.code): \(bucket)/\(key)"))
            default: throw .failed(.manifestForbidden(error.code))
            }
        }
    }

    /// BR-MF-3: CSV manifests are not read where KMS, or the customer, has the key.
    private func checkEncryption(_ headers: HeaderFields) throws(JobInterruption) {
        guard self.manifest.format == .csv,
            headers["x-amz-server-side-encryption"].map({ $0 != "AES256" }) ?? false
        else { return }
        throw .failed(
            .manifestEncryption("A CSV manifest that is encrypted with a KMS key is not supported. Use SSE-S3."))
    }

    /// - Parameter checks: The size and MD5 that the file must have (spec rule BR-MF-11).
    private func read(
        _ pieces: BodyPieces, _ reader: inout ManifestReader, into sink: TaskSink, checks: InventoryManifest.File?
    ) async throws(JobInterruption) {
        var md5 = Insecure.MD5()
        var byteCount: Int64 = 0
        var gzip: GzipReader?
        while true {
            if self.control.isStopping || Task.isCancelled { throw .stopped }
            let piece: [UInt8]
            do throws(RoleRequestFailure) {
                guard let next = try await pieces.next() else { break }
                piece = Array(next.readableBytesView)
            } catch {
                throw .trouble(error.message)
            }
            // A file is compressed if its first bytes say so, whatever it is called (spec rule BR-MF-10).
            if byteCount == 0, checks != nil, GzipReader.isGzip(piece) { gzip = GzipReader() }
            byteCount += Int64(piece.count)
            md5.update(data: piece)
            var tasks: [BatchTask] = []
            try Self.parse(piece, gzip, &reader, into: &tasks)
            await sink.setBucketIfAny(reader.bucket)
            try await sink.add(tasks)
        }
        if let gzip, !gzip.isComplete {
            throw .failed(.invalidManifest("Manifest file is not properly formatted: a compressed file is cut off"))
        }
        guard let checks else { return }
        guard byteCount == checks.byteCount, Array(md5.finalize()).lowercaseHex == checks.md5 else {
            throw .failed(
                .invalidManifest("Invalid Manifest Content: size or MD5 of \(checks.key) is not that of the manifest"))
        }
    }

    private static func parse(
        _ piece: [UInt8], _ gzip: GzipReader?, _ reader: inout ManifestReader, into tasks: inout [BatchTask]
    ) throws(JobInterruption) {
        do throws(JobFailure) {
            guard let gzip else { return try reader.read(piece, into: &tasks) }
            let problem = try gzip.read(piece) { part throws(JobFailure) in try reader.read(part, into: &tasks) }
            if problem != nil {
                throw .invalidManifest("Manifest file is not properly formatted: a compressed file is damaged")
            }
        } catch {
            throw .failed(error)
        }
    }

    private func finish(_ reader: inout ManifestReader, _ sink: TaskSink) async throws(JobInterruption) {
        var tasks: [BatchTask] = []
        do throws(JobFailure) {
            try reader.finish(into: &tasks)
        } catch {
            throw .failed(error)
        }
        await sink.setBucketIfAny(reader.bucket)
        try await sink.add(tasks)
    }
}

extension TaskSink {
    func setBucketIfAny(_ bucket: [UInt8]?) {
        if let bucket { self.setBucket(String(decoding: bucket, as: UTF8.self)) }
    }
}
