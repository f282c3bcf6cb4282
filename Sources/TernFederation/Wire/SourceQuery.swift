import TernCore
import TernObjects
import TernPorts
import TernRecords

/// A ``RemoteSourceRequest`` as the query of ``PeerPath/source``.
struct SourceQuery {
    var request: RemoteSourceRequest

    init(_ request: RemoteSourceRequest) {
        self.request = request
    }

    /// Reads the query; `nil` when something is missing or makes no sense.
    init?(_ target: RequestTarget, _ principal: Principal, _ context: [String: [String]]) {
        guard let bucket = target["bucket"], let key = target["key"].flatMap({ try? ObjectKey($0) })
        else { return nil }
        var version: VersionReference?
        if let text = target["versionId"] {
            guard let reference = VersionReference(wireForm: text) else { return nil }
            version = reference
        }
        var range: Range<Int64>?
        if let first = target["from"] {
            guard let start = Int64(first), let end = target["to"].flatMap({ Int64($0) }), start >= 0, start <= end
            else { return nil }
            range = start..<end
        }
        self.request = RemoteSourceRequest(
            bucket: bucket, key: key, version: version, range: range, principal: principal, context: context,
            copiesTags: target["tags"] == "true")
    }

    /// The query, encoded.
    var text: String {
        func encoded(_ text: some Sequence<UInt8>) -> String {
            PercentEncoding.encode(Array(text), keepingSlash: false)
        }
        var text = "bucket=\(encoded(self.request.bucket.utf8))&key=\(encoded(self.request.key.bytes))"
        let caller = PrincipalCoding.text(self.request.principal, context: self.request.context)
        text += "&caller=\(encoded(caller.utf8))&tags=\(self.request.copiesTags)"
        if let version = self.request.version { text += "&versionId=\(version.wireForm)" }
        if let range = self.request.range { text += "&from=\(range.lowerBound)&to=\(range.upperBound)" }
        return text
    }
}

extension RemoteSourceRequest {
    /// The bytes of a version that are wanted and there: what is sent, and what is waited for.
    func bytes(of version: VersionRecord) -> Range<Int64> {
        let all = 0..<version.byteCount
        return self.range.map { $0.clamped(to: all) } ?? all
    }
}

/// Why a region does not open a source, in a header of its answer.
enum SourceRefusal: String {
    case noSuchBucket = "no-such-bucket"
    case accessDenied = "access-denied"
    /// Its key cannot be used; the answer has the code of the error, and its message in the lines below.
    case encrypted

    static let header = "x-tern-refusal"
}
