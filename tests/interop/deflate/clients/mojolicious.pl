# Mojolicious, with the header set by hand, as one has to.
use strict;
use warnings;

use Mojo::IOLoop;
use Mojo::IOLoop::Stream;
use Mojo::JSON qw(decode_json encode_json true);
use Mojo::UserAgent;
use Mojo::Util qw(decode);

sub say_that { syswrite STDOUT, encode_json({@_}) . "\n" }

my $agent = Mojo::UserAgent->new;
my $handshake = $agent->build_websocket_tx($ARGV[0]);
$handshake->req->headers->sec_websocket_extensions('permessage-deflate');
$agent->start($handshake => sub {
    my (undef, $socket) = @_;
    die "no WebSocket\n" unless $socket->is_websocket;
    $socket->on(text => sub { say_that(text => decode('UTF-8', $_[1])) });
    $socket->on(binary => sub { say_that(binary => $_[1]) });
    $socket->on(finish => sub { say_that(closed => $_[1]); exit });
    say_that(open => true);

    my ($input, $rest) = (Mojo::IOLoop::Stream->new(\*STDIN)->timeout(0), '');
    $input->on(read => sub {
        $rest .= $_[1];
        while ($rest =~ s/^(.*)\n//) {
            my $told = decode_json($1);
            $socket->send($told->{text} ? $told->{text}[0] : {binary => $told->{binary}[0]});
        }
    });
    $input->on(close => sub { $socket->finish(1000) });
    Mojo::IOLoop->stream($input);
});
Mojo::IOLoop->start;
