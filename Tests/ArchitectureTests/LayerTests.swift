import Foundation
import Testing

/// Checks what the compiler does not: it lets the import of a transitive dependency through.
@Suite("Layers")
struct LayerTests {
    @Test("Every target of Sources stands in the table, and every row has its target")
    func tableIsComplete() throws {
        #expect(try SourceTree.targets() == Set(LayerTable.targets.map(\.name)))
    }

    @Test("Every target imports downwards: only targets of its own layer or of lower ones, and without cycles")
    func tableGoesDownwards() {
        var layers: [String: Int] = [:]
        for target in LayerTable.targets {
            for name in target.targets {
                let layer = layers[name]
                #expect(layer != nil, "\(target.name) may import \(name), which does not stand before it")
                #expect(layer ?? 0 <= target.layer, "\(target.name) may import \(name), which is in a higher layer")
            }
            layers[target.name] = target.layer
        }
    }

    @Test("Every import is one that the table allows", arguments: LayerTable.targets)
    func importsAreAllowed(_ target: LayerTable.Target) throws {
        for file in try SourceTree.swiftFiles(of: target.name) {
            for line in try SourceLine.code(of: file) {
                guard let module = line.importedModule else { continue }
                let name = Self.cLibraries.contains(module) ? "Glibc" : module
                // The generator writes an alternative for toolchains without FoundationEssentials.
                if file.hasSuffix(".pb.swift"), name == "Foundation" { continue }
                #expect(
                    target.allowedImports.contains(name),
                    "\(file):\(line.number): \(target.name) (layer \(target.layer)) must not import \(module)"
                )
            }
        }
    }

    @Test(
        "Layers 0 and 1 are pure: no clock, no chance, no files, no event loop",
        arguments: LayerTable.targets.filter(\.isPure)
    )
    func pureLayersArePure(_ target: LayerTable.Target) throws {
        let impure: Set<String> = ["Foundation", "Dispatch", "Glibc"]
        #expect(target.libraries.isDisjoint(with: impure))
        #expect(!target.libraries.contains { $0.hasPrefix("NIO") })
        for file in try SourceTree.swiftFiles(of: target.name) {
            for line in try SourceLine.code(of: file) {
                for word in Self.impureWords where line.contains(word: word) {
                    Issue.record("\(file):\(line.number): `\(word)` has no place in layer \(target.layer)")
                }
            }
        }
    }

    private static let cLibraries: Set<String> = ["Glibc", "Musl", "Darwin"]

    /// What takes time, chance or the world without being handed it. (`.random` alone is a field of version IDs.)
    private static let impureWords = [
        "Date(", ".random(", ".randomElement(", ".shuffled(", "SystemRandomNumberGenerator", "UUID(",
        "ContinuousClock", "SuspendingClock", "Task.sleep", "clock_gettime", "FileManager", "FileHandle", "ProcessInfo",
        "fopen(", "getenv(",
    ]
}
