import Synchronization
package import TernCore
package import TernS3Protocol

/// Settings that hold for a whole account: kept by the home region, followed by the others.
package final class AccountSettings: AccountPublicAccess {
    private let log: any ControlLog
    private let blocks = Mutex<[AccountID: PublicAccessBlock]>([:])

    private static let prefix = Array("account-public-access/".utf8)

    package init(log: any ControlLog) {
        self.log = log
    }

    private static func key(_ account: AccountID) -> [UInt8] { self.prefix + Array(account.description.utf8) }

    /// Reads all rows: at the start.
    package func load() async throws(ControlLogError) {
        for row in try await self.log.rows(prefix: Self.prefix) { try self.apply(row.key, row.value) }
    }

    /// Takes up rows that the log of the home region has changed here.
    package func refresh(_ keys: [[UInt8]]) async throws(ControlLogError) {
        for key in keys where key.starts(with: Self.prefix) { try self.apply(key, try await self.log.row(key)) }
    }

    private func apply(_ key: [UInt8], _ value: [UInt8]?) throws(ControlLogError) {
        let text = String(decoding: key.dropFirst(Self.prefix.count), as: UTF8.self)
        guard let account = AccountID(text) else { throw ControlLogError("the row of the account \(text) is damaged") }
        var block: PublicAccessBlock?
        if let value {
            do {
                block = try PublicAccessBlock(decoding: value)
            } catch {
                throw ControlLogError("the public access block of the account \(account) cannot be read")
            }
        }
        let stored = block
        self.blocks.withLock { $0[account] = stored }
    }

    /// What the account has set; `nil` where nothing is.
    package func configured(_ account: AccountID) -> PublicAccessBlock? { self.blocks.withLock { $0[account] } }

    package func publicAccessBlock(of account: AccountID) -> PublicAccessBlock {
        self.configured(account) ?? PublicAccessBlock()
    }

    /// Sets it, or with `nil` takes it away. Home region only.
    package func setPublicAccessBlock(_ block: PublicAccessBlock?, of account: AccountID) async throws(ControlLogError)
    {
        let key = Self.key(account)
        let value = block?.encode()
        guard try await self.log.append([ControlWrite(key: key, value: value)], requiring: []) else {
            throw ControlLogError("the setting was changed at the same time")
        }
        try self.apply(key, value)
    }
}
