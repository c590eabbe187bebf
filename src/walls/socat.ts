/** Tries to reach what a bottle must not reach, for guests that have socat: a process for each. */

/** Arguments: transport, address, port and request of each probe. */
export const SOCAT_PROBES = `
place() {
  case $1 in
    tcp4) echo "TCP4:$2:$3,connect-timeout=1.5" ;;
    tcp6) echo "TCP6:[$2]:$3,connect-timeout=1.5" ;;
    udp4) echo "UDP4:$2:$3" ;;
    unix) echo "UNIX-CONNECT:$2" ;;
  esac
}
ask() {
  printf "$2" | socat -t 1.5 - "$1" 2>/dev/null | head -c 1024 | od -An -v -tx1 | tr -d ' \\n'
}
reach() {
  place=$(place "$2" "$3" "$4")
  answer=
  if [ -n "$5" ]; then
    answer=$(ask "$place" "$5")
    [ -n "$answer" ]
  else
    socat -u OPEN:/dev/null "$place" 2>/dev/null
  fi && echo "$1 open $answer" || echo "$1 closed no answer"
}
index=0
while [ "$#" -gt 0 ]; do
  reach "$index" "$1" "$2" "$3" "$4" &
  index=$((index + 1))
  shift 4
done
wait
`;
