import TernControlPlane
import TernCore
import TernPorts
import TernRecords
import TernS3Protocol

/// What requests about Multi-Region Access Points say, read and checked (MRP-1, MRP-2).
enum MultiRegionAccessPointDocuments {
    /// An asynchronous request: who may send it again, and what it asks for.
    struct Request: Sendable {
        var clientToken: String
        var parameters: MultiRegionAccessPointRequestRecord.OneOf_Parameters
    }

    static func creation(_ body: [UInt8]) throws(S3Error) -> Request {
        let (token, details) = try self.request(body, "CreateMultiRegionAccessPointRequest")
        var wanted = MultiRegionAccessPointCreation()
        wanted.name = try self.name(details)
        if let block = details["PublicAccessBlock"] {
            wanted.publicAccessBlock = PublicAccessBlockRecord(try PublicAccessBlock(block))
        }
        let regions = details["Regions"]?.children(named: "Region") ?? []
        guard !regions.isEmpty else { throw .malformedXML }
        guard regions.count <= MultiRegionAccessPointState.maximumRegions else {
            throw .tooManyMultiRegionAccessPointRegions
        }
        for region in regions {
            var sent = MultiRegionAccessPointCreation.Region()
            guard let bucket = try region.leafText(of: "Bucket"), !bucket.isEmpty else { throw .malformedXML }
            sent.bucket = bucket
            if let account = try region.leafText(of: "BucketAccountId") {
                guard AccountID(account) != nil else {
                    throw .invalidRequest("The BucketAccountId \(account) is not the ID of an account.")
                }
                sent.account = account
            }
            wanted.regions.append(sent)
        }
        return Request(clientToken: token, parameters: .creation(wanted))
    }

    static func deletion(_ body: [UInt8]) throws(S3Error) -> Request {
        let (token, details) = try self.request(body, "DeleteMultiRegionAccessPointRequest")
        var wanted = MultiRegionAccessPointDeletion()
        wanted.name = try self.name(details)
        return Request(clientToken: token, parameters: .deletion(wanted))
    }

    static func policyChange(_ body: [UInt8]) throws(S3Error) -> Request {
        let (token, details) = try self.request(body, "PutMultiRegionAccessPointPolicyRequest")
        var wanted = MultiRegionAccessPointPolicyChange()
        wanted.name = try self.name(details)
        guard let policy = try details.leafText(of: "Policy"), !policy.isEmpty else { throw .malformedXML }
        wanted.policy = policy
        return Request(clientToken: token, parameters: .policyChange(wanted))
    }

    /// W-23, W-24
    static func routes(_ body: [UInt8]) throws(S3Error) -> [MultiRegionAccessPointRouteUpdate] {
        let root = try RequestDocument.parse(body, root: "SubmitMultiRegionAccessPointRoutesRequest")
        var updates: [MultiRegionAccessPointRouteUpdate] = []
        for route in root["RouteUpdates"]?.children(named: "Route") ?? [] {
            guard let dial = try route.integer(of: "TrafficDialPercentage") else { throw .malformedXML }
            updates.append(
                MultiRegionAccessPointRouteUpdate(
                    bucket: try route.leafText(of: "Bucket"), region: try route.leafText(of: "Region"),
                    trafficDial: dial))
        }
        return updates
    }

    /// Whether a name may be an access point's.
    static func isName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        let hyphen = UInt8(ascii: "-")
        return (3...50).contains(bytes.count) && bytes.first != hyphen && bytes.last != hyphen
            && bytes.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == hyphen
            }
    }

    private static func request(
        _ body: [UInt8], _ root: String
    ) throws(S3Error) -> (token: String, details: XMLNode) {
        let root = try RequestDocument.parse(body, root: root)
        guard let token = try root.leafText(of: "ClientToken"), let details = root["Details"] else {
            throw .malformedXML
        }
        guard (1...64).contains(token.count), !token.contains(where: \.isWhitespace) else {
            throw .invalidRequest("The client token must have between 1 and 64 characters, and no blanks.")
        }
        return (token, details)
    }

    private static func name(_ details: XMLNode) throws(S3Error) -> String {
        guard let name = try details.leafText(of: "Name") else { throw .malformedXML }
        guard self.isName(name) else {
            throw .invalidRequest(
                "The name of a Multi-Region Access Point has between 3 and 50 lower-case letters, digits and hyphens, "
                    + "and neither begins nor ends with a hyphen.")
        }
        return name
    }
}
