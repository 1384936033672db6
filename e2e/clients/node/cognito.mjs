// A back end that vouches for its user at an identity pool. The SDK finds the service and its key in the environment.
import { CognitoIdentityClient, GetOpenIdTokenForDeveloperIdentityCommand } from "@aws-sdk/client-cognito-identity";
import { signIn } from "./entra.mjs";

const client = new CognitoIdentityClient();

await signIn(async () => {
  const identity = await client.send(
    new GetOpenIdTokenForDeveloperIdentityCommand({
      IdentityPoolId: process.env.COGNITO_IDENTITY_POOL_ID,
      Logins: { [process.env.COGNITO_LOGIN_PROVIDER]: process.env.COGNITO_LOGIN },
    }),
  );
  return identity.Token;
});
