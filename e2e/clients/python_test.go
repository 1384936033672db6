package clients

import (
	"os/exec"
	"testing"
)

// pythonPrograms are the scripts in python/, with clients for Python; their companion is MSAL. They run with the
// packages of Debian 12, some of which are old: each script says what its client lacks.
var pythonPrograms = []script{
	{
		file: "gcp.py", platform: "gcp", issuer: "https://accounts.google.com", preset: "service-account",
		audience: exchangeAudience, subject: "112633961854638529490",
	},
	{
		file: "gcp_key.py", platform: "gcp", issuer: "https://accounts.google.com", preset: "service-account-key",
		audience: exchangeAudience, subject: "112633961854638529490",
	},
	{
		file: "cognito.py", platform: "cognito", issuer: "https://cognito-identity.amazonaws.com", preset: "developer-authenticated",
		audience: "us-east-1:7e9426f7-42af-4717-8689-00a9a4b65c1c", subject: "us-east-1:12345678-ffff-ffff-ffff-123456789012",
	},
	{
		file: "awssts.py", platform: "awssts", issuer: "https://abc12345-def4-5678-90ab-cdef12345678.tokens.sts.global.api.aws", preset: "role",
		audience: exchangeAudience, subject: "arn:aws:iam::123456789012:role/MyAppRole",
	},
}

func startPython(t *testing.T) scriptFarm {
	t.Helper()
	return startScripts(t, pythonWithClients(t), "python")
}

func TestPython(t *testing.T) {
	t.Parallel()
	startPython(t).accept(t, pythonPrograms, "python3-google-auth", "python3-boto3", "python3-msal")
}

func TestPythonRefused(t *testing.T) {
	t.Parallel()
	f := startPython(t)
	gcp, key, cognito, sts := pythonPrograms[0], pythonPrograms[1], pythonPrograms[2], pythonPrograms[3]
	f.refuse(t, []refusedScript{
		{"no audience", key, key.subject, map[string]string{"TARGET_AUDIENCE": ""}, "Invalid OAuth scope or ID token audience provided."},
		{"unknown pool", cognito, cognito.subject, map[string]string{"COGNITO_IDENTITY_POOL_ID": "us-east-1:0"}, "IdentityPool 'us-east-1:0' not found."},
		{"wrong secret key", sts, sts.subject, map[string]string{"AWS_SECRET_ACCESS_KEY": "wrong"}, "SignatureDoesNotMatch"},
		{"another account", gcp, "100000000000000000000", nil, "AADSTS700213: "},
		{"another account's key", key, "100000000000000000000", nil, "AADSTS700213: "},
		{"another identity", cognito, "us-east-1:another", nil, "AADSTS700213: "},
		{"another role", sts, "arn:aws:iam::123456789012:role/Another", nil, "AADSTS700213: "},
	})
}

// What the scripts import, and the packages of Debian 12 that have it.
const (
	pythonModules  = "boto3, google.auth, msal, requests"
	pythonPackages = "python3-boto3 python3-google-auth python3-msal python3-requests"
)

// pythonWithClients is the python3 of this machine, or Debian's own where another is before it on PATH, whichever has
// the modules first.
func pythonWithClients(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		python, err := exec.LookPath(name)
		if err == nil && exec.CommandContext(t.Context(), python, "-c", "import "+pythonModules).Run() == nil {
			return python
		}
	}
	leaveOut(t, "python", "the clients for Python: no python3 has all of "+pythonPackages)
	return ""
}
