// Package state is what outlives the process: a directory with one file, in which a farm keeps its records.
//
// A record is a value under a key, such as "worlds/default/clock"; what the keys and the values mean is the farm's
// business. The file is one of bbolt, an embedded store: a change is in it, whole and on the disk, when [Store.Write]
// returns, or not at all. So the process may end at any moment.
//
//	store, err := state.Open("/var/lib/issuerd", state.Options{Version: "1.2.0"})
//	err = store.Write(state.Put("worlds/default/clock", clock), state.Remove("worlds/old/"))
//	for _, record := range store.Records("worlds/") { … }
//
// # Damage
//
// A file that something else has changed, or that lost a part, is an error of [Open], and stays as it is. Open looks at
// all of it: at its pages before bbolt does, which trusts them, and at a digest of all records, which every change
// brings up to date. So no record is lost, comes back or changes unnoticed. A file of a newer format is an error too.
//
// # Who may read it
//
// The records hold private keys. The directory, if Open makes it, is the user's alone (0700), as its files are (0600).
// One process at a time has a directory; the error for the next one says who has it.
package state
