import TernCore
import TernPolicy

/// POL-1 to POL-6: one policy for each row.
extension EvaluationTable {
    static let grammar: [Example] = actions + resources + principals + notPrincipals + negations

    private static func identity(_ name: String, _ statement: String, _ asks: [Ask]) -> Example {
        Example(name: name, identity: statement, asks: asks)
    }

    /// POL-3: the text, the action, and whether they meet.
    private static let actionRows: [(String, String, Bool)] = [
        ("s3:GetObject", "s3:GetObject", true), ("s3:GetObject", "s3:GetObjectAcl", false),
        ("s3:GetObject", "s3:PutObject", false), ("S3:getobject", "s3:GetObject", true),
        ("s3:GETOBJECT", "s3:GetObject", true), ("s3:Get*", "s3:GetObject", true),
        ("s3:Get*", "s3:GetBucketPolicy", true), ("s3:Get*", "s3:PutObject", false),
        ("s3:*Object", "s3:DeleteObject", true), ("s3:*Object", "s3:DeleteObjectTagging", false),
        ("s3:*Object*", "s3:DeleteObjectTagging", true), ("s3:*", "s3:CreateBucket", true),
        ("s3:*", "kms:Decrypt", false), ("*", "kms:Decrypt", true), ("*:*", "kms:Decrypt", true),
        ("s3:GetObject?cl", "s3:GetObjectAcl", true), ("s3:GetObject?", "s3:GetObject", false),
        ("s3:?etObject", "s3:GetObject", true), ("s3:G*t*O*t", "s3:GetObject", true),
        ("s3:List*Versions", "s3:ListBucketVersions", true), ("s3:List*Versions", "s3:ListBucket", false),
        ("s?:GetObject", "s3:GetObject", true), ("*:GetObject", "s3:GetObject", true),
    ]

    private static let actions: [Example] = actionRows.map { text, action, meets in
        identity(
            "POL-3 \(text)", #"{"Effect":"Allow","Action":"\#(text)","Resource":"*"}"#,
            [ask(ann, action, "b/k", meets ? .allowed : .notAllowed)])
    }

    /// POL-4.
    private static let resourceRows: [(String, String, Bool)] = [
        ("*", "b/k", true), ("*", "*", true), ("arn:aws:s3:::b", "b", true), ("arn:aws:s3:::b", "b/k", false),
        ("arn:aws:s3:::b", "bb", false), ("arn:aws:s3:::B", "b", false), ("arn:aws:s3:::b/*", "b", false),
        ("arn:aws:s3:::b/*", "b/k", true), ("arn:aws:s3:::b/*", "b/a/b/c", true), ("arn:aws:s3:::b/*", "b/", true),
        ("arn:aws:s3:::b/*", "b/a:b", true), ("arn:aws:s3:::b*", "b/k", true), ("arn:aws:s3:::b*", "bucket", true),
        ("arn:aws:s3:::*", "b/k", true), ("arn:aws:s3:::*", "*", false), ("arn:aws:s3:::b/K", "b/k", false),
        ("arn:aws:s3:::b/a?c", "b/abc", true), ("arn:aws:s3:::b/a?c", "b/ac", false),
        ("arn:aws:s3:::b/a?c", "b/a/c", true), ("arn:aws:s3:::b/?", "b/ü", true),
        ("arn:aws:s3:::b/*.jpg", "b/2026/01/x.jpg", true), ("arn:aws:s3:::b/*.jpg", "b/x.jpg.txt", false),
        ("arn:aws:s3:::b/*/x", "b/a/b/x", true), ("arn:aws:s3:::*/k", "b/k", true),
        ("arn:aws:s3:::b?/k", "b1/k", true), ("arn:*:s3:::b", "b", true), ("arn:aws:*:::b", "b", true),
        ("arn:aws:s3:*:*:b", "b", true), ("arn:aws:s3*:::b", "arn:aws:s3:x:y:b", false),
        ("arn:aws:s3:us-east-1:111122223333:job/*", "arn:aws:s3:us-east-1:111122223333:job/1", true),
        ("arn:aws:s3:*:111122223333:job/*", "arn:aws:s3:eu-west-1:111122223333:job/1", true),
        ("arn:aws:s3:*:111122223333:job/*", "arn:aws:s3:eu-west-1:444455556666:job/1", false),
        ("arn:aws:s3:us-*-1:*:job/1", "arn:aws:s3:us-east-1:111122223333:job/1", true),
        ("arn:aws:s3::*:accesspoint/*", "arn:aws:s3::111122223333:accesspoint/m.mrap", true),
        ("arn:aws:kms:*:*:key/*", "b/k", false),
    ]

    private static let resources: [Example] = resourceRows.map { text, resource, meets in
        identity(
            "POL-4 \(text)", #"{"Effect":"Allow","Action":"*","Resource":"\#(text)"}"#,
            [ask(ann, "s3:GetObject", resource, meets ? .allowed : .notAllowed)])
    }

    /// POL-5: a bucket's policy in the caller's account, and a caller without policies of its own.
    private static let principalRows: [(String, PolicyCaller, Bool)] = [
        (#""*""#, ann, true), (#""*""#, anonymous, true), (#""*""#, role, true), (#"{"AWS":"*"}"#, anonymous, true),
        (#"{"AWS":"*"}"#, service("s3"), true), (#"{"AWS":["444455556666","*"]}"#, ann, true),
        (#"{"AWS":"111122223333"}"#, ann, false), (#"{"AWS":"arn:aws:iam::111122223333:root"}"#, ann, false),
        (#"{"AWS":"111122223333"}"#, anonymous, false),
        (#"{"AWS":"arn:aws:iam::111122223333:user/ann"}"#, ann, true),
        (#"{"AWS":"arn:aws:iam::111122223333:user/ann"}"#, bob, false),
        (#"{"AWS":"arn:aws:iam::111122223333:user/Ann"}"#, ann, false),
        (#"{"AWS":"arn:aws:iam::444455556666:user/ann"}"#, ann, false),
        (#"{"AWS":"AIDAANNAAAAAAAAAAAAAA"}"#, ann, true), (#"{"AWS":"AIDAANNAAAAAAAAAAAAAA"}"#, bob, false),
        (#"{"AWS":"arn:aws:iam::111122223333:role/reader"}"#, role, true),
        (#"{"AWS":"arn:aws:iam::111122223333:role/writer"}"#, role, false),
        (#"{"AWS":"AROAREADERAAAAAAAAAAA"}"#, role, true),
        (#"{"AWS":"arn:aws:sts::111122223333:assumed-role/reader/s1"}"#, role, true),
        (#"{"AWS":"arn:aws:sts::111122223333:assumed-role/reader/s2"}"#, role, false),
        (#"{"AWS":"arn:aws:sts::111122223333:federated-user/fred"}"#, federated, true),
        (#"{"AWS":"arn:aws:sts::111122223333:federated-user/fay"}"#, federated, false),
        (#"{"Service":"s3.amazonaws.com"}"#, service("s3"), true),
        (#"{"Service":"s3.amazonaws.com"}"#, service("logging.s3"), false),
        (#"{"Service":["logging.s3.amazonaws.com","s3.amazonaws.com"]}"#, service("s3"), true),
        (#"{"Service":"s3.amazonaws.com"}"#, ann, false), (#"{"AWS":"111122223333"}"#, service("s3"), false),
        (#"{"CanonicalUser":"\#(canonicalID)"}"#, ann, false),
        (#"{"CanonicalUser":"\#(otherCanonicalID)"}"#, anonymous, false),
        (#"{"Federated":"accounts.google.com"}"#, ann, false),
        (#"{"AWS":"444455556666","Service":"s3.amazonaws.com"}"#, service("s3"), true),
    ]

    private static let principals: [Example] = principalRows.map { text, caller, meets in
        Example(
            name: "POL-5 \(text)",
            resource: #"{"Effect":"Allow","Principal":\#(text),"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}"#,
            asks: [ask(caller, "s3:GetObject", "b/k", meets ? .allowed : .notAllowed)])
    }

    /// POL-6: who is denied by a Deny with `NotPrincipal`, where everyone is allowed otherwise.
    private static let notPrincipalRows: [(String, PolicyCaller, Bool)] = [
        (#""111122223333""#, root, false), (#""444455556666""#, root, true),
        (#""arn:aws:iam::111122223333:user/ann""#, ann, true),
        (#"["arn:aws:iam::111122223333:user/ann","111122223333"]"#, ann, false),
        (#"["arn:aws:iam::111122223333:user/ann","arn:aws:iam::111122223333:root"]"#, ann, false),
        (#"["arn:aws:iam::111122223333:user/ann","111122223333"]"#, bob, true),
        (#"["arn:aws:iam::111122223333:role/reader","111122223333"]"#, role, true),
        (#"["arn:aws:sts::111122223333:assumed-role/reader/s1","111122223333"]"#, role, true),
        (
            #"["arn:aws:sts::111122223333:assumed-role/reader/s1","arn:aws:iam::111122223333:role/reader"]"#, role, true
        ),
        (
            #"["arn:aws:sts::111122223333:assumed-role/reader/s1","arn:aws:iam::111122223333:role/reader","111122223333"]"#,
            role, false
        ),
        (#""*""#, ann, false), (#""111122223333""#, anonymous, true), (#""111122223333""#, service("s3"), true),
    ]

    private static let notPrincipals: [Example] = notPrincipalRows.map { names, caller, isDenied in
        Example(
            name: "POL-6 \(names)",
            resource: #"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*"},"#
                + #"{"Effect":"Deny","NotPrincipal":{"AWS":\#(names)},"Action":"s3:*","Resource":"arn:aws:s3:::b/*"}"#,
            asks: [ask(caller, "s3:GetObject", "b/k", isDenied ? .denied : .allowed)])
    }

    private static let negations: [Example] = [
        identity(
            "POL-2 NotAction", #"{"Effect":"Allow","NotAction":["iam:*","s3:Delete*"],"Resource":"*"}"#,
            [
                ask(ann, "s3:GetObject", "b/k", .allowed), ask(ann, "s3:DeleteObject", "b/k", .notAllowed),
                ask(ann, "iam:CreateUser", "arn:aws:iam::111122223333:user/x", .notAllowed),
                ask(ann, "kms:Decrypt", "arn:aws:kms:us-east-1:111122223333:key/k", .allowed),
            ]),
        identity(
            "POL-2 NotResource",
            #"{"Effect":"Allow","Action":"s3:*","NotResource":["arn:aws:s3:::secret","arn:aws:s3:::secret/*"]}"#,
            [
                ask(ann, "s3:GetObject", "b/k", .allowed), ask(ann, "s3:GetObject", "secret/k", .notAllowed),
                ask(ann, "s3:ListBucket", "secret", .notAllowed), ask(ann, "s3:ListBucket", "secret2", .allowed),
            ]),
        identity(
            "POL-2 Deny with NotAction and NotResource",
            #"{"Effect":"Allow","Action":"*","Resource":"*"},"#
                + #"{"Effect":"Deny","NotAction":"s3:*","NotResource":"arn:aws:s3:::b/*"}"#,
            [
                ask(ann, "s3:GetObject", "c/k", .allowed), ask(ann, "kms:Decrypt", "b/k", .allowed),
                ask(ann, "kms:Decrypt", "c/k", .denied),
            ]),
        identity(
            "POL-2 lists mean any of them",
            #"{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":["arn:aws:s3:::a/*","arn:aws:s3:::b/*"]}"#,
            [
                ask(ann, "s3:GetObject", "a/k", .allowed), ask(ann, "s3:PutObject", "b/k", .allowed),
                ask(ann, "s3:PutObject", "c/k", .notAllowed), ask(ann, "s3:DeleteObject", "a/k", .notAllowed),
            ]),
    ]
}
