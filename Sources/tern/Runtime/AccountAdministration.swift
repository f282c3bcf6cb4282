import TernControlPlane
import TernCore
import TernFederation
import TernPorts
import TernRecords
import TernS3Protocol

/// Accounts for the operator's commands, in IAM's catalog.
struct AccountAdministration: AccountRegistry {
    let catalog: IAMCatalog

    func accounts() async -> [Account] { self.catalog.state.accounts }

    func record(_ uses: [IAMUseRecord]) async throws(S3Error) {
        do throws(IAMError) {
            try await self.catalog.change { state throws(IAMError) in try state.recordUses(uses) }
        } catch {
            throw S3Error(code: error.code, status: error.status, message: error.message)
        }
    }

    func create(_ account: NewAccount) async throws(S3Error) -> CreatedAccount {
        do throws(IAMError) {
            let made = try self.catalog.makeAccessKey()
            var record = AccountRecord()
            record.canonicalID = self.catalog.makeCanonicalID()
            record.displayName = account.name
            record.email = account.email
            record.createdMs = self.catalog.now.milliseconds
            record.accessKeys = [made.key]
            let wanted = record
            let created = try await self.catalog.change { state throws(IAMError) in
                var record = wanted
                record.id = account.id ?? self.freeNumber(state)
                return try state.createAccount(record)
            }
            return CreatedAccount(account: created, accessKeyID: made.key.id, secret: made.secret)
        } catch {
            throw S3Error(code: error.code, status: error.status, message: error.message)
        }
    }

    /// 12 digits that no account has.
    private func freeNumber(_ state: IAMState) -> String {
        while true {
            let number = self.catalog.makeAccountNumber()
            if state.account(number) == nil { return number }
        }
    }
}
