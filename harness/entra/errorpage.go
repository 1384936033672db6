package entra

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"
	texttemplate "text/template"
)

// errorPage is what GET /error shows of a code. Entra's own page has a form, the code, its message and what to do; how
// those are set is not copied.
type errorPage struct {
	Asked string // the parameter code, as it was sent
	Known bool
	Code
}

// serveError answers where error_uri points, GET /error?code=700213: with a page for a browser, else with text. A code
// that is not in [Codes] is a 404.
func serveError(w http.ResponseWriter, r *http.Request) {
	page := errorPage{Asked: HideTokens(r.URL.Query().Get("code"))}
	digits := page.Asked
	for _, prefix := range []string{"AADSTS", "AADB2C"} {
		if len(digits) > len(prefix) && strings.EqualFold(digits[:len(prefix)], prefix) {
			digits = digits[len(prefix):]
			break
		}
	}
	if number, err := strconv.Atoi(digits); err == nil {
		page.Code, page.Known = Lookup(number)
	}
	status := http.StatusOK
	if !page.Known {
		status = http.StatusNotFound
	}
	header := w.Header()
	header.Set("Cache-Control", "no-store, no-cache")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'")
	// The client may go away while it is answered: there is nobody to tell.
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		header.Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_ = errorHTML.Execute(w, page)
		return
	}
	header.Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_ = errorText.Execute(w, page)
}

var errorHTML = template.Must(template.New("error").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{{if .Known}}{{.Name}}{{else}}Error code{{end}}</title></head>
<body>
{{if .Known}}<h1>{{.Name}}</h1>
<dl>
<dt>Message</dt><dd>{{.Message}}</dd>
<dt>Answered as</dt><dd>{{if .Answered}}HTTP {{.Status}} {{.OAuth}}{{else}}never by this emulator: {{.Reason}}{{end}}</dd>
<dt>Cause</dt><dd>{{.Cause}}</dd>
<dt>Remediation</dt><dd>{{.Fix}}</dd>
<dt>How sure</dt><dd>{{.Confidence}}{{with .Doubt}}; {{.}}{{end}}</dd>
<dt>Source</dt><dd>{{.Source}}</dd>
</dl>
<p>This is an emulator of Microsoft Entra. For the values of one sign-in:
<code>issuerd explain</code> with the error's text, or <code>issuerd explain --trace</code> with its trace id.</p>
{{else}}<h1>Unknown code</h1>
<p>{{with .Asked}}{{printf "%q" .}} is no error code that this emulator knows.{{else}}The parameter code is missing: /error?code=700213.{{end}}</p>
{{end}}</body>
</html>
`))

var errorText = texttemplate.Must(texttemplate.New("error").Parse(`{{if .Known}}{{.Name}}: {{.Message}}

Answered as:  {{if .Answered}}HTTP {{.Status}} {{.OAuth}}{{else}}never by this emulator: {{.Reason}}{{end}}
Cause:        {{.Cause}}
Remediation:  {{.Fix}}
How sure:     {{.Confidence}}{{with .Doubt}}; {{.}}{{end}}
Source:       {{.Source}}

This is an emulator of Microsoft Entra. For the values of one sign-in: issuerd explain with the error's text, or
issuerd explain --trace with its trace id.
{{else if .Asked}}{{printf "%q" .Asked}} is no error code that this emulator knows.
{{else}}The parameter code is missing: /error?code=700213.
{{end}}`))
