import TernCore
import TernFederation
import TernPorts

/// Hands changes of IAM on to the home region, and fetches what they changed before the client has its answer: so that it
/// finds its own change in this region.
struct ControlForwarder: RequestForwarder {
    let forwarder: HTTPRequestForwarder
    /// `nil` in the home region, which has nothing to fetch.
    let copy: DirectoryCopy?

    func forward(
        _ head: HTTPRequestHead, body: any HTTPRequestBody, to region: RegionName
    ) async throws(ForwardingError) -> HTTPAnswer {
        let answer = try await self.forwarder.forward(head, body: body, to: region)
        // What cannot be fetched now comes with the log.
        if answer.status == 200 { _ = await self.copy?.catchUp() }
        return answer
    }
}
