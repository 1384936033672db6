package issuer

import (
	"bytes"
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

	// Covers tells which documents Serve and Document are about, "discovery" or "jwks"; nil: both.
	Covers func(document string) bool
	// Meets is asked before each other function is called, once for every request and token that the fault is about, and
	// may count them; without it, the fault meets them all.
	Meets func(Asked) bool

	// Serve may answer a request for a document itself, or hold it back; it returns whether it answered.
	Serve func(document string, w http.ResponseWriter, r *http.Request) bool
	// Document returns the bytes to serve in place of body; it must not change body.
	Document func(document string, body []byte) ([]byte, error)
	// Header changes the JOSE header before the token is signed.
	Header func(header map[string]any)
	// Native may answer a request for the token API of a workload of the issuer's itself, or hold it back; it returns
	// whether it answered.
	Native func(w http.ResponseWriter, r *http.Request) bool
	// Reply returns the body of an answer of that API in place of the one it gives.
	Reply func(body []byte) []byte
	// Token returns the compact token to hand out in place of the signed one.
	Token func(compact string) (string, error)
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
	hits atomic.Int64
}

func counted(list ...Tamper) []*inForce {
	out := make([]*inForce, len(list))
	for n, t := range list {
		out[n] = &inForce{Tamper: t}
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
	after := to(t.all())
	t.list.Store(&after)
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

// answers calls what may answer a request in place of the issuer. What says whom it meets has then changed something,
// and what does not, if it answers or drops the connection, as panics do.
func (f *inForce) answers(r *http.Request, answer func() bool) (done bool) {
	if !f.meets(r, "") {
		return false
	}
	if f.Meets != nil {
		f.hit(r)
		return answer()
	}
	returned := false
	defer func() {
		if done || !returned {
			f.hit(r)
		}
	}()
	done = answer()
	returned = true
	return done
}

// Native is the token API of one of the issuer's workloads, behind the faults in force.
func (i *Issuer) Native(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, f := range i.tampers.all() {
			if f.Native != nil && f.answers(r, func() bool { return f.Native(w, r) }) {
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
		if f.Serve != nil && f.covers(document) && f.answers(r, func() bool { return f.Serve(document, w, r) }) {
			return true
		}
	}
	return false
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

func (t *tampers) header(header map[string]any, req Request) {
	for _, f := range t.all() {
		if f.Header == nil || !f.meets(req.For, req.Workload) {
			continue
		}
		before := maps.Clone(header)
		if f.Header(header); !reflect.DeepEqual(before, header) {
			f.hit(req.For)
		}
	}
}

func (t *tampers) token(compact string, req Request) (string, error) {
	for _, f := range t.all() {
		if f.Token == nil || !f.meets(req.For, req.Workload) {
			continue
		}
		changed, err := f.Token(compact)
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
