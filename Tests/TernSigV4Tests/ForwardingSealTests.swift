import TernSigV4
import Testing

@Suite("Where a forwarded request came from")
struct ForwardingSealTests {
    @Test("Only the federation's seal on this very request is believed")
    func seal() throws {
        let seal = try #require(ForwardingSeal(secret: "secret"))
        let value = seal.seal(
            address: "10.1.2.3", isSecure: true, method: "GET", target: "/b/k", authorization: "AWS4 x")
        let opened = seal.open(value, method: "GET", target: "/b/k", authorization: "AWS4 x")
        #expect(opened?.address == "10.1.2.3")
        #expect(opened?.isSecure == true)
        #expect(seal.open(value, method: "PUT", target: "/b/k", authorization: "AWS4 x") == nil)
        #expect(seal.open(value, method: "GET", target: "/b/l", authorization: "AWS4 x") == nil)
        #expect(seal.open(value, method: "GET", target: "/b/k", authorization: nil) == nil)
        let other = try #require(ForwardingSeal(secret: "other"))
        #expect(other.open(value, method: "GET", target: "/b/k", authorization: "AWS4 x") == nil)
        let forged = value.replacing("10.1.2.3", with: "10.1.2.4")
        #expect(seal.open(forged, method: "GET", target: "/b/k", authorization: "AWS4 x") == nil)
        for text in ["", "secure 10.1.2.3", "secure 10.1.2.3 zz", "a b c d", String(repeating: " ", count: 90)] {
            #expect(seal.open(text, method: "GET", target: "/b/k", authorization: "AWS4 x") == nil)
        }
        #expect(ForwardingSeal(secret: "") == nil)
    }
}
