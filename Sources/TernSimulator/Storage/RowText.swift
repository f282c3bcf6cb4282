import SwiftProtobuf
import TernCore
import TernRecords
import TernStorage

/// The rows of a commit as people read them in a trace: what replication is about in full, the rest by its letter.
enum RowText {
    static func text(of batch: MetadataBatch) -> String {
        guard batch.partition.kind == .bucket else { return "\(batch.writes.count) rows of the directory" }
        let rows = batch.writes.map { write in
            switch write {
            case .put(let key, let value): "+\(Self.text(of: key, value))"
            case .delete(let key): "-\(Self.text(of: key, nil))"
            }
        }
        return "\(String(batch.partition.id, radix: 16)) " + rows.joined(separator: "; ")
    }

    private static func text(of key: [UInt8], _ value: [UInt8]?) -> String {
        guard let first = key.first else { return "?" }
        let letter = String(decoding: [first], as: UTF8.self)
        switch first {
        case UInt8(ascii: "H"), UInt8(ascii: "V"), UInt8(ascii: "Z"):
            let name = String(decoding: key.dropFirst().prefix { $0 != 0 }, as: UTF8.self)
            guard let value, let record = try? VersionRecord(serializedBytes: value), !value.isEmpty else {
                return "\(letter) \(name) \(Self.end(of: key))"
            }
            return "\(letter) \(name) \(Self.text(of: record))"
        case UInt8(ascii: "T"):
            guard let value, let record = try? TaskRecord(serializedBytes: value) else {
                return "T \(Self.end(of: key))"
            }
            return "T \(Self.end(of: key)) \(Self.text(of: record))"
        default:
            return letter
        }
    }

    /// Enough of a row to tell it from others.
    private static func end(of key: [UInt8]) -> String { Self.hexadecimal(key.suffix(4)) }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { (($0 < 16) ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func text(of record: VersionRecord) -> String {
        var text = String(record.versionID.description.prefix(12))
        if record.isNull { text += " null" }
        if record.isDeleteMarker { text += " marker" }
        if record.isReplica { text += " replica" }
        for name in AttributeName.allCases where name.stamp(record) != 0 {
            text += " \(name.rawValue)=\(name.value(record))@\(String(name.stamp(record), radix: 16))"
        }
        for state in record.destinations { text += " \(Self.text(of: state))" }
        return text
    }

    private static func text(of state: DestinationState) -> String {
        let components: [AttributeName?] = [nil] + AttributeName.allCases
        let statuses = components.compactMap { name in
            let status = state.status(of: name)
            return status == .none ? nil : "\(name?.rawValue ?? "data") \(status)"
        }
        return "(\(state.destinationBucket): \(statuses.joined(separator: ", ")) \(state.failureReason))"
    }

    private static func text(of task: TaskRecord) -> String {
        "\(task.kind) of \(String(decoding: task.key, as: UTF8.self)) \(task.version.versionID.description.prefix(12)) to "
            + "\(task.destinationBucket) @\(String(task.attributeStamp, radix: 16)), attempt \(task.attempts) "
            + task.lastError
    }
}
