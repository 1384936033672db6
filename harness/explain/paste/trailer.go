package paste

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// trailer is what an answer has beside its sentence.
type trailer struct {
	trace, correlation string
	time               time.Time
	oauth              string
	status             int
	end                int  // the letter after the last thing that was found after the sentence
	named              bool // a trace id, masked perhaps, stands after the sentence
}

// trailer reads what stands around a sentence: from is where the message before it ends, begin and end are the
// sentence, and to is where the next one begins. These are letters.
func (r *reader) trailer(from, begin, end, to int) trailer {
	t := trailer{end: end}
	after := func(at int) int { t.end = max(t.end, at); return at }
	head := max(from, begin-600)
	if from > 0 { // another message comes before: of what stands there, only this line is of this one
		head = max(head, r.lettersTo(strings.LastIndexByte(r.s.text[:r.s.start(begin)], '\n')+1))
	}
	for _, side := range [][2]int{{end, to}, {head, begin}} {
		note := func(at int) {
			if side[0] == end {
				after(at)
			}
		}
		for _, name := range traceNames {
			if t.trace == "" {
				guid, at := r.guid(name, side[0], side[1])
				t.trace = guid
				note(at)
			}
		}
		for _, name := range correlationNames {
			if t.correlation == "" {
				guid, at := r.guid(name, side[0], side[1])
				t.correlation = guid
				note(at)
			}
		}
		for _, name := range timeNames {
			if t.time.IsZero() {
				at := 0
				t.time, at = r.time(name, side[0], side[1])
				note(at)
			}
		}
	}
	if t.trace == "" { // as the pages and the headers of Entra call it
		t.trace, _ = r.guid("requestid", end, to)
	}
	if t.trace == "" {
		t.trace, _ = r.guid("xmsrequestid", head, begin)
	}
	if t.correlation == "" {
		t.correlation, _ = r.guid("clientrequestid", end, to)
	}
	t.named = t.trace != "" || strings.Contains(r.s.letters[end:min(to, end+400)], "traceid")
	before := r.s.text[r.s.end(max(from, begin-1200)):r.s.start(begin)]
	rest := r.s.text[r.s.end(end):r.s.start(min(to, end+3000))]
	if to < len(r.s.letters) { // the line that the next message begins in is that one's
		rest = rest[:max(strings.LastIndexByte(rest, '\n'), 0)]
	}
	t.oauth = cmp.Or(lastMatch(oauthName, before), firstMatch(oauthName, rest))
	if t.oauth == "" {
		t.oauth = r.brokenOAuth(max(from, begin-100), begin)
	}
	if status := cmp.Or(lastMatch(httpStatus, before), firstMatch(httpStatus, rest)); status != "" {
		t.status, _ = strconv.Atoi(status)
	}
	if strings.Trim(t.trace, "0-") == "" {
		t.trace = ""
	}
	if strings.Trim(t.correlation, "0-") == "" {
		t.correlation = ""
	}
	return t
}

// guid reads the 32 hexadecimal digits after a name, and says where they end.
func (r *reader) guid(name string, from, to int) (string, int) {
	for at := from; at < to; {
		next := strings.Index(r.s.letters[at:to], name)
		if next < 0 {
			break
		}
		at += next + len(name)
		if name == "requestid" && strings.HasSuffix(r.s.letters[:at-len(name)], "client") {
			continue
		}
		if at+32 > len(r.s.letters) {
			break
		}
		hex := r.s.letters[at : at+32]
		if strings.Trim(hex, "0123456789abcdef") == "" {
			return hex[:8] + "-" + hex[8:12] + "-" + hex[12:16] + "-" + hex[16:20] + "-" + hex[20:], at + 32
		}
	}
	return "", 0
}

// What is around an answer, in the languages of clients that translate it, in letters.
var (
	traceNames       = []string{"traceid", "ablaufverfolgungsid", "iddesuivi", "トレースid", "跟踪id"}
	correlationNames = []string{"correlationid", "korrelationsid", "iddecorrélation", "相関id", "关联id", "相关id"}
	timeNames        = []string{"timestamp", "zeitstempel", "horodatage", "タイムスタンプ", "时间戳"}
)

// time reads the digits after a name, and says where they end.
func (r *reader) time(name string, from, to int) (time.Time, int) {
	for at := from; at < to; {
		next := strings.Index(r.s.letters[at:to], name)
		if next < 0 {
			break
		}
		at += next + len(name)
		digits := strings.Replace(r.s.letters[at:min(at+15, len(r.s.letters))], "t", "", 1)
		if len(digits) < 14 {
			break
		}
		if t, err := time.Parse("20060102150405", digits[:14]); err == nil {
			return t, at + 14
		}
	}
	return time.Time{}, 0
}

var oauthNames = []string{
	"invalid_client", "invalid_request", "unauthorized_client", "invalid_scope", "invalid_grant", "invalid_resource",
	"unsupported_grant_type", "access_denied", "interaction_required", "invalid_tenant", "invalid_instance",
	"temporarily_unavailable", "server_error", "consent_required",
}

var (
	oauthName  = regexp.MustCompile(`(?i)\b(` + strings.Join(oauthNames, "|") + `)\b`)
	httpStatus = regexp.MustCompile(`(?i)(?:HTTP/[\d.]+|HTTP status(?: code)?|status[ _-]?code|RESPONSE|"?\bstatus"?)["'*]*(?:[ \t]+(?:was|of|is|code))?[ \t]*[:=]?[ \t]*["'(]?([45]\d\d)\b|\b([45]\d\d) (?:Unauthorized|Bad Request|Client Error|Too Many Requests|Forbidden|Service Unavailable|Internal Server Error)|\((401|400)\)`)
)

func firstMatch(is *regexp.Regexp, text string) string {
	return lower(is.FindStringSubmatch(text))
}

func lastMatch(is *regexp.Regexp, text string) string {
	all := is.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		return ""
	}
	return lower(all[len(all)-1])
}

func lower(groups []string) string {
	if len(groups) == 0 {
		return ""
	}
	i := slices.IndexFunc(groups[1:], func(g string) bool { return g != "" })
	return strings.ToLower(groups[1+i])
}

// brokenOAuth reads the error member where a break stands in its value.
func (r *reader) brokenOAuth(from, to int) string {
	for _, name := range oauthNames {
		letters := strings.ReplaceAll(name, "_", "")
		if strings.Contains(r.s.letters[from:to], "error"+letters+"errordescription") {
			return name
		}
	}
	return ""
}
