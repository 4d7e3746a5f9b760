extends RefCounted
## The numbers of PROTOCOL.md section 2 that bound every message, whatever its type.

const VERSION := 1
const HEADER_BYTES := 262144
const PAYLOAD_BYTES := 4194304

## Maps and lists inside one another, the header itself counted.
const DEEPEST := 6

## In both signs: a double, and so every language, tells these integers apart from all others.
const LARGEST_INTEGER := (1 << 53) - 1

## UTF-8 bytes of a name, and of every key of a map by name.
const NAME_BYTES := 64

const CHANNELS := 2
