package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/harness/report"
)

// shardVariables are those in which a system says which of how many jobs this one is.
type shardVariables struct {
	system       string
	index, total string
	first        int // what the index of the first job is
}

// shardSystems are what --shard auto looks at, in this order. Kubernetes says the index of a pod of an indexed Job, and not
// how many there are: the manifest sets that beside it.
var shardSystems = []shardVariables{
	{"Kubernetes", "JOB_COMPLETION_INDEX", "ISSUERD_SHARDS", 0},
	{"CircleCI", "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0},
	{"Buildkite", "BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0},
	{"Azure Pipelines", "SYSTEM_JOBPOSITIONINPHASE", "SYSTEM_TOTALJOBSINPHASE", 1},
	{"Bitbucket", "BITBUCKET_PARALLEL_STEP", "BITBUCKET_PARALLEL_STEP_COUNT", 0},
	{"Semaphore", "SEMAPHORE_JOB_INDEX", "SEMAPHORE_JOB_COUNT", 1},
	{"Cloud Run", "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT", 0},
	{"GitLab", "CI_NODE_INDEX", "CI_NODE_TOTAL", 1},
}

// parseShard reads --shard. Nil: it is not given.
func parseShard(flag string, getenv func(string) string) (*report.Shard, error) {
	switch flag {
	case "":
		return nil, nil
	case "auto":
		return autoShard(getenv)
	}
	index, total, both := strings.Cut(flag, "/")
	i, errIndex := strconv.Atoi(index)
	n, errTotal := strconv.Atoi(total)
	if !both || errIndex != nil || errTotal != nil {
		return nil, fmt.Errorf("--shard %q: want a part and the number of parts, such as 2/5, or auto", flag)
	}
	shard := &report.Shard{Index: i, Total: n}
	return shard, validateShard(*shard, fmt.Sprintf("--shard %s", flag))
}

// validateShard checks that a shard is one of those there are.
func validateShard(s report.Shard, from string) error {
	if s.Total < 1 || s.Index < 1 || s.Index > s.Total {
		return fmt.Errorf("%s: want a part from 1 to the number of parts, got %s", from, s)
	}
	return nil
}

// autoShard reads the variables of the first system that sets an index, or a number of jobs that is 1.
func autoShard(getenv func(string) string) (*report.Shard, error) {
	var known []string
	for _, v := range shardSystems {
		index, total := getenv(v.index), getenv(v.total)
		known = append(known, fmt.Sprintf("%s and %s (%s)", v.index, v.total, v.system))
		switch {
		case index == "" && total == "1": // GitLab, of a job that is not divided
			return &report.Shard{Index: 1, Total: 1}, nil
		case index == "":
			continue
		case total == "":
			return nil, fmt.Errorf("--shard auto: %s is %q, and %s is not set: set it to the number of jobs", v.index, index, v.total)
		}
		i, errIndex := strconv.Atoi(index)
		n, errTotal := strconv.Atoi(total)
		from := fmt.Sprintf("--shard auto: %s=%s %s=%s (%s, which counts from %d)", v.index, index, v.total, total, v.system, v.first)
		if errIndex != nil || errTotal != nil {
			return nil, fmt.Errorf("%s: want two numbers", from)
		}
		shard := &report.Shard{Index: i - v.first + 1, Total: n}
		return shard, validateShard(*shard, from)
	}
	return nil, fmt.Errorf("--shard auto: no variables say which part this is; it looks at %s", strings.Join(known, ", "))
}

// inShard tells whether a case is of a shard. It depends on the name of the case alone, so that another file moves no case to
// another shard.
func inShard(s report.Shard, title string) bool {
	sum := sha256.Sum256([]byte(title))
	return binary.BigEndian.Uint64(sum[:8])%uint64(s.Total) == uint64(s.Index-1)
}

// jobVariables are those in which CI systems say which run a job is of, the same in all its jobs.
var jobVariables = []struct{ system, variable string }{
	{"run", "ISSUERD_RUN_ID"}, // where no system says it
	{"github", "GITHUB_RUN_ID"},
	{"gitlab", "CI_PIPELINE_ID"},
	{"circleci", "CIRCLE_WORKFLOW_ID"},
	{"buildkite", "BUILDKITE_BUILD_ID"},
	{"azure-devops", "BUILD_BUILDID"},
	{"bitbucket", "BITBUCKET_BUILD_NUMBER"},
	{"semaphore", "SEMAPHORE_PIPELINE_ID"},
}

// jobOf is the run of a CI system that this is a part of, or empty.
func jobOf(getenv func(string) string) string {
	for _, v := range jobVariables {
		if id := getenv(v.variable); id != "" {
			return v.system + " " + id
		}
	}
	return ""
}
