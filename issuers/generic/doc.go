// Package generic impersonates issuers that differ from each other in data alone: each is an issuer file, YAML that
// says where the issuer is, what it publishes, how it signs and what its tokens say. [Shipped] has those that come with
// issuerd, among them generic, which is like no service in particular; [Parse] reads those of a user.
//
//	file, err := generic.Parse("acme.yaml", []byte(`
//	platform: acme
//	url: https://ci.acme.example
//	presets:
//	  - name: job
//	    claims: {project: web, ref: main}
//	    derived: {sub: "project:{project}:ref:{ref}"}
//	`))
//	if err != nil {
//		return err // document.Problems: all of them, each with its place
//	}
//	iss, err := issuer.New(file.Build())
//	token, err := iss.Mint(issuer.Request{Claims: issuer.Claims{"ref": "release"}})
//	// token.Claims["sub"] is project:web:ref:release
//
// The types from [File] on are the format, and [Schema] is the same for editors. What such a file cannot say is a token
// API of the platform's own: a platform that has one is written in Go.
//
// What is not faithful about a platform its file says, in assumed and limits.
package generic
