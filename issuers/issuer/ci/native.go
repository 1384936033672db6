package ci

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// NewSecret makes the credential of a job: 32 random bytes in hexadecimal. The real ones are tokens with a form of
// their own.
func NewSecret(random io.Reader) (string, error) {
	secret := make([]byte, 32)
	if _, err := io.ReadFull(random, secret); err != nil {
		return "", fmt.Errorf("make a credential: %w", err)
	}
	return hex.EncodeToString(secret), nil
}

// Answer writes a JSON value, which is made of strings and numbers, in one line without an end.
func Answer(w http.ResponseWriter, contentType string, status int, value any) {
	text, err := json.Marshal(value)
	if err != nil { // of strings and numbers: cannot happen
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client has gone; there is nobody to tell
}
