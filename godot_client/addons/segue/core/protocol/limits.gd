extends RefCounted
## The numbers of PROTOCOL.md section 2 that bound every message, whatever its type.

const VERSION := 1
const HEADER_BYTES := 262144
const PAYLOAD_BYTES := 4194304

## Maps and lists inside one another, the header itself counted.
const DEEPEST := 6

## 2^53, in both signs: what a double, and so every language, holds exactly.
const LARGEST_INTEGER := 1 << 53

## UTF-8 bytes of a name, and of every key of a map by name.
const NAME_BYTES := 64

const CHANNELS := 2
