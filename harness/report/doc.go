// Package report holds the results of a run and writes them: [Text] for people, [JSON] with everything there is, [JUnit],
// [TAP] and [CTRF] for what reads those, [Annotations] and [Summary] for GitHub Actions. [Merge] makes one run of its
// shards.
//
// A runner fills a [Run] while it goes; a format only reads it. The JSON document is the model itself, so [Read] brings
// back whatever another format shows. Each format has the same text for what went wrong. A token or key never belongs in
// a result: the formats write what they are given.
//
// The statuses are those of `terraform test` (https://developer.hashicorp.com/terraform/cli/commands/test):
// a case that could not be carried out is an error, one whose expectation is not met has failed.
//
//	run := report.Run{Version: 1, Target: "emulator", Results: []report.Result{{
//		Name: "github/branch", File: "scenarios/github/branch.yaml", Line: 2,
//		Status: report.Pass, Ms: 41,
//	}}}
//	err := report.Text(os.Stdout, run, report.TextOptions{})
//	// PASS  github/branch  41ms
//	//
//	// 1 passed, 0 failed, 0 skipped
package report
