import Foundation
import TernControlPlane
import Testing

@testable import tern

@Suite("Where the root key comes from")
struct RootKeySourceTests {
    private static let hexadecimal = String(repeating: "0123456789abcdef", count: 4)

    private static func withDirectory(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "tern-key-\(UUID())").path(
            percentEncoded: false)
        try FileManager.default.createDirectory(atPath: path + "/data", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private static func write(_ bytes: [UInt8], _ path: String, mode: Int = 0o600) {
        _ = FileManager.default.createFile(
            atPath: path, contents: Data(bytes), attributes: [.posixPermissions: mode])
    }

    private static func failure(_ path: String, _ directory: String) -> String {
        do {
            _ = try RootKeySource.read(file: path, outside: [directory + "/data"])
            return "valid"
        } catch {
            return "\(error)"
        }
    }

    @Test("KMS-25: a file with 32 bytes, or with them as text, is a root key")
    func files() throws {
        try Self.withDirectory { directory in
            let path = directory + "/root.key"
            for bytes in [[UInt8](0..<32), Array((Self.hexadecimal + "\n").utf8)] {
                Self.write(bytes, path)
                #expect(Self.failure(path, directory) == "valid")
            }
        }
    }

    @Test("KMS-25: what is missing, of another length, open to others or beside the data is refused, unrepeated")
    func refusals() throws {
        try Self.withDirectory { directory in
            let path = directory + "/root.key"
            #expect(Self.failure(path, directory).contains("cannot be read; make one"))
            Self.write([UInt8](0..<31), path)
            #expect(Self.failure(path, directory).contains("has 31 bytes"))
            Self.write(Array("secret-secret".utf8), path)
            #expect(!Self.failure(path, directory).contains("secret-secret"))
            for mode in [0o644, 0o640, 0o606, 0o620] {
                try FileManager.default.removeItem(atPath: path)
                Self.write([UInt8](0..<32), path, mode: mode)
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
                #expect(Self.failure(path, directory).contains("chmod 600"), "\(mode)")
            }
            let inside = directory + "/data/root.key"
            Self.write([UInt8](0..<32), inside)
            #expect(Self.failure(inside, directory).contains("beside what it protects"))
            let link = directory + "/link.key"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: inside)
            #expect(Self.failure(link, directory).contains("beside what it protects"))
            #expect(Self.failure(directory, directory).contains("is no file"))
        }
    }

    @Test("The environment goes before the file; without either there is no root key")
    func environment() throws {
        let yaml = """
            region: us-east-1
            listen: 127.0.0.1:9000
            data_directory: /data
            accounts:
              - id: "111111111111"
                access_key: AKIAEXAMPLE
                secret_key: secretsecret
            """
        let plain = try RegionConfiguration(yaml: yaml, file: "t.yaml")
        #expect(try RootKeySource.read(plain, environment: [:]) == nil)
        #expect(try RootKeySource.read(plain, environment: ["TERN_ROOT_KEY": Self.hexadecimal]) != nil)
        let filed = try RegionConfiguration(yaml: yaml + "\nkms:\n  root_key_file: /no/such/file", file: "t.yaml")
        #expect(filed.kms.rootKeyFile == "/no/such/file")
        #expect(try RegionConfiguration(yaml: filed.yaml, file: "t.yaml") == filed)
        #expect(try RootKeySource.read(filed, environment: ["TERN_ROOT_KEY": Self.hexadecimal]) != nil)
        #expect(throws: CommandFailure.self) { try RootKeySource.read(filed, environment: [:]) }
        #expect(throws: CommandFailure.self) {
            try RootKeySource.read(plain, environment: ["TERN_ROOT_KEY": "0123"])
        }
    }

    @Test("A development federation gets one root key, beside its regions, and keeps it")
    func development() throws {
        try Self.withDirectory { path in
            let directory = DevDirectory(path)
            try directory.ensureRootKey()
            let first = try #require(FileManager.default.contents(atPath: directory.rootKeyFile))
            try directory.ensureRootKey()
            #expect(FileManager.default.contents(atPath: directory.rootKeyFile) == first)
            _ = try RootKeySource.read(file: directory.rootKeyFile, outside: [directory.file("us-east-1")])
        }
    }
}
