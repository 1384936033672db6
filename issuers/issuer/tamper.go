package issuer

import (
	"bytes"
	"context"
	"crypto"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
)

// Tamper is what a fault changes in an issuer. A nil field changes nothing. All functions must be safe for concurrent
// use.
type Tamper struct {
	// Name is the fault's, and Parameters are what it was made with, for those who list the faults in force. Nobody
	// changes them.
	Name       string
	Parameters map[string]any

	// Covers tells which documents Serve, Document and Send are about, "discovery" or "jwks"; nil: both.
	Covers func(document string) bool
	// Meets is asked before each other function is called, once for every request, token and handshake that the fault is
	// about, and may count them; without it, the fault meets them all. So a fault has one other function.
	Meets func(Asked) bool

	// Serve may answer a request for a document itself, or hold it back; it returns whether it answered.
	Serve func(document string, w http.ResponseWriter, r *http.Request) bool
	// Keys changes which of the issuer's keys the JWKS lists, by their Published; they are copies.
	Keys func(keys []Key)
	// Document returns the bytes to serve in place of body; it must not change body.
	Document func(document string, body []byte) ([]byte, error)
	// Send may send a document itself, whose headers are set; it returns whether it did.
	Send func(document string, body []byte, w http.ResponseWriter, r *http.Request) bool
	// Handshake returns what is wrong with the TLS of the hosts of the issuer's documents, in the words of whoever
	// listens there.
	Handshake func() (flaw string)
	// Claims changes the claims before the token is signed.
	Claims func(claims map[string]any)
	// Header changes the JOSE header before the token is signed.
	Header func(header map[string]any)
	// Native may answer a request for the token API of a workload of the issuer's itself, or hold it back; it returns
	// whether it answered.
	Native func(w http.ResponseWriter, r *http.Request) bool
	// Reply returns the body of an answer of that API in place of the one it gives.
	Reply func(body []byte) []byte
	// Token returns the compact token to hand out in place of the signed one.
	Token func(Signed) (string, error)
}

// Signed is a signed token that a fault may replace.
type Signed struct {
	Compact string
	Key     crypto.PublicKey                                 // that verifies it
	Sign    func(input string) (signature []byte, err error) // with the private one, and the algorithm of that
}

// Asked is what a fault knows of who asks.
type Asked struct {
	Request  *http.Request // for a document or a token; nil: it is not known, or there is none
	Workload string        // the id of the workload that asks for a token; empty: none does, or it is not known
	ClientID string        // as in Visit
}

// InForce is a fault that is in force.
type InForce struct {
	Name       string
	Parameters map[string]any // as Tamper has them
	Hits       int            // how many answers and tokens it has changed since it was put in force
}

// SetTampers replaces the faults in force; they apply in order, and each begins to count anew.
func (i *Issuer) SetTampers(list ...Tamper) {
	i.tampers.change(func([]*inForce) []*inForce { return counted(list...) })
}

// SetTamper puts a fault in force in place of those of its name, before the others. They count on.
func (i *Issuer) SetTamper(t Tamper) {
	i.tampers.change(func(before []*inForce) []*inForce { return append(counted(t), without(before, t.Name)...) })
}

// ClearTamper ends the faults of a name, and tells whether there were any.
func (i *Issuer) ClearTamper(name string) (found bool) {
	i.tampers.change(func(before []*inForce) []*inForce {
		after := without(before, name)
		found = len(after) < len(before)
		return after
	})
	return found
}

// Tampers are the faults in force, in the order in which they apply.
func (i *Issuer) Tampers() []InForce {
	list := i.tampers.all()
	out := make([]InForce, len(list))
	for n, f := range list {
		out[n] = InForce{Name: f.Name, Parameters: f.Parameters, Hits: int(f.hits.Load())}
	}
	return out
}

// tampers are the faults of an issuer. A list is replaced, never changed.
type tampers struct {
	mu   sync.Mutex // held by those who change the list
	list atomic.Pointer[[]*inForce]
}

// inForce is a fault that counts what it changes.
type inForce struct {
	Tamper
	hits  atomic.Int64
	ended context.Context // done when it is in force no longer
	end   context.CancelFunc
}

func counted(list ...Tamper) []*inForce {
	out := make([]*inForce, len(list))
	for n, t := range list {
		out[n] = &inForce{Tamper: t}
		out[n].ended, out[n].end = context.WithCancel(context.Background())
	}
	return out
}

func without(list []*inForce, name string) []*inForce {
	return slices.DeleteFunc(slices.Clone(list), func(f *inForce) bool { return f.Name == name })
}

// change puts another list in the place of the one there is, so that of two callers neither loses what it set.
func (t *tampers) change(to func(before []*inForce) []*inForce) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.all()
	after := to(before)
	t.list.Store(&after)
	for _, f := range before {
		if !slices.Contains(after, f) {
			f.end()
		}
	}
}

func (t *tampers) all() []*inForce {
	if list := t.list.Load(); list != nil {
		return *list
	}
	return nil
}

// covers tells whether the fault is about a document.
func (f *inForce) covers(document string) bool { return f.Covers == nil || f.Covers(document) }

// meets tells whether the fault meets a request, or a token that is not for one.
func (f *inForce) meets(r *http.Request, workload string) bool {
	if f.Meets == nil {
		return true
	}
	asked := Asked{Request: r, Workload: workload}
	if v := visitOf(r); v != nil {
		asked.ClientID = v.ClientID
		if workload == "" {
			asked.Workload = v.Workload
		}
	}
	return f.Meets(asked)
}

// hit counts a change, of the answer to a request if there is one.
func (f *inForce) hit(r *http.Request) {
	f.hits.Add(1)
	Inject(r, f.Name)
}

// answers calls what may answer a request in place of the issuer; the request that it is given ends with the fault, so
// that nothing is held back any longer. What says whom it meets has then changed something,
// and what does not, if it answers or drops the connection, as panics do.
func (f *inForce) answers(r *http.Request, answer func(*http.Request) bool) (done bool) {
	if !f.meets(r, "") {
		return false
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(f.ended, cancel)()
	ends := r.WithContext(ctx)
	if f.Meets != nil {
		f.hit(r)
		return answer(ends)
	}
	returned := false
	defer func() {
		if done || !returned {
			f.hit(r)
		}
	}()
	done = answer(ends)
	returned = true
	return done
}

// Native is the token API of one of the issuer's workloads, behind the faults in force.
func (i *Issuer) Native(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, f := range i.tampers.all() {
			if f.Native != nil && f.answers(r, func(r *http.Request) bool { return f.Native(w, r) }) {
				return
			}
		}
		i.tampers.reply(api, w, r)
	})
}

// reply has a token API answer, and the faults change what it says.
func (t *tampers) reply(api http.Handler, w http.ResponseWriter, r *http.Request) {
	var met []*inForce
	for _, f := range t.all() {
		if f.Reply != nil && f.meets(r, "") {
			met = append(met, f)
		}
	}
	if len(met) == 0 {
		api.ServeHTTP(w, r)
		return
	}
	said := &saidReply{ResponseWriter: w, status: http.StatusOK}
	api.ServeHTTP(said, r)
	body := said.body.Bytes()
	for _, f := range met {
		changed := f.Reply(body)
		if !bytes.Equal(changed, body) {
			f.hit(r)
		}
		body = changed
	}
	w.Header().Del("Content-Length")
	w.WriteHeader(said.status)
	_, _ = w.Write(body) // the client has gone; there is nobody to tell
}

// saidReply keeps an answer until all of it has been said.
type saidReply struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader keeps the status.
func (s *saidReply) WriteHeader(status int) { s.status = status }

// Write keeps a part of the body.
func (s *saidReply) Write(part []byte) (int, error) { return s.body.Write(part) }

func (t *tampers) serve(document string, w http.ResponseWriter, r *http.Request) bool {
	for _, f := range t.all() {
		if f.Serve != nil && f.covers(document) && f.answers(r, func(r *http.Request) bool { return f.Serve(document, w, r) }) {
			return true
		}
	}
	return false
}

func (t *tampers) send(document string, body []byte, w http.ResponseWriter, r *http.Request) bool {
	for _, f := range t.all() {
		if f.Send != nil && f.covers(document) && f.answers(r, func(r *http.Request) bool { return f.Send(document, body, w, r) }) {
			return true
		}
	}
	return false
}

// Handshake is what is wrong with the TLS of the hosts of the issuer's documents, as a fault in force has it; empty:
// nothing. The caller shakes hands with a client, which counts.
func (i *Issuer) Handshake() (flaw string) {
	for _, f := range i.tampers.all() {
		if f.Handshake != nil && f.meets(nil, "") {
			f.hit(nil)
			return f.Handshake()
		}
	}
	return ""
}

// ShakesHands tells whether a fault in force is about TLS, so that a client notices it on a new connection only.
func (i *Issuer) ShakesHands() bool {
	return slices.ContainsFunc(i.tampers.all(), func(f *inForce) bool { return f.Handshake != nil })
}

// keys are the keys as the faults in force have them listed for a request, and whether they changed that.
func (t *tampers) keys(all func() []Key, r *http.Request) (keys []Key, changed bool) {
	for _, f := range t.all() {
		if f.Keys == nil || !f.meets(r, "") {
			continue
		}
		if keys == nil {
			keys = all()
		}
		before := slices.Clone(keys)
		if f.Keys(keys); !slices.Equal(before, keys) {
			f.hit(r)
			changed = true
		}
	}
	return keys, changed
}

func (t *tampers) document(document string, body []byte, r *http.Request) ([]byte, error) {
	for _, f := range t.all() {
		if f.Document == nil || !f.covers(document) || !f.meets(r, "") {
			continue
		}
		changed, err := f.Document(document, body)
		if err != nil {
			return nil, fmt.Errorf("issuer: fault on the %s document: %w", document, err)
		}
		if !bytes.Equal(changed, body) {
			f.hit(r)
		}
		body = changed
	}
	return body, nil
}

func (t *tampers) claims(claims map[string]any, req Request) {
	for _, f := range t.all() {
		f.changes(claims, f.Claims, req)
	}
}

func (t *tampers) header(header map[string]any, req Request) {
	for _, f := range t.all() {
		f.changes(header, f.Header, req)
	}
}

// changes has a function of the fault, unless it is nil, change members of a token, and counts if it does.
func (f *inForce) changes(members map[string]any, change func(map[string]any), req Request) {
	if change == nil || !f.meets(req.For, req.Workload) {
		return
	}
	before := maps.Clone(members)
	if change(members); !reflect.DeepEqual(before, members) {
		f.hit(req.For)
	}
}

func (t *tampers) token(compact string, key *issuerKey, req Request) (string, error) {
	sign := func(input string) ([]byte, error) { return key.signer.SignPayload([]byte(input), key.Alg) }
	for _, f := range t.all() {
		if f.Token == nil || !f.meets(req.For, req.Workload) {
			continue
		}
		changed, err := f.Token(Signed{Compact: compact, Key: key.public, Sign: sign})
		if err != nil {
			return "", fmt.Errorf("issuer: fault on the token: %w", err)
		}
		if changed != compact {
			f.hit(req.For)
		}
		compact = changed
	}
	return compact, nil
}
