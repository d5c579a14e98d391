/*
 * A member of a pid namespace that may trace the init of it can kill or stop it: a
 * SIGKILL that a tracer injects is not held back, as one that is sent from inside is
 * (get_signal, SIGNAL_UNKILLABLE).
 *
 * cc -static -o ptrace ptrace-kills-init.c && ./ptrace
 *
 * It runs as root, or as an ordinary user where user namespaces are allowed.
 * Exit status: 0 the init is safe, 1 it was killed from inside, 2 it cannot be told here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SURVIVED = 42, NO_TRACER = 43 };

static volatile int *attached; /* shared: the init outlived the SIGKILL that was sent, and is traced */

static void cannot(const char *what)
{
	printf("cannot be told here: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* A member of the namespace. */
static void member(void)
{
	int status;

	kill(1, SIGKILL); /* does nothing: it comes from inside */
	if (ptrace(PTRACE_ATTACH, 1, NULL, NULL) || waitpid(1, &status, __WALL) != 1)
		_exit(NO_TRACER);
	*attached = 1;
	ptrace(PTRACE_CONT, 1, NULL, (void *)SIGKILL);
	_exit(0);
}

static void init_of_namespace(void)
{
	int status;
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pid = fork();
	if (pid < 0)
		_exit(NO_TRACER);
	if (!pid)
		member();
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	usleep(200000); /* time for the signal to do what it will */
	_exit(WIFEXITED(status) && WEXITSTATUS(status) == NO_TRACER ? NO_TRACER : SURVIVED);
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
	pid_t init;
	int status;

	setvbuf(stdout, NULL, _IONBF, 0);
	plain_signals();
	alarm(20); /* whatever happens, it ends */
	if (geteuid() && unshare(CLONE_NEWUSER))
		cannot("unshare(CLONE_NEWUSER)");
	attached = mmap(NULL, sizeof *attached, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (attached == MAP_FAILED)
		cannot("mmap");
	init = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);
	if (init < 0)
		cannot("clone(CLONE_NEWPID)");
	if (!init)
		init_of_namespace();
	if (waitpid(init, &status, 0) != init)
		cannot("waitpid");
	if (*attached) {
		printf("a member of a pid namespace sent its init SIGKILL, which did nothing;\n");
		printf("then it attached to the init and had it go on with SIGKILL (PTRACE_CONT)\n");
	}
	if (WIFSIGNALED(status)) {
		if (!*attached || WTERMSIG(status) != SIGKILL) {
			printf("cannot be told here: the init was killed by signal %d before it was traced\n", WTERMSIG(status));
			return 2;
		}
		printf("the init was killed by SIGKILL from inside its namespace\n");
		return 1;
	}
	if (WEXITSTATUS(status) == SURVIVED) {
		printf("the init lives on\n");
		return 0;
	}
	printf("cannot be told here: the init cannot be traced\n");
	return 2;
}
