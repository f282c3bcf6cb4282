import Foundation
import TernControlPlane

/// Where a region's root key comes from (KMS-25): `TERN_ROOT_KEY`, else the file of `kms.root_key_file`.
enum RootKeySource {
    static let variable = "TERN_ROOT_KEY"

    /// The region's root key; `nil` where none is configured.
    ///
    /// - Throws: ``CommandFailure`` for a key that cannot be used. It never repeats what it read.
    static func read(_ configuration: RegionConfiguration, environment: [String: String]) throws -> AESRootKey? {
        if let text = environment[self.variable], !text.isEmpty {
            guard let key = AESRootKey(text: text.utf8) else {
                throw CommandFailure(
                    "\(self.variable) is no root key; give 64 hexadecimal digits or base64 of 32 bytes, for example from: "
                        + "openssl rand -hex 32")
            }
            return key
        }
        guard let path = configuration.kms.rootKeyFile else { return nil }
        let directories = [configuration.dataDirectory] + configuration.storage.pools.map(\.directory)
        return try self.read(file: path, outside: directories)
    }

    /// - Parameter directories: Where the key must not lie: whoever gets hold of the data would have the key too.
    static func read(file path: String, outside directories: [String]) throws -> AESRootKey {
        let name = "kms.root_key_file: \(path)"
        let real = self.resolved(path)
        for directory in directories where real.hasPrefix(self.resolved(directory) + "/") {
            throw CommandFailure("\(name) lies in \(directory), beside what it protects; keep it elsewhere")
        }
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw CommandFailure(
                "\(name) cannot be read; make one with: (umask 077; head -c 32 /dev/urandom > \(path))")
        }
        defer { try? file.close() }
        var status = stat()
        guard fstat(file.fileDescriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw CommandFailure("\(name) is no file")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw CommandFailure("\(name) can be read or changed by others than its owner; run: chmod 600 \(path)")
        }
        guard let data = try? file.read(upToCount: 1024) else { throw CommandFailure("\(name) cannot be read") }
        guard let key = AESRootKey(bytes: data) ?? AESRootKey(text: data) else {
            throw CommandFailure(
                "\(name) has \(data.count) bytes and is no root key; it must hold 32 random bytes, or them as 64 "
                    + "hexadecimal digits or in base64")
        }
        return key
    }

    private static func resolved(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path(percentEncoded: false)
            .trimmingTrailingSlash()
    }
}

extension String {
    fileprivate func trimmingTrailingSlash() -> String {
        self.count > 1 && self.hasSuffix("/") ? String(self.dropLast()) : self
    }
}
