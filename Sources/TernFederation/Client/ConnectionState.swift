import NIOCore

/// What the system knows of a connection of TCP.
struct ConnectionState: Sendable {
    /// Bytes that were acknowledged since it was opened.
    var arrivedBytes: Int64
    /// Bytes that were sent, and not acknowledged.
    var underWay: Int64
    /// The shortest time there and back lately, in microseconds; `nil` where it is not known.
    var roundTrip: Int64?

    /// Asks the system; fails where it does not tell, or the connection is closed.
    static func ask(_ channel: any Channel) -> EventLoopFuture<ConnectionState?> {
        #if os(Linux)
        guard let provider = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeSucceededFuture(nil)
        }
        let words: EventLoopFuture<InlineArray<40, UInt32>> = provider.unsafeGetSocketOption(
            level: NIOBSDSocket.OptionLevel.tcp, name: NIOBSDSocket.Option.tcp_info)
        return words.map { ConnectionState(linuxInfo: $0) }
        #else
        return channel.eventLoop.makeSucceededFuture(nil)
        #endif
    }
}

#if os(Linux)
extension ConnectionState {
    /// From the beginning of Linux' `struct tcp_info` (include/uapi/linux/tcp.h), in words of 32 bits: the C library's has
    /// not got the fields behind `tcpi_total_retrans`. A kernel that does not know a field leaves zeros.
    init(linuxInfo words: InlineArray<40, UInt32>) {
        let (segmentBytes, unacknowledged, shortest) = (words[4], words[6], words[37])
        self.underWay = Int64(segmentBytes) * Int64(unacknowledged)
        #if _endian(little)
        let (low, high) = (words[30], words[31])
        #else
        let (low, high) = (words[31], words[30])
        #endif
        self.arrivedBytes = Int64(truncatingIfNeeded: UInt64(high) << 32 | UInt64(low))
        self.roundTrip = shortest == 0 || shortest == .max ? nil : Int64(shortest)
    }
}
#endif
