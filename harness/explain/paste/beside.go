package paste

import (
	"regexp"
	"strings"
)

// tokenDetails is what azure/login logs above the claims of a token.
const tokenDetails = "Federated token details:"

// details are claims in what azure/login logs of a token.
var details = []said{
	{"iss", regexp.MustCompile(`(?im)^[ \t-]*issuer(?: claim)?[ \t]*[-:=][ \t]*(\S+)`)},
	{"sub", regexp.MustCompile(`(?im)^[ \t-]*subject(?: claim)?[ \t]*[-:=][ \t]*(\S.*?)[ \t]*$`)},
	{"aud", regexp.MustCompile(`(?im)^[ \t-]*audience(?: claim)?[ \t]*[-:=][ \t]*(\S+)`)},
	{"job_workflow_ref", regexp.MustCompile(`(?im)^[ \t-]*job_workflow_ref(?: claim)?[ \t]*[-:=][ \t]*(\S+)`)},
}

const guidOrMask = `([0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}|\*{3,})`

// requests are what commands, requests and their logs say.
var requests = []said{
	{"tenant", regexp.MustCompile(`(?i)https://login\.[a-z.-]+/+([^/\s"'?]{3,80})/+oauth2/`)},
	{"host", regexp.MustCompile(`(?i)https://(login\.(?:microsoftonline\.(?:com|us)|partner\.microsoftonline\.cn|chinacloudapi\.cn|usgovcloudapi\.net|windows\.net|microsoft\.com|sovcloud-identity\.[a-z]{2}))/+[^/\s"'?]{3,80}/+oauth2/`)},
	{"clientId", regexp.MustCompile(`(?i)(?:client[-_ ]?id["']?[ \t]*[=:][ \t]*["']?|--service-principal[ \t]+(?:-u|--username)[ \t=]+["']?)` + guidOrMask)},
	{"tenant", regexp.MustCompile(`(?i)(?:tenant[-_ ]?id["']?[ \t]*[=:][ \t]*["']?|--tenant[ \t=]+["']?)` + guidOrMask)},
}

// said is a way to say a value.
type said struct {
	name string
	is   *regexp.Regexp
}

// beside finds what a text says of a sign-in beside the messages, by name.
func beside(text string) map[string]Value {
	out := make(map[string]Value)
	find := func(in string, ways []said) {
		for _, w := range ways {
			m := w.is.FindStringSubmatch(in)
			if m == nil {
				continue
			}
			v := Value{Text: m[1]}
			v.marks()
			if had, has := out[w.name]; !has || !had.Whole() && v.Whole() {
				out[w.name] = v
			}
		}
	}
	if at := strings.Index(text, tokenDetails); at >= 0 {
		find(text[at:min(len(text), at+2000)], details)
	}
	find(text, requests)
	if len(out) == 0 {
		return nil
	}
	return out
}
