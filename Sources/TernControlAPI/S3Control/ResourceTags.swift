import TernCore
import TernPorts
import TernS3Protocol
import TernSigV4

/// TagResource, UntagResource, ListTagsForResource: the tags of buckets, the same that `?tagging` has
/// (specification §9.4).
extension S3ControlService {
    static let tagsPrefix = "tags/"

    func tags(_ request: ControlRequest, account: AccountID) async throws(ControlError) -> HTTPAnswer {
        do throws(S3Error) {
            return try await self.answerTags(request, account: account)
        } catch {
            throw ControlError(error)
        }
    }

    /// The region of the bucket, if the request is signed for it: as with S3's own requests (s3-api RGN-5).
    func regionOfTags(for head: HTTPRequestHead) async -> RegionName? {
        guard self.buckets.handsOn, let bucket = try? Self.taggedBucket(head),
            let region = try? await self.buckets.region(of: bucket), let target = RequestTarget(head.target)
        else { return nil }
        let request = SignedRequest(method: head.method, target: target, headers: head.headers)
        // What is wrong with one that cannot be read, authentication says.
        switch try? AuthenticationScheme.detect(in: request, policy: AuthenticationPolicy(acceptsV2Query: false)) {
        case .v4Header(let parsed), .v4Query(let parsed): return parsed.admits(region) ? region : nil
        case .anonymous, .v2Header, .v2Query, nil: return nil
        }
    }

    private func answerTags(_ request: ControlRequest, account: AccountID) async throws(S3Error) -> HTTPAnswer {
        let bucket = try Self.taggedBucket(request.head)
        guard let region = try await self.buckets.region(of: bucket) else { throw .noSuchResource }
        if region != self.buckets.region {
            throw .permanentRedirect(
                bucket: bucket, endpoint: self.regions[region] ?? region.description, region: region)
        }
        guard try await self.buckets.owner(of: bucket) == account else { throw .noSuchResource }
        switch request.head.method {
        case "GET":
            try await self.authorize("s3:ListTagsForResource", bucket, request)
            return S3ControlXML.answer(
                200, Self.encode(try await self.buckets.tags(of: bucket)), requestID: request.requestID)
        case "POST":
            let tags = try Self.decode(request.body)
            var context = ["aws:TagKeys": tags.map(\.key)]
            for tag in tags { context["aws:RequestTag/\(tag.key)"] = [tag.value] }
            try await self.authorize("s3:TagResource", bucket, request, context: context)
            try TagRules.check(tags, of: .resource)
            try await self.buckets.changeTags(of: bucket) { existing throws(S3Error) in
                let merged = Self.merge(tags, into: existing)
                if merged.count > S3Limits.bucketTags { throw .tooManyBucketTags }
                return merged
            }
        case "DELETE":
            let keys = Self.removedKeys(request.head)
            try await self.authorize("s3:UntagResource", bucket, request, context: ["aws:TagKeys": keys])
            let removed = Set(keys.map { Array($0.utf8) })
            try await self.buckets.changeTags(of: bucket) { existing in
                existing.filter { !removed.contains(Array($0.key.utf8)) }
            }
        default:
            throw .methodNotAllowed(request.head.method, on: .bucket)
        }
        return S3ControlXML.empty(204, requestID: request.requestID)
    }

    /// The bucket whose ARN is in the path.
    ///
    /// - Throws: `NoSuchResource` for other resources, which do not exist.
    private static func taggedBucket(_ head: HTTPRequestHead) throws(S3Error) -> String {
        let text = Self.path(of: head).dropFirst(self.tagsPrefix.count)
        guard let arn = PercentEncoding.decodeText(text.utf8) else { throw .invalidURI(head.target) }
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "s3" else {
            throw .invalidRequest("The resource ARN is not valid.")
        }
        guard parts[3].isEmpty, parts[4].isEmpty, BucketName(String(parts[5])) != nil else { throw .noSuchResource }
        return String(parts[5])
    }

    private static func removedKeys(_ head: HTTPRequestHead) -> [String] {
        (RequestTarget(head.target)?.query ?? []).compactMap { $0.name == "tagKeys" ? $0.value ?? "" : nil }
    }

    /// The new value of a tag takes the place of the old one.
    private static func merge(_ tags: [Tag], into existing: [Tag]) -> [Tag] {
        var merged = existing
        for tag in tags {
            if let index = merged.firstIndex(where: { $0.key.utf8.elementsEqual(tag.key.utf8) }) {
                merged[index] = tag
            } else {
                merged.append(tag)
            }
        }
        return merged
    }

    private func authorize(
        _ action: String, _ bucket: String, _ request: ControlRequest, context: [String: [String]] = [:]
    ) async throws(S3Error) {
        let conditions = request.conditions.merging(context) { _, given in given }
        var question = try await self.buckets.authorizationRequest(
            of: request.principal, to: action, on: bucket, context: conditions)
        question.requestID = request.requestID
        if case .denied(let denial) = await self.authorizer.authorize(question) {
            throw .accessDenied(denial.message)
        }
    }

    // MARK: Documents

    private static func decode(_ body: [UInt8]) throws(S3Error) -> [Tag] {
        let root = try RequestDocument.parse(body, root: "TagResourceRequest")
        guard let list = root["Tags"] else { throw .malformedXML }
        return try TaggingXML.tags(in: list)
    }

    private static func encode(_ tags: [Tag]) -> [UInt8] {
        var xml = XMLWriter()
        xml.openRoot("ListTagsForResourceResult", namespace: S3ControlXML.namespace)
        xml.open("Tags")
        for tag in tags {
            xml.open("Tag")
            xml.element("Key", tag.key)
            xml.element("Value", tag.value)
            xml.close("Tag")
        }
        xml.close("Tags")
        xml.close("ListTagsForResourceResult")
        return xml.finish()
    }
}

extension S3Error {
    fileprivate static let noSuchResource = S3Error(
        code: "NoSuchResource", status: 404, message: "The specified resource doesn't exist.")
}
