package azuredevops

import (
	"testing"

	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func TestConformance(t *testing.T) { issuertest.Run(t, Platform) }

func FuzzClaims(f *testing.F) { issuertest.Fuzz(f, Platform) }

func TestDocument(t *testing.T) {
	t.Parallel()
	issuertest.Document(t, Platform, "service-connection", "testdata/discovery.json", "0ca3ddd9-f0b0-4635-a98c-5866526961b6", organization)
}

func TestRecorded(t *testing.T) {
	t.Parallel()
	for _, r := range []issuertest.Recorded{
		{File: "testdata/token-pipeline.json", Preset: "pipeline"},
		{File: "testdata/token-connection.json", Preset: "service-connection"},
	} {
		t.Run(r.File, func(t *testing.T) {
			t.Parallel()
			issuertest.Replay(t, Platform, r)
		})
	}
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	issuertest.Subjects(t, Platform, "testdata/subjects.json", map[string]issuertest.Subject{
		"sc://ORG/PROJECT/CONNECTION": {Preset: "service-connection", Got: "sc://contoso/app/azure"},
		"p://ORG/PROJECT/PIPELINE":    {Preset: "pipeline", Got: "p://contoso/app/build"},
		"/eid1/c/pub/t/<b64url tenant>/a/<b64url app>/sc/<org-guid>/<connection-id>": {Why: "Entra issues this one itself; see the package documentation"},
	})
}
