import TernCore
import TernRecords

/// The ARN that an asynchronous request is followed by.
///
/// It names us-west-2, wherever the home region is: all tokens do.
struct MultiRegionAccessPointToken: Hashable, Sendable {
    var account: AccountID
    /// In lower case.
    var operation: String
    var id: String

    init(account: AccountID, operation: String, id: String) {
        self.account = account
        self.operation = operation
        self.id = id
    }

    init(_ request: MultiRegionAccessPointRequestRecord) {
        self.init(
            account: AccountID(trusted: request.account), operation: request.operation.lowercased(), id: request.id)
    }

    /// `nil` for a text that is no token.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[1] == "aws", parts[2] == "s3", parts[3] == "us-west-2",
            let account = AccountID(String(parts[4]))
        else { return nil }
        let path = parts[5].split(separator: "/", omittingEmptySubsequences: false)
        guard path.count == 4, path[0] == "async-request", path[1] == "mrap" else { return nil }
        self.init(account: account, operation: String(path[2]), id: String(path[3]))
    }

    var arn: String { "arn:aws:s3:us-west-2:\(self.account):async-request/mrap/\(self.operation)/\(self.id)" }
}

extension MultiRegionAccessPointRequestRecord {
    /// The operation that it came by.
    var operation: String {
        switch self.parameters {
        case .creation: "CreateMultiRegionAccessPoint"
        case .deletion: "DeleteMultiRegionAccessPoint"
        case .policyChange: "PutMultiRegionAccessPointPolicy"
        case nil: ""
        }
    }
}
