package model

import "encoding/binary"

// worldFields are the two words of a world: all fields of a Boot.
var worldFields = [worldBytes / 8][]field[*Boot]{{
	{4, func(b *Boot) uint64 { return uint64(versionIndex(b)) }, func(b *Boot, v uint64) { b.Version = Versions[v%uint64(len(Versions))].Name }},
	{2, func(b *Boot) uint64 { return uint64(b.World) }, func(b *Boot, v uint64) { b.World = World(v % 2) }},
	{1, func(b *Boot) uint64 { return bit(b.Dress) }, func(b *Boot, v uint64) { b.Dress = v != 0 }},
	{1, func(b *Boot) uint64 { return bit(b.Limits.Core) }, func(b *Boot, v uint64) { b.Limits.Core = v != 0 }},
	setting(8, 0, int(CapAll), func(b *Boot) *CapSet { return &b.Caps }),
	setting(16, 1, 65535, func(b *Boot) *uint16 { return &b.UID }),
	setting(16, 0, int(RlimInfinity), func(b *Boot) *int16 { return &b.Nproc }),
	setting(8, 0, 32, func(b *Boot) *uint8 { return &b.Limits.PidNSDepth }),
	setting(8, 0, 32, func(b *Boot) *uint8 { return &b.Limits.UserNSDepth }),
}, {
	setting(16, 1, 32767, func(b *Boot) *int16 { return &b.Limits.MaxThreads }),
	setting(16, 2, 32768, func(b *Boot) *uint16 { return &b.Limits.PidMax }),
	setting(16, 1, 32768, func(b *Boot) *uint16 { return &b.Limits.ReservedPids }),
	setting(16, 1, 32767, func(b *Boot) *uint16 { return &b.LastPid }),
}}

func bit(set bool) uint64 {
	if set {
		return 1
	}
	return 0
}

// setting is a number from least to most; 0 in binary is its default.
func setting[T integer](width, least, most int, at func(*Boot) *T) field[*Boot] {
	normal := DefaultBoot()
	return field[*Boot]{width,
		func(b *Boot) uint64 {
			if *at(b) == *at(&normal) {
				return 0
			}
			return uint64(int(*at(b)) - least + 1)
		},
		func(b *Boot, v uint64) {
			*at(b) = *at(&normal)
			if v > 0 {
				*at(b) = T(least + int(v-1)%(most-least+1))
			}
		}}
}

// versionIndex is the place of the kernel among Versions, the first one's if it has no name.
func versionIndex(b *Boot) int {
	for i := range Versions {
		if Versions[i].Name == b.Version {
			return i
		}
	}
	return 0
}

// worldBits are the words of a world.
func worldBits(b *Boot) (world [worldBytes]byte) {
	for i, fields := range worldFields {
		binary.LittleEndian.PutUint64(world[8*i:], pack(fields, b))
	}
	return world
}

// mend makes a world that does not contradict itself: one more number than tasks at least, a last number below pid_max, a
// pid namespace for a container. If that is not enough, it is the plain world.
func (b *Boot) mend() {
	l := &b.Limits
	l.PidMax = max(l.PidMax, uint16(len(b.Tasks())+1))
	b.LastPid %= l.PidMax
	if b.World == Container {
		l.PidNSDepth = max(l.PidNSDepth, 1)
	}
	if b.Check() != nil {
		version := b.Version
		*b = DefaultBoot()
		b.Version = version
	}
}
