import TernCore
import TernS3Protocol

/// Requests of CreateJob for tests.
enum JobBodies {
    static let account = AccountID(trusted: "111122223333")
    static let other = AccountID(trusted: "444455556666")

    static func body(
        token: String = "t", priority: Int = 10, operation: String = "<S3ReplicateObject/>", tags: String = "",
        confirmed: Bool = true
    ) -> [UInt8] {
        let confirmation = confirmed ? "" : "<ConfirmationRequired>false</ConfirmationRequired>"
        return Array(
            """
            <CreateJobRequest xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/">\(confirmation)\
            <Operation>\(operation)</Operation><Report><Enabled>false</Enabled></Report>\
            <Manifest><Spec><Format>S3BatchOperations_CSV_20180820</Format>\
            <Fields><member>Bucket</member><member>Key</member></Fields></Spec>\
            <Location><ObjectArn>arn:aws:s3:::ops/list.csv</ObjectArn><ETag>69f5</ETag></Location></Manifest>\
            <ClientRequestToken>\(token)</ClientRequestToken><Priority>\(priority)</Priority>\
            <RoleArn>arn:aws:iam::111122223333:role/batch</RoleArn><Tags>\(tags)</Tags></CreateJobRequest>
            """.utf8)
    }

    static func tag(_ key: String, _ value: String) -> String {
        "<member><Key>\(key)</Key><Value>\(value)</Value></member>"
    }
}
