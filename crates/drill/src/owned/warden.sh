# Reads what the drill owns, one line each, until the pipe closes: the drill is gone.
# Then ends the process groups and removes the run directory, which is $1.
# Databases are asked to quit first, so that they give back their shared memory.
trap '' HUP INT QUIT TERM
groups=' '
databases=' '
keep=no
while read -r verb value; do
    case $verb in
    own) groups="$groups$value " ;;
    own-database) groups="$groups$value " databases="$databases$value " ;;
    keep) keep=yes ;;
    release)
        rest=' '
        for group in $groups; do [ "$group" = "$value" ] || rest="$rest$group "; done
        groups=$rest
        rest=' '
        for group in $databases; do [ "$group" = "$value" ] || rest="$rest$group "; done
        databases=$rest
        ;;
    esac
done
for group in $databases; do kill -s QUIT -- "-$group"; done
[ "$databases" = ' ' ] || sleep 1
for group in $groups; do kill -s KILL -- "-$group"; done
[ "$keep" = no ] && [ -n "$1" ] || exit 0
for attempt in 1 2 3 4 5; do
    rm -rf -- "$1" && break
    sleep 1
done
