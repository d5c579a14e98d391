package live

import "forkcheck/model"

// Call is an op with names made numbers: what the actor's call is given.
type Call struct {
	Op     model.Op // its tasks mean nothing here
	Actor  string
	Bind   string // what the child of a clone is to be called; "" calls it by its number
	Number int    // kill, wait4, tkill, tgkill: the number meant, with its sign
	Tgid   int    // tgkill
}
