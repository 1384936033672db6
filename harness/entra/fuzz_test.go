package entra_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// What makes these slow is Go's minimizer: it tries every subrange of an input, which grows with the square of its
// length, and gives up after a minute for each input that reaches new code. So inputs are short (what is long stands in
// them as a {placeholder}), and the ids of the answers are the same every time, so that the same input reaches the same
// code.

// FuzzAssertion signs in with any assertion. None may pass but the one that the issuer signed, and none may break the
// server.
func FuzzAssertion(f *testing.F) {
	r := newRig(f)
	good := r.issuer.mint(r.claims(nil))
	f.Add("{good}")
	f.Add("{good}=")
	f.Add("{head}.{claims}.AAAA")
	f.Add("..")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("eyJhbGciOiJub25lIn0.{claims}.")
	f.Add("{head}.e30.{signature}")
	f.Add("{head}.bnVsbA.{signature}")
	parts := strings.Split(good, ".")
	long := strings.NewReplacer("{good}", good, "{head}", parts[0], "{claims}", parts[1], "{signature}", parts[2])
	f.Fuzz(func(t *testing.T, text string) {
		r.begin(t)
		assertion := long.Replace(text)
		got := r.post(tokenURL, r.params(assertion, nil))
		if got.status == http.StatusOK && assertion != good {
			t.Error("a token for an assertion that was not signed")
		}
		got.refusedWell(t)
	})
}

// FuzzClaims signs any payload with the issuer's key. What passes is decoded by another decoder, and must say what the
// credential demands.
func FuzzClaims(f *testing.F) {
	r := newRig(f)
	for _, change := range []map[string]any{
		{}, {"iss": nil}, {"sub": nil}, {"aud": nil}, {"exp": nil}, {"iat": nil}, {"nbf": nil}, {"aud": []string{exchangeAudience}}, {"sub": "x"}, {"iss": "x"}, {"aud": "x"},
		{"aud": []string{exchangeAudience, "x"}}, {"sub": nil, "Sub": mainSubject}, {"exp": nil, "EXP": start.Unix() + 600}, {"iat": nil, "iAt": start.Unix()},
		{"exp": float64(start.Unix()) + 600.5}, {"exp": fmt.Sprint(start.Unix() + 600)}, {"exp": start.Unix() - 301}, {"iat": start.Unix() - 1200, "nbf": nil, "exp": start.Unix() - 301}, {"exp": start.Unix() + 25*3600 + 1},
		{"nbf": start.Unix() + 301}, {"iat": start.Unix() + 301}, {"nbf": json.RawMessage("null")}, {"sub": strings.ToUpper(mainSubject)},
	} {
		f.Add(shorten.Replace(string(mustJSON(r.claims(change)))))
	}
	good := shorten.Replace(string(mustJSON(r.claims(nil))))
	for _, payload := range []string{
		" " + good, good + "\n", "\ufeff" + good, good + "{}", good[:len(good)-1] + `,"sub":"x"}`, `{"sub":"x",` + good[1:],
		`{"iss":"{iss}","sub":"s","aud":"a","exp":9e99,"iat":-1.5,"nbf":null}`, `{}`, `{"iss":1}`, `{"exp":1e999}`, `{"iss":"{iss}","aud":[[]]}`, `null`, ``,
	} {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r.begin(t)
		payload := lengthen.Replace(text)
		got := r.post(tokenURL, r.params(r.issuer.sign(payload), nil))
		if got.status == http.StatusOK {
			if err := mayPass(payload); err != nil {
				t.Errorf("a token for the claims %q: %v", payload, err)
			}
		}
		got.refusedWell(t)
	})
}

// The long texts of good claims, and what stands for them in inputs.
var (
	longClaims = []string{"https://issuer.example", "{iss}", mainSubject, "{sub}", exchangeAudience, "{aud}"}
	shorten    = strings.NewReplacer(longClaims...)
	lengthen   = func() *strings.Replacer {
		var pairs []string
		for i := 0; i < len(longClaims); i += 2 {
			pairs = append(pairs, longClaims[i+1], longClaims[i])
		}
		return strings.NewReplacer(pairs...)
	}()
)

// mayPass says why an assertion with this payload must not pass at the start of the tests' clock. It reads the payload
// token by token, which has nothing in common with how the server reads it.
func mayPass(payload string) error {
	if !utf8.ValidString(payload) || !strings.HasPrefix(payload, "{") || !strings.HasSuffix(payload, "}") {
		return errors.New("not an object and nothing else")
	}
	dec := json.NewDecoder(strings.NewReader(payload))
	dec.UseNumber()
	if _, err := dec.Token(); err != nil {
		return err
	}
	claims := map[string]any{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		if _, twice := claims[name.(string)]; twice {
			return fmt.Errorf("%q twice", name)
		}
		var value any
		if err := dec.Decode(&value); err != nil {
			return err
		}
		claims[name.(string)] = value
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("something behind the object")
	}
	if list, isList := claims["aud"].([]any); isList && len(list) == 1 {
		claims["aud"] = list[0]
	}
	for name, want := range map[string]string{"iss": "https://issuer.example", "sub": mainSubject, "aud": exchangeAudience} {
		if claims[name] != want {
			return fmt.Errorf("%s is %v, want %q", name, claims[name], want)
		}
	}
	times := map[string]int64{"nbf": 0}
	for _, name := range []string{"exp", "iat", "nbf"} {
		value, has := claims[name]
		if !has && name == "nbf" {
			continue
		}
		number, _ := value.(json.Number)
		seconds, err := number.Int64()
		if err != nil {
			return fmt.Errorf("%s is %v, want a whole number", name, value)
		}
		times[name] = seconds
	}
	const tolerance = 300
	now := start.Unix()
	switch {
	case times["exp"] <= now-tolerance, times["nbf"] > now+tolerance, times["iat"] > now+tolerance:
		return fmt.Errorf("not valid at %d: %v", now, times)
	case times["exp"]-times["iat"] > 25*3600:
		return fmt.Errorf("lives longer than 25 hours: %v", times)
	}
	return nil
}

// FuzzTokenEndpoint sends any method, tenant, content type and body. What passes must be a form with everything in it,
// once.
func FuzzTokenEndpoint(f *testing.F) {
	r := newRig(f)
	const form, good = "application/x-www-form-urlencoded", "grant_type={grant}&client_id={client}&client_assertion_type={type}&client_assertion={assertion}&scope={scope}"
	f.Add("POST", "{tenant}", form, good)
	f.Add("POST", "{tenant}", form, good+"&scope=x")
	f.Add("POST", "{tenant}", form, good+"&Scope=x")
	f.Add("POST", "{tenant}", form, strings.Replace(good, "{client}", "x", 1))
	f.Add("POST", "{tenant}", form, strings.Replace(good, "{grant}", "refresh_token", 1))
	f.Add("POST", "x.onmicrosoft.com", form, good)
	f.Add("POST", "{tenant}", "text/plain", good)
	f.Add("POST", "common", form, "grant_type={grant}")
	f.Add("GET", "contoso.onmicrosoft.com", "", "")
	f.Add("POST", "x", form+"; charset=utf-16", "%zz;a=b&a=b\xff")
	f.Add("POST", "{tenant}", "multipart/form-data; boundary=x", "--x\r\n")
	values := map[string]string{
		"tenant": r.tenant.ID, "grant": "client_credentials", "client": r.app.ClientID, "type": assertionType, "assertion": r.issuer.mint(r.claims(nil)),
		"scope": "https://graph.microsoft.com/.default",
	}
	var pairs []string
	for name, value := range values {
		pairs = append(pairs, "{"+name+"}", url.QueryEscape(value))
	}
	long := strings.NewReplacer(pairs...)
	f.Fuzz(func(t *testing.T, method, tenant, contentType, body string) {
		r.begin(t)
		tenant, body = long.Replace(tenant), long.Replace(body)
		if tenant == "" || strings.Contains(tenant, "/") || !isToken(method) {
			return // another path, or a method that net/http refuses
		}
		req := httptest.NewRequest(http.MethodPost, "https://login.microsoftonline.com/t/oauth2/v2.0/token", strings.NewReader(body))
		req.Method, req.URL.Path = method, "/"+tenant+"/oauth2/v2.0/token"
		req.Header.Set("Content-Type", contentType)
		got := r.do(req)
		if got.status == http.StatusOK && method != http.MethodOptions {
			given, err := url.ParseQuery(strings.ReplaceAll(body, ";", "%3B"))
			if err != nil || !strings.HasPrefix(strings.ToLower(strings.TrimSpace(contentType)), "application/x-www-form-urlencoded") ||
				method != http.MethodPost || !strings.EqualFold(tenant, r.tenant.ID) && !strings.EqualFold(tenant, r.tenant.Domains[0]) ||
				len(given["scope"]) != 1 || !strings.EqualFold(given.Get("client_id"), r.app.ClientID) {
				t.Errorf("a token for %s %s, %q, %q", method, tenant, contentType, body)
			}
			for name, want := range map[string]string{"grant_type": "grant", "client_assertion_type": "type", "client_assertion": "assertion"} {
				if len(given[name]) != 1 || given[name][0] != values[want] {
					t.Errorf("a token for %s %q", name, given[name])
				}
			}
		}
		got.refusedWell(t)
	})
}

// refusedWell says whether a refusal is one: with a status of the caller's fault and a code, or in issuerd's own name.
func (a *answer) refusedWell(t *testing.T) {
	t.Helper()
	own := a.status == http.StatusNotImplemented && a.body["error"] == "grant_not_emulated_by_issuerd"
	if a.status != http.StatusOK && !own && (a.status < 400 || a.status > 499 || a.code() == 0) {
		t.Errorf("status %d, body %s", a.status, a.raw)
	}
}

func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' })
}

// begin makes the rig report to another test, forget what it recorded, and draw the same ids again.
func (r *rig) begin(t testing.TB) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.t, r.signIns = t, nil
	r.random.Seed([32]byte{})
}
