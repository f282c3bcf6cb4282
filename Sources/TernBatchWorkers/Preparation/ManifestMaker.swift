import Crypto
import Logging
import TernBatch
import TernCompression
import TernControlPlane
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplication
import TernS3Protocol

/// Makes a job's manifest of the versions of a bucket (spec rules BR-MG-1 to BR-MG-6).
///
/// It has the versions of one moment, near the beginning of the preparation, with the statuses, storage classes and rules
/// that they had then, whatever is written, changed or deleted while the list is made (decision TD-6). A preparation that
/// breaks off loses that moment: the next begins anew, at another one, and replaces whatever this one has left.
struct ManifestMaker: Sendable {
    let context: BatchContext
    let job: JobStore.Job
    let client: RoleClient
    let generator: ManifestGenerator
    let control: JobControl

    private static let versionsPerPage = 1000

    func make(into sink: TaskSink) async throws(JobInterruption) {
        let view = try await self.view(of: try await self.source())
        defer { view.close() }
        let bucket = view.bucket
        if self.generator.filter.eligibleForReplication, bucket.replication == nil {
            throw .failed(.noReplicationConfiguration)
        }
        var acl: CannedACL?
        if let output = self.generator.output {
            if let owner = output.expectedOwner { try await self.context.checkOwner(of: output.bucket, is: owner) }
            acl = try await self.acl(in: output.bucket)
        }
        await sink.setBucket(bucket.name)
        var files = ManifestFiles(maker: self, bucket: bucket, output: self.generator.output, acl: acl)
        var query = ListQuery()
        query.limit = Self.versionsPerPage
        if let prefix = self.generator.filter.prefix { query.prefix = Array(prefix.utf8) }
        var last: ListedVersion?
        var listed = 0
        var excluded = ExclusionCounts()
        while true {
            if self.control.isStopping || Task.isCancelled { throw .stopped }
            await self.context.yieldToClients()
            let page: ListPage<ListedVersion>
            do throws(S3Error) {
                page = try await view.versions(query, after: last)
            } catch {
                throw .trouble(error.message)
            }
            var tasks: [BatchTask] = []
            for case .item(let version) in page.entries {
                listed += 1
                last = version
                guard self.admits(version, bucket, &excluded) else { continue }
                var key: [UInt8] = []
                ManifestKey.appendEncoded(version.key, to: &key)
                tasks.append(
                    BatchTask(
                        encodedKey: key,
                        versionID: version.record.isNull ? "null" : version.record.versionID.wireForm))
            }
            try await files.add(tasks)
            try await sink.add(tasks)
            if !page.isTruncated { break }
        }
        if await sink.count == 0 {
            self.context.logger.notice(
                "no version matches the filter of a job",
                metadata: [
                    "job": "\(self.job.id)", "bucket": "\(bucket.name)", "versions": "\(listed)",
                    "causes": "\(excluded)",
                ])
            throw .failed(.emptyGeneratedManifest)
        }
        // What is written from here on needs nothing of it, and may take a while.
        view.close()
        try await files.finish()
    }

    private func view(of bucket: BucketState) async throws(JobInterruption) -> BucketView {
        do throws(S3Error) {
            return try await self.context.service.view(of: bucket)
        } catch {
            switch error.code {
            case "NoSuchBucket": throw .failed(.generatorFailed("the source bucket does not exist"))
            case "NotImplemented":
                throw .failed(.generatorFailed("the storage of this region cannot be listed as of one moment"))
            default: throw .trouble(error.message)
            }
        }
    }

    /// What is written into the bucket of another account is given to it where ACLs have a say there, which the role needs
    /// s3:PutObjectAcl for (spec rule BR-MG-4, batch-replication §7.2).
    private func acl(in bucket: BucketName) async throws(JobInterruption) -> CannedACL? {
        do throws(S3Error) {
            guard case .here(let state) = try await self.context.service.registry.locate(bucket.description),
                state.owner != self.job.account, state.ownership != .bucketOwnerEnforced
            else { return nil }
            return .bucketOwnerFullControl
        } catch {
            // That it is not there will show when it is written to.
            if error.code == "NoSuchBucket" { return nil }
            throw .trouble(error.message)
        }
    }

    /// The bucket that is listed, once the role may (spec rule BR-MG-6).
    private func source() async throws(JobInterruption) -> BucketState {
        let name = self.generator.sourceBucket
        let location: BucketRegistry.Location
        do throws(S3Error) {
            location = try await self.context.service.registry.locate(name.description)
        } catch {
            if error.code == "NoSuchBucket" {
                throw .failed(.generatorFailed("the source bucket does not exist"))
            }
            throw .trouble(error.message)
        }
        guard case .here(let bucket) = location else {
            throw .failed(.generatorFailed("the source bucket is not in the region of the job"))
        }
        if let expected = self.generator.expectedOwner, bucket.owner != expected {
            throw .failed(.unexpectedOwner(ofBucket: bucket.name))
        }
        var actions = ["s3:PutInventoryConfiguration"]
        if self.generator.filter.eligibleForReplication { actions.append("s3:GetReplicationConfiguration") }
        for action in actions
        where await !self.context.service.mayUse(bucket, action: action, as: self.client.principal) {
            throw .failed(.generatorFailed("AccessDenied: the role is not allowed \(action) on \(bucket.name)"))
        }
        return bucket
    }

    private func admits(_ version: ListedVersion, _ bucket: BucketState, _ excluded: inout ExclusionCounts) -> Bool {
        let filter = self.generator.filter
        // BR-MG-2: what is archived cannot be replicated; it can be restored, and have its tags changed.
        if self.job.request.operation.isReplication || filter.eligibleForReplication,
            version.record.storageClassValue.isArchive
        {
            excluded.add("archivedStorageClass")
            return false
        }
        guard filter.admits(version) else {
            excluded.add("filter")
            return false
        }
        guard filter.eligibleForReplication else {
            // Only replication has to do with markers.
            if self.job.request.operation.isReplication || !version.record.isDeleteMarker { return true }
            excluded.add("deleteMarker")
            return false
        }
        guard let configuration = bucket.replication else { return false }
        let plan = ReplicationPlanner.plan(
            configuration: configuration, change: version.record.existingChange(key: version.key))
        if plan.tasks.isEmpty { excluded.add(plan.decisions) }
        return !plan.tasks.isEmpty
    }
}

/// Writes a generated manifest where the client wants it.
private struct ManifestFiles {
    let maker: ManifestMaker
    let bucket: BucketState
    let output: ManifestGenerator.Output?
    let acl: CannedACL?
    private var text: [UInt8] = []
    private var files: [InventoryManifest.File] = []
    private let created: Timestamp

    init(maker: ManifestMaker, bucket: BucketState, output: ManifestGenerator.Output?, acl: CannedACL?) {
        self.maker = maker
        self.bucket = bucket
        self.output = output
        self.acl = acl
        self.created = maker.context.wall.now
    }

    mutating func add(_ tasks: [BatchTask]) async throws(JobInterruption) {
        guard self.output != nil else { return }
        let name = self.maker.generator.sourceBucket
        for task in tasks { GeneratedManifest.append(bucket: name, task, to: &self.text) }
        if self.text.count >= self.maker.context.options.fileBytes { try await self.writeFile() }
    }

    mutating func finish() async throws(JobInterruption) {
        guard let output else { return }
        if !self.text.isEmpty { try await self.writeFile() }
        let places = self.places(of: output)
        let manifest = InventoryManifest(
            sourceBucket: self.bucket.name, destinationBucket: output.bucket.description,
            version: GeneratedManifest.version, created: self.created, fileSchema: GeneratedManifest.fileSchema,
            files: self.files
        ).encode()
        let headers = try await self.put(places.manifestKey, manifest, type: "application/json")
        _ = try await self.put(
            places.checksumKey, Array(Insecure.MD5.hash(data: manifest)).lowercaseHexBytes, type: "text/plain")
        var record = JobManifestRecord()
        record.bucket = output.bucket.description
        record.key = places.manifestKey
        record.etag = (headers["etag"] ?? "").filter { $0 != "\"" }
        record.version = headers["x-amz-version-id"] ?? ""
        do {
            _ = try await self.maker.context.store.setManifest(
                record, of: self.maker.job.id, account: self.maker.job.account)
        } catch {
            throw .trouble("\(error)")
        }
    }

    private func places(of output: ManifestGenerator.Output) -> GeneratedManifest {
        let id = self.maker.job.id
        let report = self.maker.job.request.report
        let isBesideReport =
            report.isEnabled && report.bucket == output.bucket
            && JobFolder.path(prefix: report.prefix, jobID: id) == JobFolder.path(prefix: output.prefix, jobID: id)
        return GeneratedManifest(prefix: output.prefix, jobID: id, isBesideReport: isBesideReport)
    }

    private mutating func writeFile() async throws(JobInterruption) {
        guard let output, let compressed = Gzip.encode(self.text) else { throw .failed(.manifestNotWritten) }
        let name = FileName.make(job: self.maker.job.id, part: "manifest", number: self.files.count)
        let key = self.places(of: output).dataKey(name)
        _ = try await self.put(key, compressed, type: "application/gzip")
        self.files.append(
            InventoryManifest.File(
                key: key, byteCount: Int64(compressed.count),
                md5: Array(Insecure.MD5.hash(data: compressed)).lowercaseHex))
        self.text.removeAll(keepingCapacity: true)
    }

    /// BR-MG-4.
    private func put(_ key: String, _ bytes: [UInt8], type: String) async throws(JobInterruption) -> HeaderFields {
        guard let output else { return HeaderFields() }
        var headers = HeaderFields([.init(name: "content-type", value: type)])
        if let acl { headers.set("x-amz-acl", acl.rawValue) }
        switch output.encryption {
        case .bucketDefault: break
        case .sseS3: headers.set("x-amz-server-side-encryption", "AES256")
        case .sseKMS(let keyID):
            headers.set("x-amz-server-side-encryption", "aws:kms")
            headers.set("x-amz-server-side-encryption-aws-kms-key-id", keyID)
        }
        do throws(RoleRequestFailure) {
            return try await self.maker.client.put(bucket: output.bucket, key: key, bytes, headers: headers)
        } catch {
            if TaskRetry.isTransient(status: error.status, code: error.code) { throw .trouble(error.message) }
            self.maker.context.logger.notice(
                "a manifest cannot be written",
                metadata: ["job": "\(self.maker.job.id)", "error": "\(error.code): \(error.message)"])
            throw .failed(.manifestNotWritten)
        }
    }
}

/// Names of what a job writes: always the same for the same part, so that a part that is written again replaces itself
/// (spec rule BR-RS-1).
enum FileName {
    /// 40 hexadecimal digits.
    static func make(job: String, part: String, number: Int) -> String {
        Array(Insecure.SHA1.hash(data: Array("\(job)/\(part)/\(number)".utf8))).lowercaseHex
    }
}

extension RoleClient {
    func put(
        bucket: BucketName, key: String, _ bytes: [UInt8], headers: HeaderFields
    ) async throws(RoleRequestFailure) -> HeaderFields {
        var request = Request("PUT", bucket: bucket.description, key: ObjectKey(trusted: Array(key.utf8)))
        request.headers = headers
        request.body = bytes
        return try await self.send(request).headers
    }
}
