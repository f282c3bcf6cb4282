/// How fast a restore is asked for, the fastest first.
package enum RestoreTier: String, Hashable, Sendable, CaseIterable, Comparable {
    case expedited = "Expedited"
    case standard = "Standard"
    case bulk = "Bulk"

    private var rank: Int {
        switch self {
        case .expedited: 0
        case .standard: 1
        case .bulk: 2
        }
    }

    /// The faster tier is the smaller one.
    package static func < (left: RestoreTier, right: RestoreTier) -> Bool { left.rank < right.rank }
}

/// The body of RestoreObject (spec rules RST-2, RST-3).
package struct RestoreRequestXML: Hashable, Sendable {
    /// At least 1. `nil` is for archive tiers of `INTELLIGENT_TIERING` alone, whose restores have no end.
    package var days: Int?
    package var tier: RestoreTier

    /// - Throws: `MissingRequestBodyError`, `MalformedXML`, `InvalidArgument` for days below 1, or `NotImplemented` for
    ///   restores that run a query.
    package init(decoding bytes: [UInt8]) throws(S3Error) {
        let root = try RequestDocument.parse(bytes, root: "RestoreRequest")
        try root.requireOnly([
            "Days", "GlacierJobParameters", "Tier", "Type", "Description", "SelectParameters", "OutputLocation",
        ])
        if root["Type"] != nil || root["SelectParameters"] != nil || root["OutputLocation"] != nil {
            throw .notImplemented
        }
        let days = try root.integer(of: "Days")
        if let days, days < 1 { throw .restoreDaysNotPositive }
        self.days = days
        var text = try root.leafText(of: "Tier")
        if let parameters = root["GlacierJobParameters"] {
            try parameters.requireOnly(["Tier"])
            guard let tier = try parameters.leafText(of: "Tier") else { throw .malformedXML }
            text = tier
        }
        guard let tier = RestoreTier(rawValue: text ?? RestoreTier.standard.rawValue) else { throw .malformedXML }
        self.tier = tier
    }
}
