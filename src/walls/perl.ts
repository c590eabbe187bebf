/** Tries to reach what a bottle must not reach, for guests that have Perl: a process for each. */

/** Arguments: transport, address, port and request of each probe. */
export const PERL_PROBES = `
use strict;
use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6);

my %sockets = (
    tcp4 => [PF_INET, SOCK_STREAM],
    tcp6 => [PF_INET6, SOCK_STREAM],
    udp4 => [PF_INET, SOCK_DGRAM],
    unix => [PF_UNIX, SOCK_STREAM],
);

sub place {
    my ($transport, $address, $port) = @_;
    return pack_sockaddr_un($address) if $transport eq 'unix';
    return pack_sockaddr_in6($port, inet_pton(PF_INET6, $address)) if $transport eq 'tcp6';
    return pack_sockaddr_in($port, inet_aton($address));
}

sub receive {
    my ($connection, $answer) = (shift, '');
    while (length $answer < 1024) {
        sysread($connection, my $chunk, 1024) or last;
        $answer .= $chunk;
    }
    return substr($answer, 0, 1024);
}

sub reach {
    my ($transport, $address, $port, $request) = @_;
    socket(my $connection, $sockets{$transport}[0], $sockets{$transport}[1], 0) or die "$!\\n";
    connect($connection, place($transport, $address, $port)) or die "$!\\n";
    return '' if $request eq '';
    $request =~ s/\\\\(\\d{3})/chr oct $1/ge;
    syswrite($connection, $request) or die "$!\\n";
    return receive($connection) if $transport ne 'udp4';
    sysread($connection, my $answer, 1024) or die "$!\\n";
    return $answer;
}

my $index = 0;
while (my @question = splice @ARGV, 0, 4) {
    my $own = $index++;
    my $child = fork() // exit 1;
    next if $child;
    $SIG{ALRM} = sub { die "no answer\\n" };
    $SIG{PIPE} = 'IGNORE';
    alarm 2;
    my $answer = eval { reach(@question) };
    my $found = defined $answer ? 'open ' . unpack('H*', $answer) : "closed $@";
    chomp $found;
    syswrite(STDOUT, "$own $found\\n");
    exit 0;
}
1 while wait() > 0;
`;
