import Crypto
import NIOCore
import TernControlPlane
import TernCore

/// A region that the benchmark works on.
struct BenchRegion: Sendable {
    var name: RegionName
    var endpoint: String
    var signer: LoadSigner

    init(_ region: FederatedRegion, account: ConfiguredAccount) throws {
        self.name = region.name
        self.endpoint = region.endpoint
        self.signer = LoadSigner(endpoint: try LoadEndpoint(region.endpoint), region: region.name, account: account)
    }

    /// Makes a bucket, with versioning if replication needs it.
    func makeBucket(_ bucket: String, isVersioned: Bool) async throws {
        let location =
            self.name == .usEast1
            ? ""
            : "<CreateBucketConfiguration><LocationConstraint>\(self.name)</LocationConstraint></CreateBucketConfiguration>"
        try await self.put("/\(bucket)", location)
        if isVersioned {
            try await self.put(
                "/\(bucket)?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
        }
    }

    /// Makes the role that replicates, once.
    func makeRole() async throws {
        try await self.identity([
            ("Action", "CreateRole"), ("RoleName", Self.role), ("AssumeRolePolicyDocument", Self.trustPolicy),
        ])
        try await self.identity([
            ("Action", "PutRolePolicy"), ("RoleName", Self.role), ("PolicyName", "replicate"),
            ("PolicyDocument", Self.rolePolicy),
        ])
    }

    private static let role = "tern-bench"
    private static let trustPolicy = """
        {"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},\
        "Action":"sts:AssumeRole"}}
        """
    private static let rolePolicy = """
        {"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:GetReplicationConfiguration","s3:ListBucket",\
        "s3:GetObjectVersionForReplication","s3:GetObjectVersionAcl","s3:GetObjectVersionTagging","s3:ReplicateObject",\
        "s3:ReplicateDelete","s3:ReplicateTags"],"Resource":"*"}}
        """

    private func identity(_ parameters: [(String, String)]) async throws {
        let request = try self.signer.identityRequest(parameters + [("Version", "2010-05-08")])
        let connection = try await LoadConnection.connect(to: self.signer.endpoint)
        let sample = try await connection.run([request])[0]
        await connection.close()
        // 409: an earlier run has made it.
        guard (200..<300).contains(sample.status) || sample.status == 409 else {
            throw CommandFailure(
                "\(self.name): \(parameters[0].1) answers \(sample.status); the log of the region may say why")
        }
    }

    /// Makes rules that replicate everything, one for each destination.
    func replicate(_ source: String, to destinations: [String], account: AccountID) async throws {
        let rules = destinations.enumerated().map { index, destination in
            """
            <Rule><ID>bench-\(index)</ID>\
            <Priority>\(index)</Priority><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>\
            <DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>\
            <Destination><Bucket>arn:aws:s3:::\(destination)</Bucket></Destination></Rule>
            """
        }
        try await self.put(
            "/\(source)?replication",
            """
            <ReplicationConfiguration><Role>arn:aws:iam::\(account):role/\(Self.role)</Role>\(rules.joined())\
            </ReplicationConfiguration>
            """)
    }

    private func put(_ target: String, _ document: String) async throws {
        let digest = Array(Insecure.MD5.hash(data: Array(document.utf8)))
        let request = try self.signer.request(
            "PUT", target, headers: [.init(name: "content-md5", value: Base64.encode(digest))],
            body: ByteBuffer(string: document))
        let connection = try await LoadConnection.connect(to: self.signer.endpoint)
        let sample = try await connection.run([request])[0]
        await connection.close()
        guard (200..<300).contains(sample.status) else {
            throw CommandFailure(
                "\(self.name): PUT \(target) answers \(sample.status); the log of the region may say why")
        }
    }
}

/// What the benchmark works on.
struct BenchTarget: Sendable {
    var account: ConfiguredAccount
    var source: BenchRegion
    /// Where the source replicates to; `nil` when there is only one region.
    var destination: BenchRegion?
    /// A region beside it that stores in clear; `nil` where that is not measured.
    var clear: BenchRegion?
    /// Asks the source how much is pending.
    var operatorClient: OperatorClient
    /// Set where the benchmark started the regions itself, and so may stop one.
    var processes: ProcessFederation?
    /// A directory on the disk of the regions.
    var scratch: String
}
