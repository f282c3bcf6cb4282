import Logging
import TernCore
import TernPorts
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

    private static func write(_ account: Account, to json: inout JSONText) {
        json.member("id", account.id.description)
        json.member("canonicalId", account.canonicalID)
        json.member("name", account.displayName)
        json.member("email", account.email)
    }
}
