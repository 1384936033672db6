package input

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The bounds on an input.
const (
	MaxSize   = 32 << 20 // bytes; a Terraform state of 20,000 resources has about 10 MB
	MaxDepth  = 100      // lists and maps inside each other
	MaxValues = 2 << 20  // values in an input of JSON
)

// binaries tells files that are no text by their first bytes.
var binaries = []struct{ magic, what string }{
	{"\x1f\x8b", "a gzip archive"},
	{"PK\x03\x04", "a zip archive"},
	{"\x7fELF", "a program"},
	{"MZ", "a program"},
	{"\x89PNG", "a PNG image"},
	{"\xff\xd8\xff", "a JPEG image"},
	{"GIF8", "a GIF image"},
	{"%PDF", "a PDF document"},
	{"\x30\x82", "DER, as certificates and keys are"},
	{"SQLite format 3", "an SQLite database"},
}

// colours are the escapes of a terminal that set them, and those that move in a line.
var colours = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// text returns what an input says, with \n as its line ends, and what it took to read it. The error says why it is no
// text.
func text(data []byte) (string, []string, error) {
	if len(data) > MaxSize {
		return "", nil, fmt.Errorf("it has %d MB and the limit is %d: give the part that is about the sign-in", len(data)>>20, MaxSize>>20)
	}
	var notes []string
	src := string(data)
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		wide, err := fromUTF16(data)
		if err != nil {
			return "", nil, err
		}
		src, notes = wide, append(notes, "The input is UTF-16, as PowerShell writes it: it was read so.")
	case len(data) > 3 && data[1] == 0 && data[3] == 0 && data[0] != 0:
		wide, err := fromUTF16(append([]byte("\xff\xfe"), data...))
		if err != nil {
			return "", nil, err
		}
		src, notes = wide, append(notes, "The input is UTF-16 without a byte order mark: it was read so.")
	}
	src = strings.TrimPrefix(src, "\ufeff")
	if bad := controls(src); bad > 0 {
		return "", nil, fmt.Errorf("it is binary, %s: give a text", kindOfBinary(data))
	}
	if !utf8.ValidString(src) {
		latin, ok := fromLatin1(src)
		if !ok {
			return "", nil, fmt.Errorf("it is binary, %s: give a text", kindOfBinary(data))
		}
		src, notes = latin, append(notes, "The input is not UTF-8: it was read as Latin-1.")
	}
	src = strings.ReplaceAll(src, "\r\n", "\n")
	src = strings.ReplaceAll(src, "\r", "\n")
	if strings.Contains(src, "\x1b[") {
		src, notes = colours.ReplaceAllString(src, ""), append(notes, "Colours of a terminal were left out.")
	}
	if strings.TrimSpace(src) == "" {
		return "", nil, fmt.Errorf("it is empty: give %s", taken)
	}
	return src, notes, nil
}

// controls counts characters that no text has. Escapes of a terminal are in what people paste.
func controls(src string) int {
	count := 0
	for i := range len(src) {
		switch c := src[i]; {
		case c == '\t', c == '\n', c == '\r', c == '\f', c == '\v', c == '\b', c == 0x1b:
		case c < ' ':
			count++
		}
	}
	return count
}

func kindOfBinary(data []byte) string {
	for _, b := range binaries {
		if bytes.HasPrefix(data, []byte(b.magic)) {
			return b.what
		}
	}
	return "of no kind that is known here"
}

func fromUTF16(data []byte) (string, error) {
	var order binary.ByteOrder = binary.LittleEndian
	if data[0] == 0xfe {
		order = binary.BigEndian
	}
	data = data[2:]
	if len(data)%2 != 0 {
		return "", fmt.Errorf("it begins like UTF-16 and has an odd number of bytes: save it as UTF-8")
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units)), nil
}

// fromLatin1 reads a text of which at most one byte in 20 is no ASCII; more is no text of a language in Latin letters.
func fromLatin1(src string) (string, bool) {
	high := 0
	for i := range len(src) {
		if src[i] >= utf8.RuneSelf {
			high++
		}
	}
	if high*20 > len(src) {
		return "", false
	}
	runes := make([]rune, len(src))
	for i := range len(src) {
		runes[i] = rune(src[i])
	}
	return string(runes), true
}
