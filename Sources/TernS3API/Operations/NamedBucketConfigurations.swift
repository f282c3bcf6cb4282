import TernCore
import TernObjects
import TernPorts
import TernS3Protocol

/// The four kinds of configuration with an ID: analytics, intelligent tiering, inventory and metrics. They differ in
/// their documents alone.
extension Operation {
    /// Put, get, delete and list of every kind.
    static let namedConfigurations: [Operation] = NamedConfigurationKind.allCases.flatMap { kind in
        [put(kind), get(kind), delete(kind), list(kind)]
    }

    /// Source: Amazon S3 API Reference, PutBucketInventoryConfiguration and its like; spec s3-api §12.5. What an inventory
    /// lists of each object is a condition of the permission (batch-replication §8.2).
    private static func put(_ kind: NamedConfigurationKind) -> Operation {
        let action = "s3:Put\(kind.name)Configuration"
        return Operation(
            "PutBucket\(kind.name)Configuration", Route("PUT", .bucket, query: kind.rawValue, "id"),
            action: action, isOnlyStored: kind.isOnlyStored, authorizesItself: kind == .inventory
        ) { call throws(S3Error) in
            let id = call.target["id"] ?? ""
            let body = try await call.configurationBody()
            let decoded = Result { () throws(S3Error) in try kind.normalized(body, id: id) }
            if kind == .inventory {
                let fields = (try? decoded.get()).map { kind.optionalFields(of: $0) } ?? []
                try await call.authorize(
                    action, bucket: try call.bucket(), key: nil,
                    context: fields.isEmpty ? [:] : ["s3:InventoryAccessibleOptionalFields": fields])
            }
            let document = try decoded.get()
            try await call.service.putNamedConfiguration(kind, id: id, document: document, of: call.bucketName)
            return .noContent
        }
    }

    /// Source: Amazon S3 API Reference, GetBucketInventoryConfiguration and its like; spec s3-api §12.2.
    private static func get(_ kind: NamedConfigurationKind) -> Operation {
        Operation(
            "GetBucket\(kind.name)Configuration", Route("GET", .bucket, query: kind.rawValue, "id"),
            action: "s3:Get\(kind.name)Configuration", isOnlyStored: kind.isOnlyStored
        ) { call throws(S3Error) in
            let found = try await call.service.namedConfiguration(
                kind, id: call.target["id"] ?? "", of: try call.bucket())
            guard let found else { throw .noSuchConfiguration }
            return .xml(found)
        }
    }

    /// Source: Amazon S3 API Reference, DeleteBucketInventoryConfiguration and its like. Not idempotent.
    private static func delete(_ kind: NamedConfigurationKind) -> Operation {
        Operation(
            "DeleteBucket\(kind.name)Configuration", Route("DELETE", .bucket, query: kind.rawValue, "id"),
            action: "s3:Put\(kind.name)Configuration", isOnlyStored: kind.isOnlyStored
        ) { call throws(S3Error) in
            try await call.service.deleteNamedConfiguration(kind, id: call.target["id"] ?? "", of: call.bucketName)
            return .noContent
        }
    }

    /// Source: Amazon S3 API Reference, ListBucketInventoryConfigurations and its like: by ID, 100 a page.
    private static func list(_ kind: NamedConfigurationKind) -> Operation {
        Operation(
            "ListBucket\(kind.name)Configurations", Route("GET", .bucket, query: kind.rawValue),
            action: "s3:Get\(kind.name)Configuration", isOnlyStored: kind.isOnlyStored
        ) { call throws(S3Error) in
            let token = call.target["continuation-token"]
            var after: String?
            if let token {
                guard case .afterKey(let id)? = ContinuationToken(wireForm: token) else {
                    throw .invalidConfigurationToken
                }
                after = String(decoding: id, as: UTF8.self)
            }
            let count = NamedConfigurationKind.pageCount
            let found = try await call.service.namedConfigurations(
                kind, of: try call.bucket(), after: after, limit: count + 1)
            let page = found.prefix(count)
            var next: String?
            if found.count > count, let last = page.last {
                next = ContinuationToken.afterKey(Array(last.id.utf8)).wireForm
            }
            return .xml(try kind.encodeList(page.map(\.document), token: token, next: next))
        }
    }
}

extension NamedConfigurationKind {
    /// Whether nothing acts on it.
    fileprivate var isOnlyStored: Bool { self != .inventory }

    /// As it stands in the names of operations and actions.
    fileprivate var name: String {
        switch self {
        case .analytics: "Analytics"
        case .intelligentTiering: "IntelligentTiering"
        case .inventory: "Inventory"
        case .metrics: "Metrics"
        }
    }
}

extension S3Error {
    static let invalidConfigurationToken = Self.invalidArgument("The continuation token provided is incorrect")
}

extension S3Call {
    /// The document of a bucket's sub-resource, whole.
    func configurationBody() async throws(S3Error) -> [UInt8] {
        try await self.payload.document(maximumBytes: RequestDocument.maximumByteCount)
    }
}
