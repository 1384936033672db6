package faults_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/issuerd/issuerd/harness"
	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// asked is a request as a fault sees it.
func asked(path, agent string, header ...string) issuer.Asked {
	r := httptest.NewRequest(http.MethodGet, "https://idp.example"+path, nil)
	r.Header.Set("User-Agent", agent)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return issuer.Asked{Request: r}
}

// meets makes a fault and says which of the requests it meets, as a letter for each.
func meets(t *testing.T, fault string, parameters map[string]any, all ...issuer.Asked) string {
	t.Helper()
	tamper, err := faults.New(fault, parameters)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, one := range all {
		if tamper.Meets(one) {
			b.WriteByte('x')
		} else {
			b.WriteByte('-')
		}
	}
	return b.String()
}

func TestWhen(t *testing.T) {
	t.Parallel()
	curl, entra := asked("/jwks", "curl/8.5"), asked("/.well-known/openid-configuration", "issuerd", "X-Try", "1", "Accept", "text/html")
	mine, other := entra, entra
	mine.ClientID, other.ClientID = "0a1B", "0a1c"
	type row = map[string]any
	for name, tt := range map[string]struct {
		fault      string
		parameters row
		all        []issuer.Asked
		want       string
	}{
		"all":                       {"status", nil, []issuer.Asked{curl, entra, {}}, "xxx"},
		"the next two":              {"status", row{"times": 2}, []issuer.Asked{curl, entra, curl, entra}, "xx--"},
		"of a User-Agent":           {"status", row{"userAgent": "curl"}, []issuer.Asked{curl, entra, curl, {}}, "x-x-"},
		"the next of a User-Agent":  {"status", row{"userAgent": "curl", "times": 1}, []issuer.Asked{entra, curl, curl}, "-x-"},
		"of a path":                 {"status", row{"path": "/jwks"}, []issuer.Asked{curl, entra}, "x-"},
		"of some paths":             {"status", row{"path": "/.well-known/*"}, []issuer.Asked{curl, entra}, "-x"},
		"of paths with parts":       {"status", row{"path": "*known*configuration"}, []issuer.Asked{curl, entra}, "-x"},
		"of no such path":           {"status", row{"path": "/.well-known/*configuration/*"}, []issuer.Asked{curl, entra}, "--"},
		"of a header":               {"status", row{"header": row{"x-try": "1"}}, []issuer.Asked{curl, entra}, "-x"},
		"of another value":          {"status", row{"header": row{"X-Try": "2"}}, []issuer.Asked{curl, entra}, "--"},
		"of two headers":            {"status", row{"header": row{"X-Try": "*", "Accept": "text/html"}}, []issuer.Asked{curl, entra}, "-x"},
		"of a host":                 {"status", row{"header": row{"Host": "idp.example"}}, []issuer.Asked{curl, entra}, "xx"},
		"of a client":               {"status", row{"clientId": "0A1b"}, []issuer.Asked{mine, other, curl}, "x--"},
		"a document nobody asks":    {"jwks", row{"times": 1}, []issuer.Asked{{}, entra}, "-x"},
		"of a workload":             {"native-status", row{"workload": "w1"}, []issuer.Asked{{Workload: "w1"}, {Workload: "w2"}}, "x-"},
		"tokens for nobody":         {"header", row{"set": row{"typ": "x"}, "times": 1}, []issuer.Asked{{}, {}}, "x-"},
		"tokens for a User-Agent":   {"header", row{"set": row{"typ": "x"}, "userAgent": "curl"}, []issuer.Asked{{}, curl, entra}, "-x-"},
		"a probability of one":      {"status", row{"probability": 1}, []issuer.Asked{curl, curl, curl}, "xxx"},
		"two of those by chance":    {"status", row{"probability": 0.5, "seed": 7, "times": 2}, repeat(curl, 16), firstTwo(meets(t, "status", row{"probability": 0.5, "seed": 7}, repeat(curl, 16)...))},
		"by chance, of a condition": {"status", row{"probability": 0.5, "seed": 7, "userAgent": "curl"}, append(repeat(entra, 5), repeat(curl, 16)...), "-----" + meets(t, "status", row{"probability": 0.5, "seed": 7}, repeat(curl, 16)...)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := meets(t, tt.fault, tt.parameters, tt.all...); got != tt.want {
				t.Errorf("met %s, want %s", got, tt.want)
			}
		})
	}
}

func repeat(one issuer.Asked, n int) []issuer.Asked {
	all := make([]issuer.Asked, n)
	for i := range all {
		all[i] = one
	}
	return all
}

// firstTwo leaves of what is met the first two.
func firstTwo(met string) string {
	first := strings.Index(met, "x")
	second := first + 1 + strings.Index(met[first+1:], "x")
	return met[:second+1] + strings.Repeat("-", len(met)-second-1)
}

// TestChance keeps which requests a seed chooses: they are in people's tests.
func TestChance(t *testing.T) {
	t.Parallel()
	all := repeat(issuer.Asked{}, 40)
	seen := map[string]bool{}
	for seed := range 8 {
		parameters := map[string]any{"probability": 0.3, "seed": seed}
		met := meets(t, "native-status", parameters, all...)
		if again := meets(t, "native-status", parameters, all...); again != met {
			t.Errorf("seed %d: %s, and then %s", seed, met, again)
		}
		seen[met] = true
	}
	if len(seen) != 8 {
		t.Errorf("8 seeds choose in %d ways", len(seen))
	}
	if got, want := meets(t, "native-status", map[string]any{"probability": 0.3, "seed": 7}, all...), "-x-xxxxxx--xx--x---xxx---xx-xx-x---xx---"; got != want {
		t.Errorf("seed 7 has chosen %s, want %s", got, want)
	}
	met := strings.Count(meets(t, "native-status", map[string]any{"probability": 0.3}, repeat(issuer.Asked{}, 10000)...), "x")
	if met < 2700 || met > 3300 {
		t.Errorf("of 10000 requests %d were met, want about 3000", met)
	}
}

// TestNextOfMany has many ask at once: as many are met as was said.
func TestNextOfMany(t *testing.T) {
	t.Parallel()
	for _, parameters := range []map[string]any{{"times": 100}, {"times": 100, "probability": 0.5}} {
		tamper, err := faults.New("native-status", parameters)
		if err != nil {
			t.Fatal(err)
		}
		var met atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				for range 50 {
					if tamper.Meets(issuer.Asked{}) {
						met.Add(1)
					}
				}
			})
		}
		wg.Wait()
		if met.Load() != 100 {
			t.Errorf("%v: %d of 1000 were met, want 100", parameters, met.Load())
		}
	}
}

// TestOneClientAlone has two applications sign in with tokens of one issuer, whose documents only one of them can't
// get.
func TestOneClientAlone(t *testing.T) {
	t.Parallel()
	farm := harness.New(t)
	iss := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	credential := harness.Credential{Name: "main", Issuer: iss.URL, Subject: subject}
	hit, spared := farm.MustAddApp("hit", credential), farm.MustAddApp("spared", credential)
	iss.MustSetFault(harness.StatusFault{Document: "jwks", When: harness.When{ClientID: hit.ClientID}})
	if code, fetched := signIn(t, farm, hit, iss); code != 90061 || fetched != "discovery jwks" {
		t.Errorf("the client with the fault: AADSTS%d, fetched %q", code, fetched)
	}
	if code, fetched := signIn(t, farm, spared, iss); code != 0 || fetched != "discovery jwks" {
		t.Errorf("the other client: AADSTS%d, fetched %q", code, fetched)
	}
	inForce, err := iss.Faults()
	if err != nil || len(inForce) != 1 || inForce[0].Hits != 1 {
		t.Errorf("faults in force: %+v, error %v", inForce, err)
	}
	var injected []string
	for _, e := range farm.Journal() {
		injected = append(injected, e.Injected...)
	}
	if len(injected) != 1 || injected[0] != "status" {
		t.Errorf("the journal marks %q, want one answer of status", injected)
	}
}
