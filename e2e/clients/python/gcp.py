"""A workload on Google Cloud, which finds the metadata server by GCE_METADATA_ROOT and GCE_METADATA_IP.

google-auth of Debian 12 (1.5.1) is older than fetch_id_token: the library gets an access token there, and with it an ID token from the IAM
Credentials API. Neither that nor the certificates have a variable for their address; the farm has both beside the metadata.
"""

import os

import google.auth
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2 import id_token

from entra import AUDIENCE, sign_in

farm = "http://" + os.environ["GCE_METADATA_HOST"]
credentials, _ = google.auth.default()
session = AuthorizedSession(credentials)
session.get(farm + "/").raise_for_status()  # has the library fetch its token, and with it the account's address
answer = session.post(
    farm + "/v1/projects/-/serviceAccounts/" + credentials.service_account_email + ":generateIdToken",
    json={"audience": AUDIENCE, "includeEmail": True},
)
if not answer.ok:
    raise SystemExit(answer.json()["error"]["message"])
token = answer.json()["token"]
id_token.verify_token(token, Request(), AUDIENCE, certs_url=farm + "/oauth2/v1/certs")
sign_in(token)
