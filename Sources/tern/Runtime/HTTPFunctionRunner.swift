import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import TernBatchWorkers
import TernCore

/// Invokes functions of LambdaInvoke jobs at an endpoint that speaks Lambda's Invoke, such as the Lambda Runtime Interface
/// Emulator.
///
/// Source: AWS Lambda API Reference, "Invoke".
final class HTTPFunctionRunner: FunctionRunner {
    private let url: String
    private let timeout: TimeAmount
    private let http: HTTPClient

    private static let maximumAnswerBytes = 6 << 20
    /// Longest text that is taken over from an error, in characters.
    private static let maximumText = 1024

    private static let unreachable: Set<CInt> = [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, EADDRNOTAVAIL]

    init(url: String, timeoutSeconds: Int) {
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.timeout = .seconds(Int64(timeoutSeconds))
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 128
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        configuration.redirectConfiguration = .disallow
        self.http = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }

    func shutDown() async {
        try? await self.http.shutdown()
    }

    func invoke(_ arn: String, payload: [UInt8]) async throws(FunctionFailure) -> [UInt8] {
        let function = PercentEncoding.encode(Array(arn.utf8), keepingSlash: false)
        var request = HTTPClientRequest(url: "\(self.url)/2015-03-31/functions/\(function)/invocations")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "x-amz-invocation-type", value: "RequestResponse")
        request.body = .bytes(ByteBuffer(bytes: payload))
        let response: HTTPClientResponse
        let body: [UInt8]
        do {
            response = try await self.http.execute(request, timeout: self.timeout)
            body = Array(try await response.body.collect(upTo: Self.maximumAnswerBytes).readableBytesView)
        } catch {
            throw self.failure(error)
        }
        guard response.status.code == 200 else {
            throw .refused(
                status: Int(response.status.code), code: Self.code(of: response),
                message: Self.text(of: body) ?? response.status.reasonPhrase)
        }
        if response.headers.contains(name: "x-amz-function-error") {
            throw .raised(String(String(decoding: body, as: UTF8.self).prefix(Self.maximumText)))
        }
        return body
    }

    /// `x-amzn-errortype: ResourceNotFoundException:http://…`
    private static func code(of response: HTTPClientResponse) -> String {
        let type = response.headers.first(name: "x-amzn-errortype")?.prefix { $0 != ":" } ?? ""
        return type.isEmpty ? "FunctionRefused" : String(type.prefix(64))
    }

    private static func text(of body: [UInt8]) -> String? {
        guard let json = try? JSONParser.parse(body) else { return nil }
        return (json["Message"] ?? json["message"])?.string.map { String($0.prefix(Self.maximumText)) }
    }

    /// Tells apart where an invocation ended that has no answer.
    private func failure(_ error: any Error) -> FunctionFailure {
        switch error {
        case is NIOConnectionError: return .unreachable("Nothing answers at \(self.url)")
        case let error as IOError where Self.unreachable.contains(error.errnoCode):
            return .unreachable("Nothing answers at \(self.url)")
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            return .tls("The TLS connection cannot be made: \(error)")
        case let error as HTTPClientError:
            switch error {
            case .deadlineExceeded, .readTimeout, .writeTimeout:
                return .timeout("The function did not answer in time")
            case .connectTimeout, .getConnectionFromPoolTimeout:
                return .unreachable("The connection was not made in time")
            case .tlsHandshakeTimeout: return .tls("The TLS connection was not made in time")
            default: return .broken("The connection broke: \(error.shortDescription)")
            }
        case is NIOTooManyBytesError:
            return .refused(status: 200, code: "InvalidFunctionResponse", message: "The function's answer is too long")
        default: return .broken("The connection broke: \(error)")
        }
    }
}
