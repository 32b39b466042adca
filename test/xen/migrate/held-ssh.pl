#!/usr/bin/perl
# Stands before ssh in a dom0 and passes everything on, but for the migration stream, which it holds where the
# file /run/held-ssh says:
#   up BYTES      after so many bytes from the sender to the target
#   up TEXT       before the sender's message TEXT is passed on
#   down TEXT     before the target's message TEXT is passed on
# It then makes /run/held-ssh.there and waits for /run/held-ssh.go: `pass` goes on, `cut` ends ssh at once, with
# TEXT never delivered.
use strict;
use warnings;
use IPC::Open2;
use IO::Select;

my @ssh = ('/usr/bin/ssh', @ARGV);
my ($way, $where);
if (open(my $file, '<', '/run/held-ssh')) { ($way, $where) = <$file> =~ /^(up|down) (.*)$/ }
exec @ssh unless defined $way and "@ARGV" =~ /migrate-receive/;

$SIG{PIPE} = 'IGNORE';
my $pid = open2(my $from, my $to, @ssh);
my %pipe = (
  up => { in => \*STDIN, out => $to, count => 0, end => '' },
  down => { in => $from, out => \*STDOUT, count => 0, end => '' },
);
my $select = IO::Select->new(\*STDIN, $from);
while (my @ready = $select->can_read) {
  for my $in (@ready) {
    my $name = $in == $from ? 'down' : 'up';
    my $one = $pipe{$name};
    my $length = sysread($in, my $bytes, 65536);
    if (!$length) {
      $select->remove($in);
      finish() if $name eq 'down';
      close $to;
      next;
    }
    hold() if $name eq $way and reached($one, $bytes);
    finish() unless pass($one->{out}, $bytes);
  }
}
finish();

# Messages are short and written at once, so one that is cut in two by our reading is found by the bytes before.
sub reached {
  my ($one, $bytes) = @_;
  my $seen = $one->{end} . $bytes;
  $one->{end} = substr($seen, -100);
  $one->{count} += length $bytes;
  return $where =~ /^\d+$/ ? $one->{count} >= $where : index($seen, $where) >= 0;
}

sub hold {
  $way = '';
  open(my $there, '>', '/run/held-ssh.there') or die;
  close $there;
  select undef, undef, undef, 0.05 until -s '/run/held-ssh.go';
  open(my $go, '<', '/run/held-ssh.go');
  return unless <$go> =~ /cut/;
  kill 'KILL', $pid;
  waitpid $pid, 0;
  exit 255;
}

sub pass {
  my ($out, $bytes) = @_;
  while (length $bytes) {
    my $written = syswrite($out, $bytes) or return 0;
    $bytes = substr($bytes, $written);
  }
  return 1;
}

sub finish {
  close $to;
  waitpid $pid, 0;
  exit($? >> 8);
}
