/** Tries to reach what a bottle must not reach, for guests that have Python: a thread for each. */

/** Arguments: transport, address, port and request of each probe. */
export const PYTHON_PROBES = `
import os, re, socket, sys, threading

SOCKETS = {
    'tcp4': (socket.AF_INET, socket.SOCK_STREAM),
    'tcp6': (socket.AF_INET6, socket.SOCK_STREAM),
    'udp4': (socket.AF_INET, socket.SOCK_DGRAM),
    'unix': (socket.AF_UNIX, socket.SOCK_STREAM),
}

def receive(connection):
    answer = b''
    while len(answer) < 1024:
        try:
            chunk = connection.recv(1024)
        except OSError:
            break
        if not chunk:
            break
        answer += chunk
    return answer[:1024]

def reach(transport, address, port, request):
    connection = socket.socket(*SOCKETS[transport])
    connection.settimeout(1.5)
    connection.connect(address if transport == 'unix' else (address, int(port)))
    if request == '':
        return b''
    connection.sendall(request.encode('latin1').decode('unicode_escape').encode('latin1'))
    if transport == 'udp4':
        return connection.recv(1024)
    return receive(connection)

def probe(index, question):
    try:
        found = 'open ' + reach(*question).hex()
    except OSError as error:
        found = 'closed ' + (error.strerror or 'no answer')
    os.write(1, ('%d %s\\n' % (index, found)).encode())

words = sys.argv[1:]
for at in range(0, len(words), 4):
    threading.Thread(target=probe, args=(at // 4, words[at:at + 4])).start()
`;
