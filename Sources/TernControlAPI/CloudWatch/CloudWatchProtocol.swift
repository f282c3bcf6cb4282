import NIOCore
import TernCore
import TernPorts
import TernS3Protocol

/// The protocols that clients of CloudWatch speak: one model in three forms (specification §8.1).
enum CloudWatchProtocol: Sendable {
    /// AWS JSON, in the version of the request.
    case json(contentType: String)
    /// Smithy's RPC protocol, version 2.
    case cbor
    /// Version 2010-08-01.
    case query

    static let rpcPrefix = "/service/GraniteServiceVersion20100801/operation/"
    private static let targetPrefix = "GraniteServiceVersion20100801."
    private static let version = "2010-08-01"
    private static let xml = QueryProtocol(namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/")

    init(_ head: HTTPRequestHead) {
        if head.target.hasPrefix("/service/") {
            self = .cbor
        } else if head.headers.contains("x-amz-target") {
            let isNewer = head.headers["content-type"]?.hasSuffix("1.1") == true
            self = .json(contentType: isNewer ? "application/x-amz-json-1.1" : "application/x-amz-json-1.0")
        } else {
            self = .query
        }
    }

    // MARK: Requests

    /// The operation's name and its parameters.
    func decode(_ head: HTTPRequestHead, body: [UInt8]) throws(CloudWatchError) -> (String, ServiceValue) {
        switch self {
        case .json:
            guard let target = head.headers["x-amz-target"], target.hasPrefix(Self.targetPrefix) else {
                throw CloudWatchError("InvalidAction", "The operation is not one of CloudWatch.")
            }
            return (String(target.dropFirst(Self.targetPrefix.count)), try Self.json(body))
        case .cbor:
            guard head.target.hasPrefix(Self.rpcPrefix), head.headers["smithy-protocol"] == "rpc-v2-cbor" else {
                throw CloudWatchError("InvalidAction", "The operation is not one of CloudWatch.")
            }
            let name = head.target.dropFirst(Self.rpcPrefix.count).prefix { $0 != "?" }
            return (String(name), try Self.cbor(body))
        case .query:
            do throws(ControlError) {
                let parameters = try QueryParameters(head: head, body: body)
                let action = parameters["Action"] ?? ""
                let version = parameters["Version"] ?? Self.version
                guard version == Self.version else {
                    throw ControlError(
                        "InvalidAction", status: 400,
                        message: "Could not find operation \(action) for version \(version)")
                }
                return (action, try QueryTree.parse(parameters.all))
            } catch {
                throw CloudWatchError(error)
            }
        }
    }

    private static func json(_ body: [UInt8]) throws(CloudWatchError) -> ServiceValue {
        if body.isEmpty { return .object([:]) }
        guard let json = try? JSONParser.parse(body, maximumDepth: 16), case .object = json else {
            throw CloudWatchError("SerializationException", "The request is no JSON object.")
        }
        return ServiceValue(json)
    }

    private static func cbor(_ body: [UInt8]) throws(CloudWatchError) -> ServiceValue {
        if body.isEmpty { return .object([:]) }
        guard let value = try? CBORDecoder.decode(body), case .object = value else {
            throw CloudWatchError("SerializationException", "The request is no map in CBOR.")
        }
        return value
    }

    // MARK: Answers

    /// - Parameter result: `nil` for an operation without result.
    func answer(_ operation: String, _ result: JSONOutput?, requestID: String) -> HTTPAnswer {
        switch self {
        case .json(let type): Self.document(200, type, (result ?? .object([])).bytes)
        case .cbor: Self.document(200, "application/cbor", (result ?? .object([])).cbor, isRPC: true)
        case .query:
            if let result {
                Self.xml.answer(operation, requestID: requestID) { result.write(to: &$0) }
            } else {
                Self.xml.answer(operation, requestID: requestID)
            }
        }
    }

    func answer(_ error: CloudWatchError, requestID: String) -> HTTPAnswer {
        if case .query = self {
            return Self.xml.answer(
                ControlError(error.code, status: error.status, message: error.message), requestID: requestID)
        }
        let document = JSONOutput.object([
            ("__type", .string("com.amazonaws.cloudwatch#" + error.shape)), ("message", .string(error.message)),
        ])
        var answer: HTTPAnswer
        if case .json(let type) = self {
            answer = Self.document(error.status, type, document.bytes)
        } else {
            answer = Self.document(error.status, "application/cbor", document.cbor, isRPC: true)
        }
        answer.headers.append("x-amzn-query-error", "\(error.code);\(error.status >= 500 ? "Receiver" : "Sender")")
        return answer
    }

    private static func document(
        _ status: Int, _ type: String, _ bytes: [UInt8], isRPC: Bool = false
    ) -> HTTPAnswer {
        var headers = HeaderFields([.init(name: "content-type", value: type)])
        if isRPC { headers.append("smithy-protocol", "rpc-v2-cbor") }
        return HTTPAnswer(status: status, headers: headers, body: .bytes(ByteBuffer(bytes: bytes)))
    }
}
