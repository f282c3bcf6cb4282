package import TernPorts

// The texts of KMS-7.
extension KeyServiceError {
    // MARK: Finding keys

    static func invalidKeyID(_ text: String) -> KeyServiceError {
        KeyServiceError(code: "NotFoundException", message: "Invalid keyId '\(text)'")
    }

    static func noSuchKey(arn: String) -> KeyServiceError {
        KeyServiceError(code: "NotFoundException", message: "Key '\(arn)' does not exist")
    }

    static func otherRegion(_ region: String) -> KeyServiceError {
        KeyServiceError(code: "NotFoundException", message: "Invalid arn \(region)")
    }

    static func invalidARN(_ text: String) -> KeyServiceError {
        KeyServiceError(code: "InvalidArnException", message: "Invalid arn \(text)")
    }

    static func noSuchAlias(arn: String) -> KeyServiceError {
        KeyServiceError(code: "NotFoundException", message: "Alias \(arn) is not found.")
    }

    /// What callers of other accounts are told, whether there is such a key or not.
    static func foreign(principal: String, action: String) -> KeyServiceError {
        .accessDenied(
            "User: \(principal) is not authorized to perform: \(action) on this resource because the resource does not "
                + "exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly "
                + "denies access")
    }

    static func accessDenied(_ message: String) -> KeyServiceError {
        KeyServiceError(code: "AccessDeniedException", message: message)
    }

    static let unknownCiphertextKey = KeyServiceError.accessDenied(
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are "
            + "not allowed to access.")

    // MARK: States

    static func disabled(arn: String) -> KeyServiceError {
        KeyServiceError(code: "DisabledException", message: "\(arn) is disabled.")
    }

    static func pendingDeletion(arn: String) -> KeyServiceError {
        KeyServiceError(code: "KMSInvalidStateException", message: "\(arn) is pending deletion.")
    }

    static func pendingReplicaDeletion(arn: String) -> KeyServiceError {
        KeyServiceError(code: "KMSInvalidStateException", message: "\(arn) is pending replica deletion.")
    }

    static func notPendingDeletion(arn: String) -> KeyServiceError {
        KeyServiceError(code: "KMSInvalidStateException", message: "\(arn) is not pending deletion.")
    }

    // MARK: Cryptography

    /// Its message is empty.
    static let invalidCiphertext = KeyServiceError(code: "InvalidCiphertextException", message: "")

    static let incorrectKey = KeyServiceError(
        code: "IncorrectKeyException",
        message: "The key ID in the request does not identify a CMK that can perform this operation.")

    static let dryRun = KeyServiceError(
        code: "DryRunOperationException",
        message: "The request would have succeeded, but the DryRun option is set.")

    // MARK: Requests

    package static func validation(_ message: String) -> KeyServiceError {
        KeyServiceError(code: "ValidationException", message: message)
    }

    /// The form in which a violated constraint of the service model is told.
    package static func constraint(_ member: String, _ constraint: String, value: String? = nil) -> KeyServiceError {
        let shown = value.map { " '\($0)'" } ?? ""
        return .validation(
            "1 validation error detected: Value\(shown) at '\(member)' failed to satisfy constraint: Member must \(constraint)"
        )
    }

    package static func unsupported(_ message: String) -> KeyServiceError {
        KeyServiceError(code: "UnsupportedOperationException", message: message)
    }

    static func limit(_ message: String) -> KeyServiceError {
        KeyServiceError(code: "LimitExceededException", message: message)
    }

    static func tag(_ message: String) -> KeyServiceError {
        KeyServiceError(code: "TagException", message: message)
    }

    static func aliasExists(arn: String) -> KeyServiceError {
        KeyServiceError(code: "AlreadyExistsException", message: "An alias with the name \(arn) already exists")
    }

    static func malformedPolicy(_ message: String) -> KeyServiceError {
        KeyServiceError(code: "MalformedPolicyDocumentException", message: message)
    }

    /// KMS-4.
    static let lockout = KeyServiceError.malformedPolicy(
        "The new key policy will not allow you to update the key policy in the future.")

    static let invalidMarker = KeyServiceError(code: "InvalidMarkerException", message: "Invalid marker")

    // MARK: The region

    static func internalFailure(_ message: String) -> KeyServiceError {
        KeyServiceError(code: "KMSInternalException", message: message)
    }

    package static let noRootKey = KeyServiceError.unsupported(
        "This region has no root key, so it has no keys of KMS: kms.root_key_file or TERN_ROOT_KEY must be set.")
}
