import TernCore
import TernObjects
import TernRecords
import Testing

@Suite("Delete markers are told by their first bytes")
struct DeleteMarkerPeekTests {
    @Test(arguments: [false, true], [false, true])
    func peek(isNull: Bool, isDeleteMarker: Bool) throws {
        var record = VersionRecord()
        record.id = VersionIdentity(
            VersionID(stamp: HybridTimestamp(rawValue: 0x0123_4567_89AB_CDEF), origin: 7, random: .max))
        record.isNull = isNull
        record.isDeleteMarker = isDeleteMarker
        record.lastModifiedMs = 1_700_000_000_000
        record.owner = "111111111111"
        #expect(VersionRecord.isDeleteMarker(encoded: try encodeRecord(record)) == isDeleteMarker)
    }

    @Test func withoutIdentityOnlyDecodingTells() throws {
        #expect(VersionRecord.isDeleteMarker(encoded: []) == nil)
        #expect(VersionRecord.isDeleteMarker(encoded: [0x18, 1]) == nil)
    }
}
