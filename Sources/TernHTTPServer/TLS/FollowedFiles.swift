package import Logging
package import NIOCore
import NIOPosix
import Synchronization

/// A value that is read from files and follows them: a second after they change, ``value`` is what they hold now.
package final class FollowedFiles<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        /// The files as of the latest attempt to read them, whether it succeeded or not.
        var fingerprint: [FileFingerprint?]
        var check: RepeatedTask?
    }

    private let paths: [String]
    private let subject: String
    private let read: @Sendable () throws(TLSFileError) -> Value
    private let logger: Logger
    private let state: Mutex<State>

    /// Reads the files. Blocks.
    ///
    /// - Parameter subject: What the files hold, for the log.
    package init(
        _ paths: [String], subject: String, logger: Logger, read: @escaping @Sendable () throws(TLSFileError) -> Value
    ) throws(TLSFileError) {
        self.paths = paths
        self.subject = subject
        self.read = read
        self.logger = logger
        // Taken before the files are read: what changes meanwhile is read again.
        let fingerprint = paths.map { FileFingerprint($0) }
        self.state = Mutex(State(value: try read(), fingerprint: fingerprint))
    }

    package var value: Value { self.state.withLock { $0.value } }

    /// Looks at the files once a second until ``stopFollowing()``, on a thread that may wait for a disk.
    package func startFollowing(on loop: any EventLoop) {
        let check = loop.scheduleRepeatedAsyncTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            NIOThreadPool.singleton.runIfActive(eventLoop: loop) { self.reloadIfChanged() }
        }
        self.state.withLock { $0.check = check }
    }

    package func stopFollowing() {
        let check = self.state.withLock { state in
            defer { state.check = nil }
            return state.check
        }
        check?.cancel()
    }

    /// Takes the files over if they changed. Files that cannot be used leave the value as it is: a server with an old
    /// certificate serves, one without any does not. Blocks.
    package func reloadIfChanged() {
        let fingerprint = self.paths.map { FileFingerprint($0) }
        let isChanged = self.state.withLock { state in
            defer { state.fingerprint = fingerprint }
            return state.fingerprint != fingerprint
        }
        guard isChanged else { return }
        do throws(TLSFileError) {
            let value = try self.read()
            self.state.withLock { $0.value = value }
            self.logger.notice("new \(self.subject)", metadata: ["files": "\(self.paths.joined(separator: ", "))"])
        } catch {
            self.logger.error(
                "the new \(self.subject) cannot be used; the one before stays", metadata: ["error": "\(error)"])
        }
    }
}
