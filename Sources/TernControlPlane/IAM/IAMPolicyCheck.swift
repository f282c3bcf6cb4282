import TernPolicy

/// Checks policy documents as IAM does before it keeps them, and has IAM's words for what is wrong (specification §3.4).
enum IAMPolicyCheck {
    /// Bytes that count: white space does not (IAM-22).
    static func size(_ document: String) -> Int {
        document.utf8.reduce(0) { count, byte in
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: count
            default: count + 1
            }
        }
    }

    /// An inline or managed policy.
    static func identity(_ document: String) throws(IAMError) {
        let policy = try self.read(document, .identity)
        guard policy.version == .v2012 else { throw self.oldVersion }
        for statement in policy.statements {
            for action in statement.actions.values where action != "*" {
                guard let vendor = action.split(separator: ":").first, !vendor.contains("*") else {
                    throw self.withoutVendor
                }
            }
        }
    }

    static func trust(_ document: String) throws(IAMError) -> PolicyDocument {
        let policy = try self.read(document, .trust)
        for statement in policy.statements {
            for action in statement.actions.values where !self.trustActions.contains(action.lowercased()) {
                throw .malformedPolicy(
                    "Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML, and "
                        + "sts:AssumeRoleWithWebIdentity")
            }
        }
        return policy
    }

    private static let trustActions: Set<String> = [
        "sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:tagsession",
        "sts:setsourceidentity", "sts:setcontext",
    ]

    private static let oldVersion = IAMError.malformedPolicy("Policy document must be version 2012-10-17 or greater.")
    private static let withoutVendor = IAMError.malformedPolicy(
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")

    private static func read(_ document: String, _ kind: PolicyDocument.Kind) throws(IAMError) -> PolicyDocument {
        do {
            return try PolicyDocument(json: Array(document.utf8), kind: kind)
        } catch {
            throw self.error(error, kind)
        }
    }

    static func invalidPrincipal(_ kind: String, _ text: String) -> IAMError {
        .malformedPolicy("Invalid principal in policy: \"\(kind)\":\"\(text)\"")
    }

    private static func error(_ problem: PolicyProblem, _ kind: PolicyDocument.Kind) -> IAMError {
        let syntax = IAMError.malformedPolicy(
            kind == .trust ? "This policy contains invalid Json" : "Syntax errors in policy.")
        switch problem {
        case .tooLarge(let limit): return .quota("PolicySize", limit)
        case .tooDeep, .notJSON, .duplicateKey: return syntax
        case .unexpectedElement(let name):
            switch (name, kind) {
            case ("Principal", .identity), ("NotPrincipal", .identity):
                return .malformedPolicy("Policy document should not specify a principal.")
            case ("Resource", .trust), ("NotResource", .trust): return .malformedPolicy("Has prohibited field \(name)")
            default: return .malformedPolicy("Syntax errors in policy.")
            }
        case .missingElement(let name):
            if name.contains("Action") { return .malformedPolicy("Policy statement must contain actions.") }
            if name.contains("Resource") { return .malformedPolicy("Policy statement must contain resources.") }
            if name.contains("Principal") {
                return .malformedPolicy("Missing required field Principal cannot be empty!")
            }
            return .malformedPolicy("Syntax errors in policy.")
        case .conflictingElements: return .malformedPolicy("Syntax errors in policy.")
        case .invalidValue(let element, let value):
            switch element {
            case "Version": return self.oldVersion
            case "Action", "NotAction": return self.withoutVendor
            case "Resource", "NotResource":
                return .malformedPolicy("Resource \(value) must be in ARN format or \"*\".")
            case "Principal", "NotPrincipal":
                let parts = value.split(separator: ": ", maxSplits: 1)
                return parts.count == 2
                    ? self.invalidPrincipal(String(parts[0]), String(parts[1]))
                    : .malformedPolicy("Invalid principal in policy: \"\(value)\"")
            default: return .malformedPolicy("Syntax errors in policy.")
            }
        case .duplicateStatementID: return .malformedPolicy("Statement IDs (SID) in a single policy must be unique.")
        case .unknownOperator(let name): return .malformedPolicy("Invalid Condition type : \(name).")
        }
    }
}
