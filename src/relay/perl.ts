/** The relay for guests that have Perl: two processes a connection. */

/** What a dead upstream can no longer take is read and dropped: the client gets to its answer. */
export const PERL_RELAY = `
use strict;
use Socket qw(:DEFAULT :crlf IPPROTO_TCP TCP_NODELAY);

my ($port, $path) = @ARGV;
my $greeting = 'BOTTLE/1 ' . <STDIN>;
$SIG{PIPE} = $SIG{CHLD} = 'IGNORE';
open(my $starter, '>&=', 3);

sub say_to_starter {
    syswrite($starter, shift);
    close($starter);
}

sub send_all {
    my ($sink, $chunk) = @_;
    for (my $sent = 0; $sent < length $chunk;) {
        $sent += syswrite($sink, $chunk, length($chunk) - $sent, $sent) // return 0;
    }
    return 1;
}

sub carry {
    my ($source, $sink, $when_sink_is_gone) = @_;
    while (sysread($source, my $chunk, 65536)) {
        send_all($sink, $chunk) or $when_sink_is_gone->();
    }
    shutdown($sink, 1);
}

sub relay {
    my ($client) = @_;
    setsockopt($client, IPPROTO_TCP, TCP_NODELAY, 1);
    socket(my $upstream, PF_UNIX, SOCK_STREAM, 0) or return;
    connect($upstream, pack_sockaddr_un($path)) or return;
    send_all($upstream, $greeting);
    my $child = fork() // return;
    return carry($client, $upstream, sub {}) if $child == 0;
    carry($upstream, $client, sub { shutdown($upstream, 2) });
}

my $server;
my $listens = socket($server, PF_INET, SOCK_STREAM, 0)
    && setsockopt($server, SOL_SOCKET, SO_REUSEADDR, 1)
    && bind($server, pack_sockaddr_in($port, INADDR_LOOPBACK))
    && listen($server, 4096);
say_to_starter($listens ? 'listening' : "$!");
exit 1 unless $listens;
while (1) {
    # Without a descriptor or a process left: one will be.
    my $child = accept(my $client, $server) ? fork() : undef;
    select(undef, undef, undef, 0.01) unless defined $child;
    next unless defined $child && $child == 0;
    close($server);
    relay($client);
    exit 0;
}
`;
