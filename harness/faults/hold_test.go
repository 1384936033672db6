package faults_test

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness"
	"github.com/issuerd/issuerd/harness/faults"
)

const keySet = "https://token.actions.githubusercontent.com/.well-known/jwks"

// TestDelayOnASocket has a client wait for a document on a connection, in a farm whose clock only the test moves.
func TestDelayOnASocket(t *testing.T) {
	t.Parallel()
	farm := harness.New(t, harness.WithFrozenClock())
	iss := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	iss.MustSetFault(faults.Delay{Document: "jwks", By: "1h"})
	before, status := farm.Now(), make(chan int)
	go func() {
		resp, err := farm.Client().Get(keySet)
		if err != nil {
			status <- 0
			return
		}
		_ = resp.Body.Close()
		status <- resp.StatusCode
	}()
	for { // the fault may have met the request and not have looked at the clock yet: then it waits for another hour
		select {
		case got := <-status:
			if got != http.StatusOK || farm.Now().Sub(before) < time.Hour {
				t.Errorf("status %d, %s later", got, farm.Now().Sub(before))
			}
			return
		default:
			inForce, err := iss.Faults()
			if err != nil {
				t.Fatal(err)
			}
			if inForce[0].Hits > 0 {
				farm.MustAdvance(time.Hour)
			}
			runtime.Gosched()
		}
	}
}

// TestStallOnASocket has a client read half of a document, and then nothing until the fault ends.
func TestStallOnASocket(t *testing.T) {
	t.Parallel()
	farm := harness.New(t)
	iss := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	iss.MustSetFault(faults.Stall{Document: "jwks", After: "half"})
	resp, err := farm.Client().Get(keySet)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	half := make([]byte, resp.ContentLength/2)
	if _, err := io.ReadFull(resp.Body, half); err != nil || !strings.HasPrefix(string(half), "{") {
		t.Fatalf("half of the document: %q, error %v", half, err)
	}
	if err := iss.ClearFault("stall"); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("then came %q without an error", rest)
	}
}

// TestEntraDoesNotWait has Entra told at once what it would wait for, and say so in its record.
func TestEntraDoesNotWait(t *testing.T) {
	t.Parallel()
	farm := harness.New(t)
	iss := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	app := farm.MustAddApp("deployer", harness.Credential{Name: "main", Issuer: iss.URL, Subject: subject})
	for want, fault := range map[string]harness.Fault{
		"a fault holds it back for 45s":   faults.Delay{By: "45s"},
		"a fault holds it back for good:": faults.Stall{After: "half"},
	} {
		iss.MustSetFaults(fault)
		if code, _ := signIn(t, farm, app, iss); code != 501661 {
			t.Errorf("%T: AADSTS%d, want 501661", fault, code)
		}
		signIns := farm.SignIns()
		fetched := signIns[len(signIns)-1].Fetched
		if len(fetched) != 1 || !strings.Contains(fetched[0].Error, want) {
			t.Errorf("%T: fetched %+v, want an error that says %q", fault, fetched, want)
		}
	}
	iss.MustSetFaults(faults.Delay{By: "1ms"}) // which it waits for
	if code, _ := signIn(t, farm, app, iss); code != 0 {
		t.Errorf("a short delay: AADSTS%d, want a sign-in", code)
	}
}

// TestNextHandshake has a bad certificate shown to the next client alone.
func TestNextHandshake(t *testing.T) {
	t.Parallel()
	farm := harness.New(t)
	iss := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	app := farm.MustAddApp("deployer", harness.Credential{Name: "main", Issuer: iss.URL, Subject: subject})
	iss.MustSetFault(faults.TLS{Certificate: "self-signed", When: faults.When{Times: 1}})
	for n, want := range []int{501661, 0} {
		if code, _ := signIn(t, farm, app, iss); code != want {
			t.Errorf("sign-in %d: AADSTS%d, want %d", n+1, code, want)
		}
	}
	if inForce, err := iss.Faults(); err != nil || len(inForce) != 1 || inForce[0].Hits != 1 {
		t.Errorf("faults %+v, error %v, want one hit", inForce, err)
	}
}

// TestStallEndsWithTheFarm closes a farm that holds an answer back: the client is let go.
func TestStallEndsWithTheFarm(t *testing.T) {
	t.Parallel()
	farm := harness.New(t)
	farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"}).MustSetFault(faults.Stall{After: "headers"})
	resp, err := farm.Client().Get(keySet)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := farm.Close(); err != nil {
		t.Error(err)
	}
	if rest, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("then came %q without an error", rest)
	}
}

// TestNativeDelayEndsWithTheFault clears a fault that holds an answer of a token API back: the answer comes.
func TestNativeDelayEndsWithTheFault(t *testing.T) {
	t.Parallel()
	farm := harness.New(t, harness.WithFrozenClock())
	iss := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	job := iss.MustStartWorkload(harness.WorkloadSpec{})
	iss.MustSetFault(faults.NativeDelay{By: "1h"})
	ask, err := http.NewRequestWithContext(t.Context(), http.MethodGet, job.Env["ACTIONS_ID_TOKEN_REQUEST_URL"]+"&audience=x", nil)
	if err != nil {
		t.Fatal(err)
	}
	ask.Header.Set("Authorization", "Bearer "+job.Env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
	status := make(chan int)
	go func() {
		resp, err := farm.Client().Do(ask)
		if err != nil {
			status <- 0
			return
		}
		_ = resp.Body.Close()
		status <- resp.StatusCode
	}()
	for hits := 0; hits == 0; runtime.Gosched() {
		inForce, err := iss.Faults()
		if err != nil {
			t.Fatal(err)
		}
		hits = inForce[0].Hits
	}
	if err := iss.ClearFault("native-delay"); err != nil {
		t.Fatal(err)
	}
	if got := <-status; got != http.StatusOK {
		t.Errorf("status %d, want 200", got)
	}
}
