/// How far a job is, and how fast, from what was seen of it lately.
struct JobMeter {
    /// What the rate is taken over: long enough for a job that counts a thousand tasks at a time.
    private static let span = Duration.seconds(15)
    private static let widestBar = 30
    private static let narrowestBar = 8

    private var seen: [(time: Duration, done: Int64)] = []

    /// - Parameter time: Since the job has been watched.
    mutating func note(_ done: Int64, at time: Duration) {
        self.seen.append((time, done))
        // One that is older stays, so that the rate is over the whole span.
        while self.seen.count > 2, time - self.seen[1].time >= Self.span { self.seen.removeFirst() }
    }

    /// Tasks a second; `nil` before there is one.
    var rate: Double? {
        guard let first = self.seen.first, let last = self.seen.last else { return nil }
        let seconds = (last.time - first.time) / .seconds(1)
        return seconds >= 1 && last.done > first.done ? Double(last.done - first.done) / seconds : nil
    }

    /// One line about a job.
    ///
    /// - Parameter width: Of the terminal, in characters; `nil` for a line without a bar.
    func line(_ job: JobClient.Job, width: Int?) -> String {
        let done = job.succeeded + job.failed
        guard job.total > 0, job.status != "Preparing" else { return job.status }
        var facts = ["\(done * 100 / job.total) %", "\(Self.grouped(done)) of \(Self.grouped(job.total))"]
        if job.status == "Active", done < job.total, let rate {
            facts.append("\(Self.grouped(Int64(rate)))/s")
            facts.append("\(Self.time(Double(job.total - done) / rate)) left")
        }
        if job.failed > 0 { facts.append("\(Self.grouped(job.failed)) failed") }
        let text = facts.joined(separator: "  ")
        guard let width else { return "\(job.status)  \(text)" }
        // The last column stays free: some terminals begin a new line there.
        let room = min(Self.widestBar, width - 1 - job.status.count - text.count - 4)
        guard room >= Self.narrowestBar else { return String("\(job.status)  \(text)".prefix(max(1, width - 1))) }
        let filled = Int(Int64(room) * done / job.total)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: room - filled)
        return "\(job.status)  \(bar)  \(text)"
    }

    /// `1,234,567`
    static func grouped(_ number: Int64) -> String {
        var text = ""
        let digits = Array(String(number))
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// `50 s`, `12 min`, `3 h 20 min`
    static func time(_ seconds: Double) -> String {
        let whole = Int(min(seconds.rounded(.up), 1e9))
        if whole < 120 { return "\(whole) s" }
        let minutes = whole / 60
        if minutes < 120 { return "\(minutes) min" }
        return minutes % 60 == 0 ? "\(minutes / 60) h" : "\(minutes / 60) h \(minutes % 60) min"
    }
}
