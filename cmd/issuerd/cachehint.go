package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/plane"
)

// What a change is to Entra, which keeps the keys that it has fetched.
type keyChange int

const (
	unseenKey keyChange = iota // tokens name a key that Entra may not have seen, so that it looks again
	seenKey                    // a key that Entra may have seen is gone, or the documents are other than before
	unreached                  // the documents can't be read
)

// hint says on stderr how long Entra goes on as before, if it may have fetched the keys of one of the issuers, and how
// to have that time pass. What it can't find out it does not say.
func (c *connection) hint(ctx context.Context, stderr io.Writer, change keyChange, issuers ...string) {
	options, ok := c.options(ctx)
	if !ok {
		return
	}
	wait, why := options.KeyCacheTTL, "Entra keeps the keys that it has fetched for %s"
	switch change {
	case unseenKey:
		if options.RefetchInterval < wait {
			wait, why = options.RefetchInterval, "Entra looks for a key that it does not know when those that it has fetched are %s old"
		}
	case unreached:
		wait += options.StaleKeys
	}
	if wait <= 0 || !c.fetched(ctx, wait, issuers) {
		return
	}
	c.sayWait(stderr, why, wait)
}

// hintSpread says on stderr how long Entra's token endpoint sees an application or credential as it was before.
func (c *connection) hintSpread(ctx context.Context, stderr io.Writer, wait func(directory.Options) time.Duration) {
	if options, ok := c.options(ctx); ok && wait(options) > 0 {
		c.sayWait(stderr, "Entra signs in as before the change for %s", wait(options))
	}
}

// propagation is how long a new or removed application or credential is hidden.
func propagation(o directory.Options) time.Duration { return o.PropagationDelay }

// edits is how long a changed credential is hidden.
func edits(o directory.Options) time.Duration { return max(o.PropagationDelay, o.StaleEdits) }

// sayWait says what is so for a time, with %s in its place, and how to have that pass.
func (c *connection) sayWait(stderr io.Writer, what string, wait time.Duration) {
	text := control.Duration(wait).String()
	fmt.Fprintf(stderr, "issuerd: hint: "+what+": issuerd clock advance %s%s\n", text, text, c.worldFlag())
}

// hintPublish says on stderr that nobody can verify what is signed with a key, and how to change that.
func (c *connection) hintPublish(stderr io.Writer, iss string) {
	fmt.Fprintf(stderr, "issuerd: hint: tokens are signed with a key that no JWKS lists: issuerd key publish %s%s\n", iss, c.worldFlag())
}

// worldFlag is the --world of a command that a hint names, with the blank before it.
func (c *connection) worldFlag() string {
	if c.world == control.DefaultWorld {
		return ""
	}
	return " --world " + c.world
}

// options are how the Entra of the world behaves.
func (c *connection) options(ctx context.Context) (directory.Options, bool) {
	file, err := c.Directory(ctx, c.world)
	return file.Options, err == nil
}

// entraAgent is what Entra's own requests say they are.
const entraAgent = "issuerd"

// fetched tells whether Entra has fetched, or may have, the keys of one of the issuers in the last so much time.
func (c *connection) fetched(ctx context.Context, within time.Duration, issuers []string) bool {
	world, err := c.World(ctx, c.world)
	if err != nil {
		return false
	}
	read, err := c.Journal(ctx, c.world, control.JournalQuery{Plane: plane.Issuer, Route: "jwks"})
	if err != nil {
		return false
	}
	return read.Dropped > 0 || slices.ContainsFunc(read.Entries, func(e control.Entry) bool {
		return e.Agent == entraAgent && slices.Contains(issuers, e.Issuer) && world.Now.Sub(e.Time) < within
	})
}
