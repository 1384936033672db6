// The companion of every client here: @azure/identity, which trades the platform's token for one of Entra's.
import { ClientAssertionCredential } from "@azure/identity";

export const audience = "api://AzureADTokenExchange";

// signIn signs in with the assertion that getAssertion resolves to, and prints as its last line what both tokens say. The authority is
// that of AZURE_AUTHORITY_HOST; for a host that is not Microsoft's, instance discovery would ask login.microsoftonline.com who that is.
export async function signIn(getAssertion) {
  let assertion;
  const credential = new ClientAssertionCredential(
    process.env.AZURE_TENANT_ID,
    process.env.AZURE_CLIENT_ID,
    async () => (assertion = await getAssertion()),
    { disableInstanceDiscovery: true },
  );
  const access = await credential.getToken("https://graph.microsoft.com/.default");
  console.log(JSON.stringify({ claims: payload(assertion), access: payload(access.token) }));
}

// payload reads a token without verifying it.
function payload(token) {
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
}
