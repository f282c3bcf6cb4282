import TernBatch
import TernCore

extension JobRequest {
    /// Tags of a job at most.
    package static let maximumTags = 50
    static let maximumPriority: Int64 = 2_147_483_647

    /// Reads the body of CreateJob. Members may come in any order; nothing outside the document is looked at (spec rules
    /// BR-CJ-2, BR-CJ-3).
    ///
    /// - Throws: `MalformedXML`, or `BadRequestException` that names the member.
    package init(decoding body: [UInt8]) throws(S3Error) {
        let root = JobNode(try RequestDocument.parse(body, root: "CreateJobRequest"))
        try root.requireOnly(
            "ConfirmationRequired", "Operation", "Report", "ClientRequestToken", "Manifest", "Description", "Priority",
            "RoleArn", "Tags", "ManifestGenerator")
        self.operation = try JobOperation(decoding: try root.required("Operation"))
        self.report = try JobReport(decoding: try root.required("Report"))
        self.token = try root.requiredText("ClientRequestToken", 1...64)
        guard let priority = try root.integer("Priority", 0...Self.maximumPriority) else {
            throw .badJobRequest("Priority is required.")
        }
        self.priority = Int(priority)
        self.roleARN = try root.requiredText("RoleArn", 1...2048)
        guard Self.isRole(self.roleARN) else { throw .badJobRequest("RoleArn must be the ARN of a role.") }
        self.confirmationRequired = try root.boolean("ConfirmationRequired") ?? true
        self.description = try root.text("Description", 1...256)
        self.tags = try root.tags("Tags", maximum: Self.maximumTags) ?? []
        switch (root.child("Manifest"), root.child("ManifestGenerator")) {
        case (let manifest?, nil): self.source = .manifest(try JobManifest(decoding: manifest))
        case (nil, let generator?): self.source = .generator(try ManifestGenerator(decoding: generator))
        case (nil, nil): throw .badJobRequest("One of Manifest and ManifestGenerator is required.")
        case (_?, _?): throw .badJobRequest("Manifest and ManifestGenerator cannot be given together.")
        }
    }

    /// `arn:aws:iam::123456789012:role/…`
    private static func isRole(_ arn: String) -> Bool {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        return parts.count == 6 && parts[0] == "arn" && parts[2] == "iam" && parts[3].isEmpty
            && AccountID(String(parts[4])) != nil && parts[5].hasPrefix("role/") && parts[5].count > 5
    }
}

extension JobReport {
    init(decoding node: JobNode) throws(S3Error) {
        try node.requireOnly("Bucket", "Format", "Enabled", "Prefix", "ReportScope", "ExpectedBucketOwner")
        guard let isEnabled = try node.boolean("Enabled") else {
            throw .badJobRequest("\(node.name(of: "Enabled")) is required.")
        }
        self.isEnabled = isEnabled
        self.bucket = try node.bucket("Bucket")
        self.prefix = try node.text("Prefix", 1...512)
        self.expectedOwner = try node.account("ExpectedBucketOwner")
        let format = try node.choice("Format", [CompletionReport.format])
        let scope = try node.choice("ReportScope", ["AllTasks", "FailedTasksOnly"])
        self.failedTasksOnly = scope == "FailedTasksOnly"
        guard isEnabled else { return }
        if self.bucket == nil { throw .badJobRequest("\(node.name(of: "Bucket")) is required.") }
        if format == nil { throw .badJobRequest("\(node.name(of: "Format")) is required.") }
        if scope == nil { throw .badJobRequest("\(node.name(of: "ReportScope")) is required.") }
    }
}

extension JobManifest {
    init(decoding node: JobNode) throws(S3Error) {
        try node.requireOnly("Spec", "Location")
        let spec = try node.required("Spec")
        try spec.requireOnly("Format", "Fields")
        let formats = Format.allCases.map(\.rawValue)
        guard let format = Format(rawValue: try spec.choice("Format", formats) ?? "") else {
            throw .badJobRequest("\(spec.name(of: "Format")) is required.")
        }
        self.format = format
        self.schema = try Self.schema(of: spec, format)
        let location = try node.required("Location")
        try location.requireOnly("ObjectArn", "ObjectVersionId", "ETag")
        let arn = try location.requiredText("ObjectArn", 1...2000)
        guard let resource = JobNode.resource(of: arn), let slash = resource.firstIndex(of: "/"),
            let bucket = BucketName(String(resource[..<slash])),
            let key = Self.key(String(resource[resource.index(after: slash)...]))
        else { throw .badJobRequest("\(location.name(of: "ObjectArn")) must be the ARN of an object.") }
        self.bucket = bucket
        self.key = key
        self.versionID = try location.text("ObjectVersionId", 1...2000)
        let etag = try location.requiredText("ETag", 1...1024)
        self.etag =
            etag.count >= 2 && etag.hasPrefix("\"") && etag.hasSuffix("\"") ? String(etag.dropFirst().dropLast()) : etag
    }

    private static func key(_ text: String) -> ObjectKey? {
        do throws(ObjectKey.Problem) {
            return try ObjectKey(text)
        } catch {
            return nil
        }
    }

    /// A CSV manifest has the columns that the request names, an inventory names its own.
    private static func schema(of spec: JobNode, _ format: Format) throws(S3Error) -> ManifestSchema? {
        let fields = spec.list("Fields")?.map(\.node.text)
        guard format == .csv else {
            if fields != nil { throw .badJobRequest("\(spec.name(of: "Fields")) is for CSV manifests only.") }
            return nil
        }
        guard let fields, !fields.isEmpty else { throw .badJobRequest("\(spec.name(of: "Fields")) is required.") }
        for field in fields where !["Ignore", "Bucket", "Key", "VersionId"].contains(field) {
            throw .badJobRequest("\(spec.name(of: "Fields")) has an unknown field: \(field)")
        }
        do throws(ManifestSchema.Problem) {
            return try ManifestSchema(columns: fields)
        } catch {
            switch error {
            case .missingFields(let missing):
                throw .badJobRequest(
                    "Required fields are missing in the schema: \(missing.joined(separator: ", "))")
            case .duplicateField(let name):
                throw .badJobRequest("\(spec.name(of: "Fields")) has \(name) more than once.")
            }
        }
    }
}
