import ArgumentParser

/// The `tern` command.
@main
struct Tern: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "tern",
        abstract: "An S3-compatible object store with Amazon S3's own replication.",
        discussion: """
            Try it: run `tern dev ./tern-dev`, then in another shell

              eval "$(tern env ./tern-dev)"
              aws s3 mb s3://photos

            For a real deployment write a configuration (docs/tern.example.yaml) and run `tern serve --config FILE` \
            for each region.
            """,
        version: Self.version,
        subcommands: [
            ServeCommand.self, DevCommand.self, EnvCommand.self, StatusCommand.self, ExplainCommand.self,
            ReplicationCommand.self, BatchCommand.self, InventoryCommand.self, EventsCommand.self, JoinCommand.self,
            RegionCommand.self, AccountCommand.self, IAMCommand.self, KMSCommand.self,
            BenchCommand.self, APICoverageCommand.self,
        ]
    )
}
