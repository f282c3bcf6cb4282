import TernBatch
import TernControlPlane
import TernCore
import TernPorts
import TernS3Protocol

/// LambdaInvoke, where the configuration names a function runner.
///
/// Source: Amazon S3 User Guide, "Invoking a Lambda function from Amazon S3 Batch Operations".
struct FunctionOperation: ObjectOperation {
    let function: JobFunction
    let runner: any FunctionRunner
    let job: JobStore.Job
    let context: BatchContext

    func perform(on target: ObjectTarget, with client: RoleClient) async throws(RoleRequestFailure) -> String {
        try await self.authorize(client.principal)
        let taskID = Self.hex(self.context.random.next())
        let answer: [UInt8]
        do throws(FunctionFailure) {
            answer = try await self.runner.invoke(
                self.function.arn,
                payload: self.payload(target, taskID: taskID, invocationID: Self.hex(self.context.random.next())))
        } catch {
            throw error.result
        }
        return try FunctionAnswer.message(answer, task: taskID)
    }

    /// The job's role needs lambda:InvokeFunction on the function (batch-replication §2.2).
    private func authorize(_ role: Principal) async throws(RoleRequestFailure) {
        let question = AuthorizationRequest(
            principal: role, action: "lambda:InvokeFunction", resource: self.function.arn,
            resourceOwner: ARN.account(of: self.function.arn) ?? self.job.account, context: { [:] })
        guard case .denied(let denial) = await self.context.authorizer.authorize(question) else { return }
        throw RoleRequestFailure(status: 403, code: "AccessDenied", message: denial.message)
    }

    private func payload(_ target: ObjectTarget, taskID: String, invocationID: String) -> [UInt8] {
        let isSecond = self.function.schemaVersion == "2.0"
        var json = JSONWriter()
        json.openObject()
        json.member("invocationSchemaVersion", self.function.schemaVersion)
        json.member("invocationId", invocationID)
        json.openObject("job")
        json.member("id", self.job.id)
        if isSecond, !self.function.arguments.isEmpty {
            json.openObject("userArguments")
            for argument in self.function.arguments { json.member(argument.name, argument.value) }
            json.closeObject()
        }
        json.closeObject()
        json.name("tasks")
        json.openArray()
        json.openObject()
        json.member("taskId", taskID)
        json.member("s3Key", PercentEncoding.encode(target.key.bytes, keepingSlash: true))
        if let version = target.versionID {
            json.member("s3VersionId", version)
        } else {
            // Functions look for the member.
            json.name("s3VersionId")
            json.raw(Array("null".utf8))
        }
        if isSecond {
            json.member("s3Bucket", target.bucket)
        } else {
            json.member("s3BucketArn", "arn:aws:s3:::\(target.bucket)")
        }
        json.closeObject()
        json.closeArray()
        json.closeObject()
        return json.bytes
    }

    private static func hex(_ number: UInt64) -> String {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: number)
        return bytes.lowercaseHex
    }
}

/// What a function says of its task.
enum FunctionAnswer {
    /// Longest text that is kept of an answer, in characters.
    private static let maximumText = 1024

    /// - Returns: The text of a success.
    static func message(_ answer: [UInt8], task: String) throws(RoleRequestFailure) -> String {
        guard let json = try? JSONParser.parse(answer), case .array(let results)? = json["results"] else {
            throw self.invalid("it is no JSON with results")
        }
        // One task is sent at a time; the answer may leave it out, and then says what that means.
        let result = results.first { $0["taskId"]?.string == task }
        let code = result.map { $0["resultCode"]?.string } ?? json["treatMissingKeysAs"]?.string ?? "TemporaryFailure"
        let text = String((result?["resultString"]?.string ?? "").prefix(self.maximumText))
        switch code {
        case "Succeeded": return text
        case "TemporaryFailure", "PermanentFailure":
            throw RoleRequestFailure(
                status: 200, code: code ?? "",
                message: result == nil ? "The function's answer does not have the task" : text)
        case let code?: throw self.invalid("its result code is \(code.prefix(64))")
        case nil: throw self.invalid("the task has no result code")
        }
    }

    private static func invalid(_ why: String) -> RoleRequestFailure {
        RoleRequestFailure(
            status: 200, code: "InvalidFunctionResponse",
            message: "The function's answer is not as S3 expects it: \(why)")
    }
}
