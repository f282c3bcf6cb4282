import Foundation
import TernConsole

/// The file that has the token of a region's console.
enum ConsoleTokenFile {
    static let name = "console.token"

    /// Reads the token of a region; makes one where the file is not there.
    ///
    /// - Throws: ``CommandFailure`` when the file cannot be used as it is.
    static func token(_ configuration: RegionConfiguration) throws -> ConsoleToken {
        let path = configuration.consoleTokenFile
        if configuration.console.tokenFile == nil {
            // At the first start there is no data yet.
            try? FileManager.default.createDirectory(
                atPath: configuration.dataDirectory, withIntermediateDirectories: true)
        }
        if !FileManager.default.fileExists(atPath: path) {
            try PrivateFile.write(RandomKey.consoleToken() + "\n", to: path)
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure("the console's token in \(path) cannot be read")
        }
        guard let token = ConsoleToken(self.trimmed(data)) else {
            throw CommandFailure(
                "\(path) has no token for the console: it needs \(ConsoleToken.minimumByteCount) or more of A-Z, a-z, 0-9 "
                    + "and -._~ in one line; remove the file, and one is made")
        }
        return token
    }

    /// The address of the page with the token behind it; `nil` where there is no token yet.
    static func address(_ configuration: RegionConfiguration) -> String? {
        guard let endpoint = configuration.consoleEndpoint,
            let data = FileManager.default.contents(atPath: configuration.consoleTokenFile)
        else { return nil }
        return "\(endpoint)/#token=\(self.trimmed(data))"
    }

    private static func trimmed(_ data: Data) -> String {
        String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
