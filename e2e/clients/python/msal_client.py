"""MSAL for Python, at the authority that it knows or at any other.

The second token makes it ask instance discovery for the aliases of the authority.
"""

import json
import os
import sys

import msal

with open(os.environ["AZURE_FEDERATED_TOKEN_FILE"], encoding="ascii") as file:
    assertion = file.read()
app = msal.ConfidentialClientApplication(
    os.environ["AZURE_CLIENT_ID"],
    authority=os.environ["AZURE_AUTHORITY_HOST"] + "/" + os.environ["AZURE_TENANT_ID"],
    client_credential={"client_assertion": assertion},
    client_capabilities=["CP1"],
)
tokens = []
for scope in sys.argv[1:]:
    access = app.acquire_token_for_client([scope])
    if "access_token" not in access:
        sys.exit(access["error_description"])
    tokens.append(access["access_token"])
print(json.dumps({"tokens": tokens}))
