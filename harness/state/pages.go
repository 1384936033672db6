package state

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"math"
)

// bbolt maps its file into memory and trusts it: a page that points astray makes it read what is not there, go in
// circles, or panic in a goroutine of its own. checkPages looks first. The layout is that of bbolt's file version 2,
// in the machine's byte order:
//
//	page:    id 8, kind 2, count 2, further pages 4, then elements
//	branch:  an element for each child: where its key is 4, the key's length 4, the child's page 8
//	leaf:    an element for each item: kind 4, where its key is 4, the lengths of key 4 and value 4; the value is behind
//	meta:    magic 4, version 4, page size 4, flags 4, root page 8, sequence 8, free list 8, end 8, transaction 8, sum 8
//	bucket:  a value that is root page 8, sequence 8, and where the root is 0, a page
const (
	pageSize      = 4096
	pageHeader    = 16
	elementSize   = 16
	bucketHeader  = 16
	metaSummed    = 56 // bytes of a meta before its sum
	boltMagic     = 0xED0CDAED
	boltVersion   = 2
	branchPage    = 0x01
	leafPage      = 0x02
	metaPage      = 0x04
	bucketElement = 0x01
	noFreeList    = math.MaxUint64
	maxDepth      = 64 // of branches; a tree of pages is never that deep
)

// pages walks the pages of a file.
type pages struct {
	file []byte
	end  uint64 // the first page that is not in use
	seen map[uint64]bool
}

// checkPages says what keeps bbolt from reading a file safely. The error wraps ErrDamaged.
func checkPages(file []byte) error {
	if len(file) < 2*pageSize {
		return damaged("it has %d bytes, which is too few", len(file))
	}
	// Both of the metas are whole after every end of the process: each is written at once, and by turns. Without one,
	// the last change may be missing.
	var metas [2][]byte
	for i := range metas {
		meta := file[i*pageSize:][:pageSize]
		sum := fnv.New64a()
		sum.Write(meta[pageHeader:][:metaSummed]) // it does not fail
		if u16(meta[8:]) != metaPage || u32(meta[16:]) != boltMagic || u32(meta[20:]) != boltVersion || u32(meta[24:]) != pageSize ||
			u64(meta[pageHeader+metaSummed:]) != sum.Sum64() {
			return damaged("page %d does not say what is in it", i)
		}
		metas[i] = meta[pageHeader:]
	}
	meta := metas[0]
	older, newer := u64(metas[1][48:]), u64(meta[48:])
	if older > newer {
		meta, older, newer = metas[1], newer, older
	}
	if newer-older != 1 {
		return damaged("its last two changes have the numbers %d and %d", older, newer)
	}
	p := pages{file, u64(meta[40:]), map[uint64]bool{0: true, 1: true}}
	if p.end > uint64(len(file)/pageSize) {
		return damaged("it has %d pages of %d", len(file)/pageSize, p.end)
	}
	if u64(meta[32:]) != noFreeList {
		return damaged("it has a list of free pages")
	}
	return p.walk(u64(meta[16:]), nil, nil, 0)
}

// walk looks at a page and at what is below it, whose keys are from low on and below high (nil: there is no such bound).
func (p *pages) walk(id uint64, low, high []byte, depth int) error {
	if id >= p.end {
		return damaged("something leads to page %d of %d", id, p.end)
	}
	page := p.file[id*pageSize:]
	if u64(page) != id {
		return damaged("page %d says that it is another one", id)
	}
	further := uint64(u32(page[12:]))
	if further >= p.end-id {
		return damaged("page %d ends behind the last one", id)
	}
	for n := id; n <= id+further; n++ {
		if p.seen[n] {
			return damaged("page %d is used twice", n)
		}
		p.seen[n] = true
	}
	return p.content(page[:(further+1)*pageSize], id, low, high, depth)
}

// content looks at the elements of a page.
func (p *pages) content(page []byte, id uint64, low, high []byte, depth int) error {
	kind, count := u16(page[8:]), int(u16(page[10:]))
	if kind != branchPage && kind != leafPage {
		return damaged("page %d is of an unknown kind", id)
	}
	if pageHeader+count*elementSize > len(page) || kind == branchPage && (count == 0 || depth > maxDepth) {
		return damaged("page %d has %d elements, which can't be", id, count)
	}
	keys := make([][]byte, count+1)
	keys[count] = high
	for i := range count {
		start := pageHeader + i*elementSize
		element := page[start:][:elementSize]
		where, length := u32(element), u32(element[4:])
		if kind == leafPage {
			where, length = u32(element[4:]), u32(element[8:])
		}
		key, ok := slice(page, uint64(start)+uint64(where), uint64(length))
		if !ok || length == 0 {
			return damaged("a key of page %d is not in it", id)
		}
		keys[i] = key
		if bytes.Compare(key, low) < 0 || i > 0 && bytes.Compare(key, keys[i-1]) <= 0 || high != nil && bytes.Compare(key, high) >= 0 {
			return damaged("the keys of page %d are in disorder", id)
		}
	}
	for i := range count {
		start := pageHeader + i*elementSize
		element := page[start:][:elementSize]
		if kind == branchPage {
			if err := p.walk(u64(element[8:]), keys[i], keys[i+1], depth+1); err != nil {
				return err
			}
			continue
		}
		value, ok := slice(page, uint64(start)+uint64(u32(element[4:]))+uint64(u32(element[8:])), uint64(u32(element[12:])))
		if !ok {
			return damaged("a value of page %d is not in it", id)
		}
		switch u32(element) {
		case 0:
		case bucketElement:
			if err := p.bucket(value, id, depth); err != nil {
				return err
			}
		default:
			return damaged("a value of page %d is of an unknown kind", id)
		}
	}
	return nil
}

// bucket looks at a bucket that is a value of a page.
func (p *pages) bucket(value []byte, id uint64, depth int) error {
	if depth > maxDepth {
		return damaged("page %d has a bucket too deep", id)
	}
	if len(value) < bucketHeader {
		return damaged("a bucket of page %d is too short", id)
	}
	if root := u64(value); root != 0 {
		return p.walk(root, nil, nil, depth+1)
	}
	inline := value[bucketHeader:]
	if len(inline) < pageHeader || u16(inline[8:]) != leafPage {
		return damaged("a bucket of page %d has no page", id)
	}
	return p.content(inline, id, nil, nil, depth+1)
}

// slice is a part of a page, if it is inside.
func slice(page []byte, from, length uint64) ([]byte, bool) {
	if from > uint64(len(page)) || length > uint64(len(page))-from {
		return nil, false
	}
	return page[from:][:length], true
}

func u16(b []byte) uint16 { return binary.NativeEndian.Uint16(b) }
func u32(b []byte) uint32 { return binary.NativeEndian.Uint32(b) }
func u64(b []byte) uint64 { return binary.NativeEndian.Uint64(b) }
