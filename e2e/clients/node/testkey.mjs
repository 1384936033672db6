// jsonwebtoken, which MSAL for Node.js brings, verifies tokens with their JWKS, and refuses them when the signature is of another.
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import jwt from "jsonwebtoken";

const tokens = JSON.parse(readFileSync(0, "utf8"));
for (const [n, { alg, token, jwks }] of tokens.entries()) {
  const { header } = jwt.decode(token, { complete: true });
  const key = createPublicKey({ key: jwks.keys.find((k) => k.kid === header.kid), format: "jwk" });
  jwt.verify(token, key, { algorithms: [alg] });
  const other = tokens[(n + 1) % tokens.length].token;
  const forged = token.slice(0, token.lastIndexOf(".")) + other.slice(other.lastIndexOf("."));
  let refused = "";
  try {
    jwt.verify(forged, key, { algorithms: [alg] });
  } catch (error) {
    refused = error.message;
  }
  if (refused !== "invalid signature") throw new Error(`${alg}: forged: ${refused || "verified"}`);
  console.log(alg);
}
