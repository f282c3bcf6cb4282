import TernCore
import TernS3Protocol

extension JSONOutput {
    /// Writes the members of an object as elements of the Query protocol: lists have an element `member` for each value.
    func write(to xml: inout XMLWriter) {
        switch self {
        case .string(let text): xml.text(text)
        case .integer(let number): xml.text("\(number)")
        case .number(let number): xml.text("\(number)")
        case .boolean(let value): xml.text(value ? "true" : "false")
        case .time(let time): xml.text(time.iso8601)
        case .array(let values):
            for value in values {
                xml.open("member")
                value.write(to: &xml)
                xml.close("member")
            }
        case .entries(let entries):
            for (key, value) in entries {
                xml.open("entry")
                xml.element("key", key)
                xml.open("value")
                value.write(to: &xml)
                xml.close("value")
                xml.close("entry")
            }
        case .object(let members):
            for case (let name, let value?) in members {
                xml.open(dynamic: name)
                value.write(to: &xml)
                xml.close(dynamic: name)
            }
        }
    }
}
