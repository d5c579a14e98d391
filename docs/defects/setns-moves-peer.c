/*
 * setns() by a pidfd with CLONE_NEWNS and another flag is accepted from a caller that
 * shares its fs_struct, and moves the root and the working directory of the other
 * process as well (prepare_nsset, mntns_install). With CLONE_NEWNS alone it is EINVAL.
 *
 * cc -static -o setns setns-moves-peer.c && ./setns
 *
 * It runs as root, or as an ordinary user where user namespaces are allowed.
 * Exit status: 0 the kernel is sound, 1 it has the defect, 2 it cannot be told here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void cannot(const char *what)
{
	printf("cannot be told here: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* A child that does nothing and dies with its parent. */
static pid_t idle(unsigned long flags)
{
	pid_t pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid < 0)
		cannot("clone");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static const char *cwd(pid_t pid)
{
	static char text[2][PATH_MAX];
	static int n;
	char path[64], *to = text[n ^= 1];
	ssize_t len;

	snprintf(path, sizeof path, "/proc/%d/cwd", pid);
	len = readlink(path, to, PATH_MAX - 1);
	if (len < 0)
		cannot(path);
	to[len] = 0;
	return to;
}

static const char *result(int ret)
{
	return ret ? strerror(errno) : "accepted";
}

/* What happens below happens in a process of its own. */
static int experiment(void)
{
	pid_t target, peer;
	const char *before, *after;
	int fd, both, refused;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (geteuid() && unshare(CLONE_NEWUSER))
		cannot("unshare(CLONE_NEWUSER)");
	target = idle(CLONE_NEWNS | CLONE_NEWUTS);
	if (chdir("/proc"))
		cannot("chdir");
	peer = idle(CLONE_FS);
	fd = syscall(SYS_pidfd_open, target, 0);
	if (fd < 0)
		cannot("pidfd_open");

	printf("a process shares its fs_struct with a child (CLONE_FS), both are in /proc;\n");
	printf("it enters the namespaces of another process by a pidfd\n");
	before = cwd(peer);
	printf("setns(CLONE_NEWNS):                 %s\n", result(setns(fd, CLONE_NEWNS)));
	both = setns(fd, CLONE_NEWNS | CLONE_NEWUTS);
	refused = errno;
	printf("setns(CLONE_NEWNS|CLONE_NEWUTS):    %s\n", result(both));
	after = cwd(peer);
	printf("the child, before and after:        in %s, in %s\n", before, after);
	kill(peer, SIGKILL);
	kill(target, SIGKILL);
	if (both) {
		errno = refused;
		if (errno != EINVAL)
			cannot("setns");
		printf("sound: a shared fs_struct is refused with either set of flags\n");
		return 0;
	}
	if (!strcmp(before, after)) {
		printf("sound: accepted, and the process that did nothing is where it was\n");
		return 0;
	}
	printf("DEFECT: accepted, and the working directory of a process that did nothing has changed\n");
	return 1;
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
	int status;
	pid_t pid;

	setvbuf(stdout, NULL, _IONBF, 0);
	plain_signals();
	alarm(20); /* whatever happens, it ends, and the children with it */
	pid = fork();
	if (pid < 0)
		cannot("fork");
	if (!pid)
		exit(experiment());
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		cannot("waitpid");
	return WEXITSTATUS(status);
}
