package azuredevops

import (
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

// Examples.
const (
	organization    = "6c0f8a1e-3d52-4b7e-9a41-2f5d0c9b7e13"
	project         = "b8a2c9d4-1e6f-4f0a-8c35-7d9e2b4a6f10"
	pipelineSubject = "p://contoso/app/build" // sub of the preset pipeline
)

const pipeline = "pipeline" // the preset

var presets = []issuer.Preset{
	{Name: "service-connection", About: "a service connection, by names, with the older issuer",
		Claims:   issuer.Claims{"sub": "sc://contoso/app/azure"}, // and no others: recorded of a generic connection
		Settings: shape.Settings()},
	{Name: pipeline, About: "the pipeline itself, asked for without a service connection",
		Claims: issuer.Claims{
			"sub":    pipelineSubject,
			"org_id": organization, "prj_id": project, "def_id": "12", "run_id": "345",
			"rpo_id": "3f7c1d92-5b8e-4a60-9e2d-c4b1a7f08d56", "rpo_uri": "https://dev.azure.com/contoso/app/_git/app",
			"rpo_ver": "714a629c0b401fdce83e847fc9589983fc6f46bc", "rpo_ref": "refs/heads/main",
		},
		Lifetime: 5 * time.Minute, // recorded: a second less
		Settings: shape.Settings()},
}

var shape = ci.Shape{Audience: ci.EntraAudience}
