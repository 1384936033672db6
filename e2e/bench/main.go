// Command bench measures speed and size and prints each figure beside its limit, with the machine it ran on. Throughput
// is measured as a ratio to a bare operation in the same run, in rounds that alternate between the two, so that the
// figures hold on any machine and while its speed drifts; the median round counts. Nothing here fails: figures are for
// people to read.
//
// Run it with make bench, on a machine that does nothing else.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 9, "rounds of each pair")
	length := flag.Duration("length", 400*time.Millisecond, "length of each half of a round")
	flag.Parse()
	fmt.Printf("machine: %s, %d processors, %s/%s, %s\n\n", processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	if err := measure(*rounds, *length); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func measure(rounds int, length time.Duration) error {
	fmt.Printf("%-52s %10s %10s\n", "figure", "measured", "limit")
	if err := worldCost(); err != nil {
		return err
	}
	if err := ratios(rounds, length); err != nil {
		return err
	}
	return processes()
}

// atLeast prints a figure that should not be smaller than its limit.
func atLeast(name string, value, limit float64, note string) {
	line(name, fmt.Sprintf("%.2f", value), fmt.Sprintf("≥ %.2f", limit), value < limit, note)
}

// atMost prints a figure that should not be greater than its limit.
func atMost(name string, value, limit float64, unit, note string) {
	line(name, fmt.Sprintf("%.1f %s", value, unit), fmt.Sprintf("≤ %.0f %s", limit, unit), value > limit, note)
}

func line(name, value, limit string, missed bool, note string) {
	mark := ""
	if missed {
		mark = "  MISSED"
	}
	fmt.Printf("%-52s %10s %10s%s  %s\n", name, value, limit, mark, note)
}

// processor is the model of the processor, where the system says.
func processor() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	defer file.Close()
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		if name, ok := strings.CutPrefix(scanner.Text(), "model name"); ok {
			return strings.TrimLeft(name, "\t :")
		}
	}
	return "unknown processor"
}
