package main

// reasons say of survivors why no test can notice them, by their key as the run prints it.
var reasons = map[string]string{}
