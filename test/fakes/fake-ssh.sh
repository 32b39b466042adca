#!/bin/sh
# An ssh program for tests: runs the remote line on this machine, in $FAKE_SSH_SHELL (sh when absent).
# $FAKE_SSH_LOG: a file that gets the options of each call. $FAKE_SSH_FAIL: a file; while it is there, ssh says
# its text and fails.
options=
while [ "$1" != -- ]; do options="$options $1"; shift; done
shift
[ -z "$FAKE_SSH_LOG" ] || echo "$options $1" >>"$FAKE_SSH_LOG"
shift
case $options in *' -O exit'*) exit 0;; esac
if [ -n "$FAKE_SSH_FAIL" ] && [ -e "$FAKE_SSH_FAIL" ]; then cat "$FAKE_SSH_FAIL" >&2; exit 255; fi
exec "${FAKE_SSH_SHELL:-sh}" -c "$*"
