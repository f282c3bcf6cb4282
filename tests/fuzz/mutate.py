"""Mutations of byte strings. Everything is decided by the random generator that is passed in."""

TOKENS = [
    b"\x00", b"\r\n", b"\n", b"\r", b"\t", b" ", b"  ", b":", b";", b",", b"=", b"&", b"%", b"%00", b"%zz", b"+", b"/", b"//", b"..",
    b"?", b"#", b"\xff\xfe", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", "é".encode(), b"<", b">", b"</", b"/>", b"<!--", b"-->", b"<![CDATA[",
    b"]]>", b"<?xml version=\"1.0\"?>", b"<!DOCTYPE a [<!ENTITY b \"c\">]>", b"&amp;", b"&#0;", b"&#x10FFFF;", b"&#xFFFFFFFF;", b"&b;",
    b"xmlns=\"x\"", b"0", b"-1", b"1", b"2147483648", b"4294967296", b"9223372036854775807", b"9223372036854775808",
    b"99999999999999999999", b"0x10", b"1e9", b"NaN", b"null", b"true", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"Host: h\r\n", b"HTTP/1.1", b"HTTP/1.0", b"0\r\n\r\n", b"ffffffff\r\n",
    b"--boundary", b"--boundary--", b"Content-Disposition: form-data; name=\"", b"\"", b"'", b"\\",
]  # fmt: skip


def mutate(random, data, others):
    """`data` with one to six changes; `others` are texts to take pieces from."""
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        data = random.choice(MUTATIONS)(random, data, others)
        if len(data) > 200_000:
            data = data[:200_000]
    return data


def _slice(random, data, longest=40):
    start = random.randrange(len(data) + 1)
    return start, min(len(data), start + random.randrange(longest + 1))


def _flip(random, data, _):
    if not data:
        return b"\x00"
    place = random.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << random.randrange(8))]) + data[place + 1 :]


def _delete(random, data, _):
    start, end = _slice(random, data)
    return data[:start] + data[end:]


def _duplicate(random, data, _):
    start, end = _slice(random, data)
    return data[:end] + data[start:end] * random.choice((1, 1, 2, 50, 1000)) + data[end:]


def _insert(random, data, _):
    start = random.randrange(len(data) + 1)
    return data[:start] + random.choice(TOKENS) * random.choice((1, 1, 1, 1, 300)) + data[start:]


def _overwrite(random, data, _):
    start, end = _slice(random, data, 12)
    return data[:start] + random.choice(TOKENS) + data[end:]


def _noise(random, data, _):
    start, end = _slice(random, data)
    return data[:start] + random.randbytes(end - start) + data[end:]


def _cut(random, data, _):
    return data[: random.randrange(len(data) + 1)]


def _splice(random, data, others):
    other = random.choice(others)
    return data[: random.randrange(len(data) + 1)] + other[random.randrange(len(other) + 1) :]


MUTATIONS = (_flip, _delete, _duplicate, _insert, _insert, _overwrite, _overwrite, _noise, _cut, _splice)
