import TernControlPlane
import TernCore
import Testing

/// identity-and-control, part 8: a region joins with an invitation that is never sent.
@Suite struct RegionInvitationTests {
    private static let region = RegionName(trusted: "ap-1")
    private static let home = "http://10.0.0.1:9000"
    private static let expires = Timestamp(milliseconds: 1_000_000)

    private static func make(_ secret: String = "the federation's secret") -> RegionInvitation {
        .make(region: self.region, home: self.home, expires: self.expires, federationSecret: secret)
    }

    /// As the home region makes it from what a request says.
    private static func again(
        _ made: RegionInvitation, region: RegionName = Self.region, expires: Timestamp = Self.expires,
        secret: String = "the federation's secret"
    ) -> RegionInvitation {
        RegionInvitation(region: region, expires: expires, id: made.id, home: self.home, federationSecret: secret)
    }

    @Test func theTextIsReadBack() throws {
        let made = Self.make()
        let read = try #require(RegionInvitation(token: made.token))
        #expect(read.region == Self.region)
        #expect(read.expires == Self.expires)
        #expect(read.id == made.id)
        #expect(read.home == Self.home)
        #expect(read.token == made.token)
        #expect(made.token.utf8.allSatisfy { $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") })
    }

    @Test(arguments: ["", "x", "AAAA", "dGVybi1qb2luLTE", String(repeating: "a", count: 10_000)])
    func whatIsNoInvitationIsNoneReadFrom(_ text: String) {
        #expect(RegionInvitation(token: text) == nil)
    }

    @Test func homeKnowsTheProofWithoutKeepingTheInvitation() {
        let made = Self.make()
        #expect(Self.again(made).isProof(made.proof(of: "question"), of: "question"))
    }

    @Test func aProofIsOfOneQuestionOneNameOneTimeAndOneFederation() {
        let made = Self.make()
        let proof = made.proof(of: "question")
        #expect(!Self.again(made).isProof(proof, of: "question?"))
        #expect(!Self.again(made, region: RegionName(trusted: "ap-2")).isProof(proof, of: "question"))
        #expect(!Self.again(made, expires: Self.expires + .seconds(1)).isProof(proof, of: "question"))
        #expect(!Self.again(made, secret: "another's").isProof(proof, of: "question"))
        #expect(!Self.again(Self.make()).isProof(proof, of: "question"))
        for damaged in ["", "00", "zz", String(proof.dropLast(2)), proof + "00"] {
            #expect(!Self.again(made).isProof(damaged, of: "question"))
        }
    }

    @Test func anAnswerOpensForItsQuestionAlone() throws {
        let made = Self.make()
        let sealed = try #require(Self.again(made).seal(Array("secret".utf8), to: "question"))
        #expect(made.open(sealed, to: "question") == Array("secret".utf8))
        #expect(made.open(sealed, to: "another") == nil)
        #expect(Self.make().open(sealed, to: "question") == nil)
        var damaged = sealed
        damaged[damaged.count / 2] ^= 1
        #expect(made.open(damaged, to: "question") == nil)
    }

    @Test func theSecretIsNotInWhatIsPrinted() {
        let made = Self.make()
        #expect("\(made)" == "invitation \(made.id) of ap-1")
    }
}
