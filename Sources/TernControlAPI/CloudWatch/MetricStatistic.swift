import TernControlPlane
import TernCore

/// A statistic of the points of a period.
enum MetricStatistic: Hashable, Sendable {
    case sampleCount
    case average
    case sum
    case minimum
    case maximum
    case percentile(Double)

    /// By CloudWatch's name; `nil` for one that is not served: trimmed means and the like.
    init?(_ name: String) {
        switch name {
        case "SampleCount": self = .sampleCount
        case "Average": self = .average
        case "Sum": self = .sum
        case "Minimum": self = .minimum
        case "Maximum": self = .maximum
        default:
            guard name.hasPrefix("p"), let percent = Double(name.dropFirst()), (0...100).contains(percent),
                name.dropFirst().allSatisfy({ $0.isNumber || $0 == "." })
            else { return nil }
            self = .percentile(percent)
        }
    }

    /// `nil` where it is not known.
    func value(of point: MetricPoint) -> Double? {
        switch self {
        case .sampleCount: point.count
        case .average: point.count == 0 ? nil : point.sum / point.count
        case .sum: point.sum
        case .minimum: point.minimum
        case .maximum: point.maximum
        case .percentile(let percent): point.percentile(percent)
        }
    }
}
