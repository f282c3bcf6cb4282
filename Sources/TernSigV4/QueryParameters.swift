import TernCore

/// The parameters of a target's query that authenticate, found in one pass (spec rules SIG-30 and SIG-60).
struct QueryParameters {
    var algorithm: String?
    var credential: String?
    var date: String?
    var expires: String?
    var signedHeaders: String?
    var signature: String?
    var securityToken: String?
    var contentSHA256: String?
    var regionSet: String?

    var v2AccessKeyID: String?
    var v2Expires: String?
    var v2Signature: String?

    init(_ target: RequestTarget) {
        for item in target.query {
            let value = item.value ?? ""
            switch item.name {
            case "AWSAccessKeyId": self.v2AccessKeyID = value
            case "Expires": self.v2Expires = value
            case "Signature": self.v2Signature = value
            default:
                guard isAmzName(item.name) else { continue }
                switch item.name.lowercased() {
                case "x-amz-algorithm": self.algorithm = value
                case "x-amz-credential": self.credential = value
                case "x-amz-date": self.date = value
                case "x-amz-expires": self.expires = value
                case "x-amz-signedheaders": self.signedHeaders = value
                case "x-amz-signature": self.signature = value
                case "x-amz-security-token": self.securityToken = value
                case "x-amz-content-sha256": self.contentSHA256 = value
                case "x-amz-region-set": self.regionSet = value
                default: continue
                }
            }
        }
    }

    var isV4: Bool { self.algorithm != nil || self.signature != nil || self.credential != nil }
    var isV2: Bool { self.v2AccessKeyID != nil || self.v2Signature != nil }
}
