package scenario

import (
	"time"
)

// Names are the words a file may use that this package does not know itself.
// A nil field is not checked; an empty one knows no word.
type Names struct {
	// Platforms maps a platform to the names of its presets.
	Platforms map[string][]string
	// Renamed returns the names of a platform and a preset today, given those of any time, and whether they differ. Old
	// ones load, with a warning.
	Renamed func(platform, preset string) (newPlatform, newPreset string, differ bool)
	// Taken are the names of platforms that an issuer which a file defines can't have.
	Taken []string
	// Faults are the names of the faults of issuers, and EntraFaults those of Entra's own.
	Faults, EntraFaults []string
	// Codes reports whether an AADSTS code, such as "AADSTS700213", is known.
	Codes func(code string) bool
	// Rules are those of whoever plays the file.
	Rules Rules
}

// Rules tell what of a file can't be carried out, by the functions that would carry it out. They are asked once what
// they need is known, for each row of cases, and see what the file says: defaults are not filled in. A nil one is not
// checked. An error may be a [*KeyError].
type Rules struct {
	// Unanswered returns why a known code is never the answer; empty: it may be.
	Unanswered func(code string) string
	// Issuer returns the URL of an issuer.
	Issuer func(*Issuer) (url string, err error)
	// Mint validates a mint step; refused says that the platform is to refuse it.
	Mint func(iss *Issuer, mint *Mint, refused bool) error
	// Fault validates the parameters of a fault of an issuer by its name, and EntraFault those of one of Entra's own.
	Fault, EntraFault func(name string, parameters map[string]any) error
	// Clock validates the clock settings of a case, and how far clock steps have moved it on: the last by advance, all
	// together by advanced.
	Clock func(settings ClockSettings, advance, advanced time.Duration) error
	// Host reports whether a call reaches a host, given without a port; the issuer's is always reached.
	Host func(host string) bool
}

// KeyError is an error about one key of a part of a file, such as url of the issuer. It reads as the error in it.
type KeyError struct {
	Key     string // a path such as key.alg; empty: the part as a whole
	Unknown bool   // the key is wrong, and not its value
	Err     error
}

// Error implements error.
func (e *KeyError) Error() string { return e.Err.Error() }

// Unwrap returns the error in it.
func (e *KeyError) Unwrap() error { return e.Err }
