package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/report"
)

func TestParseShard(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		flag, env, want, err string
	}{
		{"", "", "<nil>", ""},
		{"2/5", "", "2/5", ""},
		{"1/1", "", "1/1", ""},
		{"0/5", "", "", "--shard 0/5: want a part from 1 to the number of parts"},
		{"6/5", "", "", "want a part from 1 to the number of parts, got 6/5"},
		{"1/0", "", "", "want a part from 1"},
		{"-1/-1", "", "", "want a part from 1"},
		{"2", "", "", `--shard "2": want a part and the number of parts, such as 2/5, or auto`},
		{"2/x", "", "", "such as 2/5, or auto"},
		{"auto", "", "", "no variables say which part this is; it looks at JOB_COMPLETION_INDEX and ISSUERD_SHARDS (Kubernetes)"},
		{"auto", "JOB_COMPLETION_INDEX=0 ISSUERD_SHARDS=3", "1/3", ""},
		{"auto", "JOB_COMPLETION_INDEX=2 ISSUERD_SHARDS=3", "3/3", ""},
		{"auto", "JOB_COMPLETION_INDEX=3 ISSUERD_SHARDS=3", "", "(Kubernetes, which counts from 0): want a part from 1 to the number of parts, got 4/3"},
		{"auto", "JOB_COMPLETION_INDEX=2", "", `JOB_COMPLETION_INDEX is "2", and ISSUERD_SHARDS is not set: set it to the number of jobs`},
		{"auto", "JOB_COMPLETION_INDEX=x ISSUERD_SHARDS=3", "", "want two numbers"},
		{"auto", "CIRCLE_NODE_INDEX=0 CIRCLE_NODE_TOTAL=4", "1/4", ""},
		{"auto", "BUILDKITE_PARALLEL_JOB=3 BUILDKITE_PARALLEL_JOB_COUNT=4", "4/4", ""},
		{"auto", "SYSTEM_JOBPOSITIONINPHASE=1 SYSTEM_TOTALJOBSINPHASE=4", "1/4", ""},
		{"auto", "SYSTEM_JOBPOSITIONINPHASE=0 SYSTEM_TOTALJOBSINPHASE=4", "", "(Azure Pipelines, which counts from 1)"},
		{"auto", "BITBUCKET_PARALLEL_STEP=1 BITBUCKET_PARALLEL_STEP_COUNT=2", "2/2", ""},
		{"auto", "SEMAPHORE_JOB_INDEX=2 SEMAPHORE_JOB_COUNT=2", "2/2", ""},
		{"auto", "CLOUD_RUN_TASK_INDEX=1 CLOUD_RUN_TASK_COUNT=2", "2/2", ""},
		{"auto", "CI_NODE_INDEX=1 CI_NODE_TOTAL=4", "1/4", ""},
		{"auto", "CI_NODE_TOTAL=1", "1/1", ""},
		{"auto", "CI_NODE_TOTAL=4", "", "no variables say which part this is"},
	} {
		env := map[string]string{}
		for _, item := range strings.Fields(tt.env) {
			name, value, _ := strings.Cut(item, "=")
			env[name] = value
		}
		got, err := parseShard(tt.flag, func(name string) string { return env[name] })
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q with %q: %v, want %q", tt.flag, tt.env, err, tt.err)
			}
			continue
		}
		if err != nil || fmt.Sprint(got) != tt.want {
			t.Errorf("%q with %q: %v, %v, want %s", tt.flag, tt.env, got, err, tt.want)
		}
	}
}

// TestShardsDivide wants each case in one shard, shards of about one size, and the same ones in every version.
func TestShardsDivide(t *testing.T) {
	t.Parallel()
	const cases, total = 1000, 4
	var counts [total]int
	for i := range cases {
		title := fmt.Sprintf("github/case-%d[row]", i)
		in := 0
		for shard := range total {
			if inShard(report.Shard{Index: shard + 1, Total: total}, title) {
				counts[shard]++
				in++
			}
		}
		if in != 1 {
			t.Fatalf("%s is in %d shards", title, in)
		}
	}
	for shard, n := range counts {
		if n < cases/total*8/10 || n > cases/total*12/10 {
			t.Errorf("shard %d has %d of %d cases, want about a quarter", shard+1, n, cases)
		}
	}
	if !inShard(report.Shard{Index: 4, Total: 4}, "github/branch") {
		t.Error("github/branch has moved to another of four shards; reports of two versions would not fit together")
	}
}

func TestJobOf(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]string{"GITHUB_RUN_ID": "github 12", "ISSUERD_RUN_ID": "run 12", "NOTHING": ""} {
		got := jobOf(func(name string) string {
			if name == variable {
				return "12"
			}
			return ""
		})
		if got != want {
			t.Errorf("%s=12: %q, want %q", variable, got, want)
		}
	}
}
