import TernControlPlane
import TernCore
import TernRecords
import TernS3Protocol

extension XMLWriter {
    /// `MultiRegionAccessPointReport`
    mutating func accessPoint(_ record: MultiRegionAccessPointRecord) {
        self.open("AccessPoint")
        self.element("Name", record.name)
        self.element("Alias", record.alias)
        self.element("CreatedAt", Timestamp(milliseconds: record.createdMs))
        self.publicAccessBlock(record.publicAccessBlock)
        self.element("Status", record.status.name)
        self.open("Regions")
        for region in record.regions {
            self.open("Region")
            self.element("Bucket", region.bucket)
            self.element("Region", ifPresent: region.region.isEmpty ? nil : region.region)
            self.element("BucketAccountId", region.bucketAccount)
            self.close("Region")
        }
        self.close("Regions")
        self.close("AccessPoint")
    }

    mutating func publicAccessBlock(_ block: PublicAccessBlockRecord) {
        self.open("PublicAccessBlock")
        self.element("BlockPublicAcls", block.blockPublicAcls)
        self.element("IgnorePublicAcls", block.ignorePublicAcls)
        self.element("BlockPublicPolicy", block.blockPublicPolicy)
        self.element("RestrictPublicBuckets", block.restrictPublicBuckets)
        self.close("PublicAccessBlock")
    }

    /// `AsyncOperation`
    mutating func asyncOperation(_ request: MultiRegionAccessPointRequestRecord) {
        self.open("AsyncOperation")
        self.element("CreationTime", Timestamp(milliseconds: request.createdMs))
        self.element("Operation", request.operation)
        self.element("RequestTokenARN", MultiRegionAccessPointToken(request).arn)
        self.open("RequestParameters")
        self.parameters(request)
        self.close("RequestParameters")
        self.element("RequestStatus", request.status.name)
        self.outcome(request)
        self.close("AsyncOperation")
    }

    private mutating func parameters(_ request: MultiRegionAccessPointRequestRecord) {
        switch request.parameters {
        case .creation(let sent):
            self.open("CreateMultiRegionAccessPointRequest")
            self.element("Name", sent.name)
            if sent.hasPublicAccessBlock { self.publicAccessBlock(sent.publicAccessBlock) }
            self.open("Regions")
            for region in sent.regions {
                self.open("Region")
                self.element("Bucket", region.bucket)
                self.element("BucketAccountId", ifPresent: region.account.isEmpty ? nil : region.account)
                self.close("Region")
            }
            self.close("Regions")
            self.close("CreateMultiRegionAccessPointRequest")
        case .deletion(let sent):
            self.open("DeleteMultiRegionAccessPointRequest")
            self.element("Name", sent.name)
            self.close("DeleteMultiRegionAccessPointRequest")
        case .policyChange(let sent):
            self.open("PutMultiRegionAccessPointPolicyRequest")
            self.element("Name", sent.name)
            self.element("Policy", sent.policy)
            self.close("PutMultiRegionAccessPointPolicyRequest")
        case nil:
            break
        }
    }

    private mutating func outcome(_ request: MultiRegionAccessPointRequestRecord) {
        switch request.status {
        case .succeeded:
            self.open("ResponseDetails")
            self.open("MultiRegionAccessPointDetails")
            self.open("Regions")
            for region in request.regions {
                self.open("Region")
                self.element("Name", region)
                self.element("RequestStatus", request.status.name)
                self.close("Region")
            }
            self.close("Regions")
            self.close("MultiRegionAccessPointDetails")
            self.close("ResponseDetails")
        case .failed:
            self.open("ResponseDetails")
            self.open("ErrorDetails")
            self.element("Code", request.errorCode)
            self.element("Message", request.errorMessage)
            self.element("Resource", request.errorResource)
            self.element("RequestId", request.requestID)
            self.close("ErrorDetails")
            self.close("ResponseDetails")
        case .new, .UNRECOGNIZED:
            break
        }
    }
}

extension MultiRegionAccessPointRecord.Status {
    fileprivate var name: String {
        switch self {
        case .ready, .UNRECOGNIZED: "READY"
        case .creating: "CREATING"
        case .deleting: "DELETING"
        }
    }
}

extension MultiRegionAccessPointRequestRecord.Status {
    fileprivate var name: String {
        switch self {
        case .new, .UNRECOGNIZED: "NEW"
        case .succeeded: "SUCCEEDED"
        case .failed: "FAILED"
        }
    }
}
