//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
)

var update = flag.Bool("update", false, "write what came into docs/control-api.md and docs/demo.md")

const controlAPIPage = "../../docs/control-api.md"

// TestControlAPIPage runs what docs/control-api.md shows against a fresh serve: every command, whose answer must be the
// one below it, and the programs. The page must have a request for every route.
func TestControlAPIPage(t *testing.T) {
	t.Setenv(controlTokenVariable, "")
	exports, stop := startServe(t, "--issuer-addr", "127.0.0.1:0", "--workload-addr", "127.0.0.1:0", "--entra-addr", "127.0.0.1:0",
		"--control-addr", "127.0.0.1:0", "--ca-file", filepath.Join(t.TempDir(), "ca.pem"), "--verbose")
	page, err := os.ReadFile(controlAPIPage)
	if err != nil {
		t.Fatal(err)
	}
	blocks := blocksOf(string(page))
	var script strings.Builder
	for _, b := range blocks {
		switch {
		case b.language == "sh" && !strings.HasPrefix(b.text, "export "): // what serve prints is in the environment
			script.WriteString(b.text)
		case b.language == "console":
			for _, c := range b.commands() {
				script.WriteString("echo '" + marker + "'\n" + c.line + "\n")
			}
		}
	}
	bash := exec.CommandContext(t.Context(), "bash", "-c", script.String())
	bash.Dir, bash.Env = t.TempDir(), append(os.Environ(), assigned(exports)...)
	var stderr bytes.Buffer
	bash.Stderr = &stderr
	out, err := bash.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	answers := strings.Split(string(out), marker+"\n")[1:]
	written := string(page)
	for _, b := range blocks {
		if b.language != "console" {
			continue
		}
		var text strings.Builder
		for _, c := range b.commands() {
			got := shown(answers[0])
			answers = answers[1:]
			if diff := cmp.Diff(c.answer, got); diff != "" && !*update {
				t.Errorf("$ %s (-the page +the answer):\n%s", c.line, diff)
			}
			text.WriteString("$ " + c.line + "\n" + got)
		}
		written = strings.Replace(written, "```console\n"+b.text+"```", "```console\n"+text.String()+"```", 1)
	}
	if *update {
		if err := os.WriteFile(controlAPIPage, []byte(written), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	code, log := stop()
	if code != exitOK {
		t.Errorf("serve ended with %d", code)
	}
	everyRoute(t, log)
}

// TestControlAPIPrograms runs the programs of the page, each against a fresh serve.
func TestControlAPIPrograms(t *testing.T) {
	t.Setenv(controlTokenVariable, "")
	page, err := os.ReadFile(controlAPIPage)
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []struct{ language, command, flag string }{{"python", "python3", "-c"}, {"js", "node", "--input-type=module"}} {
		t.Run(program.language, func(t *testing.T) {
			exports, stop := startServe(t, "--issuer-addr", "127.0.0.1:0", "--workload-addr", "", "--entra-addr", "127.0.0.1:0",
				"--control-addr", "127.0.0.1:0", "--ca-file", filepath.Join(t.TempDir(), "ca.pem"))
			runProgram(t, blocksOf(string(page)), append(os.Environ(), assigned(exports)...), program.language, program.command, program.flag)
			if code, stderr := stop(); code != exitOK {
				t.Errorf("serve ended with %d: %s", code, stderr)
			}
		})
	}
}

func assigned(exports map[string]string) (env []string) {
	for name, value := range exports {
		env = append(env, name+"="+value)
	}
	return env
}

// marker is what comes before each answer. No answer has it.
const marker = "\x01next"

// block is a fenced block of a page.
type block struct{ language, text string }

func blocksOf(page string) (all []block) {
	for _, found := range regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```").FindAllStringSubmatch(page, -1) {
		all = append(all, block{found[1], found[2]})
	}
	return all
}

// shellCommand is a command of a console block with what it answers.
type shellCommand struct{ line, answer string }

func (b block) commands() (all []shellCommand) {
	for line := range strings.Lines(b.text) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			all = append(all, shellCommand{line: strings.TrimSuffix(command, "\n")})
		} else {
			all[len(all)-1].answer += line
		}
	}
	return all
}

// runProgram runs the page's program in a language, if this machine has it. ISSUERD_REQUIRE_CLIENTS makes it a failure
// that it has not.
func runProgram(t *testing.T, blocks []block, env []string, language, command, flag string) {
	if _, err := exec.LookPath(command); err != nil {
		if os.Getenv("ISSUERD_REQUIRE_CLIENTS") != "" {
			t.Fatal(err)
		}
		t.Skipf("there is no %s", command)
	}
	i := slices.IndexFunc(blocks, func(b block) bool { return b.language == language })
	if i < 0 {
		t.Fatal("the page has none")
	}
	program := exec.CommandContext(t.Context(), command, flag)
	if flag == "-c" {
		program.Args = append(program.Args, blocks[i].text)
	} else {
		program.Stdin = strings.NewReader(blocks[i].text)
	}
	program.Env = env
	if out, err := program.CombinedOutput(); err != nil || string(out) != "200\ndemo\n" {
		t.Errorf("%v, %s", err, out)
	}
}

// everyRoute looks for a request for each route in a log, and lists them.
func everyRoute(t *testing.T, log string) {
	t.Helper()
	var document struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	if err := json.Unmarshal(control.OpenAPI(), &document); err != nil {
		t.Fatal(err)
	}
	var ran []string
	for path, methods := range document.Paths {
		pattern := regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(path), `[^/ ]+`)
		for method, op := range methods {
			line := fmt.Sprintf(`plane=control method=%s url=%s status=200`, strings.ToUpper(method), pattern)
			if !regexp.MustCompile(line).MatchString(log) {
				t.Errorf("the page has no request for %s %s (%s)", strings.ToUpper(method), path, op.OperationID)
				continue
			}
			ran = append(ran, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(ran)
	t.Logf("%d routes:\n%s", len(ran), strings.Join(ran, "\n"))
}

// masks are the values that differ from one farm to the next, by the names of their members.
var masks = map[string]string{
	"version": "v1.0.0", "ca": "-----BEGIN CERTIFICATE-----…", "token": "eyJ…", "kid": "cc413527…", "keyId": "cc413527…", "jti": "0b2e0c40…",
	"uti": "uTi…", "traceId": "5f1c9d0e…", "correlationId": "7d2a41c3…", "nonce": "qoy6…", "aio": "BCP3…", "rh": "0.A…", "x5t": "x5t…",
	"identityHeader": "9a7c…", "identityEndpoint": "https://127.0.0.1:8445/msi/token", "next": "aHR0cHM6…", "duration": "1ms", "GITHUB_TOKEN": "ghs_…",
	"workload": "127.0.0.1:8444", "entra": "127.0.0.1:8445", "control": "127.0.0.1:8446", "base": "https://127.0.0.1:8444/…",
	"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "eyJ…", "ACTIONS_ID_TOKEN_REQUEST_URL": "https://127.0.0.1:8444/…",
}

// shown is an answer as the page has it: JSON is indented, long lists are cut, and what differs from one farm to the next
// is masked.
func shown(answer string) string {
	if !json.Valid([]byte(answer)) {
		return answer
	}
	dec := json.NewDecoder(strings.NewReader(answer))
	dec.UseNumber()
	var b strings.Builder
	show(dec, &b, "", "")
	return b.String() + "\n"
}

// show writes the next value of a document.
func show(dec *json.Decoder, b *strings.Builder, name, indent string) {
	token, _ := dec.Token() // of a valid document
	switch token := token.(type) {
	case json.Delim:
		showMembers(dec, b, token == '{', name, indent)
	case string:
		b.WriteString(quote(masked(name, token)))
	case json.Number:
		if slices.Contains([]string{"exp", "iat", "nbf", "auth_time"}, name) {
			token = "1893553445"
		}
		b.WriteString(token.String())
	default:
		fmt.Fprint(b, map[any]string{nil: "null", true: "true", false: "false"}[token])
	}
}

// showMembers writes the members of an object or the items of a list. Of a long list, and of claims and options, the
// first are enough; the last of Entra's checks is the one that counts.
func showMembers(dec *json.Decoder, b *strings.Builder, object bool, name, indent string) {
	var items []string
	for dec.More() {
		var item strings.Builder
		member := name
		if object {
			key, _ := dec.Token()
			member, _ = key.(string)
			item.WriteString(quote(member) + ": ")
		}
		show(dec, &item, member, indent+"  ")
		items = append(items, item.String())
	}
	_, _ = dec.Token() // the end
	switch n := len(items); {
	case name == "checks" && !object && n > 1:
		items = []string{"…", items[n-1]}
	case (name == "claims" || name == "options") && object && n > 6:
		items = append(items[:6], "…")
	case !object && n > 2:
		items = append(items[:2], "…")
	}
	brackets := map[bool]string{true: "{}", false: "[]"}[object]
	b.WriteString(brackets[:1])
	for i, item := range items {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n" + indent + "  " + item)
	}
	if len(items) > 0 {
		b.WriteString("\n" + indent)
	}
	b.WriteString(brackets[1:])
}

var (
	times  = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)
	random = regexp.MustCompile(`[0-9a-f]{32}`)
	ports  = regexp.MustCompile(`127\.0\.0\.1:\d+`)
)

func masked(name, text string) string {
	if mask, ok := masks[name]; ok && text != "" {
		return mask
	}
	if times.MatchString(text) {
		return "2030-01-02T03:04:05Z"
	}
	text, _, _ = strings.Cut(text, " Trace ID: ") // of errors of Entra's
	text = random.ReplaceAllString(text, "754cedad…")
	return ports.ReplaceAllString(text, "127.0.0.1:8443")
}

// quote is a string of JSON without the escapes for HTML.
func quote(text string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // to memory
	return strings.TrimSuffix(b.String(), "\n")
}
