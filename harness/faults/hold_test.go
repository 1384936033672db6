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
