import TernCore
import TernReplication
import TernS3Protocol
import Testing

/// Spec live-replication §1.2, C-14, C-16, C-34, C-35.
@Suite struct ReplicationConfigurationXMLTests {
    static let full = """
        <ReplicationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
          <Role>arn:aws:iam::111111111111:role/repl</Role>
          <Rule>
            <ID>r1</ID><Priority>1</Priority><Status>Enabled</Status>
            <Filter><Prefix>a/</Prefix></Filter>
            <DeleteMarkerReplication><Status>Enabled</Status></DeleteMarkerReplication>
            <SourceSelectionCriteria>
              <SseKmsEncryptedObjects><Status>Enabled</Status></SseKmsEncryptedObjects>
              <ReplicaModifications><Status>Enabled</Status></ReplicaModifications>
            </SourceSelectionCriteria>
            <Destination>
              <Bucket>arn:aws:s3:::dst</Bucket><Account>222222222222</Account>
              <StorageClass>STANDARD_IA</StorageClass>
              <AccessControlTranslation><Owner>Destination</Owner></AccessControlTranslation>
              <EncryptionConfiguration><ReplicaKmsKeyID>arn:aws:kms:us-west-2:222222222222:key/1</ReplicaKmsKeyID></EncryptionConfiguration>
              <ReplicationTime><Status>Enabled</Status><Time><Minutes>15</Minutes></Time></ReplicationTime>
              <Metrics><Status>Enabled</Status><EventThreshold><Minutes>15</Minutes></EventThreshold></Metrics>
            </Destination>
          </Rule>
        </ReplicationConfiguration>
        """

    private static func v2(_ inside: String, destination: String = "") -> String {
        "<Rule><ID>r</ID><Priority>0</Priority><Status>Disabled</Status>\(inside)"
            + "<DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>"
            + "<Destination><Bucket>arn:aws:s3:::dst</Bucket>\(destination)</Destination></Rule>"
    }

    private static func document(_ rules: String) -> String {
        "<ReplicationConfiguration\(s3Namespace)><Role>arn:aws:iam::111111111111:role/repl</Role>\(rules)</ReplicationConfiguration>"
    }

    private func accepted(_ document: String) throws -> ReplicationConfiguration {
        try ReplicationConfigurationXML.decode(bytes(document)).validated(
            sourceBucket: nil,
            makeRuleID: { "generated" }
        )
    }

    @Test("§1.2.1: every element is read")
    func everyElement() throws {
        let configuration = try self.accepted(Self.full)
        #expect(configuration.role == "arn:aws:iam::111111111111:role/repl")
        let rule = try #require(configuration.rules.first)
        #expect(rule.id == "r1")
        #expect(rule.priority == 1)
        #expect(rule.isEnabled)
        #expect(rule.filter == .prefix("a/"))
        #expect(rule.deleteMarkerReplication == true)
        #expect(
            rule.sourceSelectionCriteria
                == SourceSelectionCriteria(sseKmsEncryptedObjects: true, replicaModifications: true)
        )
        #expect(
            rule.destination
                == Destination(
                    bucket: BucketName(trusted: "dst"),
                    account: "222222222222",
                    storageClass: .standardIA,
                    ownerOverride: true,
                    replicaKMSKeyID: "arn:aws:kms:us-west-2:222222222222:key/1",
                    replicationTime: ReplicationTime(isEnabled: true),
                    metrics: ReplicationMetrics(isEnabled: true, hasEventThreshold: true)
                )
        )
    }

    static let compactFull = full.split(separator: "\n").map { $0.drop { $0 == " " } }.joined()

    @Test(
        "C-14: a GET returns the dialect that was stored",
        arguments: [
            compactFull,
            document(v2("<Filter/>")),
            document(v2("<Filter><Prefix></Prefix></Filter>")),
            document(v2("<Filter><Tag><Key>k</Key><Value></Value></Tag></Filter>")),
            document(
                v2(
                    "<Filter><And><Prefix>a/</Prefix><Tag><Key>k1</Key><Value>v1</Value></Tag><Tag><Key>k2</Key><Value>v2</Value></Tag></And></Filter>"
                )
            ),
            document(
                v2(
                    "<Filter><And><Tag><Key>k1</Key><Value>v1</Value></Tag><Tag><Key>k2</Key><Value>v2</Value></Tag></And></Filter>"
                )
            ),
            document(
                "<Rule><ID>r</ID><Status>Enabled</Status><Prefix></Prefix><Destination><Bucket>arn:aws:s3:::dst</Bucket></Destination></Rule>"
            ),
            document(v2("<Filter/>", destination: "<Metrics><Status>Enabled</Status></Metrics>")),
            document(
                v2(
                    "<Filter/>",
                    destination:
                        "<ReplicationTime><Status>Disabled</Status><Time><Minutes>15</Minutes></Time></ReplicationTime><Metrics><Status>Disabled</Status></Metrics>"
                )
            ),
            document(v2("<Filter/>", destination: "<Account>222222222222</Account>")),
        ]
    )
    func roundTrip(_ document: String) throws {
        let configuration = try self.accepted(document)
        let encoded = ReplicationConfigurationXML.encode(configuration)
        #expect(text(encoded) == xmlDeclaration + document)
        #expect(try ReplicationConfigurationXML.decodeStored(encoded) == configuration)
    }

    @Test("A stored document of another partition is read back")
    func partition() throws {
        let document = Self.document(Self.v2("<Filter/>")).replacing("arn:aws:s3:::", with: "arn:aws-cn:s3:::")
        #expect(
            try ReplicationConfigurationXML.decodeStored(bytes(document)).rules[0].destination.partition == "aws-cn"
        )
    }

    @Test("C-16, ERR-11: without namespace, in another order")
    func order() throws {
        let document = """
            <ReplicationConfiguration><Rule><Destination><Bucket>arn:aws:s3:::dst</Bucket></Destination><Status>Enabled</Status><Prefix/></Rule>
            <Role>arn:aws:iam::111111111111:role/repl</Role></ReplicationConfiguration>
            """
        let configuration = try self.accepted(document)
        #expect(configuration.isV1)
        #expect(configuration.rules.map(\.id) == ["generated"])
    }

    @Test(
        "C-35: unknown, misplaced and repeated elements",
        arguments: [
            document("<Unknown/>" + v2("<Filter/>")),
            document(v2("<Filter/><Unknown/>")),
            document(v2("<Filter/><Filter/>")),
            document(v2("<Filter/><Status>Enabled</Status>")),
            document(v2("<Filter><Prefix>a</Prefix><Prefix>b</Prefix></Filter>")),
            document(v2("<Filter><And><And/></And></Filter>")),
            document(v2("<Filter><Tag><Tag><Key>k</Key><Value>v</Value></Tag></Tag></Filter>")),
            document(v2("<Filter><Tag><Key>k</Key></Tag></Filter>")),
            document(v2("<Filter/>", destination: "<Bucket>arn:aws:s3:::dst</Bucket>")),
            document(v2("<Filter/>", destination: "<Status>Enabled</Status>")),
            document(v2("<Filter/>", destination: "<Metrics><Status><x/></Status></Metrics>")),
            document(v2("<Filter/>")) + "x",
            "<Other/>",
        ]
    )
    func strict(_ document: String) {
        #expect(s3Error { _ = try ReplicationConfigurationXML.decode(bytes(document)) } == .malformedXML)
    }

    @Test("E-09: ExistingObjectReplication, U-02")
    func existingObjects() throws {
        let document = Self.document(
            Self.v2("<Filter/><ExistingObjectReplication><Status>Enabled</Status></ExistingObjectReplication>")
        )
        let draft = try ReplicationConfigurationXML.decode(bytes(document))
        #expect(draft.rules.map(\.hasExistingObjectReplication) == [true])
        #expect(throws: ConfigurationProblem.malformedXML) {
            try draft.validated(sourceBucket: nil, makeRuleID: { "" })
        }
    }

    @Test("C-34: more than 2 MB")
    func tooLarge() {
        let body = [UInt8](repeating: UInt8(ascii: " "), count: (2 << 20) + 1)
        #expect(s3Error { _ = try ReplicationConfigurationXML.decode(body) }?.code == "MaxMessageLengthExceeded")
    }

    @Test("N-01: a thousand rules")
    func thousandRules() throws {
        let rules = (0..<1000).map { number in
            Self.v2("<Filter/>")
                .replacing("<ID>r</ID>", with: "<ID>\(number)</ID>")
                .replacing("<Priority>0</Priority>", with: "<Priority>\(number)</Priority>")
        }
        let configuration = try self.accepted(Self.document(rules.joined()))
        #expect(configuration.rules.count == 1000)
        #expect(
            try ReplicationConfigurationXML.decodeStored(ReplicationConfigurationXML.encode(configuration))
                == configuration
        )
    }
}
