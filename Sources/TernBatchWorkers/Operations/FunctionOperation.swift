import TernCore
import TernPorts
import TernS3Protocol

/// LambdaInvoke, where the configuration names a function runner.
///
/// Source: Amazon S3 User Guide, "Invoking a Lambda function from Amazon S3 Batch Operations".
struct FunctionOperation: ObjectOperation {
    let function: JobFunction
    let runner: any FunctionRunner
    let jobID: String
    let random: any RandomSource

    init(_ function: JobFunction, runner: any FunctionRunner, jobID: String, random: any RandomSource) {
        self.function = function
        self.runner = runner
        self.jobID = jobID
        self.random = random
    }

    func perform(on target: ObjectTarget, with client: RoleClient) async throws(RoleRequestFailure) -> String {
        let taskID = Self.hex(self.random.next())
        let invocationID = Self.hex(self.random.next())
        guard
            let answer = await self.runner.invoke(
                self.function.arn, payload: self.payload(target, taskID: taskID, invocationID: invocationID))
        else {
            throw RoleRequestFailure(status: 503, code: "ServiceUnavailable", message: "The function gave no answer")
        }
        guard let json = try? JSONParser.parse(answer), case .array(let results)? = json["results"],
            let result = results.first(where: { $0["taskId"]?.string == taskID }) ?? Self.missing(json)
        else {
            throw RoleRequestFailure(
                status: 400, code: "InvalidResponse", message: "The function's answer is not as S3 expects it")
        }
        let message = String((result["resultString"]?.string ?? "").prefix(1024))
        switch result["resultCode"]?.string {
        case "Succeeded": return message
        case "TemporaryFailure":
            throw RoleRequestFailure(status: 503, code: "TemporaryFailure", message: message)
        default: throw RoleRequestFailure(status: 200, code: "PermanentFailure", message: message)
        }
    }

    /// What a task that the answer does not have is treated as.
    private static func missing(_ answer: JSONValue) -> JSONValue? {
        let code = answer["treatMissingKeysAs"]?.string ?? "TemporaryFailure"
        return .object([.init(name: "resultCode", value: .string(code))])
    }

    private func payload(_ target: ObjectTarget, taskID: String, invocationID: String) -> [UInt8] {
        let isSecond = self.function.schemaVersion == "2.0"
        var json = JSONWriter()
        json.openObject()
        json.member("invocationSchemaVersion", self.function.schemaVersion)
        json.member("invocationId", invocationID)
        json.openObject("job")
        json.member("id", self.jobID)
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
        json.member("s3VersionId", ifPresent: target.versionID)
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
