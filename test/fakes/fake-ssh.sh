#!/bin/sh
# An ssh program for tests: runs the remote line on this machine, in $FAKE_SSH_SHELL (sh when absent).
# $FAKE_SSH_LOG: a file that gets the options of each call.
# $FAKE_SSH_FAIL: a file; while it is there, also when it comes while the line runs, ssh says its text and fails.
# An empty line at its end: it fails just once.
options=
while [ "$1" != -- ]; do options="$options $1"; shift; done
shift
[ -z "$FAKE_SSH_LOG" ] || echo "$options $1" >>"$FAKE_SSH_LOG"
shift
case $options in *' -O exit'*) exit 0;; esac
[ -n "$FAKE_SSH_FAIL" ] || exec "${FAKE_SSH_SHELL:-sh}" -c "$*"
if [ ! -e "$FAKE_SSH_FAIL" ]; then
  "${FAKE_SSH_SHELL:-sh}" -c "$*"
  code=$?
  [ -e "$FAKE_SSH_FAIL" ] || exit "$code"
fi
cat "$FAKE_SSH_FAIL" >&2
[ -n "$(tail -n 1 "$FAKE_SSH_FAIL")" ] || rm "$FAKE_SSH_FAIL"
exit 255
