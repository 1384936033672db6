package explain

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// commands are how to write a credential with each tool. change: it is there, and gets these values.
// A value that may be another is said to be before the command.
func (r *remedy) commands(c directory.Credential, change bool) []Command {
	c, _ = r.complete(c)
	out := r.plainCommands(c, change)
	for _, doubt := range r.doubtsOf(c) {
		for i, command := range out {
			comment := "# "
			if command.Tool == "bicep" {
				comment = "// "
			}
			out[i].Text = comment + "in doubt: " + doubt + "\n" + command.Text
		}
	}
	return out
}

// doubtsOf are why values of a credential may be others than were presented.
func (r *remedy) doubtsOf(c directory.Credential) []string {
	var doubts []string
	for _, value := range []struct {
		field      entra.Field
		text, from string
	}{
		{entra.FieldIssuer, c.Issuer, r.presented.Issuer}, {entra.FieldSubject, c.Subject, r.presented.Subject}, {entra.FieldAudience, first(c.Audiences), strings.Join(r.presented.Audience, ",")},
	} {
		if doubt := r.doubts[value.field]; doubt != "" && value.text == value.from {
			if !r.fromToken {
				doubt += ": compare it with a token"
			}
			doubts = append(doubts, fieldWords[value.field]+": "+doubt)
		}
	}
	return doubts
}

// presentedOf is what was presented where a credential has a field.
func (r *remedy) presentedOf(field entra.Field) string {
	switch field {
	case entra.FieldIssuer:
		return r.presented.Issuer
	case entra.FieldSubject:
		return r.presented.Subject
	}
	return strings.Join(r.presented.Audience, ",")
}

// doubtSpaces adds to the doubts the white space that people do not see: it may have come by pasting, or be a slip.
func (r *remedy) doubtSpaces() {
	if r.doubts == nil {
		r.doubts = map[entra.Field]string{}
	}
	for _, field := range []entra.Field{entra.FieldIssuer, entra.FieldSubject, entra.FieldAudience} {
		if words := oddSpaces(r.presentedOf(field)); len(words) > 0 {
			doubt := "it has " + strings.Join(words, ", ")
			if before := r.doubts[field]; before != "" {
				doubt = before + "; " + doubt
			}
			r.doubts[field] = doubt
		}
	}
}

func (r *remedy) plainCommands(c directory.Credential, change bool) []Command {
	switch {
	case r.managed() && c.Matching != "": // only previews of the API have expressions
		return []Command{r.arm(c), r.bicep(c)}
	case r.managed():
		return []Command{r.azIdentity(c, change), r.arm(c), r.terraform(c, change), r.bicep(c)}
	}
	out := []Command{r.graph(c, change), r.terraform(c, change), r.bicep(c)}
	if c.Matching == "" { // the Azure CLI makes no flexible ones
		out = append([]Command{r.azApp(c, change)}, out...)
	}
	return out
}

// complete fills in what is not known of a credential: with what was presented, with what is usual, or with a word to
// replace. It has one audience then. What was assumed is said.
func (r *remedy) complete(c directory.Credential) (directory.Credential, []string) {
	var assumed []string
	if c.Issuer == "" && Inside(r.presented.Issuer) == "" {
		c.Issuer = r.presented.Issuer
	}
	if c.Issuer == "" {
		if c.Issuer = usualIssuers[r.platform]; c.Issuer != "" {
			assumed = append(assumed, "the issuer "+c.Issuer)
		}
	}
	c.Issuer = cmp.Or(c.Issuer, "ISSUER")
	if c.Matching == "" {
		c.Subject = cmp.Or(c.Subject, r.presented.Subject, "SUBJECT")
	}
	audience := first(c.Audiences)
	if audience == "" && len(r.presented.Audience) == 1 {
		audience = r.presented.Audience[0]
	}
	if audience == "" {
		cloud, _ := directory.ExchangeAudience(r.g.cloud)
		audience = cmp.Or(cloud, directory.PublicCloud.Audience)
		assumed = append(assumed, "the audience "+audience)
	}
	c.Audiences = []string{audience}
	return c, assumed
}

// assuming says after some words what was assumed.
func assuming(words string, assumed []string) string {
	if len(assumed) == 0 {
		return words
	}
	return words + " (assumed: " + strings.Join(assumed, ", ") + ")"
}

func (r *remedy) managed() bool {
	if r.credential != nil {
		return r.credential.ManagedIdentity
	}
	return r.g.managed
}

// client is the application, as commands name it.
func (r *remedy) client() string {
	if r.credential != nil && r.credential.ClientID != "" {
		return r.credential.ClientID
	}
	return cmp.Or(r.g.client, "CLIENT_ID")
}

// body is the JSON of a credential for Microsoft Graph.
func body(c directory.Credential) string {
	type expression struct {
		Value   string `json:"value"`
		Version int    `json:"languageVersion"`
	}
	fields := struct {
		Name       string      `json:"name,omitempty"`
		Issuer     string      `json:"issuer"`
		Subject    string      `json:"subject,omitempty"`
		Audiences  []string    `json:"audiences"`
		Expression *expression `json:"claimsMatchingExpression,omitempty"`
	}{c.Name, c.Issuer, c.Subject, c.Audiences, nil}
	if c.Matching != "" {
		fields.Expression = &expression{c.Matching, 1}
	}
	return jsonText(fields)
}

func jsonText(v any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil { // texts always encode
		return ""
	}
	return strings.TrimSpace(b.String())
}

// quoted is a text as one word of a shell.
func quoted(text string) string {
	if text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@%+=:,./_-", r))
	}) {
		return text
	}
	if strings.Contains(text, "'") && !strings.ContainsAny(text, "\"$`\\!") {
		return `"` + text + `"`
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

func (r *remedy) azApp(c directory.Credential, change bool) Command {
	named := c
	named.Name = cmp.Or(c.Name, "CREDENTIAL")
	create := fmt.Sprintf("az ad app federated-credential create --id %s --parameters %s", quoted(r.client()), quoted(body(named)))
	if change && r.anew {
		return Command{"az", fmt.Sprintf("az ad app federated-credential delete --id %s --federated-credential-id %s\n%s",
			quoted(r.client()), quoted(cmp.Or(r.credential.Name, r.credential.ID, "CREDENTIAL")), create)}
	}
	if change {
		return Command{"az", fmt.Sprintf("az ad app federated-credential update --id %s --federated-credential-id %s --parameters %s",
			quoted(r.client()), quoted(cmp.Or(r.credential.Name, r.credential.ID, "CREDENTIAL")), quoted(body(c)))}
	}
	return Command{"az", create}
}

var identityID = regexp.MustCompile(`(?i)^/subscriptions/([^/]+)/resourcegroups/([^/]+)/providers/Microsoft\.ManagedIdentity/userAssignedIdentities/([^/]+)`)

// identity is the managed identity, as commands name it.
func (r *remedy) identity() (subscription, group, name string) {
	subscription, group, name = "SUBSCRIPTION", "RESOURCE_GROUP", "IDENTITY"
	if r.credential == nil {
		return
	}
	if m := identityID.FindStringSubmatch(r.credential.ResourceID); m != nil {
		return m[1], m[2], m[3]
	}
	return subscription, group, cmp.Or(r.credential.AppName, name)
}

func (r *remedy) azIdentity(c directory.Credential, change bool) Command {
	_, group, identity := r.identity()
	verb := "create"
	if change {
		verb = "update"
	}
	gone := ""
	if change && r.anew {
		verb = "create"
		gone = fmt.Sprintf("az identity federated-credential delete --yes --resource-group %s --identity-name %s --name %s\n", quoted(group), quoted(identity), quoted(cmp.Or(c.Name, "CREDENTIAL")))
	}
	return Command{"az", gone + fmt.Sprintf("az identity federated-credential %s --resource-group %s --identity-name %s --name %s --issuer %s --subject %s --audiences %s",
		verb, quoted(group), quoted(identity), quoted(cmp.Or(c.Name, "CREDENTIAL")), quoted(c.Issuer), quoted(c.Subject), quoted(first(c.Audiences)))}
}

func (r *remedy) arm(c directory.Credential) Command {
	subscription, group, identity := r.identity()
	version := identityVersion(c)
	name := cmp.Or(c.Name, "CREDENTIAL")
	c.Name = "" // the address has it
	properties := `{"properties":` + body(c) + "}"
	management := "https://management.azure.com"
	if cloud, _ := directory.CloudNamed(r.g.cloud); cloud != nil {
		if service := cloud.Service(directory.ManagementAppID); service != nil {
			management = service.URLs[0]
		}
	}
	return Command{"arm", fmt.Sprintf("az rest --method PUT --url %s --body %s", quoted(management+"/subscriptions/"+subscription+"/resourceGroups/"+group+
		"/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"+identity+"/federatedIdentityCredentials/"+name+"?api-version="+version), quoted(properties))}
}

// identityVersion is the version of the API of managed identities that a credential is written with.
func identityVersion(c directory.Credential) string {
	if c.Matching != "" {
		return "2025-01-31-preview"
	}
	return "2023-01-31"
}

func (r *remedy) graph(c directory.Credential, change bool) Command {
	version := "v1.0"
	if c.Matching != "" {
		version = "beta"
	}
	cloud, _ := directory.CloudNamed(r.g.cloud)
	if cloud == nil {
		cloud = directory.PublicCloud
	}
	application := "(appId='" + r.client() + "')"
	if r.credential != nil && r.credential.ClientID == "" && r.g.client == "" && r.credential.ObjectID != "" {
		application = "/" + r.credential.ObjectID
	}
	address := "https://" + cloud.Graph + "/" + version + "/applications" + application + "/federatedIdentityCredentials"
	method := "POST"
	if change {
		method, address = "PATCH", address+"/"+cmp.Or(r.credential.ID, r.credential.Name, "CREDENTIAL")
		c.Name = "" // it cannot be changed
	}
	return Command{"graph", fmt.Sprintf("az rest --method %s --url %s --body %s", method, quoted(address), quoted(body(c)))}
}

// hclText is a text as Terraform writes it.
func hclText(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(jsonText(text), "${", "$${"), "%{", "%%{")
}

func (r *remedy) terraform(c directory.Credential, change bool) Command {
	label := "credential"
	address := ""
	if r.credential != nil {
		address = r.credential.Address
	}
	if kind, name, is := strings.Cut(address, "."); is && strings.Contains(kind, "federated_identity_credential") {
		old, _, _ := strings.Cut(name, "[")
		if change {
			label = old
		} else if label == old { // the one that is there stays
			label = "another"
		}
	}
	if r.managed() {
		_, group, _ := r.identity()
		return Command{"terraform", fmt.Sprintf("resource \"azurerm_federated_identity_credential\" %q {\n  name                = %s\n  resource_group_name = %s\n  parent_id           = azurerm_user_assigned_identity.IDENTITY.id\n  issuer              = %s\n  subject             = %s\n  audience            = [%s]\n}",
			label, hclText(cmp.Or(c.Name, "CREDENTIAL")), hclText(group), hclText(c.Issuer), hclText(c.Subject), hclText(first(c.Audiences)))}
	}
	if c.Matching != "" {
		return Command{"terraform", fmt.Sprintf("resource \"azuread_application_flexible_federated_identity_credential\" %q {\n  application_id             = azuread_application.APPLICATION.id\n  display_name               = %s\n  issuer                     = %s\n  audience                   = %s\n  claims_matching_expression = %s\n}",
			label, hclText(cmp.Or(c.Name, "CREDENTIAL")), hclText(c.Issuer), hclText(first(c.Audiences)), hclText(c.Matching))}
	}
	return Command{"terraform", fmt.Sprintf("resource \"azuread_application_federated_identity_credential\" %q {\n  application_id = azuread_application.APPLICATION.id\n  display_name   = %s\n  issuer         = %s\n  subject        = %s\n  audiences      = [%s]\n}",
		label, hclText(cmp.Or(c.Name, "CREDENTIAL")), hclText(c.Issuer), hclText(c.Subject), hclText(first(c.Audiences)))}
}

// bicepText is a text as Bicep writes it.
func bicepText(text string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for i, r := range text {
		switch {
		case r == '\\' || r == '\'':
			b.WriteString("\\" + string(r))
		case r == '$' && strings.HasPrefix(text[i:], "${"):
			b.WriteString(`\$`)
		case r < ' ' || r > '~':
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + "'"
}

func (r *remedy) bicep(c directory.Credential) Command {
	version, rule := "v1.0", "subject: "+bicepText(c.Subject)
	if c.Matching != "" {
		version, rule = "beta", "claimsMatchingExpression: {\n    value: "+bicepText(c.Matching)+"\n    languageVersion: 1\n  }"
	}
	if r.managed() {
		return Command{"bicep", fmt.Sprintf("resource credential 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@%s' = {\n  parent: identity\n  name: %s\n  properties: {\n    issuer: %s\n    %s\n    audiences: [%s]\n  }\n}",
			identityVersion(c), bicepText(cmp.Or(c.Name, "CREDENTIAL")), bicepText(c.Issuer), strings.ReplaceAll(rule, "\n", "\n  "), bicepText(first(c.Audiences)))}
	}
	return Command{"bicep", fmt.Sprintf("resource credential 'Microsoft.Graph/applications/federatedIdentityCredentials@%s' = {\n  name: '${application.uniqueName}/%s'\n  issuer: %s\n  %s\n  audiences: [%s]\n}",
		version, strings.Trim(bicepText(cmp.Or(c.Name, "CREDENTIAL")), "'"), bicepText(c.Issuer), rule, bicepText(first(c.Audiences)))}
}
