package apiserver_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
)

func TestTokenReview(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "pod", nil)
	long := c.token(tokenPath, `{"expirationSeconds":86400}`)
	short := c.token(tokenPath, `{"expirationSeconds":600}`)
	pod := c.token(tokenPath, `{"expirationSeconds":86400,"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"quick-start"}}`)
	future, err := c.issuer.Mint(issuer.Request{Audience: []string{c.issuer.URL()}, Claims: issuer.Claims{"nbf": start.Add(48 * time.Hour).Unix()}})
	if err != nil {
		t.Fatal(err)
	}
	deleted, err := c.issuer.Mint(issuer.Request{Audience: []string{c.issuer.URL()}, Lifetime: 24 * time.Hour,
		Claims: issuer.Claims{"sub": "system:serviceaccount:default:gone"}})
	if err != nil {
		t.Fatal(err)
	}
	recreated, err := c.issuer.Mint(issuer.Request{Audience: []string{c.issuer.URL()}, Lifetime: 24 * time.Hour,
		Claims: issuer.Claims{"kubernetes.io": map[string]any{"serviceaccount": map[string]any{"uid": "old"}}}})
	if err != nil {
		t.Fatal(err)
	}
	forged := newCluster(t, "pod", nil)
	if _, err := forged.issuer.Rotate(true); err != nil {
		t.Fatal(err)
	}
	unknownKey := forged.token(tokenPath, `{"expirationSeconds":86400}`)
	tampered := long[:strings.LastIndex(long, ".")] + pod[strings.LastIndex(pod, "."):]
	account := payload(t, pod)["kubernetes.io"].(map[string]any)["serviceaccount"].(map[string]any)["uid"]
	c.advance(time.Hour)

	tests := []struct {
		name, token, audiences string
		want                   string // the error; empty: authenticated
	}{
		{"good", pod, `null`, ""},
		{"expired", short, `null`, "[invalid bearer token, service account token has expired]"},
		{"not yet", future.Raw, `null`, "[invalid bearer token, service account token is not valid yet]"},
		{"another audience", long, `["vault"]`,
			`[invalid bearer token, token audiences ["https://contosok8s.blob.core.windows.net/oidc/"] is invalid for the target audiences ["vault"]]`},
		{"no account", deleted.Raw, `null`, `[invalid bearer token, serviceaccounts "gone" not found]`},
		{"another uid", recreated.Raw, `null`, "[invalid bearer token, service account UID (" + account.(string) + ") does not match claim (old)]"},
		{"unknown key", unknownKey, `null`, "[invalid bearer token, invalid signature, no keys found]"},
		{"another's signature", tampered, `null`, "[invalid bearer token, go-jose/go-jose: error in cryptographic primitive]"},
		{"no JWT", "x", `null`, "invalid bearer token"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, out, _ := c.call(http.MethodPost, reviewPath, `{"spec":{"token":"`+tt.token+`","audiences":`+tt.audiences+`}}`)
			status := map[string]any{"user": map[string]any{}, "error": tt.want}
			if tt.want == "" {
				status = map[string]any{"authenticated": true, "audiences": []any{c.issuer.URL()}, "user": podUser(t, pod)}
			}
			if diff := cmp.Diff([]any{http.StatusCreated, status}, []any{code, out["status"]}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("administrator", func(t *testing.T) {
		t.Parallel()
		_, out, _ := c.call(http.MethodPost, reviewPath, `{"spec":{"token":"`+c.bearer+`"}}`)
		want := map[string]any{"authenticated": true, "audiences": []any{c.issuer.URL()}, "user": map[string]any{
			"username": "kubernetes-admin", "groups": []any{"system:masters", "system:authenticated"},
		}}
		if diff := cmp.Diff(want, out["status"]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("self", func(t *testing.T) {
		t.Parallel()
		_, out, _ := c.call(http.MethodPost, selfPath, `{}`, "Authorization", "Bearer "+pod)
		if diff := cmp.Diff(map[string]any{"userInfo": podUser(t, pod)}, out["status"]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// podUser is the user that a pod's token makes.
func podUser(t *testing.T, token string) map[string]any {
	t.Helper()
	claims := payload(t, token)
	about := claims["kubernetes.io"].(map[string]any)
	uid := func(kind string) any { return about[kind].(map[string]any)["uid"] }
	return map[string]any{
		"username": "system:serviceaccount:default:workload-identity-sa", "uid": uid("serviceaccount"),
		"groups": []any{"system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"},
		"extra": map[string]any{
			"authentication.kubernetes.io/credential-id": []any{"JTI=" + claims["jti"].(string)},
			"authentication.kubernetes.io/pod-name":      []any{"quick-start"},
			"authentication.kubernetes.io/pod-uid":       []any{uid("pod")},
			"authentication.kubernetes.io/node-name":     []any{"worker-1"},
			"authentication.kubernetes.io/node-uid":      []any{uid("node")},
		},
	}
}
