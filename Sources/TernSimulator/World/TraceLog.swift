import Logging

/// The log of the code under test, as lines of the trace.
struct TraceLog: LogHandler {
    let printer: @Sendable (String) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(printer: @escaping @Sendable (String) -> Void) {
        self.printer = printer
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let pairs = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        self.printer("        \(event.level) \(event.message)\(pairs)")
    }
}
