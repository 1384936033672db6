package document

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Duration is a time.Duration that JSON has as text, "10m" or "1h30m", and that may also be given as a number of
// seconds.
type Duration time.Duration

// String is the shortest text that Go reads back: 10m, and not 10m0s.
func (d Duration) String() string {
	text := time.Duration(d).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// MarshalJSON writes the text.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads text or a number of seconds. The error says what a duration is.
func (d *Duration) UnmarshalJSON(raw []byte) error {
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return err
	}
	switch value := value.(type) {
	case string:
		read, err := time.ParseDuration(value)
		if err != nil {
			return fmt.Errorf("want a duration such as \"10m\" or a number of seconds, got %q", value)
		}
		*d = Duration(read)
		return nil
	case float64:
		const most = float64(1<<63-1) / float64(time.Second)
		if value > most || value < -most {
			return fmt.Errorf("want a duration of less than 292 years, got %s seconds", raw)
		}
		*d = Duration(value * float64(time.Second))
		return nil
	}
	return fmt.Errorf("want a duration such as \"10m\" or a number of seconds, got %s", raw)
}
