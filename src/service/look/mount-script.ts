/**
 * Mounts a root as a guest would and looks its init up, from the machine the guest will run on: `bash -c` with the
 * words guest, bridge, server, path, version, init. Prints `ok`, `no` or `unknown`, a tab, and why.
 *
 * The guest's address is put on the bridge for the time of the question; the kernel takes it off by itself should
 * nobody else (valid_lft). Nothing is asked while somebody has the address, or where the bridge is not the way.
 */
export const MOUNT_SCRIPT = `
guest=$1 bridge=$2 server=$3 path=$4 version=$5 init=$6
say() { printf '%s\\t%s\\n' "$1" "$2"; exit 0; }
[ "$(id -u)" = 0 ] || say unknown 'it takes root there'
for program in perl ip; do
  command -v $program >/dev/null || say unknown "there is no $program to ask with"
done
if [ -z "$(ip -4 -o address show to "$guest/32")" ]; then
  route=$(ip -4 route get "$server" 2>&1) || say unknown "there is no way to $server: $route"
  case "$route " in
  local*) ;;
  *" dev $bridge "*) ;;
  *) say unknown "its own way to $server does not go over $bridge" ;;
  esac
  ip neighbour flush to "$guest" dev "$bridge" 2>/dev/null
  (echo >"/dev/udp/$guest/9") 2>/dev/null
  for try in 1 2 3; do
    sleep 0.1
    case $(ip -4 neighbour show to "$guest" dev "$bridge") in
    *' lladdr '*' PERMANENT'*) ;;
    *' lladdr '*) say unknown "$guest is in use already by $(ip -4 neighbour show to "$guest" dev "$bridge" | sed 's/.* lladdr \\([^ ]*\\).*/\\1/')" ;;
    esac
  done
  trap 'ip address del "$guest/32" dev "$bridge" 2>/dev/null' EXIT
  added=$(ip address add "$guest/32" dev "$bridge" valid_lft 20 preferred_lft 0 2>&1) ||
    say unknown "it cannot take $guest: $added"
fi
perl -e "$7" "$guest" "$server" "$path" "$version" "$init" 2>&1 || :
`

/**
 * The client: ONC RPC over TCP (RFC 5531) from a port below 1024 of the guest's address, which servers want of roots.
 * MOUNT 3 and NFS 3 (RFC 1813), or NFS 4.0 (RFC 7530); a higher minor version is asked for alone (RFC 8881, 15.1).
 */
export const MOUNT_CLIENT = `
use strict;
use Socket;
use Errno qw(EADDRINUSE EADDRNOTAVAIL);
my ($from, $server, $path, $version, $init) = @ARGV;
my $xid = $$;
my %why = (1 => 'not permitted', 2 => 'not there', 5 => 'input/output error', 13 => 'permission denied',
  20 => 'not a directory', 70 => 'stale handle', 10016 => 'another security flavour is wanted');

sub done { print "$_[0]\\t$_[1]\\n"; exit 0 }
sub text { my ($status) = @_; exists $why{$status} ? $why{$status} : "error $status" }
sub padded { my ($bytes) = @_; $bytes . "\\0" x (-length($bytes) % 4) }
sub opaque { my ($bytes) = @_; pack('N', length $bytes) . padded($bytes) }
$SIG{ALRM} = sub { done('unknown', "$server does not answer $from in time") };
$SIG{PIPE} = 'IGNORE';
alarm 8;

# Each connection has a privileged port of its own, as far as they are free.
sub dial {
  my ($port) = @_;
  for my $own (reverse 665 .. 1023) {
    socket(my $socket, PF_INET, SOCK_STREAM, 6) or done('unknown', "no socket: $!");
    setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, pack('l', 1));
    bind($socket, pack_sockaddr_in($own, inet_aton($from))) or next;
    return $socket if connect($socket, pack_sockaddr_in($port, inet_aton($server)));
    next if $! == EADDRINUSE || $! == EADDRNOTAVAIL;
    done('unknown', "$from cannot connect to $server port $port: $!");
  }
  done('unknown', "no port below 1024 is free on $from");
}

sub take {
  my ($socket, $count) = @_;
  my $bytes = '';
  while (length $bytes < $count) {
    my $got = sysread($socket, $bytes, $count - length $bytes, length $bytes);
    done('unknown', "$server hung up on $from") unless $got;
  }
  $bytes;
}

# Returns what the procedure answers.
sub call {
  my ($socket, $program, $version, $procedure, $arguments) = @_;
  my $who = pack('N', 0) . opaque('domus') . pack('N3', 0, 0, 0); # root, without other groups
  my $body = pack('N7', ++$xid, 0, 2, $program, $version, $procedure, 1) . opaque($who) . pack('N2', 0, 0) . $arguments;
  syswrite($socket, pack('N', 0x80000000 | length $body) . $body);
  my ($reply, $mark) = ('', 0);
  until ($mark & 0x80000000) {
    $mark = unpack('N', take($socket, 4));
    my $length = $mark & 0x7fffffff;
    done('unknown', "$server answers nonsense") if $length > 1048576;
    $reply .= take($socket, $length);
  }
  my (undef, undef, $denied, undef, $skip) = unpack('N5', $reply);
  done('no', "it takes no call of $from: nothing is exported to that address, or other credentials are wanted") if $denied;
  my ($accepted) = unpack("x20 x$skip N", $reply);
  done('no', "it does not speak NFS $version") if $program == 100003 && $accepted == 2; # PROG_MISMATCH
  done('unknown', "$server does not speak version $version of program $program") if $accepted;
  substr($reply, 24 + $skip);
}

my ($nfs, $root);

sub lookup3 {
  my ($handle, $name) = @_;
  my $answer = call($nfs, 100003, 3, 3, opaque($handle) . opaque($name));
  my ($status, $length) = unpack('N2', $answer);
  return ($status) if $status;
  my $found = substr($answer, 8, $length);
  my ($error, $type) = unpack('N2', call($nfs, 100003, 3, 1, opaque($found)));
  ($error, $found, $type);
}

sub readlink3 {
  my ($handle) = @_;
  my $answer = call($nfs, 100003, 3, 5, opaque($handle));
  my ($status, $has) = unpack('N2', $answer);
  return ($status) if $status;
  (0, unpack('N/a', substr($answer, $has ? 92 : 8)));
}

# One COMPOUND of minor version 0; returns its status and the results after those of the first operation.
sub compound {
  my ($handle, $count, $operations) = @_;
  my $put = defined $handle ? pack('N', 22) . opaque($handle) : pack('N', 24);
  my $answer = call($nfs, 100003, 4, 1, opaque('') . pack('N2', 0, $count + 1) . $put . $operations);
  my ($status, $tag) = unpack('N2', $answer);
  done('unknown', "it speaks NFS $version, but not 4.0, by which roots are looked up") if $status == 10021;
  ($status, substr($answer, 12 + length(padded('x' x $tag)) + 8));
}

# Whether the server takes a minor version at all; 10021 is MINOR_VERS_MISMATCH.
sub need_minor {
  my ($minor) = @_;
  my ($status) = unpack('N', call($nfs, 100003, 4, 1, opaque('') . pack('N3', $minor, 1, 24)));
  done('no', "it does not speak NFS $version") if $status == 10021;
}

sub lookup4 {
  my ($handle, $name) = @_;
  my ($status, $rest) = compound($handle, 3, pack('N', 15) . opaque($name) . pack('N', 10) . pack('N3', 9, 1, 2));
  return ($status) if $status;
  my $found = unpack('x16 N/a', $rest);
  my $attributes = substr($rest, 20 + length padded($found));
  my ($words) = unpack('x8 N', $attributes);
  (0, $found, unpack("x12 x" . 4 * $words . " x4 N", $attributes));
}

sub readlink4 {
  my ($handle) = @_;
  my ($status, $rest) = compound($handle, 1, pack('N', 27));
  return ($status) if $status;
  (0, unpack('x8 N/a', $rest));
}

my ($lookup, $readlink) = $version eq '3' ? (\\&lookup3, \\&readlink3) : (\\&lookup4, \\&readlink4);

# Walks names as a kernel would, with links resolved below the root.
sub walk {
  my ($what, @names) = @_;
  my @places = ($root);
  my $links = 0;
  while (@names) {
    my $name = shift @names;
    next if $name eq '' || $name eq '.';
    if ($name eq '..') { pop @places if @places > 1; next }
    my ($status, $handle, $type) = $lookup->($places[-1], $name);
    done('no', "$what: $name is " . text($status)) if $status;
    if ($type == 5) {
      done('no', "$what: too many links") if ++$links > 40;
      my ($error, $target) = $readlink->($handle);
      done('no', "$what: the link $name: " . text($error)) if $error;
      @places = ($root) if $target =~ m{^/};
      unshift @names, split m{/}, $target;
    } else {
      push @places, $handle;
    }
  }
  $places[-1];
}

if ($version eq '3') {
  my $map = dial(111);
  my $port = unpack('N', call($map, 100000, 2, 3, pack('N4', 100005, 3, 6, 0)));
  done('unknown', "mountd is not registered on $server") unless $port;
  my $mount = dial($port);
  my ($status, $length) = unpack('N2', my $answer = call($mount, 100005, 3, 1, opaque($path)));
  done('no', "mount of $path refused: " . ($status == 13 ? "$from is not exported" : text($status))) if $status;
  $root = substr($answer, 8, $length);
  $nfs = dial(2049);
  walk("$init on $path", split m{/}, $init);
  call($mount, 100005, 3, 3, opaque($path)); # so that mountd does not count us
} else {
  $nfs = dial(2049);
  need_minor($version =~ /[.](\\d)/ ? $1 : 0);
  $root = undef;
  $root = walk("mount of $path refused", split m{/}, $path);
  walk("$init on $path", split m{/}, $init);
}
done('ok', "it lets $from mount $path, and $init is there");
`
