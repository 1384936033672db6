// Package reproduce writes scenarios that yield the refusals that people have seen, with the same code and the same
// values, and plays them. It works from what package input has found: at least a message of Entra's, or a code alone;
// what else there is, such as a token or the credential, makes the scenario more like the real case.
//
// [Make] has a recipe for each code that the emulator answers. What an input does not say, the recipe makes up, as
// little as it takes, and says so.
//
//	made, err := reproduce.Make(case, reproduce.Options{})
//	run, err := made.Play(ctx, target)
//
// A token never gets into a scenario, only what it says. With [Options].Anonymize, names don't either.
package reproduce
