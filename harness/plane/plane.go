package plane

// Plane is one of the four sides of a farm.
type Plane string

// The planes. Only the issuer plane may ever be made public.
const (
	Issuer   Plane = "issuer"   // discovery documents and key sets: for anyone
	Workload Plane = "workload" // the platforms' own token APIs: for the holder of that platform's credential
	Entra    Plane = "entra"    // the login service: as Entra
	Control  Plane = "control"  // the management API: for the bearer of the farm's token
)

// All are the planes in the order in which serve prints them.
var All = []Plane{Issuer, Workload, Entra, Control}

// Flag is the option of serve that moves the plane's listener.
func (p Plane) Flag() string { return "--" + string(p) + "-addr" }

// defaultAddr are the addresses a farm listens on unless told otherwise.
var defaultAddr = map[Plane]string{
	Issuer:   "127.0.0.1:8443",
	Workload: "127.0.0.1:8444",
	Entra:    "127.0.0.1:8445",
	Control:  "127.0.0.1:8446",
}

// DefaultAddr is the address that the plane listens on unless told otherwise.
func (p Plane) DefaultAddr() string { return defaultAddr[p] }
