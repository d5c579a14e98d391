/*
 * N1: the init of a pid namespace that shares its signal handlers with its parent
 * sets SIGCHLD to be ignored for both when it dies (zap_pid_ns_processes).
 *
 * cc -static -o n1 n1-sigchld-ignored.c && ./n1
 *
 * It runs as root, or as an ordinary user where user namespaces are allowed.
 * Exit status: 0 the kernel is sound, 1 it has the defect, 2 it cannot be told here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char stack[64 << 10] __attribute__((aligned(16)));

static int init_of_namespace(void *unused)
{
	_exit(0);
}

static void cannot(const char *what)
{
	printf("cannot be told here: %s: %s\n", what, strerror(errno));
	exit(2);
}

static const char *action(void)
{
	struct sigaction sa;

	if (sigaction(SIGCHLD, NULL, &sa))
		cannot("sigaction");
	return sa.sa_handler == SIG_IGN ? "ignored" : sa.sa_handler == SIG_DFL ? "default" : "handled";
}

static const char *wait_for(pid_t pid)
{
	static char text[64];
	int status;

	if (waitpid(pid, &status, 0) == pid)
		snprintf(text, sizeof text, "reaped it, exit code %d", WEXITSTATUS(status));
	else
		snprintf(text, sizeof text, "%s", strerror(errno));
	return text;
}

/* What the caller blocks or ignores shall not decide what is seen here. */
static void plain_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGALRM, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
}

int main(void)
{
	const char *before, *after;
	pid_t child;

	setvbuf(stdout, NULL, _IONBF, 0);
	plain_signals();
	alarm(20); /* whatever happens, it ends */
	if (geteuid() && unshare(CLONE_NEWUSER))
		cannot("unshare(CLONE_NEWUSER)");

	before = action();
	child = clone(init_of_namespace, stack + sizeof stack, CLONE_NEWPID | CLONE_VM | CLONE_SIGHAND | SIGCHLD, NULL);
	if (child < 0)
		cannot("clone(CLONE_NEWPID|CLONE_VM|CLONE_SIGHAND)");
	printf("made a child that is the init of a pid namespace and shares the signal handlers; it exits\n");
	printf("wait for it:              %s\n", wait_for(child));
	after = action();
	printf("SIGCHLD, before and after: %s, %s (the caller never changed it)\n", before, after);

	child = fork();
	if (child < 0)
		cannot("fork");
	if (!child)
		_exit(7);
	printf("wait for another child:   %s\n", wait_for(child));

	if (!strcmp(before, after)) {
		printf("sound: the death of an init leaves the handlers of its parent alone\n");
		return 0;
	}
	printf("DEFECT: since the death of that child SIGCHLD is ignored here: no child can be waited for any more\n");
	return 1;
}
