package issuer

// For asks for a token for one audience or, where that is empty, for what the platform gives without one.
func For(audience string) Request {
	if audience == "" {
		return Request{}
	}
	return Request{Audience: []string{audience}}
}

// Audience is aud of a platform that writes one audience as a string and several as an array.
func Audience(asked []string) any {
	if len(asked) == 1 {
		return asked[0]
	}
	return AudienceArray(asked)
}

// AudienceArray is aud of a platform that always writes an array.
func AudienceArray(asked []string) []any {
	out := make([]any, len(asked))
	for i, one := range asked {
		out[i] = one
	}
	return out
}
