import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TernControlPlane
import TernCore

/// Asks the home region to let a region join, for as long as it takes.
struct JoinClient: Sendable {
    let invitation: RegionInvitation
    let endpoint: String
    let caFile: String?
    /// Told once, when it begins to wait.
    let waits: @Sendable (String) -> Void

    private static let firstDelay = Duration.milliseconds(500)
    private static let longestDelay = Duration.seconds(10)

    /// Looks whether the region could join, or joins.
    ///
    /// - Throws: ``CommandFailure`` where waiting does not help: the home region refuses, or the invitation has expired.
    func ask(joins: Bool) async throws -> JoinAnswer {
        var delay = Self.firstDelay
        var hasTold = false
        while true {
            do {
                return try await self.askOnce(joins: joins)
            } catch let away as HomeAway {
                guard SystemClock().now < self.invitation.expires else {
                    throw CommandFailure(
                        "the home region \(away.reason), and the invitation has expired by now; make another with "
                            + "`tern region invite \(self.invitation.region)`")
                }
                if !hasTold { self.waits("the home region \(away.reason); trying again until it answers") }
                hasTold = true
                try await Task.sleep(for: delay)
                delay = min(delay * 2, Self.longestDelay)
            }
        }
    }

    /// It may answer later.
    private struct HomeAway: Error { var reason: String }

    private func askOnce(joins: Bool) async throws -> JoinAnswer {
        var question = JoinRequest(
            region: self.invitation.region.description, id: self.invitation.id,
            expiresMilliseconds: self.invitation.expires.milliseconds, endpoint: self.endpoint,
            nonce: UUID().uuidString, joins: joins)
        question.proof = self.invitation.proof(of: question.question)
        var request = HTTPClientRequest(url: self.invitation.home + "/_tern/v1/regions/join")
        request.method = .POST
        request.tlsConfiguration = try TrustedAuthorities.configuration(caFile: self.caFile)
        request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(question)))
        let status: Int
        let body: [UInt8]
        do {
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
            status = Int(response.status.code)
            body = Array(try await response.body.collect(upTo: 4 << 20).readableBytesView)
        } catch {
            throw HomeAway(reason: "at \(self.invitation.home) does not answer (\(error))")
        }
        let text = String(decoding: body.prefix(500), as: UTF8.self)
        if status == 429 || status >= 500 && status != 501 { throw HomeAway(reason: "answers \(status) (\(text))") }
        guard status == 200 else {
            throw CommandFailure("the home region at \(self.invitation.home) answers \(status): \(text)")
        }
        guard let opened = self.invitation.open(body, to: question.question),
            let answer = try? JSONDecoder().decode(JoinAnswer.self, from: Data(opened))
        else {
            throw CommandFailure(
                "what answers at \(self.invitation.home) is not the region that made the invitation; its answer does not open"
            )
        }
        return answer
    }
}
