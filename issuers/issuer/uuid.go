package issuer

import (
	"io"

	"github.com/google/uuid"
)

// NewUUID makes a UUID of 16 random bytes, version 4. With an error it is the zero UUID.
func NewUUID(random io.Reader) (string, error) {
	id, err := uuid.NewRandomFromReader(random)
	return id.String(), err
}

// UUIDFrom writes 16 bytes, such as the first of a digest, as a UUID of a version. What follows the 16 does not count.
func UUIDFrom(bytes []byte, version byte) string {
	id := uuid.UUID(bytes[:16])
	id[6], id[8] = id[6]&0x0f|version<<4, id[8]&0x3f|0x80
	return id.String()
}
