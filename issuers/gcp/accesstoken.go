package gcp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// cloudPlatform is the scope of every API of Google Cloud, and the one that the workload's account has.
const cloudPlatform = "https://www.googleapis.com/auth/cloud-platform"

// credentialScopes allow calls of the IAM Credentials API.
var credentialScopes = []string{cloudPlatform, "https://www.googleapis.com/auth/iam"}

// Access tokens live for an hour. The metadata server gives the same one until it has five minutes left (inferred).
const (
	accessLife  = time.Hour
	accessSpare = 5 * time.Minute
)

// accessPrefix begins the access tokens of service accounts.
const accessPrefix = "ya29.c."

// accessTokens makes and checks access tokens. They are opaque to everybody else and carry what is to be known about
// them under a MAC, so that any number of them needs no memory.
type accessTokens struct {
	key  []byte
	rand io.Reader
	now  func() time.Time

	mu   sync.Mutex
	last map[string]string // by scopes: what the metadata server gave last
}

// maxLast bounds the scopes for which the metadata server remembers a token.
const maxLast = 100

func newAccessTokens(rand io.Reader, now func() time.Time) (*accessTokens, error) {
	key := make([]byte, sha256.Size)
	if _, err := io.ReadFull(rand, key); err != nil {
		return nil, fmt.Errorf("gcp: key of the access tokens: %w", err)
	}
	return &accessTokens{key: key, rand: rand, now: now, last: map[string]string{}}, nil
}

// access is what an access token stands for.
type access struct {
	account string // whose it is, the e-mail address
	scopes  []string
	expires time.Time
}

// mayCall tells whether the token is good for the IAM Credentials API.
func (a access) mayCall() bool {
	return slices.ContainsFunc(a.scopes, func(scope string) bool { return slices.Contains(credentialScopes, scope) })
}

// issue makes a token.
func (t *accessTokens) issue(account string, scopes []string, life time.Duration) (string, access, error) {
	expires := t.now().Add(life).Truncate(time.Second)
	body := make([]byte, 16, 256)
	if _, err := io.ReadFull(t.rand, body); err != nil {
		return "", access{}, fmt.Errorf("gcp: access token: %w", err)
	}
	body = binary.BigEndian.AppendUint64(body, uint64(expires.Unix()))
	body = append(body, strings.Join(append([]string{account}, scopes...), " ")...)
	raw := append(t.mac(body), body...)
	return accessPrefix + base64.RawURLEncoding.EncodeToString(raw), access{account, scopes, expires}, nil
}

// current is the metadata server's token of an account for some scopes: the last one while it has time left.
func (t *accessTokens) current(account string, scopes []string) (string, access, error) {
	key := strings.Join(scopes, " ")
	t.mu.Lock()
	defer t.mu.Unlock()
	if token, ok := t.last[key]; ok {
		if a, valid := t.read(token); valid && a.expires.Sub(t.now()) > accessSpare {
			return token, a, nil
		}
	}
	token, a, err := t.issue(account, scopes, accessLife)
	if err == nil {
		if len(t.last) >= maxLast {
			clear(t.last)
		}
		t.last[key] = token
	}
	return token, a, err
}

// read tells what a token stands for, and whether it is one of these at all; it may have expired.
func (t *accessTokens) read(token string) (access, bool) {
	encoded, ok := strings.CutPrefix(token, accessPrefix)
	if !ok {
		return access{}, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || len(raw) < sha256.Size+16+8 {
		return access{}, false
	}
	sum, body := raw[:sha256.Size], raw[sha256.Size:]
	if !hmac.Equal(sum, t.mac(body)) {
		return access{}, false
	}
	expires := time.Unix(int64(binary.BigEndian.Uint64(body[16:])), 0)
	account, scopes, _ := strings.Cut(string(body[24:]), " ")
	return access{account, strings.Fields(scopes), expires}, true
}

func (t *accessTokens) mac(body []byte) []byte {
	mac := hmac.New(sha256.New, t.key)
	mac.Write(body)
	return mac.Sum(nil)
}
