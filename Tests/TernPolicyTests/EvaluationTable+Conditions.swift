import TernCore
import TernPolicy

/// §5.2, §5.3: conditions and variables.
extension EvaluationTable {
    /// The blocks of a condition, what the request has, and whether it holds.
    private static let conditionRows: [(String, Context, Bool)] = [
        // POL-10: absent keys.
        (#""StringEquals":{"k":"a"}"#, [:], false), (#""StringNotEquals":{"k":"a"}"#, [:], true),
        (#""StringLike":{"k":"*"}"#, [:], false), (#""StringNotLike":{"k":"*"}"#, [:], true),
        (#""NumericLessThan":{"k":"1"}"#, [:], false), (#""NumericNotEquals":{"k":"1"}"#, [:], true),
        (#""DateGreaterThan":{"k":"2020-01-01"}"#, [:], false), (#""Bool":{"k":"false"}"#, [:], false),
        (#""IpAddress":{"k":"0.0.0.0/0"}"#, [:], false), (#""NotIpAddress":{"k":"0.0.0.0/0"}"#, [:], true),
        (#""ArnLike":{"k":"arn:aws:s3:::*"}"#, [:], false), (#""ArnNotLike":{"k":"arn:aws:s3:::*"}"#, [:], true),
        (#""BinaryEquals":{"k":"QQ=="}"#, [:], false),
        (#""StringEqualsIfExists":{"k":"a"}"#, [:], true), (#""StringEqualsIfExists":{"k":"a"}"#, ["k": "b"], false),
        (#""StringNotEqualsIfExists":{"k":"a"}"#, [:], true), (#""BoolIfExists":{"k":"true"}"#, [:], true),
        (#""BoolIfExists":{"k":"true"}"#, ["k": "false"], false),
        (#""IpAddressIfExists":{"k":"10.0.0.0/8"}"#, [:], true),
        (#""NumericGreaterThanIfExists":{"k":"1"}"#, ["k": "2"], true),
        // Null.
        (#""Null":{"k":"true"}"#, [:], true), (#""Null":{"k":"true"}"#, ["k": "a"], false),
        (#""Null":{"k":"false"}"#, ["k": "a"], true), (#""Null":{"k":"false"}"#, [:], false),
        (#""Null":{"k":true}"#, [:], true), (#""Null":{"k":"false"}"#, ["k": ""], true),
        // Strings.
        (#""StringEquals":{"k":"a"}"#, ["k": "a"], true), (#""StringEquals":{"k":"a"}"#, ["k": "A"], false),
        (#""StringEquals":{"k":["a","b"]}"#, ["k": "b"], true), (#""StringEquals":{"k":"a*"}"#, ["k": "ab"], false),
        (#""StringEquals":{"k":"a*"}"#, ["k": "a*"], true), (#""StringNotEquals":{"k":["a","b"]}"#, ["k": "b"], false),
        (#""StringNotEquals":{"k":["a","b"]}"#, ["k": "c"], true), (#""StringNotEquals":{"k":"a"}"#, ["k": "A"], true),
        (#""StringEqualsIgnoreCase":{"k":"aB"}"#, ["k": "Ab"], true),
        (#""StringEqualsIgnoreCase":{"k":"a"}"#, ["k": "b"], false),
        (#""StringNotEqualsIgnoreCase":{"k":"a"}"#, ["k": "A"], false),
        (#""StringLike":{"k":"home/*"}"#, ["k": "home/a/b"], true),
        (#""StringLike":{"k":"home/*"}"#, ["k": "Home/a"], false),
        (#""StringLike":{"k":["","home/*"]}"#, ["k": ""], true), (#""StringLike":{"k":"a?c"}"#, ["k": "abc"], true),
        (#""StringLike":{"k":"*"}"#, ["k": ""], true), (#""StringNotLike":{"k":["a*","b*"]}"#, ["k": "bc"], false),
        (#""StringNotLike":{"k":["a*","b*"]}"#, ["k": "cb"], true), (#""StringEquals":{"k":""}"#, ["k": ""], true),
        // Numbers.
        (#""NumericEquals":{"k":"10"}"#, ["k": "10.0"], true), (#""NumericEquals":{"k":10}"#, ["k": "10"], true),
        (#""NumericLessThanEquals":{"k":"10"}"#, ["k": "10"], true),
        (#""NumericLessThan":{"k":"10"}"#, ["k": "9"], true),
        (#""NumericLessThan":{"k":"10"}"#, ["k": "10"], false),
        (#""NumericGreaterThan":{"k":"10"}"#, ["k": "9"], false),
        (#""NumericGreaterThan":{"k":"10"}"#, ["k": "100"], true),
        (#""NumericGreaterThanEquals":{"k":"-1"}"#, ["k": "-2"], false),
        (#""NumericEquals":{"k":"10"}"#, ["k": "ten"], false), (#""NumericLessThan":{"k":"10"}"#, ["k": "ten"], false),
        // Dates.
        (#""DateLessThan":{"k":"2026-01-01T00:00:00Z"}"#, ["k": "2025-12-31T23:59:59Z"], true),
        (#""DateLessThan":{"k":"2026-01-01T00:00:00Z"}"#, ["k": "2026-01-01T00:00:00Z"], false),
        (#""DateGreaterThan":{"k":"2026-01-01"}"#, ["k": "2026-06-30T12:00:00Z"], true),
        (#""DateEquals":{"k":"1767225600"}"#, ["k": "2026-01-01T00:00:00Z"], true),
        (#""DateGreaterThanEquals":{"k":"2026-01-01T01:00:00+01:00"}"#, ["k": "2026-01-01T00:00:00Z"], true),
        (#""DateNotEquals":{"k":"2026-01-01"}"#, ["k": "2026-01-01T00:00:01Z"], true),
        (#""DateLessThanEquals":{"k":"2026-01-01"}"#, ["k": "soon"], false),
        // Booleans, bytes, addresses.
        (#""Bool":{"k":"true"}"#, ["k": "true"], true), (#""Bool":{"k":"true"}"#, ["k": "TRUE"], true),
        (#""Bool":{"k":true}"#, ["k": "true"], true), (#""Bool":{"k":"false"}"#, ["k": "true"], false),
        (#""BinaryEquals":{"k":"QmluYXJ5"}"#, ["k": "QmluYXJ5"], true),
        (#""BinaryEquals":{"k":"QQ=="}"#, ["k": "Qg=="], false),
        (#""IpAddress":{"k":"203.0.113.0/24"}"#, ["k": "203.0.113.255"], true),
        (#""IpAddress":{"k":"203.0.113.0/24"}"#, ["k": "203.0.114.0"], false),
        (#""IpAddress":{"k":"203.0.113.7"}"#, ["k": "203.0.113.7"], true),
        (#""IpAddress":{"k":["203.0.113.0/24","2001:DB8:1234:5678::/64"]}"#, ["k": "2001:db8:1234:5678::1"], true),
        (#""IpAddress":{"k":"0.0.0.0/0"}"#, ["k": "2001:db8::1"], false),
        (#""NotIpAddress":{"k":["203.0.113.0/24","198.51.100.0/24"]}"#, ["k": "198.51.100.1"], false),
        (#""NotIpAddress":{"k":"203.0.113.0/24"}"#, ["k": "192.0.2.1"], true),
        // ARNs.
        (#""ArnEquals":{"k":"arn:aws:s3:::b"}"#, ["k": "arn:aws:s3:::b"], true),
        (#""ArnEquals":{"k":"arn:aws:s3:::*"}"#, ["k": "arn:aws:s3:::b"], true),
        (#""ArnLike":{"k":"arn:aws:sns:*:111122223333:*"}"#, ["k": "arn:aws:sns:us-east-1:111122223333:t"], true),
        (#""ArnLike":{"k":"arn:aws:sns:*:111122223333:*"}"#, ["k": "arn:aws:sns:us-east-1:444455556666:t"], false),
        (#""ArnLike":{"k":"arn:aws:*"}"#, ["k": "arn:aws:s3:::b"], false),
        (#""StringLike":{"k":"arn:aws:*"}"#, ["k": "arn:aws:s3:::b"], true),
        (#""ArnNotEquals":{"k":"arn:aws:s3:::b"}"#, ["k": "arn:aws:s3:::c"], true),
        (#""ArnNotLike":{"k":"arn:aws:s3:::b*"}"#, ["k": "arn:aws:s3:::bc"], false),
        // POL-11: several values.
        (#""ForAllValues:StringEquals":{"k":["a","b"]}"#, ["k": ["a", "b"]], true),
        (#""ForAllValues:StringEquals":{"k":["a","b"]}"#, ["k": ["a", "c"]], false),
        (#""ForAllValues:StringEquals":{"k":["a","b"]}"#, [:], true),
        (#""ForAllValues:StringEquals":{"k":"a"}"#, ["k": []], true),
        (#""ForAnyValue:StringEquals":{"k":["a","b"]}"#, ["k": ["c", "b"]], true),
        (#""ForAnyValue:StringEquals":{"k":["a","b"]}"#, ["k": ["c", "d"]], false),
        (#""ForAnyValue:StringEquals":{"k":"a"}"#, [:], false),
        (#""ForAnyValue:StringLike":{"k":"a*"}"#, ["k": ["b", "ab"]], true),
        (#""ForAllValues:StringLike":{"k":"a*"}"#, ["k": ["b", "ab"]], false),
        (#""ForAllValues:StringNotEquals":{"k":"a"}"#, ["k": ["b", "a"]], false),
        (#""ForAnyValue:StringNotEquals":{"k":"a"}"#, ["k": ["b", "a"]], true),
        (#""ForAnyValue:StringNotEquals":{"k":"a"}"#, [:], false),
        (#""ForAnyValue:StringEqualsIfExists":{"k":"a"}"#, [:], true),
        (#""StringEquals":{"k":"a"}"#, ["k": ["b", "a"]], true),
        // All operators and keys must hold; names of keys have no case.
        (#""StringEquals":{"k":"a","l":"b"}"#, ["k": "a", "l": "b"], true),
        (#""StringEquals":{"k":"a","l":"b"}"#, ["k": "a"], false),
        (#""StringEquals":{"k":"a"},"Bool":{"l":"true"}"#, ["k": "a", "l": "false"], false),
        (#""StringEquals":{"AWS:UserAgent":"a"}"#, ["aws:useragent": "a"], true),
        (#""StringEquals":{"aws:useragent":"a"}"#, ["aws:UserAgent": "a"], true),
    ]

    static let conditions: [Example] = conditionRows.map { condition, context, holds in
        Example(
            name: "§5.2 \(condition)",
            identity: #"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{\#(condition)}}"#,
            asks: [ask(ann, "s3:GetObject", "b/k", holds ? .allowed : .notAllowed, context)])
    }

    static let variables: [Example] = [
        Example(
            name: "§5.3 a variable in Resource",
            identity: #"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/home/${aws:username}/*"}"#,
            asks: [
                ask(ann, "s3:GetObject", "b/home/ann/k", .allowed, ["aws:username": "ann"]),
                ask(ann, "s3:GetObject", "b/home/bob/k", .notAllowed, ["aws:username": "ann"]),
                ask(role, "s3:GetObject", "b/home//k", .notAllowed),
                ask(ann, "s3:GetObject", "b/home/ann/k", .notAllowed, ["aws:username": ["ann", "bob"]]),
                ask(ann, "s3:GetObject", "b/home/ann/k", .notAllowed, ["aws:username": "*"]),
                ask(ann, "s3:GetObject", "b/home/*/k", .allowed, ["aws:username": "*"]),
            ]),
        Example(
            name: "POL-1 2008-10-17 has no variables",
            identity: #"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/*"}"#,
            version: "2008-10-17",
            asks: [
                ask(ann, "s3:GetObject", "b/ann/k", .notAllowed, ["aws:username": "ann"]),
                ask(ann, "s3:GetObject", "b/${aws:username}/k", .allowed, ["aws:username": "ann"]),
            ]),
        Example(
            name: "§5.3 defaults and escapes",
            identity:
                #"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/team, 'company-wide'}/*"},"#
                + #"{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/${*}${?}${$}"}"#,
            asks: [
                ask(ann, "s3:GetObject", "b/company-wide/k", .allowed),
                ask(ann, "s3:GetObject", "b/yellow/k", .allowed, ["aws:PrincipalTag/team": "yellow"]),
                ask(ann, "s3:GetObject", "b/company-wide/k", .notAllowed, ["aws:PrincipalTag/team": "yellow"]),
                ask(ann, "s3:PutObject", "b/*?$", .allowed), ask(ann, "s3:PutObject", "b/ab$", .notAllowed),
            ]),
        Example(
            name: "§5.3 a variable without a value: negated operators hold (IAM User Guide, no value)",
            identity: #"{"Effect":"Allow","Action":"s3:*","Resource":"*"},"#
                + #"{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":"#
                + #"{"StringNotEquals":{"s3:ExistingObjectTag/Team":"${aws:PrincipalTag/Team}"}}}"#,
            asks: [
                ask(
                    ann, "s3:GetObject", "b/k", .allowed,
                    ["s3:ExistingObjectTag/Team": "red", "aws:PrincipalTag/Team": "red"]),
                ask(
                    ann, "s3:GetObject", "b/k", .denied,
                    ["s3:ExistingObjectTag/Team": "red", "aws:PrincipalTag/Team": "blue"]),
                ask(ann, "s3:GetObject", "b/k", .denied, ["s3:ExistingObjectTag/Team": "red"]),
                ask(ann, "s3:GetObject", "b/k", .denied, ["aws:PrincipalTag/Team": "red"]),
                ask(ann, "s3:GetObject", "b/k", .denied),
            ]),
        Example(
            name: "§5.3 NotResource with a variable without a value means every resource",
            identity: #"{"Effect":"Allow","Action":"s3:*","Resource":"*"},"#
                + #"{"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::b/${aws:username}/*"}"#,
            asks: [
                ask(ann, "s3:GetObject", "b/ann/k", .allowed, ["aws:username": "ann"]),
                ask(ann, "s3:GetObject", "b/bob/k", .denied, ["aws:username": "ann"]),
                ask(role, "s3:GetObject", "b/ann/k", .denied),
            ]),
        Example(
            name: "§5.3 variables in conditions",
            identity: #"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::b","Condition":"#
                + #"{"StringLike":{"s3:prefix":["${aws:username}/*"]}}},"#
                + #"{"Effect":"Allow","Action":"s3:PutObject","Resource":"*","Condition":"#
                + #"{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::${aws:PrincipalTag/bucket}*"}}}"#,
            asks: [
                ask(ann, "s3:ListBucket", "b", .allowed, ["s3:prefix": "ann/x", "aws:username": "ann"]),
                ask(ann, "s3:ListBucket", "b", .notAllowed, ["s3:prefix": "bob/x", "aws:username": "ann"]),
                ask(ann, "s3:ListBucket", "b", .notAllowed, ["s3:prefix": "ann/x"]),
                ask(ann, "s3:ListBucket", "b", .notAllowed, ["s3:prefix": "ann/x", "aws:username": "*"]),
                ask(
                    ann, "s3:PutObject", "b/k", .allowed,
                    ["aws:SourceArn": "arn:aws:s3:::logs-1", "aws:PrincipalTag/bucket": "logs"]),
                ask(
                    ann, "s3:PutObject", "b/k", .notAllowed,
                    ["aws:SourceArn": "arn:aws:s3:::data", "aws:PrincipalTag/bucket": "logs"]),
            ]),
    ]
}
