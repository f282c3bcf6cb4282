import NIOCore
import TernPorts

extension PeerRouter {
    /// The most that a record of a key, with its policy and all its bytes, takes.
    private static let maximumKeyRequestBytes = 1 << 20

    func askKeys(_ body: any HTTPRequestBody) async throws -> HTTPAnswer {
        guard let keys = self.keys else { return Self.text(404, "this region has no root key, and so no keys") }
        var bytes: [UInt8] = []
        while let chunk = try await body.next() {
            guard bytes.count + chunk.readableBytes <= Self.maximumKeyRequestBytes else {
                throw FramingError("the request is too large")
            }
            bytes += chunk.readableBytesView
        }
        return Self.binary(ByteBuffer(bytes: await keys(bytes)))
    }
}
