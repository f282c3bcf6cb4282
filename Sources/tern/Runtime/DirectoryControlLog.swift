import FoundationEssentials
import TernControlPlane
import TernObjects
import TernRecords
import TernS3Protocol
import TernStorage

/// The control plane's rows in the directory of this region.
struct DirectoryControlLog: ControlLog {
    let directory: DirectoryStore

    private static let pageLimit = 1000

    func row(_ key: [UInt8]) async throws(ControlLogError) -> [UInt8]? {
        do { return try await self.directory.controlRow(key) } catch { throw ControlLogError(error.message) }
    }

    func rows(prefix: [UInt8]) async throws(ControlLogError) -> [ControlRow] {
        var rows: [ControlRow] = []
        do throws(S3Error) {
            while true {
                let page = try await self.directory.controlRows(
                    prefix: prefix, after: rows.last?.key, limit: Self.pageLimit)
                rows += page.map { ControlRow(key: $0.key, value: $0.value) }
                if page.count < Self.pageLimit { return rows }
            }
        } catch {
            throw ControlLogError(error.message)
        }
    }

    func append(
        _ writes: [ControlWrite], requiring requirements: [ControlRequirement]
    ) async throws(ControlLogError) -> Bool {
        let records = writes.map { write in
            var record = ControlWriteRecord()
            record.key = .init(write.key)
            record.value = .init(write.value ?? [])
            record.isRemoval = write.value == nil
            return record
        }
        do {
            return try await self.directory.appendControl(
                records, requiring: requirements.map { (key: $0.key, value: $0.value) })
        } catch {
            throw ControlLogError(error.message)
        }
    }
}
