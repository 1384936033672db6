package paste

import (
	"regexp"
	"strconv"
	"strings"
)

// lines takes frames, marks of quotation and the prefixes of logs from the lines of a text, one around the other.
func (c *cleaned) lines(text string) string {
	lines := strings.Split(text, "\n")
	if dockerLine.MatchString(text) {
		for i, line := range lines {
			if m := dockerLine.FindStringSubmatch(line); m != nil {
				lines[i] = m[1]
			}
		}
		c.note("the lines were those of a container's log")
	}
	for range 4 {
		changed := c.frames(lines)
		for _, p := range prefixes {
			changed = c.prefixed(lines, p) || changed
		}
		if !changed {
			break
		}
	}
	return strings.Join(c.rejoin(lines), "\n")
}

// inline makes breaks of what is left of a frame whose lines have been joined.
func inline(text string) string {
	return within.ReplaceAllString(inlineFrame.ReplaceAllString(text, "\n"), "\n")
}

// frames takes one frame off each line, and says whether there was one.
func (c *cleaned) frames(lines []string) bool {
	framed := false
	for i, line := range lines {
		if c.table && strings.HasPrefix(strings.TrimSpace(line), "|") {
			continue // a row of a table
		}
		bare := frameStart.ReplaceAllString(line, "")
		if frameOnly.MatchString(bare) {
			bare = ""
		}
		if end := frameEnd.FindStringIndex(bare); end != nil {
			bare = bare[:end[0]]
		}
		framed = framed || bare != line
		lines[i] = bare
	}
	if framed {
		c.note("a frame, or marks of quotation, were taken from its lines")
	}
	return framed
}

var (
	dockerLine  = regexp.MustCompile(`(?m)^[ \t]*\{"log":"(.*?)(?:\\n)?","stream":"\w+".*\}[ \t]*$`)
	inlineFrame = regexp.MustCompile(`[ \t\x{a0}]*[│┃║╎┆][ \t\x{a0}]*[│┃║╎┆][ \t\x{a0}]?|[ \t\x{a0}]*\|\|[ \t\x{a0}]?`)
	within      = regexp.MustCompile(`[ \t\x{a0}]*[│┃║╎┆]+[ \t\x{a0}]?`)
	frameStart  = regexp.MustCompile(`^[ \t\x{a0}]*(?:(?:[│┃║╎┆▌▏]|\|\||\||>)[ \t\x{a0}]?)+`)
	frameEnd    = regexp.MustCompile(`[ \t\x{a0}]*(?:[│┃║╎┆▐]|\|)[ \t\x{a0}]*$`)
	frameOnly   = regexp.MustCompile(`^[ \t\x{a0}]*[╷╵╭╮╰╯┌┐└┘├┤┬┴┼─━═╔╗╚╝╒╕╘╛+|*#=_~-]{1,}[ \t\x{a0}]*$`)
)

// prefix is what a kind of log puts before each line. It is taken off where two lines in a row have it: a message that
// is on one line is not broken by it.
type prefix struct {
	what   string
	is     *regexp.Regexp
	counts bool // each has the number after that of the line before
}

const stamp = `\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[ ]?[+-]\d\d:?\d\d| UTC)?`

var prefixes = []prefix{
	{"names of pods, jobs or steps", regexp.MustCompile(`^[ \t]*\[Step \d+/\d+\][ ]|^\[?(?:pod|container)/[^\s\]]+\]?:?[ ]|^[\w./() -]{1,80}\t(?:[\w./() -]{1,80}\t)?|^[a-z0-9][a-z0-9_.-]{0,60}[ ]+\|[ ]`), false},
	{"times", regexp.MustCompile(`^[ \t]*(?:\[` + stamp + `[^\]]{0,20}\]|` + stamp + `|\[\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\](?:[A-Z]?:)?|\d\d:\d\d:\d\d(?:[.,]\d{1,9})?|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d)(?:[ \t]|$)`), false},
	{"names of streams", regexp.MustCompile(`^(?:stdout|stderr) [FP](?: |$)`), false},
	{"heads of klog's lines", regexp.MustCompile(`^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{1,9}[ ]+\d+ [\w.-]+:\d+\][ ]`), false},
	{"levels", regexp.MustCompile(`^[ \t]*(?:##\[\w+\]|::(?:error|warning|notice|debug)(?:[ ][^:\n]{0,200})?::|\[[ ]*(?i:info|error|warn|warning|debug|trace|fatal|notice)[ ]*\]:?|(?i:info|error|warn|warning|debug|trace|fatal)(?::|[ ]+-|[ ]*\|))[ \t]?`), false},
	{"heads of lines", regexp.MustCompile(`^[ \t]*\[?[\w.-]{1,60}\[\d{1,7}\]:[ ]`), false},
	{"numbers of lines", regexp.MustCompile(`^[ \t]*\d{1,5}(?:[:|\t]|[ ]{2,})[ \t]?`), true},
	{"marks of a difference", regexp.MustCompile(`^[+](?:[ ]|$)|^[-](?:[ ]{2,}|$)`), false},
}

// prefixed takes one prefix off runs of two and more lines that have it, and says whether there were some.
func (c *cleaned) prefixed(lines []string, p prefix) bool {
	had, last := false, 0
	run := make([]int, 0, 16) // where the prefix of each line of the run ends
	flush := func(after int) {
		if len(run) >= 2 {
			for i, end := range run {
				at := after - len(run) + i
				lines[at] = lines[at][end:]
			}
			had = true
			c.note("prefixes of a log (" + p.what + ") were taken from its lines")
		}
		run = run[:0]
	}
	for i, line := range lines {
		loc := p.is.FindStringIndex(line)
		if loc == nil || strings.Contains(strings.ToUpper(line[:loc[1]]), "AADSTS") {
			flush(i)
			continue
		}
		if p.counts {
			number, _ := strconv.Atoi(strings.Trim(line[:loc[1]], " \t:|"))
			if len(run) > 0 && number != last+1 {
				flush(i)
			}
			last = number
		}
		run = append(run, loc[1])
	}
	flush(len(lines))
	return had
}
