import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TernBatchWorkers
import TernCore

/// Invokes functions of LambdaInvoke jobs at an endpoint that speaks Lambda's Invoke, such as the Lambda Runtime Interface
/// Emulator.
struct HTTPFunctionRunner: FunctionRunner {
    let url: String
    let http: HTTPClient

    /// Lambda's own limit.
    private static let timeout = TimeAmount.seconds(900)
    private static let maximumAnswerBytes = 6 << 20

    func invoke(_ arn: String, payload: [UInt8]) async -> [UInt8]? {
        let base = self.url.hasSuffix("/") ? String(self.url.dropLast()) : self.url
        let function = PercentEncoding.encode(Array(arn.utf8), keepingSlash: false)
        var request = HTTPClientRequest(url: "\(base)/2015-03-31/functions/\(function)/invocations")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: payload))
        do {
            let response = try await self.http.execute(request, timeout: Self.timeout)
            guard response.status.code == 200, !response.headers.contains(name: "x-amz-function-error") else {
                return nil
            }
            let body = try await response.body.collect(upTo: Self.maximumAnswerBytes)
            return Array(body.readableBytesView)
        } catch {
            return nil
        }
    }
}
