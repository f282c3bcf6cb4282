package import TernControlPlane
package import TernCore
package import TernPorts
import TernS3Protocol

/// S3 Control: what concerns accounts rather than buckets (REST-XML, 2018-08-20; specification §9).
package struct S3ControlService: ControlService {
    static let pathPrefix = "/v20180820/"
    static let accountHeader = "x-amz-account-id"
    static let key = "s3-control"

    private let settings: AccountSettings
    let buckets: any ControlledBuckets
    private let accessPoints: MultiRegionAccessPointService
    let authorizer: any Authorizer
    private let home: RegionName
    let regions: RegionMap
    private let jobs: JobControl

    /// - Parameters:
    ///   - home: The region that keeps accounts.
    ///   - regions: Those for which requests may be signed.
    package init(
        settings: AccountSettings, buckets: any ControlledBuckets, accessPoints: MultiRegionAccessPointService,
        jobs: JobControl, authorizer: any Authorizer, home: RegionName, regions: RegionMap
    ) {
        self.jobs = jobs
        self.settings = settings
        self.buckets = buckets
        self.accessPoints = accessPoints
        self.authorizer = authorizer
        self.home = home
        self.regions = regions
    }

    package var name: String { "s3" }
    package var key: String { Self.key }

    package func admits(_ region: RegionName) -> Bool {
        self.regions.contains(region)
            || MultiRegionAccessPointService.controlRegions.contains(region.description)
    }

    /// Accounts and access points are written in the home region; tags are where their bucket is; jobs are each region's
    /// own.
    package func region(for head: HTTPRequestHead, body: [UInt8]) async -> RegionName? {
        if Self.path(of: head).hasPrefix(Self.tagsPrefix) { return await self.regionOfTags(for: head) }
        if JobControl.owns(Self.path(of: head)) { return nil }
        return head.method == "GET" ? nil : self.home
    }

    /// What stands behind the version of the API, still percent-encoded.
    static func path(of head: HTTPRequestHead) -> Substring {
        head.target.prefix { $0 != "?" }.dropFirst(Self.pathPrefix.count)
    }

    package func answer(_ error: ControlError, requestID: String) -> HTTPAnswer {
        S3ControlXML.answer(error, requestID: requestID)
    }

    package func answer(_ request: ControlRequest) async -> HTTPAnswer {
        do throws(ControlError) {
            return try await self.perform(request)
        } catch {
            return self.answer(error, requestID: request.requestID)
        }
    }

    private func perform(_ request: ControlRequest) async throws(ControlError) -> HTTPAnswer {
        guard let account = AccountID(request.head.headers[Self.accountHeader] ?? "") else {
            throw ControlError("InvalidRequest", status: 400, message: "The account ID is not valid.")
        }
        let path = Self.path(of: request.head)
        if path.hasPrefix(Self.tagsPrefix) { return try await self.tags(request, account: account) }
        if JobControl.owns(path) { return try await self.jobs.answer(request, for: account) }
        if let route = try MultiRegionAccessPointRoute(method: request.head.method, path: String(path)) {
            return try await self.accessPoints.perform(route, account: account, request)
        }
        guard path == "configuration/publicAccessBlock" else {
            throw ControlError(
                "NotImplemented", status: 501,
                message: "A header you provided implies functionality that is not implemented"
            )
        }
        switch request.head.method {
        case "GET":
            try await self.authorize("s3:GetAccountPublicAccessBlock", account: account, request)
            return try self.publicAccessBlock(of: account, request)
        case "PUT":
            try await self.authorize("s3:PutAccountPublicAccessBlock", account: account, request)
            try await self.set(try Self.publicAccessBlock(request.body), of: account)
            return S3ControlXML.empty(200, requestID: request.requestID)
        case "DELETE":
            try await self.authorize("s3:PutAccountPublicAccessBlock", account: account, request)
            try await self.set(nil, of: account)
            return S3ControlXML.empty(204, requestID: request.requestID)
        default:
            throw .methodNotAllowed
        }
    }

    // MARK: Public access block

    private func publicAccessBlock(
        of account: AccountID, _ request: ControlRequest
    ) throws(ControlError) -> HTTPAnswer {
        guard let block = self.settings.configured(account) else {
            var error = ControlError(
                "NoSuchPublicAccessBlockConfiguration", status: 404,
                message: "The public access block configuration was not found")
            error.details = [.init("AccountId", account.description)]
            throw error
        }
        return S3ControlXML.answer(200, block.encode(), requestID: request.requestID)
    }

    private static func publicAccessBlock(_ body: [UInt8]) throws(ControlError) -> PublicAccessBlock {
        do throws(S3Error) {
            guard try PublicAccessBlock.hasSettings(body) else {
                throw S3Error(
                    code: "InvalidRequest", status: 400, message: "Must specify at least one configuration.")
            }
            return try PublicAccessBlock(decoding: body)
        } catch {
            throw ControlError(error)
        }
    }

    private func set(_ block: PublicAccessBlock?, of account: AccountID) async throws(ControlError) {
        do throws(ControlLogError) {
            try await self.settings.setPublicAccessBlock(block, of: account)
        } catch {
            throw .unavailable("The setting could not be stored. Please retry.")
        }
    }

    // MARK: Permission

    private func authorize(
        _ action: String, account: AccountID, _ request: ControlRequest
    ) async throws(ControlError) {
        var question = AuthorizationRequest(
            principal: request.principal, action: action, resource: "*", resourceOwner: account,
            context: { request.conditions })
        question.requestID = request.requestID
        if case .denied(let denial) = await self.authorizer.authorize(question) { throw .accessDenied(denial.message) }
    }
}
