"""The companion of every client here: MSAL for Python, which trades the platform's token for one of Entra's."""

import base64
import json
import os
import sys

import msal

AUDIENCE = "api://AzureADTokenExchange"


def sign_in(assertion):
    """Signs in with the assertion and prints as the last line what both tokens say.

    For an authority that is not Microsoft's, instance discovery would ask login.microsoftonline.com who that is.
    """
    app = msal.ConfidentialClientApplication(
        os.environ["AZURE_CLIENT_ID"],
        authority=os.environ["AZURE_AUTHORITY_HOST"].rstrip("/") + "/" + os.environ["AZURE_TENANT_ID"],
        client_credential={"client_assertion": assertion},
        instance_discovery=False,
    )
    access = app.acquire_token_for_client(["https://graph.microsoft.com/.default"])
    if "access_token" not in access:
        sys.exit(access["error_description"])
    print(json.dumps({"claims": payload(assertion), "access": payload(access["access_token"])}))


def payload(token):
    """Reads a token without verifying it."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
