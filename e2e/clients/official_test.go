package clients

import (
	"regexp"

	"github.com/issuerd/issuerd/harness"
)

// officialClient says by what the requests of a client are known in a journal that others have written to too.
type officialClient struct {
	agent  *regexp.Regexp  // its User-Agent
	planes []harness.Plane // which it asks
	routes *regexp.Regexp  // which it asks; nil: any
	// a command that prints the version of a program; of modules and packages the lock files say it
	version []string
}

// says is what a User-Agent or a route is compared with.
var says = regexp.MustCompile

// goAgent is what Go's HTTP client says for those who say nothing themselves.
var goAgent = says(`^Go-http-client/`)

// tokenRoute and documents tell clients apart that say goAgent.
var (
	tokenRoute = says(`oauth2/v2\.0/token$|idtoken|oidctoken`)
	documents  = says(`^discovery$|^jwks$|openid-configuration$|keys$`)
)

// The clients that sign in with what the platforms' own clients have got.
const (
	azureIdentity = "github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	msalGo        = "github.com/AzureAD/microsoft-authentication-library-for-go"
	goAzureSDK    = "github.com/hashicorp/go-azure-sdk/sdk"
)

// Which planes a client asks.
var (
	atEntra     = []harness.Plane{harness.EntraPlane}
	atAPI       = []harness.Plane{harness.WorkloadPlane}
	atAPIEntra  = []harness.Plane{harness.WorkloadPlane, harness.EntraPlane}
	atDocuments = []harness.Plane{harness.IssuerPlane, harness.EntraPlane}
	atAPIIssuer = []harness.Plane{harness.WorkloadPlane, harness.IssuerPlane}
)

// officialClients are the clients: Go modules, npm packages after npm:, and Debian packages.
var officialClients = map[string]officialClient{
	azureIdentity: {agent: says(`azsdk-go-azidentity/`), planes: atAPIEntra},
	msalGo:        {agent: goAgent, planes: atEntra},
	goAzureSDK:    {agent: goAgent, planes: atAPIEntra, routes: tokenRoute},

	msgraphSDK: {agent: says(`kiota-go/`), planes: atEntra},

	armMSI:           {agent: says(`azsdk-go-armmsi`), planes: atEntra},
	armAuthorization: {agent: says(`azsdk-go-armauthorization`), planes: atEntra},
	armResources:     {agent: says(`azsdk-go-armresources`), planes: atEntra},
	armSubscriptions: {agent: says(`azsdk-go-armsubscriptions`), planes: atEntra},

	"github.com/coreos/go-oidc/v3": {agent: goAgent, planes: atDocuments, routes: documents},
	"github.com/zitadel/oidc/v3":   {agent: goAgent, planes: atDocuments, routes: documents},

	"github.com/sethvargo/go-githubactions": {agent: goAgent, planes: atAPI},
	"github.com/google/go-github/v74":       {agent: says(`go-github/`), planes: atAPI},
	"k8s.io/client-go":                      {agent: says(`clients.test/`), planes: atAPI}, // the name of this program
	"cloud.google.com/go/compute/metadata":  {agent: says(`gcloud-golang/`), planes: atAPI},
	"google.golang.org/api":                 {agent: says(`google-api-go-client/|Go-http-client/`), planes: atAPIIssuer},
	"github.com/spiffe/go-spiffe/v2":        {agent: says(`grpc-go/|Go-http-client/`), planes: atAPI},
	"github.com/hashicorp/go-tfe":           {agent: says(`go-tfe`), planes: atAPI},

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity":         {agent: says(`api/cognitoidentity#`), planes: atAPI},
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider": {agent: says(`api/cognitoidentityprovider#`), planes: atAPI},
	"github.com/aws/aws-sdk-go-v2/service/sts":                     {agent: says(`api/sts#`), planes: atAPI},
	"github.com/aws/aws-sdk-go-v2/service/iam":                     {agent: says(`api/iam#`), planes: atAPI},

	"npm:@actions/core":                    {agent: says(`actions/oidc-client`), planes: atAPI},
	"npm:google-auth-library":              {agent: says(`google-api-nodejs-client/|^node(-fetch)?$`), planes: atAPI},
	"npm:@aws-sdk/client-cognito-identity": {agent: says(`aws-sdk-js/`), planes: atAPI},
	"npm:@azure/identity":                  {agent: says(`azsdk-js-identity/`), planes: atEntra},
	"npm:@azure/msal-node":                 {agent: says(`^node$`), planes: atEntra},

	"azure-cli":           {agent: says(`AZURECLI/|python-requests/`), planes: atEntra, version: debian("azure-cli")},
	"kubectl":             {agent: says(`kubectl/`), planes: atAPI, version: []string{"kubectl", "version", "--client"}},
	"python3-google-auth": {agent: says(`python-requests/`), planes: atAPI, version: debian("python3-google-auth")},
	"python3-boto3":       {agent: says(`Boto3/|Botocore/`), planes: atAPI, version: debian("python3-boto3")},
	"python3-msal":        {agent: says(`python-requests/`), planes: atEntra, version: debian("python3-msal")},
}

// debian is the command that prints the version of a Debian package.
func debian(name string) []string { return []string{"dpkg-query", "-W", "-f", "${Version}", name} }
