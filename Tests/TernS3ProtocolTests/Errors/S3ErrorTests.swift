import TernCore
import TernReplication
import TernS3Protocol
import Testing

@Suite struct S3ErrorTests {
    @Test("ERR-1: the document, with details between Message and RequestId")
    func document() throws {
        let error = S3Error.noSuchVersion(try ObjectKey("a&b"), versionID: "v")
        #expect(
            text(error.document(requestID: "REQ", hostID: "HOST"))
                == "\(xmlDeclaration)<Error><Code>NoSuchVersion</Code><Message>The specified version does not exist.</Message>"
                + "<Key>a&amp;b</Key><VersionId>v</VersionId><RequestId>REQ</RequestId><HostId>HOST</HostId></Error>"
        )
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let rule: String
        let error: S3Error
        let status: Int
        let code: String
        let message: String
        let details: [String]

        init(_ rule: String, _ error: S3Error, _ status: Int, _ code: String, _ message: String, _ details: String...) {
            self.rule = rule
            self.error = error
            self.status = status
            self.code = code
            self.message = message
            self.details = details
        }

        var testDescription: String { "\(self.rule) \(self.code)" }
    }

    @Test(
        "Codes, texts and details, verbatim",
        arguments: Self.common + Self.buckets + Self.objects + Self.uploads + Self.checksums + Self.tags + Self.locks
            + Self.acls
    )
    func verbatim(_ row: Row) {
        #expect(row.error.status == row.status)
        #expect(row.error.code == row.code)
        #expect(row.error.message == row.message)
        #expect(row.error.details.map { "\($0.name)=\($0.value)" } == row.details)
    }

    static let key = ObjectKey(trusted: bytes("k"))
    static let region = RegionName(trusted: "eu-west-1")

    static let common: [Row] = [
        Row("ADR-7", .invalidURI("/%"), 400, "InvalidURI", "Couldn't parse the specified URI.", "URI=/%"),
        Row(
            "ADR-11",
            .invalidBucketName("A"),
            400,
            "InvalidBucketName",
            "The specified bucket is not valid.",
            "BucketName=A"
        ),
        Row(
            "§14",
            .keyTooLong(byteCount: 1025),
            400,
            "KeyTooLongError",
            "Your key is too long",
            "Size=1025",
            "MaxSizeAllowed=1024"
        ),
        Row(
            "RGN-1",
            .permanentRedirect(bucket: "b", endpoint: "s3.x", region: region),
            301,
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified endpoint. "
                + "Please send all future requests to this endpoint.",
            "Endpoint=s3.x",
            "Bucket=b"
        ),
        Row(
            "RGN-4",
            .authorizationHeaderRegionIsWrong("aws-global", expecting: .usEast1),
            400,
            "AuthorizationHeaderMalformed",
            "The authorization header is malformed; the region 'aws-global' is wrong; expecting 'us-east-1'",
            "Region=us-east-1"
        ),
        Row(
            "RGN-4 presigned",
            .credentialParameterRegionIsWrong("x", expecting: .usEast1),
            400,
            "AuthorizationQueryParametersError",
            "Error parsing the X-Amz-Credential parameter; the region 'x' is wrong; expecting 'us-east-1'",
            "Region=us-east-1"
        ),
        Row(
            "§1.3",
            .invalidBucketOwner("abcd"),
            400,
            "InvalidBucketOwnerAWSAccountID",
            "The value of the expected bucket owner parameter must be an AWS Account ID... [abcd]"
        ),
        Row("§1.3", .accessDenied(), 403, "AccessDenied", "Access Denied"),
        Row(
            "ERR-3",
            .methodNotAllowed("PATCH", on: .bucket),
            405,
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
            "Method=PATCH",
            "ResourceType=BUCKET"
        ),
        Row("ERR-4", .noSuchBucket("b"), 404, "NoSuchBucket", "The specified bucket does not exist", "BucketName=b"),
        Row("ERR-4", .noSuchKey(key), 404, "NoSuchKey", "The specified key does not exist.", "Key=k"),
        Row(
            "ERR-6",
            .notImplemented(header: "H", additionalMessage: "m"),
            501,
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
            "Header=H",
            "additionalMessage=m"
        ),
        Row("ERR-7", .internalError, 500, "InternalError", "We encountered an internal error. Please try again."),
        Row("ERR-7", .slowDown, 503, "SlowDown", "Please reduce your request rate."),
        Row(
            "ERR-8",
            .operationAborted,
            409,
            "OperationAborted",
            "A conflicting conditional operation is currently in progress against this resource. Please try again."
        ),
        Row(
            "ERR-10",
            .malformedXML,
            400,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema"
        ),
        Row("ERR-10", .missingRequestBody, 400, "MissingRequestBodyError", "Request Body is empty"),
        Row(
            "ERR-10",
            .maxMessageLengthExceeded(maximum: 1_048_576),
            400,
            "MaxMessageLengthExceeded",
            "Your request was too big.",
            "MaxMessageLengthBytes=1048576"
        ),
    ]

    static let buckets: [Row] = [
        Row(
            "§3.2a",
            .invalidMaxBuckets("0"),
            400,
            "InvalidArgument",
            "Argument max-buckets must be an integer between 1 and 10000.",
            "ArgumentName=max-buckets",
            "ArgumentValue=0"
        ),
        Row(
            "§3.2a",
            .invalidBucketRegion("eu-east-1"),
            400,
            "InvalidArgument",
            "Argument value eu-east-1 is not a valid AWS Region",
            "ArgumentName=bucket-region"
        ),
        Row(
            "§12.1",
            .bucketAlreadyOwnedByYou("b"),
            409,
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
            "BucketName=b"
        ),
        Row(
            "§12.1",
            .invalidLocationConstraint("x"),
            400,
            "InvalidLocationConstraint",
            "The specified location-constraint is not valid",
            "LocationConstraint=x"
        ),
        Row(
            "§12.1",
            .illegalLocationConstraint("us-west-1"),
            400,
            "IllegalLocationConstraintException",
            "The us-west-1 location constraint is incompatible for the region specific endpoint this request was sent to."
        ),
        Row(
            "§12.1",
            .illegalLocationConstraint(nil),
            400,
            "IllegalLocationConstraintException",
            "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to."
        ),
        Row(
            "§3.2a",
            .bucketNotEmpty("b", isVersioned: true),
            409,
            "BucketNotEmpty",
            "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
            "BucketName=b"
        ),
        Row(
            "§3.2a",
            .bucketNotEmpty("b", isVersioned: false),
            409,
            "BucketNotEmpty",
            "The bucket you tried to delete is not empty",
            "BucketName=b"
        ),
        Row(
            "§12.2",
            .noSuchBucketPolicy("b"),
            404,
            "NoSuchBucketPolicy",
            "The bucket policy does not exist",
            "BucketName=b"
        ),
        Row("§12.2", .noSuchTagSet("b"), 404, "NoSuchTagSet", "The TagSet does not exist", "BucketName=b"),
        Row(
            "§12.2",
            .noSuchCORSConfiguration("b"),
            404,
            "NoSuchCORSConfiguration",
            "The CORS configuration does not exist",
            "BucketName=b"
        ),
        Row(
            "§12.2",
            .noSuchLifecycleConfiguration("b"),
            404,
            "NoSuchLifecycleConfiguration",
            "The lifecycle configuration does not exist",
            "BucketName=b"
        ),
        Row(
            "§12.2, E-01",
            .replicationConfigurationNotFound("b"),
            404,
            "ReplicationConfigurationNotFoundError",
            "The replication configuration was not found",
            "BucketName=b"
        ),
        Row(
            "§12.2",
            .noSuchWebsiteConfiguration("b"),
            404,
            "NoSuchWebsiteConfiguration",
            "The specified bucket does not have a website configuration",
            "BucketName=b"
        ),
        Row(
            "§12.2",
            .objectLockConfigurationNotFound("b"),
            404,
            "ObjectLockConfigurationNotFoundError",
            "Object Lock configuration does not exist for this bucket",
            "BucketName=b"
        ),
        Row(
            "§12.2",
            .ownershipControlsNotFound("b"),
            404,
            "OwnershipControlsNotFoundError",
            "The bucket ownership controls were not found",
            "BucketName=b"
        ),
        Row(
            "§12.2",
            .noSuchPublicAccessBlockConfiguration("b"),
            404,
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
            "BucketName=b"
        ),
        Row("§12.2", .noSuchConfiguration, 404, "NoSuchConfiguration", "The specified configuration does not exist."),
        Row(
            "§14", .tooManyConfigurations, 400, "TooManyConfigurations",
            "You are attempting to create a new configuration but have already reached the 1,000-configuration limit."),
        Row(
            "§3.2b",
            .versioningStatusMissing,
            400,
            "IllegalVersioningConfigurationException",
            "The Versioning element must be specified"
        ),
        Row(
            "E-45",
            .versioningHeldByReplication,
            409,
            "InvalidBucketState",
            "A replication configuration is present on this bucket, so you cannot change the versioning state. "
                + "To change the versioning state, first delete the replication configuration."
        ),
        Row(
            "E-47",
            .versioningHeldByObjectLock,
            409,
            "InvalidBucketState",
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
        ),
    ]

    static let objects: [Row] = [
        Row(
            "VER-13",
            .invalidVersionID("x"),
            400,
            "InvalidArgument",
            "Invalid version id specified",
            "ArgumentName=versionId",
            "ArgumentValue=x"
        ),
        Row(
            "VER-4",
            .mfaNotImplemented,
            501,
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
            "Header=x-amz-mfa"
        ),
        Row(
            "LST-2",
            .negativeCount("max-keys", value: "-1"),
            400,
            "InvalidArgument",
            "Argument maxKeys must be an integer between 0 and 2147483647",
            "ArgumentName=maxKeys",
            "ArgumentValue=-1"
        ),
        Row(
            "LST-2",
            .notACount("max-keys", value: "x"),
            400,
            "InvalidArgument",
            "Provided max-keys not an integer or within integer range",
            "ArgumentName=max-keys",
            "ArgumentValue=x"
        ),
        Row(
            "LST-3",
            .invalidEncodingType("x"),
            400,
            "InvalidArgument",
            "Invalid Encoding Method specified in Request",
            "ArgumentName=encoding-type",
            "ArgumentValue=x"
        ),
        Row(
            "§5.1",
            .preconditionFailed(condition: "If-Match"),
            412,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
            "Condition=If-Match"
        ),
        Row(
            "CND-3",
            .unsupportedConditionValue(header: "If-None-Match"),
            501,
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
            "Header=If-None-Match",
            "additionalMessage=We don't accept the provided value of If-None-Match header for this API"
        ),
        Row(
            "CND-4",
            .conditionalRequestConflict(condition: "If-None-Match", key: "k"),
            409,
            "ConditionalRequestConflict",
            "The conditional request cannot succeed due to a conflicting operation against this resource.",
            "Condition=If-None-Match",
            "Key=k"
        ),
        Row(
            "RNG-3",
            .invalidRange("bytes=9-", byteCount: 5),
            416,
            "InvalidRange",
            "The requested range is not satisfiable",
            "ActualObjectSize=5",
            "RangeRequested=bytes=9-"
        ),
        Row(
            "RNG-4",
            .invalidPartNumber(3, partCount: 2),
            416,
            "InvalidPartNumber",
            "The requested partnumber is not satisfiable",
            "ActualPartCount=2",
            "PartNumberRequested=3"
        ),
        Row(
            "RNG-4",
            .rangeWithPartNumber,
            400,
            "InvalidRequest",
            "Cannot specify both Range header and partNumber query parameter"
        ),
        Row(
            "§14",
            .entityTooLarge(proposed: 6_000_000_000),
            400,
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size",
            "ProposedSize=6000000000",
            "MaxSizeAllowed=5368709120"
        ),
    ]

    static let uploads: [Row] = [
        Row(
            "MPU-2",
            .noSuchUpload("u"),
            404,
            "NoSuchUpload",
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
            "UploadId=u"
        ),
        Row(
            "MPU-3",
            .partNumberOutOfRange("0"),
            400,
            "InvalidArgument",
            "Part number must be an integer between 1 and 10000, inclusive",
            "ArgumentName=partNumber",
            "ArgumentValue=0"
        ),
        Row(
            "MPU-13",
            .invalidPart(etag: "e", partNumber: 2, uploadID: "u"),
            400,
            "InvalidPart",
            "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag "
                + "may not match the part's entity tag.",
            "ETag=e",
            "PartNumber=2",
            "UploadId=u"
        ),
        Row(
            "MPU-14",
            .entityTooSmall(etag: "e", partNumber: 1, byteCount: 4),
            400,
            "EntityTooSmall",
            "Your proposed upload is smaller than the minimum allowed size",
            "ETag=e",
            "MinSizeAllowed=5242880",
            "PartNumber=1",
            "ProposedSize=4"
        ),
        Row(
            "MPU-15",
            .multipartObjectSizeMismatch(given: "5", computed: 4),
            400,
            "InvalidRequest",
            "The provided 'x-amz-mp-object-size' header value 5 does not match what was computed: 4"
        ),
        Row(
            "CPY-1",
            .copySourceKeyInvalid,
            400,
            "InvalidArgument",
            "Invalid copy source object key",
            "ArgumentName=x-amz-copy-source",
            "ArgumentValue=x-amz-copy-source"
        ),
        Row(
            "CPY-3",
            .copySourceTooLarge,
            400,
            "InvalidRequest",
            "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120"
        ),
        Row(
            "UPC-2",
            .copySourceRangeBeyondEnd("bytes=0-99", byteCount: 10),
            400,
            "InvalidArgument",
            "Range specified is not valid for source object of size: 10",
            "ArgumentName=x-amz-copy-source-range",
            "ArgumentValue=bytes=0-99"
        ),
    ]

    static let checksums: [Row] = [
        Row(
            "CHK-4",
            .invalidChecksumValue(.sha256),
            400,
            "InvalidRequest",
            "Value for x-amz-checksum-sha256 header is invalid."
        ),
        Row(
            "CHK-4",
            .checksumMismatch(.sha256),
            400,
            "BadDigest",
            "The SHA256 you specified did not match the calculated checksum."
        ),
        Row(
            "CHK-6",
            .contentMD5Mismatch(expected: "e", calculated: "c"),
            400,
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
            "CalculatedDigest=c",
            "ExpectedDigest=e"
        ),
        Row(
            "CHK-7",
            .missingDigest,
            400,
            "InvalidRequest",
            "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"
        ),
        Row(
            "CHK-11",
            .checksumTypeNotForAlgorithm(.fullObject, .sha1),
            400,
            "InvalidRequest",
            "The FULL_OBJECT checksum type cannot be used with the sha1 checksum algorithm."
        ),
        Row(
            "CHK-12",
            .partChecksumAlgorithmMismatch(expected: .sha256, actual: .crc32),
            400,
            "InvalidRequest",
            "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32"
        ),
        Row(
            "CHK-13",
            .partChecksumMissing(.crc32, partNumber: 1),
            400,
            "InvalidRequest",
            "The upload was created using a crc32 checksum. The complete request must include the checksum for each part. "
                + "It was missing for part 1 in the request."
        ),
        Row(
            "CHK-14",
            .completedChecksumMismatch(.crc32c),
            400,
            "BadDigest",
            "The crc32c you specified did not match the calculated checksum."
        ),
        Row(
            "CHK-15",
            .checksumModeMismatch(created: .composite),
            400,
            "InvalidRequest",
            "The upload was created using the COMPOSITE checksum mode. The complete request must use the same checksum mode."
        ),
    ]

    static let tags: [Row] = [
        Row("TAG-1", .tooManyObjectTags, 400, "BadRequest", "Object tags cannot be greater than 10"),
        Row("TAG-2", .tooManyBucketTags, 400, "BadRequest", "Bucket tag count cannot be greater than 50"),
        Row(
            "TAG-3",
            .duplicateTagKey("k"),
            400,
            "InvalidTag",
            "Cannot provide multiple Tags with the same key",
            "TagKey=k"
        ),
        Row(
            "TAG-3",
            .systemTagOnObject("aws:k"),
            400,
            "InvalidTag",
            "Your TagKey cannot be prefixed with aws:",
            "TagKey=aws:k"
        ),
        Row(
            "TAG-3",
            .systemTagOnBucket("aws:k"),
            400,
            "InvalidTag",
            "System tags cannot be added/updated by requester",
            "TagKey=aws:k"
        ),
    ]

    @Test("ERR-5, VER-12: a delete marker named by its ID")
    func deleteMarker() {
        let error = S3Error.methodNotAllowedOnDeleteMarker("GET", versionID: "v", lastModified: Timestamp(seconds: 0))
        #expect(error.status == 405)
        #expect(error["ResourceType"] == "DeleteMarker")
        #expect(error.headers["x-amz-delete-marker"] == "true")
        #expect(error.headers["allow"] == "DELETE")
        #expect(error.headers["x-amz-version-id"] == "v")
        #expect(error.headers["last-modified"] == "Thu, 01 Jan 1970 00:00:00 GMT")
    }

    @Test("VER-10: the latest version is a delete marker")
    func latestIsMarker() {
        let error = S3Error.noSuchKey(Self.key, deleteMarkerVersionID: "v")
        #expect(error.code == "NoSuchKey")
        #expect(error.headers["x-amz-delete-marker"] == "true")
        #expect(error.headers["x-amz-version-id"] == "v")
    }

    @Test("RGN-1: the redirect names the region and has no Location")
    func redirect() {
        let error = S3Error.permanentRedirect(bucket: "b", endpoint: "e", region: Self.region)
        #expect(error.headers["x-amz-bucket-region"] == "eu-west-1")
        #expect(!error.headers.contains("location"))
    }

    @Test("A refused replication configuration keeps its argument")
    func replicationProblem() {
        let error = S3Error(
            ConfigurationProblem(code: "InvalidArgument", message: "m", argumentName: "Role", argumentValue: "r")
        )
        #expect(error.details == [.init("ArgumentName", "Role"), .init("ArgumentValue", "r")])
        #expect(S3Error(.destinationNotVersioned).details.isEmpty)
    }

    static let locks: [Row] = [
        Row(
            "LCK-1", .objectLockNeedsVersioning, 409, "InvalidBucketState",
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"),
        Row(
            "LCK-3", .defaultRetentionNotPositive, 400, "InvalidArgument",
            "Default retention period must be a positive integer value."),
        Row("LCK-3", .defaultRetentionTooLarge, 400, "InvalidArgument", "Default retention period too large."),
        Row(
            "LCK-5", .lockHeadersIncomplete(missing: "x-amz-object-lock-mode"), 400, "InvalidArgument",
            "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
            "ArgumentName=x-amz-object-lock-mode"),
        Row(
            "LCK-5", .unknownRetentionMode("x"), 400, "InvalidArgument", "Unknown wormMode directive.",
            "ArgumentName=x-amz-object-lock-mode", "ArgumentValue=x"),
        Row(
            "LCK-5", .unknownLegalHold("x"), 400, "InvalidArgument", "Legal Hold must be either of 'ON' or 'OFF'",
            "ArgumentName=x-amz-object-lock-legal-hold", "ArgumentValue=x"),
        Row(
            "LCK-5", .retainUntilDateInThePast(header: "x"), 400, "InvalidArgument",
            "The retain until date must be in the future!", "ArgumentName=x-amz-object-lock-retain-until-date",
            "ArgumentValue=x"),
        Row(
            "LCK-6", .bucketWithoutObjectLock, 400, "InvalidRequest", "Bucket is missing Object Lock Configuration"),
        Row(
            "LCK-7", .noSuchObjectLockConfiguration, 404, "NoSuchObjectLockConfiguration",
            "The specified object does not have a ObjectLock configuration"),
        Row(
            "LCK-8", .protectedByObjectLock, 403, "AccessDenied",
            "Access Denied because object protected by object lock."),
        Row(
            "LCK-10", .bypassWithoutObjectLock("false"), 400, "InvalidArgument",
            "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
            "ArgumentName=x-amz-bypass-governance-retention", "ArgumentValue=false"),
        Row(
            "LCK-15", .lockedUploadWithoutDigest, 400, "InvalidRequest",
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters"
        ),
        Row(
            "LCK-15", .lockedPartWithoutDigest, 400, "InvalidRequest",
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Part requests with Object Lock parameters"),
    ]

    static let acls: [Row] = [
        Row(
            "ACL-1", .invalidObjectOwnership("RandomValue"), 400, "InvalidArgument",
            "Invalid x-amz-object-ownership header: RandomValue", "ArgumentName=x-amz-object-ownership"),
        Row("ACL-2", .aclNotSupported, 400, "AccessControlListNotSupported", "The bucket does not allow ACLs"),
        Row(
            "ACL-6", .unknownCannedACL("x"), 400, "InvalidArgument", "", "ArgumentName=x-amz-acl", "ArgumentValue=x"),
        Row(
            "ACL-7", .cannedACLWithGrants, 400, "InvalidRequest",
            "Specifying both Canned ACLs and Header Grants is not allowed"),
        Row("ACL-7", .unexpectedContent, 400, "UnexpectedContent", "This request does not support content"),
        Row(
            "ACL-7", .missingACL, 400, "MissingSecurityHeader", "Your request was missing a required header",
            "MissingHeaderName=x-amz-acl"),
        Row(
            "ACL-8", .invalidGroupURI("x", argument: "Group/URI"), 400, "InvalidArgument", "Invalid group uri",
            "ArgumentName=Group/URI", "ArgumentValue=x"),
        Row(
            "ACL-8", .grantNotRecognized(header: "x-amz-grant-write", value: "x"), 400, "InvalidArgument",
            "Argument format not recognized", "ArgumentName=x-amz-grant-write", "ArgumentValue=x"),
        Row(
            "ACL-8", .invalidCanonicalID("x", argument: "id"), 400, "InvalidArgument", "Invalid id", "ArgumentName=id",
            "ArgumentValue=x"),
        Row(
            "ACL-8", .malformedACL, 400, "MalformedACLError",
            "The XML you provided was not well-formed or did not validate against our published schema"),
    ]
}
