"""A back end that vouches for its user at an identity pool. boto3 of Debian 12 is older than AWS_ENDPOINT_URL and has to be told."""

import os

import boto3

from entra import sign_in

client = boto3.client("cognito-identity", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
identity = client.get_open_id_token_for_developer_identity(
    IdentityPoolId=os.environ["COGNITO_IDENTITY_POOL_ID"],
    Logins={os.environ["COGNITO_LOGIN_PROVIDER"]: os.environ["COGNITO_LOGIN"]},
)
sign_in(identity["Token"])
