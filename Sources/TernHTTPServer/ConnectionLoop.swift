import Logging
import NIOCore
import Synchronization
import TernCore
import TernPorts

/// What the connections of one event loop share. Lives on that loop.
final class ConnectionLoop {
    let eventLoop: any EventLoop
    let configuration: HTTPServerConfiguration
    let responder: any HTTPResponder
    let executor: EventLoopTaskExecutor?
    let logger: Logger
    private let clock: any WallClock
    private var connections: [ObjectIdentifier: HTTPConnection] = [:]
    private var sweep: RepeatedTask?
    private var whenEmpty: EventLoopPromise<Void>?
    private var dateSeconds = Int64.min
    private var dateText = ""
    /// Whether the server is stopping: every answer is the last of its connection.
    private(set) var isStopping = false

    init(
        eventLoop: any EventLoop,
        configuration: HTTPServerConfiguration,
        responder: any HTTPResponder,
        clock: any WallClock,
        logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.responder = responder
        self.clock = clock
        self.logger = logger
        self.executor =
            switch configuration.execution {
            case .eventLoop: EventLoopTaskExecutor(eventLoop)
            case .globalPool: nil
            }
    }

    /// The value of `Date`, written anew once a second.
    var date: String {
        let now = self.clock.now
        if now.seconds != self.dateSeconds {
            self.dateSeconds = now.seconds
            self.dateText = now.httpDate
        }
        return self.dateText
    }

    /// Looks for overdue connections four times in the shortest timeout, and at least once a second.
    ///
    /// One sweep for all is cheaper than a timer for each, which every request would have to move.
    func startSweeping() {
        let shortest = min(
            self.configuration.headerTimeout, self.configuration.idleTimeout, self.configuration.bodyTimeout,
            self.configuration.writeTimeout)
        let interval = TimeAmount.nanoseconds(min(max(shortest.nanoseconds / 4, 5_000_000), 1_000_000_000))
        let bound = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.sweep = self.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            let now = NIODeadline.now()
            for connection in bound.value.connections.values where connection.deadline <= now {
                connection.deadlinePassed(now)
            }
        }
    }

    func opened(_ connection: HTTPConnection) {
        self.connections[ObjectIdentifier(connection)] = connection
    }

    /// The channel is closed, and no task of the connection runs any more.
    func ended(_ connection: HTTPConnection) {
        self.connections[ObjectIdentifier(connection)] = nil
        self.endIfEmpty()
    }

    // MARK: Stopping

    /// Closes idle connections, and the others behind their current answer. The future completes when none is left.
    func stop() -> EventLoopFuture<Void> {
        self.isStopping = true
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.whenEmpty = promise
        for connection in self.connections.values { connection.stopWhenIdle() }
        self.endIfEmpty()
        return promise.futureResult
    }

    /// Closes every connection now, and cancels the tasks of those that are answering.
    func abortAll() {
        for connection in self.connections.values { connection.abort() }
    }

    private func endIfEmpty() {
        guard self.isStopping, self.connections.isEmpty, let promise = self.whenEmpty else { return }
        self.whenEmpty = nil
        self.sweep?.cancel()
        promise.succeed()
    }
}

extension Duration {
    var nanoseconds: Int64 {
        self.components.seconds * 1_000_000_000 + self.components.attoseconds / 1_000_000_000
    }

    var timeAmount: TimeAmount { .nanoseconds(self.nanoseconds) }
}
