// Package input tells what somebody holds in hand when a sign-in has failed, and reads it: a token, a federated
// credential in one of its many forms, a workflow or pipeline file, an entry of a farm's journal, a scenario, or a text
// with a message of Entra's.
//
//	found, err := input.Read("fic.json", data)
//	for _, c := range found.Credentials {
//		fmt.Println(c.Form, c.Issuer, c.Subject, c.Unknown["subject"])
//	}
//
// What an input is shows in what it says. Its name decides only where that leaves a doubt.
//
// The package does no I/O and sends nothing anywhere. Tokens in what it returns are of a type that does not print, and
// no note, error or text has one. Each reader takes time and memory in proportion to the input, which is bounded before
// a parser sees it: [MaxSize] bytes, [MaxDepth] lists and maps inside each other and [MaxValues] values.
//
// Nothing is invented. What a file leaves open, such as the value of a variable or the name of a repository, is named as
// unknown or is a {placeholder}.
package input
