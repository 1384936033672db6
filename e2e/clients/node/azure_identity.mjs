// @azure/identity as a workload uses it, with a token in a file.
import { DefaultAzureCredential, ClientAssertionCredential, WorkloadIdentityCredential } from "@azure/identity";
import { readFileSync } from "node:fs";

const { AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE } = process.env;
const credentials = {
  assertion: () =>
    new ClientAssertionCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, async () => readFileSync(AZURE_FEDERATED_TOKEN_FILE, "utf8")),
  workload: () => new WorkloadIdentityCredential(),
  default: () => new DefaultAzureCredential(),
};

const [credential, ...scopes] = process.argv.slice(2);
const access = await credentials[credential]().getToken(scopes);
console.log(JSON.stringify({ token: access.token, expires: access.expiresOnTimestamp }));
