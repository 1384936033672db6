package input

import (
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// maxParts bounds the parts of a text that are read by themselves.
const maxParts = 50

// fence finds what Markdown has around code.
var fence = regexp.MustCompile("(?m)^[ \\t>]*(```|~~~)[^\\n]*$")

// readParts reads what stands in a text: code in the fences of Markdown, and JSON behind a command and its warnings, as a
// terminal shows it. It reports false for a text that has neither. The text itself is left to others.
func (f *Found) readParts(src string) bool {
	before := f.size()
	ends := fence.FindAllStringIndex(src, maxParts)
	for i := 0; i+1 < len(ends); i += 2 {
		from, to := ends[i][1], ends[i+1][0]
		f.readPart(src[from:to], strings.Count(src[:from], "\n"))
	}
	if f.size() > before {
		return true
	}
	offset, line := 0, 0
	for tries := 0; tries < maxParts && offset < len(src); {
		end := strings.IndexByte(src[offset:], '\n') + 1
		if end == 0 {
			end = len(src) - offset
		}
		if c := src[offset]; (c == '{' || c == '[') && offset > 0 {
			tries++
			p := newJSONParser(src[offset:])
			if _, err := p.value(); err == nil {
				length := int(p.decoder.InputOffset())
				f.readPart(src[offset:offset+length], line)
				line += strings.Count(src[offset:offset+length], "\n")
				offset += length
				if next := strings.IndexByte(src[offset:], '\n'); next >= 0 {
					offset, line = offset+next+1, line+1
				} else {
					offset = len(src)
				}
				continue
			}
		}
		offset, line = offset+end, line+1
	}
	return f.size() > before
}

// readPart reads a part of a text that begins behind so many lines, and takes over what is in it.
func (f *Found) readPart(src string, lines int) {
	if strings.TrimSpace(src) == "" {
		return
	}
	part := Found{Input: f.Input, part: true}
	if part.read(src) != nil || part.size() == 0 {
		return
	}
	down := func(p *document.Position) {
		if p.Line > 0 {
			p.Line += lines
		}
	}
	for i := range part.Tokens {
		if down(&part.Tokens[i].Place); part.Tokens[i].Place.Line == 0 {
			part.Tokens[i].Place = document.Position{Line: lines + 1, Column: 1, Width: 1}
		}
		f.addToken(part.Tokens[i])
	}
	for i := range part.Credentials {
		down(&part.Credentials[i].Place)
	}
	for i := range part.Applications {
		down(&part.Applications[i].Place)
	}
	for i := range part.Jobs {
		down(&part.Jobs[i].Place)
	}
	for i := range part.Published {
		down(&part.Published[i].Place)
	}
	f.Credentials = append(f.Credentials, part.Credentials...)
	f.Applications = append(f.Applications, part.Applications...)
	f.Jobs = append(f.Jobs, part.Jobs...)
	f.Published = append(f.Published, part.Published...)
	f.SignIns = append(f.SignIns, part.SignIns...)
	f.Notes = append(f.Notes, part.Notes...)
	f.note("Of the text, line %d and those that follow were read as %s.", lines+1, part.Kind)
}

// size is how many things have been found.
func (f *Found) size() int {
	return len(f.Tokens) + len(f.Credentials) + len(f.Applications) + len(f.SignIns) + len(f.Published) + len(f.Jobs)
}
