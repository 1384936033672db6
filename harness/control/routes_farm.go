package control

// farmRoutes are about the farm and its worlds.
var farmRoutes = []route{
	onFarm("getInfo", "GET", "/v1/info", "Says where the planes are and what signs their certificates.", nil,
		func(c *call, _ empty) (Info, error) { return c.server.Info(), nil }),
	onFarm("listPlatforms", "GET", "/v1/platforms", "Lists the platforms that issuers may be of, with their presets.", paged,
		func(c *call, _ empty) (List[Platform], error) {
			return listed(c, c.server.Platforms(), func(p Platform) string { return p.Name })
		}),
	onFarm("listFaultKinds", "GET", "/v1/faults", "Lists the kinds of faults that issuers may have, and Entra, with their parameters.", paged,
		func(c *call, _ empty) (List[FaultKind], error) {
			return listed(c, c.server.Faults(), func(f FaultKind) string { return f.Name + " " + f.Place })
		}),
	onFarm("decodeToken", "POST", "/v1/decode", "Says what a token says, and which of its claims are times. It verifies nothing.", nil,
		func(_ *call, spec DecodeSpec) (Decoded, error) { return Decode(spec.Token) }).example(`{"token": "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIn0."}`),
	onFarm("listWorlds", "GET", "/v1/worlds", "Lists the worlds, the default one first.", paged,
		func(c *call, _ empty) (List[World], error) { return listed(c, c.server.Worlds(), worldKey) }),
	onFarm("createWorld", "POST", "/v1/worlds", "Makes a world: issuers, a directory, a clock and a journal of its own.", nil,
		func(c *call, spec WorldSpec) (World, error) {
			w, err := c.server.Create(spec)
			if err != nil {
				return World{}, err
			}
			return w.Describe(), nil
		}).example(`{"name": "demo", "start": "2030-01-02T03:04:05Z"}`),
	onWorld("getWorld", "GET", "", "Describes a world.", nil,
		func(_ *call, w LiveWorld, _ empty) (World, error) { return w.Describe(), nil }),
	onFarm("deleteWorld", "DELETE", "/v1/worlds/{world}", "Ends a world. The default one can't be ended.", nil,
		func(c *call, _ empty) (empty, error) { return empty{}, c.server.Delete(c.variable("world")) }),
	onWorld("setClock", "POST", "/clock", "Sets a world's clocks, moves them on, stops them or has them go on.", nil,
		func(_ *call, w LiveWorld, spec ClockSpec) (World, error) { return w.SetClock(spec) }).example(`{"advance": "1h"}`),
}

// worldKey has the default world come first.
func worldKey(w World) string {
	if w.ID == DefaultWorld {
		return "0"
	}
	return "1" + w.ID
}
