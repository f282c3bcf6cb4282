import NIOCore
import TernCore
import TernPorts
import TernS3Protocol

/// The documents of S3 Control.
enum S3ControlXML {
    static let namespace: StaticString = "http://awss3control.amazonaws.com/doc/2018-08-20/"

    static func answer(_ status: Int, _ bytes: [UInt8], requestID: String) -> HTTPAnswer {
        var headers = self.identifiers(requestID)
        headers.set("content-type", "application/xml")
        return HTTPAnswer(status: status, headers: headers, body: .bytes(ByteBuffer(bytes: bytes)))
    }

    /// The answer to a request that was done and has nothing to say.
    static func empty(_ status: Int, requestID: String) -> HTTPAnswer {
        HTTPAnswer(status: status, headers: self.identifiers(requestID))
    }

    /// A document with this root.
    static func answer(
        _ root: StaticString, requestID: String, _ write: (inout XMLWriter) -> Void
    ) -> HTTPAnswer {
        var xml = XMLWriter()
        xml.openRoot(root, namespace: self.namespace)
        write(&xml)
        xml.close(root)
        return self.answer(200, xml.finish(), requestID: requestID)
    }

    static func answer(_ error: ControlError, requestID: String) -> HTTPAnswer {
        var xml = XMLWriter()
        xml.openRoot("ErrorResponse", namespace: self.namespace)
        xml.open("Error")
        xml.element("Code", error.code)
        xml.element("Message", error.message)
        for detail in error.details { xml.element(dynamic: detail.name, detail.value) }
        xml.close("Error")
        xml.element("RequestId", requestID)
        xml.element("HostId", requestID)
        xml.close("ErrorResponse")
        return self.answer(error.status, xml.finish(), requestID: requestID)
    }

    private static func identifiers(_ requestID: String) -> HeaderFields {
        HeaderFields([
            .init(name: "x-amz-request-id", value: requestID), .init(name: "x-amz-id-2", value: requestID),
        ])
    }
}

extension ControlError {
    static let methodNotAllowed = ControlError(
        "MethodNotAllowed", status: 405, message: "The specified method is not allowed against this resource.")

    /// S3's errors in the form of S3 Control.
    init(_ error: S3Error) {
        self.init(error.code, status: error.status, message: error.message)
        self.details = error.details.map { Detail($0.name, $0.value) }
    }
}
