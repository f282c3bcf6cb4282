import Foundation
import Synchronization

/// A bar on the terminal that shows how far a run is; nothing where standard error is not a terminal.
final class ProgressBar: Sendable {
    private let name: String
    private let total: Int
    private let isVisible: Bool
    private let done = Atomic<Int>(0)

    init(_ name: String, total: Int) {
        self.name = name
        self.total = max(total, 1)
        self.isVisible = isatty(STDERR_FILENO) == 1
        self.show(0)
    }

    func advance(by count: Int = 1) {
        let (old, new) = self.done.add(count, ordering: .relaxed)
        // A hundred updates in all, so that the terminal costs nothing that shows in the result.
        let step = max(self.total / 100, 1)
        if old / step != new / step { self.show(new) }
    }

    private func show(_ done: Int) {
        guard self.isVisible else { return }
        let width = 30
        let filled = min(width, done * width / self.total)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        Self.write("\r\u{1B}[K\(self.name)  \(bar)  \(min(100, done * 100 / self.total)) %")
    }

    func finish() {
        self.clear()
    }

    /// Makes room for a line of text; the next advance shows the bar again.
    func clear() {
        if self.isVisible { Self.write("\r\u{1B}[K") }
    }

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Foundation.write(STDERR_FILENO, bytes, bytes.count)
    }
}
