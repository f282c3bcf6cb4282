import TernCore
import TernS3Protocol

/// Swift Testing has a `Tag` of its own.
typealias ObjectTag = Tag

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

let xmlDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
let s3Namespace = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

func headers(_ fields: KeyValuePairs<String, String>) -> HeaderFields {
    HeaderFields(fields.map { HeaderFields.Field(name: $0.key, value: $0.value) })
}

/// The S3 error that `body` throws, or `nil`.
func s3Error(_ body: () throws -> Void) -> S3Error? {
    do {
        try body()
        return nil
    } catch {
        return error as? S3Error
    }
}

extension S3Error {
    subscript(detail: String) -> String? { self.details.first { $0.name == detail }?.value }
}

/// A small generator, so that failures can be repeated from their seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(self.next() % UInt64(bound)) }
}
