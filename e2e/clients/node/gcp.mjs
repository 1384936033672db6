// A workload on Google Cloud, which finds the metadata server by GCE_METADATA_HOST. Google's own verification gets the certificates from
// there too: their address has no variable, and the farm has them beside the metadata.
import { GoogleAuth, OAuth2Client } from "google-auth-library";
import { audience, signIn } from "./entra.mjs";

const client = await new GoogleAuth().getIdTokenClient(audience);
const verifier = new OAuth2Client({
  endpoints: { oauth2FederatedSignonPemCertsUrl: `http://${process.env.GCE_METADATA_HOST}/oauth2/v1/certs` },
});

await signIn(async () => {
  const idToken = await client.idTokenProvider.fetchIdToken(audience);
  await verifier.verifyIdToken({ idToken, audience });
  return idToken;
});
