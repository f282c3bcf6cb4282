import TernControlPlane
import TernCore

/// The parameters of a request, or of a structure in one.
struct CloudWatchParameters: Sendable {
    let value: ServiceValue

    func has(_ name: String) -> Bool { self.value[name] != nil }

    /// Not empty, of a length that is kept, and without control characters.
    func text(_ name: String, maximum: Int = 255) throws(CloudWatchError) -> String? {
        guard let value = self.value[name] else { return nil }
        guard let text = value.text else { throw .malformed(name) }
        guard !text.isEmpty, text.unicodeScalars.count <= maximum,
            !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
        else { throw .value("The value for parameter \(name) must be 1 to \(maximum) printable characters long.") }
        return text
    }

    func required(_ name: String, maximum: Int = 255) throws(CloudWatchError) -> String {
        guard let text = try self.text(name, maximum: maximum) else { throw .missing(name) }
        return text
    }

    func time(_ name: String) throws(CloudWatchError) -> Timestamp? {
        guard let value = self.value[name] else { return nil }
        guard let time = value.timestamp, time.milliseconds >= 0 else { throw .malformed(name) }
        return time
    }

    func integer(_ name: String) throws(CloudWatchError) -> Int64? {
        guard let value = self.value[name] else { return nil }
        guard let integer = value.integer else { throw .malformed(name) }
        return integer
    }

    func double(_ name: String) throws(CloudWatchError) -> Double? {
        guard let value = self.value[name] else { return nil }
        guard let double = value.double else { throw .malformed(name) }
        return double
    }

    func flag(_ name: String) throws(CloudWatchError) -> Bool? {
        guard let value = self.value[name] else { return nil }
        guard let flag = value.flag else { throw .malformed(name) }
        return flag
    }

    private func values(_ name: String, maximum: Int) throws(CloudWatchError) -> [ServiceValue]? {
        guard let value = self.value[name] else { return nil }
        // An empty list has no form of its own in the Query protocol.
        if case .string("") = value { return [] }
        guard let list = value.list else { throw .malformed(name) }
        guard list.count <= maximum else {
            throw .value("The collection \(name) must not have a size greater than \(maximum).")
        }
        return list
    }

    func texts(_ name: String, maximum: Int) throws(CloudWatchError) -> [String]? {
        guard let list = try self.values(name, maximum: maximum) else { return nil }
        let texts = list.compactMap(\.text)
        guard texts.count == list.count else { throw .malformed(name) }
        return texts
    }

    func doubles(_ name: String, maximum: Int) throws(CloudWatchError) -> [Double]? {
        guard let list = try self.values(name, maximum: maximum) else { return nil }
        let doubles = list.compactMap(\.double)
        guard doubles.count == list.count else { throw .malformed(name) }
        return doubles
    }

    func structures(_ name: String, maximum: Int) throws(CloudWatchError) -> [CloudWatchParameters]? {
        guard let list = try self.values(name, maximum: maximum) else { return nil }
        var structures: [CloudWatchParameters] = []
        for value in list {
            guard case .object = value else { throw .malformed(name) }
            structures.append(CloudWatchParameters(value: value))
        }
        return structures
    }

    func structure(_ name: String) throws(CloudWatchError) -> CloudWatchParameters? {
        guard let value = self.value[name] else { return nil }
        guard case .object = value else { throw .malformed(name) }
        return CloudWatchParameters(value: value)
    }

    /// The dimensions that a metric has, all of them.
    func dimensions() throws(CloudWatchError) -> [MetricSeries.Dimension] {
        var dimensions: [MetricSeries.Dimension] = []
        for structure in try self.structures("Dimensions", maximum: 30) ?? [] {
            let name = try structure.required("Name")
            if dimensions.contains(where: { $0.name == name }) {
                throw .value("The dimension \(name) stands twice.")
            }
            dimensions.append(.init(name, try structure.required("Value", maximum: 1024)))
        }
        return dimensions.sorted()
    }

    func unit() throws(CloudWatchError) -> String? {
        guard let unit = try self.text("Unit") else { return nil }
        guard Self.units.contains(unit) else {
            throw .value("The value \(unit) for parameter Unit is not one of the units of CloudWatch.")
        }
        return unit
    }

    private static let units: Set<String> = {
        let sizes = ["", "Kilo", "Mega", "Giga", "Tera"]
        var units: Set<String> = [
            "Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "Count/Second", "None",
        ]
        for size in sizes {
            for quantity in ["Bytes", "Bits"] {
                let name = size.isEmpty ? quantity : size + quantity.lowercased()
                units.insert(name)
                units.insert(name + "/Second")
            }
        }
        return units
    }()

    /// In seconds.
    func period() throws(CloudWatchError) -> Int64 {
        guard let period = try self.integer("Period") else { throw .missing("Period") }
        guard [1, 5, 10, 20, 30].contains(period) || (period > 0 && period % 60 == 0 && period <= 31_536_000) else {
            throw .value(
                "The parameter Period must be 1, 5, 10, 20, 30, or a multiple of 60 up to one year.")
        }
        return period
    }

    /// `StartTime` and `EndTime`, in seconds: the start rounded down as far as the data of its age are rounded.
    func times(now: Timestamp) throws(CloudWatchError) -> (start: Int64, end: Int64) {
        guard let start = try self.time("StartTime") else { throw .missing("StartTime") }
        guard let end = try self.time("EndTime") else { throw .missing("EndTime") }
        guard start < end else {
            throw .value("The parameter StartTime must be less than the parameter EndTime.")
        }
        let grain: Int64
        switch now.seconds - start.seconds {
        case ..<(15 * 86400): grain = 60
        case ..<(63 * 86400): grain = 300
        default: grain = 3600
        }
        // A point belongs in if it begins before the end, to the millisecond.
        let last = (end.milliseconds + 999) / 1000
        return (start.seconds - start.seconds % grain, last)
    }
}
