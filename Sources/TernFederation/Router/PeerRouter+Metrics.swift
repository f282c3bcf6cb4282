import NIOCore
import TernCore
import TernObjects
import TernPorts

extension PeerRouter {
    /// The most that the samples of one request take.
    private static let maximumSampleBytes = 4 << 20

    /// Publishes what another region sends of the rules whose destinations are here.
    func takeMetrics(_ body: any HTTPRequestBody) async throws -> HTTPAnswer {
        guard let publish = self.publish else { return Self.text(404, "this region keeps no metrics") }
        var bytes: [UInt8] = []
        while let chunk = try await body.next() {
            guard bytes.count + chunk.readableBytes <= Self.maximumSampleBytes else {
                throw FramingError("the request is too large")
            }
            bytes += chunk.readableBytesView
        }
        return await publish(bytes) ? Self.text(200, "ok") : Self.text(503, "the metrics cannot be stored")
    }
}
