import Crypto
import TernCore
import TernPorts
import TernS3Protocol

/// Posts each message to a URL (specification §10.3).
struct WebhookTarget: SingleMessageTarget {
    private let options: TargetConfiguration.Webhook
    private let sender: HTTPSender
    private let wall: any WallClock

    init(_ options: TargetConfiguration.Webhook, sender: HTTPSender, wall: any WallClock) {
        self.options = options
        self.sender = sender
        self.wall = wall
    }

    func deliver(_ message: EventMessage) async -> DeliveryResult {
        var body = message.body
        var headers = [("x-tern-event-id", message.id)]
        if self.options.isCloudEvent {
            body = CloudEvent.wrap(message, now: self.wall.now)
            headers.append(("content-type", "application/cloudevents+json; charset=UTF-8"))
        } else {
            headers.append(("content-type", "application/json"))
        }
        if let secret = self.options.secret {
            headers.append(("x-tern-signature", Self.signature(of: body, secret: secret, time: self.wall.now)))
        }
        if let token = self.options.bearerToken { headers.append(("authorization", "Bearer \(token)")) }
        return await self.sender.deliver(body, headers: headers.map { (name: $0.0, value: $0.1) })
    }

    /// `t=…,v1=…`: the HMAC-SHA256 of the time, a dot and the body.
    static func signature(of body: [UInt8], secret: String, time: Timestamp) -> String {
        let signed = Array("\(time.seconds).".utf8) + body
        let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: Array(secret.utf8)))
        return "t=\(time.seconds),v1=\(Array(code).lowercaseHex)"
    }

    func shutDown() async { await self.sender.shutDown() }
}

/// The structured form of CloudEvents 1.0.
///
/// Source: CloudEvents specification 1.0, "JSON Event Format".
enum CloudEvent {
    static func wrap(_ message: EventMessage, now: Timestamp) -> [UInt8] {
        var json = JSONWriter()
        json.openObject()
        json.member("specversion", "1.0")
        json.member("id", message.id)
        json.member("source", message.sourceARN)
        json.member("type", "com.amazonaws.s3.\(message.eventName.replacing(":", with: "."))")
        json.member("time", (message.event?.time ?? message.job?.time ?? now).iso8601)
        if let event = message.event { json.member("subject", event.encodedKey) }
        json.member("datacontenttype", "application/json")
        json.name("data")
        json.raw(message.body)
        json.closeObject()
        return json.bytes
    }
}
