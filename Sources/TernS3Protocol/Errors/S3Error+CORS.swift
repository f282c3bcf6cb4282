/// Errors of CORS configurations and preflight requests (spec s3-api §12.4).
extension S3Error {
    package static func unsupportedCORSMethod(_ method: String) -> S3Error {
        .invalidRequest("Found unsupported HTTP method in CORS config. Unsupported method is \(method)")
    }

    package static func severalWildcards(in value: String, of element: String) -> S3Error {
        .invalidRequest("\(element) \"\(value)\" can not have more than one wildcard.")
    }

    package static func wildcardInExposeHeader(_ value: String) -> S3Error {
        .invalidRequest(
            "ExposeHeader \"\(value)\" contains wildcard. We currently do not support wildcard for ExposeHeader.")
    }

    package static let corsOriginMissing = S3Error(
        code: "BadRequest", status: 400, message: "Insufficient information. Origin request header needed.")

    package static let corsMethodMissing = S3Error(
        code: "BadRequest", status: 400, message: "Invalid Access-Control-Request-Method: null")

    package static func corsNotEnabled(method: String) -> S3Error {
        .accessForbidden("CORS is not enabled for this bucket.", method: method, on: .bucket)
    }

    package static func corsBucketNotFound(method: String) -> S3Error {
        .accessForbidden("Bucket not found", method: method, on: .bucket)
    }

    package static func corsNotAllowed(method: String, on resource: ResourceType) -> S3Error {
        .accessForbidden(
            "This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
                + "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's "
                + "CORS spec.",
            method: method, on: resource)
    }

    private static func accessForbidden(_ fault: String, method: String, on resource: ResourceType) -> S3Error {
        S3Error(
            code: "AccessForbidden", status: 403, message: "CORSResponse: \(fault)",
            details: [Detail("Method", method), Detail("ResourceType", resource.rawValue)])
    }
}
