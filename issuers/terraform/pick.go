package terraform

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// given is a token that a run was given.
type given struct {
	name  string // of its variable, or of its file
	token string
}

// tokensIn are the tokens in the environment of a run: those without a tag, those with one by name, and those in the
// files of tagged configurations.
func tokensIn(env map[string]string) ([]given, error) {
	var all []given
	names := []string{identityToken, providerToken, stackToken}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if tag, ok := strings.CutPrefix(name, identityToken); ok && goodTag.MatchString(tag) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if env[name] != "" {
			all = append(all, given{name, env[name]})
		}
	}
	if env[dynamicVariable] == "" {
		return all, nil
	}
	var files dynamicCredentials
	if err := json.Unmarshal([]byte(env[dynamicVariable]), &files); err != nil {
		return nil, fmt.Errorf("terraform: %s: %w", dynamicVariable, err)
	}
	paths := []string{files.Default.Token}
	for _, alias := range slices.Sorted(maps.Keys(files.Aliases)) {
		paths = append(paths, files.Aliases[alias].Token)
	}
	for _, path := range paths {
		if path == "" {
			continue
		}
		token, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("terraform: a token of %s: %w", dynamicVariable, err)
		}
		all = append(all, given{path, string(token)})
	}
	return all, nil
}

// pick chooses among the tokens of a run: the one for the audience, if one is asked for, or else one without a tag, or
// the only one. Where that leaves several, the error names them, as it does where none is for the audience; but a run
// with a single token has no choice, and its workspace's variables count.
func pick(all []given, audience string) (string, error) {
	if len(all) == 0 {
		return "", &issuer.Refused{Message: fmt.Sprintf("terraform: the environment has no token (looked for %s, also with a tag, %s, %s, %s)",
			identityToken, providerToken, stackToken, dynamicVariable)}
	}
	var texts []string
	distinct := map[string]bool{}
	for _, one := range all {
		audiences := audiencesOf(one.token)
		if audience != "" && slices.Contains(audiences, audience) {
			return one.token, nil
		}
		distinct[one.token] = true
		texts = append(texts, fmt.Sprintf("%s: %s", one.name, strings.Join(audiences, ", ")))
	}
	untagged := slices.Contains([]string{identityToken, providerToken, stackToken}, all[0].name)
	switch {
	case len(distinct) == 1, audience == "" && untagged:
		return all[0].token, nil
	case audience == "":
		return "", fmt.Errorf("terraform: the run has several tokens, and none without a tag: ask for one by its audience (%s)", strings.Join(texts, "; "))
	}
	return "", fmt.Errorf("terraform: the run has no token for the audience %q (%s)", audience, strings.Join(texts, "; "))
}

// audiencesOf reads aud of a token; none of what is not one, as a fault of the issuer may have made it.
func audiencesOf(token string) jwt.Audience {
	var claims struct {
		Audience jwt.Audience `json:"aud"`
	}
	if parts := strings.Split(token, "."); len(parts) == 3 {
		if raw, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			_ = json.Unmarshal(raw, &claims) // no audience then
		}
	}
	return claims.Audience
}
