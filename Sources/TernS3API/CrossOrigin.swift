import TernCore
import TernObjects
import TernPorts
import TernS3Protocol

/// Cross-origin requests of browsers (spec s3-api §12.4).
extension S3Responder {
    /// A preflight request, which needs no credentials.
    func preflight(_ head: HTTPRequestHead, place: Place, bucket: BucketState?) throws(S3Error) -> HTTPAnswer {
        guard let origin = head.headers["origin"] else { throw .corsOriginMissing }
        let announced = head.headers["access-control-request-method"]
        guard let bucket else { throw .corsBucketNotFound(method: announced ?? head.method) }
        guard let cors = bucket.features.cors else { throw .corsNotEnabled(method: announced ?? head.method) }
        guard let announced else { throw .corsMethodMissing }
        let question = CORSConfiguration.Question(
            origin: origin, method: announced,
            requestedHeaders: CORSConfiguration.Question.headerNames(
                head.headers.values("access-control-request-headers").joined(separator: ",")))
        guard let fields = cors.answer(to: question) else {
            throw .corsNotAllowed(method: announced, on: place.errorResource)
        }
        return HTTPAnswer(status: 200, headers: HeaderFields(fields))
    }

    /// The fields that go with the answer to a request itself, also when it is an error.
    static func appendCrossOrigin(_ cors: CORSConfiguration, head: HTTPRequestHead, to answer: inout HTTPAnswer) {
        guard let origin = head.headers["origin"], head.method != "OPTIONS",
            let fields = cors.answer(to: .init(origin: origin, method: head.method))
        else { return }
        for field in fields { answer.headers.append(field.name, field.value) }
    }
}
