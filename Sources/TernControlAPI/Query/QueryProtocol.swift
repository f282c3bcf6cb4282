import NIOCore
import TernCore
package import TernPorts
package import TernS3Protocol

/// The XML of the Query protocol (IAM-2, IAM-3).
package struct QueryProtocol: Sendable {
    /// Such as `https://iam.amazonaws.com/doc/2010-05-08/`.
    private let namespace: String

    package init(namespace: String) { self.namespace = namespace }

    /// The answer to an operation.
    ///
    /// - Parameter result: Writes the members of `XResult`; `nil` for an operation without result.
    package func answer(
        _ operation: String, requestID: String, result: ((inout XMLWriter) -> Void)? = nil
    ) -> HTTPAnswer {
        var xml = XMLWriter()
        xml.raw(Array("<\(operation)Response xmlns=\"\(self.namespace)\">".utf8))
        if let result {
            xml.open(dynamic: "\(operation)Result")
            result(&xml)
            xml.close(dynamic: "\(operation)Result")
        }
        xml.open("ResponseMetadata")
        xml.element("RequestId", requestID)
        xml.close("ResponseMetadata")
        xml.raw(Array("</\(operation)Response>".utf8))
        return Self.document(200, xml.finish())
    }

    package func answer(_ error: ControlError, requestID: String) -> HTTPAnswer {
        var xml = XMLWriter()
        xml.raw(Array("<ErrorResponse xmlns=\"\(self.namespace)\">".utf8))
        xml.open("Error")
        xml.element("Type", error.status >= 500 ? "Receiver" : "Sender")
        xml.element("Code", error.code)
        xml.element("Message", error.message)
        xml.close("Error")
        xml.element("RequestId", requestID)
        xml.raw(Array("</ErrorResponse>".utf8))
        return Self.document(error.status, xml.finish())
    }

    private static func document(_ status: Int, _ bytes: [UInt8]) -> HTTPAnswer {
        HTTPAnswer(
            status: status, headers: HeaderFields([.init(name: "content-type", value: "text/xml")]),
            body: .bytes(ByteBuffer(bytes: bytes)))
    }
}
