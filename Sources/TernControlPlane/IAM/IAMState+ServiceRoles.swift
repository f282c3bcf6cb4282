package import TernRecords

extension IAMRoleRecord {
    static let serviceLinkedPath = "/aws-service-role/"

    /// Whether it is a service's own, and only the service may change it.
    package var isServiceLinked: Bool { self.path.hasPrefix(Self.serviceLinkedPath) }
}

/// Service-linked roles. Nothing here acts by them; tools make them as a part of what they set up.
///
/// Source: AWS IAM API Reference, CreateServiceLinkedRole; IAM user guide, "Service-linked roles".
extension IAMState {
    /// What the names of the roles end in, behind `AWSServiceRoleFor`.
    private static let titles: [String: String] = [
        "access-analyzer.amazonaws.com": "AccessAnalyzer",
        "autoscaling.amazonaws.com": "AutoScaling",
        "autoscaling-plans.amazonaws.com": "AutoScalingPlans_EC2AutoScaling",
        "backup.amazonaws.com": "Backup",
        "batch.amazonaws.com": "Batch",
        "cloudtrail.amazonaws.com": "CloudTrail",
        "config.amazonaws.com": "Config",
        "ecs.amazonaws.com": "ECS",
        "eks.amazonaws.com": "AmazonEKS",
        "eks-fargate.amazonaws.com": "AmazonEKSForFargate",
        "eks-nodegroup.amazonaws.com": "AmazonEKSNodegroup",
        "elasticache.amazonaws.com": "ElastiCache",
        "elasticbeanstalk.amazonaws.com": "ElasticBeanstalk",
        "elasticfilesystem.amazonaws.com": "AmazonElasticFileSystem",
        "elasticloadbalancing.amazonaws.com": "ElasticLoadBalancing",
        "es.amazonaws.com": "AmazonElasticsearchService",
        "events.amazonaws.com": "CloudWatchEvents",
        "guardduty.amazonaws.com": "AmazonGuardDuty",
        "lakeformation.amazonaws.com": "LakeFormationDataAccess",
        "opensearchservice.amazonaws.com": "AmazonOpenSearchService",
        "organizations.amazonaws.com": "Organizations",
        "rds.amazonaws.com": "RDS",
        "redshift.amazonaws.com": "Redshift",
        "replication.dynamodb.amazonaws.com": "DynamoDBReplication",
        "spot.amazonaws.com": "EC2Spot",
        "spotfleet.amazonaws.com": "EC2SpotFleet",
        "transitgateway.amazonaws.com": "VPCTransitGateway",
        "wafv2.amazonaws.com": "WAFV2Logging",
    ]
    /// Services that may have several of their roles in an account.
    private static let withSuffix: Set<String> = ["autoscaling.amazonaws.com"]

    /// - Parameters:
    ///   - new: With ID, account and time.
    ///   - suffix: Distinguishes roles of the same service.
    package func createServiceLinkedRole(
        _ new: IAMRoleRecord, service: String, suffix: String?, description: String?
    ) throws(IAMError) -> IAMPlan<IAMRoleRecord> {
        try IAMNames.checkLength(service, "AWSServiceName", 1...128)
        guard let title = Self.titles[service] else {
            throw .invalidInput("Service role name \(service) is not that of a service with service-linked roles.")
        }
        var role = new
        role.name = "AWSServiceRoleFor" + title
        if let suffix {
            try IAMNames.check(suffix, "customSuffix", limit: 64)
            guard Self.withSuffix.contains(service) else {
                throw .invalidInput("Custom suffix is not allowed for \(service).")
            }
            role.name += "_" + suffix
        }
        try IAMNames.check(role.name, "roleName", limit: 64)
        role.path = "\(IAMRoleRecord.serviceLinkedPath)\(service)/"
        role.description_p = description ?? ""
        role.maximumSessionSeconds = 3600
        role.trustPolicy =
            #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":""# + service
            + #""},"Action":"sts:AssumeRole"}]}"#
        guard self.roles.named(role.name, in: role.account) == nil else {
            throw .invalidInput(
                "Service role name \(role.name) has been taken in this account, please try a different suffix.")
        }
        return try self.addRole(role)
    }

    /// Deletions whose IDs are kept, of each account.
    private static let deletionLimit = 100

    /// Deletes a service's role at once: no service uses it here.
    ///
    /// - Parameter unique: Makes the ID of the deletion one of a kind.
    /// - Returns: The deletion's ID.
    package func deleteServiceLinkedRole(
        _ name: String, in account: String, unique: String
    ) throws(IAMError) -> IAMPlan<String> {
        let role = try self.role(name, in: account)
        guard role.isServiceLinked else {
            throw .invalidInput("The role \(role.name) is not a service-linked role.")
        }
        let deletion = "task\(role.path)\(role.name)/\(unique)"
        var record = self.accountRecord(account)
        record.serviceRoleDeletions = record.serviceRoleDeletions.suffix(Self.deletionLimit - 1) + [deletion]
        return IAMPlan([role.removal, try record.write()] + self.useRemoval(role.id), deletion)
    }

    package func requireServiceRoleDeletion(_ id: String, in account: String) throws(IAMError) {
        guard self.accountRecord(account).serviceRoleDeletions.contains(id) else {
            throw .noSuchEntity("Deletion task with id \(id) cannot be found.")
        }
    }

    static func requireUnprotected(_ role: IAMRoleRecord) throws(IAMError) {
        guard !role.isServiceLinked else {
            throw .unmodifiable(
                "Cannot perform the operation on the protected role '\(role.name)' - this role is only modifiable by AWS"
            )
        }
    }
}
