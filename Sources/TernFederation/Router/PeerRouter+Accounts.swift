import Logging
import NIOCore
import TernCore
import TernPorts
import TernRecords
import TernS3Protocol

extension PeerRouter {
    func listAccounts() async -> HTTPAnswer {
        let accounts = await self.accounts?.accounts() ?? []
        var json = JSONText()
        json.object { json in
            json.array("accounts", accounts) { json, account in
                json.object { Self.write(account, to: &$0) }
            }
        }
        return Self.json(json.text)
    }

    func createAccount(_ target: RequestTarget) async throws -> HTTPAnswer {
        try self.requireHome()
        guard let accounts = self.accounts, let name = target["name"], let email = target["email"] else {
            throw FramingError("an account has a name and an email")
        }
        let made = try await accounts.create(NewAccount(id: target["id"], name: name, email: email))
        self.logger.notice("account made", metadata: ["account": "\(made.account.id)", "name": "\(name)"])
        var json = JSONText()
        json.object { json in
            Self.write(made.account, to: &json)
            json.member("accessKey", made.accessKeyID)
            json.member("secretKey", made.secret)
        }
        return Self.json(json.text)
    }

    private static let maximumUseBytes = 1 << 20

    func takeUses(_ body: any HTTPRequestBody) async throws -> HTTPAnswer {
        try self.requireHome()
        guard let accounts = self.accounts else { return Self.text(404, "this region has no accounts") }
        var bytes = ByteBuffer()
        while var chunk = try await body.next() {
            guard bytes.readableBytes + chunk.readableBytes <= Self.maximumUseBytes else {
                throw FramingError("the request is too large")
            }
            bytes.writeBuffer(&chunk)
        }
        try await accounts.record(try Frames.decode(&bytes, as: IAMUseRecord.self))
        return Self.text(200, "recorded")
    }

    private static func write(_ account: Account, to json: inout JSONText) {
        json.member("id", account.id.description)
        json.member("canonicalId", account.canonicalID)
        json.member("name", account.displayName)
        json.member("email", account.email)
    }
}
