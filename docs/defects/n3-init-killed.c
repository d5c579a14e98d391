/*
 * N3: a signal from inside a pid namespace kills its init, if one thread of the init
 * blocks the signal and another does not (sig_ignored, complete_signal).
 *
 * cc -static -o n3 n3-init-killed.c && ./n3
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
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SURVIVED = 42, FAILED = 43 };

static char stack[64 << 10] __attribute__((aligned(16)));

static int thread(void *unused)
{
	for (;;)
		pause();
	return 0;
}

/* The init: it has no handler for SIGTERM. Its leader blocks it, its other thread does not. */
static void init_of_namespace(void)
{
	sigset_t term;
	pid_t member;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (clone(thread, stack + sizeof stack, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, NULL) < 0)
		_exit(FAILED);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	member = fork();
	if (member < 0)
		_exit(FAILED);
	if (!member) {
		kill(1, SIGTERM);
		_exit(0);
	}
	waitpid(member, NULL, 0);
	usleep(200000); /* time for the signal to do what it will */
	_exit(SURVIVED);
}

static void cannot(const char *what)
{
	printf("cannot be told here: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* What the caller blocks or ignores shall not decide what is seen here. */
static void plain_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGALRM, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
}

int main(void)
{
	pid_t init;
	int status;

	setvbuf(stdout, NULL, _IONBF, 0);
	plain_signals();
	alarm(20); /* whatever happens, it ends */
	if (geteuid() && unshare(CLONE_NEWUSER))
		cannot("unshare(CLONE_NEWUSER)");

	init = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);
	if (init < 0)
		cannot("clone(CLONE_NEWPID)");
	if (!init)
		init_of_namespace();
	printf("made the init of a pid namespace with two threads and no handler for SIGTERM;\n");
	printf("its leader blocks SIGTERM, its other thread does not; a member of the namespace sends it SIGTERM\n");
	if (waitpid(init, &status, 0) != init)
		cannot("waitpid");

	if (WIFEXITED(status) && WEXITSTATUS(status) == SURVIVED) {
		printf("sound: the init lives on: from inside only signals that it handles reach it\n");
		return 0;
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) {
		printf("DEFECT: the init was killed by SIGTERM from inside its namespace\n");
		return 1;
	}
	if (WIFSIGNALED(status))
		printf("cannot be told here: the init was killed by signal %d, which no member sent\n", WTERMSIG(status));
	else
		printf("cannot be told here: the init could not make a thread or a child\n");
	return 2;
}
