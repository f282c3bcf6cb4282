import Logging
import NIOCore
import TernCore
import TernPorts
import TernS3Protocol

extension PeerRouter {
    /// The request of one who joins is short; whoever sends it has proven nothing yet.
    private static let maximumJoinRequestBytes = 8 * 1024
    /// How long an invitation is good for, in seconds.
    private static let validity = Int64(60)...(7 * 86_400)

    func listRegions() async -> HTTPAnswer {
        let regions = await self.regions?.regions() ?? []
        let home = self.federation.home.description
        var json = JSONText()
        json.object { json in
            json.member("home", home)
            json.array("regions", regions) { json, region in
                json.object { json in
                    json.member("name", region.name)
                    json.member("endpoint", region.endpoint)
                    json.member("hasJoined", region.hasJoined)
                }
            }
        }
        return Self.json(json.text)
    }

    func inviteRegion(_ target: RequestTarget) async throws(S3Error) -> HTTPAnswer {
        let regions = try self.homeRegions()
        guard let name = target["name"], let seconds = Int64(target["seconds"] ?? "3600"),
            Self.validity.contains(seconds)
        else { return Self.text(400, "a name, and from one minute to seven days in seconds, are needed") }
        let token = try await regions.invite(name, validSeconds: seconds)
        self.logger.notice("a region was invited", metadata: ["name": "\(name)", "seconds": "\(seconds)"])
        var json = JSONText()
        json.object { $0.member("token", token) }
        return Self.json(json.text)
    }

    /// Not signed: an invitation proves itself.
    func joinRegion(_ body: any HTTPRequestBody) async throws -> HTTPAnswer {
        let regions = try self.homeRegions()
        var bytes: [UInt8] = []
        while let chunk = try await body.next() {
            guard bytes.count + chunk.readableBytes <= Self.maximumJoinRequestBytes else {
                throw FramingError("the request is too large")
            }
            bytes += chunk.readableBytesView
        }
        do {
            return Self.binary(ByteBuffer(bytes: try await regions.join(bytes)))
        } catch {
            self.logger.warning("a region cannot join", metadata: ["code": "\(error.code)", "why": "\(error.message)"])
            throw error
        }
    }

    func removeRegion(_ target: RequestTarget) async throws(S3Error) -> HTTPAnswer {
        let regions = try self.homeRegions()
        guard let name = target["name"] else { return Self.text(400, "a name is needed") }
        try await regions.remove(name)
        self.logger.notice("a region was removed", metadata: ["name": "\(name)"])
        return Self.text(200, "removed")
    }

    private func homeRegions() throws(S3Error) -> any RegionRegistry {
        try self.requireHome()
        guard let regions = self.regions else {
            throw S3Error(code: "NotImplemented", status: 501, message: "Regions cannot join here.")
        }
        return regions
    }
}
