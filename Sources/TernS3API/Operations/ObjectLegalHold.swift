import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetObjectLegalHold; spec rules LCK-6, LCK-7.
    static let getObjectLegalHold = Operation(
        "GetObjectLegalHold", Route("GET", .object, query: "legal-hold"), action: "s3:GetObjectLegalHold"
    ) { call throws(S3Error) in
        let version = try await call.attributedVersion()
        if try call.bucket().objectLock == nil { throw .bucketWithoutObjectLock }
        if version.record.legalHold == .unset { throw .noSuchObjectLockConfiguration }
        return .xml(LegalHoldXML.encode(isOn: version.record.legalHold == .on))
    }

    /// Source: Amazon S3 API Reference, PutObjectLegalHold; spec rules LCK-6, LCK-13.
    static let putObjectLegalHold = Operation(
        "PutObjectLegalHold", Route("PUT", .object, query: "legal-hold"), action: "s3:PutObjectLegalHold",
        authorizesItself: true
    ) { call throws(S3Error) in
        let body = try await call.payload.document(maximumBytes: 1 << 20, requiresDigest: true)
        let decoded = Result { () throws(S3Error) in try LegalHoldXML.decode(body) }
        try await call.authorize(
            "s3:PutObjectLegalHold", bucket: try call.bucket(), key: try call.key(),
            context: (try? decoded.get()).map { ["s3:object-lock-legal-hold": [$0 ? "ON" : "OFF"]] } ?? [:])
        let isOn = try decoded.get()
        let version = try await call.service.setLegalHold(
            isOn, of: try call.versionReference(), key: try call.key(), in: call.bucketName)
        if version.record.isDeleteMarker { throw call.markerError(version) }
        return .ok
    }
}
