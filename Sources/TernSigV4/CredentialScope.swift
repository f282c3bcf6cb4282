import TernCore

/// A credential of signature version 4: who signs, and what the signing key is good for.
package struct Credential: Sendable, Hashable {
    package var accessKeyID: String
    /// `YYYYMMDD`.
    package var date: String
    package var region: String
    package var service: String

    package init(accessKeyID: String, date: String, region: String, service: String) {
        self.accessKeyID = accessKeyID
        self.date = date
        self.region = region
        self.service = service
    }

    /// `YYYYMMDD/region/service/aws4_request`.
    package var scope: String {
        // Version 4A has no region in its scope (SIG-50).
        self.region.isEmpty
            ? "\(self.date)/\(self.service)/aws4_request" : "\(self.date)/\(self.region)/\(self.service)/aws4_request"
    }

    /// Reads `AKID/YYYYMMDD/region/service/aws4_request`, or without the region in version 4A (SIG-50).
    ///
    /// - Parameters:
    ///   - requestDate: The request's own date as `YYYYMMDD…`, which the scope's must equal (SIG-21).
    ///   - place: Decides between the texts of §2.8 and of SIG-36.
    init(
        parsing text: String, service: String, hasRegion: Bool = true, place: SigningError.Place
    ) throws(SigningError) {
        var parts = text.split(byte: UInt8(ascii: "/"))
        guard parts.count == (hasRegion ? 5 : 4), !parts[0].isEmpty else { throw .credentialShape(in: place) }
        if !hasRegion { parts.insert("", at: 2) }
        guard Self.isDate(parts[1]) else {
            throw .malformed(
                #"incorrect date format "\#(parts[1])". This date in the credential must be in the format "yyyyMMdd"."#,
                in: place)
        }
        guard parts[3] == service else {
            throw .malformed(
                #"incorrect service "\#(parts[3])". This endpoint belongs to "\#(service)"."#, in: place)
        }
        guard parts[4] == "aws4_request" else {
            throw .malformed(#"incorrect terminal "\#(parts[4])". This endpoint uses "aws4_request"."#, in: place)
        }
        self.accessKeyID = parts[0]
        self.date = parts[1]
        self.region = parts[2]
        self.service = service
    }

    /// SIG-21: the scope's date is that of the request.
    func checkDate(_ amzDate: String, place: SigningError.Place) throws(SigningError) {
        guard amzDate.utf8.starts(with: self.date.utf8) else {
            throw .malformed("Invalid credential date. Date is not the same as X-Amz-Date.", in: place)
        }
    }

    /// Whether the text is eight digits; whether they make a day is seen when they are compared with the request's.
    private static func isDate(_ text: String) -> Bool {
        text.utf8.count == 8 && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
