import NIOCore
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol
import TernSigV4

extension Operation {
    /// An upload from a form in a browser: the form says who signs and what may be uploaded.
    ///
    /// Source: Amazon S3 API Reference, "POST Object"; spec rules SIG-70 to SIG-74.
    static let postObject = Operation(
        "PostObject", Route("POST", .bucket), action: "s3:PutObject", authenticatesItself: true
    ) { call throws(S3Error) in
        guard let boundary = FormDataParser.boundary(ofContentType: call.head.headers["content-type"]) else {
            throw .postWithoutForm
        }
        guard let length = call.head.headers["content-length"].flatMap({ Int64($0) }) else {
            throw .missingContentLength
        }
        let upload = FormUpload(body: call.payload.body, boundary: boundary, byteCount: length)
        let form = try await upload.readFields()
        var posted = PostedObject(call: call, form: form)
        return try await posted.store(upload)
    }
}

/// A form whose fields have been read, and whose file has begun.
private struct PostedObject {
    var call: S3Call
    let form: PostForm

    init(call: S3Call, form: PostForm) {
        self.call = call
        self.form = form
        self.call.headers = form.objectHeaders
    }

    mutating func store(_ upload: FormUpload) async throws(S3Error) -> HTTPAnswer {
        guard let keyText = self.form["key"], !keyText.isEmpty else { throw .postFieldMissing("key") }
        let key: ObjectKey
        do {
            key = try ObjectKey(keyText)
        } catch {
            if case .tooLong(let byteCount) = error { throw .keyTooLong(byteCount: byteCount) }
            throw .invalidURI(keyText)
        }
        self.call.objectKey = key
        self.call.trace.note(key: key)
        let bucket = try self.call.bucket()

        try await self.authenticate()
        if let text = self.form["policy"] {
            let policy = try PostPolicy(base64: text)
            try policy.check(self.form, bucket: bucket.name, now: self.call.now)
            await upload.limit(policy)
        }
        try self.call.checkRequesterPays()
        try await self.call.authorize("s3:PutObject", bucket: bucket, key: key)

        try self.form.checkObjectFields()
        var attributes = try await self.call.objectAttributes()
        if let tagging = self.form["tagging"] {
            attributes.tags = try TaggingXML.decode(Array(tagging.utf8), of: .object)
            if !attributes.tags.isEmpty {
                try await self.call.authorize(
                    "s3:PutObjectTagging", bucket: bucket, key: key,
                    context: RequestConditions.requestTags(attributes.tags))
            }
        }
        let digests = try PayloadDigests(self.call.headers)
        if attributes.retention != nil || attributes.legalHold != nil, digests.md5 == nil, digests.algorithm == nil {
            throw .lockedUploadWithoutDigest
        }
        let value = digests.value
        let written = try await self.call.service.putObject(
            key, in: bucket.name, attributes: attributes, body: upload,
            digests: ExpectedDigests(
                md5: digests.md5, algorithm: digests.algorithm ?? .crc64nvme,
                checksum: { () throws(S3Error) in value }),
            condition: .none, cause: EventCause(.postObject, by: self.call.trace))
        return self.answer(written, key: key, customerKey: attributes.encryption.customerKey)
    }

    /// SIG-72: the fields of one version must be there all; without any, the request is anonymous.
    private mutating func authenticate() async throws(S3Error) {
        let signature = try self.signature()
        guard let signature else {
            self.call.principal = .anonymous
            return
        }
        // What is signed is the policy, so a signed form must have one.
        guard let policy = self.form["policy"] else { throw .postFieldMissing("policy") }
        do throws(SigningError) {
            try signature.validate(expectedRegion: self.call.service.region)
            let key = try await self.call.accounts.key(
                signature.accessKeyID, sessionToken: self.form["x-amz-security-token"])
            try signature.verify(policy: policy, secret: key.secret)
            self.call.environment.uses?.note(key.principal, accessKeyID: signature.accessKeyID, service: "s3")
            self.call.principal = key.principal
            self.call.authentication = RequestAuthentication(
                type: "POST", version: signature.versionName == "SigV2" ? "AWS" : "AWS4-HMAC-SHA256")
        } catch {
            let refused = S3Error(error)
            self.call.environment.authorizer.note(
                FailedAuthentication(
                    refused, head: self.call.head, accessKeyID: signature.accessKeyID, operation: "PostObject",
                    requestID: self.call.requestID))
            throw refused
        }
        self.call.trace.note(
            principal: self.call.principal, signature: signature.versionName, authentication: "POST")
    }

    private func signature() throws(S3Error) -> PostSignature? {
        let v4 = [
            ("x-amz-algorithm", "X-Amz-Algorithm"), ("x-amz-credential", "X-Amz-Credential"),
            ("x-amz-date", "X-Amz-Date"), ("x-amz-signature", "X-Amz-Signature"),
        ]
        if v4.contains(where: { self.form[$0.0] != nil }) {
            var values: [String] = []
            for (name, shown) in v4 {
                guard let value = self.form[name] else { throw S3Error.postFieldMissing(shown) }
                values.append(value)
            }
            do {
                return try PostSignature.version4(
                    algorithm: values[0], credential: values[1], date: values[2], signature: values[3])
            } catch {
                throw S3Error(error)
            }
        }
        let accessKeyID = self.form["awsaccesskeyid"]
        let signature = self.form["signature"]
        if accessKeyID == nil, signature == nil { return nil }
        guard let signature else { throw S3Error.postFieldMissing("Signature") }
        guard let accessKeyID else { throw S3Error.postFieldMissing("AWSAccessKeyId") }
        guard self.call.acceptsSigV2 else { throw S3Error(SigningError.mechanismNotSupported) }
        return .v2(accessKeyID: accessKeyID, signature: signature)
    }

    /// SIG-74
    private func answer(_ written: WrittenVersion, key: ObjectKey, customerKey: CustomerKey?) -> HTTPAnswer {
        let etag = written.record.etag
        var headers = HeaderFields()
        headers.append("etag", "\"\(etag)\"")
        if !written.record.isNull { headers.appendVersion(of: written.record, in: written.bucket) }
        headers.appendEncryption(of: written.record, customerKey: customerKey)
        headers.appendChecksum(written.record.checksum.checksum)
        switch PostResult(self.form, bucket: written.bucket.name, key: key, etag: etag) {
        case .redirect(let url):
            headers.append("location", url)
            return HTTPAnswer(status: 303, headers: headers)
        case .status(let status):
            let path = PercentEncoding.encode(key.bytes, keepingSlash: true)
            let location =
                self.call.isVirtualHosted
                ? "\(self.call.baseURL)/\(path)" : "\(self.call.baseURL)/\(written.bucket.name)/\(path)"
            headers.append("location", location)
            guard status == 201 else { return HTTPAnswer(status: status, headers: headers) }
            let document = PostResult.document(
                location: location, bucket: written.bucket.name, key: key, etag: etag)
            headers.set("content-type", "application/xml")
            return HTTPAnswer(status: 201, headers: headers, body: .bytes(ByteBuffer(bytes: document)))
        }
    }
}
