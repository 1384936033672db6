package explain

import (
	"fmt"
	"slices"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/explain/paste"
)

// superseding are the codes that are answered in the place of AADSTS70021 since 2023.
var superseding = []int{700211, 700212, 700213, 7002131, 7002138}

// CodeOf is the code that counts of a message. Where its number and its sentence contradict each other, it is the
// sentence's: the sentence has the values, and a number is mistyped more easily than a sentence. Only the sentence of
// AADSTS70021 says less than the numbers that superseded it.
func CodeOf(m paste.Message) int {
	row, known := entra.Lookup(m.Sentence)
	if !known || row.Number == 70021 && slices.Contains(superseding, m.Code) {
		return m.Code
	}
	return row.Number
}

// conflict says which of number and sentence counts, and what the other means. "": they agree.
func conflict(m paste.Message) string {
	number, code := fmt.Sprint("AADSTS", m.Code), CodeOf(m)
	switch {
	case m.Sentence == 0 || m.Sentence == m.Code:
		return ""
	case code == m.Code:
		return fmt.Sprintf("the text has the sentence of AADSTS%d: number and sentence contradict each other; the number counts here, as it says more", m.Sentence)
	}
	words := fmt.Sprintf("the text says %s with this sentence: number and sentence contradict each other; the sentence counts here, as it has the values", number)
	if row, known := entra.Lookup(m.Code); known {
		words += "; if the number is right: " + row.Cause
	}
	return words
}
