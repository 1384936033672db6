package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/wording"
)

// progressWidth is what the line takes of a terminal's width at most: one that breaks can't be cleared.
const progressWidth = 79

// clearLine goes to the line's begin and clears it.
const clearLine = "\r\x1b[K"

// progress is the last line of a terminal, which says how far a run is: how many cases have ended and failed, and which
// of those under way has taken longest. The nil one does nothing. It is safe for concurrent use.
type progress struct {
	to    io.Writer
	now   func() time.Time
	total int
	quit  chan struct{} // closed when it ends; nil: nothing ticks

	mu           sync.Mutex
	done, failed int
	running      []running // longest first
	ended        bool
}

// running is a case under way.
type running struct {
	title string
	since time.Time
}

// startProgress shows the line from now on if somebody sees it: on a terminal that can clear a line.
func startProgress(to io.Writer, total int) *progress {
	if !isTerminal(to) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	p := &progress{to: to, now: time.Now, total: total, quit: make(chan struct{})}
	go func() { // times go on where nothing else happens
		ticks := time.NewTicker(time.Second)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
				p.change(func() {})
			case <-p.quit:
				return
			}
		}
	}()
	return p
}

// begin adds a case that is under way.
func (p *progress) begin(title string) {
	if p != nil {
		p.change(func() { p.running = append(p.running, running{title, p.now()}) })
	}
}

// end counts a case that has ended, and has its own lines printed where the line was.
func (p *progress) end(result report.Result, print func()) {
	if p == nil {
		print()
		return
	}
	p.change(func() {
		p.done++
		if result.Status > report.Pass {
			p.failed++
		}
		if i := slices.IndexFunc(p.running, func(r running) bool { return r.title == result.Title() }); i >= 0 {
			p.running = slices.Delete(p.running, i, i+1)
		}
		print()
	})
}

// stop clears the line for good.
func (p *progress) stop() {
	if p == nil {
		return
	}
	p.change(func() {
		if !p.ended && p.quit != nil {
			close(p.quit)
		}
		p.ended = true
	})
}

// change makes a change while the line is away, and shows it anew.
func (p *progress) change(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	fmt.Fprint(p.to, clearLine) // nobody misses it where it can't be written
	do()
	if !p.ended {
		fmt.Fprint(p.to, p.line())
	}
}

// line is how far the run is.
func (p *progress) line() string {
	line := fmt.Sprintf("%d of %d", p.done, p.total)
	if p.failed > 0 {
		line += fmt.Sprintf(", %d failed", p.failed)
	}
	if len(p.running) > 0 {
		longest := p.running[0]
		line += fmt.Sprintf(", %s in %s", p.now().Sub(longest.since).Truncate(time.Second), wording.Printable(longest.title))
	}
	if runes := []rune(line); len(runes) > progressWidth {
		line = strings.TrimRight(string(runes[:progressWidth-1]), " ") + "…"
	}
	return line
}
