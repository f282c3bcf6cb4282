import AsyncHTTPClient
import NIOCore
import SwiftProtobuf
import TernCore
package import TernObjects
package import TernRecords
package import TernS3Protocol

/// The federation's bucket names, as a region sees them that is not the home region: asked for over the wire.
package struct RemoteNamespace: BucketNamespace {
    private let client: PeerClient

    package init(client: PeerClient) {
        self.client = client
    }

    package func reserve(_ record: DirectoryRecord) async throws(S3Error) -> DirectoryStore.Reservation {
        let answer = try await self.ask(.reserve, record)
        guard let found = try? DirectoryRecord(serializedBytes: Array(answer.body.readableBytesView)) else {
            throw self.unavailable("its answer cannot be read")
        }
        return answer.headers[Self.reservationHeader] == "reserved" ? .reserved(found) : .exists(found)
    }

    package func confirm(_ name: String, bucketID: UInt64) async throws(S3Error) {
        _ = try await self.ask(.confirm, Self.record(name, bucketID))
    }

    package func release(_ name: String, bucketID: UInt64) async throws(S3Error) {
        _ = try await self.ask(.release, Self.record(name, bucketID))
    }

    /// `reserved` or `exists`.
    static let reservationHeader = "x-tern-reservation"

    private static func record(_ name: String, _ bucketID: UInt64) -> DirectoryRecord {
        var record = DirectoryRecord()
        record.name = name
        record.bucketID = bucketID
        return record
    }

    private func ask(_ path: PeerPath, _ record: DirectoryRecord) async throws(S3Error) -> PeerAnswer {
        do {
            let body = ByteBuffer(bytes: try Frames.bytes(of: record))
            return try await self.client.sendExpectingOK(path, body: .bytes(body), to: self.client.federation.home)
        } catch {
            throw self.unavailable("\(error)")
        }
    }

    private func unavailable(_ why: String) -> S3Error {
        S3Error(
            code: "ServiceUnavailable", status: 503,
            message:
                "Buckets cannot be created or deleted while the home region \(self.client.federation.home) cannot be "
                + "reached; everything else goes on. Please retry. (\(why))")
    }
}
