import TernCore
import TernPorts
import TernS3Protocol

/// Posts each message as a topic of Amazon SNS does to an HTTP subscription (specification §10.2). Nothing is signed, so the
/// envelope has no signature.
///
/// Source: Amazon SNS Developer Guide, "HTTP/HTTPS notification JSON format".
struct SNSTarget: SingleMessageTarget {
    private let options: TargetConfiguration.Topic
    private let sender: HTTPSender
    private let wall: any WallClock

    init(_ options: TargetConfiguration.Topic, sender: HTTPSender, wall: any WallClock) {
        self.options = options
        self.sender = sender
        self.wall = wall
    }

    func deliver(_ message: EventMessage) async -> DeliveryResult {
        var headers = [
            ("x-amz-sns-message-type", "Notification"),
            ("x-amz-sns-message-id", message.uuid),
            ("x-amz-sns-topic-arn", message.target),
            ("content-type", "text/plain; charset=UTF-8"),
        ]
        if self.options.isRaw { headers.append(("x-amz-sns-rawdelivery", "true")) }
        let body = self.options.isRaw ? message.body : Self.envelope(of: message, at: self.wall.now)
        return await self.sender.deliver(body, headers: headers.map { (name: $0.0, value: $0.1) })
    }

    static func envelope(of message: EventMessage, at now: Timestamp) -> [UInt8] {
        var json = JSONWriter()
        json.openObject()
        json.member("Type", "Notification")
        json.member("MessageId", message.uuid)
        json.member("TopicArn", message.target)
        json.member("Subject", "Amazon S3 Notification")
        json.name("Message")
        json.string(utf8: message.body)
        json.member("Timestamp", now.iso8601)
        json.closeObject()
        return json.bytes
    }

    func shutDown() async { await self.sender.shutDown() }
}
