import ArgumentParser
import Logging

/// `tern dev`.
struct DevCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Run a federation of regions for development, in one directory.",
        discussion: """
            Without options it runs us-east-1 on port 9000 and eu-west-1 on port 9001 with one account. It prints \
            `ready REGION=URL …` when all regions serve, and then the address of each region's console with its token. \
            Everything is kept in the directory: a second run finds the \
            same regions, ports, accounts and objects again.

              tern dev ./tern-dev
              eval "$(tern env ./tern-dev)" && aws s3 ls
            """
    )

    @Argument(help: "Where everything is kept; made if it does not exist.")
    var directory: String

    @Option(
        name: .long, help: ArgumentHelp("A region; port 0 takes a free one. May be repeated.", valueName: "NAME:PORT"))
    var region: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "An account with its keys. May be repeated. By default one is made up, and kept.",
            valueName: "ID:ACCESSKEY:SECRET[:NAME[:EMAIL]]"))
    var account: [String] = []

    @Flag(help: "Run each region as a process of its own, with a PID file DIR/<region>.pid.")
    var processes = false

    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Speak HTTPS, with certificates of an authority of the federation's own, DIR/ca.pem, which are made with the "
                + "command openssl. By default as in the last run, and not in the first."))
    var tls: Bool?

    @Option(help: DayLengthOption.help, transform: DayLengthOption.read)
    var dayLength: Int?

    @Flag(help: "Start although the clock is behind the last write: it was ahead then, and is right now.")
    var allowClockSetBack = false

    @Option(help: "trace, debug, info, notice, warning, error or critical.", transform: LogLevelOption.read)
    var logLevel: Logger.Level = .notice

    @Option(help: "text or json.")
    var logFormat: LogFormat = .text

    func run() async throws {
        RunningProcess.startLogging(level: self.logLevel, format: self.logFormat)
        let logger = Logger(label: "tern")
        let directory = DevDirectory(self.directory)
        try directory.create()
        let pidFile = try PIDFile(path: directory.file("dev.pid"))
        defer { pidFile.remove() }
        var planned = try DevPlan(
            directory: directory, regionOptions: self.region, accountOptions: self.account, tlsOption: self.tls,
            log: RegionConfiguration.Log(level: self.logLevel, format: self.logFormat))
        if let dayLength = self.dayLength { planned.dayLengthSeconds = dayLength }
        planned.allowsClockSetBack = self.allowClockSetBack
        planned.hasConsole = true
        let plan = planned
        try directory.ensureRootKey()
        if plan.isSecure { try DevCertificates.ensure(for: plan.regions.map(\.name), in: directory) }

        if self.processes {
            try await RunningProcess.run(
                stopLimit: .seconds(30), logger,
                start: {
                    let federation = try await ProcessFederation.start(plan, in: directory, logger: logger)
                    Self.announce(federation.configurations)
                    return federation
                },
                stop: { await $0.stop() }
            )
        } else {
            try await RunningProcess.run(
                stopLimit: .seconds(20), logger,
                start: {
                    let federation = try await InProcessFederation.start(plan, in: directory, logger: logger)
                    Self.announce(federation.configurations)
                    return federation
                },
                stop: { await $0.stop() }
            )
        }
    }

    private static func announce(_ configurations: [RegionConfiguration]) {
        let regions = configurations.map { "\($0.region)=\($0.endpoint)" }
        RunningProcess.announce("ready \(regions.joined(separator: " "))")
        for configuration in configurations {
            guard let address = ConsoleTokenFile.address(configuration) else { continue }
            RunningProcess.announce("console \(configuration.region) \(address)")
        }
    }
}

/// Reads the length of a lifecycle day from an option.
enum DayLengthOption {
    static let help = ArgumentHelp(
        "How many seconds a day of lifecycle rules and restores lasts; 86400 by default. For tests and rehearsals.",
        valueName: "seconds")

    static func read(_ text: String) throws -> Int {
        guard let seconds = Int(text), (1...86_400).contains(seconds) else {
            throw ValidationError("`\(text)` is no length of a day; use 1 to 86400 seconds")
        }
        return seconds
    }
}

/// Reads the level of the log from an option.
enum LogLevelOption {
    static func read(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            throw ValidationError(
                "`\(text)` is no level; use \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return level
    }
}

extension LogFormat: ExpressibleByArgument {}
