import Foundation
import TernControlPlane
import TernCore
import TernFederation
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

/// Regions for the operator's commands, and for those who join.
struct RegionAdministration: RegionRegistry {
    let joined: JoinedRegions
    let map: RegionMap
    let configuration: RegionConfiguration
    let directory: DirectoryStore
    let rootKey: AESRootKey?
    let wall: any WallClock

    func regions() async -> [KnownRegion] {
        self.map.endpoints
            .map { KnownRegion(name: $0.description, endpoint: $1, hasJoined: !self.map.isConfigured($0)) }
            .sorted { $0.name < $1.name }
    }

    func invite(_ name: String, validSeconds: Int64) async throws(S3Error) -> String {
        let credential = try self.credential()
        guard let region = RegionName(name) else {
            throw Self.refused(400, "`\(name)` is no name of a region; use 1 to 63 of a-z, 0-9 and -")
        }
        guard !region.isOfOtherPartition else {
            throw Self.refused(400, "AWS's tools make ARNs of another partition for `\(name)`; choose another name")
        }
        guard region != self.configuration.region else { throw Self.refused(409, "\(region) is the home region") }
        return RegionInvitation.make(
            region: region, home: self.configuration.endpoint, expires: self.wall.now + .seconds(validSeconds),
            federationSecret: credential.secretKey
        ).token
    }

    func join(_ bytes: [UInt8]) async throws(S3Error) -> [UInt8] {
        let credential = try self.credential()
        guard let request = try? JSONDecoder().decode(JoinRequest.self, from: Data(bytes)),
            let region = RegionName(request.region)
        else { throw Self.refused(400, "the request cannot be read") }
        let invitation = RegionInvitation(
            region: region, expires: Timestamp(milliseconds: request.expiresMilliseconds), id: request.id,
            home: self.configuration.endpoint, federationSecret: credential.secretKey)
        guard invitation.isProof(request.proof, of: request.question) else {
            throw Self.refused(403, "the invitation is not of this federation")
        }
        guard self.wall.now < invitation.expires else {
            throw Self.refused(403, "the invitation has expired; make another with `tern region invite \(region)`")
        }
        guard region != self.configuration.region else { throw Self.refused(409, "\(region) is the home region") }
        guard RegionConfiguration.normalEndpoint(request.endpoint) == request.endpoint else {
            throw Self.refused(400, "the endpoint `\(request.endpoint)` is not http(s)://HOST:PORT")
        }
        let joining: JoinedRegions.Joining
        do throws(ControlLogError) {
            if request.joins {
                joining = try await self.joined.join(region, endpoint: request.endpoint)
            } else {
                joining = self.joined.look(region, endpoint: request.endpoint)
            }
        } catch {
            throw S3Error(code: "ServiceUnavailable", status: 503, message: error.message)
        }
        switch joining {
        case .joined, .known: break
        case .otherEndpoint(let known):
            throw Self.refused(409, "\(region) is a region already, at \(known); `tern region list` shows them")
        case .endpointTaken(let other):
            throw Self.refused(409, "\(request.endpoint) is the endpoint of \(other)")
        }
        var regions = self.map.endpoints
        regions[region] = request.endpoint
        let answer = JoinAnswer(
            home: self.configuration.region.description,
            regions: regions.map { JoinAnswer.Region(name: $0.description, endpoint: $1) }
                .sorted { $0.name < $1.name },
            credential: credential,
            accounts: self.configuration.accounts.map {
                .init(
                    id: $0.id.description, accessKey: $0.accessKey, secretKey: $0.secretKey, name: $0.displayName,
                    email: $0.email)
            },
            baseDomains: self.configuration.baseDomains,
            rootKeyCheck: self.rootKey.map {
                Base64.encode($0.seal(JoinAnswer.rootKeyText, label: JoinAnswer.rootKeyLabel))
            },
            isNew: joining == .joined)
        guard let text = try? JSONEncoder().encode(answer),
            let sealed = invitation.seal(Array(text), to: request.question)
        else { throw S3Error(code: "InternalError", status: 500, message: "The answer cannot be written.") }
        return sealed
    }

    func remove(_ name: String) async throws(S3Error) {
        guard let region = RegionName(name), self.map.contains(region) else {
            throw Self.refused(404, "there is no region \(name)")
        }
        if self.map.isConfigured(region) {
            throw Self.refused(409, "\(name) stands in the configuration; take it out there, in every region")
        }
        var last = ""
        while true {
            let page = try await self.directory.records(after: last, limit: 1000)
            if let bucket = page.first(where: { $0.region == name }) {
                throw Self.refused(409, "\(name) has buckets, such as \(bucket.name); delete them first")
            }
            guard let end = page.last else { break }
            last = end.name
        }
        do throws(ControlLogError) {
            guard try await self.joined.remove(region) else { throw ControlLogError("the region did not join") }
        } catch {
            throw S3Error(code: "ServiceUnavailable", status: 503, message: error.message)
        }
    }

    private func credential() throws(S3Error) -> FederationCredential {
        guard let credential = self.configuration.federationCredential else {
            throw Self.refused(
                409, "the home region has no federation.credential; give it one, and start it again, before others join"
            )
        }
        return credential
    }

    private static func refused(_ status: Int, _ message: String) -> S3Error {
        S3Error(code: status == 403 ? "InvitationRefused" : "CannotJoin", status: status, message: message)
    }
}
