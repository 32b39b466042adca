#!/bin/sh
# An xl program for tests: its domains are lines "NAME DOMID UUID" of the file $FAKE_XL_STATE; all names that it ever
# created are lines of $FAKE_XL_STATE.created. Paths of configs begin with $FAKE_XL_ROOT.
s=$FAKE_XL_STATE
touch "$s"
field() { sed -n "s/^$1 = \"\(.*\)\"$/\1/p" "$2"; }
case "$1 $2" in
'list -l')
  awk 'BEGIN { printf "[" }
    { printf "%s{\"domid\":%d,\"config\":{\"c_info\":{\"type\":\"pv\",\"name\":\"%s\",\"uuid\":\"%s\"},\"b_info\":{\"target_memkb\":262144,\"max_vcpus\":1}}}", c, $2, $1, $3; c = "," }
    END { print "]" }' "$s"
  exit ;;
esac
case $1 in
list)
  if [ "$2" = -l ]; then
    awk 'BEGIN { printf "[" } { printf "%s{\"domid\": %d, \"config\": {\"c_info\": {\"name\": \"%s\", \"uuid\": \"%s\"}, \"b_info\": {}}}", (NR > 1 ? "," : ""), $2, $1, $3 } END { print "]" }' "$s"
    exit 0
  fi
  printf '%-40s %5s %5s %5s\t%s\t%s %s\n' Name ID Mem VCPUs State 'Time(s)' UUID
  awk '{ printf "%-40s %5d   256     1     -b----       1.0 %s\n", $1, $2, $3 }' "$s" ;;
create)
  n=$(field name "$FAKE_XL_ROOT$2")
  echo "$n" >>"$s.created"
  grep -q "^$n " "$s" && { echo "xl: $n is there" >&2; exit 1; }
  echo "$n $(($(awk 'END { print $2 + 0 }' "$s") + 1)) $(field uuid "$FAKE_XL_ROOT$2")" >>"$s" ;;
destroy | shutdown)
  awk -v w="$2" '$1 == w || $2 == w { found = 1; next } { print } END { exit !found }' "$s" >"$s.new" || exit 1
  mv "$s.new" "$s" ;;
*)
  echo "xl: no verb $1" >&2
  exit 2 ;;
esac
