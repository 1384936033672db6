package terraform

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The variables of a workspace that ask for tokens; a tag may follow (TFC_AZURE_PROVIDER_AUTH_PROD). See
// https://developer.hashicorp.com/terraform/cloud-docs/dynamic-provider-credentials/azure-configuration and
// …/manual-generation.
const (
	identityAudience = "TFC_WORKLOAD_IDENTITY_AUDIENCE"
	providerAuth     = "TFC_AZURE_PROVIDER_AUTH"
	azureAudience    = "AZURE_WORKLOAD_IDENTITY_AUDIENCE" // after TFC_ or TFC_DEFAULT_, as the client ids
)

// settings are what the variables of a workspace ask for. Tags stand with the underscore that separates them.
type settings struct {
	tokens map[string]string    // the audience of TFC_WORKLOAD_IDENTITY_TOKEN, by tag
	azure  []azureConfiguration // the one without a tag first
}

// azureConfiguration is one configuration of the provider for Azure.
type azureConfiguration struct {
	tag      string // empty: the default one
	clientID string // empty: the workspace names none; what HCP Terraform says then is not known
	audience string // empty: the default
}

var goodTag = regexp.MustCompile(`^_[A-Za-z0-9_]+$`)

// settingsOf reads the variables of a workspace. Without any that asks for a token, it is as if it asked for Azure's
// default configuration, and with an audience for TFC_WORKLOAD_IDENTITY_TOKEN too. A variable for the phase counts
// before one for the run, and one with the tag before a default; that the default of the phase comes before the run's
// with the tag is inferred from leg100/otf.
func settingsOf(variables map[string]string, audience, phase string) (settings, error) {
	s := settings{tokens: map[string]string{}}
	asks := false
	for _, name := range slices.Sorted(maps.Keys(variables)) { // the name without a tag comes first
		prefix := identityAudience
		if strings.HasPrefix(name, providerAuth) {
			prefix = providerAuth
		}
		tag, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		asks = true
		if tag != "" && !goodTag.MatchString(tag) || prefix == identityAudience && tag == "_TYPE" {
			return settings{}, fmt.Errorf("terraform: variable %q: want %s, or after an underscore a tag of letters, digits and underscores other than TYPE", name, prefix)
		}
		switch value := variables[name]; {
		case prefix == identityAudience && value != "":
			s.tokens[tag] = value
		case prefix == providerAuth && value == "true":
			s.azure = append(s.azure, azureOf(variables, tag, audience, phase))
		}
	}
	if asks {
		return s, nil
	}
	s.azure = append(s.azure, azureOf(variables, "", audience, phase))
	if audience != "" {
		s.tokens[""] = audience
	}
	return s, nil
}

func azureOf(variables map[string]string, tag, audience, phase string) azureConfiguration {
	find := func(name string) string {
		return cmp.Or(variables["TFC_"+name+tag], variables["TFC_DEFAULT_"+name])
	}
	return azureConfiguration{
		tag:      tag,
		clientID: cmp.Or(find("AZURE_"+strings.ToUpper(phase)+"_CLIENT_ID"), find("AZURE_RUN_CLIENT_ID")),
		audience: cmp.Or(find(azureAudience), audience),
	}
}

// tagged tells whether there are several configurations, which a run gets in files.
func (s settings) tagged() bool {
	return slices.ContainsFunc(s.azure, func(c azureConfiguration) bool { return c.tag != "" })
}

// audiences are those that the run needs a token for.
func (s settings) audiences() []string {
	all := slices.Collect(maps.Values(s.tokens))
	for _, c := range s.azure {
		all = append(all, c.audience)
	}
	return all
}
