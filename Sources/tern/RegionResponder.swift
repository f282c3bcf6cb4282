import TernControlAPI
import TernCore
import TernFederation
import TernHTTPServer
import TernPorts
import TernS3API
import TernS3Protocol
import TernSigV4

/// Requests between regions by their path, those of the control plane by their signature, all others to S3. No bucket can be called `_tern`.
struct RegionResponder: HTTPResponder {
    let peers: PeerRouter
    let control: ControlResponder
    let s3: S3Responder
    let seal: ForwardingSeal?

    func respond(to received: HTTPRequestHead, body: any HTTPRequestBody) async -> HTTPAnswer {
        let head = self.withOrigin(received)
        if head.target.hasPrefix("/_tern/"), let answer = await self.peers.handle(head, body: body) { return answer }
        if let answer = await self.control.respond(to: head, body: body) { return answer }
        return await self.s3.respond(to: head, body: body)
    }
}

extension RegionResponder {
    /// A request that another region handed on, as it came to that region.
    private func withOrigin(_ head: HTTPRequestHead) -> HTTPRequestHead {
        guard let value = head.headers[ForwardingSeal.header],
            let (address, isSecure) = self.seal?.open(
                value, method: head.method, target: head.target, authorization: head.headers["authorization"])
        else { return head }
        var head = head
        head.remoteAddress = address
        head.isSecure = isSecure
        head.isHandedOn = head.headers.contains(ForwardedRequest.markerHeader)
        return head
    }
}
