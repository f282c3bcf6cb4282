import Logging
import TernControlPlane
import TernCore
import TernPorts
import TernRecords
import TernStorage
import TernTestSupport
import Testing

@Suite("Keys of KMS")
struct KeyManagerTests {
    private typealias Fixture = KeyManagerFixture

    @Test("KMS-1: IDs are UUIDs, of several regions mrk- and 32 digits; keys are named by ID, ARN, alias and its ARN")
    func names() async throws {
        let region = try await Fixture()
        let root = Fixture.root()
        let key = try await region.key()
        let arn = region.keys.arn(of: key)
        #expect(arn == "arn:aws:kms:us-east-1:111111111111:key/\(key.id)")
        #expect(key.id.utf8.count == 36 && key.id.split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
        var multi = NewKey()
        multi.isMultiRegion = true
        let shared = try await region.key(multi)
        #expect(shared.id.hasPrefix("mrk-") && shared.id.utf8.count == 36)
        try await region.keys.createAlias("alias/one", target: key.id, root)
        for name in [key.id, arn, "alias/one", "arn:aws:kms:us-east-1:111111111111:alias/one"] {
            #expect(try await region.keys.describeKey(name, root).id == key.id, "\(name)")
        }
    }

    @Test(
        "KMS-7: a name that means no key",
        arguments: [
            ("fake-key-id", "NotFoundException", "Invalid keyId 'fake-key-id'"),
            (
                "5d2cd7f8-1111-4222-8333-444444444444", "NotFoundException",
                "Key 'arn:aws:kms:us-east-1:111111111111:key/5d2cd7f8-1111-4222-8333-444444444444' does not exist"
            ),
            ("arn:aws:kms:eu-west-1:111111111111:key/x", "NotFoundException", "Invalid arn eu-west-1"),
            (
                "alias/none", "NotFoundException",
                "Alias arn:aws:kms:us-east-1:111111111111:alias/none is not found."
            ),
            ("arn:aws:s3:::bucket", "InvalidArnException", "Invalid arn arn:aws:s3:::bucket"),
        ])
    func unknown(_ name: String, _ code: String, _ message: String) async throws {
        let region = try await Fixture()
        let error = await Fixture.error { _ = try await region.keys.describeKey(name, Fixture.root()) }
        #expect(error == KeyServiceError(code: code, message: message))
    }

    @Test("KMS-3: whether a key of another account exists cannot be told from the answer")
    func foreign() async throws {
        let region = try await Fixture()
        let key = try await region.key()
        let bob = Fixture.root(Fixture.bob)
        let there = region.keys.arn(of: key)
        let absent = there.replacing(key.id, with: "5d2cd7f8-1111-4222-8333-444444444444")
        let first = await Fixture.error { _ = try await region.keys.describeKey(there, bob) }
        let second = await Fixture.error { _ = try await region.keys.describeKey(absent, bob) }
        #expect(first?.code == "AccessDeniedException")
        #expect(first == second)
        let third = await Fixture.error { try await region.keys.setEnabled(false, there, bob) }
        #expect(third?.code == "AccessDeniedException")
    }

    @Test("KMS-5, KMS-6: what was encrypted is decrypted with the same context alone, and the key is found by itself")
    func roundTrip() async throws {
        let region = try await Fixture()
        let root = Fixture.root()
        let key = try await region.key()
        let context = ["a": "1", "b": "2"]
        let sealed = try await region.keys.encrypt([1, 2, 3], under: key.id, context: context, root)
        #expect(sealed.keyARN == region.keys.arn(of: key))
        let opened = try await region.keys.decrypt(sealed.bytes, under: nil, context: context, root)
        #expect(opened.bytes == [1, 2, 3])
        #expect(opened.keyARN == sealed.keyARN)
        for other in [[:], ["a": "1"], ["a": "1", "b": "3"], ["a": "1", "b": "2", "c": ""], ["a1": "", "b": "2"]] {
            let error = await Fixture.error {
                _ = try await region.keys.decrypt(sealed.bytes, under: nil, context: other, root)
            }
            #expect(error == KeyServiceError(code: "InvalidCiphertextException", message: ""))
        }
        for index in sealed.bytes.indices {
            var changed = sealed.bytes
            changed[index] ^= 1
            let code = await Fixture.code {
                _ = try await region.keys.decrypt(changed, under: nil, context: context, root)
            }
            // A changed ID names another key, or none.
            #expect((1..<18).contains(index) ? code == "AccessDeniedException" : code == "InvalidCiphertextException")
        }
    }

    @Test("KMS-6: with another KeyId than the ciphertext's: IncorrectKeyException")
    func incorrectKey() async throws {
        let region = try await Fixture()
        let root = Fixture.root()
        let (one, other) = (try await region.key(), try await region.key())
        let sealed = try await region.keys.encrypt([1], under: one.id, context: [:], root)
        let error = await Fixture.error {
            _ = try await region.keys.decrypt(sealed.bytes, under: other.id, context: [:], root)
        }
        #expect(error?.code == "IncorrectKeyException")
        #expect(
            error?.message == "The key ID in the request does not identify a CMK that can perform this operation.")
    }

    @Test("KMS-7: a disabled key and one that is pending deletion do no cryptography, and are kept so over a restart")
    func states() async throws {
        var region = try await Fixture()
        let root = Fixture.root()
        let key = try await region.key()
        let arn = region.keys.arn(of: key)
        let sealed = try await region.keys.encrypt([1], under: key.id, context: [:], root)
        func refusals(_ keys: KeyManager) async -> Set<KeyServiceError?> {
            [
                await Fixture.error { _ = try await keys.encrypt([1], under: key.id, context: [:], root) },
                await Fixture.error { _ = try await keys.decrypt(sealed.bytes, under: nil, context: [:], root) },
                await Fixture.error { _ = try await keys.generateDataKey(32, under: key.id, context: [:], root) },
                await Fixture.error {
                    _ = try await keys.reEncrypt(
                        sealed.bytes, from: nil, sourceContext: [:], to: key.id, destinationContext: [:], root)
                },
            ]
        }
        try await region.keys.setEnabled(false, key.id, root)
        #expect(
            await refusals(region.keys) == [KeyServiceError(code: "DisabledException", message: "\(arn) is disabled.")])
        try await region.restart()
        #expect(await refusals(region.keys).count == 1)
        try await region.keys.setEnabled(true, key.id, root)
        #expect(await refusals(region.keys) == [nil])

        let scheduled = try await region.keys.scheduleDeletion(key.id, days: 7, root)
        #expect(scheduled.state == .pendingDeletion)
        #expect(scheduled.date == region.clock.now + .seconds(7 * 86_400))
        let pending = KeyServiceError(code: "KMSInvalidStateException", message: "\(arn) is pending deletion.")
        try await region.restart()
        #expect(await refusals(region.keys) == [pending])
        #expect(await Fixture.error { try await region.keys.setEnabled(true, key.id, root) } == pending)
        #expect(await Fixture.error { _ = try await region.keys.scheduleDeletion(key.id, days: 7, root) } == pending)
        _ = try await region.keys.cancelDeletion(key.id, root)
        #expect(try await region.keys.describeKey(key.id, root).state == .disabled)
    }

    @Test("KMS-8: a key ends with its waiting time, with aliases and grants; not while objects need it, unless forced")
    func deletion() async throws {
        var region = try await Fixture()
        let root = Fixture.root()
        let (key, needed) = (try await region.key(), try await region.key())
        try await region.keys.createAlias("alias/gone", target: key.id, root)
        _ = try await region.keys.createGrant(
            NewGrant(grantee: "arn:aws:iam::111111111111:user/u", operations: ["Decrypt"]), on: key.id, root)
        for id in [key.id, needed.id] { _ = try await region.keys.scheduleDeletion(id, days: 7, root) }
        let usage = OneNeededKey(arn: region.keys.arn(of: needed))

        await region.keys.runMaintenance(usage: usage, forcesDeletion: false)
        region.clock.advance(by: .seconds(7 * 86_400 - 1))
        await region.keys.runMaintenance(usage: usage, forcesDeletion: true)
        #expect(try await region.keys.listKeys(.init(limit: 10, marker: nil), root).items.count == 2)
        region.clock.advance(by: .seconds(1))
        await region.keys.runMaintenance(usage: nil, forcesDeletion: false)
        #expect(try await region.keys.listKeys(.init(limit: 10, marker: nil), root).items.count == 2)
        await region.keys.runMaintenance(usage: usage, forcesDeletion: false)
        #expect(try await region.keys.listKeys(.init(limit: 10, marker: nil), root).items.map(\.id) == [needed.id])
        #expect(try await region.keys.listAliases(of: nil, .init(limit: 10, marker: nil), root).items.isEmpty)
        try await region.restart()
        #expect(try await region.keys.listKeys(.init(limit: 10, marker: nil), root).items.map(\.id) == [needed.id])
        #expect(await region.metadataHolds(key.id) == false)
        await region.keys.runMaintenance(usage: usage, forcesDeletion: true)
        #expect(try await region.keys.listKeys(.init(limit: 10, marker: nil), root).items.isEmpty)
    }

    @Test("Rotation makes new bytes when it is due; what was encrypted before is decrypted as before")
    func rotation() async throws {
        var region = try await Fixture()
        let root = Fixture.root()
        let key = try await region.key()
        #expect(try await region.keys.rotationStatus(key.id, root).isEnabled == false)
        try await region.keys.enableRotation(key.id, periodDays: 90, root)
        let status = try await region.keys.rotationStatus(key.id, root)
        #expect(status.isEnabled && status.periodDays == 90)
        #expect(status.next == region.clock.now + .seconds(90 * 86_400))
        let before = try await region.keys.encrypt([1], under: key.id, context: [:], root)
        region.clock.advance(by: .seconds(90 * 86_400 - 1))
        await region.keys.runMaintenance(usage: nil, forcesDeletion: false)
        #expect(try await region.keys.encrypt([1], under: key.id, context: [:], root).materialID == before.materialID)
        region.clock.advance(by: .seconds(1))
        await region.keys.runMaintenance(usage: nil, forcesDeletion: false)
        await region.keys.runMaintenance(usage: nil, forcesDeletion: false)
        let after = try await region.keys.encrypt([2], under: key.id, context: [:], root)
        #expect(after.materialID != before.materialID)
        try await region.restart()
        #expect(try await region.keys.decrypt(before.bytes, under: nil, context: [:], root).bytes == [1])
        #expect(try await region.keys.decrypt(after.bytes, under: key.id, context: [:], root).bytes == [2])
        let listed = try await region.keys.rotations(key.id, includesFirst: false, .init(limit: 10, marker: nil), root)
        #expect(listed.page.items.map(\.id) == [after.materialID])
        _ = try await region.keys.rotateOnDemand(key.id, root)
        #expect(try await region.keys.encrypt([2], under: key.id, context: [:], root).materialID != after.materialID)
    }

    @Test("KMS-25: the root key alone opens a region's keys, and their bytes are not in its rows")
    func rootKey() async throws {
        let region = try await Fixture()
        let key = try await region.key()
        let other = try #require(AESRootKey(bytes: [UInt8](repeating: 9, count: 32)))
        await #expect(throws: KeyManagerProblem.otherRootKey) {
            try await Fixture.open(region.metadata, region.clock, other)
        }
        let material = try #require(key.materials.first)
        let opened = region.rootKey.open(Array(material.sealed), label: "kms/\(key.id)/\(material.id)")
        let bytes = try #require(opened)
        #expect(bytes.count == 32)
        let rows = try await region.metadata.scan(KeyRange(from: [], to: nil), in: .directory, limit: 100)
        #expect(rows.count == 2)
        for row in rows {
            for start in row.value.indices where row.value[start...].starts(with: bytes) { Issue.record("\(start)") }
        }
    }

    @Test("KMS-20: S3 gets data keys under a key, and under alias/aws/s3, which is made on first use, through S3 alone")
    func dataKeys() async throws {
        let region = try await Fixture()
        let account = Fixture.alice
        var use = KeyUse(
            principal: .root(account), context: ["aws:s3:arn": "arn:aws:s3:::b/k"],
            viaService: "s3.us-east-1.amazonaws.com")
        let first = try await region.keys.generateDataKey(under: nil, of: account.id, for: use)
        let second = try await region.keys.generateDataKey(under: "alias/aws/s3", of: account.id, for: use)
        #expect(first.keyARN == second.keyARN)
        #expect(first.plaintext.count == 32 && first.plaintext != second.plaintext)
        #expect(try await region.keys.decrypt(first.wrapped, for: use) == first.plaintext)
        let key = try await region.keys.describeKey("alias/aws/s3", Fixture.root())
        #expect(key.isManaged)

        use.viaService = "s3.eu-west-1.amazonaws.com"
        #expect(
            await Fixture.code { _ = try await region.keys.decrypt(first.wrapped, for: use) } == "AccessDeniedException"
        )
        use.viaService = nil
        #expect(
            await Fixture.code { _ = try await region.keys.decrypt(first.wrapped, for: use) } == "AccessDeniedException"
        )
        use.viaService = "s3.us-east-1.amazonaws.com"
        use.context = [:]
        #expect(
            await Fixture.code { _ = try await region.keys.decrypt(first.wrapped, for: use) }
                == "InvalidCiphertextException")
        // What is AWS's own nobody changes.
        let id = key.id
        for code in [
            await Fixture.code { try await region.keys.setEnabled(false, id, Fixture.root()) },
            await Fixture.code { _ = try await region.keys.scheduleDeletion(id, days: 7, Fixture.root()) },
            await Fixture.code {
                try await region.keys.putKeyPolicy(id, key.policy, bypassesLockoutCheck: true, Fixture.root())
            },
        ] { #expect(code == "AccessDeniedException") }
    }

    @Test("Without a root key there is a clear error")
    func noRootKey() async throws {
        let use = KeyUse(principal: .root(Fixture.alice), context: [:])
        let error = await Fixture.error {
            _ = try await AbsentKeyService().generateDataKey(under: nil, of: Fixture.alice.id, for: use)
        }
        #expect(error?.message.contains("kms.root_key_file") == true)
    }
}

private struct OneNeededKey: KeyUsage {
    var arn: String

    func isNeeded(keyARN: String) async throws -> Bool { keyARN == self.arn }
}

extension KeyManagerFixture {
    func metadataHolds(_ text: String) async -> Bool {
        let rows = try? await self.metadata.scan(KeyRange(from: [], to: nil), in: .directory, limit: 1000)
        let wanted = Array(text.utf8)
        return (rows ?? []).contains { row in
            (row.key + row.value).indices.contains { (row.key + row.value)[$0...].starts(with: wanted) }
        }
    }
}
