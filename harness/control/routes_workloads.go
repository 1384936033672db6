package control

// workloadRoutes are about the workloads of a world.
var workloadRoutes = []route{
	onWorld("listWorkloads", "GET", "/workloads", "Lists the workloads of a world without their environments, which hold credentials.", paged,
		func(c *call, w LiveWorld, _ empty) (List[Workload], error) {
			return listed(c, w.Workloads(), func(w Workload) string { return w.ID })
		}),
	onWorld("startWorkload", "POST", "/workloads", "Starts a workload, which asks the platform's own API for tokens.", nil,
		func(_ *call, w LiveWorld, spec WorkloadSpec) (Workload, error) { return w.StartWorkload(spec) }).example(`{"issuer": "github"}`),
	onWorld("getWorkload", "GET", "/workloads/{workload}", "Describes a workload with its environment.", nil,
		func(c *call, w LiveWorld, _ empty) (Workload, error) { return w.Workload(c.variable("workload")) }),
	onWorld("endWorkload", "DELETE", "/workloads/{workload}", "Ends a workload.", nil,
		func(c *call, w LiveWorld, _ empty) (empty, error) {
			return empty{}, w.EndWorkload(c.variable("workload"))
		}),
}
