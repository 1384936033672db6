package kubernetes

import (
	"fmt"
	"strings"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/kubernetes/apiserver"
)

// claims derives what an API server says about a service account. The names come from sub, from the members of
// kubernetes.io, or else from the preset's settings namespace, serviceaccount, pod, node and secret.
func claims(req issuer.Request) (issuer.Claims, error) {
	names, err := readNames(req)
	if err != nil {
		return nil, err
	}
	about := map[string]any{"namespace": names["namespace"]}
	for _, kind := range apiserver.Kinds() {
		if name := names[kind]; name != "" {
			about[kind] = map[string]any{"name": name, "uid": apiserver.UID(kind, names["namespace"], name)}
		}
	}
	own := issuer.Claims{
		"aud":                audience(req),
		"sub":                apiserver.UserPrefix + names["namespace"] + ":" + names["serviceaccount"],
		apiserver.BoundClaim: about,
	}
	if life, asked := stretched(req); names["pod"] != "" && asked {
		own["exp"] = req.Now.Unix() + int64(life/time.Second)
		if life > apiserver.DefaultExpiration {
			about["warnafter"] = req.Now.Unix() + int64(apiserver.DefaultExpiration/time.Second)
		}
	}
	return own, nil
}

// readNames returns the namespace and the name of each kind of object. A claim of the wrong type is an error only while
// sub must be made from it.
func readNames(req issuer.Request) (map[string]string, error) {
	names := map[string]string{"namespace": issuer.Text(req.Settings, "namespace")}
	for _, kind := range apiserver.Kinds() {
		names[kind] = issuer.Text(req.Settings, kind)
	}
	_, given := req.Claims["sub"]
	if account, ok := strings.CutPrefix(issuer.Text(req.Claims, "sub"), apiserver.UserPrefix); ok {
		if namespace, name, ok := strings.Cut(account, ":"); ok {
			names["namespace"], names["serviceaccount"] = namespace, name
		}
	}
	about, err := object(req.Claims, apiserver.BoundClaim, apiserver.BoundClaim)
	if err != nil && !given {
		return nil, err
	}
	if err := setText(names, "namespace", about["namespace"], apiserver.BoundClaim+".namespace"); err != nil && !given {
		return nil, err
	}
	for _, kind := range apiserver.Kinds() {
		claim := apiserver.BoundClaim + "." + kind
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

// audience is always an array, unless a claim says otherwise. Without a wish it is the preset's setting audience, or
// else the API server's own: the issuer.
func audience(req issuer.Request) []any {
	switch given := req.Claims["aud"].(type) {
	case nil:
	case []any:
		return given
	default:
		return []any{given} // the payload gets it as it was given
	}
	if len(req.Audience) == 0 {
		if preset := issuer.Text(req.Settings, "audience"); preset != "" {
			return []any{preset}
		}
		return []any{self(req)}
	}
	return issuer.AudienceArray(req.Audience)
}

// self is the token's iss, which is also the API server's default audience.
func self(req issuer.Request) string {
	if iss, ok := req.Claims["iss"].(string); ok {
		return iss
	}
	return req.Issuer
}

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// stretched returns the life of a pod's token that was asked for with the default expiration, and whether it was: a
// year for no audience but the API server's own (90 days as seen on EKS), as asked for any other, and always on AKS,
// where the extension has been off since Kubernetes 1.30.
func stretched(req issuer.Request) (life time.Duration, asked bool) {
	ofPreset := req.Settings["extended"] == true && req.Lifetime == year
	if req.Fixed || req.Lifetime != apiserver.DefaultExpiration && !ofPreset {
		return 0, false
	}
	for _, a := range audience(req) {
		if a != self(req) {
			return apiserver.DefaultExpiration, true
		}
	}
	switch req.Service {
	case "aks":
		return apiserver.DefaultExpiration, true
	case "eks":
		return 90 * day, true
	}
	return year, true
}
