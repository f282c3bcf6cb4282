package import TernControlPlane
import TernCore
import TernPolicy
package import TernPorts
import TernRecords
import TernS3Protocol

/// The ten operations of Multi-Region Access Points (specification §9.1).
///
/// Each region answers what only looks; changes are the home region's.
package struct MultiRegionAccessPointService: Sendable {
    private let catalog: MultiRegionAccessPointCatalog
    private let authorizer: any Authorizer
    private let principals: any PrincipalDirectory
    private let random: any RandomSource

    /// - Parameter principals: Whom policies may name.
    package init(
        catalog: MultiRegionAccessPointCatalog, authorizer: any Authorizer, principals: any PrincipalDirectory,
        random: any RandomSource
    ) {
        self.catalog = catalog
        self.authorizer = authorizer
        self.principals = principals
        self.random = random
    }

    /// The regions that these requests may be signed for, beside those of the federation: clients know where AWS answers
    /// them (W-26).
    static let controlRegions: Set<String> = [
        "us-east-1", "us-west-2", "ap-southeast-2", "ap-northeast-1", "eu-west-1",
    ]

    func perform(
        _ route: MultiRegionAccessPointRoute, account: AccountID, _ request: ControlRequest
    ) async throws(ControlError) -> HTTPAnswer {
        do throws(S3Error) {
            let call = Call(service: self, account: account, request: request)
            switch route {
            case .create: return try await call.take(try MultiRegionAccessPointDocuments.creation(request.body))
            case .delete: return try await call.take(try MultiRegionAccessPointDocuments.deletion(request.body))
            case .putPolicy: return try await call.take(try MultiRegionAccessPointDocuments.policyChange(request.body))
            case .describe(let token): return try await call.describe(token)
            case .list: return try await call.list()
            case .get(let name): return try await call.get(name)
            case .getPolicy(let name): return try await call.policy(of: name)
            case .getPolicyStatus(let name): return try await call.policyStatus(of: name)
            case .getRoutes(let mrap): return try await call.routes(of: mrap)
            case .submitRoutes(let mrap): return try await call.submitRoutes(to: mrap)
            }
        } catch {
            throw ControlError(error)
        }
    }

    /// One request whose sender is known.
    private struct Call {
        let service: MultiRegionAccessPointService
        let account: AccountID
        let request: ControlRequest

        var catalog: MultiRegionAccessPointCatalog { self.service.catalog }
        var requestID: String { self.request.requestID }

        // MARK: Asynchronous requests

        func take(_ wanted: MultiRegionAccessPointDocuments.Request) async throws(S3Error) -> HTTPAnswer {
            var record = MultiRegionAccessPointRequestRecord()
            record.id = MultiRegionAccessPointIDs.makeRequestID(self.service.random)
            record.account = self.account.description
            record.clientToken = wanted.clientToken
            record.createdMs = self.request.now.milliseconds
            record.requestID = self.requestID
            record.parameters = wanted.parameters
            try await self.authorize("s3:" + record.operation, self.arn(ofName: record.accessPointName))
            let taken = record
            let random = self.service.random
            let id = try await self.catalog.change { state throws(S3Error) in
                try state.taking(taken) { MultiRegionAccessPointIDs.makeAlias(random) }
            }
            self.catalog.taken.ring()
            let token = MultiRegionAccessPointToken(
                account: self.account, operation: record.operation.lowercased(), id: id)
            let root: StaticString =
                switch wanted.parameters {
                case .creation: "CreateMultiRegionAccessPointResult"
                case .deletion: "DeleteMultiRegionAccessPointResult"
                case .policyChange: "PutMultiRegionAccessPointPolicyResult"
                }
            return self.answer(root) { $0.element("RequestTokenARN", token.arn) }
        }

        func describe(_ text: String) async throws(S3Error) -> HTTPAnswer {
            let action = "s3:DescribeMultiRegionAccessPointOperation"
            guard let token = MultiRegionAccessPointToken(text), token.account == self.account else {
                try await self.authorize(action, "*")
                throw .noSuchAsyncRequest(text)
            }
            try await self.authorize(action, token.arn)
            guard let found = self.catalog.state.request(id: token.id, of: self.account),
                MultiRegionAccessPointToken(found) == token
            else { throw .noSuchAsyncRequest(text) }
            return self.answer("DescribeMultiRegionAccessPointOperationResult") { $0.asyncOperation(found) }
        }

        // MARK: Looking

        func list() async throws(S3Error) -> HTTPAnswer {
            try await self.authorize("s3:ListMultiRegionAccessPoints", "*")
            guard let target = RequestTarget(self.request.head.target) else {
                throw .invalidURI(self.request.head.target)
            }
            let page = try MultiRegionAccessPointPage(target)
            let (records, isTruncated) = self.catalog.state.page(
                in: self.account, after: page.after, limit: page.limit)
            return self.answer("ListMultiRegionAccessPointsResult") { xml in
                xml.open("AccessPoints")
                for record in records { xml.accessPoint(record) }
                xml.close("AccessPoints")
                if isTruncated, let last = records.last {
                    xml.element("NextToken", MultiRegionAccessPointPage.token(after: last.name))
                }
            }
        }

        func get(_ name: String) async throws(S3Error) -> HTTPAnswer {
            let record = try await self.record(name, for: "s3:GetMultiRegionAccessPoint")
            return self.answer("GetMultiRegionAccessPointResult") { $0.accessPoint(record) }
        }

        func policy(of name: String) async throws(S3Error) -> HTTPAnswer {
            let record = try await self.record(name, for: "s3:GetMultiRegionAccessPointPolicy")
            let established = self.shown(record)
            // What is asked for is that which is there, once it is done.
            let isPending = record.proposedPolicy != record.establishedPolicy
            let proposed = isPending ? record.proposedPolicy : established
            return self.answer("GetMultiRegionAccessPointPolicyResult") { xml in
                xml.open("Policy")
                if !established.isEmpty {
                    xml.open("Established")
                    xml.element("Policy", established)
                    xml.close("Established")
                }
                if !proposed.isEmpty {
                    xml.open("Proposed")
                    xml.element("Policy", proposed)
                    xml.close("Proposed")
                }
                xml.close("Policy")
            }
        }

        func policyStatus(of name: String) async throws(S3Error) -> HTTPAnswer {
            let record = try await self.record(name, for: "s3:GetMultiRegionAccessPointPolicyStatus")
            let isPublic = self.catalog.multiRegionAccessPoint(alias: record.alias)?.policy?.isPublic ?? false
            return self.answer("GetMultiRegionAccessPointPolicyStatusResult") { xml in
                xml.open("Established")
                xml.element("IsPublic", isPublic)
                xml.close("Established")
            }
        }

        /// The established policy with the ARNs of now of those whom it names, and the bare IDs of those who are gone
        /// (IAM-26).
        private func shown(_ record: MultiRegionAccessPointRecord) -> String {
            var names: [String: String] = [:]
            for (arn, id) in record.bindings {
                let now = self.service.principals.arn(uniqueID: id) ?? id
                if now != arn { names[arn] = now }
            }
            let policy = record.establishedPolicy
            guard !names.isEmpty, let shown = PolicyDocument.replacingPrincipals(names, in: Array(policy.utf8)) else {
                return policy
            }
            return String(decoding: shown, as: UTF8.self)
        }

        // MARK: Routes

        func routes(of mrap: String) async throws(S3Error) -> HTTPAnswer {
            let alias = try self.alias(of: mrap)
            try await self.authorize("s3:GetMultiRegionAccessPointRoutes", self.arn(alias))
            guard let record = self.catalog.state.record(alias: alias), record.account == self.account.description
            else { throw .noSuchMultiRegionAccessPoint(mrap) }
            return self.answer("GetMultiRegionAccessPointRoutesResult") { xml in
                xml.element("Mrap", record.arn)
                xml.open("Routes")
                for region in record.regions {
                    xml.open("Route")
                    xml.element("Bucket", region.bucket)
                    xml.element("Region", ifPresent: region.region.isEmpty ? nil : region.region)
                    xml.element("TrafficDialPercentage", Int(region.trafficDial))
                    xml.close("Route")
                }
                xml.close("Routes")
            }
        }

        func submitRoutes(to mrap: String) async throws(S3Error) -> HTTPAnswer {
            let alias = try self.alias(of: mrap)
            let updates = try MultiRegionAccessPointDocuments.routes(self.request.body)
            try await self.authorize("s3:SubmitMultiRegionAccessPointRoutes", self.arn(alias))
            let account = self.account
            try await self.catalog.change { state throws(S3Error) in
                try state.submitting(updates, to: alias, of: account)
            }
            return S3ControlXML.empty(200, requestID: self.requestID)
        }

        /// W-27: an access point is named by its ARN; its alias says as much.
        private func alias(of mrap: String) throws(S3Error) -> String {
            let prefix = self.arn("")
            let alias = mrap.hasPrefix(prefix) ? String(mrap.dropFirst(prefix.count)) : mrap
            guard alias.hasSuffix(MultiRegionAccessPoint.aliasSuffix), !alias.contains(where: { "/:".contains($0) })
            else { throw .invalidMultiRegionAccessPointARN }
            return alias
        }

        // MARK: Common parts

        private func record(_ name: String, for action: String) async throws(S3Error) -> MultiRegionAccessPointRecord {
            try await self.authorize(action, self.arn(ofName: name))
            guard let record = self.catalog.state.record(named: name, in: self.account) else {
                throw .noSuchMultiRegionAccessPoint(name)
            }
            return record
        }

        private func arn(_ alias: String) -> String { MultiRegionAccessPoint.arn(account: self.account, alias: alias) }

        /// The resource that policies know; of an access point that is not there, with its name in place of the alias.
        private func arn(ofName name: String) -> String {
            self.arn(self.catalog.state.record(named: name, in: self.account)?.alias ?? name)
        }

        private func authorize(_ action: String, _ resource: String) async throws(S3Error) {
            let conditions = self.request.conditions
            var question = AuthorizationRequest(
                principal: self.request.principal, action: action, resource: resource, resourceOwner: self.account,
                context: { conditions })
            question.requestID = self.requestID
            let decision = await self.service.authorizer.authorize(question)
            if case .denied(let denial) = decision { throw .accessDenied(denial.message) }
        }

        private func answer(_ root: StaticString, _ write: (inout XMLWriter) -> Void) -> HTTPAnswer {
            S3ControlXML.answer(root, requestID: self.requestID, write)
        }
    }
}
