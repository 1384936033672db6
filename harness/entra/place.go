package entra

import "slices"

// Place is where in the order of the checks a code is answered.
type Place struct {
	Check  string   `json:"check"`  // its name
	Number int      `json:"number"` // its place, from 1
	Of     int      `json:"of"`     // how many checks there are about this kind of assertion
	Known  bool     `json:"known"`  // that the check stands there is known from reports; otherwise it is inferred
	Before []string `json:"before"` // the checks that passed, the last one last
	After  []string `json:"after"`  // those that are not made any more
}

// answers are the codes of each check. One that several checks answer is in the list of each.
var answers = map[string][]int{
	"method":                           {900561},
	"form":                             {9002313},
	"tenant":                           {7000216, 9001023, 50059, 90002, 900021, 900023, 900382},
	"grant type":                       {900144, 70003},
	"parameters":                       {901002, 900144, 9002313},
	"credential presented":             {7000216},
	"B2C policy":                       {99027},
	"assertion format":                 {50027},
	"assertion type":                   {5002727},
	"assertion header":                 {5002726},
	"assertion algorithm":              {5002738},
	"assertion claims":                 {90014},
	"application":                      {700038, 700016, 7000112, 7000229, 700025},
	"regional host":                    {100007},
	"client secret":                    {7000215},
	"certificate named":                {5002723},
	"certificate assertion's client":   {700021},
	"certificate assertion's audience": {700023},
	"certificate":                      {700027},
	"federated credentials":            {70025},
	"federation allowed":               {700223},
	"issuer":                           {700211},
	"token of Entra":                   {700222, 700238, 700236, 700263},
	"audience and subject":             {700212, 700213, 7002131, 7002137, 7002138, 700214, 7002121, 700227},
	"kind of Entra's token":            {700229, 700226, 700231, 700236},
	"claim policy":                     {7002381},
	"issuer metadata":                  {501661, 90061, 50166, 900612},
	"signing key":                      {7000272, 5002730},
	"signature":                        {7000274},
	"lifetime":                         {70023},
	"valid time":                       {700024},
	"scope":                            {70011, 1002012},
	"resource":                         {500011, 500014},
	"assignment":                       {501051},
	"Conditional Access":               {53003},
}

// knownPlaces are the checks whose place is known from reports: see checks.
var knownPlaces = []string{"issuer", "audience and subject", "claim policy", "issuer metadata", "signing key"}

// PlaceOf tells where a code is answered; of several places, where it mostly is. ok is false for a code that no check
// answers.
func PlaceOf(code int) (p Place, ok bool) {
	answered := func(c check) bool { return slices.Contains(answers[c.name], code) }
	i := slices.IndexFunc(checks, answered)
	if i < 0 {
		return Place{}, false
	}
	if code == 7000216 { // the tenant answers it for /common alone
		i += 1 + slices.IndexFunc(checks[i+1:], answered)
	}
	about := checks[i].about
	if about == always {
		about = federated
	}
	p = Place{Check: checks[i].name, Known: slices.Contains(knownPlaces, checks[i].name), Before: []string{}, After: []string{}}
	for j, c := range checks {
		switch {
		case c.about != always && c.about != about:
			continue
		case j < i:
			p.Before = append(p.Before, c.name)
		case j > i:
			p.After = append(p.After, c.name)
		}
		if p.Of++; j == i {
			p.Number = p.Of
		}
	}
	return p, true
}
