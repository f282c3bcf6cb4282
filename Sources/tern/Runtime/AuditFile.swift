import Foundation
import Logging
import Synchronization
import TernControlPlane

/// The audit's file: each line is in the system's hands before the decision is acted upon.
final class AuditFile: AuditSink {
    private struct State {
        var handle: FileHandle
        var isFailing = false
    }

    private let path: String
    private let logger: Logger
    private let state: Mutex<State>

    /// - Throws: ``CommandFailure`` for a file that cannot be written.
    init(path: String, logger: Logger) throws {
        self.path = path
        self.logger = logger
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure("audit.file: \(path) cannot be opened: \(String(cString: strerror(errno)))")
        }
        self.state = Mutex(State(handle: FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)))
    }

    func write(_ line: [UInt8]) {
        self.state.withLock { state in
            do {
                try state.handle.write(contentsOf: line + [UInt8(ascii: "\n")])
                state.isFailing = false
            } catch {
                if !state.isFailing {
                    self.logger.error(
                        "the audit cannot be written", metadata: ["file": "\(self.path)", "error": "\(error)"])
                }
                state.isFailing = true
            }
        }
    }
}
