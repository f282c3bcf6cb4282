import TernCore

/// Every operation of the S3 API, in the order of precedence in which a request is matched (spec §3.2, rule ADR-9).
package enum OperationTable {
    static let all: [Operation] = service + bucketSubresources + bucketLists + objects + bucketPlain

    private static let service: [Operation] = [
        .listBuckets,
        // The same request as ListBuckets, on the hosts of directory buckets, which Tern has none of.
        Operation(notImplemented: "ListDirectoryBuckets", Route("GET", .service)),
    ]

    /// Operations on the bucket itself, which any known sub-resource goes before.
    private static let bucketPlain: [Operation] = [
        // No bucket can have this name.
        Operation(
            notImplemented: "WriteGetObjectResponse", Route("POST", .bucket, path: "/WriteGetObjectResponse")),
        .listObjects, .createBucket, .headBucket, .deleteBucket, .postObject,
    ]

    private static let bucketLists: [Operation] = [
        .listObjectVersions, .listMultipartUploads, .listObjectsV2, .deleteObjects,
    ]

    /// Sub-resources that are kept as documents.
    private static let bucketDocuments: [Operation] = [
        .getBucketAbac, .putBucketAbac,
        .getBucketAccelerate, .putBucketAccelerate,
        .getBucketCORS, .putBucketCORS, .deleteBucketCORS,
        .getBucketEncryption, .putBucketEncryption, .deleteBucketEncryption,
        .getBucketLogging, .putBucketLogging,
        .getBucketNotification, .putBucketNotification,
        .getBucketNotification.named("GetBucketNotification"),
        .putBucketNotification.named("PutBucketNotification"),
        .getBucketPolicy, .putBucketPolicy, .deleteBucketPolicy, .getBucketPolicyStatus,
        .getBucketRequestPayment, .putBucketRequestPayment,
        .getBucketWebsite, .putBucketWebsite, .deleteBucketWebsite,
    ]

    private static let bucketSubresources: [Operation] =
        bucketSettings + bucketDocuments + Operation.namedConfigurations + unsupportedSubresources

    private static let bucketSettings: [Operation] =
        [
            .getBucketLocation,
            .getBucketVersioning, .putBucketVersioning,
            .getBucketReplication, .putBucketReplication, .deleteBucketReplication,
            .getBucketTagging, .putBucketTagging, .deleteBucketTagging,
            .getBucketLifecycleConfiguration, .putBucketLifecycleConfiguration, .deleteBucketLifecycle,
            .getBucketLifecycle, .putBucketLifecycle,
            .getBucketAcl, .putBucketAcl,
            .getBucketOwnershipControls, .putBucketOwnershipControls, .deleteBucketOwnershipControls,
            .getPublicAccessBlock, .putPublicAccessBlock, .deletePublicAccessBlock,
            .getObjectLockConfiguration, .putObjectLockConfiguration,
        ]

    private static let unsupportedSubresources: [Operation] =
        unsupported(
            .bucket,
            [
                (
                    "metadataConfiguration",
                    ["GetBucketMetadataConfiguration", nil, "DeleteBucketMetadataConfiguration"]
                ),
                (
                    "metadataTable",
                    ["GetBucketMetadataTableConfiguration", nil, "DeleteBucketMetadataTableConfiguration"]
                ),
                ("metadataInventoryTable", [nil, "UpdateBucketMetadataInventoryTableConfiguration", nil]),
                ("metadataJournalTable", [nil, "UpdateBucketMetadataJournalTableConfiguration", nil]),
                ("session", ["CreateSession", nil, nil]),
            ]
        ) + [
            Operation(
                notImplemented: "CreateBucketMetadataConfiguration",
                Route("POST", .bucket, query: "metadataConfiguration")),
            Operation(
                notImplemented: "CreateBucketMetadataTableConfiguration", Route("POST", .bucket, query: "metadataTable")
            ),
        ]

    private static let objects: [Operation] =
        [
            .getObjectAttributes,
            .getObjectTagging, .putObjectTagging, .deleteObjectTagging,
            .getObjectAcl, .putObjectAcl,
            .updateObjectEncryption,
            .getObjectRetention, .putObjectRetention, .getObjectLegalHold, .putObjectLegalHold,
            .listParts, .uploadPartCopy, .uploadPart, .completeMultipartUpload, .abortMultipartUpload,
            .createMultipartUpload,
        ]
        + unsupported(
            .object,
            [
                ("torrent", ["GetObjectTorrent", nil, nil]),
                ("renameObject", [nil, "RenameObject", nil]),
                ("annotation", ["GetObjectAnnotation", "PutObjectAnnotation", "DeleteObjectAnnotation"]),
                ("annotations", ["ListObjectAnnotations", nil, nil]),
            ]
        ) + [
            .restoreObject,
            Operation(notImplemented: "SelectObjectContent", Route("POST", .object, query: "select")),
            .getObject, .headObject, .copyObject, .putObject, .deleteObject,
        ]

    /// Operations of a sub-resource, named by GET, PUT and DELETE, that are known and refused.
    private static func unsupported(_ resource: Route.Resource, _ rows: [(String, [String?])]) -> [Operation] {
        rows.flatMap { query, names in
            zip(["GET", "PUT", "DELETE"], names).compactMap { method, name in
                guard let name else { return nil }
                var route = Route(method, resource)
                route.query = query.split(separator: "&").map(String.init)
                return Operation(notImplemented: name, route)
            }
        }
    }

    private static let index: [String: [Operation]] = Dictionary(grouping: all) { operation in
        operation.route.method + operation.route.resource.rawValue
    }

    /// The query parameters that name a sub-resource, by the kind of resource.
    private static let subresources: [String: Set<String>] = {
        let parameters: Set<String> = ["id", "list-type=2", "partNumber"]
        var names: [String: Set<String>] = [:]
        for operation in OperationTable.all {
            for name in operation.route.query where !parameters.contains(name) {
                names[operation.route.resource.rawValue, default: []].insert(name)
            }
        }
        return names
    }()

    /// The operation that a request asks for, or `nil` if the resource has none for the method.
    static func match(
        method: String, resource: Route.Resource, target: RequestTarget, headers: HeaderFields
    ) -> Operation? {
        guard let candidates = self.index[method + resource.rawValue] else { return nil }
        return candidates.first { operation in
            for name in operation.route.query {
                if name == "list-type=2" {
                    guard target["list-type"] == "2" else { return false }
                } else if !target.has(name) {
                    return false
                }
            }
            if let path = operation.route.path, path != target.rawPath { return false }
            // A write to a sub-resource that has none, or lacks a parameter, must not become one of the whole bucket or
            // object: DELETE ?acl deletes nothing.
            if operation.route.query.isEmpty, !target.query.isEmpty, method == "PUT" || method == "DELETE",
                self.subresources[resource.rawValue]?.contains(where: { target.has($0) }) == true
            {
                return false
            }
            return operation.route.header.map { headers.contains($0) } ?? true
        }
    }

    /// The coverage table of `docs/api-coverage.md`, which a test compares with the file.
    package static var coverageMarkdown: String {
        var lines = [
            "# S3 API coverage",
            "",
            "Written by `tern api-coverage`; a test compares this page with the router. *Implemented* operations do all "
                + "that the S3 API Reference says, apart from what `docs/architecture.md` lists as open; *Stored* ones "
                + "are validated, kept and returned, and nothing acts on them yet; *NotImplemented* ones answer 501 "
                + "`NotImplemented`.",
            "",
            "| Operation | Method and resource | State |",
            "|---|---|---|",
        ]
        for operation in self.all.sorted(by: { $0.name < $1.name }) {
            let state =
                switch operation.support {
                case .implemented: "Implemented"
                case .stored: "Stored"
                case .notImplemented: "NotImplemented"
                }
            lines.append("| \(operation.name) | `\(operation.route.description)` | \(state) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
