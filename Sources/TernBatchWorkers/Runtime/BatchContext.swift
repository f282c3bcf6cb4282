package import Logging
package import TernBatch
package import TernControlPlane
import TernCore
package import TernObjects
package import TernPorts
import TernS3Protocol

/// What can be chosen of how jobs run.
package struct BatchOptions: Sendable {
    /// Places for jobs that run at once.
    package var scheduler = JobScheduler()
    /// Rows of tasks that one job has under way.
    package var chunksInFlight = 4
    /// Requests that one row of tasks makes at once, for operations other than replication.
    package var requestsPerChunk = 24
    /// Versions whose replication is started in one commit.
    package var initiationsPerCommit = 100
    /// Versions of one row of tasks that wait for their destinations before more are started: a job that is to stop has
    /// no more than these to finish.
    package var initiationsInFlight = 100
    /// How long a destination may give no answer before its tasks count as started (decision TD-11).
    package var longestSilence = Duration.seconds(30)
    /// The largest file of a report, and of a generated manifest before it is compressed, in bytes.
    package var fileBytes = 16 << 20
    /// Where functions are invoked, for LambdaInvoke; `nil` refuses such jobs.
    package var functions: (any FunctionRunner)?

    package init() {}
}

/// All that jobs work with.
package struct BatchContext: Sendable {
    package var service: ObjectService
    package var store: JobStore
    package var roles: any RoleAssumer
    package var responder: any RoleRequestResponder
    package var authorizer: any Authorizer
    package var lanes: any LaneMonitor
    package var clients: ClientActivity?
    package var wall: any WallClock
    package var random: any RandomSource
    package var options: BatchOptions
    package var logger: Logger

    package init(
        service: ObjectService, store: JobStore, roles: any RoleAssumer, responder: any RoleRequestResponder,
        authorizer: any Authorizer, lanes: any LaneMonitor, clients: ClientActivity? = nil, wall: any WallClock,
        random: any RandomSource, options: BatchOptions = BatchOptions(), logger: Logger
    ) {
        self.service = service
        self.store = store
        self.roles = roles
        self.responder = responder
        self.authorizer = authorizer
        self.lanes = lanes
        self.clients = clients
        self.wall = wall
        self.random = random
        self.options = options
        self.logger = logger
    }

    /// The service that assumes the roles of jobs (batch-replication §7.1).
    private static let principal = "batchoperations.s3.amazonaws.com"

    /// The ARN of a job of this region.
    func arn(of job: JobStore.Job) -> String {
        "arn:aws:s3:\(self.service.region):\(job.account):job/\(job.id)"
    }

    /// Requests in the name of the job's role; `nil` where it cannot be assumed.
    func client(for job: JobStore.Job) async -> RoleClient? {
        let principal = await self.roles.assume(
            role: job.request.roleARN, by: Self.principal, sourceARN: self.arn(of: job), sourceAccount: job.account)
        return principal.map { RoleClient(responder: self.responder, principal: $0) }
    }

    /// Rests while clients keep the region busy: jobs come last.
    func yieldToClients() async {
        guard let clients, clients.isBusy else { return }
        try? await self.wall.sleep(until: self.wall.now + .milliseconds(20))
    }
}

/// Why work on a job broke off.
enum JobInterruption: Error, Sendable {
    /// The whole job fails.
    case failed(JobFailure)
    /// The store, or something else that passes: the same again, a little later.
    case trouble(String)
    /// The job is to be paused or cancelled, or the process ends.
    case stopped
}
