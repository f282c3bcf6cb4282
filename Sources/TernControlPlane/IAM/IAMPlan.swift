import SwiftProtobuf
import TernRecords

/// What a change of IAM writes, and what its caller is told: made by a pure function of the state.
package typealias IAMPlan = ControlPlan

extension IAMEntity {
    /// The row that keeps it.
    func write() throws(IAMError) -> ControlWrite {
        ControlWrite(key: IAMState.key(Self.letter, self.id), value: try encode(self))
    }

    var removal: ControlWrite { ControlWrite(key: IAMState.key(Self.letter, self.id), value: nil) }
}

extension AccountRecord {
    func write() throws(IAMError) -> ControlWrite {
        ControlWrite(key: IAMState.key(IAMState.accountLetter, self.id), value: try encode(self))
    }
}

func encode(_ message: some SwiftProtobuf.Message) throws(IAMError) -> [UInt8] {
    do { return try message.serializedBytes() } catch { throw .serviceFailure("The record cannot be written.") }
}
