"""What a response of an operation may hold by the service model, and what one that was received does hold, as paths.

A path is the lower-case name of a header, or the elements from below the root to a value, joined by `/`; an attribute
is preceded by `@`. `x-amz-meta-` stands for all user metadata.
"""

import xml.etree.ElementTree as ElementTree

from strict import attribute_name, is_flattened, local, wire_members


def documented(operation_model):
    """Every header and value of the operation's output."""
    output = operation_model.output_shape
    if output is None:
        return set()
    paths = {
        shape.serialization["name"].lower()
        for shape in output.members.values()
        if shape.serialization.get("location") in ("header", "headers")
    }
    payload = output.serialization.get("payload")
    if operation_model.has_streaming_output or operation_model.name == "GetBucketPolicy":
        return paths
    if operation_model.name == "GetBucketLocation":
        return paths  # The value is the root itself.
    return paths | set(_values(output.members[payload] if payload else output, ""))


def _values(shape, path):
    if shape.type_name == "list":
        name = "" if is_flattened(shape) else "/" + shape.member.serialization.get("name", "member")
        yield from _values(shape.member, path + name)
        return
    if shape.type_name != "structure":
        yield path
        return
    elements, attributes = wire_members(shape)
    for name in attributes:
        yield f"{path}@{name}"
    for name, member in elements.items():
        yield from _values(member, f"{path}/{name}" if path else name)
    if path and not elements and not attributes:
        yield path


def received(operation_model, headers, body):
    """What of `documented` a response holds; an element that is there without a value counts."""
    paths = set()
    for shape in operation_model.output_shape.members.values() if operation_model.output_shape else ():
        name = shape.serialization.get("name", "").lower()
        location = shape.serialization.get("location")
        if location == "header" and name in headers:
            paths.add(name)
        elif location == "headers" and any(header.lower().startswith(name) for header in headers):
            paths.add(name)
    if isinstance(body, bytes) and body.startswith(b"<?xml"):
        for child in ElementTree.fromstring(body):
            _collect(child, local(child), paths)
    return paths


def _collect(element, path, paths):
    paths.update(f"{path}@{_short(name)}" for name in element.attrib)
    if len(element) == 0:
        paths.add(path)
    for child in element:
        _collect(child, f"{path}/{local(child)}", paths)


def _short(name):
    return "xsi:type" if name == attribute_name("xsi:type") else name


def local_root(body):
    """Name and text of a document's root."""
    root = ElementTree.fromstring(body)
    return local(root), root.text or ""
