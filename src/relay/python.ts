/** The relay for guests that have Python: two threads a connection. */

/** What a dead upstream can no longer take is read and dropped: the client gets to its answer. */
export const PYTHON_RELAY = `
import os, socket, sys, time, _thread

port, path = int(sys.argv[1]), sys.argv[2]
greeting = b'BOTTLE/1 ' + sys.stdin.buffer.readline()

def say(text):
    os.write(3, text.encode())
    os.close(3)

def end(connection, how):
    try:
        connection.shutdown(how)
    except OSError:
        pass

def carry(source, sink, when_sink_is_gone):
    try:
        for chunk in iter(lambda: source.recv(65536), b''):
            try:
                sink.sendall(chunk)
            except OSError:
                when_sink_is_gone()
    except OSError:
        pass
    end(sink, socket.SHUT_WR)

# A connection is closed when the last thread that knows it ends.
def relay(client):
    upstream = socket.socket(socket.AF_UNIX)
    try:
        upstream.connect(path)
        upstream.sendall(greeting)
        _thread.start_new_thread(carry, (client, upstream, lambda: None))
    except (OSError, RuntimeError):
        return
    carry(upstream, client, lambda: end(upstream, socket.SHUT_RDWR))

def accept(server):
    client, _ = server.accept()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _thread.start_new_thread(relay, (client,))

_thread.stack_size(256 * 1024)
server = socket.socket()
try:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(('127.0.0.1', port))
    server.listen(4096)
except OSError as error:
    say(str(error))
    raise
say('listening')
while True:
    try:
        accept(server)
    except (OSError, RuntimeError):
        time.sleep(0.01)  # No descriptor or no thread is left: one will be.
`;
