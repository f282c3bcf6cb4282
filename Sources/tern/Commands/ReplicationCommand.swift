import ArgumentParser

/// `tern replication`.
struct ReplicationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replication",
        abstract: "Look after replication.",
        subcommands: [
            VerifyReplicationCommand.self, ReportReplicationCommand.self, PauseReplicationCommand.self,
            ResumeReplicationCommand.self, LimitReplicationCommand.self,
        ]
    )
}
