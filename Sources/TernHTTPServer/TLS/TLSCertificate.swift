import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// The certificate that new connections are shown. It follows its files: a second after they change, new connections
/// get the new one. Connections that are open keep theirs.
final class TLSCertificate: Sendable {
    private struct State {
        var context: NIOSSLContext
        /// The files as of the latest attempt to read them, whether it succeeded or not.
        var fingerprint: [FileFingerprint?]
        var check: RepeatedTask?
    }

    private let files: TLSFiles
    private let logger: Logger
    private let state: Mutex<State>

    /// Reads the files. Blocks.
    init(_ files: TLSFiles, logger: Logger) throws(TLSFileError) {
        self.files = files
        self.logger = logger
        // Taken before the files are read: what changes meanwhile is read again.
        let fingerprint = files.fingerprint
        self.state = Mutex(State(context: try files.makeContext(), fingerprint: fingerprint))
    }

    /// What a new connection is encrypted with.
    var context: NIOSSLContext { self.state.withLock { $0.context } }

    /// Looks at the files once a second until ``stopFollowing()``, on a thread that may wait for a disk.
    func startFollowing(on loop: any EventLoop) {
        let check = loop.scheduleRepeatedAsyncTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            NIOThreadPool.singleton.runIfActive(eventLoop: loop) { self.reloadIfChanged() }
        }
        self.state.withLock { $0.check = check }
    }

    func stopFollowing() {
        let check = self.state.withLock { state in
            defer { state.check = nil }
            return state.check
        }
        check?.cancel()
    }

    /// Takes the files over if they changed. Files that cannot be used leave the certificate as it is: a server with
    /// an old certificate serves, one without any does not. Blocks.
    func reloadIfChanged() {
        let fingerprint = self.files.fingerprint
        let isChanged = self.state.withLock { state in
            defer { state.fingerprint = fingerprint }
            return state.fingerprint != fingerprint
        }
        guard isChanged else { return }
        do throws(TLSFileError) {
            let context = try self.files.makeContext()
            self.state.withLock { $0.context = context }
            self.logger.notice("new TLS certificate", metadata: ["file": "\(self.files.certificate)"])
        } catch {
            self.logger.error(
                "the new TLS certificate cannot be used; the one before stays", metadata: ["error": "\(error)"])
        }
    }
}
