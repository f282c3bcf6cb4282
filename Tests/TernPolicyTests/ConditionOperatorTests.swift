import TernPolicy
import Testing

@Suite struct ConditionOperatorTests {
    @Test("§5.2: every comparison with every prefix and IfExists", arguments: ConditionOperator.Comparison.allCases)
    func names(_ comparison: ConditionOperator.Comparison) {
        for quantifier in [nil] + ConditionOperator.Quantifier.allCases.map(Optional.some) {
            for ifExists in [false, true] {
                let name = (quantifier?.rawValue ?? "") + comparison.rawValue + (ifExists ? "IfExists" : "")
                let found = ConditionOperator(name: name)
                if comparison == .null && ifExists {
                    #expect(found == nil)
                } else {
                    #expect(found?.comparison == comparison)
                    #expect(found?.quantifier == quantifier)
                    #expect(found?.ifExists == ifExists)
                }
            }
        }
    }

    @Test("POL-1: operators are case-sensitive", arguments: ["stringEquals", "BOOL", "", "IfExists", "ForAllValues:"])
    func unknown(_ name: String) {
        #expect(ConditionOperator(name: name) == nil)
    }
}
