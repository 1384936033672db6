//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// some returns one of the keys of a map with its value, or "".
func some[V any](k *killed, random *rand.Rand, from map[string]V) (key string, value V) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if keys := slices.Sorted(maps.Keys(from)); len(keys) > 0 {
		key = keys[random.IntN(len(keys))]
	}
	return key, from[key]
}

// takeIssuer returns the URL of one of the issuers, or "", and takes it out of them, so that nobody else changes it.
func (k *killed) takeIssuer(random *rand.Rand) string {
	address, _ := some(k, random, k.jwks)
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, there := k.jwks[address]; !there { // another was faster
		return ""
	}
	delete(k.jwks, address)
	return address
}

// changes are what the workers do, in an order of chance. Each makes a change, and takes it down when it is answered.
func (k *killed) changes(graphToken string) []func(ctx context.Context, random *rand.Rand) error {
	return []func(context.Context, *rand.Rand) error{
		func(ctx context.Context, _ *rand.Rand) error {
			app, err := k.control.AddApplication(ctx, k.world, control.ApplicationSpec{Name: fmt.Sprint("app ", k.next())})
			if err == nil {
				k.note(func() { k.apps[app.Name] = app.ClientID })
			}
			return err
		},
		func(ctx context.Context, _ *rand.Rand) error {
			name := fmt.Sprint("of Graph ", k.next())
			answer, err := k.do(ctx, http.StatusCreated, http.MethodPost, "https://graph.microsoft.com/v1.0/applications", "application/json", graphToken, `{"displayName":"`+name+`"}`)
			if err != nil {
				return err
			}
			var app struct{ AppID string }
			if err := json.Unmarshal(answer, &app); err != nil {
				return err
			}
			k.note(func() { k.graph[name] = app.AppID })
			return nil
		},
		func(ctx context.Context, random *rand.Rand) error {
			app, id := some(k, random, k.apps)
			if app == "" {
				return nil
			}
			name := fmt.Sprint("credential-", k.next())
			_, err := k.control.AddCredential(ctx, k.world, id, directory.Credential{Name: name, Issuer: "https://x.example", Subject: name, Audiences: []string{"api://x"}})
			var refused *control.Error
			if errors.As(err, &refused) && strings.Contains(refused.Message, "the limit") {
				return nil
			}
			if err != nil {
				return err
			}
			k.note(func() {
				if k.credentials[id] == nil {
					k.credentials[id] = map[string]bool{}
				}
				k.credentials[id][name] = true
			})
			if random.IntN(2) == 0 {
				return nil
			}
			k.note(func() { delete(k.credentials[id], name) })
			if err := k.control.RemoveCredential(ctx, k.world, id, name); err != nil {
				return err
			}
			k.note(func() { k.credentials[id][name] = false })
			return nil
		},
		func(ctx context.Context, _ *rand.Rand) error {
			address := fmt.Sprintf("https://i%d.contoso.example", k.next())
			spec := control.IssuerSpec{Platform: "generic", URL: address, Claims: map[string]any{"sub": address}}
			if len(address)%2 == 0 {
				spec.Alg = "ES256"
			}
			if _, err := k.control.AddIssuer(ctx, k.world, spec); err != nil {
				return err
			}
			return k.useIssuer(ctx, address)
		},
		func(ctx context.Context, random *rand.Rand) error {
			address := k.takeIssuer(random)
			if address == "" {
				return nil
			}
			if _, err := k.control.Rotate(ctx, k.world, control.RotateSpec{Issuer: address}); err != nil {
				return err
			}
			return k.useIssuer(ctx, address)
		},
		func(ctx context.Context, random *rand.Rand) error {
			if random.IntN(4) > 0 {
				return nil
			}
			address := k.takeIssuer(random) // for good: its JWKS can't be read any more
			if address == "" {
				return nil
			}
			if _, err := k.control.SetFault(ctx, k.world, control.FaultSpec{Issuer: address, Name: "unreachable"}); err != nil {
				return err
			}
			k.note(func() { k.faults[address] = "unreachable" })
			return nil
		},
		func(ctx context.Context, _ *rand.Rand) error {
			moved, err := k.control.SetClock(ctx, k.world, control.ClockSpec{Advance: control.Duration(time.Second)})
			if err == nil {
				k.note(func() {
					if moved.Now.After(k.clock) {
						k.clock = moved.Now
					}
				})
			}
			return err
		},
		func(ctx context.Context, random *rand.Rand) error {
			world, err := k.control.CreateWorld(ctx, control.WorldSpec{Name: fmt.Sprint("world ", k.next())})
			if err != nil {
				return err
			}
			if random.IntN(2) == 0 {
				k.note(func() { k.worlds[world.ID] = true })
				return nil
			}
			if err := k.control.DeleteWorld(ctx, world.ID); err != nil {
				return err
			}
			k.note(func() { k.worlds[world.ID] = false })
			return nil
		},
		func(ctx context.Context, random *rand.Rand) error {
			journal, err := k.control.Journal(ctx, k.world, control.JournalQuery{})
			if err != nil || len(journal.Entries) == 0 {
				return err
			}
			for range 5 {
				e := journal.Entries[random.IntN(len(journal.Entries))]
				text, err := json.Marshal(e)
				if err != nil {
					return err
				}
				k.note(func() { k.journal[e.Seq] = string(text) })
			}
			return nil
		},
	}
}

// useIssuer takes down the JWKS of an issuer, and a token.
func (k *killed) useIssuer(ctx context.Context, address string) error {
	jwks, err := k.do(ctx, http.StatusOK, http.MethodGet, address+"/.well-known/jwks.json", "", "", "")
	if err != nil {
		return err
	}
	minted, err := k.control.Mint(ctx, k.world, control.MintSpec{Issuer: address})
	if err != nil {
		return err
	}
	k.note(func() { k.jwks[address] = jwks; k.tokens[address] = append(k.tokens[address], minted.Token) })
	return nil
}
