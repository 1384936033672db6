package clients

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// nodeScripts is where the scripts with clients for Node.js are, and their node_modules.
const nodeScripts = "node"

// nodePrograms are those scripts; their companion is @azure/identity.
var nodePrograms = []script{
	{
		file: "github.mjs", platform: "github", issuer: "https://token.actions.githubusercontent.com", preset: "environment",
		claims:   map[string]any{"repository": "contoso/app", "environment": "production"},
		audience: exchangeAudience, subject: "repo:contoso/app:environment:production",
	},
	{
		file: "gcp.mjs", platform: "gcp", issuer: "https://accounts.google.com", preset: "compute-engine",
		audience: exchangeAudience, subject: "112633961854638529490",
	},
	{
		file: "cognito.mjs", platform: "cognito", issuer: "https://cognito-identity.amazonaws.com", preset: "developer-authenticated",
		audience: "us-east-1:7e9426f7-42af-4717-8689-00a9a4b65c1c", subject: "us-east-1:12345678-ffff-ffff-ffff-123456789012",
	},
}

func startNode(t *testing.T) scriptFarm {
	t.Helper()
	return startScripts(t, nodeWithClients(t), nodeScripts)
}

func TestNode(t *testing.T) {
	t.Parallel()
	startNode(t).accept(t, nodePrograms, "npm:@actions/core", "npm:google-auth-library", "npm:@aws-sdk/client-cognito-identity", "npm:@azure/identity")
}

func TestNodeRefused(t *testing.T) {
	t.Parallel()
	f := startNode(t)
	github, gcp, cognito := nodePrograms[0], nodePrograms[1], nodePrograms[2]
	f.refuse(t, []refusedScript{
		{"wrong request token", github, github.subject, map[string]string{requestToken: "wrong"}, "Error Code : 401"},
		{"no permission", github, github.subject, map[string]string{requestURL: ""}, "Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable"},
		{"wrong secret key", cognito, cognito.subject, map[string]string{"AWS_SECRET_ACCESS_KEY": "wrong"}, "The request signature we calculated does not match the signature you provided."},
		{"unknown pool", cognito, cognito.subject, map[string]string{"COGNITO_IDENTITY_POOL_ID": "us-east-1:0"}, "IdentityPool 'us-east-1:0' not found."},
		{"another environment", github, "repo:contoso/app:environment:staging", nil, "AADSTS700213: "},
		{"another account", gcp, "100000000000000000000", nil, "AADSTS700213: "},
		{"another identity", cognito, "us-east-1:another", nil, "AADSTS700213: "},
	})
}

// nodeMajor is the oldest Node.js on which all the clients run; Debian 12 has 18.
const nodeMajor = 20

// nodeWithClients is the node of this machine, if it is new enough and the clients are installed beside the scripts.
func nodeWithClients(t *testing.T) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		leaveOut(t, "node", "the clients for Node.js: no node on PATH")
	}
	out, err := exec.CommandContext(t.Context(), node, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	version := strings.TrimSpace(string(out))
	number, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if major, err := strconv.Atoi(number); err != nil || major < nodeMajor {
		leaveOut(t, "node", fmt.Sprintf("the clients for Node.js: node is %s, they want %d", version, nodeMajor))
	}
	if _, err := os.Stat(filepath.Join(nodeScripts, "node_modules", ".package-lock.json")); err != nil {
		leaveOut(t, "node", "the clients for Node.js: not installed; run npm ci in e2e/clients/"+nodeScripts)
	}
	return node
}
