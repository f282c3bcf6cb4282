package import TernCore

/// The `response-*` parameters of GET and HEAD, which replace headers of a successful answer (spec rule RNG-7).
package enum ResponseOverrides {
    private static let parameters = [
        "response-content-type", "response-content-language", "response-expires", "response-cache-control",
        "response-content-disposition", "response-content-encoding",
    ]

    /// The header fields to replace, by their names in lower case.
    ///
    /// - Parameter isAnonymous: Anonymous requests may not use them.
    /// - Throws: `InvalidRequest` for anonymous requests, `InvalidArgument` for a value beyond ISO 8859-1.
    package static func parse(_ target: RequestTarget, isAnonymous: Bool) throws(S3Error) -> [HeaderFields.Field] {
        var fields: [HeaderFields.Field] = []
        for parameter in self.parameters {
            guard let value = target[parameter], !value.isEmpty else { continue }
            if isAnonymous { throw .responseHeadersForAnonymous }
            guard value.unicodeScalars.allSatisfy({ $0.value < 256 && $0.value >= 32 && $0.value != 127 }) else {
                throw .headerValueNotLatin1(name: parameter, value: value)
            }
            fields.append(HeaderFields.Field(name: String(parameter.dropFirst("response-".count)), value: value))
        }
        return fields
    }
}
