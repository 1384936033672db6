package main

import (
	"fmt"
	"runtime"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// worldCost measures the memory of worlds that have one issuer and one application, and no key yet.
func worldCost() error {
	s, err := farm.Start(farm.Options{Addr: map[plane.Plane]string{
		plane.Issuer: "127.0.0.1:0", plane.Workload: "", plane.Entra: "127.0.0.1:0", plane.Control: "",
	}})
	if err != nil {
		return err
	}
	defer s.Close()
	before := heap()
	made := 0
	for _, n := range []int{10, 1000, 5000} {
		for ; made < n; made++ {
			w, err := s.NewWorld(control.WorldSpec{Name: fmt.Sprint("world ", made)})
			if err != nil {
				return err
			}
			iss, err := w.AddIssuer(control.IssuerSpec{Platform: "github"})
			if err != nil {
				return err
			}
			credential := directory.Credential{Name: "only", Issuer: iss.URL, Subject: "somebody", Audiences: []string{"api://AzureADTokenExchange"}}
			if _, err := w.AddApplication(control.ApplicationSpec{Name: "only", Credentials: []directory.Credential{credential}}); err != nil {
				return err
			}
		}
		atMost(fmt.Sprintf("memory of a world, of %d", n), float64(heap()-before)/float64(n)/1000, 60, "kB", "heap, after a collection")
	}
	runtime.KeepAlive(s)
	return nil
}

// heap is what is in use after everything that is not has been collected.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what has finalizers goes in the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
