package kubernetes

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// prefix starts the sub of every service account.
const prefix = "system:serviceaccount:"

// bound is the claim that says what a token is bound to.
const bound = "kubernetes.io"

// kinds are the members of kubernetes.io that have a name and a uid.
var kinds = []string{"serviceaccount", "pod", "node", "secret"}

// claims derives what an API server says about a service account. The names come from sub, from the members of kubernetes.io,
// or else from the preset's settings namespace, serviceaccount, pod, node and secret.
func claims(req issuer.Request) (issuer.Claims, error) {
	names, err := readNames(req)
	if err != nil {
		return nil, err
	}
	about := map[string]any{"namespace": names["namespace"]}
	for _, kind := range kinds {
		if name := names[kind]; name != "" {
			about[kind] = map[string]any{"name": name, "uid": uid(kind, names["namespace"], name)}
		}
	}
	own := issuer.Claims{
		"aud": audience(req),
		"sub": prefix + names["namespace"] + ":" + names["serviceaccount"],
		bound: about,
	}
	if life, asked := stretched(req); names["pod"] != "" && asked {
		own["exp"] = req.Now.Unix() + int64(life/time.Second)
		if life > defaultExpiration {
			about["warnafter"] = req.Now.Unix() + int64(defaultExpiration/time.Second)
		}
	}
	return own, nil
}

// readNames returns the namespace and the name of each kind of object. A claim of the wrong type is an error only while sub
// must be made from it.
func readNames(req issuer.Request) (map[string]string, error) {
	names := map[string]string{"namespace": text(req.Settings, "namespace")}
	for _, kind := range kinds {
		names[kind] = text(req.Settings, kind)
	}
	_, given := req.Claims["sub"]
	if account, ok := strings.CutPrefix(text(req.Claims, "sub"), prefix); ok {
		if namespace, name, ok := strings.Cut(account, ":"); ok {
			names["namespace"], names["serviceaccount"] = namespace, name
		}
	}
	about, err := object(req.Claims, bound, bound)
	if err != nil && !given {
		return nil, err
	}
	if err := setText(names, "namespace", about["namespace"], bound+".namespace"); err != nil && !given {
		return nil, err
	}
	for _, kind := range kinds {
		claim := bound + "." + kind
		members, err := object(about, kind, claim)
		if err == nil {
			err = setText(names, kind, members["name"], claim+".name")
		}
		if err != nil && !given && kind == "serviceaccount" {
			return nil, err
		}
	}
	return names, nil
}

// text returns the member of that name, empty when it is not a string.
func text(members map[string]any, name string) string {
	s, _ := members[name].(string)
	return s
}

// object returns the member of that name, nil when there is none; claim is what an error calls it.
func object(members map[string]any, name, claim string) (map[string]any, error) {
	value, ok := members[name]
	if !ok {
		return nil, nil
	}
	out, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("kubernetes: claim %q: want an object, got %T %q", claim, value, fmt.Sprint(value))
	}
	return out, nil
}

// setText sets names[name] to the value, unless that is nil; claim is what an error calls it.
func setText(names map[string]string, name string, value any, claim string) error {
	if value == nil {
		return nil
	}
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("kubernetes: claim %q: want a string, got %T %q", claim, value, fmt.Sprint(value))
	}
	names[name] = text
	return nil
}

// audience is always an array, unless a claim says otherwise. Without a wish it is the preset's setting audience, or else the API
// server's own: the issuer.
func audience(req issuer.Request) []any {
	switch given := req.Claims["aud"].(type) {
	case nil:
	case []any:
		return given
	default:
		return []any{given} // the payload gets it as it was given
	}
	if len(req.Audience) == 0 {
		if preset := text(req.Settings, "audience"); preset != "" {
			return []any{preset}
		}
		return []any{self(req)}
	}
	out := make([]any, len(req.Audience))
	for i, a := range req.Audience {
		out[i] = a
	}
	return out
}

// self is the token's iss, which is also the API server's default audience.
func self(req issuer.Request) string {
	if iss, ok := req.Claims["iss"].(string); ok {
		return iss
	}
	return req.Issuer
}

const (
	// defaultExpiration is what the kubelet asks for the token of a pod's default volume. An API server takes exactly this number
	// as the sign of an old client that never reads the file again.
	defaultExpiration = 3607 * time.Second

	day  = 24 * time.Hour
	year = 365 * day
)

// stretched returns the life of a pod's token that was asked for with the default expiration, and whether it was: a year for no
// audience but the API server's own (90 days as seen on EKS), as asked for any other, and always on AKS, where the extension has
// been off since Kubernetes 1.30.
func stretched(req issuer.Request) (life time.Duration, asked bool) {
	ofPreset := req.Settings["extended"] == true && req.Lifetime == year
	if req.Lifetime != defaultExpiration && !ofPreset {
		return 0, false
	}
	for _, a := range audience(req) {
		if a != self(req) {
			return defaultExpiration, true
		}
	}
	switch req.Service {
	case "aks":
		return defaultExpiration, true
	case "eks":
		return 90 * day, true
	}
	return year, true
}

// uid makes the uid of an object from its name, in the layout of the random ones that API servers give out.
func uid(kind, namespace, name string) string {
	if kind == "node" {
		namespace = "" // nodes belong to none
	}
	b := sha256.Sum256([]byte(kind + "/" + namespace + "/" + name))
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
