package import TernCore

extension LoggingConfiguration {
    /// The key of a log object.
    ///
    /// Source: Amazon S3 User Guide, "Log object key format".
    ///
    /// - Parameters:
    ///   - day: The day of the events; counts where the keys are partitioned by it.
    ///   - unique: Keeps objects of one second apart; shown in 16 hexadecimal digits.
    package func logKey(
        sourceAccount: AccountID, sourceRegion: RegionName, sourceBucket: String, delivered: Timestamp,
        day: Timestamp, unique: UInt64
    ) -> String {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: unique)
        let end = bytes.lowercaseHex.uppercased()
        switch self.keyFormat {
        case .simplePrefix:
            return "\(self.targetPrefix)\(Self.stamp(delivered))-\(end)"
        case .partitionedPrefix(let byEventTime):
            let fields = (byEventTime ? day : delivered).civilFields
            let date = Self.join([fields.year, fields.month, fields.day], "/")
            // With the day of the events there is no time of the day to tell.
            let stamp =
                byEventTime
                ? Self.join([fields.year, fields.month, fields.day, 0, 0, 0], "-") : Self.stamp(delivered)
            return "\(self.targetPrefix)\(sourceAccount)/\(sourceRegion)/\(sourceBucket)/\(date)/\(stamp)-\(end)"
        }
    }

    private static func stamp(_ time: Timestamp) -> String {
        let fields = time.civilFields
        return self.join(
            [fields.year, fields.month, fields.day, fields.hour, fields.minute, fields.second], "-")
    }

    private static func join(_ numbers: [Int], _ separator: String) -> String {
        numbers.enumerated().map { index, number in
            var text: [UInt8] = []
            text.append(decimal: number, width: index == 0 ? 4 : 2)
            return String(decoding: text, as: UTF8.self)
        }.joined(separator: separator)
    }
}
