import ArgumentParser

/// `tern env`.
struct EnvCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Print shell commands that point AWS tools at a development federation.",
        discussion: """
            eval "$(tern env ./tern-dev)"
            aws s3 ls                            # the first region
            aws --profile eu-west-1 s3 ls        # another
            """
    )

    @Argument(help: "The directory given to `tern dev`.")
    var directory: String

    func run() throws {
        print(try Self.text(DevDirectory(self.directory)))
    }

    /// What the shell evaluates.
    static func text(_ directory: DevDirectory) throws -> String {
        let state = try directory.requiredState()
        var lines = [
            ("AWS_CONFIG_FILE", directory.awsConfigFile),
            ("AWS_SHARED_CREDENTIALS_FILE", directory.awsCredentialsFile),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("TERN_DIR", directory.path),
        ]
        // Not every tool reads it from the profile.
        if state.tls == true { lines.append(("AWS_CA_BUNDLE", directory.authorityFile)) }
        if let first = state.regions.first { lines.append(("AWS_PROFILE", first.name)) }
        if let console = directory.consoleAddress(state) { lines.append(("TERN_CONSOLE", console)) }
        // Keys and endpoints in the environment would win over the profile.
        let others = [
            "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION",
            "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_S3_CONTROL", "AWS_DEFAULT_PROFILE",
        ]
        return (lines.map { "export \($0.0)=\(self.shellQuoted($0.1))" } + ["unset \(others.joined(separator: " "))"])
            .joined(separator: "\n")
    }

    /// A word that a POSIX shell reads as exactly `text`.
    static func shellQuoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
