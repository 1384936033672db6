package runner

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/issuerd/issuerd/wording"
)

// expired is the end of a case's time.
type expired struct{ message string }

func (e expired) Error() string { return e.message }

// moreTime is the hint for a case that took its timeout.
const moreTime = "--timeout gives each case more time, --parallel plays fewer of them at the same time"

// expired is the error of a case that has taken its time. It tells what else the machine had to do, because a case that
// takes milliseconds elsewhere is late only where something hangs or everything is slow.
func (p *play) expired(timeout time.Duration) error {
	return expired{fmt.Sprintf("the case took longer than its timeout of %s; then %s under way, and the machine had %s",
		timeout, wereUnder(int(p.among.under.Load())), p.opts.Busy())}
}

func wereUnder(n int) string {
	if n == 1 {
		return "1 case was"
	}
	return wording.Count(n, "case") + " were"
}

// busy says how busy this machine is.
func busy() string { return busyness(os.DirFS("/proc"), runtime.NumCPU(), runtime.NumGoroutine()) }

// busyness says how busy a machine is, as far as the files of its system say, which are those that Linux has in /proc.
func busyness(proc fs.FS, processors, goroutines int) string {
	parts := []string{wording.Count(processors, "processor")}
	if load, ok := firstNumber(proc, "loadavg", ""); ok {
		parts = append(parts, fmt.Sprintf("a load of %.1f in the last minute", load))
	}
	if waited, ok := firstNumber(proc, "pressure/cpu", "some avg10="); ok {
		parts = append(parts, fmt.Sprintf("something that waited for a processor in %.0f%% of the last 10s", waited))
	}
	parts = append(parts, wording.Count(goroutines, "goroutine")+" in this process")
	return strings.Join(parts, ", ")
}

// firstNumber reads the number that a file begins with, behind a prefix.
func firstNumber(files fs.FS, name, prefix string) (float64, bool) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return 0, false
	}
	rest, found := strings.CutPrefix(string(text), prefix)
	words := strings.Fields(rest)
	if !found || len(words) == 0 {
		return 0, false
	}
	n, err := strconv.ParseFloat(words[0], 64)
	return n, err == nil
}
