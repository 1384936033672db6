package entra

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// exchange is one token request on its way through the checks.
type exchange struct {
	server *Server
	ctx    context.Context
	method string
	base   base
	now    time.Time
	form   form
	bad    string // why the form cannot be read; "": it can
	basic  bool   // the client sent an Authorization: Basic header
	tenant string // as in the URL
	v1     bool   // the v1.0 endpoint
	policy string // of a B2C tenant, as it has it; "": none
	random randomness

	// Found by the checks, in their order.
	view      directory.View         // of the tenant
	app       *directory.Application // the client, as it has spread
	assertion *assertion

	isCertificate bool                    // the assertion is the client's own
	byEntra       bool                    // the assertion is a token of a tenant of this directory
	candidates    []*directory.Credential // those that agree with what was compared so far
	keys          *issuerKeys
	freshKeys     bool
	issuerSince   time.Time // when the issuer was first asked for; zero: it is this server
	resource      resource

	// Of an examination; a server lacks nothing.
	lacking need                                     // what is not known
	unknown map[*directory.Credential]map[Field]bool // what is not known of the credentials

	signIn SignIn
}

// randomness is what one answer needs of it, read at once.
type randomness struct {
	trace, correlation [16]byte
	aio                [23]byte
	rh                 [30]byte
	ftd                [32]byte
	cookie             [24]byte
	nonce              [32]byte // of tokens for Microsoft Graph
}

// read fills it. Ids are no secrets, so a reader that fails is replaced by the
// system's, which cannot.
func (r *randomness) read(from io.Reader) {
	for _, part := range [][]byte{r.trace[:], r.correlation[:], r.aio[:], r.rh[:], r.ftd[:], r.cookie[:], r.nonce[:]} {
		if _, err := io.ReadFull(from, part); err != nil {
			_, _ = rand.Read(part)
		}
	}
	// Version 4 GUIDs; Entra's trace ids nearly always end in 00.
	for _, id := range []*[16]byte{&r.trace, &r.correlation} {
		id[6] = id[6]&0x0f | 0x40
		id[8] = id[8]&0x3f | 0x80
	}
	r.trace[15] = 0
}

// uti is the token's id: the trace id in .NET's byte order, in base64url. That it
// equals the sign-in log's uniqueTokenIdentifier is documented, the encoding is inferred.
func (r *randomness) uti() string {
	b := r.trace
	binary.LittleEndian.PutUint32(b[0:4], binary.BigEndian.Uint32(r.trace[0:4]))
	binary.LittleEndian.PutUint16(b[4:6], binary.BigEndian.Uint16(r.trace[4:6]))
	binary.LittleEndian.PutUint16(b[6:8], binary.BigEndian.Uint16(r.trace[6:8]))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// endpoint is a token endpoint.
type endpoint struct {
	tenant, policy string // as in the URL; "": no policy
	v1             bool
}

// begin reads a token request, and the time. It is nil for a policy that the tenant does not have.
func (s *Server) begin(r *http.Request, at endpoint) *exchange {
	x := &exchange{server: s, ctx: r.Context(), method: r.Method, base: baseOf(r), now: s.now(), tenant: at.tenant, v1: at.v1}
	if at.policy != "" {
		if tenant := s.directory.View(at.tenant, x.now).Tenant; tenant != nil {
			x.policy = tenant.B2CPolicy(at.policy)
		}
		if x.policy == "" {
			return nil
		}
	}
	if r.Method == http.MethodPost {
		x.form, x.bad = readForm(r)
	}
	var name string
	if name, _, x.basic = r.BasicAuth(); x.basic && x.form.clientID == "" {
		x.form.clientID = name // of client_secret_basic, which the discovery document lists
	}
	return x
}

// serveToken answers POST /{tenant}/oauth2/v2.0/token, /{tenant}/oauth2/token and those of B2C policies.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request, at endpoint) {
	x := s.begin(r, at)
	if x == nil {
		http.NotFound(w, r) // what B2C answers for an unknown policy is not known
		return
	}
	x.random = s.randomness()
	traceID := uuid.UUID(x.random.trace).String()
	correlation, given := correlationID(r, x.form)
	if !given {
		correlation = uuid.UUID(x.random.correlation).String()
	}
	x.signIn = SignIn{
		Time: x.now, TraceID: traceID, CorrelationID: correlation, Tenant: HideTokens(at.tenant),
		IPAddress: hostname(r.RemoteAddr), Agent: HideTokens(r.UserAgent()),
		ClientID: HideTokens(x.form.clientID), GrantType: HideTokens(x.form.grantType), Scope: HideTokens(x.form.scope),
		Status: http.StatusOK, Checks: make([]Check, 0, len(checks)),
	}

	header := w.Header()
	x.commonHeaders(header, traceID)
	if r.Method == http.MethodOptions { // what a browser asks first; that the answer is empty is inferred
		header.Set("Content-Length", "0")
		return
	}
	if given && r.Header.Get("return-client-request-id") == "true" {
		header.Set("client-request-id", correlation)
	}
	in := s.ask(w, Asked{Request: r, Token: true, ClientID: x.form.clientID, Tenant: at.tenant})
	if x.signIn.Injected = in.Faults; s.answered(w, x, in) {
		return
	}
	if len(in.Faults) > 0 {
		x.now = s.now() // it may have been held back
	}
	if s.throttled(at.tenant, x.form.clientID, x.now) {
		s.refuseThrottled(w, x)
		return
	}
	if in.Code == 0 && x.bad == "" && slices.Contains(otherGrants, x.form.grantType) {
		s.refuseGrant(w, x)
		return
	}

	var body []byte
	var refusal *Error
	if in.Code != 0 {
		refusal = x.injected(in)
	} else {
		refusal = x.run()
	}
	if refusal != nil {
		row, _ := Lookup(refusal.Code)
		x.signIn.Code, x.signIn.Status, x.signIn.Error = refusal.Code, row.Status, row.OAuth
		body = refusal.render(row.OAuth, x.base.url, x.now, traceID, correlation)
	} else {
		x.signIn.UTI = x.random.uti()
		token, err := x.issue()
		if err != nil {
			// Only a broken Config.NewKey leads here: there is no key to sign with.
			s.log.ErrorContext(r.Context(), "no access token", "error", err)
			x.signIn.UTI, x.signIn.Status = "", http.StatusInternalServerError
			s.record(x.signIn)
			http.Error(w, "entra: no signing key", http.StatusInternalServerError)
			return
		}
		if x.form.telemetry {
			header.Set("x-ms-clitelem", "1,0,0,,")
		}
		body = x.answer(token)
	}
	x.signIn.Duration = max(0, s.now().Sub(x.signIn.Time)) // the clock may have been set back meanwhile
	s.record(x.signIn)
	if s.log.Enabled(r.Context(), slog.LevelDebug) {
		s.log.DebugContext(r.Context(), "token request",
			"tenant", HideTokens(at.tenant), "client", HideTokens(x.form.clientID), "code", x.signIn.Code,
			"iss", x.signIn.Issuer, "sub", x.signIn.Subject, "aud", x.signIn.Audience, "kid", x.signIn.KeyID)
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(x.signIn.Status)
	_, _ = w.Write(body) // the client may have gone away
}

// answer is the body with an access token: numbers at the v2.0 endpoint, strings at the v1.0 one.
func (x *exchange) answer(token string) []byte {
	lifetime := x.lifetime()
	in := strconv.Itoa(int(lifetime/time.Second) - 1)
	body := make([]byte, 0, len(token)+256)
	if !x.v1 {
		body = append(body, `{"token_type":"Bearer","expires_in":`+in+`,"ext_expires_in":`+in+`,"access_token":"`...)
		return append(append(body, token...), `"}`...)
	}
	seconds := func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
	return append(body, marshal(struct {
		Type      string `json:"token_type"`
		In        string `json:"expires_in"`
		ExtIn     string `json:"ext_expires_in"`
		On        string `json:"expires_on"`
		NotBefore string `json:"not_before"`
		Resource  string `json:"resource"`
		Token     string `json:"access_token"`
	}{"Bearer", in, in, seconds(x.now.Add(lifetime)), seconds(x.now.Add(-tokenBackdated)), x.resource.name, token})...)
}

// commonHeaders are those recorded at the token endpoint, on success and error alike.
func (x *exchange) commonHeaders(h http.Header, traceID string) {
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("Pragma", "no-cache")
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Expires", "-1")
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("P3P", `CP="DSP CUR OTPi IND OTRi ONL FIN"`)
	h.Set("x-ms-request-id", traceID)
	h.Set("x-ms-ests-server", serverVersion)
	h.Set("X-XSS-Protection", "0")
	h["Set-Cookie"] = []string{
		"fpc=" + base64.RawURLEncoding.EncodeToString(x.random.cookie[:]) +
			"; expires=" + x.now.UTC().AddDate(0, 0, 30).Format(http.TimeFormat) + "; path=/; secure; HttpOnly; SameSite=None",
		"x-ms-gateway-slice=estsfd; path=/; secure; samesite=none; httponly",
		"stsservicecookie=estsfd; path=/; secure; samesite=none; httponly",
	}
}

// serverVersion is a value of x-ms-ests-server that was recorded.
const serverVersion = "2.1.14357.7 - EUS ProdSlices"
