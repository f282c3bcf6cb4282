/// The requests between regions, under `/_tern/v1/`.
package enum PeerPath: String, Sendable, CaseIterable {
    /// POST: small items, framed; the answer has their results, framed.
    case replicas
    /// POST: a large replica's record; the answer says what has arrived.
    case sessions
    /// PUT, with `bucket`, `version`, `offset` and `length`, and perhaps `block`: one segment with its checksums.
    case segment = "sessions/segment"
    /// POST: a large replica's record.
    case commit = "sessions/commit"
    /// GET, with `name`: what a bucket of this region is like.
    case bucket
    /// GET, with `bucket`, `key`, `account`, and perhaps `versionId`, `from` and `to`: a version and its bytes, for a
    /// copy.
    case source
    /// POST: a directory record. Home region only.
    case reserve = "directory/reserve"
    case confirm = "directory/confirm"
    case release = "directory/release"
    /// GET, with `after` and `wait` in milliseconds: changes of the directory, framed.
    case changes = "directory/changes"
    /// GET, with `after`, the hexadecimal key of a row: rows of the directory, framed, for a region that is further
    /// behind than the log goes back. Home region only.
    case snapshot = "directory/snapshot"
    /// POST: what KMS of one region asks that of another, sealed by the root key.
    case keys
    /// GET: the accounts, JSON.
    case accounts
    /// POST, with `name`, `email` and perhaps `id`: makes an account; it and its key, JSON. Home region only.
    case createAccount = "accounts/create"
    /// POST: who wants to do what, JSON; the answer is the decision and what made it, JSON.
    case simulate = "iam/simulate"
    /// GET: the regions, JSON.
    case regions
    /// POST, with `name` and `seconds`: an invitation for a region, JSON. Home region only.
    case inviteRegion = "regions/invite"
    /// POST, not signed: what one who was invited asks; the answer is sealed. Home region only.
    case joinRegion = "regions/join"
    /// POST, with `name`: removes a region that joined. Home region only.
    case removeRegion = "regions/remove"
    /// POST: uses of access keys and roles, framed. Home region only.
    case uses
    /// GET, with `key` and `limit`: the objects of this region that are encrypted with a key of KMS, JSON.
    case keyUsage = "keys/usage"
    /// POST: what the source of a replication asks about its replicas, to compare them.
    case verification
    /// POST, with `bucket` and perhaps `rule` and `repair`: compares a bucket with its destinations, lines of JSON as
    /// they come.
    case verify
    /// GET: how the targets of event notifications do, JSON.
    case events
    /// GET, with `target` and perhaps `limit`: the dead letters of a target, JSON.
    case deadEvents = "events/dead"
    /// POST, with perhaps `target`: puts dead letters back into their queues; how many, JSON.
    case redriveEvents = "events/redrive"
    /// POST, with `target`: forgets the dead letters of a target; how many, JSON.
    case discardEvents = "events/discard"
    /// GET, with `bucket`: the inventories of a bucket and what they delivered, JSON.
    case inventories = "inventory"
    /// POST, with `bucket` and `id`: delivers a report of an inventory, lines of JSON as it goes on.
    case runInventory = "inventory/run"
    /// GET, with `job`: why tasks of a job of this region failed, counted, JSON.
    case jobFailures = "jobs/failures"
    /// POST: samples of metrics that this region publishes.
    case metrics
    /// GET, with perhaps `month` and `rule`: how well replication kept its time, JSON.
    case report = "replication/report"
    /// GET: the state of replication, JSON.
    case status
    /// GET, with `bucket`, `key` and perhaps `versionId`: why a version replicates, or not, JSON.
    case explain
    /// GET: the pauses and limits of replication from this region, JSON.
    case flow
    /// POST, with `bucket` or `region`, and `rate`, `windows` and `zone`, or `remove`: sets the bandwidth limit of a
    /// destination.
    case limit = "flow/limit"
    /// POST, with `bucket`, and perhaps `rule` or `destination`, and `seconds`: lets replication rest.
    case pause = "flow/pause"
    /// POST, with `bucket`, and perhaps `rule` or `destination`: lets it go on.
    case resume = "flow/resume"
    /// GET, unsigned: 200 when the region serves.
    case health

    package static let prefix = "/_tern/v1/"

    package var path: String { Self.prefix + self.rawValue }

    var method: String {
        switch self {
        case .replicas, .sessions, .commit, .reserve, .confirm, .release, .createAccount, .inviteRegion, .joinRegion,
            .removeRegion, .uses, .keys, .simulate, .verification, .verify, .redriveEvents, .discardEvents, .metrics,
            .limit, .pause, .resume, .runInventory:
            "POST"
        case .segment: "PUT"
        case .bucket, .source, .changes, .snapshot, .accounts, .regions, .keyUsage, .events, .deadEvents, .report,
            .flow, .inventories, .jobFailures, .status, .explain, .health:
            "GET"
        }
    }

    /// In answers to ``changes``: the last change that the home region had made before it looked.
    static let sequenceHeader = "x-tern-last-sequence"

    /// In an answer to ``changes`` without any: the log does not go back so far.
    static let shortenedHeader = "x-tern-log-shortened"

    /// In the last answer to ``snapshot``.
    static let lastPageHeader = "x-tern-last-page"

    /// The longest that ``changes`` waits for one, in milliseconds.
    static let maximumWaitMilliseconds: Int64 = 20_000
}
