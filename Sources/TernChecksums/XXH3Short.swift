/// XXH3 of inputs of up to 240 bytes.
enum XXH3Short {
    typealias Wide = (high: UInt64, low: UInt64)

    private static func secret(_ position: Int) -> UInt64 {
        XXH3Secret.word(position) ^ XXH3Secret.word(position + 8)
    }

    static func hash64(_ input: UnsafeRawBufferPointer) -> UInt64 {
        switch input.count {
        case 0: XXHash.avalanche64(self.secret(56))
        case 1...3: self.tiny(input).low
        case 4...8: self.from4To8(input)
        case 9...16: self.from9To16(input)
        case 17...128: self.from17To128(input)
        default: self.from129To240(input)
        }
    }

    static func hash128(_ input: UnsafeRawBufferPointer) -> Wide {
        switch input.count {
        case 0: (XXHash.avalanche64(self.secret(80)), XXHash.avalanche64(self.secret(64)))
        case 1...3: self.tiny(input)
        case 4...8: self.wideFrom4To8(input)
        case 9...16: self.wideFrom9To16(input)
        default: self.wideFrom17To240(input)
        }
    }

    // MARK: Up to 16 bytes

    private static func tiny(_ input: UnsafeRawBufferPointer) -> Wide {
        let count = input.count
        let combined =
            UInt32(input[count - 1]) | UInt32(count) << 8 | UInt32(input[0]) << 16 | UInt32(input[count >> 1]) << 24
        let swapped = combined.byteSwapped
        let turned = UInt64(swapped << 13 | swapped >> 19)
        return (
            XXHash.avalanche64(XXH3Secret.word32(8) ^ XXH3Secret.word32(12) ^ turned),
            XXHash.avalanche64(XXH3Secret.word32(0) ^ XXH3Secret.word32(4) ^ UInt64(combined))
        )
    }

    private static func from4To8(_ input: UnsafeRawBufferPointer) -> UInt64 {
        let combined = UInt64(input.word32(input.count - 4)) | UInt64(input.word32(0)) << 32
        var value = self.secret(8) ^ combined
        value ^= value.rotated(49) ^ value.rotated(24)
        value = value &* XXHash.mix2
        value ^= (value >> 35) &+ UInt64(input.count)
        value = value &* XXHash.mix2
        return value ^ (value >> 28)
    }

    private static func wideFrom4To8(_ input: UnsafeRawBufferPointer) -> Wide {
        let combined = UInt64(input.word32(0)) | UInt64(input.word32(input.count - 4)) << 32
        let value = self.secret(16) ^ combined
        let product = value.multipliedFullWidth(by: XXHash.prime1 &+ UInt64(input.count) << 2)
        let high = product.high &+ product.low << 1
        var low = product.low ^ (high >> 3)
        low = (low ^ (low >> 35)) &* XXHash.mix2
        return (XXHash.avalanche3(high), low ^ (low >> 28))
    }

    private static func from9To16(_ input: UnsafeRawBufferPointer) -> UInt64 {
        let low = self.secret(24) ^ input.word64(0)
        let high = self.secret(40) ^ input.word64(input.count - 8)
        return XXHash.avalanche3(
            UInt64(input.count) &+ low.byteSwapped &+ high &+ XXHash.fold(low, high))
    }

    private static func wideFrom9To16(_ input: UnsafeRawBufferPointer) -> Wide {
        let last = input.word64(input.count - 8)
        let first = self.secret(32) ^ input.word64(0) ^ last
        let second = self.secret(48) ^ last
        let product = first.multipliedFullWidth(by: XXHash.prime1)
        var low = product.low &+ UInt64(input.count - 1) << 54
        let high = product.high &+ second &+ (second & 0xFFFF_FFFF) &* (XXHash.prime32_2 - 1)
        low ^= high.byteSwapped
        let result = low.multipliedFullWidth(by: XXHash.prime2)
        return (XXHash.avalanche3(result.high &+ high &* XXHash.prime2), XXHash.avalanche3(result.low))
    }

    // MARK: Up to 240 bytes

    private static func mix(_ input: UnsafeRawBufferPointer, _ position: Int, _ secret: Int) -> UInt64 {
        XXHash.fold(
            input.word64(position) ^ XXH3Secret.word(secret),
            input.word64(position + 8) ^ XXH3Secret.word(secret + 8))
    }

    private static func from17To128(_ input: UnsafeRawBufferPointer) -> UInt64 {
        var sum = UInt64(input.count) &* XXHash.prime1
        for round in (0...(input.count - 1) >> 5).reversed() {
            sum &+= self.mix(input, round * 16, round * 32)
            sum &+= self.mix(input, input.count - round * 16 - 16, round * 32 + 16)
        }
        return XXHash.avalanche3(sum)
    }

    private static func from129To240(_ input: UnsafeRawBufferPointer) -> UInt64 {
        var sum = UInt64(input.count) &* XXHash.prime1
        for chunk in 0..<8 { sum &+= self.mix(input, chunk * 16, chunk * 16) }
        sum = XXHash.avalanche3(sum)
        for chunk in 8..<input.count >> 4 { sum &+= self.mix(input, chunk * 16, (chunk - 8) * 16 + 3) }
        return XXHash.avalanche3(sum &+ self.mix(input, input.count - 16, 119))
    }

    /// Mixes two chunks with 32 bytes of the secret.
    private static func mixTwo(
        _ sums: inout (UInt64, UInt64), _ input: UnsafeRawBufferPointer, _ first: Int, _ second: Int, _ secret: Int
    ) {
        sums.0 &+= self.mix(input, first, secret)
        sums.1 &+= self.mix(input, second, secret + 16)
        sums.0 ^= input.word64(second) &+ input.word64(second + 8)
        sums.1 ^= input.word64(first) &+ input.word64(first + 8)
    }

    private static func wideFrom17To240(_ input: UnsafeRawBufferPointer) -> Wide {
        let count = input.count
        var sums = (UInt64(count) &* XXHash.prime1, UInt64(0))
        if count <= 128 {
            for round in (0...(count - 1) >> 5).reversed() {
                self.mixTwo(&sums, input, round * 16, count - round * 16 - 16, round * 32)
            }
        } else {
            for chunk in 0..<4 { self.mixTwo(&sums, input, chunk * 32, chunk * 32 + 16, chunk * 32) }
            sums = (XXHash.avalanche3(sums.0), XXHash.avalanche3(sums.1))
            for chunk in 4..<count >> 5 {
                self.mixTwo(&sums, input, chunk * 32, chunk * 32 + 16, (chunk - 4) * 32 + 3)
            }
            self.mixTwo(&sums, input, count - 16, count - 32, 103)
        }
        let high = sums.0 &* XXHash.prime1 &+ sums.1 &* XXHash.prime4 &+ UInt64(count) &* XXHash.prime2
        return (0 &- XXHash.avalanche3(high), XXHash.avalanche3(sums.0 &+ sums.1))
    }
}
