import ArgumentParser
import TernS3API

/// `tern api-coverage`.
struct APICoverageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api-coverage",
        abstract: "Print which operations of the S3 API are implemented, as docs/api-coverage.md has them."
    )

    func run() {
        print(OperationTable.coverageMarkdown, terminator: "")
    }
}
