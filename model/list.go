package model

// The lists are intrusive and bounded: a walk longer than the arena is an oops, not a hang.

// children calls fn for each child of a task, oldest first. fn may unlink the child it is given.
func (s *State) children(parent TaskID, fn func(TaskID)) {
	for c, fuel := s.Task[parent].Children, MaxTasks; c != 0; fuel-- {
		if fuel == 0 {
			s.oops(EndlessWalk, TaskClass)
			return
		}
		following := s.Task[c].Sibling
		fn(c)
		c = following
	}
}

// addChild is list_add_tail(&p->sibling, &parent->children).
func (s *State) addChild(parent, p TaskID) {
	if parent == 0 {
		s.oops(NullWrite, TaskClass)
		return
	}
	s.appendTo(&s.Task[parent].Children, p, func(t *Task) *TaskID { return &t.Sibling })
}

// delChild is list_del_init(&p->sibling); init, the child of the idle task, is on no list.
func (s *State) delChild(p TaskID) {
	s.unlink(&s.Task[s.Task[p].RealParent].Children, p, func(t *Task) *TaskID { return &t.Sibling })
}

// addProcess is list_add_tail_rcu(&p->tasks, &init_task.tasks).
func (s *State) addProcess(p TaskID) {
	s.appendTo(&s.Tasks, p, func(t *Task) *TaskID { return &t.Next })
}

// delProcess is list_del_rcu(&p->tasks): who is not on the list cannot leave it.
func (s *State) delProcess(p TaskID) {
	if !s.unlink(&s.Tasks, p, func(t *Task) *TaskID { return &t.Next }) {
		s.oops(NullWrite, TaskClass)
	}
}

// appendTo puts p at the end of a chain.
func (s *State) appendTo(link *TaskID, p TaskID, nextOf func(*Task) *TaskID) {
	for fuel := MaxTasks; *link != 0; fuel-- {
		if fuel == 0 || *link == p {
			s.oops(EndlessWalk, TaskClass)
			return
		}
		link = nextOf(&s.Task[*link])
	}
	*link, *nextOf(&s.Task[p]) = p, 0
}

// unlink takes p out of a chain and says whether it was there.
func (s *State) unlink(link *TaskID, p TaskID, nextOf func(*Task) *TaskID) bool {
	for fuel := MaxTasks; *link != 0 && fuel > 0; fuel-- {
		if *link == p {
			*link = *nextOf(&s.Task[p])
			*nextOf(&s.Task[p]) = 0
			return true
		}
		link = nextOf(&s.Task[*link])
	}
	return false
}

// others calls fn for the other threads of t's group in ring order until fn says stop (while_each_thread).
func (s *State) others(t TaskID, fn func(TaskID) (stop bool)) {
	fuel := MaxTasks
	for o := s.Task[t].Thread; o != t && o != 0; o = s.Task[o].Thread {
		if fuel--; fuel == 0 {
			s.oops(EndlessWalk, TaskClass)
			return
		}
		if fn(o) {
			return
		}
	}
}

// threads calls fn for t and the other threads of its group, in ring order from t.
func (s *State) threads(t TaskID, fn func(TaskID) (stop bool)) {
	if !fn(t) {
		s.others(t, fn)
	}
}

// joinRing is list_add_tail(&p->thread_group, &leader->thread_group).
func (s *State) joinRing(leader, p TaskID) {
	last := leader
	s.others(leader, func(o TaskID) bool {
		if last = o; o == p {
			s.oops(LinkedTwice, TaskClass)
		}
		return o == p
	})
	s.Task[last].Thread, s.Task[p].Thread = p, leader
}

// leaveRing is list_del_rcu(&p->thread_group).
func (s *State) leaveRing(p TaskID) {
	if s.Task[p].Leader != p && s.alone(p) {
		s.oops(NullWrite, TaskClass) // it has left before
	}
	s.others(p, func(o TaskID) bool {
		if s.Task[o].Thread != p {
			return false
		}
		s.Task[o].Thread = s.Task[p].Thread
		return true
	})
	s.Task[p].Thread = p
}

// after is the way round all threads of all processes (do_each_thread) from s.Tasks on: the oldest process first, each from its
// leader on. What concerns all tasks goes this way and not by slots, where the order counts: two states that differ only in who
// is in which slot have the same future.
func (s *State) after(t TaskID) TaskID {
	p := &s.Task[t]
	if p.Thread != p.Leader {
		return p.Thread
	}
	return s.Task[p.Leader].Next
}

// alone is thread_group_empty.
func (s *State) alone(t TaskID) bool { return s.Task[t].Thread == t }

// sameGroup is same_thread_group.
func (s *State) sameGroup(a, b TaskID) bool { return s.Task[a].Signal == s.Task[b].Signal }

// leader is thread_group_leader.
func (s *State) leader(t TaskID) bool { return s.Task[t].Leader == t }
