// Package wording is how messages count things, list what is known, find the word that somebody meant, and print the
// text of others.
//
//	wording.Count(1, "scenario file")                        // 1 scenario file
//	wording.Nearest("gitub", []string{"github", "gcp"})      // github
//	wording.Have("brunch", []string{"branch", "tag", "pr"})  // have branch, tag, pr
//
// It holds no state and imports no package of ours, so that the issuers and the harness share it.
package wording
