// Mutation changes the code that decides about sign-ins and access in one place at a time, and tells which changes no
// test notices. It is run by hand, with make mutate, and takes half an hour on two cores that do nothing else.
//
// The packages are built once, with every change in them ("mutant schemata"): each is switched on by its number in the
// environment. The tree is never touched, because go build gets the changed files as an overlay. A first run of each
// package's tests records which mutants they reach, and every mutant is then tried with those tests alone, until one
// fails.
//
// A survivor needs a test, or a row with a reason in reasons.go. A row that is not needed any more is an error too.
//
// What is not changed: texts with a space in them, which are for people; tables at package level; constants.
package main
