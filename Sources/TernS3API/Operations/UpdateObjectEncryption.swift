import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, UpdateObjectEncryption.
    static let updateObjectEncryption = Operation(
        "UpdateObjectEncryption", Route("PUT", .object, query: "encryption"), action: "s3:UpdateObjectEncryption",
        authorizesItself: true
    ) { call throws(S3Error) in
        let body = try await call.payload.document(maximumBytes: 1 << 20)
        let decoded = Result { () throws(S3Error) in try ObjectEncryptionXML(decoding: body) }
        let bucket = try call.bucket()
        let key = try call.key()
        var context: [String: [String]] = [:]
        if let asked = try? decoded.get() {
            context["s3:x-amz-server-side-encryption"] = ["aws:kms"]
            context["s3:x-amz-server-side-encryption-aws-kms-key-id"] = [asked.keyARN]
        }
        // The one permission says that the encryption may be changed, the other that the object may.
        try await call.authorize("s3:UpdateObjectEncryption", bucket: bucket, key: key, context: context)
        try await call.authorize("s3:PutObject", bucket: bucket, key: key, context: context)
        if call.authentication.version == "AWS" { throw .encryptionUpdateWithoutSignature4 }
        let asked = try decoded.get()
        guard ARN.account(of: asked.keyARN) == bucket.owner else { throw .encryptionUpdateWithForeignKey }
        let version = try await call.service.updateEncryption(
            of: try call.versionReference(), key: key, in: call.bucketName,
            to: EncryptionRequest.KMSChoice(keyID: asked.keyARN, usesBucketKey: asked.usesBucketKey),
            by: call.keyCaller)
        if version.record.isDeleteMarker { throw call.markerError(version) }
        return .ok
    }
}
