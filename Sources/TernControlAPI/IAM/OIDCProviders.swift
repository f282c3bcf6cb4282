import TernControlPlane
import TernRecords
import TernS3Protocol

extension IAMOperation {
    /// Source: AWS IAM API Reference.
    static let oidcProviders: [IAMOperation] = [
        .change("CreateOpenIDConnectProvider", Self.newProvider) { call throws(IAMError) in
            var provider = IAMOIDCProviderRecord()
            provider.id = call.catalog.makeID(IAMOIDCProviderRecord.idPrefix)
            provider.account = call.accountID
            provider.name = try IAMState.oidcProviderName(url: try call.required("Url"))
            provider.path = "/"
            provider.createdMs = call.now
            provider.clientIds = call.parameters.list("ClientIDList")
            provider.thumbprints = call.parameters.list("ThumbprintList")
            provider.tags = try call.tags()
            let wanted = provider
            let made = try await call.change { state throws(IAMError) in try state.createOIDCProvider(wanted) }
            return { xml in
                xml.element("OpenIDConnectProviderArn", made.arn)
                xml.tags(made.tags)
            }
        },
        .read("GetOpenIDConnectProvider", Self.provider) { call throws(IAMError) in
            let provider = try call.oidcProvider(call.state)
            return { xml in
                xml.element("Url", provider.name)
                xml.texts("ClientIDList", provider.clientIds)
                xml.texts("ThumbprintList", provider.thumbprints)
                xml.time("CreateDate", provider.createdMs)
                xml.tags(provider.tags)
            }
        },
        .read("ListOpenIDConnectProviders", { _ throws(IAMError) in .everything }) { call throws(IAMError) in
            let providers = call.state.oidcProviders.all(in: call.accountID)
            return { xml in
                xml.list("OpenIDConnectProviderList", providers) { $0.element("Arn", $1.arn) }
            }
        },
        .change("DeleteOpenIDConnectProvider", Self.provider) { call throws(IAMError) in
            let arn = try call.required("OpenIDConnectProviderArn")
            try await call.change { state throws(IAMError) in
                try state.deleteOIDCProvider(arn: arn, in: call.accountID)
            }
            return nil
        },
        .change("UpdateOpenIDConnectProviderThumbprint", Self.provider) { call throws(IAMError) in
            let arn = try call.required("OpenIDConnectProviderArn")
            let thumbprints = call.parameters.list("ThumbprintList")
            try await call.change { state throws(IAMError) in
                try state.updateThumbprints(thumbprints, ofOIDCProvider: arn, in: call.accountID)
            }
            return nil
        },
        .change("AddClientIDToOpenIDConnectProvider", Self.provider) { call throws(IAMError) in
            let arn = try call.required("OpenIDConnectProviderArn")
            let id = try call.required("ClientID")
            try await call.change { state throws(IAMError) in
                try state.addClientID(id, toOIDCProvider: arn, in: call.accountID)
            }
            return nil
        },
        .change("RemoveClientIDFromOpenIDConnectProvider", Self.provider) { call throws(IAMError) in
            let arn = try call.required("OpenIDConnectProviderArn")
            let id = try call.required("ClientID")
            try await call.change { state throws(IAMError) in
                try state.removeClientID(id, fromOIDCProvider: arn, in: call.accountID)
            }
            return nil
        },
    ]

    static let provider: @Sendable (IAMCall) throws(IAMError) -> IAMTarget = { call throws(IAMError) in
        let arn = try call.required("OpenIDConnectProviderArn")
        // One that is not there is nothing that may not be asked for.
        guard let found = try? call.oidcProvider(call.state) else { return IAMTarget(arn) }
        return .of(found)
    }

    private static let newProvider: @Sendable (IAMCall) throws(IAMError) -> IAMTarget = { call throws(IAMError) in
        let name = try IAMState.oidcProviderName(url: try call.required("Url"))
        var target = IAMTarget("arn:aws:iam::\(call.accountID):\(IAMOIDCProviderRecord.kind)/\(name)")
        target.addRequestTags(try call.tags())
        return target
    }
}

extension IAMCall {
    func oidcProvider(_ state: IAMState) throws(IAMError) -> IAMOIDCProviderRecord {
        try state.oidcProvider(arn: try self.required("OpenIDConnectProviderArn"), in: self.accountID)
    }
}
