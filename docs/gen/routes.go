package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/arm"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/entra/graph"
)

// knowledge is how well the answers of a route are known.
type knowledge struct {
	confidence entra.Confidence
	doubt      string
}

// known has a row for every path that the emulator answers; a path without one, or a row without a path, is an error.
var known = map[string]knowledge{
	"/{tenant}/oauth2/v2.0/token":                     {entra.Seen, ""},
	"/{tenant}/oauth2/token":                          {entra.Seen, "the claims of v1.0 tokens for an application's own API"},
	"/{tenant}/{policy}/oauth2/v2.0/token":            {entra.Seen, "only its refusal of federated credentials is there"},
	"/error":                                          {entra.Documented, "that it explains a code is documented, its page is ours"},
	"/{tenant}/v2.0/.well-known/openid-configuration": {entra.Seen, ""},
	"/{tenant}/.well-known/openid-configuration":      {entra.Seen, "as in 2019; the order of its members"},
	"/{tenant}/discovery/v2.0/keys":                   {entra.Seen, ""},
	"/{tenant}/discovery/keys":                        {entra.Seen, ""},
	"/{tenant}/discovery/instance":                    {entra.Seen, "it also knows loopback authorities and the host that was called"},

	"/applications":                                                            {entra.Seen, ""},
	"/applications/{app}":                                                      {entra.Seen, ""},
	"/applications/{app}/owners":                                               {entra.Documented, "the shape of an owner that is a service principal"},
	"/applications/{app}/owners/$ref":                                          {entra.Documented, ""},
	"/applications/{app}/owners/{owner}/$ref":                                  {entra.Documented, ""},
	"/applications/{app}/federatedIdentityCredentials":                         {entra.Seen, "some refusals, see below"},
	"/applications/{app}/federatedIdentityCredentials/{credential}":            {entra.Seen, "some refusals, see below"},
	"/servicePrincipals":                                                       {entra.Seen, ""},
	"/servicePrincipals/{principal}":                                           {entra.Seen, ""},
	"/servicePrincipals/{principal}/owners":                                    {entra.Documented, "they are the application's"},
	"/servicePrincipals/{principal}/appRoleAssignments":                        {entra.Documented, "ids are GUIDs"},
	"/servicePrincipals/{principal}/appRoleAssignments/{assignment}":           {entra.Documented, "ids are GUIDs"},
	"/servicePrincipals/{principal}/appRoleAssignedTo":                         {entra.Documented, "ids are GUIDs"},
	"/servicePrincipals/{principal}/appRoleAssignedTo/{assignment}":            {entra.Documented, "ids are GUIDs"},
	"/servicePrincipals/{principal}/federatedIdentityCredentials":              {entra.Reported, "that it shows those of managed identities"},
	"/servicePrincipals/{principal}/federatedIdentityCredentials/{credential}": {entra.Reported, ""},
	"/directoryObjects/getByIds":                                               {entra.Documented, ""},
	"/directoryObjects/{object}":                                               {entra.Documented, ""},
	"/directory/deletedItems/{object}":                                         {entra.Documented, "there is never anything in it"},
	"/organization":                                                            {entra.Documented, "fewer members"},
	"/organization/{organization}":                                             {entra.Documented, "fewer members"},
	"/auditLogs/signIns":                                                       {entra.Documented, "what v1.0 shows of a service principal"},
	"/auditLogs/signIns/{signIn}":                                              {entra.Documented, "what v1.0 shows of a service principal"},
	"/me":                                                                      {entra.Seen, ""},
	"/me/{rest:.*}":                                                            {entra.Seen, ""},

	"/metadata/endpoints":                                               {entra.Seen, "what clients read of it"},
	"/providers/Microsoft.Authorization/roleDefinitions":                {entra.Documented, "nine built-in roles"},
	"/providers/Microsoft.Authorization/roleDefinitions/{name}":         {entra.Documented, "nine built-in roles"},
	"/{scope}/providers/Microsoft.Authorization/roleDefinitions":        {entra.Documented, "nine built-in roles"},
	"/{scope}/providers/Microsoft.Authorization/roleDefinitions/{name}": {entra.Documented, "nine built-in roles"},
	"/{scope}/providers/Microsoft.Authorization/roleAssignments":        {entra.Documented, "some refusals"},
	"/{scope}/providers/Microsoft.Authorization/roleAssignments/{name}": {entra.Documented, "some refusals"},
	"/tenants":                                                              {entra.Documented, ""},
	"/subscriptions":                                                        {entra.Seen, ""},
	"/subscriptions/{sub}":                                                  {entra.Documented, ""},
	"/subscriptions/{sub}/resources":                                        {entra.Documented, ""},
	"/subscriptions/{sub}/resourceGroups":                                   {entra.Documented, ""},
	"/subscriptions/{sub}/resourceGroups/{group}":                           {entra.Documented, "deletion is done at once"},
	"/subscriptions/{sub}/resourceGroups/{group}/resources":                 {entra.Documented, ""},
	"/subscriptions/{sub}/providers":                                        {entra.Documented, "only the providers that are here"},
	"/subscriptions/{sub}/providers/{namespace}":                            {entra.Documented, "only the providers that are here"},
	identities("/subscriptions/{sub}"):                                      {entra.Documented, ""},
	identities(inGroup):                                                     {entra.Documented, ""},
	identities(inGroup) + "/{identity}":                                     {entra.Documented, ""},
	identities(inGroup) + "/{identity}/federatedIdentityCredentials":        {entra.Seen, "codes of some refusals"},
	identities(inGroup) + "/{identity}/federatedIdentityCredentials/{name}": {entra.Seen, "codes of some refusals"},
	inGroup + "/providers/{namespace}/{resource}":                           {entra.Inferred, "only the members that all resources have"},
}

const inGroup = "/subscriptions/{sub}/resourceGroups/{group}"

func identities(scope string) string {
	return scope + "/providers/" + directory.IdentityType
}

// routes writes what the emulator answers, and how well it is known.
func routes(w io.Writer) error {
	login := entra.New(entra.Config{})
	seen := map[string]bool{}
	for _, api := range []struct {
		name   string
		routes []string
	}{
		{"Sign-in", login.Routes()},
		{"Microsoft Graph, below /v1.0 and /beta", graph.New(graph.Config{Server: login}).Routes()},
		{"Azure Resource Manager", arm.New(arm.Config{Server: login}).Routes()},
	} {
		var rows [][]string
		for _, route := range api.routes {
			path := route[strings.Index(route, "/"):]
			k, ok := known[path]
			if !ok {
				return fmt.Errorf("gen: route %q has no row in routes.go", route)
			}
			seen[path] = true
			rows = append(rows, []string{code(path), strings.TrimSpace(strings.TrimSuffix(route, path)), string(k.confidence), k.doubt})
		}
		fmt.Fprintf(w, "\n%s:\n\n", api.name)
		table(w, []string{"route", "methods", "confidence", "in doubt"}, rows)
	}
	for path := range known {
		if !seen[path] {
			return fmt.Errorf("gen: routes.go has a row for %q, which the emulator does not answer", path)
		}
	}
	return nil
}
