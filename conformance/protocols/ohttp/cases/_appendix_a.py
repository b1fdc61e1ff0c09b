"""The example of RFC 9458, Appendix A: X25519, HKDF-SHA256, AES-128-GCM, key id 1."""

from conformance import vectors
from conformance.crypto import KeyPair
from conformance.protocols.ohttp.messages import decode_key_entry

APPENDIX_A = vectors.load("ohttp/rfc9458-example.json")[0].vectors[0]
SUITE = ["0020/0001/0001"]
RECIPIENT = KeyPair(APPENDIX_A.octets("skR"), decode_key_entry(APPENDIX_A.octets("key_configuration")).public)
EPHEMERAL = KeyPair(APPENDIX_A.octets("skE"), APPENDIX_A.expected("enc"))
