#!/bin/sh
# A client of gallery-sync with curl and openssl: client.sh list 62/XL shop. README.md has the rest.
set -eu

encoded() { # one segment of a path, every byte percent-encoded: the slash of a code like 62/XL must be
    printf %s "$1" | od -An -v -tx1 | tr -d '\n' | sed 's/ /%/g'
}

text() { # a JSON string
    printf '"%s"' "$(printf %s "$1" | sed 's/\\/\\\\/g; s/"/\\"/g')"
}

images() {
    printf '/v1/products/%s/galleries/%s/images' "$(encoded "$1")" "$2"
}

call() { # METHOD URL [BODY]; the same Idempotency-Key for every try, so none is done twice. 503 is tried again.
    method=$1 url=$2
    shift 2
    if [ $# -gt 0 ]; then set -- --header 'Content-Type: application/json' --data-binary "$1"; fi
    curl --silent --show-error --fail-with-body --max-time 60 --retry 4 --retry-connrefused --request "$method" \
        --header "Authorization: Bearer $API_KEY" --header "Idempotency-Key: $(openssl rand -hex 16)" "$@" "$url"
    echo
}

event() { # TYPE DATA; signed after Standard Webhooks: id, time and the very bytes of the body
    id="msg_$(openssl rand -hex 16)" now=$(date +%s)
    body="{\"type\": $(text "$1"), \"timestamp\": \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\", \"data\": $2}"
    secret=$(printf %s "${WEBHOOK_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
    signature=$(printf %s "$id.$now.$body" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$secret" -binary | openssl base64 -A)
    curl --silent --show-error --fail-with-body --max-time 60 --request POST --header 'Content-Type: application/json' \
        --header "webhook-id: $id" --header "webhook-timestamp: $now" --header "webhook-signature: v1,$signature" \
        --data-binary "$body" "$WEBHOOKS_URL/v1/events"
    echo
}

usage() {
    cat <<'END'
usage: client.sh COMMAND ...

  list PRODUCT GALLERY
  insert PRODUCT GALLERY SOURCE_URL KEY
  replace PRODUCT GALLERY KEY SOURCE_URL
  describe PRODUCT GALLERY KEY DESCRIPTION
  sync PRODUCT GALLERY
  operation ID
  delete PRODUCT GALLERY NAME [true]
  clean PRODUCT GALLERY [true]
  clean-many true|false PRODUCT ...
  event TYPE DATA

PRODUCT is a guid or a code, GALLERY is shop or shop360. The environment has GALLERIES_URL, CLEAN_GALLERY_URL, WEBHOOKS_URL
and API_KEY, and WEBHOOK_SECRET for event: README.md.
END
}

wrong() { # what is wrong with the command line, or what the environment lacks
    echo "$1" >&2
    usage >&2
    exit 2
}

case ${1:-} in
-h | --help) usage; exit 0 ;;
'') usage >&2; exit 2 ;;
esac
command=$1
shift
case $command in
operation) least=1 ;;
list | sync | clean | clean-many | event) least=2 ;;
delete) least=3 ;;
insert | replace | describe) least=4 ;;
*) wrong "there is no command '$command'" ;;
esac
[ $# -ge $least ] || wrong "$command has $least arguments at least, not $#"
for name in GALLERIES_URL CLEAN_GALLERY_URL WEBHOOKS_URL API_KEY; do
    eval "[ -n \"\${$name:-}\" ]" || wrong "the environment lacks $name"
done
case $command in
list) call GET "$GALLERIES_URL$(images "$1" "$2")" ;;
insert) call POST "$GALLERIES_URL$(images "$1" "$2")" "{\"images\": [{\"sourceUrl\": $(text "$3"), \"key\": $(text "$4")}]}" ;;
replace) call PATCH "$GALLERIES_URL$(images "$1" "$2")/source" "{\"images\": [{\"key\": $(text "$3"), \"sourceUrl\": $(text "$4")}]}" ;;
describe) call PATCH "$GALLERIES_URL$(images "$1" "$2")" "{\"images\": [{\"key\": $(text "$3"), \"description\": $(text "$4")}]}" ;;
sync) call POST "$GALLERIES_URL/v1/products/$(encoded "$1")/galleries/$2/sync" ;;
operation) call GET "$GALLERIES_URL/v1/operations/$1" ;;
delete) call DELETE "$CLEAN_GALLERY_URL$(images "$1" "$2")/$(encoded "$3")?removeReference=${4:-false}" ;;
clean) call DELETE "$CLEAN_GALLERY_URL$(images "$1" "$2")?removeReference=${3:-false}" ;;
clean-many)
    remove=$1 rows=
    shift
    for product in "$@"; do rows="$rows${rows:+, }{\"product\": $(text "$product"), \"gallery\": \"shop\"}"; done
    call POST "$CLEAN_GALLERY_URL/v1/cleanups" "{\"galleries\": [$rows], \"removeReference\": $remove}"
    ;;
event) event "$1" "$2" ;;
esac
