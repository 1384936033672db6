"""A program outside Google Cloud with a service account's key file, which names the token endpoint."""

import os

from google.auth.transport.requests import Request
from google.oauth2 import service_account

from entra import AUDIENCE, sign_in

credentials = service_account.IDTokenCredentials.from_service_account_file(
    os.environ["GOOGLE_APPLICATION_CREDENTIALS"],
    target_audience=os.environ.get("TARGET_AUDIENCE", AUDIENCE),
)
credentials.refresh(Request())
sign_in(credentials.token)
