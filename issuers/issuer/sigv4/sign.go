package sigv4

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// Sign puts the signature of a request into its headers. The body is given because the request's can be read only once.
func (k Key) Sign(r *http.Request, body []byte, scope Scope, now time.Time) {
	stamp := now.UTC().Format(timeLayout)
	r.Header.Set("X-Amz-Date", stamp)
	names := []string{"host", "x-amz-date"}
	for _, name := range []string{"Content-Type", "X-Amz-Target"} {
		if r.Header.Get(name) != "" {
			names = append(names, strings.ToLower(name))
		}
	}
	if k.Session != "" {
		r.Header.Set("X-Amz-Security-Token", k.Session)
		names = append(names, "x-amz-security-token")
	}
	slices.Sort(names)
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	signature := k.signature(canonical(r.Method, r.URL.EscapedPath(), r.URL.RawQuery, host, r.Header, names, body), stamp, scope)
	r.Header.Set("Authorization", algorithm+" Credential="+k.ID+"/"+scope.on(stamp[:len(dayLayout)])+
		", SignedHeaders="+strings.Join(names, ";")+", Signature="+signature)
}

// signature is that of a canonical request at a time.
func (k Key) signature(request, stamp string, scope Scope) string {
	day := stamp[:len(dayLayout)]
	digest := sha256.Sum256([]byte(request))
	toSign := algorithm + "\n" + stamp + "\n" + scope.on(day) + "\n" + hex.EncodeToString(digest[:])
	key := []byte("AWS4" + k.Secret)
	for _, part := range []string{day, scope.Region, scope.Service, terminator, toSign} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}

// canonical is the canonical request; names are the signed headers in their order.
func canonical(method, escapedPath, rawQuery, host string, header http.Header, names []string, body []byte) string {
	var b strings.Builder
	b.WriteString(method + "\n" + escape(normal(escapedPath), "/") + "\n" + canonicalQuery(rawQuery) + "\n")
	for _, name := range names {
		values := header.Values(name)
		if name == "host" {
			values = []string{host}
		}
		trimmed := make([]string, len(values))
		for i, value := range values {
			trimmed[i] = strings.Join(strings.Fields(value), " ")
		}
		b.WriteString(name + ":" + strings.Join(trimmed, ",") + "\n")
	}
	digest := sha256.Sum256(body)
	b.WriteString("\n" + strings.Join(names, ";") + "\n" + hex.EncodeToString(digest[:]))
	return b.String()
}

// normal is a path without relative parts and repeated slashes.
func normal(escapedPath string) string {
	clean := path.Clean("/" + escapedPath)
	if clean != "/" && (strings.HasSuffix(escapedPath, "/") || strings.HasSuffix(escapedPath, "/.") || strings.HasSuffix(escapedPath, "/..")) {
		clean += "/"
	}
	return clean
}

// canonicalQuery has the pairs sorted by name and then by value, both as they are encoded: an equals sign between the
// two does not count.
func canonicalQuery(raw string) string {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return raw // such a query is signed by nobody
	}
	type pair struct{ name, value string }
	var pairs []pair
	for name, all := range values {
		for _, value := range all {
			pairs = append(pairs, pair{escape(name, ""), escape(value, "")})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.value, b.value)) })
	texts := make([]string, len(pairs))
	for i, p := range pairs {
		texts[i] = p.name + "=" + p.value
	}
	return strings.Join(texts, "&")
}

// escape is the URI encoding of the specification: everything but RFC 3986's unreserved characters, and but those of
// keep.
func escape(s, keep string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~"+keep, c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteString("%" + string(hexDigits[c>>4]) + string(hexDigits[c&15]))
		}
	}
	return b.String()
}
