import TernCore
import TernObjects
import TernPorts
import TernS3Protocol

/// What operators ask of the events on their way.
extension PeerRouter {
    func reportEvents() async throws -> HTTPAnswer {
        let reports = try await self.eventOperator().report()
        let now = self.wall.now
        var json = JSONText()
        json.object { json in
            json.member("region", self.federation.region.description)
            json.array("targets", reports) { json, report in
                json.object { json in
                    json.member("target", report.target)
                    json.member("kind", report.kind)
                    json.member("state", report.state)
                    json.member("queued", Int64(report.queued))
                    json.member("dead", Int64(report.dead))
                    json.member("oldestAgeMs", report.oldest.map { max(0, (now - $0).wholeMilliseconds) })
                    json.member("delivered", Int64(clamping: report.delivered))
                    json.member("failed", Int64(clamping: report.failed))
                    json.member("gaveUp", Int64(clamping: report.gaveUp))
                    json.member("lastError", report.lastError)
                    json.member("nextAttempt", report.nextAttempt?.iso8601)
                }
            }
        }
        return Self.json(json.text)
    }

    func listDeadEvents(_ target: RequestTarget) async throws -> HTTPAnswer {
        guard let name = target["target"] else { throw FramingError("name a target") }
        let limit = min(max(target["limit"].flatMap { Int($0) } ?? 100, 1), 10_000)
        let letters = try await self.eventOperator().deadLetters(of: name, limit: limit)
        var json = JSONText()
        json.object { json in
            json.array("deadLetters", letters) { json, letter in
                json.object { json in
                    json.member("target", letter.target)
                    json.member("bucket", letter.bucket)
                    json.member("key", letter.key)
                    json.member("event", letter.event)
                    json.member("time", letter.time.iso8601)
                    json.member("givenUp", letter.givenUp.iso8601)
                    json.member("attempts", Int64(letter.attempts))
                    json.member("error", letter.error)
                }
            }
        }
        return Self.json(json.text)
    }

    func redriveEvents(_ target: RequestTarget) async throws -> HTTPAnswer {
        Self.count(try await self.eventOperator().redrive(target["target"]))
    }

    func discardEvents(_ target: RequestTarget) async throws -> HTTPAnswer {
        guard let name = target["target"] else { throw FramingError("name a target") }
        return Self.count(try await self.eventOperator().discard(name))
    }

    private static func count(_ count: Int) -> HTTPAnswer {
        var json = JSONText()
        json.object { $0.member("count", Int64(count)) }
        return Self.json(json.text)
    }

    private func eventOperator() throws -> any EventOperator {
        guard let events = self.events else { throw FramingError("this region sends no events") }
        return events
    }
}
