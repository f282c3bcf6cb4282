import TernPolicy
import Testing

/// One decision for all objects of a bucket must be that of each of them.
@Suite struct UniformPolicyPropertyTests {
    private static let keys = ["k", "ann/k", "ann/a:b", "é*", "a", "ann", "*", "?", "b/", "${aws:username}"]

    @Test("A policy that treats objects alike decides of each of them alike") func alike() throws {
        var (alike, different) = (0, 0)
        for seed in UInt64(1)...4000 {
            var generator = PolicyGenerator(seed: seed)
            let json = generator.policy(hasPrincipals: true)
            let policy = try CompiledPolicy(json: Array(json.utf8), kind: .bucket, name: "p")
            var request = generator.request(generator.one(of: PolicyGenerator.callers), owner: PolicyGenerator.own)
            for bucket in ["b", "bb"] {
                guard policy.treatsAlike(objectsOf: bucket, action: request.action) else {
                    different += 1
                    continue
                }
                alike += 1
                let decisions = Self.keys.map { key in
                    request.resource = "arn:aws:s3:::\(bucket)/\(key)"
                    return [policy.allowance(of: request), policy.denial(of: request)]
                }
                #expect(Set(decisions).count == 1, "seed \(seed), \(request.action) in \(bucket): \(json)")
            }
        }
        #expect(alike > 500 && different > 500, "\(alike), \(different)")
    }
}
