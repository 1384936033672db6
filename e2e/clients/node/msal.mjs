// MSAL for Node.js. Its fetch knows no proxy on Node.js 20, so the authority is the farm's; knownAuthorities is what MSAL documents for an
// authority that instance discovery has not heard of.
import { ConfidentialClientApplication } from "@azure/msal-node";
import { readFileSync } from "node:fs";

const { AZURE_AUTHORITY_HOST, AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE } = process.env;
const app = new ConfidentialClientApplication({
  auth: {
    authority: `${AZURE_AUTHORITY_HOST}/${AZURE_TENANT_ID}`,
    knownAuthorities: [new URL(AZURE_AUTHORITY_HOST).host],
    clientId: AZURE_CLIENT_ID,
    clientAssertion: async () => readFileSync(AZURE_FEDERATED_TOKEN_FILE, "utf8"),
  },
});

const scopes = process.argv.slice(2);
const access = await app.acquireTokenByClientCredential({ scopes });
const again = await app.acquireTokenByClientCredential({ scopes });
console.log(JSON.stringify({ token: access.accessToken, expires: access.expiresOn.getTime(), cached: again.fromCache }));
