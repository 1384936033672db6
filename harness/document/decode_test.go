package document_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/document"
)

// house has a field of every kind that a decoder knows.
type house struct {
	Name    string            `json:"name" jsonschema:"required,minLength=1"`
	Kind    string            `json:"kind,omitempty" jsonschema:"enum=flat,enum=cottage"`
	Colours []string          `json:"colours,omitempty" jsonschema:"minItems=1,enum=red,enum=green"`
	Floors  int               `json:"floors,omitempty" jsonschema:"minimum=1,maximum=99"`
	Pets    *bool             `json:"pets,omitempty"`
	Lease   time.Duration     `json:"lease,omitempty" document:"nonzero"`
	Built   time.Time         `json:"built,omitempty"`
	Signs   map[string]string `json:"signs,omitempty"`
	Rooms   []room            `json:"rooms,omitempty"`
	Any     any               `json:"any,omitempty"`
	Hidden  string            `json:"-"`
	inside
}

type inside struct {
	Doors int `json:"doors,omitempty"`
}

type room struct {
	Name   string         `json:"name" jsonschema:"required"`
	Others map[string]any `json:"-" yaml:",inline"`
}

var houses = document.Format{Name: "house", Start: "a house has a name"}

func decodeHouse(src string) (house, document.Problems) {
	log := &document.Log{File: "house.yaml"}
	h := house{Floors: 2}
	if read := houses.Read([]byte(src), log); read != nil {
		log.NextStage()
		(&document.Decoder{Log: log}).Decode(read.Root, &h)
	}
	return h, log.Problems()
}

func TestDecode(t *testing.T) {
	t.Parallel()
	got, problems := decodeHouse(`name: home
kind: cottage
colours: [red, green]
pets: false
lease: 90s
built: 1900-01-02T03:04:05Z
signs: {door: "7"}
rooms: [{name: kitchen, size: 12}, {name: hall}]
any: {a: [1, null, {b: 2.5}]}
doors: 3
`)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	no := false
	want := house{
		Name: "home", Kind: "cottage", Colours: []string{"red", "green"}, Floors: 2, Pets: &no, Lease: 90 * time.Second,
		Built: time.Date(1900, 1, 2, 3, 4, 5, 0, time.UTC), Signs: map[string]string{"door": "7"},
		Rooms: []room{{Name: "kitchen", Others: map[string]any{"size": 12}}, {Name: "hall"}},
		Any:   map[string]any{"a": []any{1, nil, map[string]any{"b": 2.5}}}, inside: inside{Doors: 3},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(house{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestDecodeProblems has a mistake of every kind. All are found, in the order of their places.
func TestDecodeProblems(t *testing.T) {
	t.Parallel()
	_, problems := decodeHouse(`nme: home
kind: cotage
kind: flat
colours: [red, blue, 7]
floors: 100
pets: "no"
lease: 0s
built: yesterday
signs: [a]
rooms:
  - {}
  - nothing
  -
doors: 1.5
Hidden: x
1: 2
any: .nan
`)
	const want = `house.yaml:1:1: missing key "name"
house.yaml:1:1: unknown key "nme"
	hint: did you mean "name"?
house.yaml:2:7: "cotage" is not one of flat, cottage
	hint: did you mean "cottage"?
house.yaml:3:1: key "kind" is already at 2:1
house.yaml:4:22: want a string, got a number
	hint: quote it
house.yaml:5:9: want at most 99, got 100
house.yaml:6:7: want true or false, got a string
	hint: write false
house.yaml:7:8: a duration of 0 has no effect
	hint: leave it out for the default
house.yaml:8:8: want a time in RFC 3339, got "yesterday"
	hint: write it as 2025-06-01T12:00:00Z
house.yaml:9:8: want a map, got a list
house.yaml:11:5: missing key "name"
house.yaml:12:5: want a map, got a string
house.yaml:13:4: want a map, got nothing
	hint: write {} for the defaults
house.yaml:14:8: want a whole number, got 1.5
house.yaml:15:1: unknown key "Hidden"
	hint: known here: any, built, colours, doors, floors, kind, lease, name, pets, rooms, signs
house.yaml:16:1: key 1 is not a string
	hint: quote it
house.yaml:17:6: .nan is not a number JSON knows
	hint: quote it if it is text`
	if diff := cmp.Diff(want, problems.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestFailAt adds problems at paths. What follows from another problem is left out.
func TestFailAt(t *testing.T) {
	t.Parallel()
	const src = "name: 7\nrooms:\n  - {name: a, size: 1}\n  - {name: b}\n  - [c]\nkindd: flat\nsigns: []\n"
	for path, want := range map[string]string{
		"rooms[1].name":   "4:12: broken",
		"rooms[1].colour": "4:5: broken",
		"rooms[9].name":   "3:3: broken",
		"":                "1:1: broken",
		"name":            "", // it is no string
		"kind":            "", // it may be the key that is misspelt
		"rooms[2].name":   "", // it is a list, no room
		"signs.door":      "",
	} {
		log := &document.Log{File: "f"}
		read := houses.Read([]byte(src), log)
		d := document.Decoder{Log: log}
		d.Decode(read.Root, new(house))
		before := log.Len()
		d.FailAt(read.Root, document.Path(path), "", "bro%s", "ken")
		got := log.Problems().Error()
		if want == "" && log.Len() != before || want != "" && !strings.Contains(got, "f:"+want) {
			t.Errorf("%q: %s, want %q", path, got, want)
		}
	}
}

// TestProblemsHaveNoTokens cuts what looks like a token out of messages.
func TestProblemsHaveNoTokens(t *testing.T) {
	t.Parallel()
	const secret = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
	if _, problems := decodeHouse("name: a\nkind: " + secret + "\n" + secret + ": 1\n"); len(problems) != 2 || strings.Contains(problems.Error(), "c2lnbmF0dXJl") {
		t.Errorf("problems %v", problems)
	}
}

// FuzzDecode checks that any bytes give a value or problems with places inside of the file, never a panic, and that no
// message names a Go type.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"name: a\nrooms: [{name: b, c: d}]\n", "name: [\n", "- a", "name: a\nname: b\n", "lease: 5m\nbuilt: x\nany: {a: [null]}\n", "? a\n: b\n", "signs: {a: 1}", "\ufeffname: x\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		h, problems := decodeHouse(string(src))
		if len(problems) == 0 && h.Name == "" {
			t.Errorf("a house without a name: %+v", h)
		}
		lines := strings.Count(strings.ReplaceAll(string(src), "\r\n", "\n"), "\n") + strings.Count(string(src), "\r") + 1
		for _, p := range problems {
			if p.Line < 1 || p.Line > lines+1 || p.Column < 1 || p.Message == "" || strings.Contains(p.Message, "document.") {
				t.Errorf("problem %v in a file of %d lines", &p, lines)
			}
		}
	})
}
