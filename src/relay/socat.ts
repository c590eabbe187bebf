/** The relay for guests that have nothing but socat: four processes a connection. */

/**
 * socat sends no greeting of its own, so a shell, which holds both connections by then, does. The
 * token is in a file that has no name any more: in an environment everybody could read it.
 */
export const SOCAT_RELAY = `
umask 077
port=$1 path=$2 file=/tmp/.bottle-relay-$$
IFS= read -r token
printf 'BOTTLE/1 %s\\n' "$token" >"$file" && exec 9<"$file" && rm "$file" || exit 1
export GREET='cat </proc/self/fd/9 &&
  exec socat -b 65536 -t 86400 FD:3,shut-down FD:1,shut-down 9<&-'
export CONNECT="exec 3<&0 socat UNIX-CONNECT:$path 'SYSTEM:eval \\\\\\"\\\\\\$GREET\\\\\\",nofork'"
listen=TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork,backlog=4096,nodelay
listening() { grep -q "$(printf ' 0100007F:%04X 00000000:0000 0A' "$port")" /proc/net/tcp; }
listening && { printf 'Address already in use' >&3; exit 1; }
socat "$listen" 'SYSTEM:eval \\"\\$CONNECT\\",nofork' 3>&- &
until listening; do
  kill -0 "$!" || exit 1
  sleep 0.01
done
printf listening >&3
`;
