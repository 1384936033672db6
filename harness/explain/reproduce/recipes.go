package reproduce

import "maps"

// recipe turns a draft into a scenario that yields a code. The error says why the case cannot be had here.
type recipe func(*draft) error

// recipes are how to get each code that the emulator answers.
var recipes = func() map[int]recipe {
	all := map[int]recipe{}
	for _, some := range []map[int]recipe{requestRecipes, assertionRecipes, clientRecipes, certificateRecipes, matchingRecipes, entraRecipes, issuerRecipes} {
		maps.Copy(all, some)
	}
	return all
}()

// newer are the codes that are answered in the place of others today, and why.
var newer = map[int]struct {
	code   int
	reason string
}{
	70021:    {700213, "AADSTS70021 was superseded in 2023 by AADSTS700211, AADSTS700212 and AADSTS700213"},
	70022204: {700212, "AADSTS70022204 is known from one note only"},
	700011:   {700016, "AADSTS700011 is of an older endpoint"},
	900432:   {900382, "AADSTS900432 has the text of AADSTS900382, and how they differ is not known"},
	7000218:  {7000216, "client_credentials without a credential gets AADSTS7000216"},
	7000222:  {7000215, "applications have no secrets in this emulator, so that none can expire; every secret is wrong"},
	5002731:  {50027, "AADSTS5002731 is not known of federated sign-ins"},
	90023:    {9002313, "a malformed token request is seen to get AADSTS9002313"},
	700022:   {70011, "client_credentials for two resources are seen to get AADSTS70011"},
	28003:    {900144, "AADSTS28003 is for authorization codes"},
}
