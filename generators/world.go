package generators

import "forkcheck/model"

// World draws the world of a trace. The first choice of each list is the plain one.
func World(src Source, version string) model.Boot {
	b := model.DefaultBoot()
	b.Version = version
	b.Dress = src.Bool("dress")
	if src.Bool("container") {
		b.World = model.Container
	}
	user(src, &b)
	b.Limits.Core = seldom(src, 4, "core")
	if src.Bool("limits") {
		b.Limits.MaxThreads = pick[int16](src, "max_threads", 1000, 5, 6, 8)
		b.Limits.PidNSDepth = pick[uint8](src, "pid_ns_depth", 32, 2, 1)
		b.Limits.UserNSDepth = pick[uint8](src, "user_ns_depth", 32, 0, 1)
		if src.Bool("pid_max") {
			b.Limits.PidMax = pick[uint16](src, "pid_max", 8, 6, 7, 12)
			b.Limits.ReservedPids = pick[uint16](src, "reserved_pids", 4, 2, 300)
		}
	}
	return b
}

// user draws who `a` is: root, or an ordinary user with or without a capability, under a limit or not.
func user(src Source, b *model.Boot) {
	if !src.Bool("user") {
		return
	}
	b.UID = 1000
	b.Caps = pick[model.CapSet](src, "caps", 0, model.CapSysAdmin, model.CapSysResource, model.CapKill)
	b.Nproc = pick(src, "nproc", model.RlimInfinity, 2, 3, 4, 1)
}

// LiveWorld draws a world that a running kernel can give: with one user only, or with users, their limits and those on numbers.
func LiveWorld(src Source, version string, users, pidMax bool) model.Boot {
	b := model.DefaultBoot()
	b.Version = version
	b.Dress = src.Bool("dress")
	if src.Bool("container") {
		b.World = model.Container
	}
	if users {
		user(src, &b)
	}
	if pidMax && seldom(src, 4, "pid_max") {
		b.Limits.PidMax = pick[uint16](src, "pid_max", 304, 302, 306)
		b.LastPid = b.Limits.PidMax - pick[uint16](src, "numbers left", 3, 1, 6)
	}
	return b
}
