import TernCore
import TernS3Protocol
import Testing

/// Spec s3-api §9.2, §9.3.
@Suite struct AccessControlTests {
    static let me = String(repeating: "a", count: 64)
    static let other = String(repeating: "b", count: 64)

    @Test(
        "ACL-6: what canned ACLs stand for, beside the owner's full control",
        arguments: [
            (CannedACL.private, []),
            (.publicRead, [AccessGrant(.group(.allUsers), .read)]),
            (.publicReadWrite, [AccessGrant(.group(.allUsers), .read), AccessGrant(.group(.allUsers), .write)]),
            (.authenticatedRead, [AccessGrant(.group(.authenticatedUsers), .read)]),
            (.awsExecRead, [AccessGrant(.account(CannedACL.ec2CanonicalID), .read)]),
            (.bucketOwnerRead, [AccessGrant(.account(other), .read)]),
            (.bucketOwnerFullControl, [AccessGrant(.account(other), .fullControl)]),
            (
                .logDeliveryWrite,
                [AccessGrant(.group(.logDelivery), .write), AccessGrant(.group(.logDelivery), .readACP)]
            ),
        ] as [(CannedACL, [AccessGrant])])
    func canned(_ canned: CannedACL, _ more: [AccessGrant]) {
        let list = canned.list(owner: Self.me, bucketOwner: Self.other)
        #expect(list.grants == [AccessGrant(.account(Self.me), .fullControl)] + more)
        #expect(list.isPublic == [.publicRead, .publicReadWrite, .authenticatedRead].contains(canned))
        #expect(!list.withoutPublicGrants.isPublic)
        let own = canned.list(owner: Self.me, bucketOwner: Self.me)
        if [.bucketOwnerRead, .bucketOwnerFullControl].contains(canned) { #expect(own == .ownerOnly(Self.me)) }
    }

    @Test(
        "ACL-7, ACL-8: headers that are refused",
        arguments: [
            ("x-amz-acl", "Private", S3Error.unknownCannedACL("Private")),
            ("x-amz-acl", "log-delivery-write", .unknownCannedACL("log-delivery-write")),
            ("x-amz-grant-read", "uri=x", .invalidGroupURI("x", argument: "uri")),
            ("x-amz-grant-read", "wrong", .grantNotRecognized(header: "x-amz-grant-read", value: "wrong")),
            ("x-amz-grant-read", "id=a, n=b", .grantNotRecognized(header: "x-amz-grant-read", value: "id=a, n=b")),
            ("x-amz-grant-read", "emailAddress=\"a@b\"", .methodNotAllowed("PUT", on: .object)),
        ])
    func refusedHeaders(_ name: String, _ value: String, _ error: S3Error) {
        let fields = HeaderFields([HeaderFields.Field(name: name, value: value)])
        #expect(s3Error { _ = try AccessControlHeaders(fields, for: .object, method: "PUT") } == error)
    }

    @Test("ACL-7: grants in headers, with and without quotes, and never beside a canned ACL")
    func grantHeaders() throws {
        let uri = AccessGroup.authenticatedUsers.rawValue
        let fields = headers([
            "x-amz-grant-full-control": "id=\(Self.me)",
            "x-amz-grant-read-acp": "uri=\"\(uri)\" , id=\"\(Self.other)\"",
        ])
        #expect(
            try AccessControlHeaders(fields, for: .bucket, method: "PUT")
                == .grants([
                    AccessGrant(.account(Self.me), .fullControl), AccessGrant(.group(.authenticatedUsers), .readACP),
                    AccessGrant(.account(Self.other), .readACP),
                ]))
        #expect(try AccessControlHeaders(headers(["a": "b"]), for: .bucket, method: "PUT") == nil)
        #expect(
            try AccessControlHeaders(headers(["x-amz-acl": "private"]), for: .object, method: "PUT")
                == .canned(.private))
        let both = headers(["x-amz-acl": "private", "x-amz-grant-read": "id=x"])
        #expect(
            s3Error { _ = try AccessControlHeaders(both, for: .object, method: "PUT") } == .cannedACLWithGrants)
    }

    static let xsi = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""

    private static func policy(_ grants: String, owner: String = "<Owner><ID>o</ID></Owner>") -> [UInt8] {
        bytes(
            "<AccessControlPolicy>\(owner)<AccessControlList>\(grants)</AccessControlList></AccessControlPolicy>")
    }

    private static func grant(_ type: String, _ inside: String, _ permission: String = "READ") -> String {
        "<Grant><Grantee \(self.xsi)\(type)>\(inside)</Grantee><Permission>\(permission)</Permission></Grant>"
    }

    private static let user = " xsi:type=\"CanonicalUser\""

    @Test("ACL-5: the document, there and back")
    func documents() throws {
        let list = AccessControlList([
            AccessGrant(.account(Self.me), .fullControl), AccessGrant(.group(.logDelivery), .writeACP),
        ])
        let policy = AccessControlPolicyXML(owner: Self.me, list: list)
        #expect(try AccessControlPolicyXML(decoding: policy.encode(), for: .object, method: "PUT") == policy)
        #expect(
            text(policy.encode()).contains(
                "<Grant><Grantee \(Self.xsi) xsi:type=\"CanonicalUser\"><ID>\(Self.me)</ID></Grantee>"
                    + "<Permission>FULL_CONTROL</Permission></Grant>"))
        let empty = try AccessControlPolicyXML(decoding: Self.policy(""), for: .object, method: "PUT")
        #expect(empty.list.grants.isEmpty)
    }

    @Test(
        "ACL-8: documents that are refused",
        arguments: [
            (policy("", owner: ""), S3Error.malformedACL),
            (policy(grant("", "<ID>a</ID>")), .malformedACL),
            (policy(grant(user, "")), .malformedACL),
            (policy(grant(user, "<ID>a</ID>", "ALL")), .malformedACL),
            (policy(String(repeating: grant(user, "<ID>a</ID>"), count: 101)), .malformedACL),
            (policy(grant(" xsi:type=\"Group\"", "<URI>x</URI>")), .invalidGroupURI("x", argument: "Group/URI")),
            (
                policy(grant(" xsi:type=\"AmazonCustomerByEmail\"", "<EmailAddress>a@b</EmailAddress>")),
                .methodNotAllowed("PUT", on: .bucket)
            ),
            (bytes("<Other/>"), .malformedXML),
        ])
    func refusedDocuments(_ document: [UInt8], _ error: S3Error) {
        #expect(s3Error { _ = try AccessControlPolicyXML(decoding: document, for: .bucket, method: "PUT") } == error)
    }

    @Test(
        "ACL-1: ownership controls",
        arguments: [
            ("<Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>", ObjectOwnership.objectWriter),
            ("<Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule>", .bucketOwnerPreferred),
            ("<Rule><ObjectOwnership>objectwriter</ObjectOwnership></Rule>", nil),
            ("", nil),
            ("<Rule/>", nil),
            (
                "<Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>"
                    + "<Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>", nil
            ),
        ] as [(String, ObjectOwnership?)])
    func ownership(_ inside: String, _ expected: ObjectOwnership?) throws {
        let document = bytes("<OwnershipControls>\(inside)</OwnershipControls>")
        guard let expected else {
            #expect(s3Error { _ = try ObjectOwnership(decoding: document) } == .malformedXML)
            return
        }
        #expect(try ObjectOwnership(decoding: document) == expected)
        #expect(try ObjectOwnership(decoding: expected.encode()) == expected)
    }

    @Test("§9.3: settings of Block Public Access that are missing are false")
    func publicAccessBlock() throws {
        let document = bytes(
            "<PublicAccessBlockConfiguration><BlockPublicAcls>TRUE</BlockPublicAcls></PublicAccessBlockConfiguration>")
        var expected = PublicAccessBlock()
        expected.blockPublicAcls = true
        #expect(try PublicAccessBlock(decoding: document) == expected)
        #expect(try PublicAccessBlock(decoding: PublicAccessBlock.everything.encode()) == .everything)
        let bad = bytes(
            "<PublicAccessBlockConfiguration><BlockPublicAcls>1</BlockPublicAcls></PublicAccessBlockConfiguration>")
        #expect(s3Error { _ = try PublicAccessBlock(decoding: bad) } == .malformedXML)
    }
}
