package import TernCore

/// The fields of a browser upload that stand before its file (spec rule SIG-71).
package struct PostForm: Sendable {
    package struct Field: Hashable, Sendable {
        /// As the client wrote it.
        package var name: String
        package var value: String
    }

    package private(set) var fields: [Field] = []
    /// The name of the file on the user's machine.
    package private(set) var fileName: String?

    package init() {}

    package mutating func append(name: String, value: [UInt8]) {
        self.fields.append(Field(name: name, value: String(decoding: value, as: UTF8.self)))
    }

    /// The file has begun: `${filename}` now stands for something.
    ///
    /// Only the last part of a path is meant: some browsers send the whole.
    package mutating func setFileName(_ name: String?) {
        let parts = (name ?? "").split(omittingEmptySubsequences: true) { $0 == "/" || $0 == "\\" }
        self.fileName = parts.last.map(String.init)
        for index in self.fields.indices {
            self.fields[index].value = self.fields[index].value.replacing("${filename}", with: self.fileName ?? "")
        }
    }

    /// The value of the first field of the name, whose case does not matter.
    package subscript(name: String) -> String? {
        self.fields.first { $0.name.lowercased() == name }?.value
    }

    /// Fields that say something about the object, as the headers of PutObject would.
    package var objectHeaders: HeaderFields {
        var headers = HeaderFields()
        for field in self.fields {
            let name = field.name.lowercased()
            if name == "acl" {
                headers.append("x-amz-acl", field.value)
            } else if Self.isObjectHeader(name) {
                headers.append(name, field.value)
            }
        }
        return headers
    }

    /// What would be a header must be fit for one: objects give their fields back as headers.
    ///
    /// - Throws: `InvalidArgument` for a value, `MalformedPOSTRequest` for a name.
    package func checkObjectFields() throws(S3Error) {
        for field in self.objectHeaders.fields {
            let isToken = field.name.utf8.allSatisfy { byte in
                byte > 0x20 && byte < 0x7F && !"()<>@,;:\\\"/[]?={}".utf8.contains(byte)
            }
            guard isToken else { throw .malformedPOSTRequest }
            guard field.value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 9 }) else {
                throw .invalidArgument(
                    "Form field values must not contain control characters.", name: field.name, value: field.value)
            }
        }
    }

    private static let signatureFields: Set<String> = [
        "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature", "x-amz-security-token",
    ]

    private static let otherHeaders: Set<String> = [
        "cache-control", "content-type", "content-disposition", "content-encoding", "content-language", "content-md5",
        "expires",
    ]

    private static func isObjectHeader(_ name: String) -> Bool {
        self.otherHeaders.contains(name) || (name.hasPrefix("x-amz-") && !self.signatureFields.contains(name))
    }
}
