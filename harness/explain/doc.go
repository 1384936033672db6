// Package explain says why a sign-in fails. It takes what people hold, as packages input and paste read it, makes the
// emulator's own checks on it, and says which character differs, what Entra answers, how sure that is, and what to do:
//
//	found, err := input.Read("error.txt", data)
//	report, err := explain.Explain(ctx, explain.Case{Inputs: []input.Found{found}, Now: time.Now()})
//	fmt.Print(report.Text(false))
//
// # How it comes to what it says
//
// What is unequal comes from the record of the checks, [github.com/issuerd/issuerd/harness/entra.Examine]; this package
// only says how the two of a recorded pair differ, in characters and in what they mean. What the checks cannot know,
// such as a credential that was edited and that Entra still serves as it was, comes from a table of public reports, and
// says so. A fix changes the nearest credential if what differs was mistyped, and makes another one if the credential is
// for something else.
//
// Nothing is sent anywhere without Case.HTTP. A report has no token and no signature in it.
package explain
