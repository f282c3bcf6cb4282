import NIOCore
import TernCore
import TernInventory
import TernPorts
import TernS3Protocol

/// What operators ask of inventories.
extension PeerRouter {
    func listInventories(_ target: RequestTarget) async -> HTTPAnswer {
        guard let inventories = self.inventories else { return Self.text(404, "this region delivers no inventories") }
        guard let bucket = target["bucket"], !bucket.isEmpty else { return Self.text(400, "a bucket is needed") }
        let statuses: [InventoryDeliveries.Status]
        do throws(InventoryProblem) {
            statuses = try await inventories.list(bucket: bucket)
        } catch {
            return Self.answer(error)
        }
        var json = JSONText()
        json.object { json in
            json.array("inventories", statuses) { json, status in
                json.object { json in
                    let configuration = status.configuration
                    json.member("id", configuration.id)
                    json.member("enabled", configuration.isEnabled)
                    json.member("format", configuration.format.rawValue)
                    json.member("frequency", configuration.frequency.rawValue)
                    json.member("destinationBucket", configuration.destinationBucket)
                    json.member("lastReport", status.last?.iso8601)
                    json.member(
                        "manifest",
                        status.manifestKey.isEmpty ? nil : "s3://\(status.destinationBucket)/\(status.manifestKey)")
                    json.member("rows", Int64(status.rows))
                    json.member("problem", status.problem.isEmpty ? nil : status.problem)
                    json.member("nextReport", status.next?.iso8601)
                }
            }
        }
        return Self.json(json.text)
    }

    func runInventory(_ target: RequestTarget) async -> HTTPAnswer {
        guard let inventories = self.inventories else { return Self.text(404, "this region delivers no inventories") }
        guard let bucket = target["bucket"], let id = target["id"], !bucket.isEmpty, !id.isEmpty else {
            return Self.text(400, "a bucket and the id of a configuration are needed")
        }
        do throws(InventoryProblem) {
            let lines = InventoryLines(try await inventories.begin(bucket: bucket, id: id))
            return HTTPAnswer(
                status: 200, headers: HeaderFields([.init(name: "content-type", value: "application/x-ndjson")]),
                body: .chunked(source: lines))
        } catch {
            return Self.answer(error)
        }
    }

    private static func answer(_ problem: InventoryProblem) -> HTTPAnswer {
        switch problem.kind {
        case .noBucket: self.text(404, problem.message)
        case .refused: self.text(409, problem.message)
        case .failed: self.text(500, problem.message)
        }
    }
}

/// The lines that tell of a report, which is made as they are read: who stops reading stops it.
private actor InventoryLines: HTTPBodySource {
    private var delivery: InventoryDelivery?
    private var hasBegun = false

    init(_ delivery: InventoryDelivery) {
        self.delivery = delivery
    }

    func next() async throws -> ByteBuffer? {
        guard let delivery = self.delivery else { return nil }
        if !self.hasBegun {
            self.hasBegun = true
            return Self.line { json in
                json.member("type", "begin")
                json.member("destinationBucket", delivery.configuration.destinationBucket)
                json.member("expectedRows", delivery.expectedRows.map { Int64($0) })
            }
        }
        do throws(InventoryProblem) {
            switch try await delivery.step() {
            case .progress(let rows):
                return Self.line { json in
                    json.member("type", "progress")
                    json.member("rows", Int64(rows))
                }
            case .delivered(let report):
                self.delivery = nil
                return Self.line { json in
                    json.member("type", "end")
                    json.member("manifest", "s3://\(report.destinationBucket)/\(report.manifestKey)")
                    json.member("rows", Int64(report.rows))
                    json.member("files", Int64(report.files))
                    json.member("bytes", report.byteCount)
                }
            }
        } catch {
            self.delivery = nil
            return Self.line { json in
                json.member("type", "error")
                json.member("message", error.message)
            }
        }
    }

    private static func line(_ members: (inout JSONText) -> Void) -> ByteBuffer {
        var json = JSONText()
        json.object { members(&$0) }
        return ByteBuffer(string: json.text + "\n")
    }
}
