import NIOCore
import Synchronization
import TernPorts

/// A request's body that can be sent again from its begin, as long as little of it was taken.
final class ReplayableBody: HTTPRequestBody {
    private struct State {
        /// What was taken, from the begin; `nil` once that became too much to keep.
        var taken: [ByteBuffer]? = []
        var takenByteCount = 0
        /// How many of the taken chunks were given out since the last ``rewind()``.
        var position = 0
        var isAsked = false
    }

    private let body: any HTTPRequestBody
    private let byteLimit: Int
    private let state = Mutex(State())

    /// - Parameter byteLimit: How much is kept for another time.
    init(_ body: any HTTPRequestBody, byteLimit: Int = 128 << 10) {
        self.body = body
        self.byteLimit = byteLimit
    }

    /// Whether anyone looked for the body yet.
    var isAsked: Bool { self.state.withLock { $0.isAsked } }

    func next() async throws -> ByteBuffer? {
        let again = self.state.withLock { state -> ByteBuffer? in
            state.isAsked = true
            guard let taken = state.taken, state.position < taken.count else { return nil }
            defer { state.position += 1 }
            return taken[state.position]
        }
        if let again { return again }
        guard let chunk = try await self.body.next() else { return nil }
        self.state.withLock { state in
            state.takenByteCount += chunk.readableBytes
            guard state.takenByteCount <= self.byteLimit else {
                state.taken = nil
                return
            }
            state.taken?.append(chunk)
            state.position += 1
        }
        return chunk
    }

    /// Goes back to the begin of the body; whether that is possible. Nobody may be reading.
    func rewind() -> Bool {
        self.state.withLock { state in
            state.position = 0
            return state.taken != nil
        }
    }
}
