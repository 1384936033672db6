package generic

import (
	"embed"
	"fmt"
	"regexp"
	"sync"

	"github.com/issuerd/issuerd/issuers/issuer"
)

//go:embed files/*.yaml
var files embed.FS

// shipped are the platforms that come with issuerd, by name; each is parsed when it is first asked for.
var shipped sync.Map // of func() *shippedPlatform

type shippedPlatform struct {
	file     *File
	platform *issuer.Platform
}

// Shipped returns a platform that comes with issuerd as a file, and always the same one. A name that there is not, or a
// file with a mistake, is a mistake of the program: it panics.
func Shipped(name string) *issuer.Platform { return load(name).platform }

// ShippedFile is the file of such a platform, which nobody may change.
func ShippedFile(name string) *File { return load(name).file }

// ShippedPath is where the file of such a platform is in the repository, from the folder of this package.
func ShippedPath(name string) string { return "files/" + name + ".yaml" }

// address is a line with the URL of an issuer or of its keys.
var address = regexp.MustCompile(`(?m)^[ \t]*(?:- )?(?:url|jwks): ['"]?https://([^/:\s'"]+)`)

// ShippedHosts are the hosts in the URLs of such a platform, without parsing its file: whoever only needs those, as
// every farm does at its start, is not kept waiting.
func ShippedHosts(name string) []string {
	var hosts []string
	for _, found := range address.FindAllSubmatch(source(name), -1) {
		hosts = append(hosts, string(found[1]))
	}
	return hosts
}

func source(name string) []byte {
	src, err := files.ReadFile(ShippedPath(name))
	if err != nil {
		panic(fmt.Sprintf("generic: no platform %q comes as a file: %v", name, err))
	}
	return src
}

func load(name string) *shippedPlatform {
	once, _ := shipped.LoadOrStore(name, sync.OnceValue(func() *shippedPlatform {
		path := ShippedPath(name)
		file, err := Parse(path, source(name))
		if err == nil && file.Platform != name {
			err = fmt.Errorf("platform is %q", file.Platform)
		}
		if err != nil {
			panic(fmt.Sprintf("generic: %s: %v", path, err))
		}
		return &shippedPlatform{file, file.Build()}
	}))
	return once.(func() *shippedPlatform)()
}
