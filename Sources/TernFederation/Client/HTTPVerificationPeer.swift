import AsyncHTTPClient
import NIOCore
package import TernCore
package import TernObjects
package import TernRecords
import TernReplication

/// Asks other regions about replicas by requests of the federation.
package struct HTTPVerificationPeer: VerificationPeer {
    private let client: PeerClient

    package init(client: PeerClient) {
        self.client = client
    }

    package func ask(
        _ query: VerificationQuery, of region: RegionName
    ) async throws(TransportError) -> VerificationReply {
        do {
            let question = ByteBuffer(bytes: try Frames.bytes(of: query))
            let answer = try await self.client.sendExpectingOK(.verification, body: .bytes(question), to: region)
            return VerificationReply(
                answer: try Frames.message(answer.body),
                wireBytes: question.readableBytes + answer.body.readableBytes)
        } catch let error as TransportError {
            throw error
        } catch let error as FramingError {
            throw TransportError(.protocolViolation, "region \(region): \(error.message)")
        } catch {
            throw TransportError(.networkError, "region \(region): \(error)")
        }
    }
}
