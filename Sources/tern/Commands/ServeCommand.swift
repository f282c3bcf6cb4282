import ArgumentParser
import Foundation
import Logging
import TernHTTPServer

/// `tern serve`.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve one region.",
        discussion: """
            The configuration is described in docs/tern.example.yaml. TERN_LISTEN, TERN_DATA_DIRECTORY, TERN_LOG_LEVEL \
            and TERN_LOG_FORMAT override the options of the same names; TERN_ROOT_KEY is the root key instead of \
            kms.root_key_file. SIGTERM and SIGINT stop it: running requests \
            may finish, for limits.shutdown_grace_seconds.
            """
    )

    @Option(name: [.short, .long], help: "The configuration of the region.")
    var config: String

    @Option(help: DayLengthOption.help, transform: DayLengthOption.read)
    var dayLength: Int?

    @Flag(help: "Start although the clock is behind the last write: it was ahead then, and is right now.")
    var allowClockSetBack = false

    @Flag(help: "Check the configuration, and do nothing else.")
    var check = false

    func run() async throws {
        // Whoever started this process may have ignored the signals, which a child inherits.
        signal(SIGTERM, SIG_DFL)
        signal(SIGINT, SIG_DFL)
        var read = try RegionConfiguration.load(self.config, environment: ProcessInfo.processInfo.environment)
        if let dayLength = self.dayLength { read.lifecycle.dayLengthSeconds = dayLength }
        if self.allowClockSetBack { read.allowsClockSetBack = true }
        let configuration = read
        if self.check {
            do throws(TLSFileError) {
                try configuration.tls?.check()
            } catch {
                throw CommandFailure("\(self.config): the TLS certificate cannot be used: \(error)")
            }
            _ = try TrustedAuthorities.configuration(caFile: configuration.federationCAFile)
            _ = try RootKeySource.read(configuration, environment: ProcessInfo.processInfo.environment)
            print("\(self.config) is valid: \(configuration.region) at \(configuration.listen.text)")
            return
        }
        RunningProcess.startLogging(level: configuration.log.level, format: configuration.log.format)
        let logger = Logger(label: "tern")
        let pidFile = try configuration.pidFile.map { try PIDFile(path: $0) }
        defer { pidFile?.remove() }
        try await RunningProcess.run(
            stopLimit: .seconds(configuration.limits.shutdownGraceSeconds + 10), logger,
            start: {
                let server = try await RegionServer.start(configuration, logger: logger)
                RunningProcess.announce("ready \(configuration.region)=\(configuration.endpoint)")
                return server
            },
            stop: { await $0.stop() }
        )
    }
}
