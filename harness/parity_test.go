package harness_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness"
	"github.com/issuerd/issuerd/harness/control"
)

// parity says by which methods of this package a test in Go does what the control API does with a world.
var parity = map[string][]string{
	"Describe":          {"Farm.Now", "Farm.ManagedIdentityEnv"},
	"AddIssuer":         {"Farm.AddIssuer"},
	"Issuers":           {"Farm.Issuers"},
	"Keys":              {"Issuer.Keys"},
	"Publish":           {"Issuer.Publish"},
	"Rotate":            {"Issuer.Rotate", "Issuer.ReplaceKey"},
	"Faults":            {"Issuer.Faults", "Farm.Faults"},
	"SetFaults":         {"Issuer.SetFaults", "Farm.SetFaults"},
	"SetFault":          {"Issuer.SetFault", "Farm.SetFault"},
	"ClearFault":        {"Issuer.ClearFault", "Farm.ClearFault"},
	"Mint":              {"Issuer.Mint"},
	"SetClock":          {"Farm.SetNow", "Farm.Advance", "Farm.Freeze", "Farm.Unfreeze"},
	"Applications":      {"Farm.Tenants"},
	"Application":       {"Farm.FindApp"},
	"AddApplication":    {"Farm.AddApp"},
	"RemoveApplication": {"App.Remove"},
	"AddCredential":     {"App.AddCredential", "App.Credentials"},
	"UpdateCredential":  {"App.UpdateCredential"},
	"RemoveCredential":  {"App.RemoveCredential"},
	"SignIn":            {"App.SignIn", "App.Exchange", "App.ExchangeFor"},
	"Workloads":         {"Farm.Workloads"},
	"Workload":          {"Farm.Workloads"},
	"StartWorkload":     {"Issuer.StartWorkload"},
	"EndWorkload":       {"Workload.End"},
	"Journal":           {"Farm.Journal", "Farm.FindEntries", "Farm.SignIns"},
	"JournalChanged":    {"Farm.Await", "Farm.AwaitSignIns", "Issuer.AwaitFetch"},
	"Directory":         {"Farm.Tenants"},
	"ApplyDirectory":    {"Farm.ApplyDirectory"},
}

// own is what only a program in the farm's process can have, or has by other ways.
var own = []string{
	"Farm.Close", "Farm.Client", "Farm.Handler", "Farm.CAFile", // of the process
	"Farm.CA", "Farm.URL", // GET /v1/info
	"Farm.Env", "App.Env", // serve prints it
	"Workload.String", "Workload.Format", "Workload.LogValue",
}

// TestParity keeps the control API and this package from doing more than each other.
func TestParity(t *testing.T) {
	t.Parallel()
	world := reflect.TypeFor[control.LiveWorld]()
	for i := range world.NumMethod() {
		if name := world.Method(i).Name; parity[name] == nil {
			t.Errorf("LiveWorld.%s: no method of this package does it", name)
		}
	}
	said := map[string]bool{}
	for name, methods := range parity {
		if _, ok := world.MethodByName(name); !ok {
			t.Errorf("LiveWorld has no %s", name)
		}
		for _, method := range methods {
			said[method] = true
		}
	}
	for _, method := range own {
		said[method] = true
	}
	there := map[string]bool{}
	for _, of := range []reflect.Type{reflect.TypeFor[*harness.Farm](), reflect.TypeFor[*harness.Issuer](), reflect.TypeFor[*harness.App](), reflect.TypeFor[*harness.Workload]()} {
		for i := range of.NumMethod() {
			if name := of.Method(i).Name; !strings.HasPrefix(name, "Must") {
				there[of.Elem().Name()+"."+name] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if !said[name] {
			t.Errorf("%s: the control API has nothing like it", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		if !there[name] {
			t.Errorf("there is no %s", name)
		}
	}
}
