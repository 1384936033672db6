"""A role that asks STS for its web identity token.

botocore of Debian 12 (1.29) is older than GetWebIdentityToken: its STS client says who the role is, and its signer signs the request for the token.
"""

import os
import xml.etree.ElementTree as xml

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from entra import AUDIENCE, sign_in

endpoint = os.environ["AWS_ENDPOINT_URL"]
session = botocore.session.get_session()
region = session.get_config_variable("region")
session.create_client("sts", endpoint_url=endpoint).get_caller_identity()

form = {"Action": "GetWebIdentityToken", "Version": "2011-06-15", "Audience.member.1": AUDIENCE, "SigningAlgorithm": "RS256"}
headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": session.user_agent()}
request = AWSRequest("POST", endpoint, data=form, headers=headers)
SigV4Auth(session.get_credentials(), "sts", region).add_auth(request)
answer = URLLib3Session(verify=os.environ["AWS_CA_BUNDLE"]).send(request.prepare())
names = {"sts": "https://sts.amazonaws.com/doc/2011-06-15/"}
result = xml.fromstring(answer.text)
if answer.status_code != 200:
    raise SystemExit(result.findtext("sts:Error/sts:Message", namespaces=names))
sign_in(result.findtext("sts:GetWebIdentityTokenResult/sts:WebIdentityToken", namespaces=names))
