package forkcheck

import (
	"context"
	"fmt"
	"slices"

	"forkcheck/generators"
	"forkcheck/model"
)

// Equivalent is why some mutants break nothing: they are the same kernel. There are three kinds of it, and no fourth.
type Equivalent struct {
	Kind    string // Commutes, Unreachable or NotModelled
	Scope   string // where every state and every answer was found to be the same
	Why     string
	Never   bool // of an unreachable mutant: its row runs, but never in the way that is wrong
	Mutants []string
}

// The kinds of equivalents. What is wrong with a mutant runs and comes to the same; or it never runs; or it would be seen by something that
// this model does not have, and "What is not modelled" of docs/limits.md names.
const (
	Commutes    = "commutes"
	Unreachable = "unreachable"
	NotModelled = "not modelled"
)

// EquivalentStates is how many transitions of its scope a mutant is compared on.
const EquivalentStates = 150_000

// Evidence is the kind, and where it was looked for.
func (e *Equivalent) Evidence() string {
	return fmt.Sprintf("%s, the same states in scope %s", e.Kind, e.Scope)
}

// EquivalentOf is why a mutant is equivalent, nil if it is not.
func EquivalentOf(mutant string) *Equivalent {
	for i := range Equivalents {
		if slices.Contains(Equivalents[i].Mutants, mutant) {
			return &Equivalents[i]
		}
	}
	return nil
}

// Sameness is how far an equivalent mutant was compared with the kernel as it is.
type Sameness struct {
	*Equivalent
	Differs             string // what is different after all, "" if nothing is
	States, Transitions uint64
}

// String is one line.
func (s *Sameness) String() string {
	if s.Differs != "" {
		return fmt.Sprintf("not equivalent: in scope %s %s", s.Scope, s.Differs)
	}
	return fmt.Sprintf("equivalent: %s in scope %s, %s, %s: %s", s.Kind, s.Scope, count(s.States, "state"), count(s.Transitions, "transition"), s.Why)
}

// misnamed says what is wrong with the kind of an equivalent, given whether its row or rung ran.
func (e *Equivalent) misnamed(ran bool) string {
	switch unreachable := e.Kind == Unreachable; {
	case unreachable && ran && !e.Never:
		return "its row runs"
	case !unreachable && !ran:
		return "its row never runs"
	}
	return ""
}

// CompareEquivalents runs those of some mutants of a version that are equivalent beside the kernel as it is, each in its scope for so
// many transitions, and answers by name what came of it.
func CompareEquivalents(ctx context.Context, version string, mutants []model.Mutant, limit uint64) (map[string]*Sameness, error) {
	found := map[string]*Sameness{}
	for i := range generators.Scopes {
		c := Comparison{Version: version, Scope: &generators.Scopes[i], Limit: limit}
		for n := range mutants {
			if e := EquivalentOf(mutants[n].Name); e != nil && e.Scope == c.Scope.Name {
				c.Mutants = append(c.Mutants, &mutants[n])
			}
		}
		if len(c.Mutants) == 0 {
			continue
		}
		r, err := c.Run(ctx)
		if err != nil {
			return nil, err
		}
		for n, m := range c.Mutants {
			s := &Sameness{EquivalentOf(m.Name), r.Differs[n], r.States, r.Transitions}
			if s.Differs == "" {
				s.Differs = s.misnamed(r.Ran[n])
			}
			found[m.Name] = s
		}
	}
	return found, nil
}

// Equivalents are all of them.
var Equivalents = []Equivalent{
	{Kind: Commutes, Scope: "faults", Why: "what the child points to is given up and forgotten: the second time there is nothing left", Mutants: []string{
		"v3.11/clone/exit_task_namespaces/undo-twice", "v3.11/clone/exit_fs/undo-twice", "v3.11/clone/exit_files/undo-twice",
		"v3.11/clone/exit_sem/undo-twice", "v3.11/clone/audit_free/undo-twice", "v6.x/clone/put_css_set/undo-twice", "v6.x/clone/exit_task_namespaces/undo-twice",
		"v6.x/clone/exit_fs/undo-twice", "v6.x/clone/exit_files/undo-twice", "v6.x/clone/exit_sem/undo-twice", "v6.x/clone/security_task_free/undo-twice",
		"v6.x/clone/audit_free/undo-twice", "v6.x/clone/perf_event_free_task/undo-twice",
	}},
	{Kind: Commutes, Scope: "faults", Why: "the two know nothing of each other", Mutants: []string{
		"v3.11/clone/perf_event_free_task/undone-after-mpol_put",
		"v3.11/clone/cgroup_exit/undone-after-module_put",
		"v6.x/clone/free_pidmap/undone-after-reset_cursor",
	}},
	{Kind: Commutes, Scope: "faults", Why: "the label undoes the stage that failed, and that has left the child nothing of its own or of its parent's", Mutants: []string{
		"v3.11/clone/perf_event_init_task/fails-to-bad_fork_cleanup_audit", "v3.11/clone/audit_alloc/fails-to-bad_fork_cleanup_audit",
		"v3.11/clone/copy_semundo/fails-to-bad_fork_cleanup_semundo", "v3.11/clone/copy_mm/fails-to-bad_fork_cleanup_mm",
		"v3.11/clone/copy_io/fails-to-bad_fork_cleanup_io", "v6.x/clone/perf_event_init_task/fails-to-bad_fork_cleanup_perf",
		"v6.x/clone/audit_alloc/fails-to-bad_fork_cleanup_audit", "v6.x/clone/copy_semundo/fails-to-bad_fork_cleanup_semundo",
	}},
	{Kind: Commutes, Scope: "faults", Why: "what the label undoes more has its guard, or is not there yet", Mutants: []string{
		"v3.11/unshare/unshare_fd/fails-to-bad_unshare_cleanup_fd", "v3.11/unshare/unshare_prepare_creds/fails-to-bad_unshare_cleanup_cred",
		"v6.x/unshare/create_user_ns/fails-to-bad_unshare_cleanup_nsproxy", "v6.x/unshare/namespaces_ns_capable/fails-to-bad_unshare_cleanup_nsproxy",
		"v6.x/unshare/create_nsproxy/fails-to-bad_unshare_cleanup_nsproxy",
	}},
	{Kind: Commutes, Scope: "faults", Why: "every task that comes here has an mm: there are no kernel threads", Mutants: []string{
		"v3.11/clone/mmput/guard-dropped", "v6.x/clone/mmput/guard-dropped",
	}},
	{Kind: Commutes, Scope: "faults", Why: "to set the cursor to 0 twice is to set it once", Mutants: []string{
		"v6.x/clone/reset_cursor/undo-twice",
	}},
	{Kind: Commutes, Scope: "faults", Why: "hlist_del_init leaves nothing to do a second time", Mutants: []string{"v6.x/clone/multiprocess/undo-twice"}},
	{Kind: Commutes, Scope: "sharing", Why: "a later row sets the same field in any case, and nothing looks at it before", Mutants: []string{
		"v3.11/clone/io_context_null/dropped", "v3.11/clone/audit_context_null/dropped", "v3.11/clone/mm_null/dropped",
	}},
	{Kind: Commutes, Scope: "family", Why: "a later row sets the same fields for those that it should not have been, and nothing looks at them before", Mutants: []string{
		"v3.11/clone/exit_signal_of_leader/on-any-flags", "v3.11/clone/real_parent_shared/on-any-flags", "v3.11/clone/thread_ids/on-any-flags",
		"v6.x/clone/thread_ids/on-any-flags", "v6.x/clone/exit_signal_of_leader/on-any-flags", "v6.x/clone/exit_signal_of_thread/on-any-flags",
	}},
	{Kind: Commutes, Scope: "family", Why: "the copy of its creator has the same there: exit_state of a running task is 0, and all threads have one leader", Mutants: []string{
		"v3.11/clone/exit_state/dropped", "v6.x/clone/thread_ids/dropped",
	}},
	{Kind: Commutes, Scope: "pidns", Why: "a thread has never number 1", Mutants: []string{
		"v3.11/clone/child_reaper/off-by-no-flag", "v3.11/clone/signal_unkillable/off-by-no-flag",
	}},
	{Kind: Commutes, Scope: "family", Why: "a leader is alone in its ring, and joins itself", Mutants: []string{
		"v3.11/clone/list_thread_group/on-any-flags",
	}},
	{Kind: Commutes, Scope: "flags", Why: "the row finds nothing to do without the flag", Mutants: []string{
		"v3.11/clone/newipc_sysvsem/on-any-flags", "v3.11/clone/wait_for_vfork_done/on-any-flags", "v6.x/clone/multiprocess_end/off-by-no-flag",
	}},
	{Kind: Commutes, Scope: "unshare", Why: "another flag that is implied, or another row, asks for the same", Mutants: []string{
		"v3.11/unshare/thread_implies_vm/dropped", "v3.11/unshare/vm_implies_sighand/dropped", "v3.11/unshare/unshare_shared_mm/vm-allowed",
		"v3.11/unshare/unshare_shared_mm/thread-allowed", "v6.x/unshare/vm_implies_sighand/dropped", "v6.x/unshare/sighand_implies_thread/dropped",
		"v6.x/unshare/unshare_thread_group/vm-allowed", "v6.x/unshare/unshare_thread_group/sighand-allowed", "v6.x/unshare/unshare_sighand/vm-allowed",
	}},
	{Kind: Commutes, Scope: "faults", Why: "the child is in the time namespace of its children already", Mutants: []string{
		"v6.x/clone/timens_on_fork/twice",
	}},
	{Kind: Commutes, Scope: "signals", Why: "what was passed on, or begun, is not passed on or begun again", Mutants: []string{
		"v3.11/do_exit/exit_signals/twice", "v3.11/die/do_group_exit/twice", "v6.x/die/do_group_exit/twice", "v3.11/sigprocmask/set_current_blocked/twice",
	}},
	{Kind: Commutes, Scope: "family", Why: "what was passed on, released or begun is not there for a second time", Mutants: []string{
		"v3.11/do_exit/forget_original_parent/twice", "v3.11/do_exit/release_self/twice", "v3.11/exit_group/do_group_exit/twice",
		"v6.x/exit_group/do_group_exit/twice", "v6.x/do_exit/forget_original_parent/twice", "v6.x/do_exit/release_dead/twice",
		"v3.11/release_task/curr_target/twice", "v3.11/release_task/notify_leader/twice",
	}},
	{Kind: Commutes, Scope: "wait", Why: "what is pending already is not pending twice, and who is awake is not woken", Mutants: []string{"v3.11/do_exit/kill_orphaned_pgrp/twice"}},
	{Kind: Commutes, Scope: "wait", Why: "list_del_init leaves nothing to do a second time", Mutants: []string{
		"v3.11/release_task/list_sibling/twice",
	}},
	{Kind: Commutes, Scope: "wait", Why: "the queues go with the task and its signal_struct", Mutants: []string{
		"v3.11/release_task/flush_pending/dropped", "v3.11/release_task/flush_shared_pending/dropped",
	}},
	{Kind: Commutes, Scope: "arguments", Why: "nobody is in the group of that number, however it is negated", Mutants: []string{
		"v6.x/kill/kill_int_min/dropped",
	}},
	{Kind: Commutes, Scope: "pauses", Why: "who is killed sees neither error", Mutants: []string{
		"v6.x/clone/adding_recheck/after-fatal_signal_pending",
	}},
	{Kind: Unreachable, Scope: "faults", Why: "clone has no flag for a time namespace, so that no failure comes in here", Mutants: []string{
		"v6.x/clone/put_net/undo-dropped", "v6.x/clone/put_net/undo-twice",
	}},
	{Kind: Unreachable, Scope: "faults", Never: true, Why: "clone has no flag for a time namespace: the row takes a reference, and never fails", Mutants: []string{
		"v6.x/clone/copy_time_ns/failure-ignored", "v6.x/clone/copy_time_ns/wrong-errno", "v6.x/clone/copy_time_ns/fails-to-out_net",
	}},
	{Kind: NotModelled, Scope: "family", Why: "process groups and sessions do not change here: a thread has those of its leader in its own task_struct, too", Mutants: []string{
		"v3.11/clone/init_task_pgid/dropped", "v3.11/clone/init_task_pgid/off-by-no-flag", "v3.11/clone/init_task_sid/dropped", "v3.11/clone/init_task_sid/off-by-no-flag",
	}},
	{Kind: NotModelled, Scope: "faults", Why: "what is given up is forgotten with its reference, where Linux has a local variable: a second put through it cannot be told", Mutants: []string{
		"v3.11/unshare/put_files_struct/undo-twice", "v3.11/unshare/free_fs_struct/undo-twice", "v3.11/unshare/put_old_files/twice", "v3.11/unshare/put_old_fs/twice",
	}},
	{Kind: NotModelled, Scope: "wait", Why: "what is given up is forgotten with its reference, where Linux has a local variable: a second put through it cannot be told", Mutants: []string{
		"v3.11/release_task/cleanup_sighand/twice",
	}},
	{Kind: NotModelled, Scope: "faults", Why: "a second call would put the initial css_set, which is not counted here", Mutants: []string{
		"v3.11/clone/cgroup_exit/undo-twice",
	}},
	{Kind: NotModelled, Scope: "faults", Why: "nobody moves between cgroups here, and nobody comes in between of two undos", Mutants: []string{
		"v3.11/clone/threadgroup_change_end/undone-after-cgroup_exit", "v6.x/clone/threadgroup_change_end/undone-after-put_css_set",
	}},
	{Kind: NotModelled, Scope: "wait", Why: "a signal is pending once, real-time signals too: that it was sent twice cannot be told", Mutants: []string{
		"v3.11/do_exit/exit_notify/twice",
	}},
	{Kind: Commutes, Scope: "dumps", Why: "the second time the group is on its way out, or the dump is over", Mutants: []string{
		"v3.11/die/zap_threads/twice", "v3.11/die/coredump_finish/twice", "v6.x/die/zap_threads/twice",
	}},
	{Kind: Commutes, Scope: "arguments", Why: "the file table has the pidfd already", Mutants: []string{
		"v6.x/clone/fd_install/twice",
	}},
	{Kind: Commutes, Scope: "dumps", Why: "those who use the memory are killed already", Mutants: []string{
		"v3.11/die/zap_sharers/twice",
	}},
}
