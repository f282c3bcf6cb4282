/// Errors of the four lists (spec s3-api §3.2c, §4.4).
extension S3Error {
    /// LST-2: a number below 0. `parameter` is `max-keys` and so on.
    package static func negativeCount(_ parameter: String, value: String) -> S3Error {
        let name = Self.camelCase(parameter)
        return .invalidArgument(
            "Argument \(name) must be an integer between 0 and 2147483647",
            name: name,
            value: value
        )
    }

    /// LST-2: not a number, or beyond 32 bits.
    package static func notACount(_ parameter: String, value: String) -> S3Error {
        .invalidArgument("Provided \(parameter) not an integer or within integer range", name: parameter, value: value)
    }

    /// LST-3
    package static func invalidEncodingType(_ value: String) -> S3Error {
        .invalidArgument("Invalid Encoding Method specified in Request", name: "encoding-type", value: value)
    }

    /// LST-6
    package static func invalidContinuationToken(_ value: String) -> S3Error {
        .invalidArgument("The continuation token provided is incorrect", name: "continuation-token", value: value)
    }

    /// LST-7
    package static func versionIDMarkerWithoutKeyMarker(_ value: String) -> S3Error {
        .invalidArgument(
            "A version-id marker cannot be specified without a key marker.",
            name: "version-id-marker",
            value: value
        )
    }

    /// LST-8
    package static func invalidUploadIDMarker(_ value: String) -> S3Error {
        .invalidArgument("Invalid uploadId marker", name: "upload-id-marker", value: value)
    }

    /// ListMultipartUploads on a key.
    package static let keyNotExpectedForUploads = Self.invalidRequest(
        "Key is not expected for the GET method ?uploads subresource"
    )

    /// `max-keys` → `maxKeys`
    private static func camelCase(_ parameter: String) -> String {
        let words = parameter.split(separator: "-")
        return words.dropFirst().reduce(String(words.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }
}
