import Foundation
import Logging
import UnixSignals

/// What `tern serve` and `tern dev` share: logging, waiting for the signal to stop, and an end that always comes.
enum RunningProcess {
    /// Sends the log of every library to standard error.
    static func startLogging(level: Logger.Level, format: LogFormat) {
        LoggingSystem.bootstrap { label in LogOutput(label: label, format: format, logLevel: level) }
    }

    /// Raises the number of files and connections that this process may have open to what the system allows.
    static func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Runs `start`, waits for SIGTERM or SIGINT, then runs `stop` with what was started.
    ///
    /// A signal that arrives during the start takes effect behind it. If the stop takes longer than `limit`, the
    /// process ends by force: a stop that hangs helps nobody.
    static func run<Started: Sendable>(
        stopLimit limit: Duration,
        _ logger: Logger,
        start: @Sendable () async throws -> Started,
        stop: @Sendable (Started) async -> Void
    ) async throws {
        self.raiseFileLimit()
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let started = try await start()
        for await signal in signals {
            logger.info("stopping", metadata: ["signal": "\(signal)"])
            break
        }
        let watchdog = Task.detached {
            try await Task.sleep(for: limit)
            logger.critical("stopping took too long; ending now")
            exit(1)
        }
        await stop(started)
        watchdog.cancel()
    }

    /// Prints a line that another program may wait for.
    static func announce(_ line: String) {
        print(line)
        fflush(nil)
    }
}
