package faults

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
)

// EntraError has Entra refuse a request with an AADSTS code, whatever the checks would say. None of them is made.
type EntraError struct {
	Code   Code              `json:"code" about:"such as AADSTS700213 or 700213: one that the emulator answers"`
	Values map[string]string `json:"values" about:"of the text's placeholders, over what the request says"`

	When
}

// Code is an AADSTS code as text, with or without its prefix.
type Code string

// UnmarshalJSON reads text or a number.
func (c *Code) UnmarshalJSON(raw []byte) error {
	var number json.Number
	if err := json.Unmarshal(raw, &number); err == nil {
		*c = Code(number)
		return nil
	}
	return json.Unmarshal(raw, (*string)(c))
}

// Name is the fault's in scenarios.
func (EntraError) Name() string { return "error" }

func (f EntraError) inject() (inject, error) {
	text := string(f.Code)
	for _, prefix := range []string{"AADSTS", "AADB2C"} {
		text = strings.TrimPrefix(text, prefix)
	}
	number, err := strconv.Atoi(text)
	code, known := entra.Lookup(number)
	switch {
	case f.Code == "":
		return nil, fmt.Errorf("code is missing: want one that Entra answers, such as AADSTS700213")
	case err != nil, !known:
		return nil, fmt.Errorf("code %q: it is none that the emulator knows; want one such as AADSTS700213", f.Code)
	case !code.Answered:
		return nil, fmt.Errorf("code %q: the emulator never answers it: %s", f.Code, code.Reason)
	}
	for _, name := range code.Unfilled() {
		if _, given := f.Values[name]; !given {
			return nil, fmt.Errorf("code %s: its text has a placeholder that no request fills; want values.%s", code.Name(), name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Values)) {
		if !strings.Contains(code.Message, "{"+name+"}") {
			return nil, fmt.Errorf("values.%s: the text of %s has no such placeholder: %s", name, code.Name(), code.Message)
		}
	}
	return func(http.ResponseWriter, *http.Request) entra.Injection {
		return entra.Injection{Code: number, Values: f.Values}
	}, nil
}
