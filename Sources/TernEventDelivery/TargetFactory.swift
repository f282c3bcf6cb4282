import NIOSSL
package import TernCore
package import TernPorts

extension TargetConfiguration {
    /// Why a target cannot be used as it is configured.
    package struct Problem: Error, CustomStringConvertible {
        package var description: String
    }

    /// Makes what sends to the target. Nothing is opened before the first message.
    package func makeTarget(wall: any WallClock, random: any RandomSource) throws(Problem) -> any EventTarget {
        let tls = try self.trust()
        switch self.kind {
        case .webhook(let options):
            return WebhookTarget(options, sender: self.sender(options.url, tls: tls), wall: wall)
        case .sqs(let options):
            guard let place = Self.place(of: options.url) else {
                throw Problem(description: "\(options.url) is not the URL of a queue")
            }
            return SQSTarget(
                options, sender: self.sender(options.url, tls: tls), target: place.target, host: place.host, wall: wall)
        case .sns(let options):
            return SNSTarget(options, sender: self.sender(options.url, tls: tls), wall: wall)
        case .nats(let options): return NATSTarget(options, timeout: self.timeout, tls: tls, random: random)
        case .redis(let options): return RedisTarget(options, timeout: self.timeout, tls: tls)
        case .file(let path): return FileTarget(path: path)
        }
    }

    private func sender(_ url: String, tls: TLSConfiguration) -> HTTPSender {
        HTTPSender(url: url, timeout: self.timeout, tls: tls)
    }

    private func trust() throws(Problem) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        guard let caFile else { return configuration }
        do {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(caFile))
        } catch {
            throw Problem(description: "\(caFile) holds no certificates in PEM form: \(error)")
        }
        return configuration
    }

    /// Host and path of an `http` or `https` URL, as its requests are signed; `nil` for anything else.
    package static func place(of url: String) -> (host: String, target: RequestTarget)? {
        guard let scheme = ["http://", "https://"].first(where: { url.hasPrefix($0) }) else { return nil }
        let rest = url.dropFirst(scheme.count)
        let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let path = rest.dropFirst(host.count)
        guard !host.isEmpty, !host.contains("@"), !path.contains("#"), path.isEmpty || path.hasPrefix("/"),
            let target = RequestTarget(path.isEmpty ? "/" : String(path))
        else { return nil }
        return (String(host), target)
    }
}
