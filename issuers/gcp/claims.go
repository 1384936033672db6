package gcp

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// defaultAccount ends the e-mail address of a project's default Compute Engine account, after the project's number.
const defaultAccount = "-compute@developer.gserviceaccount.com"

// claims derives what Google says about an account. sub and azp follow from each other; so do the project's number and
// the e-mail address of its default account. The preset's settings are sub, azp (only of a person), email and instance.
func claims(req issuer.Request) (issuer.Claims, error) {
	aud, err := audience(req)
	if err != nil {
		return nil, err
	}
	own := issuer.Claims{"aud": aud}
	identify(own, req)
	email, hasEmail := req.Settings["email"].(string)
	if instance, ok := req.Settings["instance"].(map[string]any); ok {
		number, err := projectNumber(req, instance)
		if err != nil {
			return nil, err
		}
		instance = maps.Clone(instance)
		instance["project_number"] = number
		own["google"] = map[string]any{"compute_engine": instance}
		email, hasEmail = fmt.Sprint(number)+defaultAccount, true
	}
	if hasEmail {
		own["email"], own["email_verified"] = email, true
	}
	return own, nil
}

// audience is the one that the request names, as a string.
func audience(req issuer.Request) (string, error) {
	switch len(req.Audience) {
	case 0:
		return "api://AzureADTokenExchange", nil
	case 1:
		return req.Audience[0], nil
	}
	return "", fmt.Errorf("gcp: want one audience, got %d", len(req.Audience))
}

// identify sets sub and azp. A service account's are equal; a person's azp is the client that the person signed in to.
func identify(own issuer.Claims, req issuer.Request) {
	own["sub"] = req.Settings["sub"]
	if client, ok := req.Settings["azp"]; ok {
		own["azp"] = client
		return
	}
	if azp, ok := req.Claims["azp"]; ok {
		own["sub"] = azp
	}
	own["azp"] = own["sub"]
	if sub, ok := req.Claims["sub"]; ok {
		own["azp"] = sub
	}
}

// projectNumber is the one in google.compute_engine, or in the e-mail address of a default account, or else the
// instance's own. Of the wrong type it is an error while email must be made from it.
func projectNumber(req issuer.Request, instance map[string]any) (any, error) {
	email, given := req.Claims["email"]
	google, _ := req.Claims["google"].(map[string]any)
	engine, _ := google["compute_engine"].(map[string]any)
	switch number := engine["project_number"].(type) {
	case nil:
	case string, int, int64, uint64, json.Number:
		return number, nil
	case float64: // what a JSON document or a YAML expression gives
		return int64(number), nil
	default:
		if !given {
			return nil, fmt.Errorf("gcp: claim %q: want a number, got %T %q", "google.compute_engine.project_number", number, fmt.Sprint(number))
		}
	}
	if text, ok := email.(string); ok {
		if digits, ok := strings.CutSuffix(text, defaultAccount); ok {
			if number, err := strconv.ParseInt(digits, 10, 64); err == nil {
				return number, nil
			}
		}
	}
	return instance["project_number"], nil
}
