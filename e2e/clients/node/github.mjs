// A job of GitHub Actions, with the library that actions are written with. It prints a line of its own, which has the runner mask the token.
import core from "@actions/core";
import { audience, signIn } from "./entra.mjs";

await signIn(() => core.getIDToken(audience));
