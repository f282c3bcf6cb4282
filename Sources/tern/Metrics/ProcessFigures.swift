import Foundation

/// What Linux knows of this process (`proc(5)`), under the names of Prometheus' client libraries.
struct ProcessFigures {
    var cpuSeconds = 0.0
    var residentBytes = 0.0
    var virtualBytes = 0.0
    var openFiles = 0.0
    var maximumFiles = 0.0
    var threads = 0.0
    var startSeconds = 0.0

    /// What cannot be read stays 0.
    static func read() -> ProcessFigures {
        var figures = ProcessFigures()
        let ticks = Double(max(sysconf(Int32(_SC_CLK_TCK)), 1))
        // The name of the program is in brackets, and may hold anything.
        if let stat = self.text("/proc/self/stat"), let end = stat.lastIndex(of: ")") {
            let fields = stat[stat.index(after: end)...].split(separator: " ").map { Double($0) ?? 0 }
            if fields.count > 21 {
                figures.cpuSeconds = (fields[11] + fields[12]) / ticks
                figures.threads = fields[17]
                figures.virtualBytes = fields[20]
                figures.residentBytes = fields[21] * Double(sysconf(Int32(_SC_PAGESIZE)))
                figures.startSeconds = self.bootSeconds + fields[19] / ticks
            }
        }
        figures.openFiles = Double((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0)
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            figures.maximumFiles = Double(limit.rlim_cur)
        }
        return figures
    }

    private static var bootSeconds: Double {
        let line = self.text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst(6)) } ?? 0
    }

    private static func text(_ path: String) -> String? {
        // Files of /proc have no size.
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
