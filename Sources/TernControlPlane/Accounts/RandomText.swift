import TernPorts

/// Texts of random characters: IDs, access keys and secrets (ACC-5).
enum RandomText {
    static let identifiers = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
    static let secrets = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+".utf8)

    static func make(_ count: Int, of alphabet: [UInt8], _ random: any RandomSource) -> String {
        // Of 64 random bits: the remainder is uniform but for 2^-57.
        String(
            decoding: (0..<count).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }, as: UTF8.self)
    }
}
