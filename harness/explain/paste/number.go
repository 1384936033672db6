package paste

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
)

// number is AADSTS and digits in a text.
type number struct {
	from, to int   // its letters
	code     int   // as far as the digits surely go
	longer   []int // with digits that stand after a break of a line or a space, longest first
	ends     []int // where each of longer ends
	prose    bool  // no colon comes after it
}

var heads = []string{"aadsts", "aadb2c"}

// numbers finds the numbers of codes in a text, in their order.
func (r *reader) numbers() []number {
	var all []number
	for i := 0; i < len(r.s.letters) && len(all) < maxNumbers; {
		next, head := -1, ""
		for _, h := range heads {
			if at := strings.Index(r.s.letters[i:], h); at >= 0 && (next < 0 || at < next) {
				next, head = at, h
			}
		}
		if next < 0 {
			return all
		}
		from := i + next
		i = from + len(head)
		if n, is := r.digits(from, i); is {
			all = append(all, n)
			i = n.to
		}
	}
	return all
}

// digits reads the digits after the letters of a code's name.
func (r *reader) digits(from, at int) (number, bool) {
	n := number{from: from}
	i, sure := at, -1
	for i < len(r.s.letters) && i-at < 9 && r.s.letters[i] >= '0' && r.s.letters[i] <= '9' {
		if i > at {
			gap := strings.Trim(r.s.between(i), "*_`'\"\u200b\u2060\ufeff\u00ad")
			if gap != "" {
				if strings.TrimSpace(gap) != "" || len(gap) > 200 {
					break
				}
				if sure < 0 {
					sure = i
				}
				n.ends = append(n.ends, i)
			}
		}
		i++
	}
	if i == at || strings.TrimLeft(strings.TrimSpace(r.s.between(at)), "-_:*`'\"[(#") != "" {
		return n, false
	}
	n.to = i
	if sure < 0 {
		sure = i
	} else {
		n.ends = append(n.ends[1:], i)
	}
	if sure-at < 4 && len(n.ends) == 0 {
		return n, false
	}
	n.code, _ = strconv.Atoi(r.s.letters[at:sure])
	for _, end := range slices.Backward(n.ends) {
		code, _ := strconv.Atoi(r.s.letters[at:end])
		n.longer = append(n.longer, code)
	}
	slices.Reverse(n.ends)
	if len(n.longer) > 0 {
		r.settle(&n, sure)
	}
	if place := r.s.end(n.to); place < len(r.s.text) && strings.IndexByte("xXnN*?", r.s.text[place]) >= 0 {
		if _, known := entra.Lookup(n.code); !known || r.s.text[place] != '*' {
			return n, false // AADSTS70021x, AADSTS7002**
		}
	}
	after := strings.TrimLeft(r.s.between(n.to), "*_`'\"\u200b \n")
	n.prose = !strings.HasPrefix(after, ":") && !strings.HasPrefix(after, "：")
	return n, n.code > 9999
}

// settle decides how far the digits go that a break stands in: to the longest number that is a code and has a colon
// after it, or that the digits before the break are none without.
func (r *reader) settle(n *number, sure int) {
	_, known := entra.Lookup(n.code)
	for i, code := range n.longer {
		_, is := entra.Lookup(code)
		colon := strings.HasPrefix(strings.TrimLeft(r.s.between(n.ends[i]), "*_`'\" \n"), ":")
		if is && (colon || !known) || !known && colon {
			n.code, n.to = code, n.ends[i]
			r.c.note("the number of the code was broken over lines")
			return
		}
	}
	n.to = sure
}

// elsewhere finds numbers that stand without AADSTS: in error_codes, an address, a log of sign-ins, or as MSAL for Java
// Script has it.
func (r *reader) elsewhere(from, to int) []int {
	var codes []int
	for _, m := range bareNumber.FindAllStringSubmatch(r.s.text[from:to], -1) {
		for _, digits := range m[1:] {
			if digits == "" {
				continue
			}
			if code, err := strconv.Atoi(digits); err == nil && !slices.Contains(codes, code) {
				codes = append(codes, code)
			}
		}
	}
	return codes
}

var bareNumber = regexp.MustCompile(`(?i)error[_ ]?codes?["'*]*\s*(?:[:=]|is|was)?\s*["'\[]*\s*\**(\d{5,8})\b|error\?code=(\d{5,8})\b|Error\(s\):\s*(\d{5,8})\b|ResultType["']?\s*[:=]+\s*["']?(\d{5,8})\b|\binvalid_\w+:\s*(\d{5,8})\s+-`)
