package sigv4

import (
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Key is an access key. It prints as its id.
type Key struct {
	ID      string
	Secret  string
	Session string // the session token of a temporary key; empty: the key is a user's own
}

// NewKey makes a key from random bytes. Temporary ones, such as a role's, have another prefix and a session token.
func NewKey(random io.Reader, temporary bool) (Key, error) {
	var raw [10 + 30 + 96]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return Key{}, fmt.Errorf("sigv4: key: %w", err)
	}
	key := Key{
		ID:     "AKIA" + base32.StdEncoding.EncodeToString(raw[:10]),
		Secret: base64.StdEncoding.EncodeToString(raw[10:40]),
	}
	if temporary {
		key.ID = "ASIA" + key.ID[4:]
		key.Session = "IQoJb3JpZ2luX2VjE" + base64.StdEncoding.EncodeToString(raw[40:])
	}
	return key, nil
}

// Env is how AWS's tools take the key, a region and the endpoint of all services from the environment.
func (k Key) Env(region, endpoint string) map[string]string {
	env := map[string]string{
		"AWS_ACCESS_KEY_ID":         k.ID,
		"AWS_SECRET_ACCESS_KEY":     k.Secret,
		"AWS_REGION":                region,
		"AWS_DEFAULT_REGION":        region, // the AWS CLI and boto3 read this one, the other SDKs the first
		"AWS_ENDPOINT_URL":          endpoint,
		"AWS_EC2_METADATA_DISABLED": "true",
	}
	if k.Session != "" {
		env["AWS_SESSION_TOKEN"] = k.Session
	}
	return env
}

// FromEnv is the key that Env wrote.
func FromEnv(env map[string]string) Key {
	return Key{ID: env["AWS_ACCESS_KEY_ID"], Secret: env["AWS_SECRET_ACCESS_KEY"], Session: env["AWS_SESSION_TOKEN"]}
}

// String keeps the secret out of prints.
func (k Key) String() string { return "access key " + k.ID }

// GoString is String.
func (k Key) GoString() string { return k.String() }

// LogValue keeps the secret out of logs.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.ID) }

// Scope is where a signature is good.
type Scope struct {
	Region, Service string
}

func (s Scope) on(day string) string {
	return day + "/" + s.Region + "/" + s.Service + "/" + terminator
}

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	timeLayout = "20060102T150405Z"
	dayLayout  = "20060102"
	tolerance  = 15 * time.Minute
)
