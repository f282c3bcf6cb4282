import Crypto
import TernCore
import TernPorts
import TernSigV4

/// Sends each message to a queue that speaks the protocol of Amazon SQS.
///
/// Source: Amazon SQS API Reference, SendMessage; AWS JSON 1.0.
struct SQSTarget: SingleMessageTarget {
    private let options: TargetConfiguration.Queue
    private let sender: HTTPSender
    private let target: RequestTarget
    private let host: String
    private let signer: RequestSigner?
    private let wall: any WallClock

    init(
        _ options: TargetConfiguration.Queue, sender: HTTPSender, target: RequestTarget, host: String,
        wall: any WallClock
    ) {
        self.options = options
        self.sender = sender
        self.target = target
        self.host = host
        self.signer = options.credential.map {
            RequestSigner(accessKeyID: $0.accessKeyID, secret: $0.secret, region: options.region, service: "sqs")
        }
        self.wall = wall
    }

    func deliver(_ message: EventMessage) async -> DeliveryResult {
        let body = self.document(of: message)
        var headers = HeaderFields()
        headers.append("host", self.host)
        headers.append("content-type", "application/x-amz-json-1.0")
        headers.append("x-amz-target", "AmazonSQS.SendMessage")
        if let signer {
            var request = SignedRequest(method: "POST", target: self.target, headers: headers)
            do {
                let digest = Array(SHA256.hash(data: body))
                try signer.sign(&request, payload: .sha256(digest), at: self.wall.now)
            } catch {
                return .unavailable("the request cannot be signed: \(error.message)")
            }
            headers = request.headers
        }
        let digest = Array(Insecure.MD5.hash(data: message.body)).lowercaseHex
        return await self.sender.deliver(body, headers: headers.fields.map { ($0.name, $0.value) }) { answer in
            guard let json = try? JSONParser.parse(answer.body), let found = json["MD5OfMessageBody"]?.string else {
                return "the answer has no MD5OfMessageBody: \(answer.text)"
            }
            return found == digest ? nil : "the queue got other bytes: their MD5 is \(found)"
        }
    }

    private func document(of message: EventMessage) -> [UInt8] {
        var json = JSONWriter()
        json.openObject()
        json.member("QueueUrl", self.options.url)
        json.name("MessageBody")
        json.string(utf8: message.body)
        if !message.traceHeader.isEmpty {
            json.openObject("MessageSystemAttributes")
            json.openObject("AWSTraceHeader")
            json.member("DataType", "String")
            json.member("StringValue", message.traceHeader)
            json.closeObject()
            json.closeObject()
        }
        json.closeObject()
        return json.bytes
    }

    func shutDown() async { await self.sender.shutDown() }
}
