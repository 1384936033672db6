package control

import (
	"math"
	"net/http"
	"time"
)

// maxToken is how long a token may be that is decoded, in bytes. What HTTP servers take as a header is less.
const maxToken = 64 << 10

// timeClaims are the claims that are times in seconds since 1970: those of RFC 7519, of OpenID Connect, and what
// platforms have of their own.
var timeClaims = map[string]bool{
	"exp": true, "iat": true, "nbf": true, "auth_time": true, "updated_at": true, "warnafter": true, "xms_tcdt": true,
}

// Decode reads what a compact JWT says, without verifying it. Of claims in an object, Times has the path, as in
// kubernetes.io.warnafter. The error is an *Error about the member token, and does not repeat the token.
func Decode(token string) (Decoded, error) {
	if len(token) > maxToken {
		return Decoded{}, notDecoded("it has more than 64 KiB")
	}
	header, claims, err := DecodeToken(token)
	if err != nil {
		return Decoded{}, notDecoded(err.Error())
	}
	out := Decoded{Header: header, Claims: claims, Times: map[string]time.Time{}}
	out.addTimes("", claims)
	return out, nil
}

func notDecoded(why string) error {
	return &Error{
		Status: http.StatusBadRequest, Member: "token", Message: "control: the token can't be decoded: " + why,
		Hint: "a token is a JWT in compact form: header.claims.signature, each in base64url",
	}
}

// addTimes finds the claims that are times among the members of an object, and of the objects in it.
func (d Decoded) addTimes(path string, members map[string]any) {
	for name, value := range members {
		switch value := value.(type) {
		case map[string]any:
			d.addTimes(path+name+".", value)
		case int64:
			if at, ok := numericDate(float64(value)); ok && timeClaims[name] {
				d.Times[path+name] = at
			}
		case float64:
			if at, ok := numericDate(value); ok && timeClaims[name] {
				d.Times[path+name] = at
			}
		}
	}
}

// numericDate is the time that a number of seconds since 1970 says, and whether it is plausible as one: until the end
// of the year 9999. Milliseconds are not.
func numericDate(seconds float64) (time.Time, bool) {
	if seconds < 0 || seconds >= 253402300800 {
		return time.Time{}, false
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*float64(time.Second))).UTC(), true
}
