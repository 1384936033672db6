package entra_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra"
)

// evidence is all there is to know about a request that is about to be sent, whose body can be read again. nil: the
// issuer's answers to an examination would be counted, or hang.
func (r *rig) evidence(req *http.Request) *entra.Evidence {
	if req.Body == nil || r.issuer == nil {
		return nil
	}
	r.issuer.mu.Lock()
	defer r.issuer.mu.Unlock()
	if r.issuer.hold != nil {
		return nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil // a body that breaks off, on purpose
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	copied := req.Clone(context.Background())
	copied.Body = io.NopCloser(bytes.NewReader(body))
	quiet := newIssuer(r.issuer.url)
	quiet.discovery, quiet.jwks, quiet.elsewhere = r.issuer.discovery, r.issuer.jwks, r.issuer.elsewhere
	return &entra.Evidence{Time: r.clock(), Request: copied, Directory: r.dir, Client: &http.Client{Transport: quiet}}
}

// examined compares what an examination of the same request finds with what the server did. Keys that the server holds
// are not known to an examination, which fetches them.
func (r *rig) examined(e *entra.Evidence, signIn entra.SignIn) {
	notChecked := signIn.Code == 0 && signIn.Status != http.StatusOK // throttled, or a grant that is not emulated
	if e == nil || notChecked || len(signIn.Checks) == 0 {
		return
	}
	r.t.Helper()
	cached := slices.ContainsFunc(signIn.Checks, func(c entra.Check) bool {
		return c.Name == "issuer metadata" && c.Note != ""
	})
	if cached || slices.ContainsFunc(signIn.Checks, func(c entra.Check) bool { return strings.Contains(c.Note, "newIssuerDelay") }) {
		return
	}
	found, err := entra.Examine(context.Background(), *e)
	if err != nil {
		r.t.Errorf("examination: %v", err)
		return
	}
	if place, ok := entra.PlaceOf(signIn.Code); signIn.Code != 0 && !severalPlaces[signIn.Code] && place.Check != signIn.Checks[len(signIn.Checks)-1].Name {
		r.t.Errorf("code %d: its place is at %q (%t), and it was answered at %q", signIn.Code, place.Check, ok, signIn.Checks[len(signIn.Checks)-1].Name)
	}
	if found.SignIn.Code != signIn.Code {
		r.t.Errorf("the examination has code %d, the server %d", found.SignIn.Code, signIn.Code)
	}
	got := slices.Clone(found.SignIn.Checks)
	for i := range got {
		got[i].Compared = slices.DeleteFunc(slices.Clone(got[i].Compared), func(c entra.Comparison) bool { return c.Aside })
		if len(got[i].Compared) == 0 {
			got[i].Compared = nil
		}
	}
	want := slices.Clone(signIn.Checks)
	for i := range want {
		if len(want[i].Compared) == 0 {
			want[i].Compared = nil
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("checks of the server (-) and of the examination (+):\n%s", diff)
	}
}

// severalPlaces are the codes that more than one check answers.
var severalPlaces = map[int]bool{7000216: true, 900144: true, 9002313: true, 700236: true}
