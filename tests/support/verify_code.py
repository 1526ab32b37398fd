"""Verifies the code of a certificate as docs/certificate-code.md describes it, with a COSE library that is not ours.

Usage: verify_code.py KEYS STATUS CODE
Prints what the code says as JSON. Fails if the code is not valid.
"""

import json
import sys
import zlib
from pathlib import Path

import cwt

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
STATUS_LIST, STATUS, FACTS = 65533, 65535, -70001


def base45(text):
    out = bytearray()
    for at in range(0, len(text), 3):
        letters = [ALPHABET.index(letter) for letter in text[at : at + 3]]
        number = sum(digit * 45**place for place, digit in enumerate(letters))
        out += number.to_bytes(len(letters) - 1, "big")
    return bytes(out)


def main(keys, status, code):
    jwks = json.loads(Path(keys).read_text())["keys"]
    keys = [cwt.COSEKey.from_jwk(jwk) for jwk in jwks]
    claims = cwt.decode(zlib.decompress(base45(code.removeprefix("KZ1:"))), keys)
    listed = cwt.decode(Path(status).read_bytes(), keys)
    place = claims[STATUS]["status_list"]
    assert listed[2] == place["uri"], "another list"
    bits = zlib.decompress(listed[STATUS_LIST]["lst"])
    assert not bits[place["idx"] // 8] >> place["idx"] % 8 & 1, "not valid any more"
    print(json.dumps(claims[FACTS], ensure_ascii=False))


main(*sys.argv[1:])
