/// Bucket sub-resources that hold one word (spec s3-api §3.2b, §12.7).
package enum SmallConfigurationXML: Sendable {
    case accelerate
    case requestPayment
    case abac

    private var root: String {
        switch self {
        case .accelerate: "AccelerateConfiguration"
        case .requestPayment: "RequestPaymentConfiguration"
        case .abac: "AbacStatus"
        }
    }

    private var schema: ElementSchema {
        switch self {
        case .accelerate: .group([.one("Status", .choice(["Enabled", "Suspended"]))])
        case .requestPayment: .group([.one("Payer", .choice(["BucketOwner", "Requester"]))])
        case .abac: .group([.one("Status", .choice(["Enabled", "Disabled"]))])
        }
    }

    /// What a GET answers while nothing was set.
    package var unset: [UInt8] {
        var node = XMLNode(name: self.root)
        switch self {
        case .accelerate: break
        case .requestPayment: node.children = [XMLNode(name: "Payer", text: "BucketOwner")]
        case .abac: node.children = [XMLNode(name: "Status", text: "Disabled")]
        }
        return node.document()
    }

    /// Checks a client's document and returns it in the form in which it is kept.
    ///
    /// - Throws: `MalformedXML`.
    package func normalized(_ bytes: [UInt8]) throws(S3Error) -> [UInt8] {
        try self.schema.normalized(RequestDocument.parse(bytes, root: self.root)).document()
    }

    /// Whether a kept document of ``requestPayment`` lets the requester pay.
    package static func isRequesterPays(_ stored: [UInt8]) throws(S3Error) -> Bool {
        try RequestDocument.parse(stored, root: "RequestPaymentConfiguration").text(of: "Payer") == "Requester"
    }
}
