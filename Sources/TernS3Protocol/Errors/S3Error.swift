package import TernCore

/// An error of the S3 API, as the client will see it.
///
/// The extensions of this type name every error with its exact text; callers never spell one out. Values are made where
/// the fault is found and thrown up to the edge, which writes ``document(requestID:hostID:)``.
///
/// Source: Amazon S3 API Reference, "Error responses"; spec s3-api §1.4.
package struct S3Error: Error, Hashable, Sendable {
    /// One element between `Message` and `RequestId`.
    package struct Detail: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var code: String
    /// The HTTP status.
    package var status: Int
    package var message: String
    package var details: [Detail]
    /// Header fields of the answer besides those of every answer.
    package var headers: HeaderFields

    package init(
        code: String,
        status: Int,
        message: String,
        details: [Detail] = [],
        headers: HeaderFields = HeaderFields()
    ) {
        self.code = code
        self.status = status
        self.message = message
        self.details = details
        self.headers = headers
    }

    /// The body of the answer (spec rule ERR-1): no namespace, the details between `Message` and `RequestId`.
    package func document(requestID: String, hostID: String) -> [UInt8] {
        var writer = XMLWriter(capacity: 512)
        writer.openRoot("Error", namespace: false)
        writer.element("Code", self.code)
        writer.element("Message", self.message)
        for detail in self.details { writer.element(dynamic: detail.name, Self.printable(detail.value)) }
        writer.element("RequestId", requestID)
        writer.element("HostId", hostID)
        writer.close("Error")
        return writer.finish()
    }

    /// Details repeat what the client sent. What XML cannot carry must not keep it from reading the error.
    private static func printable(_ value: String) -> String {
        if value.utf8.allSatisfy({ $0 >= 0x20 || $0 == 9 || $0 == 10 || $0 == 13 }) { return value }
        return String(
            String.UnicodeScalarView(
                value.unicodeScalars.map { $0.value >= 0x20 || [9, 10, 13].contains($0.value) ? $0 : "\u{FFFD}" }))
    }

    /// The same error with one more detail behind the others.
    package func with(_ name: String, _ value: String) -> S3Error {
        var error = self
        error.details.append(Detail(name, value))
        return error
    }

    /// The same error with one more header field.
    package func withHeader(_ name: String, _ value: String) -> S3Error {
        var error = self
        error.headers.append(name, value)
        return error
    }
}
