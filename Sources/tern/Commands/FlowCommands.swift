import ArgumentParser
import Foundation
import TernCore
import TernReplication

/// `tern replication pause`.
struct PauseReplicationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Let replication of a bucket rest.",
        discussion: """
            Versions stay PENDING, and are delivered when the pause ends: by itself after --for, or by `tern replication \
            resume`. It survives restarts. Without --rule and --destination all of the bucket's rules rest.

            tern replication pause --bucket photos --for 30m
            tern replication pause --bucket photos --destination photos-copy
            """
    )

    @OptionGroup var subject: FlowSubject

    @Option(name: .customLong("for"), help: "How long, such as 90s, 30m, 8h or 2d. Default: until resumed.")
    var duration: String?

    @OptionGroup var options: OperatorOptions

    @Option(name: .long, help: "The region of the bucket. Default: the one that has it.")
    var region: String?

    func run() async throws {
        var query = self.subject.query
        if let duration {
            guard let seconds = FlowSubject.seconds(duration) else {
                throw CommandFailure("--for \(duration): write a number with s, m, h or d, such as 30m")
            }
            query += "&seconds=\(seconds)"
        }
        let data = try await self.subject.ask("pause", query: query, options: self.options, region: self.region)
        let pause = try JSONDecoder().decode(FlowState.Pause.self, from: data)
        print("paused: \(pause.text)")
    }
}

/// `tern replication resume`.
struct ResumeReplicationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "End pauses of a bucket's replication.",
        discussion: "Without --rule and --destination all pauses of the bucket end."
    )

    private struct Answer: Decodable { var resumed: Int }

    @OptionGroup var subject: FlowSubject
    @OptionGroup var options: OperatorOptions

    @Option(name: .long, help: "The region of the bucket. Default: the one that has it.")
    var region: String?

    func run() async throws {
        let data = try await self.subject.ask(
            "resume", query: self.subject.query, options: self.options, region: self.region)
        let count = try JSONDecoder().decode(Answer.self, from: data).resumed
        print(count == 0 ? "nothing was paused" : "resumed: \(count) \(count == 1 ? "pause" : "pauses")")
    }
}

/// `tern replication limit`.
struct LimitReplicationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limit",
        abstract: "Limit the bandwidth to a destination, or show the limits and pauses.",
        discussion: """
            Limits are of what one region sends to a destination bucket, or to a destination region, in bytes a second. \
            They hold at once and survive restarts. Windows have rates of their own; the first that holds decides.

            tern replication limit
            tern replication limit --destination-region eu-west-1 --rate 10MB
            tern replication limit --destination photos-copy --rate unlimited --window 08:00-18:00=2MB --zone Europe/Berlin
            tern replication limit --destination photos-copy --remove
            """
    )

    @Option(name: .long, help: "The destination bucket.")
    var destination: String?

    @Option(name: .long, help: "The destination region.")
    var destinationRegion: String?

    @Option(name: .long, help: "Outside of windows: 500KB, 10MiB, 250000, 0 or unlimited. Default: unlimited.")
    var rate: String?

    @Option(name: .long, help: ArgumentHelp("HH:MM-HH:MM=RATE, each day. May be repeated.", valueName: "window"))
    var window: [String] = []

    @Option(name: .long, help: "The time zone of the windows, such as Europe/Berlin. Default: UTC.")
    var zone: String?

    @Flag(help: "Remove the limit; that of the configuration holds again.")
    var remove = false

    @Flag(help: "Print JSON, one line for each region.")
    var json = false

    @OptionGroup var options: OperatorOptions

    @Option(name: .long, help: "The region that sends. Default: all.")
    var region: String?

    func run() async throws {
        let targets = try await self.options.targets().withJoined()
        let regions = try targets.chosen(self.region)
        let client = OperatorClient(targets)
        let change = try self.change()
        for region in regions {
            let data: Data
            do {
                data =
                    if let change { try await client.post("/_tern/v1/flow/limit?" + change, to: region) } else {
                        try await client.get("/_tern/v1/flow", from: region)
                    }
            } catch let error as OperatorAnswerError where (400..<500).contains(error.status) {
                throw CommandFailure("\(region.name): \(error.body)")
            }
            if self.json {
                print(String(decoding: data, as: UTF8.self))
            } else {
                print(try JSONDecoder().decode(FlowState.self, from: data).text)
            }
        }
    }

    /// The query of a change; `nil` where the limits are only to be shown.
    private func change() throws -> String? {
        let destination: String
        switch (self.destination, self.destinationRegion) {
        case (let bucket?, nil): destination = "bucket=\(FlowSubject.encoded(bucket))"
        case (nil, let region?): destination = "region=\(FlowSubject.encoded(region))"
        case (nil, nil):
            guard self.rate == nil, self.window.isEmpty, self.zone == nil, !self.remove else {
                throw CommandFailure("of what? Give --destination BUCKET or --destination-region REGION")
            }
            return nil
        case (_?, _?): throw CommandFailure("give --destination or --destination-region, not both")
        }
        if self.remove {
            guard self.rate == nil, self.window.isEmpty, self.zone == nil else {
                throw CommandFailure("--remove goes without --rate, --window and --zone")
            }
            return destination + "&remove=true"
        }
        guard self.rate != nil || !self.window.isEmpty else {
            throw CommandFailure("which limit? Give --rate, --window or --remove")
        }
        if let rate, BandwidthLimit.rate(rate) == nil {
            throw CommandFailure("--rate \(rate): write bytes a second, such as 500KB, 10MiB or unlimited")
        }
        if let wrong = self.window.first(where: { BandwidthLimit.Window($0) == nil }) {
            throw CommandFailure("--window \(wrong): write HH:MM-HH:MM=RATE, such as 08:00-18:00=2MB")
        }
        var query = destination + "&rate=\(FlowSubject.encoded(self.rate ?? "unlimited"))"
        query += "&windows=\(FlowSubject.encoded(self.window.joined(separator: ",")))"
        if let zone { query += "&zone=\(FlowSubject.encoded(zone))" }
        return query
    }
}

/// What a pause is of.
struct FlowSubject: ParsableArguments {
    @Option(name: .long, help: "The source bucket.")
    var bucket: String

    @Option(name: .long, help: "Only this rule.")
    var rule: String?

    @Option(name: .long, help: "Only this destination bucket.")
    var destination: String?

    var query: String {
        "bucket=\(Self.encoded(self.bucket))" + (self.rule.map { "&rule=\(Self.encoded($0))" } ?? "")
            + (self.destination.map { "&destination=\(Self.encoded($0))" } ?? "")
    }

    /// The answer of the region that has the bucket.
    func ask(_ verb: String, query: String, options: OperatorOptions, region: String?) async throws -> Data {
        let targets = try await options.targets().withJoined()
        let client = OperatorClient(targets)
        var failure: (any Error)?
        for region in try targets.chosen(region) {
            do {
                return try await client.post("/_tern/v1/flow/\(verb)?\(query)", to: region)
            } catch let error as OperatorAnswerError where error.status == 404 {
                failure = failure ?? CommandFailure("there is no bucket \(self.bucket)")
            } catch let error as OperatorAnswerError where (400..<500).contains(error.status) {
                throw CommandFailure(error.body)
            } catch let error as CommandFailure {
                // A region that is down does not hide the one that has the bucket.
                failure = error
            }
        }
        throw failure ?? CommandFailure("there is no region to ask")
    }

    static func encoded(_ text: String) -> String { PercentEncoding.encode(text.utf8, keepingSlash: false) }

    /// Of `90s`, `30m`, `8h` or `2d`.
    static func seconds(_ text: String) -> Int64? {
        let factors: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = text.last, let factor = factors[unit], let number = Int64(text.dropLast()), number > 0,
            number <= 366 * 86_400
        else { return nil }
        return number * factor
    }
}

/// What `GET /_tern/v1/flow` answers.
struct FlowState: Decodable {
    struct Pause: Decodable {
        var sourceBucket: String
        var ruleId: String?
        var destinationBucket: String?
        var since: String
        var until: String?

        var text: String {
            let subject =
                [self.ruleId.map { "rule \($0)" }, self.destinationBucket.map { "to \($0)" }]
                .compactMap(\.self).first ?? "all rules"
            return "\(self.sourceBucket), \(subject), "
                + (self.until.map { "until \($0)" } ?? "until it is resumed")
        }
    }

    struct Limit: Decodable {
        var destinationBucket: String?
        var destinationRegion: String?
        var bytesPerSecond: Int64?
        var currentBytesPerSecond: Int64?
        var windows: String
        var zone: String
        var isDefault: Bool

        var text: String {
            let subject = self.destinationBucket.map { "bucket \($0)" } ?? "region \(self.destinationRegion ?? "")"
            let rate = { (rate: Int64?) in BandwidthLimit.text(ofRate: rate) + (rate == nil ? "" : "/s") }
            return "\(subject): \(rate(self.bytesPerSecond))"
                + (self.windows.isEmpty
                    ? "" : ", \(self.windows) (\(self.zone)), now \(rate(self.currentBytesPerSecond))")
                + (self.isDefault ? ", by the configuration" : "")
        }
    }

    var region: String
    var pauses: [Pause]
    var limits: [Limit]

    /// For people.
    var text: String {
        var lines = ["from \(self.region)"]
        if self.limits.isEmpty { lines.append("  no limits") }
        lines += self.limits.map { "  limit of \($0.text)" }
        lines += self.pauses.map { "  paused: \($0.text)" }
        return lines.joined(separator: "\n")
    }
}
