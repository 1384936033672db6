package report

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Named is a run with the name of the file that it was read from.
type Named struct {
	Name string
	Run  Run
}

// Merge makes one run of the shards of a run, in any order. Results are sorted by file and place. An error says what keeps
// the reports from being one run's: another target, version, selection or CI run, a shard or a case that is there twice,
// or shards that are missing. One report that is no shard is taken as it is.
func Merge(parts []Named) (Run, error) {
	if len(parts) == 0 {
		return Run{}, errors.New("no report to merge")
	}
	first := parts[0]
	if len(parts) == 1 && first.Run.Shard == nil {
		return first.Run, nil
	}
	for _, part := range parts {
		if err := sameRun(first, part); err != nil {
			return Run{}, err
		}
	}
	if err := allShards(parts); err != nil {
		return Run{}, err
	}
	merged := first.Run
	merged.Shard, merged.Results = nil, nil
	from := map[string]string{}
	for _, part := range parts {
		for _, r := range part.Run.Results {
			if other, twice := from[r.Title()]; twice {
				return Run{}, fmt.Errorf("the case %s is in %s and in %s", r.Title(), other, part.Name)
			}
			from[r.Title()] = part.Name
		}
		merged.Results = append(merged.Results, part.Run.Results...)
		merged.Ms = max(merged.Ms, part.Run.Ms)
		if part.Run.Started.Before(merged.Started) {
			merged.Started = part.Run.Started
		}
	}
	if want := merged.Selection.Cases; len(merged.Results) != want {
		return Run{}, fmt.Errorf("the run has %d cases, its shards have %d together", want, len(merged.Results))
	}
	slices.SortStableFunc(merged.Results, func(a, b Result) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Col-b.Col)
	})
	return merged, nil
}

// sameRun tells two reports apart that are of different runs.
func sameRun(a, b Named) error {
	for _, part := range []Named{a, b} {
		if part.Run.Shard == nil || part.Run.Selection == nil {
			return fmt.Errorf("%s is the report of a whole run, and not of a shard (issuerd run --shard): it can't be merged with others", part.Name)
		}
	}
	digest := func(r Run) string { return fmt.Sprintf("%s, %d cases", r.Selection.Digest, r.Selection.Cases) }
	for _, member := range []struct {
		name string
		of   func(Run) string
	}{
		{"target", func(r Run) string { return r.Target }},
		{"version of issuerd", func(r Run) string { return r.Issuerd }},
		{"run of the CI system", func(r Run) string { return r.Job }},
		{"number of shards", func(r Run) string { return strconv.Itoa(r.Shard.Total) }},
		{"selection of cases, or the text of their files", digest},
	} {
		if x, y := member.of(a.Run), member.of(b.Run); x != y {
			return fmt.Errorf("the reports are of different runs: the %s is %q in %s and %q in %s", member.name, x, a.Name, y, b.Name)
		}
	}
	return nil
}

// maxMissing is how many shards that are missing are named.
const maxMissing = 10

// allShards checks that each shard is there once.
func allShards(parts []Named) error {
	total := parts[0].Run.Shard.Total
	names := map[int]string{}
	for _, part := range parts {
		index := part.Run.Shard.Index
		if index < 1 || index > total {
			return fmt.Errorf("%s: there is no shard %s", part.Name, part.Run.Shard)
		}
		if names[index] != "" {
			return fmt.Errorf("shard %s is in %s and in %s", part.Run.Shard, names[index], part.Name)
		}
		names[index] = part.Name
	}
	var missing []string
	for index := 1; index <= total && len(missing) < maxMissing; index++ {
		if names[index] == "" {
			missing = append(missing, Shard{index, total}.String())
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if more := total - len(names) - len(missing); more > 0 {
		missing = append(missing, fmt.Sprintf("%d more", more))
	}
	return fmt.Errorf("the run's report is not whole without shard %s", strings.Join(missing, ", "))
}
