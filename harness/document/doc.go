// Package document reads YAML with the places of its values, for what people write: scenarios and directory files. JSON
// is YAML, too.
//
//	log := &document.Log{File: "entra.yaml"}
//	if file := document.Format{Name: "directory"}.Read(src, log); file != nil { // nodes with places
//		(&document.Decoder{Log: log}).Decode(file.Root, &into)
//	}
//	err := log.Problems() // all of them: entra.yaml:3:5: unknown key "domain"
//
// [Format.Read] makes a tree of [Node] of a text, [Decoder] puts it into Go values, and both add what is wrong to a
// [Log]: every [Problem], with its line and column and what to do about it. Rules that the values break are added by
// [Decoder.FailAt], at the paths of what breaks them. So there is one text for a mistake, whatever the file.
//
// # Bounds
//
// The parser behind it is recursive, and takes memory in proportion to the square of how deep lists and maps lie inside
// each other: 32,000 brackets cost 1.6 GB, and 600 kB of "- " 23 GB. It calls itself for each key of a map as well. So
// Read measures the text first, in the very tokens that the parser would see, and refuses what no file needs:
//
//   - more than [MaxDepth] lists and maps inside each other, in brackets or by indentation;
//   - more than [MaxKeys] keys in a map, or as many keys or dashes without a value;
//   - keys that are long, or long together with those around them ([MaxPath]): each value has the keys above it in its
//     path;
//   - anchors, aliases, merge keys and tags, which make a short file a long one, and which neither kind of file has a
//     use for;
//   - more than [MaxMarks] characters that can make a token;
//   - more than [MaxSize] bytes, or fewer, if the format says so.
//
// What is left takes memory in proportion to the text: about 50 bytes for each of a usual file, and under 700 MB for 16
// MiB of the worst.
package document
