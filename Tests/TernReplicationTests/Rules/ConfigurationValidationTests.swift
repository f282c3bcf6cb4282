import TernCore
import TernReplication
import Testing

/// Spec live-replication §1.2 to §1.5.
@Suite struct ConfigurationValidationTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let rule: String
        let draft: Draft
        let code: String
        let message: String
        let argument: String?
        let hasValue: Bool

        init(
            _ rule: String,
            _ draft: Draft,
            _ code: String,
            _ message: String,
            argument: String? = nil,
            hasValue: Bool = true
        ) {
            self.rule = rule
            self.draft = draft
            self.code = code
            self.message = message
            self.argument = argument
            self.hasValue = hasValue && argument != nil
        }

        static func malformed(_ rule: String, _ draft: Draft) -> Row {
            Row(
                rule,
                draft,
                "MalformedXML",
                "The XML you provided was not well-formed or did not validate against our published schema"
            )
        }

        static func request(_ rule: String, _ draft: Draft, _ message: String) -> Row {
            Row(rule, draft, "InvalidRequest", message)
        }

        static func argument(_ rule: String, _ draft: Draft, _ name: String, _ message: String, hasValue: Bool = true)
            -> Row
        {
            Row(rule, draft, "InvalidArgument", message, argument: name, hasValue: hasValue)
        }

        var testDescription: String { self.rule }
    }

    @Test("Every refused document gets the code and text of its rule", arguments: Self.rows)
    func refused(_ row: Row) throws {
        let problem = try #require(row.draft.problem(), "\(row.rule) was accepted")
        #expect(problem.code == row.code)
        #expect(problem.message == row.message)
        #expect(problem.status == 400)
        #expect(problem.argumentName == row.argument)
        #expect((problem.argumentValue != nil) == row.hasValue)
    }

    static let tail =
        "for this version of Cross Region Replication configuration schema. "
        + "Please refer to S3 Developer Guide for more information."

    static let rows: [Row] = shape + schema + identity + criteria + destinations + times

    static let shape: [Row] = [
        .malformed("E-07 no rule", Draft(role: role)),
        .malformed("E-08 no role", Draft(role: nil, rules: [.v2()])),
        .malformed("E-08 no status", .with(.v2 { $0.status = nil })),
        .malformed("E-08 status in lower case", .with(.v2 { $0.status = "enabled" })),
        .malformed("E-08 no destination", .with(.v2 { $0.destination = nil })),
        .malformed("E-08 no bucket", .with(.v2 { $0.destination = .to(nil) })),
        .malformed("E-08 OUTPOSTS", .with(.v2 { $0.setDestination { $0.storageClass = "OUTPOSTS" } })),
        .malformed("E-08 empty storage class", .with(.v2 { $0.setDestination { $0.storageClass = "" } })),
        .malformed("E-08 prefix and filter", .with(.v2 { $0.prefix = "" })),
        .malformed("E-08, C-22 neither prefix nor filter", .with(.v2 { $0.filter = nil })),
        .malformed(
            "E-08 two members in Filter",
            .with(
                .v2 {
                    $0.setFilter {
                        $0.prefix = "a"; $0.tags = [ObjectTag(key: "k", value: "v")]
                    }
                }
            )
        ),
        .malformed(
            "E-08 two tags without And",
            .with(
                .v2 { $0.setFilter { $0.tags = [ObjectTag(key: "k", value: "v"), ObjectTag(key: "l", value: "v")] } }
            )
        ),
        .malformed(
            "E-08 And with one prefix",
            .with(
                .v2 {
                    $0.setFilter {
                        $0.and = Draft.And(); $0.and?.prefix = "a"
                    }
                }
            )
        ),
        .malformed(
            "E-08 And with one tag",
            .with(
                .v2 {
                    $0.setFilter {
                        $0.and = Draft.And(); $0.and?.tags = [ObjectTag(key: "k", value: "v")]
                    }
                }
            )
        ),
        .malformed(
            "E-08 DeleteMarkerReplication without status",
            .with(.v2 { $0.deleteMarkerReplication = .init(status: nil) })
        ),
        .malformed("E-09 ExistingObjectReplication", .with(.v2 { $0.hasExistingObjectReplication = true })),
        .request(
            "E-10 1001 rules",
            Draft(role: role, rules: (0...1000).map { .v2(priority: String($0)) }),
            "Number of defined replication rules cannot exceed 1000"
        ),
        .argument(
            "E-14 prefix of 1025 bytes",
            .with(.v2 { $0.setFilter { $0.prefix = String(repeating: "a", count: 1025) } }),
            "Prefix",
            "Rule prefix cannot be longer than maximum allowed key length of 1024"
        ),
        .request(
            "E-24 the same tag key twice",
            .with(
                .v2 {
                    $0.setFilter {
                        $0.and = Draft.And();
                        $0.and?.tags = [ObjectTag(key: "k", value: "a"), ObjectTag(key: "k", value: "b")]
                    }
                }
            ),
            "Duplicate Tag Keys are not allowed."
        ),
        Row(
            "C-36 empty tag key",
            .with(.v2 { $0.setFilter { $0.tags = [ObjectTag(key: "", value: "")] } }),
            "InvalidTag",
            "The TagKey you have provided is invalid"
        ),
    ]

    static let schema: [Row] = [
        .request("E-17 V2 without priority", .with(.v2 { $0.priority = nil }), "Priority must be specified \(tail)"),
        .request(
            "E-18 V2 without DeleteMarkerReplication",
            .with(.v2 { $0.deleteMarkerReplication = nil }),
            "DeleteMarkerReplication must be specified \(tail)"
        ),
        .request("E-19 V1 with priority", .with(.v1 { $0.priority = "1" }), "Priority cannot be used \(tail)"),
        .request(
            "E-20 V1 with DeleteMarkerReplication",
            .with(.v1 { $0.deleteMarkerReplication = .init(status: "Disabled") }),
            "DeleteMarkerReplication cannot be used \(tail)"
        ),
        .request("C-21 one V1 rule makes the document V1", .with(.v2(), .v1()), "Priority cannot be used \(tail)"),
        .request(
            "E-15 overlapping prefixes, also far apart",
            .with(.v1(id: "a", prefix: "logs/"), .v1(id: "b", prefix: "x"), .v1(id: "c", prefix: "logs/2026")),
            "Found overlapping prefixes 'logs/' and 'logs/2026'"
        ),
        .request(
            "E-15 equal prefixes",
            .with(.v1(id: "a", prefix: "p"), .v1(id: "b", prefix: "p")),
            "Found overlapping prefixes 'p' and 'p'"
        ),
        .request(
            "E-15 the empty prefix overlaps all",
            .with(.v1(id: "a", prefix: "p"), .v1(id: "b", prefix: "")),
            "Found overlapping prefixes 'p' and ''"
        ),
        .request(
            "E-16 V1 with two destinations",
            .with(.v1(id: "a", prefix: "a"), .v1(id: "b", prefix: "b") { $0.destination = .to("arn:aws:s3:::other") }),
            "Number of distinct destination bucket ARNs cannot exceed 1"
        ),
    ]

    static let identity: [Row] = [
        .argument(
            "E-11 ID of 256",
            .with(.v2 { $0.id = String(repeating: "i", count: 256) }),
            "ID",
            "Rule Id cannot be greater than 255"
        ),
        .argument(
            "E-12 ID with umlaut",
            .with(.v2 { $0.id = "ä" }),
            "ID",
            "Rule Id must contain ASCII characters only"
        ),
        .argument("E-13 ID twice", .with(.v2(), .v2(priority: "2") { $0.id = "r1" }), "ID", "Rule Id must be unique"),
        .request("E-21 priority -1", .with(.v2(priority: "-1")), "Priority must be between 0 and 2147483647."),
        .malformed("E-21 priority 2^31", .with(.v2(priority: "2147483648"))),
        .malformed("E-21 priority that is no number", .with(.v2(priority: "one"))),
        .request(
            "E-22 equal priorities of two destinations",
            .with(
                .v2(priority: "7"),
                .v2(priority: "7") {
                    $0.id = "r8"; $0.destination = .to("arn:aws:s3:::other")
                }
            ),
            "Found duplicate priority 7."
        ),
        .request(
            "E-23 tag filter with delete markers",
            .with(
                .v2 {
                    $0.setFilter { $0.tags = [ObjectTag(key: "k", value: "v")] };
                    $0.deleteMarkerReplication = .init(status: "Enabled")
                }
            ),
            "Delete marker replication is not supported if any Tag filter is specified. "
                + "Please refer to S3 Developer Guide for more information."
        ),
        .argument(
            "E-42 role that is no ARN",
            Draft(role: "repl", rules: [.v2()]),
            "Role",
            "Invalid Role specified in replication configuration"
        ),
        .argument(
            "E-42 role of another service",
            Draft(role: "arn:aws:s3:::role", rules: [.v2()]),
            "Role",
            "Invalid Role specified in replication configuration"
        ),
        .argument(
            "E-42 a user",
            Draft(role: "arn:aws:iam::111111111111:user/u", rules: [.v2()]),
            "Role",
            "The relative id should start with role"
        ),
        .argument(
            "E-42 a role without name",
            Draft(role: "arn:aws:iam::111111111111:role/", rules: [.v2()]),
            "Role",
            "Invalid Role specified in replication configuration"
        ),
    ]

    static let criteria: [Row] = [
        .request("E-25 empty criteria", .with(.v2 { $0.setCriteria() }), "SourceSelectionCriteria cannot be empty."),
        .malformed("E-08 criterion without status", .with(.v2 { $0.setCriteria(replicas: "on") })),
        .request(
            "E-26 key without opt-in",
            .with(.v2 { $0.setDestination { $0.encryptionConfiguration = .init(replicaKmsKeyID: keyARN) } }),
            "SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present."
        ),
        .request(
            "E-27 opt-in without key",
            .with(.v2 { $0.setCriteria(sseKMS: "Enabled") }),
            "ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present."
        ),
        .request(
            "E-27, C-28 disabled opt-in without key",
            .with(.v2 { $0.setCriteria(sseKMS: "Disabled") }),
            "ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present."
        ),
        .argument(
            "E-28 a bare key id",
            .with(
                .v2 {
                    $0.setCriteria(sseKMS: "Enabled")
                    $0.setDestination { $0.encryptionConfiguration = .init(replicaKmsKeyID: "1234abcd") }
                }
            ),
            "ReplicaKmsKeyID",
            "Invalid ReplicaKmsKeyID ARN."
        ),
    ]

    static let destinations: [Row] = [
        .request(
            "E-06 destination is the source",
            .with(.v2 { $0.destination = .to("arn:aws:s3:::src") }),
            "Destination bucket cannot be the same as the source bucket."
        ),
        .malformed(
            "E-08 owner",
            .with(
                .v2 {
                    $0.setDestination {
                        $0.account = "222222222222"; $0.accessControlTranslation = .init(owner: "Source")
                    }
                }
            )
        ),
        .request(
            "E-29 owner override without account",
            .with(.v2 { $0.setDestination { $0.accessControlTranslation = .init(owner: "Destination") } }),
            "Account must be specified if the Owner in AccessControlTranslation has a value"
        ),
        .argument(
            "E-30 empty account",
            .with(.v2 { $0.setDestination { $0.account = "" } }),
            "Account",
            "The Account element must contain a valid account ID."
        ),
        .argument(
            "E-39",
            .with(.v2 { $0.destination = .to("") }),
            "Bucket",
            "Destination bucket cannot be null or empty"
        ),
        .argument("E-40 a name", .with(.v2 { $0.destination = .to("dst") }), "Bucket", "Invalid bucket ARN"),
        .argument(
            "E-40 another partition",
            .with(.v2 { $0.destination = .to("arn:aws-cn:s3:::dst") }),
            "Bucket",
            "Invalid bucket ARN"
        ),
        .argument(
            "E-40, I-07 an access point",
            .with(.v2 { $0.destination = .to("arn:aws:s3:us-east-1:111111111111:accesspoint/ap") }),
            "Bucket",
            "Invalid bucket ARN"
        ),
        .argument(
            "E-41 an illegal name",
            .with(.v2 { $0.destination = .to("arn:aws:s3:::A_b") }),
            "Bucket",
            "The specified bucket is not valid."
        ),
    ]

    static let times: [Row] = [
        .request(
            "E-32 time without metrics",
            .with(.v2 { $0.setDestination { $0.setTime("Enabled") } }),
            "Replication destination must contain both ReplicationTime and Metrics or neither."
        ),
        .request(
            "E-33 different status",
            .with(
                .v2 {
                    $0.setDestination {
                        $0.setTime("Enabled"); $0.setMetrics("Disabled", threshold: "15")
                    }
                }
            ),
            "ReplicationTime and ReplicationMetrics must have the same status."
        ),
        .malformed(
            "E-08 ReplicationTime without Time",
            .with(
                .v2 {
                    $0.setDestination {
                        $0.setTime("Enabled", minutes: .none); $0.setMetrics("Enabled", threshold: "15")
                    }
                }
            )
        ),
        .argument(
            "E-34 other minutes",
            .with(
                .v2 {
                    $0.setDestination {
                        $0.setTime("Enabled", minutes: "10"); $0.setMetrics("Enabled", threshold: "15")
                    }
                }
            ),
            "ReplicationTime",
            "Invalid time minute value",
            hasValue: false
        ),
        .argument(
            "E-34 no minutes, though disabled",
            .with(
                .v2 {
                    $0.setDestination {
                        $0.setTime("Disabled", minutes: .some(nil)); $0.setMetrics("Disabled")
                    }
                }
            ),
            "ReplicationTime",
            "Invalid time minute value",
            hasValue: false
        ),
        .argument(
            "E-35 no threshold",
            .with(
                .v2 {
                    $0.setDestination {
                        $0.setTime("Enabled"); $0.setMetrics("Enabled")
                    }
                }
            ),
            "ReplicationMetrics",
            "ReplicationMetrics must contain an event threshold",
            hasValue: false
        ),
        .argument(
            "E-36 other threshold",
            .with(
                .v2 {
                    $0.setDestination {
                        $0.setTime("Enabled"); $0.setMetrics("Enabled", threshold: "16")
                    }
                }
            ),
            "ReplicationMetrics",
            "Invalid event threshold minute value",
            hasValue: false
        ),
        .argument(
            "E-37 threshold without time",
            .with(.v2 { $0.setDestination { $0.setMetrics("Enabled", threshold: "15") } }),
            "Metrics",
            "Metrics cannot contain an event threshold when ReplicationTime is not specified or Disabled",
            hasValue: false
        ),
    ]

    struct Accepted: Sendable, CustomTestStringConvertible {
        let rule: String
        let draft: Draft
        var testDescription: String { self.rule }
    }

    @Test(
        "Every allowed document is accepted",
        arguments: [
            Accepted(rule: "C-20 V1", draft: .with(.v1())),
            Accepted(
                rule: "C-25 V1 with disjoint prefixes",
                draft: .with(.v1(id: "a", prefix: "a"), .v1(id: "b", prefix: "b"))
            ),
            Accepted(
                rule: "C-23 V1 with everything that V1 may carry",
                draft: .with(
                    .v1 {
                        $0.setCriteria(sseKMS: "Enabled")
                        $0.setDestination {
                            $0.account = "222222222222"
                            $0.storageClass = "GLACIER_IR"
                            $0.accessControlTranslation = .init(owner: "Destination")
                            $0.encryptionConfiguration = .init(
                                replicaKmsKeyID: "arn:aws:kms:eu-west-1:222222222222:alias/k"
                            )
                        }
                    }
                )
            ),
            Accepted(
                rule: "C-24 V1 with replica modifications", draft: .with(.v1 { $0.setCriteria(replicas: "Enabled") })),
            Accepted(rule: "priority 0", draft: .with(.v2(priority: "0"))),
            Accepted(rule: "priority 2^31-1", draft: .with(.v2(priority: "2147483647"))),
            Accepted(
                rule: "C-26 overlapping filters of two destinations",
                draft: .with(.v2(), .v2(priority: "2") { $0.destination = .to("arn:aws:s3:::other") })
            ),
            Accepted(
                rule: "C-29 criteria with replica modifications only",
                draft: .with(.v2 { $0.setCriteria(replicas: "Enabled") })
            ),
            Accepted(rule: "C-30 metrics alone", draft: .with(.v2 { $0.setDestination { $0.setMetrics("Enabled") } })),
            Accepted(
                rule: "C-30 both disabled",
                draft: .with(
                    .v2 {
                        $0.setDestination {
                            $0.setTime("Disabled"); $0.setMetrics("Disabled")
                        }
                    }
                )
            ),
            Accepted(
                rule: "C-31 RTC",
                draft: .with(
                    .v2 {
                        $0.setDestination {
                            $0.setTime("Enabled"); $0.setMetrics("Enabled", threshold: "15")
                        }
                    }
                )
            ),
            Accepted(rule: "account alone", draft: .with(.v2 { $0.setDestination { $0.account = "222222222222" } })),
            Accepted(
                rule: "A-02 role with a path",
                draft: Draft(role: "arn:aws:iam::111111111111:role/service-role/r", rules: [.v2()])
            ),
            Accepted(
                rule: "N-01 1000 rules",
                draft: Draft(role: role, rules: (0..<1000).map { .v2(priority: String($0)) })
            ),
            Accepted(
                rule: "E-14 prefix of 1024 bytes",
                draft: .with(.v2 { $0.setFilter { $0.prefix = String(repeating: "a", count: 1024) } })
            ),
            Accepted(
                rule: "C-36 tag keys that differ only canonically",
                draft: .with(
                    .v2 {
                        $0.setFilter {
                            $0.and = Draft.And();
                            $0.and?.tags = [ObjectTag(key: "\u{E9}", value: ""), ObjectTag(key: "e\u{301}", value: "")]
                        }
                    }
                )
            ),
        ]
    )
    func accepted(_ row: Accepted) {
        #expect(row.draft.problem() == nil)
    }

    @Test("C-60: rules are checked in document order, each in its own order")
    func order() throws {
        let bad = Draft.with(
            .v2 {
                $0.id = String(repeating: "i", count: 256); $0.destination = .to("")
            },
            .v2(priority: "x")
        )
        #expect(bad.problem()?.argumentName == "ID")
        let later = Draft.with(.v2 { $0.destination = .to("") }, .v2 { $0.status = "?" })
        #expect(later.problem()?.argumentName == "Bucket")
        let role = Draft(role: "?", rules: [.v2 { $0.status = "?" }])
        #expect(role.problem()?.argumentName == "Role")
    }

    @Test("C-33: a disabled rule is validated like an enabled one")
    func disabledRule() {
        let draft = Draft.with(
            .v2 {
                $0.status = "Disabled"; $0.destination = .to("arn:aws:s3:::src")
            }
        )
        #expect(draft.problem() == .destinationIsSource)
    }

    @Test("Absent and empty IDs are generated", arguments: [nil, ""] as [String?])
    func generatedID(_ id: String?) throws {
        let configuration = try Draft.with(.v2 { $0.id = id }).validated(sourceBucket: .source, makeRuleID: { "fresh" })
        #expect(configuration.rules.map(\.id) == ["fresh"])
    }

    @Test("E-40: the partition is the source's")
    func partition() throws {
        let draft = Draft.with(.v2 { $0.destination = .to("arn:aws-cn:s3:::dst") })
        let configuration = try draft.validated(sourceBucket: .source, partition: "aws-cn", makeRuleID: { "" })
        #expect(configuration.rules[0].destination.bucketARN == "arn:aws-cn:s3:::dst")
    }

    @Test("C-60: destinations are looked at once each, in document order")
    func distinctDestinations() throws {
        let draft = Draft.with(
            .v2(priority: "1") { $0.destination = .to("arn:aws:s3:::other") },
            .v2(priority: "2"),
            .v2(priority: "3") { $0.destination = .to("arn:aws:s3:::other") }
        )
        let configuration = try draft.validated(sourceBucket: .source, makeRuleID: { "" })
        #expect(configuration.distinctDestinations == [.other, .dst])
    }

    @Test("E-03 to E-06, E-43, E-45: the checks that need state")
    func stateProblems() {
        #expect(ConfigurationProblem.sourceNotVersioned.code == "InvalidRequest")
        #expect(
            ConfigurationProblem.sourceNotVersioned.message
                == "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
        )
        #expect(
            ConfigurationProblem.destinationNotVersioned.message == "Destination bucket must have versioning enabled."
        )
        #expect(ConfigurationProblem.destinationDoesNotExist.message == "Destination bucket must exist.")
        #expect(ConfigurationProblem.roleNotPassable.status == 403)
        #expect(ConfigurationProblem.versioningHeldByReplication.status == 409)
        #expect(ConfigurationProblem.versioningHeldByReplication.code == "InvalidBucketState")
    }
}
