"""PyJWT, which MSAL for Python brings, verifies tokens with their JWKS, and refuses them when the signature is of another."""
import json
import sys

import jwt

tokens = json.load(sys.stdin)
for n, signed in enumerate(tokens):
    kid = jwt.get_unverified_header(signed["token"])["kid"]
    key = next(k for k in jwt.PyJWKSet.from_dict(signed["jwks"]).keys if k.key_id == kid).key
    jwt.decode(signed["token"], key, algorithms=[signed["alg"]], options={"verify_aud": False})
    other = tokens[(n + 1) % len(tokens)]["token"]
    forged = signed["token"].rsplit(".", 1)[0] + "." + other.rsplit(".", 1)[1]
    try:
        jwt.decode(forged, key, algorithms=[signed["alg"]], options={"verify_aud": False})
    except jwt.InvalidSignatureError:
        print(signed["alg"])
    else:
        sys.exit(f"{signed['alg']}: a forged token verifies")
