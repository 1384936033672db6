package entra

import (
	"encoding/json"

	"github.com/issuerd/issuerd/harness/document"
)

// MarshalJSON writes the duration as text, "5ms".
func (s SignIn) MarshalJSON() ([]byte, error) { return json.Marshal(s.inJSON()) }

// UnmarshalJSON reads the duration as text or as a number of seconds.
func (s *SignIn) UnmarshalJSON(raw []byte) error { return json.Unmarshal(raw, s.inJSON()) }

// inJSON is the sign-in with its duration as JSON has it.
func (s *SignIn) inJSON() any {
	type plain SignIn
	return &struct {
		*plain
		Duration *document.Duration `json:"duration"`
	}{(*plain)(s), (*document.Duration)(&s.Duration)}
}
